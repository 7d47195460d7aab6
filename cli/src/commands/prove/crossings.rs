//! The environments in which another vendor's key is sent. They count only if slugproof.yaml denies
//! `cross-vendor-credential`.

use std::collections::{BTreeMap, BTreeSet};

use slug_laws::Dataset;
use slug_laws::enumeration::Enumeration;
use slug_resolver::Warning;
use slug_resolver::empty_keys::resolve;

use crate::config::{Accept, AcceptCode};

/// A smallest environment in which another vendor's key is sent, without an override.
pub struct Crossing {
    /// The runtime.
    pub runtime: String,
    /// The variables that are set, with one value each.
    pub set: BTreeMap<String, String>,
    /// The variable that holds the slug, if any.
    pub slug_in: Option<String>,
    /// The slug.
    pub slug: String,
    /// The provider that gets the keys.
    pub provider: String,
    /// The keys that are sent.
    pub keys: Vec<String>,
    /// The index of the entry of slugproof.yaml that accepts it.
    pub accepted: Option<usize>,
}

/// The crossings of a policy. Accepted and other crossings are minimised separately: an accepted one
/// must not hide another.
pub fn crossings(dataset: &Dataset, enumeration: &Enumeration, accepts: &[&Accept]) -> Vec<Crossing> {
    // The crossings with the same entry, runtime and provider, by the names of their variables.
    type Sets = BTreeMap<BTreeSet<String>, Crossing>;
    let mut found: BTreeMap<(Option<usize>, String, String), Sets> = BTreeMap::new();
    for point in (0..enumeration.len()).filter_map(|number| enumeration.get(number)) {
        if point.overridden || !point.known_runtime {
            continue;
        }
        let case = &point.case;
        let env = case.env();
        let resolution = resolve(&dataset.registry, &case.runtime, &env, &[]);
        let is_crossing = resolution.warnings.contains(Warning::CrossVendorCredential);
        let Some(provider) = resolution.provider.filter(|_| is_crossing) else { continue };
        let is_set = |name: &str| case.variables.contains_key(name);
        let covers =
            |accept: &Accept| accept.covers(dataset.policy.name(), &case.runtime, AcceptCode::CrossVendor, is_set);
        let accepted = accepts.iter().position(|accept| covers(accept));
        let crossing = Crossing {
            runtime: case.runtime.clone(),
            set: case.variables.clone(),
            slug_in: point.slug_in.clone(),
            slug: resolution.slug.to_owned(),
            provider: provider.name.clone(),
            keys: resolution.accepted_by.iter().map(str::to_owned).collect(),
            accepted,
        };
        let sets = found.entry((accepted, case.runtime.clone(), provider.name.clone())).or_default();
        sets.entry(case.variables.keys().cloned().collect()).or_insert(crossing);
    }
    let smallest = |sets: Sets| {
        let names: Vec<BTreeSet<String>> = sets.keys().cloned().collect();
        let is_minimal =
            move |set: &BTreeSet<String>| !names.iter().any(|other| other.len() < set.len() && other.is_subset(set));
        sets.into_iter().filter(move |(set, _)| is_minimal(set)).map(|(_, crossing)| crossing)
    };
    found.into_values().flat_map(smallest).collect()
}
