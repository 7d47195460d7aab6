//! The generator reaches every kind of case often enough.

use std::collections::BTreeMap;

use slug_laws::generator::{CHOICES, Choices, case, case_of, large_registry_of};
use slug_laws::{Implementation, RealResolver, TestCase};
use slug_resolver::policy::{Condition, InjectMode, Membership, Pick, PickRule, SecretsEffect, Source, Test};
use slug_resolver::{BillingPath, Code, Edit, Fix, Kind, Outcome, PolicyDocument, Provider, Resolution, Warning};

use crate::strategy::{fixed_cases, fixed_numbers, fuzz_input};

const CASES: usize = 4_000;

/// The minimum number of occurrences of each counted kind.
const AT_LEAST: usize = 10;

#[test]
fn cases_reach_every_rule_code_and_warning() {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for case in fixed_cases(CASES) {
        let resolution = RealResolver.resolve(&case);
        let mut add = |kind: String| *count.entry(kind).or_default() += 1;
        let is_first = |name: &str| providers(&case).any(|it| it.auth_env.names().first().is_some_and(|it| it == name));
        if resolution.warnings.contains(Warning::CrossVendorCredential) && !resolution.accepted_by.iter().all(is_first)
        {
            add("a key of another vendor's group".to_owned());
        }
        add(format!("rule {}", resolution.rule.unwrap_or("none")));
        add(format!("path {}", resolution.path.as_str()));
        match resolution.verdict {
            Kind::Coherent => add(format!("coherent {:?}", resolution.billing.unwrap())),
            Kind::Contradiction => add(format!("code {}", resolution.code.unwrap().as_str())),
            Kind::Nothing => add("nothing created".to_owned()),
        }
        for warning in resolution.warnings.iter() {
            add(format!("warning {}", warning.as_str()));
        }
        for fix in RealResolver.fixes(&case) {
            add(format!("fix of {} edits", fix.edits.len()));
        }
    }
    let rules = ["override", "platform", "keyed", "default", "fallback", "none", "rule two", "model[0]", "model[1]"];
    let rules = rules.map(|rule| format!("rule {rule}"));
    let codes = Code::ALL.map(|code| format!("code {}", code.as_str()));
    let warnings = Warning::ALL.map(|warning| format!("warning {}", warning.as_str()));
    let rest = [
        "path platform",
        "path byok",
        "coherent Platform",
        "coherent Byok",
        "fix of 1 edits",
        "fix of 2 edits",
        "fix of 3 edits",
        "a key of another vendor's group",
    ];
    for kind in rules.into_iter().chain(codes).chain(warnings).chain(rest.map(String::from)) {
        let times = count.get(&kind).copied().unwrap_or_default();
        assert!(times >= AT_LEAST, "{kind} occurs {times} times in {CASES} cases: {count:#?}");
    }
}

#[test]
fn cases_reach_every_kind_of_input() {
    type Predicate = fn(&TestCase) -> bool;
    let kinds: [(&str, Predicate); 23] = [
        ("a provider without credentials", |case| providers(case).any(Provider::is_keyless)),
        ("a group of credentials", |case| {
            providers(case).any(|provider| provider.auth_env.items().any(|item| item.len() > 1))
        }),
        ("a group of credentials after another credential", |case| {
            providers(case).any(|provider| provider.auth_env.items().skip(1).any(|item| item.len() > 1))
        }),
        ("a provider without a pattern", |case| providers(case).any(|it| it.model_prefix_match.is_none())),
        ("a payer with another name than platform", |case| {
            providers(case).any(|provider| provider.is_platform() && provider.name != "platform")
        }),
        ("a provider named platform that the tenant pays", |case| {
            providers(case).any(|provider| !provider.is_platform() && provider.name == "platform")
        }),
        ("a withdrawn id", |case| arms(case).any(|arm| !arm.withdrawn_models.is_empty())),
        ("an id that one arm lists and another withdrew", |case| {
            case.dataset.registry.runtimes().iter().any(|runtime| {
                let listed = |id: &String| runtime.arms.iter().any(|arm| arm.models.contains(id));
                runtime.arms.iter().flat_map(|arm| &arm.withdrawn_models).any(listed)
            })
        }),
        ("an absent display name", |case| providers(case).any(|it| it.display_name.is_none())),
        ("a display name of a runtime", |case| {
            case.dataset.registry.runtimes().iter().any(|runtime| runtime.display_name.is_some())
        }),
        ("no platform", |case| case.dataset.registry.provider("platform").is_none()),
        ("a provider nearly called platform", |case| case.dataset.registry.provider("Platform").is_some()),
        ("a name-only arm", |case| arms(case).any(|arm| arm.models.is_empty())),
        ("an id listed by two arms", |case| {
            case.dataset.registry.runtimes().iter().any(|runtime| {
                let listed = |id: &String| runtime.arms.iter().filter(|arm| arm.models.contains(id)).count();
                runtime.arms.iter().flat_map(|arm| &arm.models).any(|id| listed(id) > 1)
            })
        }),
        ("an id listed twice by one arm", |case| {
            arms(case).any(|arm| arm.models.iter().any(|id| arm.models.iter().filter(|other| *other == id).count() > 1))
        }),
        ("a listed id that trimming makes unreachable", |case| {
            arms(case).flat_map(|arm| &arm.models).any(|id| id.trim() != id)
        }),
        ("an id with characters beyond ASCII", |case| arms(case).flat_map(|arm| &arm.models).any(|id| !id.is_ascii())),
        ("a runtime that differs only in case", |case| case.dataset.registry.runtime("Agent").is_some()),
        ("a template variant as the runtime", |case| {
            case.dataset.policy.document().templates.contains_key(&case.runtime)
        }),
        ("a default for the path", |case| case.dataset.policy.document().defaults.contains_key("LLM_PATH")),
        ("a key set to the empty text", |case| is_set_empty(case, "KEY_A")),
        ("a key set", |case| has_value(case, "KEY_A")),
        ("an ambient credential", |case| !case.ambient.is_empty()),
    ];
    let cases: Vec<_> = fixed_cases(500).collect();
    for (kind, is_kind) in kinds {
        let times = cases.iter().filter(|case| is_kind(case)).count();
        assert!(times >= AT_LEAST, "{kind} occurs {times} times in {} cases", cases.len());
    }
    for variable in ["MODEL", "LLM_PATH", "PLATFORM_MODEL", "RUNTIME", "UNREAD"] {
        let with_value = cases.iter().filter(|case| has_value(case, variable)).count();
        let empty = cases.iter().filter(|case| is_set_empty(case, variable)).count();
        assert!(with_value.min(empty) >= AT_LEAST, "{variable} has a value {with_value} times, is empty {empty} times");
    }
}

/// A form of a policy, and whether a case has it.
type Form = (&'static str, fn(&TestCase) -> bool);

/// The forms of a policy.
const FORMS: &[Form] = &[
    ("a policy of version 1", |case| case.dataset.policy_v1().is_some()),
    ("a policy of version 2", |case| case.dataset.policy_v1().is_none()),
    ("a test `set`", |case| has_test(case, |test| *test == Test::Set)),
    ("a test `unset`", |case| has_test(case, |test| *test == Test::Unset)),
    ("a text", |case| has_test(case, |test| matches!(test, Test::Value(Membership::OneOf(texts)) if texts.len() == 1))),
    ("a list of texts", |case| {
        has_test(case, |test| matches!(test, Test::Value(Membership::OneOf(texts)) if texts.len() > 1))
    }),
    ("a test `not`", |case| has_test(case, |test| matches!(test, Test::Value(Membership::NoneOf(_))))),
    ("a test `host`", |case| has_test(case, |test| matches!(test, Test::Host(_)))),
    ("the text `set`", |case| {
        has_test(case, |test| matches!(test, Test::Value(Membership::OneOf(texts)) if texts == &["set"]))
    }),
    ("a condition with two tests", |case| conditions(policy(case)).any(|condition| condition.variables.len() > 1)),
    ("some runtimes", |case| {
        conditions(policy(case)).any(|condition| matches!(condition.runtime, Some(Membership::OneOf(_))))
    }),
    ("all runtimes but some", |case| {
        conditions(policy(case)).any(|condition| matches!(condition.runtime, Some(Membership::NoneOf(_))))
    }),
    ("no model", |case| policy(case).model.iter().any(|rule| rule.pick == Pick::Nothing)),
    ("a list of sources", |case| policy(case).model.iter().any(|rule| sources(rule).len() > 1)),
    ("a variable as the source", |case| {
        policy(case).model.iter().any(|rule| matches!(sources(rule), [Source::Variable(_)]))
    }),
    ("a dollar sign in a text", |case| has_text(case, |text| text.contains('$'))),
    ("the text `none`", |case| has_text(case, |text| text == "none")),
    ("a rule without a name", |case| policy(case).model.iter().any(|rule| rule.name.is_none())),
    ("the mode `first`", |case| policy(case).inject == InjectMode::First && policy(case).secrets.len() > 1),
    ("the mode `every`", |case| policy(case).inject == InjectMode::Every && policy(case).secrets.len() > 1),
    ("a rule for secrets without a key", |case| policy(case).secrets.iter().any(|rule| rule.key.is_none())),
    ("a rule for secrets with a name", |case| policy(case).secrets.iter().any(|rule| rule.name.is_some())),
    ("a secret under the name of its key", |case| {
        let is_own = |key: &String, injected: &[String]| injected == std::slice::from_ref(key);
        policy(case).secrets.iter().any(|rule| rule.key.as_ref().is_some_and(|key| is_own(key, rule.injected())))
    }),
    ("a platform rule after another rule in the mode `every`", |case| {
        let is_platform = |effect: &SecretsEffect| *effect == SecretsEffect::Platform;
        policy(case).inject == InjectMode::Every
            && policy(case).secrets.iter().skip(1).any(|rule| is_platform(&rule.effect))
    }),
    ("the platform path with injected secrets", |case| {
        let found = RealResolver.resolve(case);
        found.path == BillingPath::Platform && !found.injected.is_empty()
    }),
    ("no platform path", |case| !case.dataset.policy.has_platform_path()),
    ("no rules for secrets", |case| policy(case).secrets.is_empty()),
    ("a precondition", |case| !policy(case).creates.unless.is_empty()),
    ("a precondition that does not hold", |case| {
        !policy(case).creates.unless.is_empty() && RealResolver.resolve(case).outcome != Outcome::Nothing
    }),
    ("a precondition that holds", |case| RealResolver.resolve(case).outcome == Outcome::Nothing),
    ("two preconditions", |case| policy(case).creates.unless.len() > 1),
    ("an empty variable that counts as set", |case| {
        policy(case).empty_is_set.iter().any(|name| is_set_empty(case, name))
    }),
    ("a test of a variable that counts as set if it is empty", |case| {
        let mut tests = conditions(policy(case)).flat_map(|condition| &condition.variables);
        tests.any(|(name, _)| policy(case).empty_is_set.contains(name))
    }),
    ("a rule that picks a listed runtime", |case| {
        let names_runtime = |rule| sources(rule).iter().any(|source| matches!(source, Source::Text(_)));
        !policy(case).runtimes.is_empty() && policy(case).runtime.iter().any(names_runtime)
    }),
    (
        "a variable for the runtime",
        |case| matches!(policy(case).runtime.as_slice(), [rule] if matches!(sources(rule), [Source::Variable(_)])),
    ),
    ("rules for the runtime", |case| policy(case).runtime.iter().any(|rule| !rule.when.is_empty())),
    ("no rules for the runtime", |case| policy(case).runtime.is_empty() && policy(case).runtimes.is_empty()),
    ("no rules for the only runtime", |case| policy(case).runtime.is_empty() && policy(case).runtimes.len() == 1),
    ("an action as the harness", |case| policy(case).harness.iter().any(|entry| entry.action().is_some())),
    ("several runtimes of a harness", |case| policy(case).runtimes.len() > 1),
    ("no rule applies", |case| RealResolver.resolve(case).rule.is_none()),
    ("a rule that sends no model applies", |case| {
        let found = RealResolver.resolve(case);
        found.rule.is_some() && found.slug.is_empty()
    }),
    ("another spelling as a fix", |case| has_fix(case, is_spelling)),
    ("a fix that keeps the vendor of the slug", |case| {
        has_fix(case, |found, fix| !is_spelling(found, fix) && found.provider.is_some_and(|it| it.name == fix.provider))
    }),
    ("a fix that changes the vendor of the slug", |case| {
        has_fix(case, |found, fix| !is_spelling(found, fix) && found.provider.is_some_and(|it| it.name != fix.provider))
    }),
    ("another spelling that differs in case or separators", |case| {
        has_fix(case, |found, fix| {
            let plain = |slug: &str| slug.to_lowercase().replace(['/', ':', '-'], "");
            let is_same = |id: &str| id != found.slug && plain(id) == plain(found.slug);
            fix.edits.iter().any(|edit| matches!(edit, Edit::Set(_, id) if is_same(id)))
        })
    }),
    ("a fix with two edits for a slug that no provider serves", |case| {
        has_fix(case, |found, fix| found.code == Some(Code::UnregisteredModel) && fix.edits.len() == 2)
    }),
    ("a fix that can be made without asking, and one that cannot", |case| {
        has_fix(case, |_, fix| fix.is_safe) && has_fix(case, |_, fix| !fix.is_safe)
    }),
    ("a fix that changes a variable that is the runtime", |case| {
        let is_used = |edit: &Edit| {
            let used = Source::Variable(edit.variable().to_owned());
            policy(case).runtime.iter().any(|rule| sources(rule).contains(&used))
        };
        has_fix(case, |_, fix| fix.edits.iter().any(is_used))
    }),
    ("a fix that edits a variable of a precondition", |case| {
        let tests = || policy(case).creates.unless.iter().flat_map(|condition| &condition.variables);
        let is_tested = |edit: &Edit| tests().any(|(name, _)| name == edit.variable());
        RealResolver.fixes(case).iter().any(|fix| fix.edits.iter().any(is_tested))
    }),
    ("a fix that needs an edit of a precondition", |case| {
        let tests = || policy(case).creates.unless.iter().flat_map(|condition| &condition.variables);
        let is_read = |name: &str| {
            let rules = policy(case).model.iter().map(|rule| &rule.when);
            let mut tests =
                rules.chain(policy(case).secrets.iter().map(|rule| &rule.when)).flat_map(|it| &it.variables);
            tests.any(|(tested, _)| tested == name)
                || policy(case).secrets.iter().any(|rule| rule.key.as_deref() == Some(name))
                || policy(case).model.iter().flat_map(sources).any(|it| *it == Source::Variable(name.to_owned()))
        };
        let is_only_tested =
            |edit: &Edit| tests().any(|(name, _)| name == edit.variable()) && !is_read(edit.variable());
        RealResolver.fixes(case).iter().any(|fix| fix.edits.iter().any(is_only_tested))
    }),
    ("a fix that sends a key to another vendor", |case| {
        let fixes = RealResolver.fixes(case);
        fixes.iter().any(|fix| moves_key(case, fix))
    }),
];

#[test]
fn policies_reach_every_form() {
    let cases: Vec<_> = fixed_cases(CASES).collect();
    let times = |is_form: &fn(&TestCase) -> bool| cases.iter().filter(|case| is_form(case)).count();
    let counts: Vec<(&str, usize)> = FORMS.iter().map(|(form, is_form)| (*form, times(is_form))).collect();
    assert!(counts.iter().all(|(_, times)| *times >= AT_LEAST), "in {CASES} cases: {counts:#?}");
}

fn policy(case: &TestCase) -> &PolicyDocument {
    case.dataset.policy.document()
}

fn conditions(policy: &PolicyDocument) -> impl Iterator<Item = &Condition> {
    let picks = policy.model.iter().chain(&policy.runtime).map(|rule| &rule.when);
    picks.chain(policy.secrets.iter().map(|rule| &rule.when)).chain(&policy.creates.unless)
}

fn has_test(case: &TestCase, is_kind: impl Fn(&Test) -> bool) -> bool {
    conditions(policy(case)).flat_map(|condition| &condition.variables).any(|(_, test)| is_kind(test))
}

fn sources(rule: &PickRule) -> &[Source] {
    match &rule.pick {
        Pick::Nothing => &[],
        Pick::FirstOf(sources) => sources,
    }
}

fn has_text(case: &TestCase, is_kind: impl Fn(&str) -> bool) -> bool {
    let mut sources = policy(case).model.iter().flat_map(sources);
    sources.any(|source| matches!(source, Source::Text(text) if is_kind(text)))
}

/// Returns true if a case has a contradiction about a slug in a variable, and a fix of the kind.
fn has_fix(case: &TestCase, is_kind: impl Fn(&Resolution<'_>, &Fix) -> bool) -> bool {
    let found = RealResolver.resolve(case);
    let is_held = found.decided_by.and_then(|name| case.variables.get(name)).is_some_and(|slug| slug == found.slug);
    is_held && RealResolver.fixes(case).iter().any(|fix| is_kind(&found, fix))
}

/// Returns true if the fix only writes the slug in another way: with another prefix, or without one.
fn is_spelling(found: &Resolution<'_>, fix: &Fix) -> bool {
    let last = |slug: &str| slug.trim().rsplit(['/', ':']).next().map(str::to_owned);
    match fix.edits.as_slice() {
        [Edit::Set(name, slug)] => found.decided_by == Some(name) && last(slug) == last(found.slug),
        _ => false,
    }
}

/// Returns true if a fix sends a key to a vendor that did not issue it.
fn moves_key(case: &TestCase, fix: &Fix) -> bool {
    let mut case = case.clone();
    for edit in &fix.edits {
        match edit {
            Edit::Unset(name) => drop(case.variables.remove(name)),
            Edit::Set(name, value) => drop(case.variables.insert(name.clone(), value.clone())),
        }
    }
    RealResolver.resolve(&case).warnings.contains(Warning::CrossVendorCredential)
}

fn is_set_empty(case: &TestCase, name: &str) -> bool {
    case.variables.get(name).is_some_and(String::is_empty)
}

fn has_value(case: &TestCase, name: &str) -> bool {
    case.variables.get(name).is_some_and(|value| !value.is_empty())
}

fn providers(case: &TestCase) -> impl Iterator<Item = &Provider> {
    case.dataset.registry.providers().iter()
}

fn arms(case: &TestCase) -> impl Iterator<Item = &slug_resolver::registry::Arm> {
    case.dataset.registry.runtimes().iter().flat_map(|runtime| &runtime.arms)
}

/// If a part drew a varying number of choices, it would shift the choices of every later part.
#[test]
fn cases_all_draw_the_same_number_of_choices() {
    let left = |numbers: Vec<u16>| {
        let mut choices = Choices::new(&numbers);
        assert_eq!(choices.left(), CHOICES);
        drop(case(&mut choices));
        choices.left()
    };
    let mut left = fixed_numbers(200).map(left);
    let first = left.next().expect("there is a draw");
    assert!(first > 0, "the cases draw more choices than available");
    assert!(left.all(|left| left == first), "a case draws a different number of choices");
}

/// Each pair of bytes is a choice until all choices are made; the rest is text.
#[test]
fn fuzz_text_follows_the_choices() {
    let choices = 2 * CHOICES;
    for length in [0, 1, 2, 3, 10, 11, choices - 1, choices, choices + 1, choices + 9] {
        let bytes = vec![b'x'; length];
        let left = if length < choices { length % 2 } else { length - choices };
        assert_eq!(large_registry_of(&bytes).1, "x".repeat(left), "input of {length} bytes");
    }
}

#[test]
fn fuzz_text_becomes_the_override() {
    for numbers in fixed_numbers(20) {
        let plain = case(&mut Choices::new(&numbers));
        assert_eq!(case_of(&fuzz_input(&numbers, "")), plain);
        let spelled = case_of(&fuzz_input(&numbers, "Ünknown"));
        assert_eq!(spelled, plain.with("MODEL", "Ünknown"));
    }
}
