//! Generates what a dataset becomes by a change of its registry and its policy.

use std::sync::Arc;

use slug_resolver::policy::{Condition, InjectMode, Membership, Pick, PickRule, SecretsEffect, Source, Test};
use slug_resolver::registry::{Arm, Pattern};
use slug_resolver::{AuthEnv, Billing, Policy, PolicyDocument, Provider, Registry, RegistryDocument};

use crate::dataset::Dataset;
use crate::generator::{Choices, policy, registry};
use crate::reference::variable_names;

/// The number of choices that [`changed`] draws before a new registry or policy.
const EDITS: usize = 3;

/// A dataset after some edits; now and then with another registry or another policy.
#[must_use]
pub fn changed(dataset: &Dataset, choices: &mut Choices<'_>) -> Arc<Dataset> {
    let mut document = dataset.registry.document();
    let mut rules = dataset.policy.document().clone();
    for _ in 0..EDITS {
        let (kind, at) = (choices.below(4), choices.below(1 << 12));
        let (registry_edit, policy_edit) = (choices.below(12), choices.below(16));
        if kind < 3 {
            let mut edited = document.clone();
            edit_registry(&mut edited, registry_edit, at);
            if Registry::new(edited.clone()).is_ok() {
                document = edited;
            }
        }
        if kind > 1 {
            let mut edited = rules.clone();
            edit_policy(&mut edited, policy_edit, at);
            if Policy::new(edited.clone()).is_ok() {
                rules = edited;
            }
        }
    }
    let (new_registry, new_policy) = (choices.one_in(8), choices.one_in(8));
    let other = Registry::new(document).expect("invalid edits are dropped");
    let other = if new_registry { registry(choices) } else { other };
    let changed = Policy::new(rules).expect("invalid edits are dropped");
    let changed = if new_policy { policy(choices) } else { changed };
    Dataset::new(other, changed)
}

/// The member of a list at a number, counted round.
fn nth<T>(list: &mut [T], at: usize) -> Option<&mut T> {
    let index = at.checked_rem(list.len())?;
    list.get_mut(index)
}

fn nth_arm(document: &mut RegistryDocument, at: usize) -> Option<&mut Arm> {
    let mut arms: Vec<&mut Arm> = document.runtimes.iter_mut().flat_map(|runtime| &mut runtime.arms).collect();
    let index = at.checked_rem(arms.len())?;
    Some(arms.swap_remove(index))
}

/// Makes one edit of a registry, if it applies.
fn edit_registry(document: &mut RegistryDocument, edit: usize, at: usize) {
    let rest = at / 7;
    let provider = |document: &mut RegistryDocument, change: &dyn Fn(&mut Provider)| {
        nth(&mut document.providers, at).into_iter().for_each(change);
    };
    match edit {
        0 => {
            // Withdraws an id.
            let Some(arm) = nth_arm(document, at) else { return };
            if let Some(index) = rest.checked_rem(arm.models.len()) {
                let id = arm.models.remove(index);
                arm.withdrawn_models.push(id);
            }
        }
        1 => {
            let Some(arm) = nth_arm(document, at) else { return };
            if let Some(index) = rest.checked_rem(arm.models.len()) {
                arm.models.remove(index);
            }
        }
        2 => {
            let Some(arm) = nth_arm(document, at) else { return };
            if let Some(index) = rest.checked_rem(arm.withdrawn_models.len()) {
                let id = arm.withdrawn_models.remove(index);
                arm.models.push(id);
            }
        }
        3 => nth_arm(document, at).into_iter().for_each(|arm| arm.models.push("zz".to_owned())),
        4 => provider(document, &|provider| {
            provider.billing = match provider.billing() {
                Billing::Platform => Some(Billing::Byok),
                Billing::Byok => Some(Billing::Platform),
            };
        }),
        5 => provider(document, &|provider| provider.auth_env = AuthEnv::of_items([["KEY_B".to_owned()]])),
        6 => provider(document, &|provider| provider.auth_env = AuthEnv::NONE.clone()),
        7 => provider(document, &|provider| {
            provider.model_prefix_match =
                Pattern::new(if rest.is_multiple_of(2) { "^m" } else { "-1$" }).expect("it is valid");
        }),
        8 => provider(document, &|provider| provider.model_prefix_match = Pattern::none()),
        9 => {
            if let Some(runtime) = nth(&mut document.runtimes, at) {
                runtime.arms.reverse();
            }
        }
        10 => {
            if let Some(runtime) = nth(&mut document.runtimes, at)
                && runtime.arms.len() > 1
            {
                runtime.arms.remove(rest % runtime.arms.len());
            }
        }
        _ => {
            if let Some(runtime) = nth(&mut document.runtimes, at) {
                runtime.name = "studio".to_owned();
            }
        }
    }
}

/// Makes one edit of a policy, if it applies.
fn edit_policy(document: &mut PolicyDocument, edit: usize, at: usize) {
    let texts = |rule: &mut PickRule, change: &dyn Fn(&mut String)| {
        if let Pick::FirstOf(sources) = &mut rule.pick {
            for source in sources {
                if let Source::Text(text) = source {
                    change(text);
                }
            }
        }
    };
    match edit {
        0 => nth(&mut document.model, at).into_iter().for_each(|rule| texts(rule, &|text| *text = "m-2".to_owned())),
        1 => nth(&mut document.model, at).into_iter().for_each(|rule| rule.pick = Pick::Nothing),
        2 => {
            if let Some(index) = at.checked_rem(document.model.len()) {
                document.model.remove(index);
            }
        }
        3 if document.model.len() > 1 => document.model.rotate_left(1),
        4 if document.secrets.len() > 1 => document.secrets.rotate_left(1),
        5 => {
            if let Some(index) = at.checked_rem(document.secrets.len()) {
                document.secrets.remove(index);
            }
        }
        6 => {
            if let Some(rule) = nth(&mut document.secrets, at) {
                rule.effect = match &rule.effect {
                    SecretsEffect::Platform => SecretsEffect::Inject(vec!["KEY_B".to_owned()]),
                    SecretsEffect::Inject(_) => SecretsEffect::Platform,
                };
            }
        }
        7 => {
            document.inject = match document.inject {
                InjectMode::First => InjectMode::Every,
                InjectMode::Every => InjectMode::First,
            };
        }
        8 => drop(document.empty_is_set.pop()),
        9 => {
            let can_be_empty = |name: &&str| *name == "SWITCH" || name.starts_with("KEY_");
            let names = variable_names(document).into_iter().filter(can_be_empty);
            document.empty_is_set = names.map(str::to_owned).collect();
        }
        10 => {
            let on = Test::Value(Membership::OneOf(vec!["off".to_owned()]));
            nth(&mut document.model, at).into_iter().for_each(|rule| {
                if rule.when.variables.iter().all(|(name, _)| name != "SWITCH") {
                    rule.when.variables.push(("SWITCH".to_owned(), on.clone()));
                }
            });
        }
        11 => nth(&mut document.model, at).into_iter().for_each(|rule| drop(rule.when.variables.pop())),
        12 => {
            document.runtimes = if document.runtimes.is_empty() { vec!["agent".to_owned()] } else { Vec::new() };
        }
        13 => document.creates.unless.push(Condition::default().and("SKIP", Test::Set)),
        14 => {
            document.runtime.iter_mut().for_each(|rule| texts(rule, &|text| *text = "studio".to_owned()));
        }
        _ => drop(document.defaults.pop_first()),
    }
}
