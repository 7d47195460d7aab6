//! Laws of the first two steps: which slug is picked, and which secrets are injected.

use std::collections::BTreeSet;

use slug_resolver::policy::{Condition, InjectMode, Pick, PickRule, SecretsEffect, SecretsRule, Source, Test};
use slug_resolver::{BillingPath, Kind, Outcome, PolicyDocument};

use crate::case::TestCase;
use crate::law::{Law, LawContext, Violation, ensure, without_warnings};
use crate::reference::{self, holds, value};

/// A slug that no policy names.
const PROBE: &str = "probe/Slug-1";

/// A variable that the first rule for the model takes unconditionally is the slug if it is set.
pub(crate) const OVERRIDE_WINS: Law = Law {
    id: "override-wins",
    statement: "if the first rule for the model takes a variable without a condition, a value of this variable is \
                the slug; the value changes the injected secrets only if a rule for secrets tests the variable",
    check: override_wins,
};

fn override_wins(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let Some(rule) = policy.model.iter().find(|rule| rule.when.admits(&context.case.runtime)) else { return Ok(()) };
    let Some(name) = first_variable(rule).filter(|_| rule.when.variables.is_empty()) else { return Ok(()) };
    let is_tested = policy.secrets.iter().any(|rule| tests(&rule.condition(), name))
        || policy.creates.unless.iter().any(|condition| tests(condition, name));
    let mut case = context.case.clone();
    for slug in [PROBE, "platform/x", "x"] {
        case.varied(name, Some(slug), |case| {
            let overridden = context.implementation.resolve(case);
            ensure!(overridden.slug == slug, "with `{name}` set to `{slug}` the slug is `{}`", overridden.slug);
            ensure!(
                is_tested || overridden.injected == context.resolution.injected,
                "`{name}` changes the injected secrets from {:?} to {:?}",
                context.resolution.injected,
                overridden.injected
            );
            Ok(())
        })?;
    }
    Ok(())
}

/// The first source of a rule, if it is a variable.
fn first_variable(rule: &PickRule) -> Option<&str> {
    match &rule.pick {
        Pick::FirstOf(sources) => match sources.first()? {
            Source::Variable(name) => Some(name),
            Source::Text(_) => None,
        },
        Pick::Nothing => None,
    }
}

fn tests(condition: &Condition, name: &str) -> bool {
    condition.variables.iter().any(|(tested, _)| tested == name)
}

/// The first rule for the model that applies decides the slug.
pub(crate) const FIRST_RULE_DECIDES: Law = Law {
    id: "first-rule-decides",
    statement: "the reported rule for the model applies, and no earlier rule does; if no rule is reported, no rule \
                applies and no model is sent",
    check: first_rule_decides,
};

fn first_rule_decides(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let applies = |rule: &PickRule| {
        let is_available = |source: &Source| match source {
            Source::Text(_) => true,
            Source::Variable(name) => value(policy, &context.case.variables, name).is_some(),
        };
        let picks = match &rule.pick {
            Pick::Nothing => true,
            Pick::FirstOf(sources) => sources.iter().any(is_available),
        };
        picks && holds(policy, &rule.when, &context.case.runtime, &context.case.variables)
    };
    let first = policy.model.iter().position(applies);
    let expected = first.map(|index| policy.model[index].name.clone().unwrap_or_else(|| format!("model[{index}]")));
    ensure!(
        context.resolution.rule == expected.as_deref(),
        "rule {:?} is reported; the first rule that applies is {expected:?}",
        context.resolution.rule
    );
    ensure!(first.is_some() || context.resolution.slug.is_empty(), "no rule applies, but a model is sent");
    Ok(())
}

/// A rule for the platform path ends the list: later rules inject nothing.
pub(crate) const PLATFORM_BEATS_KEYS: Law = Law {
    id: "platform-beats-keys",
    statement: "on the platform path, the rule that selects the path and the rules after it inject nothing; in the \
                mode `first`, no rule injects anything",
    check: platform_beats_keys,
};

fn platform_beats_keys(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    if context.resolution.path != BillingPath::Platform {
        return Ok(());
    }
    let selects = |rule: &SecretsRule| rule.effect == SecretsEffect::Platform && applies(context.case, rule);
    let selecting = policy.secrets.iter().position(selects);
    let Some(selecting) = selecting else { return Err("no rule selects the platform path".into()) };
    let earlier = if policy.inject == InjectMode::First { &[] } else { &policy.secrets[..selecting] };
    let may_inject: BTreeSet<&String> = earlier.iter().flat_map(SecretsRule::injected).collect();
    let injected = &context.resolution.injected;
    let foreign = injected.iter().find(|name| !may_inject.iter().any(|known| known == name));
    ensure!(foreign.is_none(), "the platform path injects {foreign:?}");
    Ok(())
}

fn applies(case: &TestCase, rule: &SecretsRule) -> bool {
    let policy = case.dataset.policy.document();
    let is_keyed = rule.key.as_ref().is_none_or(|key| value(policy, &case.variables, key).is_some());
    is_keyed && holds(policy, &rule.when, &case.runtime, &case.variables)
}

/// In the mode `first`, the first rule for secrets that applies alone decides what is injected.
pub(crate) const FIRST_KEY_INJECTS: Law = Law {
    id: "first-key-injects",
    statement: "in the mode `first`, the first rule for secrets that applies decides the path and the injected \
                secrets alone",
    check: first_key_injects,
};

fn first_key_injects(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    if policy.inject == InjectMode::First {
        let first = policy.secrets.iter().find(|rule| applies(context.case, rule));
        check_injection(context, first.into_iter())?;
    }
    Ok(())
}

/// In the mode `every`, all rules for secrets that apply inject, up to one for the platform path.
pub(crate) const EVERY_ADDS: Law = Law {
    id: "every-adds",
    statement: "in the mode `every`, the injected secrets are those of all rules that apply, up to a rule that \
                selects the platform path",
    check: every_adds,
};

fn every_adds(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    if policy.inject == InjectMode::Every {
        check_injection(context, policy.secrets.iter().filter(|rule| applies(context.case, rule)))?;
    }
    Ok(())
}

/// Checks that the path and the injected secrets are those of some rules, up to the platform path.
fn check_injection<'c>(
    context: &'c LawContext<'_>,
    rules: impl Iterator<Item = &'c SecretsRule>,
) -> Result<(), Violation> {
    let mut path = BillingPath::Byok;
    let mut expected = BTreeSet::new();
    for rule in rules {
        if rule.effect == SecretsEffect::Platform {
            path = BillingPath::Platform;
            break;
        }
        expected.extend(rule.injected().iter().map(String::as_str));
    }
    let injected: Vec<&str> = context.resolution.injected.iter().collect();
    ensure!(injected.is_sorted_by(|one, next| one < next), "{injected:?} is not sorted or has duplicates");
    ensure!(injected.iter().copied().eq(expected.iter().copied()), "{injected:?} is injected, not {expected:?}");
    ensure!(context.resolution.path == path, "the path is reported as {:?}", context.resolution.path);
    Ok(())
}

/// An empty variable counts as unset, unless the policy counts it as set.
pub(crate) const EMPTY_IS_UNSET: Law = Law {
    id: "empty-is-unset",
    statement: "an empty variable has the same effect as an unset one, unless the policy lists it in `empty_is_set`",
    check: empty_is_unset,
};

fn empty_is_unset(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let counts_as_set = |name: &str| policy.empty_is_set.iter().any(|known| known == name);
    let mut filled = context.case.clone();
    for name in context.case.dataset.variable_names().iter().filter(|name| !counts_as_set(name)) {
        filled.variables.entry(name.to_owned()).or_default();
    }
    let mut emptied = context.case.clone();
    emptied.variables.retain(|name, value| !value.is_empty() || counts_as_set(name));
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

/// Only variables that the evaluated rules read can change the decision.
pub(crate) const IRRELEVANT_VARIABLES_IGNORED: Law = Law {
    id: "irrelevant-variables-ignored",
    statement: "a variable that the decision does not read changes nothing except warnings",
    check: irrelevant_variables_ignored,
};

fn irrelevant_variables_ignored(context: &LawContext<'_>) -> Result<(), Violation> {
    let consulted = consulted(context.case);
    let names = context.case.dataset.variable_names().iter().map(String::as_str);
    let mut others: Vec<&str> = names.filter(|name| !consulted.contains(name)).collect();
    others.extend(["PATH", "UNRELATED_TOKEN"]);
    let policy = context.case.dataset.policy.document();
    let named = conditions(policy).flat_map(|condition| &condition.variables).find_map(|(_, test)| match test {
        Test::Value(membership) => membership.texts().first(),
        _ => None,
    });
    let expected = without_warnings(context.resolution);
    let mut case = context.case.clone();
    for name in others {
        for value in [None, Some(PROBE), named.map(String::as_str)] {
            if value == case.variables.get(name).map(String::as_str) {
                continue;
            }
            case.varied(name, value, |case| {
                let found = without_warnings(context.implementation.resolve(case));
                ensure!(found == expected, "`{name}` was not consulted and changes {expected:?} to {found:?}");
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn conditions(policy: &PolicyDocument) -> impl Iterator<Item = &Condition> {
    let model = policy.model.iter().map(|rule| &rule.when);
    let runtime = policy.runtime.iter().map(|rule| &rule.when);
    model.chain(policy.secrets.iter().map(|rule| &rule.when)).chain(&policy.creates.unless).chain(runtime)
}

/// The variables that the specification reads to reach this decision.
fn consulted(case: &TestCase) -> BTreeSet<&str> {
    let policy = case.dataset.policy.document();
    let mut names = BTreeSet::new();
    for condition in &policy.creates.unless {
        consult(case, condition, &mut names);
    }
    for rule in &policy.model {
        if !consult(case, &rule.when, &mut names) {
            continue;
        }
        let Pick::FirstOf(sources) = &rule.pick else { break };
        let is_available = sources.iter().any(|source| match source {
            Source::Text(_) => true,
            Source::Variable(name) => {
                names.insert(name.as_str());
                value(policy, &case.variables, name).is_some()
            }
        });
        if is_available {
            break;
        }
    }
    for rule in policy.secrets.iter().filter(|rule| rule.when.admits(&case.runtime)) {
        if let Some(key) = &rule.key {
            names.insert(key);
            if value(policy, &case.variables, key).is_none() {
                continue;
            }
        }
        let ends = policy.inject == InjectMode::First || rule.effect == SecretsEffect::Platform;
        if consult(case, &rule.when, &mut names) && ends {
            break;
        }
    }
    names
}

/// Adds the variables that are read until a test of the condition fails. Returns true if it holds.
fn consult<'c>(case: &'c TestCase, condition: &'c Condition, names: &mut BTreeSet<&'c str>) -> bool {
    let policy = case.dataset.policy.document();
    condition.admits(&case.runtime)
        && condition.variables.iter().all(|(name, test)| {
            names.insert(name);
            reference::test_holds(test, value(policy, &case.variables, name))
        })
}

/// Exactly the set variables that could be removed without effect are reported as shadowed.
pub(crate) const SHADOWED_IS_INERT: Law = Law {
    id: "shadowed-is-inert",
    statement: "a variable is reported as shadowed if and only if it is set and its removal changes neither the slug \
                nor the injected secrets nor whether a workspace is created; without a workspace, none is reported",
    check: shadowed_is_inert,
};

fn shadowed_is_inert(context: &LawContext<'_>) -> Result<(), Violation> {
    let mut case = context.case.clone();
    let is_created = context.resolution.outcome != Outcome::Nothing;
    for name in context.case.dataset.variable_names() {
        let mut is_inert = || {
            case.varied(name, None, |case| {
                let found = context.implementation.resolve(case);
                (found.slug, found.injected) == (context.resolution.slug, context.resolution.injected)
                    && found.outcome != Outcome::Nothing
            })
        };
        let reported = context.resolution.shadowed.contains(name);
        ensure!(
            reported == (is_created && context.case.set_to(name).is_some() && is_inert()),
            "`{name}` is{} reported as shadowed",
            if reported { "" } else { " not" }
        );
    }
    Ok(())
}

/// The slug is the text of a variable or of the policy, byte for byte.
pub(crate) const VERBATIM_SLUG: Law = Law {
    id: "verbatim-slug",
    statement: "the slug is exactly the text of the first available source of the reported rule",
    check: verbatim_slug,
};

fn verbatim_slug(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let resolution = &context.resolution;
    let Some(reported) = resolution.rule else { return Ok(()) };
    let is_reported = |(index, rule): &(usize, &PickRule)| match &rule.name {
        Some(name) => name == reported,
        None => format!("model[{index}]") == reported,
    };
    let source = |rule: &PickRule| match &rule.pick {
        Pick::Nothing => Some(String::new()),
        Pick::FirstOf(sources) => sources.iter().find_map(|source| match source {
            Source::Text(text) => Some(text.clone()),
            Source::Variable(name) => value(policy, &context.case.variables, name).map(str::to_owned),
        }),
    };
    let admits = |rule: &&PickRule| holds(policy, &rule.when, &context.case.runtime, &context.case.variables);
    let rules = policy.model.iter().enumerate().filter(is_reported).map(|(_, rule)| rule).filter(admits);
    let sources: Vec<String> = rules.filter_map(source).collect();
    ensure!(
        sources.iter().any(|source| source == resolution.slug),
        "rule `{reported}` yields `{}`, not one of {sources:?}",
        resolution.slug
    );
    Ok(())
}

/// If no runtime is given, the environment names it.
pub(crate) const RUNTIME_IS_READ: Law = Law {
    id: "runtime-is-read",
    statement: "the runtime is exactly the text that the first applicable rule for the runtime picks; without such \
                rules it is the only runtime in `runtimes`",
    check: runtime_is_read,
};

fn runtime_is_read(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    let check = |case: &TestCase| {
        let expected = reference::runtime(policy, &case.variables);
        let found = context.implementation.runtime(case);
        ensure!(found == expected, "with {:?} the runtime is {found:?}, not {expected:?}", case.variables);
        Ok(())
    };
    check(context.case)?;
    let mut case = context.case.clone();
    for rule in &policy.runtime {
        let tested = rule.when.variables.iter().map(|(name, test)| (name.as_str(), Some(test)));
        for (name, test) in tested.chain(first_variable(rule).map(|name| (name, None))) {
            let named = match test {
                Some(Test::Value(membership)) => membership.texts().first().map(String::as_str),
                _ => None,
            };
            for set in [None, Some(PROBE), Some(" "), named] {
                case.varied(name, set, check)?;
            }
        }
    }
    Ok(())
}

/// Where nothing is created, nothing can be wrong.
pub(crate) const CREATES_NOTHING_SAYS_NOTHING: Law = Law {
    id: "creates-nothing-says-nothing",
    statement: "the outcome is `nothing` if and only if a condition of `creates` holds; then the answer has neither a \
                provider nor a code, a warning or a fix",
    check: creates_nothing_says_nothing,
};

fn creates_nothing_says_nothing(context: &LawContext<'_>) -> Result<(), Violation> {
    let TestCase { dataset, runtime, variables, .. } = context.case;
    let is_created = reference::creates(dataset.policy.document(), runtime, variables);
    let resolution = &context.resolution;
    ensure!(
        is_created == (resolution.outcome != Outcome::Nothing) && is_created == (resolution.verdict != Kind::Nothing),
        "the outcome is {:?} and the verdict {:?}, but creation is {is_created}",
        resolution.outcome,
        resolution.verdict
    );
    if !is_created {
        let says = (resolution.provider, resolution.code, resolution.warnings.iter().next());
        ensure!(says == (None, None, None), "nothing is created, but {says:?} is reported");
        ensure!(context.fixes().is_empty(), "nothing is created, but there are fixes");
    }
    Ok(())
}

/// A policy of version 1 means the same as the rules to which it is translated.
pub(crate) const TRANSLATION: Law = Law {
    id: "translation",
    statement: "a policy of version 1 and its translation pick the same slug by the same rule and inject the same \
                secrets",
    check: translation,
};

fn translation(context: &LawContext<'_>) -> Result<(), Violation> {
    let TestCase { dataset, runtime, variables, .. } = context.case;
    let Some(original) = dataset.policy_v1() else { return Ok(()) };
    let resolution = &context.resolution;
    let (slug, rule, decided_by) = original.select(runtime, variables);
    let picked = (resolution.slug, resolution.rule, resolution.decided_by);
    ensure!(picked == (slug, rule, decided_by), "{picked:?} is picked; version 1 picks {:?}", (slug, rule, decided_by));
    let (path, injected) = original.inject(variables);
    let found: Vec<&str> = resolution.injected.iter().collect();
    let expected: BTreeSet<&str> = injected.iter().map(String::as_str).collect();
    ensure!(
        found.iter().copied().eq(expected.iter().copied()) && resolution.path == path,
        "{found:?} is injected on {:?}; version 1 injects {expected:?} on {path:?}",
        resolution.path
    );
    ensure!(
        context.implementation.runtime(context.case) == original.runtime(variables),
        "the runtime differs from version 1"
    );
    Ok(())
}
