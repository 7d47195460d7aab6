//! The additional cases that a law derives from the given case.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use slug_laws::{Dataset, Document, Implementation, LawContext, RealResolver, TestCase, law};
use slug_resolver::registry::{Arm, Pattern, Runtime};
use slug_resolver::yaml::ReadError;
use slug_resolver::{Code, NameSubset, Policy, Provider, Registry, RegistryDocument, Resolution};

use crate::mutation_adequacy::{CASES, RIGHT, Wrong, arms, fixes_where, is_listed, rejects, right, wrong};
use crate::strategy::fixed_cases;

/// The law tries no ambient credentials and all, regardless of the ambient credentials of the case.
#[test]
fn cases_without_ambient_credentials_are_tried_with_some() {
    let wrong = wrong("ambient-stays-out", "the first ambient credential is injected", |case| {
        let found = right(case);
        if case.ambient.is_empty() {
            found
        } else {
            Resolution { injected: NameSubset::of(&case.ambient[..1], |_| true), ..found }
        }
    });
    let law = law(wrong.law).expect("the id is known");
    for case in fixed_cases(CASES) {
        assert_eq!((law.check)(&LawContext::new(&RealResolver, &case)), Ok(()), "{case:?}");
    }
    rejects(&wrong, fixed_cases(CASES).filter(|case| case.ambient.is_empty()));
}

/// If a model has several candidates, the law tries the credentials of each.
#[test]
fn candidates_are_tried_with_credentials_of_each() {
    let wrong = wrong("agreement", "ambient credentials do not select a candidate", |case| {
        let mut bare = case.clone();
        bare.ambient.clear();
        match right(&bare).code {
            code @ Some(Code::AmbiguousModel) => Resolution { provider: None, code, ..right(case) },
            _ => right(case),
        }
    });
    rejects(&wrong, fixed_cases(CASES).filter(|case| case.ambient.is_empty()));
}

/// The law resolves the case once, and once more for each candidate if there are several.
#[test]
fn candidates_are_each_tried_once() {
    let (mut alone, mut several) = (0, 0);
    for case in fixed_cases(CASES) {
        let candidates = RealResolver.candidates(&case.dataset, &case.runtime, right(&case).slug).len();
        let extra = if candidates > 1 { candidates } else { 0 };
        assert_eq!(Counting::check("agreement", &case).resolutions.into_inner(), 1 + extra, "{case:?}");
        *if candidates > 1 { &mut several } else { &mut alone } += 1;
    }
    assert!(alone > 0 && several > 0, "{alone} cases with at most one candidate, {several} with several");
}

/// The law tries pairs of edits on every runtime that is small enough for the search to try all pairs.
#[test]
fn pairs_of_edits_are_tried_with_six_arms() {
    let name = |number: usize| format!("p{number}");
    let provider = |number: usize| {
        let pattern = Pattern::new(&format!("^p{number}$")).expect("the pattern compiles");
        Provider::new(&name(number), vec![format!("KEY_OF_{number}")], pattern)
    };
    let arm = |number: usize| Arm { provider: name(number), models: vec![name(number)], ..Arm::default() };
    let arms = (0..6).map(arm).collect();
    let runtimes = vec![Runtime { name: "agent".to_owned(), arms, ..Runtime::default() }];
    let document =
        RegistryDocument { providers: (0..6).map(provider).collect(), runtimes, ..RegistryDocument::default() };
    let registry = Registry::new(document).expect("the document is valid");
    let policy = "schema_version: 1
name: six
runtime: RUNTIME
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PLATFORM_MODEL, fallback: p0}
secrets: [{key: KEY, inject: [KEY_OF_1]}]
fallback: p1
";
    let dataset = Dataset::new(registry, Policy::from_yaml(policy.as_bytes()).expect("the document is valid"));

    let wrong = Wrong {
        law: "fixes-sound-and-minimal",
        bug: "fixes with two edits are missing",
        fixes: |case| fixes_where(case, |fix| fix.edits.len() == 1),
        ..RIGHT
    };
    let case = TestCase::new(&dataset, "agent").with("LLM_PATH", "platform");
    // The law chooses by the whole case which edit it tries with all others.
    rejects(&wrong, (0..200).map(|number| case.with("UNREAD", &number.to_string())));
}

/// A resolver that counts its calls of `read` and `resolve`.
#[derive(Default)]
struct Counting {
    reads: AtomicUsize,
    resolutions: AtomicUsize,
}

impl Counting {
    /// Counts the calls of a law for a case. Panics if the law rejects the case.
    fn check(law_id: &str, case: &TestCase) -> Self {
        let counting = Self::default();
        let law = law(law_id).expect("the id is known");
        assert_eq!((law.check)(&LawContext::new(&counting, case)), Ok(()), "{case:?}");
        counting
    }
}

impl Implementation for Counting {
    fn validate(&self, document: Document, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        RealResolver.validate(document, text, dataset)
    }

    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        self.resolutions.fetch_add(1, Ordering::Relaxed);
        RealResolver.resolve(case)
    }
}

/// The law corrupts each document of a generated case. A real registry takes longer, so the law corrupts
/// only some of its cases.
#[test]
fn generated_cases_are_all_corrupted_real_ones_sometimes() {
    let reads = |case: &TestCase| Counting::check("strict-reading", case).reads.into_inner();
    let largest: Vec<TestCase> =
        fixed_cases(CASES).filter(|case| case.dataset.registry.providers().len() == 8).collect();
    assert!(!largest.is_empty(), "the vocabulary has eight providers");
    assert!(fixed_cases(100).chain(largest).all(|case| reads(&case) == 3));

    // A document of more than 1 MiB might exceed a limit before the reader reaches the corruption.
    let reads_model = |case: &TestCase| case.dataset.policy.variable("MODEL").is_some();
    let case = fixed_cases(100).find(reads_model).expect("a policy reads the variable");
    let long = "m".repeat(1 << 10);
    let rest = case.with("MODEL", &long).to_yaml().len() - long.len();
    let of_bytes = |bytes: usize| case.with("MODEL", &"m".repeat(bytes - rest));
    assert_eq!(of_bytes(1 << 20).to_yaml().len(), 1 << 20);
    assert_eq!([reads(&of_bytes(1 << 20)), reads(&of_bytes((1 << 20) + 1))], [3, 2]);

    let policy = Policy::embedded("full-saas").expect("ships with the crate");
    let case = TestCase::new(&Dataset::new(Registry::embedded(), policy), "claude-code");
    let corrupted = (0..320).filter(|number| reads(&case.with("UNREAD", &number.to_string())) > 0).count();
    assert!((1..=40).contains(&corrupted), "{corrupted} of 320 cases were corrupted");
}

/// A listed slug is compared with other ids that the same arms list.
#[test]
fn other_listed_ids_of_a_class_are_tried() {
    let wrong = wrong("model-class-decides", "the longest listed id is unregistered", |case| {
        let found = right(case);
        let ids = arms(case).iter().flat_map(|arm| &arm.models);
        if ids.max_by_key(|id| id.len()).is_some_and(|id| id == found.slug) {
            Resolution { provider: None, code: Some(Code::UnregisteredModel), ..found }
        } else {
            found
        }
    });
    rejects(&wrong, fixed_cases(CASES).filter(|case| is_listed(case, right(case).slug)));
}

/// The law tries three ids, although a real registry lists dozens.
#[test]
fn at_most_three_listed_ids_are_tried() {
    let policy = Policy::embedded("full-saas").expect("ships with the crate");
    let dataset = Dataset::new(Registry::embedded(), policy);
    let tried_ids = |slug: &str| {
        let case = TestCase::new(&dataset, "claude-code").with("E2E_MODEL_SLUG", slug);
        Counting::check("model-class-decides", &case).resolutions.into_inner() - 1
    };
    let arms = &dataset.registry.runtime("claude-code").expect("ships with the crate").arms;
    let ids = arms.iter().flat_map(|arm| &arm.models);
    let counts: BTreeSet<usize> = ids.map(|id| tried_ids(id)).collect();
    assert_eq!(counts.last(), Some(&3), "{counts:?}");
}
