//! Inference of the policy that gives some answers.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{FileFailurePersistence, RngAlgorithm, TestRng, TestRunner};
use slug_function::case::{Answer, Case};
use slug_function::inference::{Answers, NotInferred, answer_of, infer};
use slug_function::space::{Dimension, Space};
use slug_laws::generator::{self, CHOICES, Choices};
use slug_resolver::Policy;
use slug_resolver::policy::{InjectMode, Pick};

/// The most cases of one policy. The values that are left out of larger spaces are empty ones, which a
/// policy treats as unset by definition of the format.
const CASES: usize = 2_000;

/// The environments that a policy distinguishes. Spaces with different marks have other texts that are
/// compared with nothing, and other URLs with the same hosts.
fn space_of(policy: &Policy, mark: &str) -> Space {
    let mut runtimes: Vec<String> = policy.runtimes().map(str::to_owned).collect();
    runtimes.push(format!("runtime-{mark}"));
    let is_in_every_space = |name: &str| policy.variable(name).is_some_and(|variable| policy.is_set_if_empty(variable));
    let dimension = |name: &str, has_empty: bool| {
        let variable = policy.variable(name).expect("the policy reads it");
        let classes = policy.value_classes(variable);
        let mut values = vec![None];
        values.extend(has_empty.then(|| Some(String::new())));
        values.extend(classes.texts.into_iter().map(Some));
        values.extend(classes.hosts.iter().map(|host| Some(format!("https://{mark}@{host}/{mark}"))));
        values.push(Some(format!("{mark} {name}")));
        Dimension { name: name.to_owned(), values, is_key: policy.is_key(variable), ..Dimension::default() }
    };
    let names: BTreeSet<&str> = policy.deciding_variable_names().collect();
    let dimensions =
        |has_empty: bool| names.iter().map(|name| dimension(name, has_empty || is_in_every_space(name))).collect();
    let size =
        |dimensions: &Vec<Dimension>| -> usize { dimensions.iter().map(|dimension| dimension.values.len()).product() };
    let mut space = Space { dimensions: dimensions(true), runtimes, ..Space::default() };
    if size(&space.dimensions) * space.runtimes.len() > CASES {
        space.dimensions = dimensions(false);
    }
    space
}

/// All cases of a space.
fn cases_of(space: &Space) -> Vec<Case> {
    let mut cases: Vec<Case> =
        space.runtimes.iter().map(|runtime| Case { runtime: runtime.clone(), variables: Vec::new() }).collect();
    for Dimension { name, values, .. } in &space.dimensions {
        let with = |case: &Case, value: &Option<String>| {
            let mut case = case.clone();
            case.variables.extend(value.iter().map(|value| (name.clone(), value.clone())));
            case
        };
        cases =
            cases.iter().flat_map(|case| values.iter().map(|value| with(case, value)).collect::<Vec<_>>()).collect();
    }
    cases
}

fn answers_of(space: &Space, answer: impl Fn(&Case) -> Answer) -> Vec<(Case, Answer)> {
    cases_of(space).into_iter().map(|case| (case.clone(), answer(&case))).collect()
}

fn inferred(space: &Space, answer: impl Fn(&Case) -> Answer) -> Result<Policy, NotInferred> {
    let cases = answers_of(space, answer);
    infer("inferred", &Answers { space, cases: &cases, is_platform_model: &|_, _| false })
}

/// The law: the policy that is inferred from the answers of a policy has the same answers. Returns the
/// first case in which it does not.
fn first_difference(policy: &Policy, inferred: &Policy) -> Option<Case> {
    let cases = ["fresh", "other"].map(|mark| cases_of(&space_of(policy, mark)));
    cases.into_iter().flatten().find(|case| answer_of(policy, case) != answer_of(inferred, case))
}

fn policies() -> impl Strategy<Value = Policy> {
    vec(any::<u16>(), CHOICES).prop_map(|numbers| generator::policy(&mut Choices::new(&numbers)))
}

/// The number of rules, and of the sources of rules for the model.
fn length(policy: &Policy) -> usize {
    let sources = policy.document().model.iter().map(|rule| match &rule.pick {
        Pick::Nothing => 2,
        Pick::FirstOf(sources) => 1 + sources.len(),
    });
    sources.sum::<usize>() + policy.document().secrets.len()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases / 4,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn inferred_policy_is_equivalent(policy in policies()) {
        let inferred = inferred(&space_of(&policy, "fresh"), |case| answer_of(&policy, case));
        let inferred = inferred.unwrap_or_else(|error| panic!("{error}\n{}", policy.to_yaml()));
        let difference = first_difference(&policy, &inferred);
        prop_assert!(difference.is_none(), "{difference:?}\n{}\n{}", policy.to_yaml(), inferred.to_yaml());
        prop_assert_eq!(Policy::from_yaml(inferred.to_yaml().as_bytes()), Ok(inferred));
    }
}

/// The shortest list is not always found: the search ends after a fixed amount of work.
#[test]
fn inferred_policy_is_rarely_longer() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig { failure_persistence: None, ..Default::default() }, rng);
    let mut longer = 0;
    for _ in 0..50 {
        let policy = policies().new_tree(&mut runner).expect("the strategy rejects nothing").current();
        let inferred = inferred(&space_of(&policy, "fresh"), |case| answer_of(&policy, case)).expect("it is exact");
        longer += u32::from(length(&inferred) > length(&policy));
    }
    assert!(longer <= 10, "{longer} of 50 are longer");
}

/// The law rejects inferences that are wrong in one place.
#[test]
fn law_rejects_wrong_inferences() {
    let text = "model: [{use: $MODEL}, {when: {runtime: agent, KEY: set}, use: m-1}, {when: {SWITCH: [on, yes]}, \
                use: none}, {use: m-2}]\nempty_is_set: [KEY]\nsecrets: [{key: TOKEN, when: {SWITCH: {not: on}}}]";
    let original = policy(text);
    assert_eq!(first_difference(&original, &original), None);
    for (right, wrong) in [
        ("m-2", "m-1"),
        ("on, yes", "yes"),
        ("not: on", "not: [on, yes]"),
        ("empty_is_set: [KEY]\n", ""),
        ("KEY: set", "KEY: unset"),
        ("runtime: agent, ", ""),
        ("{use: $MODEL}, ", ""),
        ("use: $MODEL", "use: $MODEL, when: {runtime: {not: agent}}"),
        ("key: TOKEN", "key: TOKEN, inject: [OTHER]"),
    ] {
        let changed = text.replacen(right, wrong, 1);
        assert_ne!(text, changed, "{right}");
        assert!(first_difference(&original, &policy(&changed)).is_some(), "{right} -> {wrong}");
    }
}

/// A policy of version 2 from the fields after its name.
fn policy(fields: &str) -> Policy {
    Policy::from_yaml(format!("schema_version: 2\nname: p\n{fields}").as_bytes()).expect("the policy is valid")
}

/// Infers the policy that has the answers of another one, as YAML without the first lines.
fn rewritten(fields: &str) -> String {
    let policy = policy(fields);
    let inferred = inferred(&space_of(&policy, "fresh"), |case| answer_of(&policy, case)).expect("it is exact");
    let yaml = inferred.to_yaml();
    yaml.lines().skip(2).map(|line| format!("{line}\n")).collect()
}

#[test]
fn rules_keep_the_order_of_precedence() {
    let fields = "model:
- name: override
  use: $SLUG
- when:
    BILLING: platform
  use:
  - $PLATFORM_SLUG
  - kimi
- when:
    runtime: writer
    MINI_KEY: set
  use: mini
- when:
    runtime: writer
  use: sonnet
- use: gpt
";
    assert_eq!(rewritten(fields), fields);
}

#[test]
fn leading_variable_has_its_own_rule() {
    let fields = "model:
- when:
    BILLING: platform
  use:
  - $PLATFORM_SLUG
  - kimi
- use: $SLUG
- when:
    runtime:
    - writer
    - w2
    MINI_KEY: set
  use: mini
- use: gpt
";
    assert_eq!(rewritten(fields), fields);
}

#[test]
fn defaults_and_empty_values_are_found() {
    let fields = "defaults:
  BILLING: byok
empty_is_set:
- GATE
model:
- when:
    BILLING: byok
    GATE: set
  use: a
- when:
    BILLING:
    - byok
    - own
  use: b
- use: c
";
    let found = policy(&rewritten(fields));
    assert_eq!(found.document().defaults, policy(fields).document().defaults);
    assert_eq!(found.document().empty_is_set, ["GATE"]);
    assert_eq!(found.document().model.len(), 3);
}

#[test]
fn shorter_list_replaces_superfluous_rules() {
    let fields = "model:
- {when: {runtime: a, KEY: set}, use: m}
- {when: {runtime: a, KEY: unset}, use: m}
- {when: {runtime: b}, use: m}
- {when: {runtime: c}, use: n}
- {when: {runtime: {not: [a, b]}}, use: n}
";
    let found = policy(&rewritten(fields));
    assert_eq!(found.document().model.len(), 2, "{}", found.to_yaml());
}

#[test]
fn secrets_have_the_mode_that_needs_fewer_rules() {
    let every = "model: [{use: m}]\ninject: every\nsecrets: [{key: A}, {key: B}, {key: C}, {inject: [D]}]";
    let found = policy(&rewritten(every));
    assert_eq!((found.document().inject, found.document().secrets.len()), (InjectMode::Every, 4));
    let first = "model: [{use: m}]\nsecrets: [{key: A}, {key: B}, {key: C}]";
    let found = policy(&rewritten(first));
    assert_eq!((found.document().inject, found.document().secrets.len()), (InjectMode::First, 3));
}

#[test]
fn platform_model_makes_a_platform_path() {
    let original = policy(
        "model: [{when: {BILLING: platform}, use: kimi}, {use: mini}]\n\
         secrets: [{when: {BILLING: platform}, path: platform}, {key: MINI_KEY}]",
    );
    let space = space_of(&original, "fresh");
    let cases = answers_of(&space, |case| answer_of(&original, case));
    let with = |is_platform_model: &dyn Fn(&str, &str) -> bool| {
        infer("inferred", &Answers { space: &space, cases: &cases, is_platform_model }).expect("it is exact")
    };
    assert!(with(&|_, model| model == "kimi").has_platform_path());
    assert!(!with(&|_, _| false).has_platform_path());
}

#[test]
fn answer_that_contains_a_value_is_refused() {
    let original = policy("model: [{use: $SLUG}, {use: m}]");
    let answer = |case: &Case| {
        let model = answer_of(&original, case).model;
        Answer { model: format!("vendor/{model}"), secrets: None }
    };
    let error = inferred(&space_of(&original, "fresh"), answer).expect_err("no rule expresses this");
    let NotInferred::Composed { case, part } = &error else { panic!("{error}") };
    assert_eq!((part.as_str(), case.variables.len()), ("SLUG", 1));
}

#[test]
fn near_miss_with_another_answer_is_refused() {
    let original = policy("model: [{when: {SWITCH: on}, use: m}, {use: n}]");
    let space = space_of(&original, "fresh");
    let mut cases = answers_of(&space, |case| answer_of(&original, case));
    let mut near = cases[0].0.clone();
    near.variables = vec![("SWITCH".to_owned(), "ON".to_owned())];
    cases.push((near.clone(), Answer { model: "m".to_owned(), secrets: None }));
    let answers = Answers { space: &space, cases: &cases, is_platform_model: &|_, _| false };
    let expected = NotInferred::Indistinct { of: "model", cases: vec![near] };
    assert_eq!(infer("inferred", &answers), Err(expected));
}
