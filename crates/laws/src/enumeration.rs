//! Bounded-exhaustive enumeration: one test case per equivalence class of inputs.
//!
//! The values of a variable fall into classes that the pipeline cannot distinguish, or
//! that one value can represent. An [`Enumeration`] visits every class of every variable
//! that a decision consults and leaves the others unset: by the law
//! `irrelevant-variables-ignored`, one such case represents all values of the others. One
//! slug represents all slugs of its [model class](crate::model_classes) on the runtime, by
//! the law `model-class-decides`. Each case counts the concrete combinations that it
//! represents; the counts add up to the number of all combinations.
//!
//! An enumeration does not assume that the resolver assigns each slug to the model class
//! that follows from the document: its [slug cases](Enumeration::slug_case) resolve each slug
//! on each runtime. So the cost of the laws grows with the number of model classes, which a
//! thousand more ids of the same providers do not change; each id adds one slug case per
//! runtime.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use slug_resolver::registry::{Arm, Pattern, Runtime, overlap};
use slug_resolver::{Env, Policy, PolicyDocument, Registry, Variable, decide};

use crate::case::TestCase;
use crate::counts::{Counts, OutcomeKind};
use crate::dataset::Dataset;
use crate::reference;
use crate::secret::SET;

/// The numbered test cases of one dataset.
pub struct Enumeration {
    dataset: Arc<Dataset>,
    runtimes: Vec<RuntimeEnumeration>,
    /// One representative of every slug class.
    slugs: Vec<String>,
    /// Runtimes whose patterns are too large to decide which of them overlap.
    undecided: Vec<String>,
    cases: usize,
}

struct RuntimeEnumeration {
    name: String,
    /// True if the registry or the policy names the runtime.
    known: bool,
    /// The model classes of the slugs on this runtime.
    classes: Vec<ClassMembers>,
    /// Each shape with the number of its first case.
    shapes: Vec<(usize, Shape)>,
}

/// The slugs of one model class.
struct ClassMembers {
    /// The index of the first slug, which represents all.
    first: usize,
    /// The number of slugs.
    slugs: usize,
}

/// Cases that differ only in the slug.
struct Shape {
    /// The variable that holds the slug, if any.
    slug_in: Option<String>,
    path: Option<String>,
    keys: Vec<String>,
    /// The number of concrete combinations that each of its slugs represents.
    covers: u128,
}

/// A case of an enumeration.
pub struct TestPoint {
    /// The case.
    pub case: TestCase,
    /// The number of concrete combinations of classes that it represents, including itself.
    pub covers: u128,
    /// The number of slugs that its slug represents, including itself; 1 if no variable holds a slug.
    pub slugs: usize,
    /// True if the override variable is set.
    pub overridden: bool,
    /// True if the registry or the policy names the runtime.
    pub known_runtime: bool,
}

impl Enumeration {
    /// Enumerates a dataset: every runtime that the registry or the policy names, and an unknown one.
    #[must_use]
    pub fn new(dataset: &Arc<Dataset>) -> Self {
        let (slugs, undecided) = slug_classes(&dataset.registry);
        let mut named = runtimes(&dataset.registry, &dataset.policy);
        let mut unknown = "unknown".to_owned();
        while named.contains(&unknown) {
            unknown.push('?');
        }
        named.push(unknown);
        let known = named.len() - 1;
        let mut first_case = 0;
        let mut enumerations = Vec::new();
        for (index, name) in named.into_iter().enumerate() {
            let classes = model_classes(dataset, &name, &slugs);
            let shapes = shapes(dataset, &name, slugs.len()).into_iter().map(|shape| {
                let first = first_case;
                first_case += if shape.slug_in.is_some() { classes.len() } else { 1 };
                (first, shape)
            });
            let shapes = shapes.collect();
            enumerations.push(RuntimeEnumeration { shapes, classes, known: index < known, name });
        }
        Self { dataset: Arc::clone(dataset), runtimes: enumerations, slugs, undecided, cases: first_case }
    }

    /// The runtimes in the order of their cases, each with `true` if the registry or
    /// the policy names it; only the last one is unknown to both.
    pub fn runtimes(&self) -> impl Iterator<Item = (&str, bool)> {
        self.runtimes.iter().map(|runtime| (runtime.name.as_str(), runtime.known))
    }

    /// One representative of every slug class.
    #[must_use]
    pub fn slugs(&self) -> &[String] {
        &self.slugs
    }

    /// Runtimes for which it is undecided which patterns overlap, so that a class of
    /// slugs may lack a representative.
    #[must_use]
    pub fn undecided(&self) -> &[String] {
        &self.undecided
    }

    /// The number of cases.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cases
    }

    /// Always false: an enumeration has at least one case.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of concrete combinations of classes that the cases represent together.
    #[must_use]
    pub fn combinations(&self) -> u128 {
        let slugs = self.slugs.len() as u128 + 1;
        let keys = self.dataset.policy.key_variables().count();
        slugs * slugs * paths(&self.dataset).len() as u128 * (1_u128 << keys) * self.runtimes.len() as u128
    }

    /// The case with a number below [`Enumeration::len`], else `None`.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<TestPoint> {
        if number >= self.cases {
            return None;
        }
        let first_case = |runtime: &RuntimeEnumeration| runtime.shapes.first().map_or(0, |(first, _)| *first);
        let runtime = &self.runtimes[self.runtimes.partition_point(|runtime| first_case(runtime) <= number) - 1];
        let (first, shape) = &runtime.shapes[runtime.shapes.partition_point(|(first, _)| *first <= number) - 1];
        Some(self.point(runtime, shape, number - first))
    }

    /// The number of checks: the cases, then the slug cases.
    #[must_use]
    pub fn checks(&self) -> usize {
        self.len() + self.slug_cases()
    }

    /// The number of slug cases: each slug on each runtime.
    #[must_use]
    pub fn slug_cases(&self) -> usize {
        self.runtimes.len() * self.slugs.len()
    }

    /// The slug case with a number below [`Enumeration::slug_cases`], else `None`: the override
    /// variable requests one slug on one runtime; no other variable is set.
    #[must_use]
    pub fn slug_case(&self, number: usize) -> Option<TestCase> {
        let runtime = self.runtimes.get(number / self.slugs.len())?;
        let slug = &self.slugs[number % self.slugs.len()];
        let mut case = TestCase::new(&self.dataset, &runtime.name);
        case.variables.insert(self.dataset.policy.document().override_var.clone(), slug.clone());
        Some(case)
    }

    /// Resolves every concrete combination of one runtime and one class of the override
    /// variable, and counts the outcomes.
    ///
    /// Class 0 of the override variable is unset; class `n` holds slug `n - 1`. Runtimes are
    /// numbered from 0.
    #[must_use]
    pub fn brute_force(&self, runtime: usize, override_class: usize) -> Counts {
        let Dataset { registry, policy, .. } = &*self.dataset;
        let mut counts = Counts::default();
        let Some(RuntimeEnumeration { name, .. }) = self.runtimes.get(runtime) else { return counts };
        let paths = paths(&self.dataset);
        let class = |number: usize| number.checked_sub(1).map_or("", |index| self.slugs[index].as_str());
        let env = Env::empty(policy).with(Variable::Override, class(override_class));
        for path in &paths {
            let env = env.with(Variable::Path, path.as_deref().unwrap_or_default());
            for model in 0..=self.slugs.len() {
                let env = env.with(Variable::PlatformModel, class(model));
                for mask in 0..1_u128 << policy.key_variables().count() {
                    let set = policy.key_variables().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1);
                    let env = set.fold(env, |env, (_, key)| env.with(key, SET));
                    let decision = decide(registry, name, &env, &[]);
                    counts.add(name, OutcomeKind::of(&decision), 1);
                }
            }
        }
        counts
    }

    fn point(&self, runtime: &RuntimeEnumeration, shape: &Shape, class: usize) -> TestPoint {
        let policy = self.dataset.policy.document();
        let mut case = TestCase::new(&self.dataset, &runtime.name);
        let mut set = |name: &str, value: &str| drop(case.variables.insert(name.to_owned(), value.to_owned()));
        let mut slugs = 1;
        if let Some(variable) = &shape.slug_in {
            set(variable, &self.slugs[runtime.classes[class].first]);
            slugs = runtime.classes[class].slugs;
        }
        if let Some(path) = &shape.path {
            set(&policy.platform.var, path);
        }
        for key in &shape.keys {
            set(key, SET);
        }
        let overridden = shape.slug_in.as_ref() == Some(&policy.override_var);
        TestPoint { case, covers: shape.covers * slugs as u128, slugs, overridden, known_runtime: runtime.known }
    }
}

/// The model classes of the slugs on a runtime, in the order of their first slugs.
///
/// A slug that the policy names is a class of its own: a variable that holds its default
/// counts as unset, and a variable that holds the slug that would be picked without it may
/// be shadowed.
fn model_classes(dataset: &Dataset, runtime: &str, slugs: &[String]) -> Vec<ClassMembers> {
    let template = dataset.policy.template_of(runtime);
    let named = named(dataset.policy.document());
    let mut found: Vec<ClassMembers> = Vec::new();
    let mut by_class: BTreeMap<_, usize> = BTreeMap::new();
    for (first, slug) in slugs.iter().enumerate() {
        let model_class = dataset.model_classes().model_class(&dataset.registry, template, slug);
        match by_class.entry((model_class, named.contains(slug.as_str()).then_some(slug))) {
            Entry::Occupied(entry) => found[*entry.get()].slugs += 1,
            Entry::Vacant(entry) => {
                entry.insert(found.len());
                found.push(ClassMembers { first, slugs: 1 });
            }
        }
    }
    found
}

/// The texts that a policy names as defaults or as models.
fn named(policy: &PolicyDocument) -> BTreeSet<&str> {
    let keyed = policy.dispatch.iter().flat_map(|entry| &entry.keyed).map(|keyed| &keyed.model);
    let dispatched = policy.dispatch.iter().map(|entry| &entry.model);
    let texts = policy.defaults.values().chain([&policy.fallback, &policy.platform.fallback]);
    texts.chain(dispatched).chain(keyed).map(String::as_str).collect()
}

/// The runtimes that the registry or the policy names, without duplicates.
#[must_use]
pub fn runtimes(registry: &Registry, policy: &Policy) -> Vec<String> {
    let policy = policy.document();
    let named = registry.runtimes().iter().map(|runtime| &runtime.name);
    let dispatched = policy.dispatch.iter().flat_map(|entry| &entry.runtimes);
    let mut seen = HashSet::new();
    named.chain(dispatched).chain(policy.templates.keys()).filter(|name| seen.insert(*name)).cloned().collect()
}

/// One representative of every class of slugs: each listed id and alias, a model for each
/// satisfiable set of patterns of a runtime, an id that no arm lists or matches, and a blank.
/// Also returns the runtimes whose overlaps are undecided.
fn slug_classes(registry: &Registry) -> (Vec<String>, Vec<String>) {
    let mut slugs = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |slug: &str| {
        if seen.insert(slug.to_owned()) {
            slugs.push(slug.to_owned());
        }
    };
    let listed = registry.runtimes().iter().flat_map(|runtime| &runtime.arms).flat_map(ids);
    let aliases = registry.providers().iter().flat_map(|provider| &provider.model_aliases);
    listed.chain(aliases).for_each(|id| add(id));
    let mut undecided = Vec::new();
    for runtime in registry.runtimes() {
        // Patterns do not decide about an id that an arm lists or has withdrawn.
        let taken = runtime.arms.iter().flat_map(ids).map(String::as_str).collect();
        let overlaps = overlap::satisfiable_sets(&patterns(registry, runtime), &taken);
        overlaps.witnesses.values().for_each(|id| add(id));
        if !overlaps.complete {
            undecided.push(runtime.name.clone());
        }
    }
    if let Some(id) = unowned(registry) {
        add(&id);
    }
    add(" ");
    (slugs, undecided)
}

/// The ids that an arm lists or has withdrawn.
fn ids(arm: &Arm) -> impl Iterator<Item = &String> {
    arm.models.iter().chain(&arm.withdrawn_models)
}

/// The patterns of the arms of a runtime.
#[must_use]
pub fn patterns<'r>(registry: &'r Registry, runtime: &Runtime) -> Vec<&'r Pattern> {
    let provider = |name: &str| registry.provider(name).map(|provider| &provider.model_prefix_match);
    runtime.arms.iter().filter_map(|arm| provider(&arm.provider)).collect()
}

/// An id that no arm lists and no pattern matches, if one of a few candidates is such an id.
fn unowned(registry: &Registry) -> Option<String> {
    let owned = |id: &str| {
        let lists =
            registry.runtimes().iter().flat_map(|runtime| &runtime.arms).any(|arm| ids(arm).any(|known| known == id));
        lists || registry.providers().iter().any(|provider| reference::is_matched(provider, id))
    };
    (0..16)
        .map(|number| format!("nobody-owns-this-{number}"))
        .chain(["?".to_owned(), "~".to_owned()])
        .find(|id| !owned(id))
}

/// A value of the path variable that does not select the platform path.
fn another_value(platform: &str) -> &'static str {
    if platform == "byok" { "tenant" } else { "byok" }
}

/// The classes of the path variable: unset, the platform's value, any other.
fn paths(dataset: &Dataset) -> [Option<String>; 3] {
    let value = &dataset.policy.document().platform.value;
    [None, Some(value.clone()), Some(another_value(value).to_owned())]
}

fn shapes(dataset: &Dataset, runtime: &str, slugs: usize) -> Vec<Shape> {
    let policy = dataset.policy.document();
    let slug_or_unset = slugs as u128 + 1;
    let all_keys = dataset.policy.key_variables().count();
    let keyed: Vec<&str> = policy
        .dispatch
        .iter()
        .filter(|entry| entry.runtimes.iter().any(|name| name == runtime))
        .flat_map(|entry| &entry.keyed)
        .map(|keyed| keyed.key.as_str())
        .collect();
    let secrets: Vec<&str> = policy.secrets.iter().map(|entry| entry.key.as_str()).collect();

    let mut shapes = Vec::new();
    for path in paths(dataset) {
        let effective = path.as_ref().or_else(|| policy.defaults.get(&policy.platform.var));
        let on_platform = effective == Some(&policy.platform.value);
        for slug_in in [Some(&policy.override_var), None] {
            let overridden = slug_in.is_some();
            let (choosing, injecting): (&[&str], &[&str]) = match (on_platform, overridden) {
                (true, _) => (&[], &[]),
                (false, true) => (&[], &secrets),
                (false, false) => (&keyed, &secrets),
            };
            for class in key_classes(choosing, injecting) {
                let free_keys = all_keys - class.consulted;
                let shape = |slug_in: Option<&String>, covers| Shape {
                    slug_in: slug_in.cloned(),
                    path: path.clone(),
                    keys: class.set.iter().map(|key| (*key).to_owned()).collect(),
                    covers,
                };
                let combinations = 1_u128 << free_keys;
                if on_platform && !overridden {
                    shapes.push(shape(Some(&policy.platform.model), combinations));
                    shapes.push(shape(None, combinations));
                } else {
                    shapes.push(shape(slug_in, combinations * slug_or_unset));
                }
            }
        }
    }
    shapes
}

/// Set and unset keys that select one model and one list of secrets.
struct KeyClass<'k> {
    set: BTreeSet<&'k str>,
    /// The number of keys that the decision reads, set or unset.
    consulted: usize,
}

/// The classes of keys: every possible pair of the first set key, or none, of each of the two lists.
fn key_classes<'k>(choosing: &[&'k str], injecting: &[&'k str]) -> Vec<KeyClass<'k>> {
    let mut classes = Vec::new();
    for first_choosing in 0..=choosing.len() {
        for first_injecting in 0..=injecting.len() {
            let mut set = BTreeSet::new();
            let mut unset = BTreeSet::new();
            for (keys, first) in [(choosing, first_choosing), (injecting, first_injecting)] {
                unset.extend(&keys[..first]);
                set.extend(keys.get(first));
            }
            if set.is_disjoint(&unset) {
                classes.push(KeyClass { consulted: set.len() + unset.len(), set });
            }
        }
    }
    classes
}
