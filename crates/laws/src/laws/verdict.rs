//! Laws of the last step: the verdict, its evidence, and the fixes.

use std::collections::BTreeSet;

use slug_resolver::policy::{Condition, Pick, PickRule, SecretsRule, Source, Test};
use slug_resolver::{
    BillingPath, Code, Edit, Fix, Kind, Outcome, PolicyDocument, Provider, Resolution, Warning, limits,
};

use crate::case::TestCase;
use crate::dataset::Dataset;
use crate::law::{Law, LawContext, Meant, Violation, ensure, summary_key};
use crate::reference::{self, platform_pays};
use crate::secret::SECRET_PLACEHOLDER;
use crate::spelling;

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
    statement: "the code, the outcome and the evidence of a contradiction are those of the reference resolver, and \
                the code fits the billing path and the injected secrets",
    check: evidence_sound,
};

fn evidence_sound(context: &LawContext<'_>) -> Result<(), Violation> {
    let found = &context.resolution;
    let Some(code) = found.code else {
        ensure!(
            matches!(
                (found.verdict, found.outcome),
                (Kind::Coherent, Outcome::Online) | (Kind::Nothing, Outcome::Nothing)
            ),
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
    rich.ambient = context.case.dataset.credential_names().to_vec();
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
pub(crate) const WARNINGS_EXACT: Law = Law {
    id: "warnings-exact",
    statement: "a warning is given if and only if its meaning is true of the case",
    check: warnings_exact,
};

fn warnings_exact(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    let issued_elsewhere = |credential: &String, to: &Provider| {
        let own = |provider: &Provider| provider.auth_env.items().next().is_some_and(|item| item.contains(credential));
        let others = context.case.dataset.registry.providers().iter().filter(|other| other.name != to.name);
        !own(to) && others.into_iter().any(own)
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
                names the secret; no two fixes differ only in a value, except another spelling of the slug and another \
                model; no single edit that fixes the case is missing",
    check: fixes_sound_and_minimal,
};

fn fixes_sound_and_minimal(context: &LawContext<'_>) -> Result<(), Violation> {
    let fixes = context.fixes();
    if context.resolution.code.is_none() {
        ensure!(fixes.is_empty(), "a case without a contradiction has the fixes {fixes:?}");
        return Ok(());
    }
    let mut kinds = BTreeSet::new();
    for fix in fixes {
        let kinds_of_edits = fix.edits.iter().map(|edit| (kind(edit), is_respelling(context, edit)));
        let is_new = kinds.insert(kinds_of_edits.collect::<BTreeSet<_>>());
        ensure!(is_new, "{fix:?} differs only in a value from an earlier fix");
        let nameless = fix.edits.iter().find(|edit| !names_what_it_sets(context, edit, fix));
        ensure!(nameless.is_none(), "{nameless:?} does not name a secret that the key stands for");
        let case = apply(context, &fix.edits);
        let fixed = context.implementation.resolve(&case);
        let claim = (fix.slug.as_str(), Some(fix.provider.as_str()), None);
        let (slug, _, provider, code) = summary_key(&fixed);
        ensure!((slug, provider, code) == claim, "{fix:?} results in {:?}", summary_key(&fixed));
        let runtime = Some(&case.runtime).filter(|runtime| **runtime != context.case.runtime);
        ensure!(fix.runtime.as_ref() == runtime, "{fix:?} changes the runtime to {runtime:?}");
        for part in 1..(1_usize << fix.edits.len()) - 1 {
            let chosen = fix.edits.iter().enumerate().filter(|(index, _)| part >> index & 1 == 1);
            let edits: Vec<Edit> = chosen.map(|(_, edit)| edit.clone()).collect();
            let case = apply(context, &edits);
            let partly = context.implementation.resolve(&case);
            let moves_key = |resolution: &Resolution<'_>| resolution.warnings.contains(Warning::CrossVendorCredential);
            ensure!(
                partly.verdict != Kind::Coherent || moves_key(&partly) && !moves_key(&fixed),
                "{edits:?} is enough, but the fix is {fix:?}"
            );
        }
    }
    none_is_missed(context)
}

/// The best fixes come first: other spellings, then fixes that keep the vendor, then the others.
pub(crate) const FIX_KEEPS_VENDOR: Law = Law {
    id: "fix-keeps-vendor",
    statement: "other spellings of the slug come first, then fixes that keep the vendor that the slug means or the \
                writer named, then the others, the smallest first; a fix sends a key to another vendor only if every \
                fix does; a fix that can be made without asking keeps the only vendor that the slug can mean and the \
                model, and makes up no id",
    check: fix_keeps_vendor,
};

fn fix_keeps_vendor(context: &LawContext<'_>) -> Result<(), Violation> {
    let fixes = context.fixes();
    let ranks: Vec<Rank> = fixes.iter().map(|fix| rank(context, fix)).collect();
    ensure!(ranks.is_sorted(), "the fixes are not in the recommended order: {fixes:?} {ranks:?}");
    let moves_key = |fix: &Fix| {
        let case = apply(context, &fix.edits);
        let fixed = context.implementation.resolve(&case);
        fixed.warnings.contains(Warning::CrossVendorCredential)
    };
    let moving: Vec<bool> = fixes.iter().map(moves_key).collect();
    ensure!(
        moving.iter().all(|moves| *moves) || moving.iter().all(|moves| !moves),
        "some fixes send a key to another vendor and some do not: {fixes:?} {moving:?}"
    );
    let respells = |fix: &Fix| fix.edits.iter().any(|edit| is_respelling(context, edit));
    let has_spelling = fixes.iter().any(|fix| respells(fix) && is_of_only_vendor(context, fix));
    for fix in fixes {
        let is_kept = is_of_only_vendor(context, fix) && (respells(fix) || !has_spelling);
        let is_safe = is_kept && !makes_up_id(context, fix);
        ensure!(fix.is_safe == is_safe, "a fix can be made without asking, or it cannot: {fix:?}");
    }
    Ok(())
}

/// Returns true if an edit sets the variable that holds the slug to another spelling of it.
pub(crate) fn is_respelling(context: &LawContext<'_>, edit: &Edit) -> bool {
    let Edit::Set(name, value) = edit else { return false };
    Some(name.as_str()) == context.picked().held_by && context.spellings().ids.contains(value)
}

/// The names of the vendors that the slug of a variable means: the ones serving it on the runtime; else the one that
/// has withdrawn it; else the one that its first segment names; else the ones serving it on another runtime; else those
/// of the most similar listed ids, if possible with all credentials, else with one.
fn meant<'c>(context: &'c LawContext<'_>) -> &'c Meant {
    context.meant.get_or_init(|| find_meant(context))
}

fn find_meant(context: &LawContext<'_>) -> Meant {
    let Dataset { registry, policy, .. } = &*context.case.dataset;
    let LawContext { case, resolution, .. } = context;
    let picked = context.picked();
    if picked.held_by.is_none() || picked.slug.trim().is_empty() {
        return Meant { vendors: BTreeSet::new(), is_known: true };
    }
    let names = |providers: Vec<&'_ Provider>| -> Vec<String> {
        providers.into_iter().map(|provider| provider.name.clone()).collect()
    };
    let classes = case.dataset.model_classes();
    let serving = |runtime: &str| names(classes.candidates(registry, runtime, picked.slug));
    let is_there = |name: &str| resolution.injected.contains(name) || case.ambient.iter().any(|it| it == name);
    let closest = || {
        let closest = context.spellings().closest.clone();
        let needs_key = |provider: &Provider| !provider.auth_env.names().is_empty();
        let provider = |name: &String| registry.provider(name);
        let with_all = |name: &&String| {
            provider(name).is_some_and(|it| needs_key(it) && it.auth_env.items().any(|item| item.iter().all(is_there)))
        };
        let with_one =
            |name: &&String| provider(name).is_some_and(|it| it.auth_env.names().iter().any(|it| is_there(it)));
        let found: Vec<String> = closest.iter().filter(with_all).cloned().collect();
        let found = if found.is_empty() { closest.iter().filter(with_one).cloned().collect() } else { found };
        if found.is_empty() { closest } else { found }
    };
    let owned = |provider: Option<&Provider>| names(provider.into_iter().collect());
    let mut meant = owned(resolution.provider);
    let sources: [&dyn Fn() -> Vec<String>; 4] = [
        &|| serving(policy.template_of(&case.runtime)),
        &|| owned(resolution.withdrawn_by),
        &|| owned(registry.provider(spelling::first_segment(picked.slug))),
        &|| registry.runtimes().iter().flat_map(|runtime| serving(&runtime.name)).collect(),
    ];
    for source in sources {
        if meant.is_empty() {
            meant = source();
        }
    }
    let is_known = !meant.is_empty();
    let meant = if is_known { meant } else { closest() };
    Meant { vendors: meant.into_iter().collect(), is_known }
}

/// Returns true if a fix leads to a provider that the slug means, or else that a credential or the path names.
fn keeps_vendor(context: &LawContext<'_>, fix: &Fix) -> bool {
    let Meant { vendors, .. } = meant(context);
    let is_billed = |provider: &Provider| {
        context.resolution.path == BillingPath::Platform && platform_pays(provider)
            || !present(context, provider).is_empty()
    };
    if vendors.is_empty() {
        return context.case.dataset.registry.provider(&fix.provider).is_some_and(is_billed);
    }
    vendors.contains(&fix.provider)
}

/// Returns true if a fix leads to the only provider that the slug means, or, for a slug of the policy, to one that a
/// credential or the path names.
fn is_of_only_vendor(context: &LawContext<'_>, fix: &Fix) -> bool {
    let case = context.case;
    let picked = context.picked();
    let is_certain = || {
        let Meant { vendors, is_known } = meant(context);
        let registry = &case.dataset.registry;
        let needs_key = |name: &String| {
            registry.provider(name).is_some_and(|it| platform_pays(it) || !it.auth_env.names().is_empty())
        };
        vendors.len() == 1 && (*is_known || vendors.iter().all(needs_key))
    };
    let is_of_policy = picked.held_by.is_none() || picked.slug.trim().is_empty();
    keeps_vendor(context, fix) && (is_of_policy || is_certain())
}

/// Returns true if the runtime has a provider that needs a credential and has it.
fn has_key_for_runtime(context: &LawContext<'_>) -> bool {
    *context.has_key_for_runtime.get_or_init(|| {
        let Dataset { registry, policy, .. } = &*context.case.dataset;
        let runtime = registry.runtime(policy.template_of(&context.case.runtime));
        let mut providers =
            runtime.iter().flat_map(|runtime| &runtime.arms).filter_map(|arm| registry.provider(&arm.provider));
        providers.any(|provider| !present(context, provider).is_empty())
    })
}

/// Returns true if a fix sets a model to an id outside the slug that no arm of the runtime lists.
fn makes_up_id(context: &LawContext<'_>, fix: &Fix) -> bool {
    let document = context.case.dataset.policy.document();
    let runtime = &context.case.runtime;
    let template = document.templates.get(runtime).unwrap_or(runtime);
    let is_listed = |id: &String| !context.case.dataset.model_classes().listing(template, id).is_empty();
    let slug = context.resolution.slug;
    fix.edits.iter().any(|edit| match edit {
        Edit::Set(name, id) if slug_variables(document).any(|variable| variable == name) => {
            !slug.contains(id.as_str()) && !is_listed(id)
        }
        _ => false,
    })
}

/// The recommended order of fixes: the group, false if the fix completes a group of credentials, false if it spells the
/// slug in another way, the number of edits, the number of set variables, and whether one of them holds a slug.
pub(crate) type Rank = (u8, bool, bool, usize, usize, bool);

/// The rank of a fix.
pub(crate) fn rank(context: &LawContext<'_>, fix: &Fix) -> Rank {
    let Dataset { registry, policy, .. } = &*context.case.dataset;
    let document = policy.document();
    let added = || fix.edits.iter().filter(|edit| matches!(edit, Edit::Set(..)));
    let holds_slug = |name: &str| slug_variables(document).any(|variable| variable == name);
    let resolution = &context.resolution;
    let provider = registry.provider(&fix.provider);
    let is_key = |name: &str| policy.variable(name).is_some_and(|variable| policy.is_key(variable));
    let sets_only_keys = added().count() == fix.edits.len() && fix.edits.iter().all(|edit| is_key(edit.variable()));
    let any_value = sets_only_keys && provider.is_some_and(|known| known.auth_mode.as_deref() == Some("none"));
    let edited = apply(context, &fix.edits);
    let fixed = context.implementation.resolve(&edited);
    let is_ambient = |name: &str| context.case.ambient.iter().any(|present| present == name);
    let completes = provider.is_some_and(|provider| {
        provider.auth_env.items().any(|item| {
            let before = item.iter().filter(|name| resolution.injected.contains(name) || is_ambient(name)).count();
            let after = item.iter().filter(|name| fixed.injected.contains(name) || is_ambient(name)).count();
            0 < before && before < after && after == item.len()
        })
    });
    let is_given = |case: &TestCase, name: &String| {
        let value = case.variables.get(name);
        value.is_some_and(|value| !value.is_empty() || document.empty_is_set.contains(name))
    };
    let completes = completes
        || document.secrets.iter().any(|rule| {
            let condition = rule.condition();
            let tests = condition.variables.iter().filter(|(name, test)| *test == Test::Set && is_key(name));
            let keys: Vec<&String> = tests.map(|(name, _)| name).collect();
            let given = |case| keys.iter().filter(|name| is_given(case, name)).count();
            let (before, after) = (given(context.case), given(&edited));
            let injects = rule.injected().iter().all(|name| fixed.injected.contains(name));
            0 < before && before < after && after == keys.len() && injects
        });
    let respells = fix.edits.iter().any(|edit| is_respelling(context, edit));
    let is_spelling = respells && fix.edits.len() == 1;
    let needs_nothing = provider.is_some_and(|it| !platform_pays(it) && it.auth_env.names().is_empty());
    let keeps_runtime = fix.runtime.is_none() || !has_key_for_runtime(context);
    let keeps_named = keeps_runtime && keeps_vendor(context, fix);
    let group = if any_value || is_spelling && !needs_nothing {
        0
    } else if completes && keeps_named {
        1
    } else if is_spelling {
        2
    } else if keeps_named {
        3
    } else {
        4
    };
    (group, !completes, !respells, fix.edits.len(), added().count(), added().any(|edit| holds_slug(edit.variable())))
}

/// The variables whose value a rule for the model can pick.
fn slug_variables(document: &PolicyDocument) -> impl Iterator<Item = &str> {
    variables_used(document.model.iter())
}

/// The variables whose value some rules can pick.
fn variables_used<'d>(rules: impl Iterator<Item = &'d PickRule>) -> impl Iterator<Item = &'d str> {
    let sources = rules.flat_map(|rule| match &rule.pick {
        Pick::Nothing => &[][..],
        Pick::FirstOf(sources) => sources,
    });
    sources.filter_map(|source| match source {
        Source::Text(_) => None,
        Source::Variable(name) => Some(name.as_str()),
    })
}

/// Returns true if a key is set to the names of secrets that it injects; if the provider accepts some of them, only
/// to accepted ones.
fn names_what_it_sets(context: &LawContext<'_>, edit: &Edit, fix: &Fix) -> bool {
    let policy = &context.case.dataset.policy;
    let is_key = policy.variable(edit.variable()).is_some_and(|variable| policy.is_key(variable));
    let Some(set) = value(edit).filter(|_| is_key) else { return true };
    let Some(set) = set.strip_prefix('<').and_then(|set| set.strip_suffix('>')) else { return false };
    let needs_key = |rule: &&SecretsRule| {
        let tests_key = |(name, test): &(String, Test)| name == edit.variable() && *test == Test::Set;
        rule.condition().variables.iter().any(tests_key)
    };
    let Some(rule) = policy.document().secrets.iter().find(needs_key) else { return set == edit.variable() };
    let provider = context.case.dataset.registry.provider(&fix.provider);
    let is_accepted = |name: &str| provider.is_some_and(|provider| provider.auth_env.names().iter().any(|n| n == name));
    let none_is_accepted = !rule.injected().iter().any(|name| is_accepted(name));
    set.split(" and ").all(|set| {
        set == edit.variable() && rule.injected().is_empty()
            || rule.injected().iter().any(|name| name == set) && (none_is_accepted || is_accepted(set))
    })
}

/// Checks that every set of edits that fixes the case is offered, or a part of it, ignoring
/// values: all single edits, and one edit, chosen by the case, combined with each other edit.
fn none_is_missed(context: &LawContext<'_>) -> Result<(), Violation> {
    let edits = single_edits(context.case);
    let check = |made: &[&Edit], more: &Edit| {
        let all: Vec<Edit> = made.iter().copied().chain([more]).cloned().collect();
        let case = apply(context, &all);
        let fixed = context.implementation.resolve(&case);
        // A fix that sends a key to another vendor is offered only if every fix does.
        let is_due = fixed.verdict == Kind::Coherent && !fixed.warnings.contains(Warning::CrossVendorCredential);
        let is_made = |edit: &Edit| made.iter().chain([&more]).any(|other| covers(context, edit, other));
        let offered = || context.fixes().iter().any(|fix| fix.edits.iter().all(is_made));
        ensure!(!is_due || offered(), "{more:?} with {made:?} fixes the case, but is not offered");
        Ok(())
    };
    edits.iter().try_for_each(|edit| check(&[], edit))?;
    // The runtime alone may be wrong.
    let changes = changes_runtime_alone(context);
    changes.iter().try_for_each(|edit| check(&[], edit))?;

    let arms = context.case.dataset.registry.runtime(context.case.dataset.policy.template_of(&context.case.runtime));
    // With many arms the search for fixes does not try every pair of edits.
    if edits.is_empty() || arms.is_some_and(|runtime| runtime.arms.len() > SLUGS_TRIED) {
        return Ok(());
    }
    // An edit may be needed so that another edit does not keep the workspace from being created.
    let unless = &context.case.dataset.policy.document().creates.unless;
    let is_of_creation = |edit: &&Edit| unless.iter().any(|condition| tests(condition, edit.variable()));
    let of_creation: Vec<&Edit> = edits.iter().filter(is_of_creation).collect();
    let choices = if of_creation.is_empty() { edits.iter().collect() } else { of_creation };
    let one = choices[usize::try_from(context.case.number() >> 33).unwrap_or_default() % choices.len()];
    let others = edits.iter().filter(|other| other.variable() != one.variable());
    others.into_iter().try_for_each(|other| check(&[one], other))
}

/// Returns true if a condition tests a variable.
fn tests(condition: &Condition, name: &str) -> bool {
    condition.variables.iter().any(|(tested, _)| tested == name)
}

/// Returns true if a fix with an edit makes the same fix with another edit superfluous: they differ at most in the
/// value, and only the first may set another spelling of the slug.
pub(crate) fn covers(context: &LawContext<'_>, edit: &Edit, other: &Edit) -> bool {
    kind(edit) == kind(other) && (is_respelling(context, edit) || !is_respelling(context, other))
}

/// The edits of variables that the policy reads only to use their value as the runtime: to unset one, and to set it to
/// a runtime that serves the slug. They count if they keep the slug of a variable, which the runtime does not serve.
pub(crate) fn changes_runtime_alone(context: &LawContext<'_>) -> Vec<Edit> {
    let case = context.case;
    let Dataset { registry, policy, .. } = &*case.dataset;
    let document = policy.document();
    let picked = context.picked();
    let is_served = !matches!(context.resolution.code, Some(Code::UnregisteredModel | Code::WithdrawnModel));
    if is_served || picked.held_by.is_none() || context.implementation.runtime(case) != Some(&case.runtime) {
        return Vec::new();
    }
    let is_tested = |name: &str| document.runtime.iter().any(|rule| tests(&rule.when, name));
    let is_deciding = |name: &str| policy.deciding_variable_names().any(|deciding| deciding == name);
    let names = runtime_variables(document).filter(|name| !is_tested(name) && !is_deciding(name));
    let classes = case.dataset.model_classes();
    let mut edits = Vec::new();
    for name in names.collect::<BTreeSet<_>>() {
        edits.extend(case.set_to(name).map(|_| Edit::Unset(name.into())));
        let runtimes = registry.runtimes().iter().map(|runtime| &runtime.name);
        let serves = |runtime: &&String| {
            **runtime != case.runtime
                && document.defaults.get(name) != Some(*runtime)
                && !classes.candidates(registry, runtime, picked.slug).is_empty()
        };
        let set = |runtime: &String| Edit::Set(name.into(), runtime.clone());
        edits.extend(runtimes.filter(serves).take(limits::FIX_SLUGS).map(set));
    }
    edits.retain(|edit| {
        let edited = apply(context, std::slice::from_ref(edit));
        context.implementation.resolve(&edited).slug == picked.slug && edited.runtime != case.runtime
    });
    edits
}

/// The variables whose value is the runtime.
fn runtime_variables(document: &PolicyDocument) -> impl Iterator<Item = &str> {
    variables_used(document.runtime.iter())
}

/// The variable of an edit, and `true` if the edit sets it.
fn kind(edit: &Edit) -> (&str, bool) {
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

/// Single edits of every kind: each variable unset, each key set, each text that a rule names
/// set, another text instead of a default that a rule names, and the first ids of some arms of the
/// runtime.
fn single_edits(case: &TestCase) -> Vec<Edit> {
    let policy = &case.dataset.policy;
    let document = policy.document();
    let unset = |name: &str| Edit::Unset(name.into());
    let set = |name: &str, value: &str| Edit::Set(name.into(), value.into());
    let deciding: Vec<&str> = policy.deciding_variable_names().collect();
    let is_deciding = |name: &&String| deciding.contains(&name.as_str());
    let mut edits: Vec<Edit> = case.variables.keys().filter(is_deciding).map(|name| unset(name)).collect();
    for variable in policy.deciding_variables() {
        let name = policy.variable_name(variable);
        if policy.is_key(variable) {
            edits.push(set(name, SECRET_PLACEHOLDER));
        }
        let texts = policy.value_classes(variable).texts;
        edits.extend(texts.iter().map(|text| set(name, text)));
        let is_named = |value: &String| texts.contains(value);
        let (value, default) = (case.set_to(name), document.defaults.get(name));
        if default.is_some_and(is_named) && value.is_none_or(is_named) {
            let other = ["byok", "tenant", "other"].into_iter().find(|other| !texts.iter().any(|text| text == other));
            edits.extend(other.map(|other| set(name, other)));
        }
    }
    let runtime = case.dataset.registry.runtime(policy.template_of(&case.runtime));
    let listed =
        runtime.into_iter().flat_map(|runtime| &runtime.arms).filter_map(|arm| arm.models.first()).take(SLUGS_TRIED);
    let names: BTreeSet<&str> = slug_variables(document).collect();
    for id in listed {
        edits.extend(names.iter().map(|name| set(name, id)));
    }
    // Setting a variable to its default is not an edit.
    edits.retain(|edit| match edit {
        Edit::Set(name, value) => document.defaults.get(name) != Some(value),
        Edit::Unset(_) => true,
    });
    edits
}

/// The case after applying the edits. If the environment of the case names its runtime, the edits can change the
/// runtime.
pub(crate) fn apply(context: &LawContext<'_>, edits: &[Edit]) -> TestCase {
    let mut case = context.case.clone();
    for edit in edits {
        match edit {
            Edit::Unset(name) => drop(case.variables.remove(name)),
            Edit::Set(name, value) => drop(case.variables.insert(name.clone(), value.clone())),
        }
    }
    let document = case.dataset.policy.document();
    let can_change_runtime = context.can_change_runtime.get_or_init(|| {
        let is_read = document.runtime.iter().any(|rule| !rule.when.variables.is_empty())
            || runtime_variables(document).next().is_some();
        is_read && context.implementation.runtime(context.case) == Some(&context.case.runtime)
    });
    if *can_change_runtime {
        case.runtime = reference::runtime(document, &case.variables).unwrap_or_default().to_owned();
    }
    case
}

/// The present credentials that a provider accepts, from first principles: the names of each
/// item of `auth_env` all of whose names are present.
fn present<'p>(context: &LawContext<'_>, provider: &'p Provider) -> Vec<&'p String> {
    let is_present = |name: &str| {
        context.resolution.injected.contains(name) || context.case.ambient.iter().any(|present| present == name)
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
