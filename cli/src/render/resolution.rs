//! A resolution for people: the pick, its reasons, and the fixes of a contradiction.

use std::fmt::Write as _;

use slug_resolver::{
    BillingPath, Code, Edit, Env, Fix, Policy, Registry, Resolution, Variable, Warning, explain, limits,
};

use super::{BAD, FAINT, GOOD, HEAD, WARN, shown, wrapped};
use crate::suggest::{closest_match, closest_matches};

/// Renders a resolution with its hints, warnings and fixes.
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
            let _ = writeln!(text, "{GOOD}✓ consistent{GOOD:#}: {}", summary(resolution));
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
        text.push_str(&describe_fixes(fixes));
    }
    text
}

fn summary(resolution: &Resolution<'_>) -> String {
    let name = resolution.provider.map_or("", |provider| &provider.name);
    let slug = shown(resolution.slug);
    match resolution.provider {
        Some(provider) if provider.is_platform() => format!("{slug} on {name}, which the platform pays for"),
        Some(provider) if provider.is_keyless() => format!("{slug} on {name}, which needs no credential"),
        _ => format!("{slug} on {name}, with {}", resolution.accepted_by.join(", ")),
    }
}

fn facts(policy: &Policy, resolution: &Resolution<'_>) -> Vec<(&'static str, String)> {
    let why = explain::reason(resolution.rule, resolution.decided_by);
    let slug = shown(resolution.slug);
    let runtime = match resolution.runtime {
        "" => "\"\" (empty; check that the variable for the runtime is set)".to_owned(),
        runtime => shown(runtime),
    };
    let path_variable = policy.variable_name(Variable::Path);
    let path = explain::path(resolution.path, path_variable, &policy.document().platform.value);
    let mut facts = vec![("runtime", runtime), ("policy", shown(policy.name())), ("slug", format!("{slug} ({why})"))];
    if let Some(provider) = resolution.provider {
        facts.push(("provider", format!("{} ({})", provider.name, explain::needs(provider))));
    }
    if let Some(owner) = resolution.withdrawn_by {
        facts.push(("owner", format!("{}, which has withdrawn the model", owner.name)));
    }
    facts.push(("path", path));
    facts.push(("injected", explain::injected(resolution.injected)));
    let missing = resolution.provider.map_or_else(Vec::new, |it| explain::missing(it, resolution.injected));
    if resolution.code.is_some() && !missing.is_empty() {
        facts.push(("missing", missing.join(", ")));
    }
    let end = match resolution.code {
        None => "online".to_owned(),
        Some(code) if resolution.provider.is_some() => format!("failed: {}", explain::consequence(code)),
        Some(code) => format!("rejected: {}", explain::consequence(code)),
    };
    facts.push(("outcome", end));
    facts
}

/// Suggestions for values that are probably misspelt.
pub fn hints(registry: &Registry, env: &Env<'_>, resolution: &Resolution<'_>) -> Vec<String> {
    let template = env.policy().template_of(resolution.runtime);
    let mut hints = Vec::new();
    let platform = &env.policy().document().platform;
    if let Some(path) = env.text(Variable::Path)
        && resolution.path == BillingPath::Byok
        && path.trim().eq_ignore_ascii_case(&platform.value)
    {
        hints.push(format!("{} is case-sensitive; did you mean `{}`?", platform.var, platform.value));
    }
    match resolution.code {
        Some(Code::UnknownRuntime) => {
            let known: Vec<&str> = registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect();
            let suggestion = closest_match(template, known.iter().copied());
            let suggestion = suggestion.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            hints.push(format!("the registry has the runtimes {}{suggestion}", known.join(", ")));
        }
        Some(Code::UnregisteredModel) => {
            let arms = registry.runtime(template).map_or(&[][..], |runtime| &runtime.arms);
            let near = closest_matches(resolution.slug, arms.iter().flat_map(|arm| &arm.models).map(String::as_str), 3);
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
                "no fix with at most {} edits was found; change the runtime, the policy or the registry",
                limits::FIX_EDITS
            ),
            "",
            "  ",
        ) + "\n";
    }
    let mut text = format!("{HEAD}fix it in one of these ways{HEAD:#}\n");
    for (number, fix) in fixes.iter().take(FIXES_SHOWN).enumerate() {
        let _ = writeln!(text, "{}", wrapped(&describe_fix(fix), &format!("  {}. ", number + 1), "     "));
    }
    if fixes.len() > FIXES_SHOWN {
        let _ =
            writeln!(text, "  {FAINT}and {} more; --format json lists them all{FAINT:#}", fixes.len() - FIXES_SHOWN);
    }
    text
}

/// Describes a fix: its edits and the model and provider that they select.
pub fn describe_fix(fix: &Fix) -> String {
    let edit = |edit: &Edit| match edit {
        Edit::Unset(name) => format!("unset {name}"),
        Edit::Set(name, value) => format!("set {name}={}", shown(value)),
    };
    let edits: Vec<String> = fix.edits.iter().map(edit).collect();
    leading_to(&edits.join(" and "), fix)
}

/// Appends the model and the provider that a fix selects to a description of its edits.
pub fn leading_to(edits: &str, fix: &Fix) -> String {
    format!("{edits}, which selects {} from {}", shown(&fix.slug), fix.provider)
}
