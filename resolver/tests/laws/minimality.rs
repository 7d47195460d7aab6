//! What a law tries by itself, beyond the case that it is given.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use slug_laws::{Dataset, Document, Implementation, LawContext, RealResolver, TestCase, law};
use slug_resolver::policy::{PlatformPath, PolicyDocument, SecretsEntry};
use slug_resolver::registry::{Arm, Pattern, Runtime};
use slug_resolver::yaml::ReadError;
use slug_resolver::{Code, Policy, Provider, Registry, RegistryDocument, Resolution};

use crate::mutation_adequacy::{CASES, RIGHT, Wrong, arms, fixes_where, is_listed, rejects, right, wrong};
use crate::strategy::fixed_cases;

/// Whether the case has some or none, the law tries none and all.
#[test]
fn ambient_credentials_are_tried_where_there_are_none() {
    let wrong = wrong("ambient-stays-out", "the first ambient credential is injected", |case| {
        let found = right(case);
        if case.ambient.is_empty() { found } else { Resolution { injected: &case.ambient[..1], ..found } }
    });
    let law = law(wrong.law).expect("it is a law");
    for case in fixed_cases(CASES) {
        assert_eq!((law.check)(&LawContext::new(&RealResolver, &case)), Ok(()), "{case:?}");
    }
    rejects(&wrong, fixed_cases(CASES).filter(|case| case.ambient.is_empty()));
}

/// Where several could answer, the law gives each one its credentials.
#[test]
fn who_could_answer_is_asked_with_the_credentials_of_each() {
    let wrong = wrong("agreement", "ambient credentials do not tell apart who could answer", |case| {
        let mut bare = case.clone();
        bare.ambient.clear();
        match right(&bare).code {
            code @ Some(Code::AmbiguousModel) => Resolution { provider: None, code, ..right(case) },
            _ => right(case),
        }
    });
    rejects(&wrong, fixed_cases(CASES).filter(|case| case.ambient.is_empty()));
}

/// Each who could answer gets its turn, unless it is the only one: its turn is then the case itself.
#[test]
fn each_of_several_who_could_answer_is_asked_once() {
    let (mut alone, mut several) = (0, 0);
    for case in fixed_cases(CASES) {
        let could = RealResolver.candidates(&case.dataset, &case.runtime, right(&case).slug).len();
        let turns = if could > 1 { could } else { 0 };
        assert_eq!(Counting::asked("agreement", &case).resolutions.into_inner(), 1 + turns, "{case:?}");
        *if could > 1 { &mut several } else { &mut alone } += 1;
    }
    assert!(alone > 0 && several > 0, "{alone} cases with one at most, {several} with several");
}

/// Pairs of edits are tried on every runtime of which those who look for fixes try all pairs.
#[test]
fn pairs_of_edits_are_tried_with_as_many_arms_as_they_are_tried_with() {
    let name = |number: usize| format!("p{number}");
    let provider = |number: usize| {
        let pattern = Pattern::new(&format!("^p{number}$")).expect("it compiles");
        Provider::new(&name(number), vec![format!("KEY_OF_{number}")], pattern)
    };
    let arm = |number: usize| Arm { provider: name(number), models: vec![name(number)] };
    let arms = (0..6).map(arm).collect();
    let runtimes = vec![Runtime { name: "agent".to_owned(), arms }];
    let document = RegistryDocument { providers: (0..6).map(provider).collect(), runtimes };
    let registry = Registry::new(document).expect("it is valid");
    let platform = PlatformPath {
        var: "LLM_PATH".into(),
        value: "platform".into(),
        model: "PLATFORM_MODEL".into(),
        fallback: name(0),
    };
    let mut document = PolicyDocument::new("six", "RUNTIME", "MODEL", platform, &name(1));
    document.secrets = vec![SecretsEntry { key: "KEY".to_owned(), inject: vec!["KEY_OF_1".to_owned()] }];
    let dataset = Dataset::new(registry, Policy::new(document).expect("it is valid"));

    let wrong = Wrong {
        law: "fixes-sound-and-minimal",
        bug: "no two edits are offered together",
        fixes: |case| fixes_where(case, |fix| fix.edits.len() == 1),
        ..RIGHT
    };
    let case = TestCase::new(&dataset, "agent").with("LLM_PATH", "platform");
    // Which edit is tried with all others follows from the whole question.
    rejects(&wrong, (0..200).map(|number| case.with("UNREAD", &number.to_string())));
}

/// A product that counts what it reads and resolves.
#[derive(Default)]
struct Counting {
    reads: AtomicUsize,
    resolutions: AtomicUsize,
}

impl Counting {
    /// What a law asks of the product about a case, with which it holds.
    fn asked(law_id: &str, case: &TestCase) -> Self {
        let counting = Self::default();
        let law = law(law_id).expect("it is a law");
        assert_eq!((law.check)(&LawContext::new(&counting, case)), Ok(()), "{case:?}");
        counting
    }
}

impl Implementation for Counting {
    fn read(&self, document: Document, text: &str, dataset: &Arc<Dataset>) -> Result<(), ReadError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        RealResolver.read(document, text, dataset)
    }

    fn resolve<'a>(&self, case: &'a TestCase) -> Resolution<'a> {
        self.resolutions.fetch_add(1, Ordering::Relaxed);
        RealResolver.resolve(case)
    }
}

/// Each document of a generated case is spoiled; a real registry takes longer, so only some cases of it are.
#[test]
fn every_generated_case_is_spoiled_and_some_of_a_real_registry() {
    let reads = |case: &TestCase| Counting::asked("strict-reading", case).reads.into_inner();
    let largest: Vec<TestCase> =
        fixed_cases(CASES).filter(|case| case.dataset.registry.providers().len() == 8).collect();
    assert!(!largest.is_empty(), "the vocabulary has eight providers");
    assert!(fixed_cases(100).chain(largest).all(|case| reads(&case) == 3));

    // A document of more than 1 MiB might meet a limit before its mistake.
    let case = fixed_cases(1).next().expect("it is one");
    let long = "m".repeat(1 << 10);
    let rest = case.with("MODEL", &long).to_yaml().len() - long.len();
    let of_bytes = |bytes: usize| case.with("MODEL", &"m".repeat(bytes - rest));
    assert_eq!(of_bytes(1 << 20).to_yaml().len(), 1 << 20);
    assert_eq!([reads(&of_bytes(1 << 20)), reads(&of_bytes((1 << 20) + 1))], [3, 2]);

    let policy = Policy::embedded("full-saas").expect("it ships with the crate");
    let case = TestCase::new(&Dataset::new(Registry::embedded(), policy), "claude-code");
    let spoiled = (0..320).filter(|number| reads(&case.with("UNREAD", &number.to_string())) > 0).count();
    assert!((1..=40).contains(&spoiled), "of 320 cases {spoiled} were spoiled");
}

/// A slug that arms list is compared with others that the same arms list.
#[test]
fn listed_ids_of_one_route_are_tried() {
    let wrong = wrong("model_class-decides", "the listed id of most letters is unknown", |case| {
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

/// Three of them, however many there are: a real registry lists dozens.
#[test]
fn three_listed_ids_of_one_route_are_tried() {
    let policy = Policy::embedded("full-saas").expect("it ships with the crate");
    let dataset = Dataset::new(Registry::embedded(), policy);
    let override_var = &dataset.policy.document().override_var;
    let tried = |slug: &str| {
        let case = TestCase::new(&dataset, "claude-code").with(override_var, slug);
        Counting::asked("model_class-decides", &case).resolutions.into_inner() - 1
    };
    let arms = &dataset.registry.runtime("claude-code").expect("it ships with the crate").arms;
    let ids = arms.iter().flat_map(|arm| &arm.models);
    let counts: BTreeSet<usize> = ids.map(|id| tried(id)).collect();
    assert_eq!(counts.last(), Some(&3), "{counts:?}");
}
