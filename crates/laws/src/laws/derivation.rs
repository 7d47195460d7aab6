//! Laws of derivation, the third step: which provider serves a model.

use slug_resolver::policy::Test;
use slug_resolver::registry::{Arm, Runtime};
use slug_resolver::{Billing, Code, Outcome, PolicyDocument, Provider};

use crate::case::TestCase;
use crate::dataset::Dataset;
use crate::law::{Law, LawContext, Violation, ensure, summary_key};
use crate::reference;

/// Only the arms of the runtime can provide a model.
pub(crate) const NATIVE_ONLY: Law = Law {
    id: "native-only",
    statement: "a model's provider is the provider of one of the runtime's arms",
    check: native_only,
};

fn native_only(context: &LawContext<'_>) -> Result<(), Violation> {
    let Some(provider) = context.resolution.provider else { return Ok(()) };
    let native = arms(context.case).iter().any(|arm| arm.provider == provider.name);
    ensure!(native, "`{}` is not an arm of `{}`", provider.name, context.case.runtime);
    Ok(())
}

/// Derivation depends on a slug only through its model class.
pub(crate) const MODEL_CLASS_DECIDES: Law = Law {
    id: "model-class-decides",
    statement: "two slugs get the same provider and the same code if the same arms list, withdraw and match them",
    check: model_class_decides,
};

fn model_class_decides(context: &LawContext<'_>) -> Result<(), Violation> {
    let dataset = &context.case.dataset;
    let slug = context.resolution.slug;
    let runtime = dataset.policy.template_of(&context.case.runtime);
    let model_class = |model: &str| dataset.model_classes().model_class(&dataset.registry, runtime, model);
    let own = model_class(slug);
    let representatives = dataset.model_classes().representatives(&dataset.registry, runtime, &own).iter().cloned();
    // Other spellings of an id that no arm lists.
    let spelled = [format!("{slug}:1"), format!("{slug}-1"), format!("x/{slug}")];
    let spelled = spelled.into_iter().filter(|other| own.listed.is_empty() && model_class(other) == own);
    let (_, injected, provider, code) = summary_key(&context.resolution);
    let document = dataset.policy.document();
    // Only a slug in a variable that no rule tests can be exchanged for another.
    let Some(holder) = context.picked().held_by.filter(|holder| !is_tested(document, holder)) else { return Ok(()) };
    let mut case = context.case.clone();
    for other in representatives.chain(spelled) {
        case.varied(holder, Some(&other), |case| {
            let found = context.implementation.resolve(case);
            ensure!(
                summary_key(&found) == (other.as_str(), injected, provider, code),
                "`{slug}` and `{other}` have the same model class, but resolve to {:?} and {:?}",
                summary_key(&context.resolution),
                summary_key(&found)
            );
            Ok(())
        })?;
    }
    Ok(())
}

/// Returns true if a condition tests the value of a variable.
fn is_tested(policy: &PolicyDocument, name: &str) -> bool {
    let model = policy.model.iter().map(|rule| &rule.when);
    let secrets = policy.secrets.iter().map(|rule| &rule.when);
    let conditions = model.chain(secrets).chain(&policy.creates.unless);
    conditions
        .flat_map(|condition| &condition.variables)
        .any(|(tested, test)| tested == name && !matches!(test, Test::Set | Test::Unset))
}

/// An arm that lists the id takes precedence over every pattern.
pub(crate) const EXACT_BEATS_PATTERN: Law = Law {
    id: "exact-beats-pattern",
    statement: "a model that arms list is served by one of these arms, whichever patterns match it",
    check: exact_beats_pattern,
};

fn exact_beats_pattern(context: &LawContext<'_>) -> Result<(), Violation> {
    let listing = listing(context.case, context.resolution.slug);
    if listing.is_empty() || context.resolution.outcome == Outcome::Nothing {
        return Ok(());
    }
    let provider = context.resolution.provider.map(|provider| provider.name.as_str());
    let lists = provider.is_some_and(|provider| listing.iter().any(|arm| arm.provider == provider));
    ensure!(lists, "`{}` is listed, but resolves to {provider:?}", context.resolution.slug);
    Ok(())
}

/// The order of providers and runtimes has no effect; the order of arms matters only if several list the same id.
pub(crate) const ORDER_FREE: Law = Law {
    id: "order-free",
    statement: "the order of providers and of runtimes has no effect; the order of arms has an effect only if several \
                arms list the model and the credentials do not select exactly one of them",
    check: order_free,
};

fn order_free(context: &LawContext<'_>) -> Result<(), Violation> {
    let mut case = context.case.clone();
    for dataset in context.case.dataset.with_entries_reordered() {
        case.dataset = dataset.clone();
        let found = context.implementation.resolve(&case);
        ensure!(
            found == context.resolution,
            "in another order of providers or runtimes {:?} becomes {:?}",
            summary_key(&context.resolution),
            summary_key(&found)
        );
    }
    if is_exact_tie(context) {
        return Ok(());
    }
    for dataset in context.case.dataset.with_arms_reordered() {
        case.dataset = dataset.clone();
        let found = context.implementation.resolve(&case);
        ensure!(
            summary_key(&found) == summary_key(&context.resolution),
            "in another order of arms {:?} becomes {:?}",
            summary_key(&context.resolution),
            summary_key(&found)
        );
    }
    Ok(())
}

/// Returns true if several arms list the model and the credentials do not select one of them.
fn is_exact_tie(context: &LawContext<'_>) -> bool {
    let listing = listing(context.case, context.resolution.slug);
    let provider = |arm: &&&Arm| context.case.dataset.registry.provider(&arm.provider);
    let met = listing.iter().filter(|arm| provider(arm).is_some_and(|provider| is_met(context, provider)));
    listing.len() > 1 && met.count() != 1
}

/// An unknown runtime or model never resolves to a provider.
pub(crate) const FAIL_CLOSED: Law = Law {
    id: "fail-closed",
    statement: "an unknown runtime and a blank, unregistered, ambiguous or withdrawn model never have a provider, and \
                the code says which of these is the reason",
    check: fail_closed,
};

fn fail_closed(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    if resolution.outcome == Outcome::Nothing {
        return Ok(());
    }
    let rejected = matches!(
        resolution.code,
        Some(
            Code::ModelRequired
                | Code::UnknownRuntime
                | Code::UnregisteredModel
                | Code::AmbiguousModel
                | Code::WithdrawnModel
        )
    );
    ensure!(
        rejected == resolution.provider.is_none(),
        "code {:?} with provider {:?}",
        resolution.code,
        resolution.provider
    );
    if resolution.slug.trim().is_empty() {
        ensure!(resolution.code == Some(Code::ModelRequired), "a blank model results in {:?}", resolution.code);
    } else if runtime(context.case).is_none() {
        ensure!(resolution.code == Some(Code::UnknownRuntime), "an unknown runtime results in {:?}", resolution.code);
    } else {
        let matching = || {
            let provider = |arm: &Arm| context.case.dataset.registry.provider(&arm.provider);
            matching(context.case, resolution.slug).into_iter().filter_map(provider).collect::<Vec<_>>()
        };
        if listing(context.case, resolution.slug).is_empty() {
            let met = |provider: &&&Provider| is_met(context, provider);
            let expected = match matching().as_slice() {
                _ if !withdrawing(context.case, resolution.slug).is_empty() => Some(Code::WithdrawnModel),
                [] => Some(Code::UnregisteredModel),
                several @ [_, _, ..] if several.iter().filter(met).count() != 1 => Some(Code::AmbiguousModel),
                _ => None,
            };
            let found = resolution.code.filter(|_| resolution.provider.is_none());
            ensure!(found == expected, "an id that no arm lists results in {found:?}, not {expected:?}");
        }
        // Names that differ from the runtime must be unknown, unless they are runtimes themselves.
        let mut case = context.case.clone();
        for name in [format!("{} ", context.case.runtime), context.case.runtime.to_uppercase(), String::new()] {
            case.runtime = name;
            if runtime(&case).is_none() && context.implementation.resolve(&case).provider.is_some() {
                return Err(format!("runtime `{}` is unknown, but has a provider", case.runtime));
            }
        }
    }
    Ok(())
}

/// The platform pays only for its own models.
pub(crate) const PLATFORM_IS_CLOSED: Law = Law {
    id: "platform-is-closed",
    statement: "the platform pays only for a model that its own arm lists, or that no arm lists and its own pattern \
                matches",
    check: platform_is_closed,
};

fn platform_is_closed(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    let Some(provider) = resolution.provider else {
        ensure!(resolution.billing.is_none(), "without a provider {:?} pays", resolution.billing);
        return Ok(());
    };
    ensure!(
        resolution.billing.map(|billing| billing == Billing::Platform) == Some(reference::platform_pays(provider)),
        "`{}` is billed to {:?}",
        provider.name,
        resolution.billing
    );
    if resolution.billing != Some(Billing::Platform) {
        return Ok(());
    }
    let listing = listing(context.case, resolution.slug);
    let own = match listing.as_slice() {
        [] => reference::is_matched(provider, resolution.slug.trim()),
        arms => arms.iter().any(|arm| arm.provider == provider.name),
    };
    ensure!(own, "the platform pays for `{}`, which is not its own model", resolution.slug);
    Ok(())
}

/// No provider serves a withdrawn model, and its owner is named.
pub(crate) const WITHDRAWN_IS_CLOSED: Law = Law {
    id: "withdrawn-is-closed",
    statement: "a withdrawn model that no arm lists has no provider, whichever patterns match it; the resolution names \
                the provider of the first arm that withdrew it",
    check: withdrawn_is_closed,
};

fn withdrawn_is_closed(context: &LawContext<'_>) -> Result<(), Violation> {
    let resolution = &context.resolution;
    if resolution.outcome == Outcome::Nothing {
        return Ok(());
    }
    let withdrawing = withdrawing(context.case, resolution.slug);
    let owner = withdrawing.first().filter(|_| listing(context.case, resolution.slug).is_empty());
    let owner = owner.map(|arm| arm.provider.as_str());
    let named = resolution.withdrawn_by.map(|provider| provider.name.as_str());
    ensure!(named == owner, "`{}` is reported as withdrawn by {named:?}, not {owner:?}", resolution.slug);
    ensure!(
        owner.is_none() || (resolution.code, resolution.provider) == (Some(Code::WithdrawnModel), None),
        "the withdrawn `{}` gets {:?}",
        resolution.slug,
        summary_key(resolution)
    );
    Ok(())
}

/// Whitespace around a model changes the slug and not the provider.
pub(crate) const WHITESPACE_TRIMMED: Law = Law {
    id: "whitespace-trimmed",
    statement: "Unicode whitespace around a model changes neither the provider nor the code; zero-width characters are \
                not whitespace",
    check: whitespace_trimmed,
};

fn whitespace_trimmed(context: &LawContext<'_>) -> Result<(), Violation> {
    let document = context.case.dataset.policy.document();
    let Some(name) = context.picked().held_by.filter(|holder| !is_tested(document, holder)) else { return Ok(()) };
    let bare = context.resolution.slug.trim();
    let (_, injected, provider, code) = summary_key(&context.resolution);
    let mut case = context.case.clone();
    for space in [" ", "\u{a0}\t", "\u{2003}\u{85}\n"] {
        let padded = format!("{space}{bare}{space}");
        case.varied(name, Some(&padded), |case| {
            let found = context.implementation.resolve(case);
            ensure!(
                summary_key(&found) == (padded.as_str(), injected, provider, code),
                "surrounding whitespace changes {:?} to {:?}",
                summary_key(&context.resolution),
                summary_key(&found)
            );
            Ok(())
        })?;
    }
    for zero_width in ["\u{200b}", "\u{feff}"] {
        case.varied(name, Some(&format!("{zero_width}{bare}")), |case| {
            let other = LawContext::new(context.implementation, case);
            let (found, expected) = (summary_key(&other.resolution), summary_key(other.reference()));
            ensure!(found == expected, "a zero-width character results in {found:?}, not {expected:?}");
            Ok(())
        })?;
    }
    Ok(())
}

/// A template variant is looked up under the name of its runtime.
pub(crate) const TEMPLATE_DERIVES_AS: Law = Law {
    id: "template-derives-as",
    statement: "a template variant gets the same provider and the same code as its runtime for the same slug",
    check: template_derives_as,
};

fn template_derives_as(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = context.case.dataset.policy.document();
    for (variant, name) in &policy.templates {
        if policy.templates.contains_key(name) {
            continue;
        }
        let mut case = context.case.clone();
        case.runtime.clone_from(variant);
        let mut plain = case.clone();
        plain.runtime.clone_from(name);
        let (found, expected) = (context.implementation.resolve(&case), context.implementation.resolve(&plain));
        // Rules may treat the variant differently.
        if (found.slug, found.injected, found.outcome == Outcome::Nothing)
            != (expected.slug, expected.injected, expected.outcome == Outcome::Nothing)
        {
            continue;
        }
        ensure!(
            found.path != expected.path || summary_key(&found) == summary_key(&expected),
            "`{variant}` resolves to {:?}, but `{name}` to {:?}",
            summary_key(&found),
            summary_key(&expected)
        );
    }
    Ok(())
}

/// The runtime under which the model of a case is looked up, found without the index.
fn runtime(case: &TestCase) -> Option<&Runtime> {
    let name = case.dataset.policy.document().templates.get(&case.runtime).unwrap_or(&case.runtime);
    case.dataset.registry.runtimes().iter().find(|runtime| runtime.name == *name)
}

fn arms(case: &TestCase) -> &[Arm] {
    runtime(case).map_or(&[], |runtime| &runtime.arms)
}

/// Whether the credentials of a case are enough for a provider.
fn is_met(context: &LawContext<'_>, provider: &Provider) -> bool {
    let present: Vec<&str> =
        context.resolution.injected.iter().chain(context.case.ambient.iter().map(String::as_str)).collect();
    reference::is_met(provider, &present)
}

/// The arms that have withdrawn a model, found without the index.
fn withdrawing<'c>(case: &'c TestCase, model: &str) -> Vec<&'c Arm> {
    let positions = case.dataset.model_classes().withdrawing(case.dataset.policy.template_of(&case.runtime), model);
    let arms = arms(case);
    positions.into_iter().map(|position| &arms[position]).collect()
}

/// The arms whose patterns match a model, found without the index.
fn matching<'c>(case: &'c TestCase, model: &str) -> Vec<&'c Arm> {
    let Dataset { registry, policy, .. } = &*case.dataset;
    let model_class = case.dataset.model_classes().model_class(registry, policy.template_of(&case.runtime), model);
    let arms = arms(case);
    model_class.matched.into_iter().map(|position| &arms[position]).collect()
}

/// The arms that list a model, found without the index.
fn listing<'c>(case: &'c TestCase, model: &str) -> Vec<&'c Arm> {
    let positions = case.dataset.model_classes().listing(case.dataset.policy.template_of(&case.runtime), model);
    let arms = arms(case);
    positions.into_iter().map(|position| &arms[position]).collect()
}
