//! Laws reject resolutions whose evidence contradicts their code.

use slug_laws::{Implementation, LawContext, TestCase, law};
use slug_resolver::{BillingPath, Code, NameSubset, Outcome, Provider, Resolution};

use crate::mutation_adequacy::{CASES, Wrong, right, wrong};
use crate::strategy::fixed_cases;

/// Resolvers whose evidence contradicts the code.
const INCONSISTENT: &[(Code, Wrong)] = &[
    (
        Code::PlatformModelWithTenantKey,
        inconsistent("the platform's model belongs to another provider", |case| Resolution {
            provider: another(case),
            ..right(case)
        }),
    ),
    (
        Code::PlatformModelWithTenantKey,
        inconsistent("a tenant key is reported but none is injected", |case| Resolution {
            injected: NameSubset::default(),
            ..right(case)
        }),
    ),
    (
        Code::PlatformPathByokModel,
        inconsistent("the path is the tenant's", |case| Resolution { path: BillingPath::Byok, ..right(case) }),
    ),
    (
        Code::PlatformPathByokModel,
        inconsistent("the provider is the platform", |case| Resolution {
            provider: case.dataset.registry.providers().iter().find(|it| it.is_platform()).or(right(case).provider),
            ..right(case)
        }),
    ),
    (Code::PlatformPathByokModel, inconsistent("an accepted key is injected", accepted_is_injected)),
    (
        Code::MissingCredential,
        inconsistent("the path is the platform path", |case| Resolution { path: BillingPath::Platform, ..right(case) }),
    ),
    (
        Code::MissingCredential,
        inconsistent("a key that the provider does not accept is injected", |case| Resolution {
            injected: not_accepted(case),
            ..right(case)
        }),
    ),
    (Code::MissingCredential, inconsistent("an accepted key is injected", accepted_is_injected)),
    (
        Code::WrongCredential,
        inconsistent("the path is the platform path", |case| Resolution { path: BillingPath::Platform, ..right(case) }),
    ),
    (
        Code::WrongCredential,
        inconsistent("no key is injected", |case| Resolution { injected: NameSubset::default(), ..right(case) }),
    ),
    (Code::WrongCredential, inconsistent("an accepted key is injected", accepted_is_injected)),
    (
        Code::UnregisteredModel,
        inconsistent("an unregistered model has a provider", |case| Resolution {
            provider: another(case),
            outcome: Outcome::Failed,
            ..right(case)
        }),
    ),
];

const fn inconsistent(bug: &'static str, resolve: for<'a> fn(&'a TestCase) -> Resolution<'a>) -> Wrong {
    wrong("evidence-sound", bug, resolve)
}

fn another(case: &TestCase) -> Option<&Provider> {
    case.dataset.registry.providers().iter().find(|provider| !provider.is_platform())
}

fn accepted_is_injected(case: &TestCase) -> Resolution<'_> {
    let found = right(case);
    let accepted = found.provider.map_or(&[][..], |provider| provider.auth_env.names());
    Resolution { injected: NameSubset::of(accepted, |_| true), ..found }
}

/// A secret that another provider accepts and the provider of the case does not.
fn not_accepted(case: &TestCase) -> NameSubset<'_> {
    let accepted = right(case).provider.map_or(&[][..], |provider| provider.auth_env.names());
    let others = case.dataset.registry.providers().iter().filter_map(|provider| provider.auth_env.names().get(..1));
    let other = others.into_iter().find(|other| !accepted.contains(&other[0]));
    NameSubset::of(other.unwrap_or_default(), |_| true)
}

/// The evidence is checked even if the reference gives the same wrong evidence.
#[test]
fn inconsistent_evidence_is_rejected_without_reference() {
    let cases: Vec<TestCase> = fixed_cases(CASES).collect();
    for (code, wrong) in INCONSISTENT {
        let law = law(wrong.law).expect("the id is known");
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
