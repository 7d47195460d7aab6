//! The differences of two registries.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use slug_resolver::registry::Runtime;
use slug_resolver::{Provider, Registry};

use crate::render::{grouped, shown};

/// One kind of difference, on some runtimes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RegistryChange {
    /// What has changed, in words.
    pub change: String,
    /// The runtimes; empty for a difference of a provider.
    pub runtimes: Vec<String>,
    /// The ids or names, sorted.
    pub names: Vec<String>,
}

/// What a registry says about an id on a runtime: the providers that list it, and the providers that have withdrawn it.
type Entry<'r> = (Vec<&'r str>, Vec<&'r str>);

/// The differences of two registries, as far as they can change an answer.
pub fn differences(before: &Registry, after: &Registry) -> Vec<RegistryChange> {
    let mut changes = of_providers(before, after);
    // The runtimes of each id and the providers, by what has changed.
    let mut by_kind: BTreeMap<&'static str, BTreeMap<&str, Changed<'_>>> = BTreeMap::new();
    let names = |registry: &'_ Registry| registry.runtimes().iter().map(|it| it.name.clone()).collect::<BTreeSet<_>>();
    let (old, new) = (names(before), names(after));
    let gone: Vec<String> = old.difference(&new).cloned().collect();
    let added: Vec<String> = new.difference(&old).cloned().collect();
    for (change, names) in [("a runtime removed", gone), ("a runtime added", added)] {
        if !names.is_empty() {
            changes.push(RegistryChange { change: change.to_owned(), runtimes: Vec::new(), names });
        }
    }
    for runtime in before.runtimes() {
        let Some(other) = after.runtime(&runtime.name) else { continue };
        let (one, two) = (entries(runtime), entries(other));
        let ids: BTreeSet<&str> = one.keys().chain(two.keys()).copied().collect();
        for id in ids {
            let (was, is) = (one.get(id), two.get(id));
            if was != is {
                let (kind, providers) = change(was, is);
                let (runtimes, details) = by_kind.entry(kind).or_default().entry(id).or_default();
                runtimes.insert(&runtime.name);
                details.insert(providers);
            }
        }
        let arms = |runtime: &'_ Runtime| runtime.arms.iter().map(|arm| arm.provider.clone()).collect::<BTreeSet<_>>();
        let (old, new) = (arms(runtime), arms(other));
        for (change, names) in [("lost a provider", old.difference(&new)), ("got a provider", new.difference(&old))] {
            let names: Vec<String> = names.cloned().collect();
            if !names.is_empty() {
                changes.push(RegistryChange { change: change.to_owned(), runtimes: vec![runtime.name.clone()], names });
            }
        }
    }
    for (kind, ids) in by_kind {
        let mut by_runtimes: BTreeMap<BTreeSet<&str>, (Vec<String>, BTreeSet<String>)> = BTreeMap::new();
        for (id, (runtimes, details)) in ids {
            let (names, all) = by_runtimes.entry(runtimes).or_default();
            names.push(id.to_owned());
            all.extend(details);
        }
        for (runtimes, (names, details)) in by_runtimes {
            // Providers are named if they are the same for all ids.
            let change = match details.into_iter().collect::<Vec<_>>().as_slice() {
                [only] => format!("{kind} {only}"),
                _ => kind.trim_end_matches(" by").to_owned(),
            };
            changes.push(RegistryChange { change, runtimes: runtimes.into_iter().map(str::to_owned).collect(), names });
        }
    }
    changes
}

/// The runtimes on which an id changes, and the providers that the change names.
type Changed<'r> = (BTreeSet<&'r str>, BTreeSet<String>);

/// The ids of a runtime.
fn entries(runtime: &Runtime) -> BTreeMap<&str, Entry<'_>> {
    let mut entries: BTreeMap<&str, Entry<'_>> = BTreeMap::new();
    for arm in &runtime.arms {
        arm.models.iter().for_each(|id| entries.entry(id).or_default().0.push(&arm.provider));
        arm.withdrawn_models.iter().for_each(|id| entries.entry(id).or_default().1.push(&arm.provider));
    }
    entries
}

/// What has changed for an id, and the providers that the sentence ends with.
fn change(was: Option<&Entry<'_>>, is: Option<&Entry<'_>>) -> (&'static str, String) {
    let listing = |entry: Option<&Entry<'_>>| entry.map_or(String::new(), |(listing, _)| listing.join(", "));
    let withdrawing =
        |entry: Option<&Entry<'_>>| entry.map_or(String::new(), |(_, withdrawing)| withdrawing.join(", "));
    match (listing(was), listing(is)) {
        (_, new) if new.is_empty() && !withdrawing(is).is_empty() => ("withdrawn by", withdrawing(is)),
        (old, new) if new.is_empty() && !old.is_empty() => ("no longer listed by", old),
        (old, new) if old.is_empty() && !new.is_empty() => ("listed by", new),
        (old, new) if old != new => ("listed by other providers than before:", new),
        (_, new) if new.is_empty() => ("no longer withdrawn by", withdrawing(was)),
        (_, new) => ("listed as before by", new),
    }
}

/// The differences of providers that can change an answer.
fn of_providers(before: &Registry, after: &Registry) -> Vec<RegistryChange> {
    let mut changes = Vec::new();
    let mut add = |change: String, name: &str| {
        changes.push(RegistryChange { change, runtimes: Vec::new(), names: vec![name.to_owned()] });
    };
    for provider in before.providers() {
        let Some(other) = after.provider(&provider.name) else {
            add("a provider removed".to_owned(), &provider.name);
            continue;
        };
        if provider.auth_env != other.auth_env {
            add(format!("credentials {} instead of {}", credentials(other), credentials(provider)), &provider.name);
        }
        if provider.billing() != other.billing() {
            let payer = if other.is_platform() { "the platform" } else { "the tenant" };
            add(format!("paid by {payer}"), &provider.name);
        }
        if provider.model_prefix_match != other.model_prefix_match {
            let pattern = match other.model_prefix_match.as_str() {
                "" => "no pattern any more".to_owned(),
                pattern => format!("the pattern {}", shown(pattern)),
            };
            add(pattern, &provider.name);
        }
    }
    for provider in after.providers().iter().filter(|provider| before.provider(&provider.name).is_none()) {
        add("a provider added".to_owned(), &provider.name);
    }
    changes
}

fn credentials(provider: &Provider) -> String {
    let items = provider.auth_env.items().map(|item| item.iter().collect::<Vec<_>>().join(" with "));
    match items.collect::<Vec<_>>() {
        items if items.is_empty() => "none".to_owned(),
        items => items.join(" or "),
    }
}

/// Maximum names that a line shows.
const NAMES_SHOWN: usize = 3;

impl RegistryChange {
    /// The difference in one line.
    pub fn line(&self) -> String {
        let named: Vec<String> = self.names.iter().take(NAMES_SHOWN).map(|name| shown(name)).collect();
        let more = match self.names.len().saturating_sub(NAMES_SHOWN) {
            0 => String::new(),
            more => format!(" and {} more", grouped(more as u128)),
        };
        let on = match self.runtimes.as_slice() {
            [] => String::new(),
            runtimes => format!(" on {}", runtimes.join(", ")),
        };
        format!("{}{more}{on}: {}", named.join(", "), self.change)
    }
}
