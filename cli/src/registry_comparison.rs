//! What two registries say differently, as plain data.
//!
//! A comparison is about what decides a resolution, or where its requests go: runtimes, providers, their
//! credentials, payers, patterns and endpoints, and the ids that each arm serves or has withdrawn. Order counts
//! only where it decides: among the arms that list one id. Names and logos for people do not count.

use std::collections::BTreeSet;

use slug_resolver::registry::{Arm, Runtime};
use slug_resolver::yaml::FieldPath;
use slug_resolver::{Billing, Provider, Registry};

/// A difference between two registries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub what: What,
    /// The place in each registry; in a registry that lacks the subject, the place where it would be.
    pub places: [FieldPath; 2],
}

/// What differs between two registries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Only one registry has the runtime.
    Runtime {
        /// The name of the runtime.
        runtime: String,
        /// The index of the registry that has it.
        only_in: usize,
    },
    /// Only one registry has the provider.
    Provider {
        /// The name of the provider.
        provider: String,
        /// The index of the registry that has it.
        only_in: usize,
    },
    /// A field of a provider has another value.
    Field {
        /// The name of the provider.
        provider: String,
        /// The name of the field.
        field: &'static str,
        /// The value in each registry; `None` for an absent one.
        values: [Option<String>; 2],
    },
    /// Only one registry has the provider among the arms of a runtime, although both have the provider and
    /// the runtime.
    Arm {
        /// The name of the runtime.
        runtime: String,
        /// The name of the provider.
        provider: String,
        /// The index of the registry that has the arm.
        only_in: usize,
    },
    /// An arm treats an id in another way.
    Model {
        /// The name of the runtime.
        runtime: String,
        /// The name of the provider.
        provider: String,
        /// The id.
        model: String,
        /// What the arm of each registry does with the id.
        states: [ModelState; 2],
    },
    /// Several arms list an id, and another one of them comes first.
    First {
        /// The name of the runtime.
        runtime: String,
        /// The id.
        model: String,
        /// The provider of the first arm in each registry.
        providers: [String; 2],
    },
}

/// What an arm does with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModelState {
    /// It lists the id.
    Listed,
    /// It has withdrawn the id.
    Withdrawn,
    /// It does not name the id.
    Absent,
}

/// The differences between two registries, by subject: providers, then runtimes, in declared order.
#[must_use]
pub fn differences(first: &Registry, second: &Registry) -> Vec<Difference> {
    let both = [first, second];
    let mut found = Vec::new();
    for provider in union(both, |registry| registry.providers().iter().map(|it| it.name.as_str()).collect()) {
        found.extend(of_provider(both, provider));
    }
    for runtime in union(both, |registry| registry.runtimes().iter().map(|it| it.name.as_str()).collect()) {
        found.extend(of_runtime(both, runtime));
    }
    found
}

/// The names of both registries, those of the first one first.
fn union<'r>(both: [&'r Registry; 2], names: impl Fn(&'r Registry) -> Vec<&'r str>) -> Vec<&'r str> {
    let [mut all, second] = both.map(names);
    let known: BTreeSet<&str> = all.iter().copied().collect();
    all.extend(second.into_iter().filter(|name| !known.contains(name)));
    all
}

/// The place of a provider, or of the list that lacks it.
fn provider_at(registry: &Registry, name: &str) -> FieldPath {
    let providers = FieldPath::default().key("providers");
    match registry.providers().iter().position(|provider| provider.name == name) {
        Some(index) => providers.index(index).key("name"),
        None => providers,
    }
}

/// The place of a runtime, or of the mapping that lacks it.
fn runtime_at(registry: &Registry, name: &str) -> FieldPath {
    let runtimes = FieldPath::default().key("runtimes");
    if registry.runtime(name).is_some() { runtimes.key(name) } else { runtimes }
}

/// The place of an arm, or of the runtime that lacks it.
fn arm_at(registry: &Registry, runtime: &str, provider: &str) -> FieldPath {
    let at = runtime_at(registry, runtime);
    let arms = registry.runtime(runtime).map_or(&[][..], |runtime| &runtime.arms);
    match arms.iter().position(|arm| arm.provider == provider) {
        Some(index) => at.key("providers").index(index),
        None => at,
    }
}

/// The index of the only registry that has something.
fn only_in(has: [bool; 2]) -> Option<usize> {
    match has {
        [true, false] => Some(0),
        [false, true] => Some(1),
        _ => None,
    }
}

fn of_provider(both: [&Registry; 2], name: &str) -> Vec<Difference> {
    let places = || both.map(|registry| provider_at(registry, name));
    let found = both.map(|registry| registry.provider(name));
    if let Some(only_in) = only_in(found.map(|provider| provider.is_some())) {
        let what = What::Provider { provider: name.to_owned(), only_in };
        return vec![Difference { what, places: places() }];
    }
    let [Some(first), Some(second)] = found else { return Vec::new() };
    let fields = fields(first).into_iter().zip(fields(second)).filter(|((_, one), (_, other))| one != other);
    let difference = |((field, one), (_, other)): ((&'static str, Option<String>), (_, Option<String>))| Difference {
        what: What::Field { provider: name.to_owned(), field, values: [one, other] },
        places: both.map(|registry| {
            let index = registry.providers().iter().position(|it| it.name == name).unwrap_or_default();
            FieldPath::default().key("providers").index(index).key(field)
        }),
    };
    fields.map(difference).collect()
}

/// The fields of a provider that decide a resolution. The others only say where its requests go, and how.
const DECIDING: [&str; 3] = ["auth_env", "billing", "model_prefix_match"];

/// The fields of a provider that decide a resolution or where its requests go, in an order-independent form.
fn fields(provider: &Provider) -> [(&'static str, Option<String>); 9] {
    let pattern = &provider.model_prefix_match;
    let protocol = provider.protocol.map(|protocol| format!("{protocol:?}").to_lowercase());
    [
        ("auth_env", Some(credentials(provider))),
        ("billing", Some(if provider.billing() == Billing::Platform { "platform" } else { "byok" }.to_owned())),
        ("model_prefix_match", (!pattern.is_none()).then(|| pattern.as_str().to_owned())),
        ("auth_mode", provider.auth_mode.clone()),
        ("protocol", protocol),
        ("base_url_template", provider.base_url_template.clone()),
        ("base_url_anthropic", provider.base_url_anthropic.clone()),
        ("auth_token_env", provider.auth_token_env.clone()),
        ("deprecated", provider.deprecated.filter(|is| *is).map(|_| "true".to_owned())),
    ]
}

/// The credentials of a provider, sorted: neither the order of the items nor that in a group decides.
fn credentials(provider: &Provider) -> String {
    let item = |names: Vec<&str>| match names.as_slice() {
        [only] => (*only).to_owned(),
        names => format!("[{}]", names.join(", ")),
    };
    let sorted = |mut names: Vec<&'_ str>| {
        names.sort_unstable();
        item(names)
    };
    let items: BTreeSet<String> = provider.auth_env.items().map(|item| sorted(item.iter().collect())).collect();
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(", "))
}

fn of_runtime(both: [&Registry; 2], name: &str) -> Vec<Difference> {
    let found = both.map(|registry| registry.runtime(name));
    if let Some(only_in) = only_in(found.map(|runtime| runtime.is_some())) {
        let what = What::Runtime { runtime: name.to_owned(), only_in };
        return vec![Difference { what, places: both.map(|registry| runtime_at(registry, name)) }];
    }
    let [Some(first), Some(second)] = found else { return Vec::new() };
    let mut differences = Vec::new();
    let later = second.arms.iter().filter(|arm| arm_of(first, &arm.provider).is_none());
    for Arm { provider, .. } in first.arms.iter().chain(later) {
        let arms = [first, second].map(|runtime| arm_of(runtime, provider));
        // A provider that only one registry has is one difference, with all its arms.
        let is_known = both.iter().all(|registry| registry.provider(provider).is_some());
        match (only_in(arms.map(|arm| arm.is_some())), arms) {
            (Some(only_in), _) if is_known => {
                let what = What::Arm { runtime: name.to_owned(), provider: provider.clone(), only_in };
                let places = both.map(|registry| arm_at(registry, name, provider));
                differences.push(Difference { what, places });
            }
            (None, [Some(one), Some(other)]) => differences.extend(of_arms(both, name, [one, other])),
            _ => {}
        }
    }
    differences.extend(of_order(both, [first, second]));
    differences
}

fn arm_of<'r>(runtime: &'r Runtime, provider: &str) -> Option<&'r Arm> {
    runtime.arms.iter().find(|arm| arm.provider == provider)
}

/// The ids that two arms of one provider treat differently.
fn of_arms(both: [&Registry; 2], runtime: &str, arms: [&Arm; 2]) -> Vec<Difference> {
    let listed = arms.map(|arm| arm.models.iter().map(String::as_str).collect::<BTreeSet<_>>());
    let withdrawn = arms.map(|arm| arm.withdrawn_models.iter().map(String::as_str).collect::<BTreeSet<_>>());
    let state = |index: usize, id: &str| match (listed[index].contains(id), withdrawn[index].contains(id)) {
        (true, _) => ModelState::Listed,
        (false, true) => ModelState::Withdrawn,
        (false, false) => ModelState::Absent,
    };
    let place = |index: usize, id: &str| {
        let arm = arm_at(both[index], runtime, &arms[index].provider);
        let at = |ids: &[String], field: &str| {
            ids.iter().position(|other| other == id).map(|position| arm.clone().key(field).index(position))
        };
        let listed = at(&arms[index].models, "models");
        listed.or_else(|| at(&arms[index].withdrawn_models, "withdrawn_models")).unwrap_or_else(|| arm.key("models"))
    };
    let ids = arms.iter().flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models));
    let mut seen = BTreeSet::new();
    let ids = ids.map(String::as_str).filter(|id| seen.insert(*id));
    let difference = |id: &str| {
        let states = [state(0, id), state(1, id)];
        let what = What::Model {
            runtime: runtime.to_owned(),
            provider: arms[0].provider.clone(),
            model: id.to_owned(),
            states,
        };
        (states[0] != states[1]).then(|| Difference { what, places: [place(0, id), place(1, id)] })
    };
    ids.filter_map(difference).collect()
}

/// The ids that the same arms list in both registries, in another order.
fn of_order(both: [&Registry; 2], runtimes: [&Runtime; 2]) -> Vec<Difference> {
    let listing = |runtime: &Runtime, id: &str| -> Vec<String> {
        let arms = runtime.arms.iter().filter(|arm| arm.models.iter().any(|model| model == id));
        arms.map(|arm| arm.provider.clone()).collect()
    };
    let order = |runtime: &Runtime| runtime.arms.iter().map(|arm| arm.provider.clone()).collect::<Vec<_>>();
    if order(runtimes[0]) == order(runtimes[1]) {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let ids = runtimes[0].arms.iter().flat_map(|arm| &arm.models).filter(|id| !seen.insert(id.as_str()));
    let ids: BTreeSet<&str> = ids.map(String::as_str).collect();
    let difference = |id: &str| {
        let [one, other] = runtimes.map(|runtime| listing(runtime, id));
        let is_same_set = BTreeSet::from_iter(&one) == BTreeSet::from_iter(&other);
        let (first, second) = (one.first()?.clone(), other.first()?.clone());
        let name = &runtimes[0].name;
        (is_same_set && first != second).then(|| Difference {
            places: [arm_at(both[0], name, &first), arm_at(both[1], name, &second)],
            what: What::First { runtime: name.clone(), model: id.to_owned(), providers: [first, second] },
        })
    };
    ids.into_iter().filter_map(difference).collect()
}

impl Difference {
    /// Returns true if the difference may change a resolution, not only where its requests go.
    #[must_use]
    pub fn decides(&self) -> bool {
        !matches!(&self.what, What::Field { field, .. } if !DECIDING.contains(field))
    }

    /// Returns true if the difference may change what a model resolves to on a runtime of the registries.
    #[must_use]
    pub fn concerns(&self, both: [&Registry; 2], runtime: &str, model: &str) -> bool {
        let model = model.trim();
        match &self.what {
            What::Runtime { runtime: other, .. } => other == runtime,
            _ if !self.decides() => false,
            What::Provider { provider, .. } | What::Field { provider, .. } => {
                both.iter().any(|registry| may_serve(registry, runtime, model, provider))
            }
            What::Arm { runtime: other, provider, .. } => {
                other == runtime && both.iter().any(|registry| may_serve(registry, runtime, model, provider))
            }
            What::Model { runtime: other, model: id, .. } | What::First { runtime: other, model: id, .. } => {
                other == runtime && id == model
            }
        }
    }

    /// Returns true if the difference may change what some model resolves to on a runtime.
    #[must_use]
    pub fn touches(&self, both: [&Registry; 2], runtime: &str) -> bool {
        match &self.what {
            _ if !self.decides() => false,
            What::Provider { provider, .. } | What::Field { provider, .. } => both
                .iter()
                .any(|registry| registry.runtime(runtime).is_some_and(|runtime| arm_of(runtime, provider).is_some())),
            What::Runtime { runtime: other, .. }
            | What::Arm { runtime: other, .. }
            | What::Model { runtime: other, .. }
            | What::First { runtime: other, .. } => other == runtime,
        }
    }
}

/// Returns true if a provider could serve a model, or has withdrawn it.
fn may_serve(registry: &Registry, runtime: &str, model: &str, provider: &str) -> bool {
    registry.handle(runtime).is_some_and(|handle| {
        let candidates = handle.candidates(model);
        candidates.iter().copied().chain(handle.withdrawn_by(model)).any(|candidate| candidate.name == provider)
    })
}

#[cfg(test)]
mod tests {
    use slug_resolver::yaml::UnknownFields;

    use super::*;

    fn registry(yaml: &str) -> Registry {
        let text = format!("schema_version: 1\n{yaml}");
        Registry::from_yaml(text.as_bytes(), UnknownFields::Deny).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    const BASE: &str = "providers:
  - {name: acme, auth_env: [A, [B, C]], model_prefix_match: ^acme/}
  - {name: zeta, auth_env: [Z]}
runtimes:
  agent: {providers: [{name: acme, models: [m-1, m-2]}, {name: zeta, models: [m-1, z-1]}]}
  coder: {providers: [{name: zeta, models: [z-1]}]}
";

    fn changed(from: &str, to: &str) -> Vec<What> {
        assert!(BASE.contains(from), "{from}");
        let changed = differences(&registry(BASE), &registry(&BASE.replacen(from, to, 1)));
        changed.into_iter().map(|difference| difference.what).collect()
    }

    #[test]
    fn what_decides_nothing_is_no_difference() {
        for (from, to) in [
            ("[A, [B, C]]", "[[C, B], A]"),
            ("auth_env: [Z]", "auth_env: [Z], billing: byok"),
            ("auth_env: [Z]", "auth_env: [Z], display_name: Zeta, vendor_logo: z, billing: null"),
            ("[m-1, m-2]", "[m-2, m-1]"),
            ("[m-1, m-2]", "[m-1, m-2, m-1]"),
            ("models: [z-1]}]", "models: [z-1], withdrawn_models: null}], display_name: Coder"),
        ] {
            assert_eq!(changed(from, to), [], "{to}");
        }
    }

    #[test]
    fn each_kind_of_difference_is_found() {
        let [agent, acme, zeta] = ["agent", "acme", "zeta"].map(str::to_owned);
        let field = |provider: &str, field, one: Option<&str>, other: Option<&str>| What::Field {
            provider: provider.to_owned(),
            field,
            values: [one, other].map(|value| value.map(str::to_owned)),
        };
        let model = |provider: &str, model: &str, states| What::Model {
            runtime: "agent".to_owned(),
            provider: provider.to_owned(),
            model: model.to_owned(),
            states,
        };
        use ModelState::{Absent, Listed, Withdrawn};
        for (from, to, expected) in [
            ("[Z]", "[Y]", field("zeta", "auth_env", Some("[Z]"), Some("[Y]"))),
            ("[A, [B, C]]", "[A, B, C]", field("acme", "auth_env", Some("[A, [B, C]]"), Some("[A, B, C]"))),
            ("[Z]", "[Z], billing: platform", field("zeta", "billing", Some("byok"), Some("platform"))),
            ("^acme/", "^acme", field("acme", "model_prefix_match", Some("^acme/"), Some("^acme"))),
            (", model_prefix_match: ^acme/", "", field("acme", "model_prefix_match", Some("^acme/"), None)),
            ("[m-1, m-2]", "[m-1]", model("acme", "m-2", [Listed, Absent])),
            ("[m-1, z-1]", "[m-1], withdrawn_models: [z-1]", model("zeta", "z-1", [Listed, Withdrawn])),
            ("[m-1, m-2]", "[m-1, m-2], withdrawn_models: [m-0]", model("acme", "m-0", [Absent, Withdrawn])),
            (
                "[{name: acme, models: [m-1, m-2]}, {name: zeta, models: [m-1, z-1]}]",
                "[{name: zeta, models: [m-1, z-1]}, {name: acme, models: [m-1, m-2]}]",
                What::First {
                    runtime: agent.clone(),
                    model: "m-1".to_owned(),
                    providers: [acme.clone(), zeta.clone()],
                },
            ),
            (", {name: zeta, models: [m-1, z-1]}", "", What::Arm { runtime: agent, provider: zeta, only_in: 0 }),
            (
                "  coder: {providers: [{name: zeta, models: [z-1]}]}\n",
                "",
                What::Runtime { runtime: "coder".to_owned(), only_in: 0 },
            ),
            (
                "runtimes",
                "  - {name: new, auth_env: []}\nruntimes",
                What::Provider { provider: "new".to_owned(), only_in: 1 },
            ),
        ] {
            assert_eq!(changed(from, to), [expected], "{to}");
        }
    }

    #[test]
    fn reordered_arms_do_not_differ() {
        let one = registry(&BASE.replace("[m-1, z-1]", "[z-1]"));
        let other = registry(&BASE.replace("[m-1, z-1]", "[z-1]").replace(
            "[{name: acme, models: [m-1, m-2]}, {name: zeta, models: [z-1]}]",
            "[{name: zeta, models: [z-1]}, {name: acme, models: [m-1, m-2]}]",
        ));
        assert_eq!(differences(&one, &other), []);
    }
}
