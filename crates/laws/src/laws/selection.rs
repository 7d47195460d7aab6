//! Laws of the first two steps: which slug is picked, and which secrets are injected.

use slug_resolver::{BillingPath, PolicyDocument, Rule};

use crate::case::TestCase;
use crate::law::{Law, LawContext, Violation, ensure, summary_key, without_warnings};

/// A slug that no policy names.
const PROBE: &str = "probe/Slug-1";

/// A set override is the slug, independent of other variables, and does not change the injected secrets.
pub(crate) const OVERRIDE_WINS: Law = Law {
    id: "override-wins",
    statement: "the slug is the value of the override variable if it is set; the variable does not change the injected \
                secrets",
    check: override_wins,
};

fn override_wins(context: &LawContext<'_>) -> Result<(), Violation> {
    let name = &context.case.dataset.policy.document().override_var;
    let mut case = context.case.clone();
    for slug in [PROBE, "platform/x", context.case.dataset.policy.document().fallback.as_str()] {
        case.varied(name, Some(slug), |case| {
            let overridden = context.implementation.resolve(case);
            ensure!(overridden.slug == slug, "with `{name}` set to `{slug}` the slug is `{}`", overridden.slug);
            ensure!(
                overridden.injected == context.resolution.injected,
                "`{name}` changes the injected secrets from {:?} to {:?}",
                context.resolution.injected,
                overridden.injected
            );
            Ok(())
        })?;
    }
    Ok(())
}

/// On the platform path no secret is injected and no key affects the slug.
pub(crate) const PLATFORM_BEATS_KEYS: Law = Law {
    id: "platform-beats-keys",
    statement: "on the platform path, no secret is injected and no key changes the slug or the provider",
    check: platform_beats_keys,
};

fn platform_beats_keys(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let mut case = context.case.with(&policy.platform.var, &policy.platform.value);
    case.variables.remove(&policy.override_var);
    let mut keyless = case.clone();
    keys(policy).for_each(|key| drop(keyless.variables.remove(key)));
    let expected = context.implementation.resolve(&keyless);
    for key in keys(policy) {
        case.varied(key, Some("1"), |case| {
            let found = context.implementation.resolve(case);
            ensure!(found.injected.is_empty(), "the platform path injects {:?}", found.injected);
            ensure!(
                summary_key(&found) == summary_key(&expected),
                "`{key}` changes the platform's `{}` to `{}`",
                expected.slug,
                found.slug
            );
            Ok(())
        })?;
    }
    Ok(())
}

/// Off the platform path, the first set key alone decides which secrets are injected.
pub(crate) const FIRST_KEY_INJECTS: Law = Law {
    id: "first-key-injects",
    statement: "off the platform path, the first set key of the policy decides which secrets are injected; on it, none \
                are",
    check: first_key_injects,
};

fn first_key_injects(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let first = policy.secrets.iter().find(|entry| is_set(context.case, &entry.key));
    let expected: &[String] = match (context.resolution.path, first) {
        (BillingPath::Byok, Some(entry)) => &entry.inject,
        _ => &[],
    };
    ensure!(context.resolution.injected == expected, "{:?} is injected, not {expected:?}", context.resolution.injected);
    ensure!(expected.is_sorted_by(|one, next| one < next), "{expected:?} is not sorted or has duplicates");
    let on_platform = value(context.case, &policy.platform.var) == Some(&policy.platform.value);
    ensure!(
        (context.resolution.path == BillingPath::Platform) == on_platform,
        "the path is reported as {:?}",
        context.resolution.path
    );
    Ok(())
}

/// An empty variable counts as unset everywhere.
pub(crate) const EMPTY_IS_UNSET: Law = Law {
    id: "empty-is-unset",
    statement: "an empty variable has the same effect as an unset one",
    check: empty_is_unset,
};

fn empty_is_unset(context: &LawContext<'_>) -> Result<(), Violation> {
    let mut filled = context.case.clone();
    for name in variables(context.case.dataset.policy.document()) {
        filled.variables.entry(name.to_owned()).or_default();
    }
    let mut emptied = context.case.clone();
    emptied.variables.retain(|_, value| !value.is_empty());
    for case in [filled, emptied] {
        let found = context.implementation.resolve(&case);
        ensure!(found == context.resolution, "empty variables change {:?} to {:?}", context.resolution, found);
    }
    Ok(())
}

/// A variable that is set to its default counts as unset; an unset variable has its default.
pub(crate) const DEFAULT_IS_UNSET: Law = Law {
    id: "default-is-unset",
    statement: "a variable that is set to its default has the same effect as an unset one",
    check: default_is_unset,
};

fn default_is_unset(context: &LawContext<'_>) -> Result<(), Violation> {
    for (name, default) in &context.case.dataset.policy.document().defaults {
        let (unset, set) = (context.case.without(name), context.case.with(name, default));
        let (unset, set) = (context.implementation.resolve(&unset), context.implementation.resolve(&set));
        ensure!(unset == set, "`{name}` set to its default changes {unset:?} to {set:?}");
    }
    Ok(())
}

/// Only variables that the deciding rule reads can change the decision.
pub(crate) const IRRELEVANT_VARIABLES_IGNORED: Law = Law {
    id: "irrelevant-variables-ignored",
    statement: "a variable that the decision does not read changes nothing except warnings",
    check: irrelevant_variables_ignored,
};

fn irrelevant_variables_ignored(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let consulted = consulted(context);
    let mut others: Vec<&str> = variables(policy).filter(|name| !consulted.contains(name)).collect();
    others.extend(["PATH", "UNRELATED_TOKEN"]);
    let expected = without_warnings(context.resolution);
    let mut case = context.case.clone();
    for name in others {
        for value in [None, Some(PROBE), Some(policy.platform.value.as_str())] {
            case.varied(name, value, |case| {
                let found = without_warnings(context.implementation.resolve(case));
                ensure!(found == expected, "`{name}` was not consulted and changes {expected:?} to {found:?}");
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// The variables that the specification reads to reach this decision.
fn consulted<'t>(context: &'t LawContext<'_>) -> Vec<&'t str> {
    let policy = context.case.dataset.policy.document();
    let overridden = value(context.case, &policy.override_var).is_some();
    let on_platform = value(context.case, &policy.platform.var) == Some(&policy.platform.value);
    let mut names = [policy.override_var.as_str(), &policy.platform.var].to_vec();
    let mut until_set = |keys: &mut dyn Iterator<Item = &'t String>| {
        for key in keys {
            names.push(key);
            if is_set(context.case, key) {
                break;
            }
        }
    };
    if !on_platform {
        until_set(&mut policy.secrets.iter().map(|entry| &entry.key));
    }
    if !on_platform && !overridden {
        let entry = policy.dispatch.iter().find(|entry| entry.runtimes.contains(&context.case.runtime));
        until_set(&mut entry.iter().flat_map(|entry| &entry.keyed).map(|keyed| &keyed.key));
    }
    if on_platform && !overridden {
        names.push(&policy.platform.model);
    }
    names
}

/// Exactly the set variables that could be removed without effect are reported as shadowed.
pub(crate) const SHADOWED_IS_INERT: Law = Law {
    id: "shadowed-is-inert",
    statement: "a variable is reported as shadowed if and only if it is set and its removal changes neither the slug \
                nor the injected secrets",
    check: shadowed_is_inert,
};

fn shadowed_is_inert(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let mut case = context.case.clone();
    for name in variables(policy) {
        let is_set = context.case.set_to(name).is_some();
        let inert = case.varied(name, None, |case| {
            let found = context.implementation.resolve(case);
            (found.slug, found.injected) == (context.resolution.slug, context.resolution.injected)
        });
        let reported = context.resolution.shadowed.contains(name);
        ensure!(
            reported == (is_set && inert),
            "`{name}` is{} reported as shadowed",
            if reported { "" } else { " not" }
        );
    }
    Ok(())
}

/// The slug is the text of a variable or of the policy, byte for byte.
pub(crate) const VERBATIM_SLUG: Law = Law {
    id: "verbatim-slug",
    statement: "the slug is exactly the text of the variable or policy field that the rule names",
    check: verbatim_slug,
};

fn verbatim_slug(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let resolution = &context.resolution;
    let entry = policy.dispatch.iter().find(|entry| entry.runtimes.contains(&context.case.runtime));
    let source = match resolution.rule {
        Rule::Override => value(context.case, &policy.override_var),
        Rule::Platform => value(context.case, &policy.platform.model).or(Some(&policy.platform.fallback)),
        Rule::Keyed => entry
            .and_then(|entry| entry.keyed.iter().find(|keyed| is_set(context.case, &keyed.key)))
            .map(|keyed| keyed.model.as_str()),
        Rule::Default => entry.map(|entry| entry.model.as_str()),
        Rule::Fallback => Some(policy.fallback.as_str()),
    };
    ensure!(source == Some(resolution.slug), "rule {:?} yields `{}`, not {source:?}", resolution.rule, resolution.slug);
    Ok(())
}

/// If no runtime is given, the environment names it.
pub(crate) const RUNTIME_IS_READ: Law = Law {
    id: "runtime-is-read",
    statement: "the runtime is exactly the value of the policy's runtime variable, or the default of this variable if \
                it is unset",
    check: runtime_is_read,
};

fn runtime_is_read(context: &LawContext<'_>) -> Result<(), Violation> {
    let name = &context.case.dataset.policy.document().runtime;
    let mut case = context.case.clone();
    for set in [context.case.variables.get(name).cloned(), None, Some(PROBE.into()), Some(" ".into())] {
        case.varied(name, set.as_deref(), |case| {
            let expected = value(case, name).unwrap_or_default();
            let found = context.implementation.runtime(case);
            ensure!(found == expected, "with `{name}` set to {set:?} the runtime is {found:?}, not {expected:?}");
            Ok(())
        })?;
    }
    Ok(())
}

/// The variables that a policy reads, without duplicates.
fn variables(policy: &PolicyDocument) -> impl Iterator<Item = &str> {
    [&policy.override_var, &policy.platform.var, &policy.platform.model, &policy.runtime]
        .into_iter()
        .map(String::as_str)
        .chain(keys(policy))
}

/// The key variables of a policy, without duplicates.
fn keys(policy: &PolicyDocument) -> impl Iterator<Item = &str> {
    let of_secrets = policy.secrets.iter().map(|entry| &entry.key);
    let of_models = policy.dispatch.iter().flat_map(|entry| &entry.keyed).map(|keyed| &keyed.key);
    let mut names: Vec<&str> = of_secrets.chain(of_models).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter()
}

/// The value of a variable, else its default; an empty variable is unset.
fn value<'c>(case: &'c TestCase, name: &str) -> Option<&'c str> {
    let set = case.variables.get(name).filter(|value| !value.is_empty());
    set.or_else(|| case.dataset.policy.document().defaults.get(name)).map(String::as_str)
}

fn is_set(case: &TestCase, name: &str) -> bool {
    value(case, name).is_some()
}
