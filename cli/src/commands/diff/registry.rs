//! The differences of two registries.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use slug_resolver::{Provider, Registry};

use crate::registry_comparison::{self, ModelState, What};
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

/// For each kind of difference and each name, the runtimes and the provider that the sentence ends with.
type Grouped = BTreeMap<(&'static str, String), BTreeMap<String, String>>;

/// The differences of two registries that can change an answer. Differences of one kind are one line.
pub fn differences(before: &Registry, after: &Registry) -> Vec<RegistryChange> {
    let mut changes = Vec::new();
    let mut grouped = Grouped::new();
    let mut add = |change: &'static str, name: String, runtime: String, provider: String| {
        grouped.entry((change, name)).or_default().insert(runtime, provider);
    };
    let none = String::new;
    for difference in registry_comparison::differences(before, after) {
        if !difference.decides() {
            continue;
        }
        match difference.what {
            What::Provider { provider, only_in: 0 } => add("a provider removed", provider, none(), none()),
            What::Provider { provider, .. } => add("a provider added", provider, none(), none()),
            What::Runtime { runtime, only_in: 0 } => add("a runtime removed", runtime, none(), none()),
            What::Runtime { runtime, .. } => add("a runtime added", runtime, none(), none()),
            What::Arm { runtime, provider, only_in: 0 } => add("no longer a provider", provider, runtime, none()),
            What::Arm { runtime, provider, .. } => add("a new provider", provider, runtime, none()),
            What::Model { runtime, provider, model, states } => add(of_states(states), model, runtime, provider),
            What::First { runtime, model, providers: [_, first] } => add("listed first by", model, runtime, first),
            What::Field { provider, field, .. } => {
                let change = [before, after].map(|registry| registry.provider(&provider));
                if let [Some(before), Some(after)] = change {
                    let change = of_field(before, after, field);
                    changes.push(RegistryChange { change, runtimes: Vec::new(), names: vec![provider] });
                }
            }
        }
    }
    changes.extend(lines(grouped));
    changes
}

/// What has changed for an id that a provider treats in another way.
fn of_states(states: [ModelState; 2]) -> &'static str {
    match states {
        [_, ModelState::Withdrawn] => "withdrawn by",
        [_, ModelState::Listed] => "listed by",
        [ModelState::Withdrawn, ModelState::Absent] => "no longer withdrawn by",
        [_, ModelState::Absent] => "no longer listed by",
    }
}

/// What has changed in a field of a provider that decides.
fn of_field(before: &Provider, after: &Provider, field: &str) -> String {
    match (field, after.model_prefix_match.as_str()) {
        ("auth_env", _) => format!("credentials {} instead of {}", credentials(after), credentials(before)),
        ("billing", _) => format!("paid by {}", if after.is_platform() { "the platform" } else { "the tenant" }),
        (_, "") => "the pattern was removed".to_owned(),
        (_, pattern) => format!("the pattern {}", shown(pattern)),
    }
}

/// Names with one kind of difference, and the providers that it is about.
#[derive(Default)]
struct Named {
    names: Vec<String>,
    providers: BTreeSet<String>,
}

/// One line for the names of one kind of difference on the same runtimes.
fn lines(grouped: Grouped) -> Vec<RegistryChange> {
    let mut by_runtimes: BTreeMap<(&'static str, Vec<String>), Named> = BTreeMap::new();
    for ((change, name), runtimes) in grouped {
        let (runtimes, providers): (Vec<String>, Vec<String>) = runtimes.into_iter().unzip();
        let named = by_runtimes.entry((change, runtimes)).or_default();
        named.names.push(name);
        named.providers.extend(providers);
    }
    let mut changes = Vec::new();
    for ((change, mut runtimes), Named { names, providers }) in by_runtimes {
        runtimes.retain(|runtime| !runtime.is_empty());
        // A provider is named if it is the same for all ids.
        let change = match providers.into_iter().collect::<Vec<_>>().as_slice() {
            [only] => format!("{change} {only}").trim_end().to_owned(),
            _ => change.trim_end_matches(" by").to_owned(),
        };
        changes.push(RegistryChange { change, runtimes, names });
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

#[cfg(test)]
mod tests {
    use slug_resolver::yaml::UnknownFields;

    use super::*;

    const BASE: &str = "schema_version: 1
providers:
  - {name: acme, auth_env: [A], model_prefix_match: ^acme/}
  - {name: zeta, auth_env: [Z]}
runtimes:
  agent: {providers: [{name: acme, models: [m-1, m-2]}, {name: zeta, models: [m-1, z-1]}]}
  coder: {providers: [{name: acme, models: [m-1, m-2]}]}
";

    fn changed(from: &str, to: &str) -> Vec<String> {
        let read = |text: &str| Registry::from_yaml(text.as_bytes(), UnknownFields::Deny).expect("the text is valid");
        differences(&read(BASE), &read(&BASE.replace(from, to))).iter().map(RegistryChange::line).collect()
    }

    #[test]
    fn each_kind_of_difference_is_one_line() {
        for (from, to, lines) in [
            ("m-2]", "m-1]", &["m-2 on agent, coder: no longer listed by acme"][..]),
            ("m-2]", "m-3]", &["m-3 on agent, coder: listed by acme", "m-2 on agent, coder: no longer listed by acme"]),
            ("m-2]}, {", "m-2], withdrawn_models: [m-0]}, {", &["m-0 on agent: withdrawn by acme"]),
            (", {name: zeta, models: [m-1, z-1]}", "", &["zeta on agent: no longer a provider"]),
            ("coder:", "other:", &["other: a runtime added", "coder: a runtime removed"]),
            (
                "[Z]",
                "[[Z, Y]], billing: platform",
                &["zeta: credentials Z with Y instead of Z", "zeta: paid by the platform"],
            ),
            ("name: zeta, auth_env: [Z]", "name: zeta, auth_env: [Z], base_url_template: x", &[]),
        ] {
            assert_eq!(changed(from, to), lines, "{to}");
        }
    }
}
