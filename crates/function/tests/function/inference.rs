//! Inference of the policy that gives some answers.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use proptest::test_runner::FileFailurePersistence;
use slug_function::case::{Answer, Case};
use slug_function::inference::{Answers, NotInferred, answer_of, infer};
use slug_function::space::{Dimension, Space};
use slug_laws::generator::{self, CHOICES, Choices};
use slug_resolver::Policy;
use slug_resolver::policy::PolicyDocument;

/// The most cases of one policy. The values that are left out of larger spaces are empty ones, which a
/// policy treats as unset by definition of the format.
const CASES: usize = 4_000;

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

/// The rules of a policy that have an effect of their own, and so the most rules that describe it.
fn rules(document: &PolicyDocument) -> (usize, usize) {
    (document.model.len(), document.secrets.len())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn inferred_policy_is_equivalent(policy in policies()) {
        let space = space_of(&policy, "fresh");
        let start = std::time::Instant::now();
        let inferred = inferred(&space, |case| answer_of(&policy, case));
        let n = cases_of(&space).len();
        let t = start.elapsed();
        match inferred {
            Ok(inferred) => {
                let d = first_difference(&policy, &inferred);
                let (m, s) = rules(policy.document());
                let (im, is) = rules(inferred.document());
                println!("RES n={n} t={} {} model {m}->{im} secrets {s}->{is} {}", t.as_millis(), if d.is_some() {"DIFF"} else {"same"}, if im>m || is>s {"LONGER"} else {""});
                if d.is_some() || im > m || is > s { println!("{}\n==>\n{}\n{d:?}", policy.to_yaml(), inferred.to_yaml()); }
            }
            Err(error) => println!("RES n={n} t={} ERR {error}\n{}", t.as_millis(), policy.to_yaml()),
        }
    }
}
