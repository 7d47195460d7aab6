//! Test case reduction: shrinks a failing case to a minimal one that still fails.

use std::collections::BTreeMap;

use slug_resolver::policy::{Condition, Membership, Pick, SecretsEffect, Test};
use slug_resolver::registry::Pattern;
use slug_resolver::{AuthEnv, Policy, PolicyDocument, Provider, Registry, RegistryDocument};

use crate::case::TestCase;
use crate::dataset::Dataset;

/// Reduces a case while `broken` returns true: removes one part at a time, then simplifies the
/// remaining providers.
#[must_use]
pub fn reduce(case: &TestCase, broken: impl Fn(&TestCase) -> bool) -> TestCase {
    let masked = case.masked();
    let mut case = if broken(&masked) { masked } else { case.clone() };
    loop {
        let found = smaller(&case).find(&broken);
        let Some(smaller) = found else { break };
        case = smaller;
    }
    for index in 0..case.dataset.registry.providers().len() {
        for make_plain in [plain_words, plain_pattern] {
            let plainer = with_registry(&case, |document| make_plain(&mut document.providers[index]));
            case = plainer.filter(&broken).unwrap_or(case);
        }
    }
    case
}

/// Every case that lacks one part, in the order of the file. Large parts come first, because
/// removing them leaves fewer parts to try.
fn smaller(case: &TestCase) -> impl Iterator<Item = TestCase> + use<'_> {
    let registries = without_one(case.dataset.registry.document(), registry_parts);
    let registries = registries.filter_map(|document| with_registry(case, |whole| *whole = document));
    let policies = without_one(case.dataset.policy.document().clone(), policy_parts);
    let policies = policies.filter_map(|document| with_policy(case, document));
    registries.chain(policies).chain(without_one(case.clone(), question_parts))
}

fn with_registry(case: &TestCase, edit: impl FnOnce(&mut RegistryDocument)) -> Option<TestCase> {
    let mut document = case.dataset.registry.document();
    edit(&mut document);
    let RegistryDocument { providers, runtimes, .. } = &mut document;
    let exists = |name: &str| providers.iter().any(|provider| provider.name == name);
    runtimes.iter_mut().for_each(|runtime| runtime.arms.retain(|arm| exists(&arm.provider)));
    runtimes.retain(|runtime| !runtime.arms.is_empty());
    let registry = Registry::new(document).ok()?;
    Some(TestCase { dataset: Dataset::new(registry, case.dataset.policy.clone()), ..case.clone() })
}

fn with_policy(case: &TestCase, document: PolicyDocument) -> Option<TestCase> {
    let policy = Policy::new(document).ok()?;
    Some(TestCase { dataset: Dataset::new(case.dataset.registry.clone(), policy), ..case.clone() })
}

fn plain_words(provider: &mut Provider) {
    provider.display_name = None;
    provider.protocol = None;
    provider.auth_mode = None;
}

/// Replaces the pattern by a trivial one.
fn plain_pattern(provider: &mut Provider) {
    provider.model_prefix_match = Pattern::none();
}

/// A collection from which a part can be removed.
trait Parts {
    fn count(&self) -> usize;
    fn remove_part(&mut self, index: usize);
}

impl<T> Parts for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn remove_part(&mut self, index: usize) {
        self.remove(index);
    }
}

impl<V> Parts for BTreeMap<String, V> {
    fn count(&self) -> usize {
        self.len()
    }

    fn remove_part(&mut self, index: usize) {
        if let Some(name) = self.keys().nth(index).cloned() {
            self.remove(&name);
        }
    }
}

impl<T> Parts for Option<T> {
    fn count(&self) -> usize {
        usize::from(self.is_some())
    }

    fn remove_part(&mut self, _index: usize) {
        *self = None;
    }
}

/// The parts are the items.
impl Parts for AuthEnv {
    fn count(&self) -> usize {
        self.items().len()
    }

    fn remove_part(&mut self, index: usize) {
        let kept = self.items().enumerate().filter(|(position, _)| *position != index);
        *self = Self::of_items(kept.map(|(_, item)| item.iter().map(str::to_owned).collect::<Vec<_>>()));
    }
}

/// Visits every collection of a document from which a part can be removed, always in the same order.
type VisitParts<D> = fn(&mut D, &mut dyn FnMut(&mut dyn Parts));

/// For each part of a document, the document without it.
fn without_one<D: Clone>(mut document: D, visit: VisitParts<D>) -> impl Iterator<Item = D> {
    let mut count = 0;
    visit(&mut document, &mut |parts| count += parts.count());
    (0..count).map(move |number| {
        let mut document = document.clone();
        let mut left = Some(number);
        visit(&mut document, &mut |parts| {
            let Some(index) = left else { return };
            left = index.checked_sub(parts.count());
            if left.is_none() {
                parts.remove_part(index);
            }
        });
        document
    })
}

fn registry_parts(document: &mut RegistryDocument, visit: &mut dyn FnMut(&mut dyn Parts)) {
    visit(&mut document.runtimes);
    visit(&mut document.providers);
    for runtime in &mut document.runtimes {
        visit(&mut runtime.arms);
        visit(&mut runtime.display_name);
        for arm in &mut runtime.arms {
            visit(&mut arm.models);
            visit(&mut arm.withdrawn_models);
        }
    }
    for provider in &mut document.providers {
        visit(&mut provider.auth_env);
        visit(&mut provider.model_aliases);
        visit(&mut provider.base_url_template);
        visit(&mut provider.base_url_anthropic);
        visit(&mut provider.auth_token_env);
        visit(&mut provider.upstream_vendor);
        visit(&mut provider.vendor_logo);
        visit(&mut provider.deprecated);
        visit(&mut provider.billing);
    }
}

fn policy_parts(document: &mut PolicyDocument, visit: &mut dyn FnMut(&mut dyn Parts)) {
    visit(&mut document.model);
    visit(&mut document.secrets);
    visit(&mut document.creates.unless);
    visit(&mut document.runtime);
    visit(&mut document.runtimes);
    visit(&mut document.empty_is_set);
    visit(&mut document.defaults);
    visit(&mut document.templates);
    visit(&mut document.harness);
    for rule in document.model.iter_mut().chain(&mut document.runtime) {
        condition_parts(&mut rule.when, visit);
        if let Pick::FirstOf(sources) = &mut rule.pick {
            visit(sources);
        }
    }
    for rule in &mut document.secrets {
        condition_parts(&mut rule.when, visit);
        if let SecretsEffect::Inject(names) = &mut rule.effect {
            visit(names);
        }
    }
    document.creates.unless.iter_mut().for_each(|condition| condition_parts(condition, visit));
}

fn condition_parts(condition: &mut Condition, visit: &mut dyn FnMut(&mut dyn Parts)) {
    visit(&mut condition.runtime);
    visit(&mut condition.variables);
    let membership = condition.runtime.as_mut();
    let tests = condition.variables.iter_mut().filter_map(|(_, test)| match test {
        Test::Value(membership) => Some(membership),
        _ => None,
    });
    for membership in membership.into_iter().chain(tests) {
        match membership {
            Membership::OneOf(texts) | Membership::NoneOf(texts) => visit(texts),
        }
    }
}

fn question_parts(case: &mut TestCase, visit: &mut dyn FnMut(&mut dyn Parts)) {
    visit(&mut case.variables);
    visit(&mut case.ambient);
}
