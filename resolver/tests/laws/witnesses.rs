//! Every recorded case still has its recorded result and satisfies every law.

use std::path::Path;
use std::sync::Arc;

use slug_laws::{Dataset, Expectation, Implementation, LawContext, RealResolver, TestCase, Witness, law};
use slug_resolver::{Policy, Registry};

use crate::strategy::fixed_cases;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../proptest-regressions/witnesses");

#[test]
fn recorded_witnesses_all_pass() {
    let mut replayed = 0;
    for entry in Path::new(DIRECTORY).read_dir().expect("the directory of witnesses exists") {
        let path = entry.expect("the directory is readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("names are UTF-8").to_owned();
        let (id, what) =
            name.strip_suffix(".yaml").and_then(|stem| stem.split_once("--")).expect("named <law>--<what>.yaml");
        assert!(law(id).is_some() && !what.is_empty(), "{name}: no law is called `{id}`");

        let bytes = std::fs::read(&path).expect("witnesses are readable");
        let witness = Witness::from_yaml(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(witness.law.as_deref(), Some(id), "{name}: the name contains another law");
        let expected = witness.expect.as_ref().unwrap_or_else(|| panic!("{name}: has no field `expect`"));

        let context = LawContext::new(&RealResolver, &witness.case);
        assert_eq!(&Expectation::of(&context.resolution), expected, "{name}");
        if let Err((law, violation)) = context.check_all() {
            panic!("{name}: {} is broken: {violation}", law.id);
        }
        assert_eq!(
            Witness::from_yaml(witness.to_yaml().as_bytes()).as_ref(),
            Ok(&witness),
            "{name}: is read back different"
        );
        replayed += 1;
    }
    assert!(replayed > 0, "no witness was replayed");
}

/// A witness with every field set, for a case on the given data.
fn witness(registry: Registry, policy: Policy) -> Witness {
    let case = TestCase { dataset: Dataset::new(registry, policy), ..fixed_cases(1).next().expect("there is a case") };
    let expect = Some(Expectation::of(&RealResolver.resolve(&case)));
    let seed = Some("0123456789abcdef".repeat(4));
    Witness { law: Some("agreement".to_owned()), found: Some("by hand".to_owned()), seed, case: case.masked(), expect }
}

#[test]
fn witness_names_embedded_data_and_inlines_other_data() {
    let shipped = Policy::embedded("full-saas").expect("ships with the crate");
    let mut document = shipped.document().clone();
    document.model.last_mut().expect("the policy has rules").name = None;
    let namesake = Policy::new(document).expect("the document is valid");
    let mut document = Registry::embedded().document();
    document.providers[0].display_name = Some("another".into());
    let other = Registry::new(document).expect("the document is valid");
    for (registry, registry_ships) in [(Registry::embedded(), true), (other, false)] {
        for (policy, policy_ships) in [(shipped.clone(), true), (namesake.clone(), false)] {
            let witness = witness(registry.clone(), policy);
            let written = witness.to_yaml();
            assert_eq!(written.contains("registry: embedded\n"), registry_ships, "{written}");
            assert_eq!(written.contains("policy: full-saas\n"), policy_ships, "{written}");
            assert_eq!(Witness::from_yaml(written.as_bytes()).as_ref(), Ok(&witness), "{written}");
        }
    }
}

#[test]
fn invalid_seed_law_or_verdict_is_rejected() {
    let witness = witness(Registry::embedded(), Policy::embedded("reconciler").expect("ships with the crate"));
    let seed = "0123456789abcdef".repeat(4);
    for other in [seed[1..].to_owned(), format!("{seed}0"), seed.replace('f', "F"), seed.replace('f', "g")] {
        let corrupt = Witness { seed: Some(other.clone()), ..witness.clone() };
        let error = Witness::from_yaml(corrupt.to_yaml().as_bytes()).expect_err(&other);
        assert!(error.to_string().contains("64 hexadecimal digits"), "{error}");
    }
    let corrupt = Witness { law: Some("no-such-law".to_owned()), ..witness.clone() };
    let error = Witness::from_yaml(corrupt.to_yaml().as_bytes()).expect_err("the law is unknown");
    assert!(error.to_string().contains("no law is called `no-such-law`"), "{error}");
    let expect = witness.expect.clone().expect("the witness has an expectation");
    let expect = Expectation { verdict: "override".to_owned(), ..expect };
    let corrupt = Witness { expect: Some(expect), ..witness.clone() };
    let error = Witness::from_yaml(corrupt.to_yaml().as_bytes()).expect_err("the verdict is unknown");
    assert!(error.to_string().contains("write one of"), "{error}");
}

/// The debug output of a case is a witness, so the output of a failing law can be stored as it is.
#[test]
fn case_debug_output_is_a_witness() {
    for case in fixed_cases(20) {
        let case = case.masked();
        let shown = Witness::from_yaml(format!("{case:?}").as_bytes()).expect("the output is a witness");
        assert_eq!(shown, Witness { law: None, found: None, seed: None, case, expect: None });
    }
}

#[test]
fn datasets_with_equal_data_are_equal() {
    let (registry, policy) = (Registry::embedded(), Policy::embedded("reconciler").expect("ships with the crate"));
    let dataset = Dataset::new(registry.clone(), policy.clone());
    assert!(dataset == Dataset::new(registry.clone(), policy.clone()));
    let other = Policy::embedded("full-saas").expect("ships with the crate");
    assert!(dataset != Dataset::new(registry.clone(), other));
    let mut document = registry.document();
    document.runtimes.pop();
    assert!(dataset != Dataset::new(Registry::new(document).expect("the document is valid"), policy));

    // Reading back an equal dataset reuses the original instead of a second copy.
    let case = TestCase::new(&dataset, &registry.runtimes()[0].name);
    assert!(Arc::ptr_eq(&RealResolver.reread(&case).expect("the case is readable").dataset, &dataset));
}
