//! Laws of the last step: the verdict, its evidence, and the fixes.

use std::collections::BTreeSet;

use slug_resolver::{BillingPath, Code, Edit, Fix, Kind, Outcome, Provider, Resolution, Warning};

use crate::case::TestCase;
use crate::law::{Law, LawContext, Violation, ensure, summary_key};
use crate::reference::platform_pays;
use crate::secret::SET;

/// A consistent verdict guarantees matching secrets; this is the main promise of the resolver.
pub(crate) const MATCHING_SECRETS: Law = Law {
    id: "matching-secrets",
    statement: "if the verdict is consistent, the provider belongs to an arm of the runtime; the platform gets no \
                injected secret, and any other provider that needs a credential has one that it accepts",
    check: matching_secrets,
};

fn matching_secrets(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    if resolution.verdict != Kind::Coherent {
        return Ok(());
    }
    let Some(provider) = resolution.provider else { return Err("consistent without a provider".into()) };
    let template = context.case.dataset.policy.template_of(&context.case.runtime);
    let runtime = context.case.dataset.registry.runtimes().iter().find(|runtime| runtime.name == template);
    let native = runtime.is_some_and(|runtime| runtime.arms.iter().any(|arm| arm.provider == provider.name));
    ensure!(native, "`{}` is not native to `{template}`", provider.name);
    if platform_pays(provider) {
        ensure!(
            resolution.injected.is_empty(),
            "the platform is the provider, but {:?} is injected",
            resolution.injected
        );
    } else {
        ensure!(
            provider.auth_env.names().is_empty() || !present(context, provider).is_empty(),
            "`{}` is the provider, but accepts no present credential",
            provider.name
        );
    }
    Ok(())
}

/// The evidence of a contradiction is true, checked from first principles.
pub(crate) const EVIDENCE_SOUND: Law = Law {
    id: "evidence-sound",
    statement: "the code, the outcome and the evidence of a contradiction are those of the reference resolver, and the \
                code fits the billing path and the injected secrets",
    check: evidence_sound,
};

fn evidence_sound(context: &LawContext<'_>) -> Result<(), Violation> {
    let found = &context.resolution;
    let Some(code) = found.code else {
        ensure!(
            (found.verdict, found.outcome) == (Kind::Coherent, Outcome::Online),
            "without a code the verdict is {:?} and the outcome {:?}",
            found.verdict,
            found.outcome
        );
        return Ok(());
    };
    let expected = context.reference();
    ensure!(
        expected.code == Some(code),
        "the code is `{}`; from first principles it is {:?}",
        code.as_str(),
        expected.code
    );
    ensure!(found.verdict == Kind::Contradiction, "code `{}` with a consistent verdict", code.as_str());
    let outcome = if found.provider.is_some() { Outcome::Failed } else { Outcome::Rejected };
    ensure!(found.outcome == outcome, "the outcome is reported as {:?}", found.outcome);
    ensure!(found == expected, "the evidence is {found:?}; from first principles it is {expected:?}");
    let consistent = match (code, found.provider) {
        (Code::PlatformModelWithTenantKey, Some(provider)) => platform_pays(provider) && !found.injected.is_empty(),
        (Code::PlatformPathByokModel, Some(provider)) => {
            found.path == BillingPath::Platform && !platform_pays(provider) && present(context, provider).is_empty()
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

/// Ambient credentials, which exist at organisation scope, may satisfy a provider; they are never injected and
/// never pick a slug.
pub(crate) const AMBIENT_STAYS_OUT: Law = Law {
    id: "ambient-stays-out",
    statement: "ambient credentials change neither the slug nor the injected secrets; they change the platform's \
                verdict only by selecting another provider",
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
        ensure!(picked == expected, "ambient credentials change the selection to {picked:?}");
        let on_platform =
            |resolution: &Resolution<'_>| resolution.provider.is_some_and(platform_pays) && resolution.code.is_none();
        // In a tie, ambient credentials may choose another provider, so compare only if the provider is the same.
        let same_provider = found.provider == context.resolution.provider;
        ensure!(
            !same_provider || on_platform(&found) == on_platform(&context.resolution),
            "ambient credentials change the platform's verdict to {:?}",
            found.code
        );
    }
    Ok(())
}

/// A warning is given exactly if its statement is true.
pub(crate) const WARNINGS_EXACT: Law =
    Law { id: "warnings-exact", statement: "each warning is given if and only if it is true", check: warnings_exact };

fn warnings_exact(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    let issued_elsewhere = |credential: &String, to: &Provider| {
        let first = |provider: &Provider| provider.auth_env.names().first() == Some(credential);
        let others = context.case.dataset.registry.providers().iter().filter(|other| other.name != to.name);
        !first(to) && others.into_iter().any(first)
    };
    let cross_vendor = resolution.provider.filter(|provider| !platform_pays(provider)).is_some_and(|provider| {
        let present = present(context, provider);
        !present.is_empty() && present.iter().all(|credential| issued_elsewhere(credential, provider))
    });
    let expected =
        [(Warning::CrossVendorCredential, cross_vendor), (Warning::ShadowedVariable, !resolution.shadowed.is_empty())];
    for (warning, is_true) in expected {
        let given = resolution.warnings.contains(warning);
        ensure!(given == is_true, "`{}` is{} given", warning.as_str(), if given { "" } else { " not" });
    }
    Ok(())
}

/// Every fix resolves the contradiction, no fix could be smaller, and no single edit that is a fix is missing.
pub(crate) const FIXES_SOUND_AND_MINIMAL: Law = Law {
    id: "fixes-sound-and-minimal",
    statement: "every fix makes the case consistent as it states, and no part of it is enough; a fix that sets a key \
                names the secret; no two fixes differ only in a value; smaller fixes come first; no single edit that \
                fixes the case is missing",
    check: fixes_sound_and_minimal,
};

fn fixes_sound_and_minimal(context: &LawContext<'_>) -> Result<(), Violation> {
    let fixes = context.fixes();
    if context.resolution.code.is_none() {
        ensure!(fixes.is_empty(), "a consistent case has the fixes {fixes:?}");
        return Ok(());
    }
    ensure!(fixes.is_sorted_by_key(|fix| fix.edits.len()), "a larger fix precedes a smaller one");
    let mut kinds = BTreeSet::new();
    for fix in fixes {
        let is_new = kinds.insert(fix.edits.iter().map(kind).collect::<BTreeSet<_>>());
        ensure!(is_new, "{fix:?} differs only in a value from an earlier fix");
        let nameless = fix.edits.iter().find(|edit| !names_what_it_sets(context, edit, fix));
        ensure!(nameless.is_none(), "{nameless:?} does not name a secret that the key stands for");
        let case = apply(context.case, &fix.edits);
        let fixed = context.implementation.resolve(&case);
        let claim = (fix.slug.as_str(), Some(fix.provider.as_str()), None);
        let (slug, _, provider, code) = summary_key(&fixed);
        ensure!((slug, provider, code) == claim, "{fix:?} results in {:?}", summary_key(&fixed));
        for part in 1..(1_usize << fix.edits.len()) - 1 {
            let chosen = fix.edits.iter().enumerate().filter(|(index, _)| part >> index & 1 == 1);
            let edits: Vec<Edit> = chosen.map(|(_, edit)| edit.clone()).collect();
            let case = apply(context.case, &edits);
            let partly = context.implementation.resolve(&case);
            ensure!(partly.code.is_some(), "{edits:?} is enough, but the fix is {fix:?}");
        }
    }
    none_is_missed(context)
}

/// Returns true if a key is set to the name of a secret that it injects, and to one that the provider accepts if
/// the key injects such a secret.
fn names_what_it_sets(context: &LawContext<'_>, edit: &Edit, fix: &Fix) -> bool {
    let entries = &context.case.dataset.policy.document().secrets;
    let (Some(entry), Some(set)) = (entries.iter().find(|entry| entry.key == edit.variable()), value(edit)) else {
        return true;
    };
    let provider = context.case.dataset.registry.provider(&fix.provider);
    let is_accepted = |name: &String| provider.is_some_and(|provider| provider.auth_env.names().contains(name));
    let none_is_accepted = !entry.inject.iter().any(is_accepted);
    entry.inject.iter().any(|name| set == format!("<{name}>") && (none_is_accepted || is_accepted(name)))
}

/// Checks that every set of edits that fixes the case is offered, or a part of it, ignoring
/// values: all single edits, and one edit, chosen by the case, combined with each other edit.
fn none_is_missed(context: &LawContext<'_>) -> Result<(), Violation> {
    let edits = single_edits(context.case);
    let check = |case: &mut TestCase, made: &[&Edit], more: &Edit| {
        let is_fixed =
            case.varied(more.variable(), value(more), |case| context.implementation.resolve(case).code.is_none());
        let is_made = |edit: &Edit| made.iter().chain([&more]).any(|other| kind(edit) == kind(other));
        let offered = || context.fixes().iter().any(|fix| fix.edits.iter().all(is_made));
        ensure!(!is_fixed || offered(), "{more:?} with {made:?} fixes the case, but is not offered");
        Ok(())
    };
    let mut case = context.case.clone();
    edits.iter().try_for_each(|edit| check(&mut case, &[], edit))?;

    let arms = context.case.dataset.registry.runtime(context.case.dataset.policy.template_of(&context.case.runtime));
    // With many arms the search for fixes does not try every pair of edits.
    if edits.is_empty() || arms.is_some_and(|runtime| runtime.arms.len() > SLUGS_TRIED) {
        return Ok(());
    }
    let one = &edits[usize::try_from(context.case.number() >> 33).unwrap_or_default() % edits.len()];
    let mut case = apply(context.case, std::slice::from_ref(one));
    let others = edits.iter().filter(|other| other.variable() != one.variable());
    others.into_iter().try_for_each(|other| check(&mut case, &[one], other))
}

/// The variable of an edit, and `true` if the edit sets it.
pub(crate) fn kind(edit: &Edit) -> (&str, bool) {
    (edit.variable(), value(edit).is_some())
}

fn value(edit: &Edit) -> Option<&str> {
    match edit {
        Edit::Unset(_) => None,
        Edit::Set(_, value) => Some(value),
    }
}

/// Maximum number of arms of one runtime whose first id is tried as a slug.
const SLUGS_TRIED: usize = 6;

/// Single edits of every kind: each variable unset, each key set, the platform path
/// selected, and the first ids of some arms of the runtime.
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
    // Setting a variable to its default is not an edit.
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

/// The case after applying the edits.
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

/// The present credentials that a provider accepts, from first principles: the names of each
/// item of `auth_env` all of whose names are present.
fn present<'p>(context: &LawContext<'_>, provider: &'p Provider) -> Vec<&'p String> {
    let is_present = |name: &str| {
        let equals = |present: &String| present == name;
        context.resolution.injected.iter().any(equals) || context.case.ambient.iter().any(equals)
    };
    let whole: BTreeSet<&str> =
        provider.auth_env.items().filter(|item| item.iter().all(is_present)).flat_map(|item| item.iter()).collect();
    provider.auth_env.names().iter().filter(|name| whole.contains(name.as_str())).collect()
}

/// A provider accepts a group of credentials only as a whole.
pub(crate) const GROUPS_NEED_ALL: Law = Law {
    id: "groups-need-all",
    statement: "a provider accepts a group of credentials only if all of them are present",
    check: groups_need_all,
};

fn groups_need_all(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    let Some(provider) = resolution.provider.filter(|provider| !platform_pays(provider)) else { return Ok(()) };
    let found: Vec<&str> = resolution.accepted_by.iter().collect();
    let expected = present(context, provider);
    ensure!(found == expected, "`{}` is reported to accept {found:?}, not {expected:?}", provider.name);
    ensure!(
        resolution.code.is_some() || provider.auth_env.items().len() == 0 || !expected.is_empty(),
        "`{}` is consistent without a complete item of its credentials",
        provider.name
    );
    Ok(())
}

/// A provider that lists no credential is consistent without one.
pub(crate) const KEYLESS_NEEDS_NOTHING: Law = Law {
    id: "keyless-needs-nothing",
    statement: "a bring-your-own-key provider with an empty `auth_env` never causes a contradiction",
    check: keyless_needs_nothing,
};

fn keyless_needs_nothing(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    let is_keyless = |provider: &&Provider| !platform_pays(provider) && provider.auth_env.names().is_empty();
    if let Some(provider) = resolution.provider.filter(is_keyless) {
        ensure!(resolution.code.is_none(), "`{}` needs no credential and gets {:?}", provider.name, resolution.code);
    }
    Ok(())
}
