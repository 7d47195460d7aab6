//! The generator is not vacuous: what it must reach, it reaches.

use std::collections::BTreeMap;

use slug_laws::generator::{CHOICES, Choices, case, case_of, large_registry_of};
use slug_laws::{Implementation, RealResolver, TestCase};
use slug_resolver::{Code, Kind, Rule, Warning};

use crate::strategy::{fixed_cases, fixed_numbers, fuzz_input};

const CASES: usize = 4_000;

/// The rarest thing counted must still come up this often.
const AT_LEAST: usize = 10;

#[test]
fn every_rule_code_and_warning_is_reached() {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for case in fixed_cases(CASES) {
        let resolution = RealResolver.resolve(&case);
        let mut saw = |what: String| *count.entry(what).or_default() += 1;
        saw(format!("rule {}", resolution.rule.as_str()));
        saw(format!("path {}", resolution.path.as_str()));
        match resolution.verdict {
            Kind::Coherent => saw(format!("coherent {:?}", resolution.billing.unwrap())),
            Kind::Contradiction => saw(format!("code {}", resolution.code.unwrap().as_str())),
        }
        for warning in resolution.warnings.iter() {
            saw(format!("warning {}", warning.as_str()));
        }
        for fix in RealResolver.fixes(&case) {
            saw(format!("fix of {} edits", fix.edits.len()));
        }
    }
    let rules = Rule::ALL.map(|rule| format!("rule {}", rule.as_str()));
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
    for what in rules.into_iter().chain(codes).chain(warnings).chain(rest.map(String::from)) {
        let times = count.get(&what).copied().unwrap_or_default();
        assert!(times >= AT_LEAST, "{what} came up {times} times in {CASES} cases: {count:#?}");
    }
}

#[test]
fn every_kind_of_registry_and_spelling_is_reached() {
    type Seen = fn(&TestCase) -> bool;
    let kinds: [(&str, Seen); 13] = [
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
        ("a template variant asked for", |case| case.dataset.policy.document().templates.contains_key(&case.runtime)),
        ("a default for the path", |case| case.dataset.policy.document().defaults.contains_key("LLM_PATH")),
        ("a key set to nothing", |case| set_to_nothing(case, "KEY_A")),
        ("a key set", |case| set_to_something(case, "KEY_A")),
        ("an ambient credential", |case| !case.ambient.is_empty()),
    ];
    let cases: Vec<_> = fixed_cases(500).collect();
    for (kind, seen) in kinds {
        let times = cases.iter().filter(|case| seen(case)).count();
        assert!(times >= AT_LEAST, "{kind} came up {times} times in {} cases", cases.len());
    }
    for variable in ["MODEL", "LLM_PATH", "PLATFORM_MODEL", "RUNTIME", "UNREAD"] {
        let something = cases.iter().filter(|case| set_to_something(case, variable)).count();
        let nothing = cases.iter().filter(|case| set_to_nothing(case, variable)).count();
        assert!(something.min(nothing) >= AT_LEAST, "{variable} was set {something} times, to nothing {nothing} times");
    }
}

fn set_to_nothing(case: &TestCase, name: &str) -> bool {
    case.variables.get(name).is_some_and(String::is_empty)
}

fn set_to_something(case: &TestCase, name: &str) -> bool {
    case.variables.get(name).is_some_and(|value| !value.is_empty())
}

fn arms(case: &TestCase) -> impl Iterator<Item = &slug_resolver::registry::Arm> {
    case.dataset.registry.runtimes().iter().flat_map(|runtime| &runtime.arms)
}

/// A part that drew more or fewer choices from one case to the next would shift every part behind it.
#[test]
fn every_case_draws_the_same_number_of_choices() {
    let left = |numbers: Vec<u16>| {
        let mut choices = Choices::new(&numbers);
        assert_eq!(choices.left(), CHOICES);
        drop(case(&mut choices));
        choices.left()
    };
    let mut left = fixed_numbers(200).map(left);
    let first = left.next().expect("there are draws");
    assert!(first > 0, "more choices are drawn than there are");
    assert!(left.all(|left| left == first), "some case draws another number of choices");
}

/// Two bytes are a choice, as long as there are choices to make; the rest is text.
#[test]
fn the_text_of_a_fuzz_input_is_what_is_left() {
    let choices = 2 * CHOICES;
    for length in [0, 1, 2, 3, 10, 11, choices - 1, choices, choices + 1, choices + 9] {
        let bytes = vec![b'x'; length];
        let left = if length < choices { length % 2 } else { length - choices };
        assert_eq!(large_registry_of(&bytes).1, "x".repeat(left), "of {length} bytes");
    }
}

#[test]
fn the_text_of_a_fuzz_input_is_the_override() {
    for numbers in fixed_numbers(20) {
        let plain = case(&mut Choices::new(&numbers));
        assert_eq!(case_of(&fuzz_input(&numbers, "")), plain);
        let spelled = case_of(&fuzz_input(&numbers, "Ünknown"));
        assert_eq!(spelled, plain.with(&plain.dataset.policy.document().override_var, "Ünknown"));
    }
}
