//! The generator reaches every kind of case often enough.

use std::collections::BTreeMap;

use slug_laws::generator::{CHOICES, Choices, case, case_of, large_registry_of};
use slug_laws::{Implementation, RealResolver, TestCase};
use slug_resolver::{Code, Kind, Provider, Warning};

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
    ];
    for kind in rules.into_iter().chain(codes).chain(warnings).chain(rest.map(String::from)) {
        let times = count.get(&kind).copied().unwrap_or_default();
        assert!(times >= AT_LEAST, "{kind} occurs {times} times in {CASES} cases: {count:#?}");
    }
}

#[test]
fn cases_reach_every_kind_of_input() {
    type Predicate = fn(&TestCase) -> bool;
    let kinds: [(&str, Predicate); 22] = [
        ("a provider without credentials", |case| providers(case).any(Provider::is_keyless)),
        ("a group of credentials", |case| {
            providers(case).any(|provider| provider.auth_env.items().any(|item| item.len() > 1))
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
