//! `resolve`: one question, explained.

use std::ffi::OsString;
use std::fmt::Write as _;

use serde::Serialize;
use slug_resolver::{
    BillingPath, Code, Edit, Env, Fix, Policy, Registry, Resolution, Rule, Variable, Warning, fixes, resolve,
};

use crate::args::{ResolveArgs, ResolveFormat};
use crate::batch;
use crate::data::{Data, check_ambient, refuse_variable};
use crate::exit::{Exit, Failure};
use crate::output::{BAD, FAINT, GOOD, HEAD, Output, WARN, shown, wrapped};

/// Runs `resolve`.
pub fn run(args: &ResolveArgs, output: &mut Output) -> Result<Exit, Failure> {
    let data = Data::find(&args.registry)?;
    let policy = data.policy(args.policy.as_ref())?;
    let registry = data.registry()?;
    if let Some(file) = &args.batch {
        return batch::resolve(&registry, &policy, file, output);
    }
    let Some(runtime) = &args.runtime else {
        return Err(Failure::new("no runtime is given; add `--runtime RUNTIME`"));
    };
    refuse_variable(runtime, "name the runtime, and give variables without an option")?;
    let variables = parse_variables(&args.variables)?;
    warn_of_unread(&policy, &variables, output);
    let env = Env::read(&policy, variables.iter().map(|(name, value)| (name, value.as_str())));
    let ambient = check_ambient(&args.ambient)?;
    let resolution = resolve(&registry, runtime, &env, ambient);
    let fixes = fixes(&registry, runtime, &env, ambient);
    match args.format {
        ResolveFormat::Human => {
            output.people(&explanation(&registry, &policy, &resolution, &fixes, &env))?;
        }
        ResolveFormat::Json => output.machine(&json(&resolution, &fixes))?,
        ResolveFormat::Env => output.machine(&shell(&resolution))?,
    }
    Ok(if resolution.is_coherent() { Exit::Clean } else { Exit::Findings })
}

/// The `VAR=VALUE` arguments; an error names the variable and never the value.
pub fn parse_variables(arguments: &[OsString]) -> Result<Vec<(String, String)>, Failure> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for (position, argument) in arguments.iter().enumerate() {
        let shown = argument.to_string_lossy();
        let Some((name, _)) = shown.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::new(format!(
                "argument {} is not of the form VAR=VALUE; write NAME=VALUE, or NAME= for empty",
                position + 1
            )));
        };
        let Some((_, value)) = argument.to_str().and_then(|text| text.split_once('=')) else {
            return Err(Failure::new(format!(
                "the value of `{name}` is not UTF-8; of a secret only its presence matters, so write `{name}=set`"
            )));
        };
        if variables.iter().any(|(earlier, _)| earlier == name) {
            return Err(Failure::new(format!("`{name}` is given twice; give it once")));
        }
        variables.push((name.to_owned(), value.to_owned()));
    }
    Ok(variables)
}

/// A variable that the policy does not read is probably misspelt.
pub fn warn_of_unread(policy: &Policy, variables: &[(String, String)], output: &mut Output) {
    for (name, _) in variables {
        if policy.variable(name).is_some() {
            continue;
        }
        let meant = meant(policy, name).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        output.note(&format!("policy `{}` does not read `{name}`{meant}", policy.name()));
    }
}

/// The variable of the policy that another name was probably meant to be.
pub fn meant<'p>(policy: &'p Policy, name: &str) -> Option<&'p str> {
    let known = policy.all_variables().map(|variable| policy.variable_name(variable));
    nearest(name, known, 1).first().copied()
}

/// Bytes beyond which a name is not compared with others.
const NAME_BYTES: usize = 1_000;

/// The known names most like a name, if any is like it at all.
pub fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>, most: usize) -> Vec<&'n str> {
    // Spellings that differ only in a separator or in case should be found before anything else.
    let folded = |text: &str| text.to_lowercase().replace([':', '/', '_', ' '], "-");
    let likeness = |other: &str| strsim::jaro_winkler(&folded(name), &folded(other)).max(tail_likeness(name, other));
    // What is longer than any name is nobody's misspelling, and would take long to compare.
    let known: Vec<(f64, &str)> =
        known.filter(|_| name.len() <= NAME_BYTES).map(|other| (likeness(other), other)).collect();
    let best = known.iter().map(|(likeness, _)| *likeness).fold(0.88, f64::max);
    let mut near: Vec<&str> =
        known.iter().filter(|(likeness, _)| *likeness > best - 0.001).map(|(_, name)| *name).collect();
    near.dedup();
    near.truncate(most);
    near
}

/// How alike two ids are in what follows their vendor prefix.
fn tail_likeness(name: &str, other: &str) -> f64 {
    let tail = |text: &str| text.rsplit([':', '/']).next().unwrap_or_default().to_lowercase();
    if tail(name).is_empty() { 0.0 } else { strsim::jaro_winkler(&tail(name), &tail(other)) }
}

/// The answer for people.
pub fn explanation(
    registry: &Registry,
    policy: &Policy,
    resolution: &Resolution<'_>,
    fixes: &[Fix],
    env: &Env<'_>,
) -> String {
    let mut text = String::new();
    match resolution.code {
        None => {
            let _ = writeln!(text, "{GOOD}✓ coherent{GOOD:#}: {}", coherent_summary(resolution));
        }
        Some(code) => {
            let heading = wrapped(&format!("✗ {}: {}", code.as_str(), code.meaning()), "", "  ");
            let _ = writeln!(text, "{BAD}{}{BAD:#}", heading.replacen(':', &format!("{BAD:#}:"), 1));
        }
    }
    text.push('\n');
    for (label, value) in facts(policy, resolution) {
        let _ = writeln!(text, "{}", wrapped(&value, &format!("  {label:<10}"), "            "));
    }
    for hint in hints(registry, env, resolution) {
        let _ = writeln!(text, "\n{}", wrapped(&hint, "", "  "));
    }
    for warning in resolution.warnings.iter() {
        let line = format!("warning {}: {}", warning.as_str(), warning_detail(registry, resolution, warning));
        let _ =
            writeln!(text, "\n{}", wrapped(&line, "", "  ").replacen("warning", &format!("{WARN}warning{WARN:#}"), 1));
    }
    if resolution.code.is_some() {
        text.push('\n');
        text.push_str(&fixes_for_people(fixes));
    }
    text
}

fn coherent_summary(resolution: &Resolution<'_>) -> String {
    let provider = resolution.provider.map_or("", |provider| &provider.name);
    match resolution.path {
        _ if resolution.needs.is_empty() => {
            format!("{} on {provider}, which the platform pays for", shown(resolution.slug))
        }
        _ => format!("{} on {provider}, with {}", shown(resolution.slug), resolution.accepted_by.join(", ")),
    }
}

fn facts(policy: &Policy, resolution: &Resolution<'_>) -> Vec<(&'static str, String)> {
    let why = match (resolution.rule, resolution.decided_by) {
        (Rule::Override, Some(variable)) => format!("{variable} overrides every other rule"),
        (Rule::Platform, Some(variable)) => format!("platform path, by {variable}"),
        (Rule::Keyed, Some(variable)) => format!("because {variable} is set"),
        (Rule::Fallback, _) => "the fallback for a runtime without an entry".to_owned(),
        _ => "the runtime's default".to_owned(),
    };
    let slug = shown(resolution.slug);
    let runtime = match resolution.runtime {
        "" => "\"\" (empty; is the variable set that should hold it?)".to_owned(),
        runtime => shown(runtime),
    };
    let path_variable = policy.variable_name(Variable::Path);
    let path = match resolution.path {
        BillingPath::Platform => format!("platform: {path_variable} says so, so no key is injected"),
        BillingPath::Byok => format!("byok: {path_variable} is not `{}`", policy.document().platform.value),
    };
    let mut facts = vec![("runtime", runtime), ("policy", shown(policy.name())), ("slug", format!("{slug} ({why})"))];
    if let Some(provider) = resolution.provider {
        let needs = match resolution.needs {
            [] => "needs no tenant key, and accepts none".to_owned(),
            [only] => format!("needs {only}"),
            several => format!("needs one of {}", several.join(", ")),
        };
        facts.push(("provider", format!("{} ({needs})", provider.name)));
    }
    facts.push(("path", path));
    facts.push((
        "injected",
        if resolution.injected.is_empty() { "nothing".to_owned() } else { resolution.injected.join(", ") },
    ));
    let end = match resolution.code {
        None => "online".to_owned(),
        Some(code) if resolution.provider.is_some() => {
            format!("failed: the workspace boots to `failed` and never comes online ({})", code.platform_error())
        }
        Some(code) => format!("rejected: the create call answers 422 {}", code.platform_error()),
    };
    facts.push(("outcome", end));
    facts
}

/// What was probably meant.
pub fn hints(registry: &Registry, env: &Env<'_>, resolution: &Resolution<'_>) -> Vec<String> {
    let template = env.policy().template_of(resolution.runtime);
    let mut hints = Vec::new();
    let platform = &env.policy().document().platform;
    if let Some(path) = env.text(Variable::Path)
        && resolution.path == BillingPath::Byok
        && path.trim().eq_ignore_ascii_case(&platform.value)
    {
        hints.push(format!("{} is compared exactly; did you mean `{}`?", platform.var, platform.value));
    }
    match resolution.code {
        Some(Code::UnknownRuntime) => {
            let known: Vec<&str> = registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect();
            let meant = nearest(template, known.iter().copied(), 1);
            let meant = meant.first().map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            hints.push(format!("the registry has the runtimes {}{meant}", known.join(", ")));
        }
        Some(Code::UnregisteredModel) => {
            let arms = registry.runtime(template).map_or(&[][..], |runtime| &runtime.arms);
            let near = nearest(resolution.slug, arms.iter().flat_map(|arm| &arm.models).map(String::as_str), 3);
            if !near.is_empty() {
                let spellings = "Spellings are compared exactly: bare, `vendor/id` and `vendor:id` are three ids";
                hints.push(format!("did you mean {}? {spellings}", near.join(" or ")));
            }
        }
        _ => {}
    }
    hints
}

fn warning_detail(registry: &Registry, resolution: &Resolution<'_>, warning: Warning) -> String {
    match (warning, resolution.provider) {
        (Warning::CrossVendorCredential, Some(provider)) => {
            let issued = |credential: &str| {
                let issuer = registry.issuer(credential, provider).map_or("another provider", |issuer| &issuer.name);
                format!("{credential}, which is {issuer}'s own,")
            };
            let keys: Vec<String> = resolution.accepted_by.iter().map(issued).collect();
            format!("{} would be sent to {}", keys.join(" and "), provider.name)
        }
        _ => {
            let (are, each) = if resolution.shadowed.len() == 1 { ("is", "it") } else { ("are", "any one of them") };
            let names = resolution.shadowed.join(", ");
            format!("{names} {are} set, and unsetting {each} alone would change neither slug nor secrets")
        }
    }
}

/// Fixes shown in full; the rest is counted.
const FIXES_SHOWN: usize = 4;

fn fixes_for_people(fixes: &[Fix]) -> String {
    if fixes.is_empty() {
        return wrapped(
            "no change of a few variables mends this; change the runtime, the policy or the registry",
            "",
            "  ",
        ) + "\n";
    }
    let mut text = format!("{HEAD}fix it in one of these ways{HEAD:#}\n");
    for (number, fix) in fixes.iter().take(FIXES_SHOWN).enumerate() {
        let edits: Vec<String> = fix.edits.iter().map(edit_for_people).collect();
        let line = format!("{}, giving {} on {}", edits.join(" and "), shown(&fix.slug), fix.provider);
        let _ = writeln!(text, "{}", wrapped(&line, &format!("  {}. ", number + 1), "     "));
    }
    if fixes.len() > FIXES_SHOWN {
        let _ =
            writeln!(text, "  {FAINT}and {} more; --format json lists them all{FAINT:#}", fixes.len() - FIXES_SHOWN);
    }
    text
}

/// One edit in words.
pub fn edit_for_people(edit: &Edit) -> String {
    match edit {
        Edit::Unset(name) => format!("unset {name}"),
        Edit::Set(name, value) => format!("set {name}={}", shown(value)),
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    resolution: &'a Resolution<'a>,
    message: String,
    fixes: &'a [Fix],
}

fn json(resolution: &Resolution<'_>, fixes: &[Fix]) -> String {
    let answer = Answer { resolution, message: resolution.message(), fixes };
    let text = serde_json::to_string_pretty(&answer).expect("an answer is strings and lists");
    text + "\n"
}

/// The answer as assignments for a shell.
fn shell(resolution: &Resolution<'_>) -> String {
    let provider = resolution.provider.map_or("", |provider| &provider.name);
    let injected = resolution.injected.join(" ");
    let values = [
        ("SLUG", resolution.slug),
        ("RULE", resolution.rule.as_str()),
        ("PATH", resolution.path.as_str()),
        ("PROVIDER", provider),
        ("INJECTED", &injected),
        ("VERDICT", if resolution.is_coherent() { "coherent" } else { "contradiction" }),
        ("CODE", resolution.code.map_or("", Code::as_str)),
    ];
    values.iter().fold(String::new(), |text, (name, value)| text + &format!("SLUGPROOF_{name}={}\n", quoted(value)))
}

/// A value as a shell reads it back.
pub fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@=".contains(c));
    if plain { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_values_are_quoted_where_needed() {
        assert_eq!(quoted("openai/gpt-4o"), "openai/gpt-4o");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'$(b)"), r"'a'\''$(b)'");
    }

    #[test]
    fn the_other_spellings_of_an_id_are_near() {
        let listed = ["sonnet", "MiniMax-M2.7", "minimax/MiniMax-M2.7", "gpt-5.5"];
        let near = nearest("minimax:MiniMax-M2.7", listed.into_iter(), 3);
        assert_eq!(near, ["MiniMax-M2.7", "minimax/MiniMax-M2.7"]);
    }
}
