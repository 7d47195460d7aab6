//! Every law on random cases. `PROPTEST_CASES` sets their number.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::test_runner::{Config, FileFailurePersistence, TestCaseError, TestRunner};
use slug_laws::enumeration::Enumeration;
use slug_laws::{LAWS, LawContext, RealResolver, law};

use crate::strategy::{cases, fixed_cases};

macro_rules! properties {
    ($($name:ident => $id:literal,)*) => {
        $(
            #[test]
            fn $name() {
                check_law($id, concat!(env!("CARGO_MANIFEST_DIR"), "/../proptest-regressions/", $id, ".txt"));
            }
        )*

        const TESTED: &[&str] = &[$($id),*];
    };
}

properties! {
    override_wins => "override-wins",
    first_rule_decides => "first-rule-decides",
    platform_beats_keys => "platform-beats-keys",
    first_key_injects => "first-key-injects",
    every_adds => "every-adds",
    empty_is_unset => "empty-is-unset",
    default_is_unset => "default-is-unset",
    irrelevant_variables_ignored => "irrelevant-variables-ignored",
    shadowed_is_inert => "shadowed-is-inert",
    verbatim_slug => "verbatim-slug",
    runtime_is_read => "runtime-is-read",
    creates_nothing_says_nothing => "creates-nothing-says-nothing",
    translation => "translation",
    native_only => "native-only",
    model_class_decides => "model-class-decides",
    exact_beats_pattern => "exact-beats-pattern",
    order_free => "order-free",
    fail_closed => "fail-closed",
    platform_is_closed => "platform-is-closed",
    withdrawn_is_closed => "withdrawn-is-closed",
    whitespace_trimmed => "whitespace-trimmed",
    template_derives_as => "template-derives-as",
    matching_secrets => "matching-secrets",
    groups_need_all => "groups-need-all",
    keyless_needs_nothing => "keyless-needs-nothing",
    evidence_sound => "evidence-sound",
    ambient_stays_out => "ambient-stays-out",
    warnings_exact => "warnings-exact",
    fixes_sound_and_minimal => "fixes-sound-and-minimal",
    fix_keeps_vendor => "fix-keeps-vendor",
    message_tells_why => "message-tells-why",
    agreement => "agreement",
    secret_noninterference => "secret-noninterference",
    roundtrip => "roundtrip",
    strict_reading => "strict-reading",
    absent_is_null => "absent-is-null",
    deterministic => "deterministic",
}

#[test]
fn laws_all_have_a_property() {
    let laws: Vec<&str> = LAWS.iter().map(|law| law.id).collect();
    assert_eq!(TESTED, laws);
}

/// Regression corpora of users may contain the ids of earlier versions.
#[test]
fn earlier_ids_are_accepted() {
    for (earlier, current) in [
        ("fixes-fix", "fixes-sound-and-minimal"),
        ("frame", "irrelevant-variables-ignored"),
        ("honest-contradiction", "evidence-sound"),
        ("margins-are-trimmed", "whitespace-trimmed"),
        ("route-decides", "model-class-decides"),
        ("value-blind", "secret-noninterference"),
        ("warnings-are-earned", "warnings-exact"),
    ] {
        assert_eq!(law(earlier).map(|law| law.id), Some(current));
    }
    assert!(law("no-such-law").is_none());
}

/// The cases of an enumeration are distinct, and together they represent each combination once.
#[test]
fn enumerated_cases_partition_combinations() {
    const MOST_CASES: usize = 5_000;
    for case in fixed_cases(Config::default().cases as usize) {
        let enumeration = Enumeration::new(&case.dataset);
        if enumeration.len() > MOST_CASES {
            continue;
        }
        let points = (0..enumeration.len()).filter_map(|number| enumeration.get(number));
        let (mut covered, mut distinct) = (0, BTreeSet::new());
        for point in points {
            covered += point.covers;
            assert!(distinct.insert((point.case.runtime.clone(), point.case.variables.clone())), "{:?}", point.case);
        }
        assert_eq!(covered, enumeration.combinations(), "{case:?}");
    }
}

/// Checks a law on random cases. A failing seed is stored in the law's file in the directory
/// `proptest-regressions` of the repository. If `PROPTEST_RNG_SEED` is set, stored seeds are neither read
/// nor written, so that the cases are the same each time.
fn check_law(id: &str, seeds: &'static str) {
    let law = law(id).expect("the macro contains ids of laws");
    let is_chosen = std::env::var_os("PROPTEST_RNG_SEED").is_some();
    let config = Config {
        failure_persistence: if is_chosen { None } else { Some(Box::new(FileFailurePersistence::Direct(seeds))) },
        source_file: Some(file!()),
        ..Config::default()
    };
    let (tried, broken) = (Cell::new(0), Cell::new(false));
    let outcome = TestRunner::new(config).run(&cases(), |case| {
        let result = (law.check)(&LawContext::new(&RealResolver, &case));
        // Cases that are tried while shrinking do not count.
        if !broken.get() {
            tried.set(tried.get() + 1);
            broken.set(result.is_err());
        }
        result.map_err(|violation| TestCaseError::fail(format!("{id}: {violation}")))
    });
    if let Err(failure) = outcome {
        panic!(
            "{failure}\nfound at case {}\nto keep it, write the case above to case.yaml, then run \
             `slugproof corpus promote case.yaml --target case_yaml --seed DIGITS`",
            tried.get()
        );
    }
}
