//! Laws of the last step: the verdict, its evidence, and what would mend it.

use std::collections::BTreeSet;

use slug_resolver::registry::PLATFORM;
use slug_resolver::{BillingPath, Code, Edit, Fix, Kind, Outcome, Provider, Resolution, Warning};

use crate::case::TestCase;
use crate::law::{Law, LawContext, Violation, ensure, summary_key};
use crate::secret::SET;

/// The promise of the whole crate.
pub(crate) const MATCHING_SECRETS: Law = Law {
    id: "matching-secrets",
    statement: "coherent means: a native provider, and for the platform nothing injected, for any other an accepted credential present",
    check: matching_secrets,
};

fn matching_secrets(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    if resolution.verdict != Kind::Coherent {
        return Ok(());
    }
    let Some(provider) = resolution.provider else { return Err("coherent without a provider".into()) };
    let template = context.case.dataset.policy.template_of(&context.case.runtime);
    let runtime = context.case.dataset.registry.runtimes().iter().find(|runtime| runtime.name == template);
    let native = runtime.is_some_and(|runtime| runtime.arms.iter().any(|arm| arm.provider == provider.name));
    ensure!(native, "`{}` is not native to `{template}`", provider.name);
    if provider.name == PLATFORM {
        ensure!(resolution.injected.is_empty(), "the platform answers and {:?} is injected", resolution.injected);
    } else {
        ensure!(
            !present(context, provider).is_empty(),
            "`{}` answers and accepts nothing that is present",
            provider.name
        );
    }
    Ok(())
}

/// What a contradiction says of itself is true, checked from first principles.
pub(crate) const EVIDENCE_SOUND: Law = Law {
    id: "evidence-sound",
    statement: "the code, the outcome and the evidence of a contradiction follow from the case",
    check: evidence_sound,
};

fn evidence_sound(context: &LawContext<'_>) -> Result<(), Violation> {
    let found = &context.resolution;
    let Some(code) = found.code else {
        ensure!(
            (found.verdict, found.outcome) == (Kind::Coherent, Outcome::Online),
            "no code, yet {:?} and {:?}",
            found.verdict,
            found.outcome
        );
        return Ok(());
    };
    let expected = context.reference();
    ensure!(
        expected.code == Some(code),
        "`{}` is claimed; from first principles it is {:?}",
        code.as_str(),
        expected.code
    );
    ensure!(found.verdict == Kind::Contradiction, "code `{}` with a coherent verdict", code.as_str());
    let outcome = if found.provider.is_some() { Outcome::Failed } else { Outcome::Rejected };
    ensure!(found.outcome == outcome, "the outcome is said to be {:?}", found.outcome);
    ensure!(found == expected, "the evidence is {found:?}; from first principles it is {expected:?}");
    let consistent = match (code, found.provider) {
        (Code::PlatformModelWithTenantKey, Some(provider)) => provider.name == PLATFORM && !found.injected.is_empty(),
        (Code::PlatformPathByokModel, Some(provider)) => {
            found.path == BillingPath::Platform && provider.name != PLATFORM && present(context, provider).is_empty()
        }
        (Code::MissingCredential, Some(provider)) => {
            found.path == BillingPath::Byok && found.injected.is_empty() && present(context, provider).is_empty()
        }
        (Code::WrongCredential, Some(provider)) => {
            found.path == BillingPath::Byok && !found.injected.is_empty() && present(context, provider).is_empty()
        }
        (_, provider) => provider.is_none(),
    };
    ensure!(consistent, "`{}` does not fit path {:?} and {:?} injected", code.as_str(), found.path, found.injected);
    Ok(())
}

/// What exists at organisation scope may satisfy a provider; it is never injected and never picks a slug.
pub(crate) const AMBIENT_STAYS_OUT: Law = Law {
    id: "ambient-stays-out",
    statement: "ambient credentials change neither the slug nor what is injected, and never spoil a coherent platform verdict",
    check: ambient_stays_out,
};

fn ambient_stays_out(context: &LawContext<'_>) -> Result<(), Violation> {
    let mut bare = context.case.clone();
    bare.ambient.clear();
    let mut rich = context.case.clone();
    rich.ambient = context.case.dataset.credentials().to_vec();
    for case in [bare, rich] {
        let found = context.implementation.resolve(&case);
        let picked = (found.slug, found.rule, found.injected);
        let expected = (context.resolution.slug, context.resolution.rule, context.resolution.injected);
        ensure!(picked == expected, "ambient credentials change what is picked to {picked:?}");
        let on_platform = |resolution: &Resolution<'_>| {
            resolution.provider.is_some_and(|provider| provider.name == PLATFORM) && resolution.code.is_none()
        };
        // With a tie the credentials may choose another provider; who the platform answers for must not matter.
        let same_provider = found.provider == context.resolution.provider;
        ensure!(
            !same_provider || on_platform(&found) == on_platform(&context.resolution),
            "ambient credentials change the platform's verdict to {:?}",
            found.code
        );
    }
    Ok(())
}

/// A warning is given exactly when its sentence is true.
pub(crate) const WARNINGS_EXACT: Law = Law {
    id: "warnings-exact",
    statement: "each warning is given exactly when what it says is the case",
    check: warnings_exact,
};

fn warnings_exact(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    let issued_elsewhere = |credential: &String, to: &Provider| {
        let first = |provider: &Provider| &provider.auth_env[0] == credential;
        let others = context.case.dataset.registry.providers().iter().filter(|other| other.name != to.name);
        !first(to) && others.into_iter().any(first)
    };
    let cross_vendor = resolution.provider.filter(|provider| provider.name != PLATFORM).is_some_and(|provider| {
        let present = present(context, provider);
        !present.is_empty() && present.iter().all(|credential| issued_elsewhere(credential, provider))
    });
    let expected =
        [(Warning::CrossVendorCredential, cross_vendor), (Warning::ShadowedVariable, !resolution.shadowed.is_empty())];
    for (warning, earned) in expected {
        let given = resolution.warnings.contains(warning);
        ensure!(given == earned, "`{}` is{} given", warning.as_str(), if given { "" } else { " not" });
    }
    Ok(())
}

/// Every fix mends the contradiction, none could be smaller, and a removal that mends is not missed.
pub(crate) const FIXES_SOUND_AND_MINIMAL: Law = Law {
    id: "fixes-sound-and-minimal",
    statement: "every offered fix resolves coherent as it says, no part of it does, it names what a key has to be set to, no two differ only in a value, and they come smallest first",
    check: fixes_sound_and_minimal,
};

fn fixes_sound_and_minimal(context: &LawContext<'_>) -> Result<(), Violation> {
    let fixes = context.fixes();
    if context.resolution.code.is_none() {
        ensure!(fixes.is_empty(), "a coherent case is offered {fixes:?}");
        return Ok(());
    }
    ensure!(fixes.is_sorted_by_key(|fix| fix.edits.len()), "a larger fix comes before a smaller one");
    let mut kinds = BTreeSet::new();
    for fix in fixes {
        let is_new = kinds.insert(fix.edits.iter().map(kind).collect::<BTreeSet<_>>());
        ensure!(is_new, "{fix:?} differs only in a value from one that comes before it");
        let nameless = fix.edits.iter().find(|edit| !names_what_it_sets(context, edit, fix));
        ensure!(nameless.is_none(), "{nameless:?} does not name a secret that belongs there");
        let case = apply(context.case, &fix.edits);
        let mended = context.implementation.resolve(&case);
        let claim = (fix.slug.as_str(), Some(fix.provider.as_str()), None);
        let (slug, _, provider, code) = summary_key(&mended);
        ensure!((slug, provider, code) == claim, "{fix:?} comes to {:?}", summary_key(&mended));
        for part in 1..(1_usize << fix.edits.len()) - 1 {
            let chosen = fix.edits.iter().enumerate().filter(|(index, _)| part >> index & 1 == 1);
            let edits: Vec<Edit> = chosen.map(|(_, edit)| edit.clone()).collect();
            let case = apply(context.case, &edits);
            let partly = context.implementation.resolve(&case);
            ensure!(partly.code.is_some(), "{edits:?} is enough of {fix:?}");
        }
    }
    none_is_missed(context)
}

/// A key is set to the name of a secret that it brings along: of one that the provider accepts, where it brings one.
fn names_what_it_sets(context: &LawContext<'_>, edit: &Edit, fix: &Fix) -> bool {
    let entries = &context.case.dataset.policy.document().secrets;
    let (Some(entry), Some(set)) = (entries.iter().find(|entry| entry.key == edit.variable()), value(edit)) else {
        return true;
    };
    let provider = context.case.dataset.registry.provider(&fix.provider);
    let is_accepted = |name: &String| provider.is_some_and(|provider| provider.auth_env.contains(name));
    let none_is_accepted = !entry.inject.iter().any(is_accepted);
    entry.inject.iter().any(|name| set == format!("<{name}>") && (none_is_accepted || is_accepted(name)))
}

/// Whatever mends the case is offered, or a part of it, but for the values: single edits, and
/// one of them, which the case chooses, together with each other.
fn none_is_missed(context: &LawContext<'_>) -> Result<(), Violation> {
    let edits = single_edits(context.case);
    let mends = |case: &mut TestCase, made: &[&Edit], more: &Edit| {
        let mended =
            case.varied(more.variable(), value(more), |case| context.implementation.resolve(case).code.is_none());
        let is_made = |edit: &Edit| made.iter().chain([&more]).any(|other| kind(edit) == kind(other));
        let offered = || context.fixes().iter().any(|fix| fix.edits.iter().all(is_made));
        ensure!(!mended || offered(), "{more:?} with {made:?} mends the case and is not offered");
        Ok(())
    };
    let mut case = context.case.clone();
    edits.iter().try_for_each(|edit| mends(&mut case, &[], edit))?;

    let arms = context.case.dataset.registry.runtime(context.case.dataset.policy.template_of(&context.case.runtime));
    // Of many arms not every pair of edits is tried by those who look for fixes.
    if edits.is_empty() || arms.is_some_and(|runtime| runtime.arms.len() > SLUGS_TRIED) {
        return Ok(());
    }
    let one = &edits[usize::try_from(context.case.number() >> 33).unwrap_or_default() % edits.len()];
    let mut case = apply(context.case, std::slice::from_ref(one));
    let others = edits.iter().filter(|other| other.variable() != one.variable());
    others.into_iter().try_for_each(|other| mends(&mut case, &[one], other))
}

/// The variable, and whether it is set.
pub(crate) fn kind(edit: &Edit) -> (&str, bool) {
    (edit.variable(), value(edit).is_some())
}

fn value(edit: &Edit) -> Option<&str> {
    match edit {
        Edit::Unset(_) => None,
        Edit::Set(_, value) => Some(value),
    }
}

/// Arms of one runtime whose first id is tried as a slug.
const SLUGS_TRIED: usize = 6;

/// Single edits of every kind: each variable unset, each key set, the platform path
/// taken, and the first ids of some of the runtime's arms.
fn single_edits(case: &TestCase) -> Vec<Edit> {
    let policy = &case.dataset.policy;
    let platform = &policy.document().platform;
    let unset = |name: &str| Edit::Unset(name.into());
    let set = |name: &str, value: &str| Edit::Set(name.into(), value.into());
    let mut edits: Vec<Edit> =
        case.variables.keys().filter(|name| policy.variable(name).is_some()).map(|name| unset(name)).collect();
    edits.retain(|edit| edit.variable() != policy.document().runtime);
    edits.push(set(&platform.var, &platform.value));
    edits.extend(policy.key_variables().map(|key| set(policy.variable_name(key), SET)));
    // A value equal to the default is as good as none.
    edits.retain(|edit| match edit {
        Edit::Set(name, value) => policy.document().defaults.get(name) != Some(value),
        Edit::Unset(_) => true,
    });
    let runtime = case.dataset.registry.runtime(policy.template_of(&case.runtime));
    let listed =
        runtime.into_iter().flat_map(|runtime| &runtime.arms).filter_map(|arm| arm.models.first()).take(SLUGS_TRIED);
    for id in listed {
        for name in [&policy.document().override_var, &platform.model] {
            if policy.document().defaults.get(name) != Some(id) {
                edits.push(set(name, id));
            }
        }
    }
    edits
}

/// The case after some edits.
pub(crate) fn apply(case: &TestCase, edits: &[Edit]) -> TestCase {
    let mut case = case.clone();
    for edit in edits {
        match edit {
            Edit::Unset(name) => drop(case.variables.remove(name)),
            Edit::Set(name, value) => drop(case.variables.insert(name.clone(), value.clone())),
        }
    }
    case
}

/// The credentials that are there and that a provider accepts, from first principles.
fn present<'p>(context: &LawContext<'_>, provider: &'p Provider) -> Vec<&'p String> {
    let there = |name: &&String| context.resolution.injected.contains(name) || context.case.ambient.contains(name);
    provider.auth_env.iter().filter(there).collect()
}
