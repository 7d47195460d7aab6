//! A resolution for people: the pick, its reasons, and the fixes of a contradiction.

use std::fmt::Write as _;

use slug_lines::query::runtime_names;
use slug_resolver::policy::SecretsEffect;
use slug_resolver::{
    Code, Credentials, Edit, Env, Fix, Kind, Policy, Registry, Resolution, Warning, counting_secrets_rules, explain,
    limits,
};

use super::{BAD, FAINT, GOOD, HEAD, WARN, shown, wrapped};
use crate::codes;
use crate::suggest::{closest_match, similar_ids};

/// Renders a resolution with its hints, warnings and fixes. A warning that `denied` lists is shown as
/// an error.
pub fn explanation(
    registry: &Registry,
    policy: &Policy,
    resolution: &Resolution<'_>,
    fixes: &[Fix],
    env: &Env<'_>,
    denied: &[Warning],
) -> String {
    let mut text = heading(resolution, denied);
    text.push('\n');
    for (label, value) in facts(registry, policy, resolution, env) {
        let _ = writeln!(text, "{}", wrapped(&value, &format!("  {label:<10}"), "            "));
    }
    let hints = hints(registry, env, resolution);
    for hint in &hints {
        let _ = writeln!(text, "\n{}", wrapped(hint, "", "  "));
    }
    for warning in resolution.warnings.iter() {
        let (level, style) =
            if denied.contains(&warning) { ("error", BAD) } else { (codes::warning(warning).level.as_str(), WARN) };
        let line = format!("{level} {}: {}", warning.as_str(), warning_detail(registry, resolution, warning));
        let line = wrapped(&line, "", "  ").replacen(level, &format!("{style}{level}{style:#}"), 1);
        let _ = writeln!(text, "\n{line}");
    }
    let has_suggestion = hints.iter().any(|hint| hint.contains("did you mean"));
    if !fixes.is_empty() || resolution.code.is_some() && !has_suggestion {
        text.push('\n');
        text.push_str(&describe_fixes(fixes));
    }
    text
}

/// The verdict of a resolution in one line. A warning that `denied` lists makes it an error.
pub fn heading(resolution: &Resolution<'_>, denied: &[Warning]) -> String {
    let failed = |code: &str, meaning: &str| {
        let heading = wrapped(&format!("✗ {code}: {meaning}"), "", "  ");
        format!("{BAD}{}{BAD:#}\n", heading.replacen(':', &format!("{BAD:#}:"), 1))
    };
    if let (None, Some(warning)) = (resolution.code, resolution.warnings.iter().find(|it| denied.contains(it))) {
        return failed(warning.as_str(), codes::warning(warning).meaning);
    }
    match resolution.code {
        None if resolution.verdict == Kind::Nothing => format!("{GOOD}✓ nothing to create{GOOD:#}: {NOTHING}\n"),
        None => format!("{GOOD}✓ consistent{GOOD:#}: {}\n", summary(resolution)),
        Some(code) => failed(code.as_str(), code.meaning()),
    }
}

/// The outcome of an environment in which the harness creates nothing.
pub const NOTHING: &str = "the harness creates no workspace in this environment";

fn summary(resolution: &Resolution<'_>) -> String {
    let name = resolution.provider.map_or("", |provider| &provider.name);
    let slug = shown(resolution.slug);
    match resolution.provider {
        Some(provider) if provider.is_platform() => format!("{slug} on {name}, which the platform pays for"),
        Some(provider) if provider.is_keyless() => format!("{slug} on {name}, which needs no credential"),
        _ => format!("{slug} on {name}, with {}", resolution.accepted_by.join(", ")),
    }
}

fn facts(
    registry: &Registry,
    policy: &Policy,
    resolution: &Resolution<'_>,
    env: &Env<'_>,
) -> Vec<(&'static str, String)> {
    let why = explain::reason(resolution.rule, resolution.decided_by);
    let slug = if resolution.slug.is_empty() { "none".to_owned() } else { shown(resolution.slug) };
    let runtime = match (resolution.runtime, runtime_names(policy)) {
        ("", Some(names)) => format!("\"\" (empty; check {names})"),
        ("", None) => "\"\" (empty; no rule of the policy names a runtime)".to_owned(),
        (runtime, _) => shown(runtime),
    };
    let mut facts = vec![("runtime", runtime), ("policy", shown(policy.name())), ("slug", format!("{slug} ({why})"))];
    if let Some(provider) = resolution.provider {
        facts.push(("provider", format!("{} ({})", provider.name, explain::needs(provider))));
    }
    if let Some(owner) = resolution.withdrawn_by {
        facts.push(("owner", format!("{}, which has withdrawn the model", owner.name)));
    }
    if policy.has_platform_path() {
        facts.push(("path", path(resolution, env)));
    }
    facts.push(("injected", explain::injected(&resolution.injected)));
    let injected: Vec<String> = resolution.injected.iter().map(str::to_owned).collect();
    let missing = resolution.provider.map_or_else(Vec::new, |it| explain::missing(it, &injected));
    if resolution.code.is_some() && !missing.is_empty() {
        facts.push(("missing", missing.join(", ")));
    }
    let end = match resolution.code {
        None if resolution.verdict == Kind::Nothing => format!("nothing: {NOTHING}"),
        None => "online".to_owned(),
        Some(code) if resolution.provider.is_some() => format!("failed: {}", explain::consequence(registry, code)),
        Some(code) => format!("rejected: {}", explain::consequence(registry, code)),
    };
    facts.push(("outcome", end));
    facts
}

/// The path, and the variables that select the platform path.
fn path(resolution: &Resolution<'_>, env: &Env<'_>) -> String {
    let rules = &env.policy().document().secrets;
    let counting = counting_secrets_rules(resolution.runtime, env).into_iter().map(|index| &rules[index]);
    let platform = counting.filter(|rule| rule.effect == SecretsEffect::Platform);
    let names: Vec<String> = platform.flat_map(|rule| rule.condition().variables).map(|(name, _)| name).collect();
    let path = explain::path(resolution.path, !resolution.injected.is_empty());
    if names.is_empty() { path.to_owned() } else { path.replacen(':', &format!(", by {}:", names.join(" and ")), 1) }
}

/// Suggestions for values that are probably misspelt.
pub fn hints(registry: &Registry, env: &Env<'_>, resolution: &Resolution<'_>) -> Vec<String> {
    let template = env.policy().template_of(resolution.runtime);
    let mut hints = Vec::new();
    for variable in env.policy().all_variables() {
        let texts = env.policy().value_classes(variable).texts;
        let Some(value) = env.text(variable).filter(|value| !texts.iter().any(|text| text == value)) else { continue };
        if let Some(text) = texts.iter().find(|text| value.trim().eq_ignore_ascii_case(text)) {
            let name = env.policy().variable_name(variable);
            hints.push(format!("{name} is case-sensitive; did you mean `{text}`?"));
        }
    }
    match resolution.code {
        Some(Code::UnknownRuntime) => {
            let known: Vec<&str> = registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect();
            let suggestion = closest_match(template, known.iter().copied());
            let suggestion = suggestion.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            hints.push(format!("the registry has the runtimes {}{suggestion}", known.join(", ")));
        }
        Some(Code::UnregisteredModel) => {
            let credentials = Credentials { injected: resolution.injected, ambient: &[] };
            let near = similar_ids(registry, template, resolution.slug, &credentials, 3);
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
                format!("{credential}, which belongs to {issuer},")
            };
            let keys: Vec<String> = resolution.accepted_by.iter().map(issued).collect();
            explain::cross_vendor(&keys, &provider.name)
        }
        _ => {
            let (are, each) = if resolution.shadowed.len() == 1 { ("is", "it") } else { ("are", "any one of them") };
            let names = resolution.shadowed.join(", ");
            format!("{names} {are} set, and unsetting {each} alone would change neither slug nor secrets")
        }
    }
}

/// The number of fixes shown; further fixes are counted.
const FIXES_SHOWN: usize = 4;

fn describe_fixes(fixes: &[Fix]) -> String {
    if fixes.is_empty() {
        return wrapped(
            &format!(
                "no change of at most {} variables fixes this; change the runtime, the policy or the registry",
                limits::FIX_EDITS
            ),
            "",
            "  ",
        ) + "\n";
    }
    let mut text = format!("{HEAD}ways to fix this{HEAD:#}\n");
    for (number, fix) in fixes.iter().take(FIXES_SHOWN).enumerate() {
        let _ = writeln!(text, "{}", wrapped(&describe_fix(fix), &format!("  {}. ", number + 1), "     "));
    }
    if fixes.len() > FIXES_SHOWN {
        let _ =
            writeln!(text, "  {FAINT}and {} more; --output json lists them all{FAINT:#}", fixes.len() - FIXES_SHOWN);
    }
    text
}

/// Describes an edit of a variable.
pub fn describe_edit(edit: &Edit) -> String {
    escaped_edit(edit).to_string()
}

/// An edit whose value is safe to show.
fn escaped_edit(edit: &Edit) -> Edit {
    match edit {
        Edit::Unset(name) => Edit::Unset(name.clone()),
        Edit::Set(name, value) => Edit::Set(name.clone(), shown(value)),
    }
}

/// Describes a fix: its edits and the model and provider that they select.
pub fn describe_fix(fix: &Fix) -> String {
    Fix { edits: fix.edits.iter().map(escaped_edit).collect(), ..escaped(fix) }.to_string()
}

/// Appends the model and the provider that a fix selects to a description of its edits, and the runtime if
/// it changes.
pub fn leading_to(edits: &str, fix: &Fix) -> String {
    format!("{edits}, which {}", escaped(fix).effect())
}

/// A fix whose slug and runtime are safe to show.
fn escaped(fix: &Fix) -> Fix {
    Fix { slug: shown(&fix.slug), runtime: fix.runtime.as_deref().map(shown), ..fix.clone() }
}
