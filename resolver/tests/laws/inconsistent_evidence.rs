//! What a code claims is checked against its evidence.

use slug_laws::{Implementation, LawContext, TestCase, law};
use slug_resolver::{BillingPath, Code, Outcome, Provider, Resolution};

use crate::mutation_adequacy::{CASES, Wrong, right, wrong};
use crate::strategy::fixed_cases;

/// Evidence that does not fit its code.
const MISFITS: &[(Code, Wrong)] = &[
    (
        Code::PlatformModelWithTenantKey,
        misfit("the platform's model is another provider's", |case| Resolution {
            provider: another(case),
            ..right(case)
        }),
    ),
    (
        Code::PlatformModelWithTenantKey,
        misfit("no key is a tenant's key", |case| Resolution { injected: &[], ..right(case) }),
    ),
    (
        Code::PlatformPathByokModel,
        misfit("the tenant's path is the platform's", |case| Resolution { path: BillingPath::Byok, ..right(case) }),
    ),
    (
        Code::PlatformPathByokModel,
        misfit("the platform's model is a tenant's", |case| Resolution {
            provider: case.dataset.registry.provider("platform").or(right(case).provider),
            ..right(case)
        }),
    ),
    (Code::PlatformPathByokModel, misfit("a key that is there is not there", accepted_is_injected)),
    (
        Code::MissingCredential,
        misfit("the platform's path is the tenant's", |case| Resolution { path: BillingPath::Platform, ..right(case) }),
    ),
    (
        Code::MissingCredential,
        misfit("another key is none", |case| Resolution { injected: not_accepted(case), ..right(case) }),
    ),
    (Code::MissingCredential, misfit("a key that is there is missing", accepted_is_injected)),
    (
        Code::WrongCredential,
        misfit("the platform's path is the tenant's", |case| Resolution { path: BillingPath::Platform, ..right(case) }),
    ),
    (Code::WrongCredential, misfit("no key is a wrong one", |case| Resolution { injected: &[], ..right(case) })),
    (Code::WrongCredential, misfit("the right key is the wrong one", accepted_is_injected)),
    (
        Code::UnregisteredModel,
        misfit("an unregistered model has a provider", |case| Resolution {
            provider: another(case),
            outcome: Outcome::Failed,
            ..right(case)
        }),
    ),
];

const fn misfit(bug: &'static str, resolve: for<'a> fn(&'a TestCase) -> Resolution<'a>) -> Wrong {
    wrong("evidence-sound", bug, resolve)
}

fn another(case: &TestCase) -> Option<&Provider> {
    case.dataset.registry.providers().iter().find(|provider| provider.name != "platform")
}

fn accepted_is_injected(case: &TestCase) -> Resolution<'_> {
    let found = right(case);
    Resolution { injected: found.provider.map_or(&[], |provider| &provider.auth_env), ..found }
}

/// What some provider accepts, and the one of the case does not.
fn not_accepted(case: &TestCase) -> &[String] {
    let accepted = right(case).provider.map_or(&[][..], |provider| &provider.auth_env);
    let others = case.dataset.registry.providers().iter().map(|provider| &provider.auth_env[..1]);
    others.into_iter().find(|other| !accepted.contains(&other[0])).unwrap_or_default()
}

/// What a code claims is checked against its evidence, not only against the reference.
#[test]
fn evidence_that_does_not_fit_its_code_is_rejected_even_where_the_reference_says_the_same() {
    let cases: Vec<TestCase> = fixed_cases(CASES).collect();
    for (code, wrong) in MISFITS {
        let law = law(wrong.law).expect("it is a law");
        let of_code = |case: &&TestCase| right(case).code == Some(*code) && wrong.resolve(case) != right(case);
        let mut rejected = 0;
        for case in cases.iter().filter(of_code) {
            let context = LawContext::new(wrong, case).compared_with(wrong.resolve(case));
            assert_eq!(*context.reference(), wrong.resolve(case));
            assert!((law.check)(&context).is_err(), "{code:?} where {}: {case:?}", wrong.bug);
            rejected += 1;
        }
        assert!(rejected > 0, "no case of {code:?} where {}", wrong.bug);
    }
}
