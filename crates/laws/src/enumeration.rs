//! Every case that matters: the exhaustive engine's list.
//!
//! A variable's values fall into classes that the pipeline cannot tell apart or
//! that one witness stands for. A [`Enumeration`] walks every class of every variable
//! that a decision consults and holds the others unset: the law `irrelevant-variables-ignored` is what
//! makes one such case stand for all values of those others. Of the slugs, one
//! stands for all that have its [model_class](crate::model_classes) on the runtime: the law
//! `model_class-decides` is what makes it do so. How many concrete combinations each
//! case stands for is counted, and the counts add up to the whole product.
//!
//! That a slug has the model_class which the document says is not taken for granted: the
//! [questions](Enumeration::question) of a enumeration ask for each slug on each runtime, one by
//! one. So the laws cost as much as there are model_classes, which a thousand more ids of
//! the same providers do not change, and each id costs one question more.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use slug_resolver::registry::{Pattern, Runtime, overlap};
use slug_resolver::{Env, Policy, PolicyDocument, Registry, Variable, decide};

use crate::case::TestCase;
use crate::counts::{Counts, OutcomeKind};
use crate::dataset::Dataset;
use crate::reference;
use crate::secret::SET;

/// The cases of one dataset, by number.
pub struct Enumeration {
    dataset: Arc<Dataset>,
    runtimes: Vec<RuntimeEnumeration>,
    /// Every slug class, one witness each.
    slugs: Vec<String>,
    /// Runtimes whose patterns were too large to decide which of them overlap.
    undecided: Vec<String>,
    cases: usize,
}

struct RuntimeEnumeration {
    name: String,
    /// Whether the registry or the policy names it.
    known: bool,
    /// The slugs by what the runtime makes of them.
    representatives: Vec<ClassMembers>,
    /// Each shape, and the number of its first case.
    shapes: Vec<(usize, Shape)>,
}

/// Slugs of one model_class.
struct ClassMembers {
    /// The first of them, which stands for all.
    first: usize,
    /// How many they are.
    slugs: usize,
}

/// Cases that differ only in a slug.
struct Shape {
    /// The variable that holds the slug, if one does.
    slug_in: Option<String>,
    path: Option<String>,
    keys: Vec<String>,
    /// Concrete combinations that each of its slugs stands for.
    covers: u128,
}

/// A case of a enumeration.
pub struct TestPoint {
    /// The case.
    pub case: TestCase,
    /// Concrete combinations of classes that it stands for, itself included.
    pub covers: u128,
    /// How many slugs its own stands for, itself included; 1 where no variable holds one.
    pub slugs: usize,
    /// Whether the override variable is set in it.
    pub overridden: bool,
    /// Whether the registry or the policy names its runtime.
    pub known_runtime: bool,
}

impl Enumeration {
    /// Plans a dataset: every runtime that the registry or the policy names, and one that neither does.
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
        let mut point = Vec::new();
        for (index, name) in named.into_iter().enumerate() {
            let representatives = representatives(dataset, &name, &slugs);
            let shapes = shapes(dataset, &name, slugs.len()).into_iter().map(|shape| {
                let first = first_case;
                first_case += if shape.slug_in.is_some() { representatives.len() } else { 1 };
                (first, shape)
            });
            point.push(RuntimeEnumeration { shapes: shapes.collect(), representatives, known: index < known, name });
        }
        Self { dataset: Arc::clone(dataset), runtimes: point, slugs, undecided, cases: first_case }
    }

    /// The runtimes in the order of their cases, each with whether the registry or
    /// the policy names it; the last is one that neither does.
    pub fn runtimes(&self) -> impl Iterator<Item = (&str, bool)> {
        self.runtimes.iter().map(|runtime| (runtime.name.as_str(), runtime.known))
    }

    /// The slug classes, one witness each.
    #[must_use]
    pub fn slugs(&self) -> &[String] {
        &self.slugs
    }

    /// Runtimes for which it could not be decided which patterns overlap, so
    /// that a class of slugs may have no witness.
    #[must_use]
    pub fn undecided(&self) -> &[String] {
        &self.undecided
    }

    /// How many cases there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cases
    }

    /// Whether there is no case; there always is one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many concrete combinations of classes the cases stand for together.
    #[must_use]
    pub fn combinations(&self) -> u128 {
        let slugs = self.slugs.len() as u128 + 1;
        let keys = self.dataset.policy.key_variables().count();
        slugs * slugs * paths(&self.dataset).len() as u128 * (1_u128 << keys) * self.runtimes.len() as u128
    }

    /// The case of a number below [`Enumeration::len`].
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

    /// Everything there is to do: the cases, then the questions.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.len() + self.questions()
    }

    /// How many questions there are: each slug on each runtime.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.runtimes.len() * self.slugs.len()
    }

    /// The question of a number below [`Enumeration::questions`]: one slug asked for on one
    /// runtime, by the override variable and with nothing else set.
    #[must_use]
    pub fn question(&self, number: usize) -> Option<TestCase> {
        let runtime = self.runtimes.get(number / self.slugs.len())?;
        let slug = &self.slugs[number % self.slugs.len()];
        let mut case = TestCase::new(&self.dataset, &runtime.name);
        case.variables.insert(self.dataset.policy.document().override_var.clone(), slug.clone());
        Some(case)
    }

    /// Decides every concrete combination of one runtime in which the override
    /// variable has one of its classes, and counts what they come to.
    ///
    /// Classes are numbered from 0, unset, to the number of slugs; runtimes from 0.
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

    fn point(&self, runtime: &RuntimeEnumeration, shape: &Shape, representatives: usize) -> TestPoint {
        let policy = self.dataset.policy.document();
        let mut case = TestCase::new(&self.dataset, &runtime.name);
        let mut set = |name: &str, value: &str| drop(case.variables.insert(name.to_owned(), value.to_owned()));
        let mut slugs = 1;
        if let Some(variable) = &shape.slug_in {
            set(variable, &self.slugs[runtime.representatives[representatives].first]);
            slugs = runtime.representatives[representatives].slugs;
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

/// The slugs by their model_class on a runtime, in the order of the first of each.
///
/// One that the policy itself names stands for itself alone: a variable that holds its
/// default is as good as unset, and one that holds what would be picked without it may
/// be shadowed.
fn representatives(dataset: &Dataset, runtime: &str, slugs: &[String]) -> Vec<ClassMembers> {
    let template = dataset.policy.template_of(runtime);
    let named = named(dataset.policy.document());
    let mut found: Vec<ClassMembers> = Vec::new();
    let mut by_route: BTreeMap<_, usize> = BTreeMap::new();
    for (first, slug) in slugs.iter().enumerate() {
        let model_class = dataset.model_classes().model_class(&dataset.registry, template, slug);
        match by_route.entry((model_class, named.contains(slug.as_str()).then_some(slug))) {
            Entry::Occupied(entry) => found[*entry.get()].slugs += 1,
            Entry::Vacant(entry) => {
                entry.insert(found.len());
                found.push(ClassMembers { first, slugs: 1 });
            }
        }
    }
    found
}

/// The texts that a policy gives as defaults or as models.
fn named(policy: &PolicyDocument) -> BTreeSet<&str> {
    let keyed = policy.dispatch.iter().flat_map(|entry| &entry.keyed).map(|keyed| &keyed.model);
    let dispatched = policy.dispatch.iter().map(|entry| &entry.model);
    let texts = policy.defaults.values().chain([&policy.fallback, &policy.platform.fallback]);
    texts.chain(dispatched).chain(keyed).map(String::as_str).collect()
}

/// The runtimes that the registry or the policy names, each once.
#[must_use]
pub fn runtimes(registry: &Registry, policy: &Policy) -> Vec<String> {
    let policy = policy.document();
    let named = registry.runtimes().iter().map(|runtime| &runtime.name);
    let dispatched = policy.dispatch.iter().flat_map(|entry| &entry.runtimes);
    let mut seen = HashSet::new();
    named.chain(dispatched).chain(policy.templates.keys()).filter(|name| seen.insert(*name)).cloned().collect()
}

/// One witness for every class of slugs: each listed id and alias, each
/// satisfiable set of patterns of a runtime, an id nobody owns, and a blank.
fn slug_classes(registry: &Registry) -> (Vec<String>, Vec<String>) {
    let mut slugs = Vec::new();
    let mut seen = BTreeSet::new();
    let mut add = |slug: &str| {
        if seen.insert(slug.to_owned()) {
            slugs.push(slug.to_owned());
        }
    };
    let listed = registry.runtimes().iter().flat_map(|runtime| &runtime.arms).flat_map(|arm| &arm.models);
    let aliases = registry.providers().iter().flat_map(|provider| &provider.model_aliases);
    listed.chain(aliases).for_each(|id| add(id));
    let mut undecided = Vec::new();
    for runtime in registry.runtimes() {
        // A listed id would go to the arm that lists it, whatever matches.
        let taken = runtime.arms.iter().flat_map(|arm| &arm.models).map(String::as_str).collect();
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

/// The patterns of a runtime's arms.
#[must_use]
pub fn patterns<'r>(registry: &'r Registry, runtime: &Runtime) -> Vec<&'r Pattern> {
    let provider = |name: &str| registry.provider(name).map(|provider| &provider.model_prefix_match);
    runtime.arms.iter().filter_map(|arm| provider(&arm.provider)).collect()
}

/// An id that nothing lists and nothing matches, where one is easily found.
fn unowned(registry: &Registry) -> Option<String> {
    let owned = |id: &str| {
        let lists = registry
            .runtimes()
            .iter()
            .flat_map(|runtime| &runtime.arms)
            .any(|arm| arm.models.iter().any(|listed| listed == id));
        lists
            || registry.providers().iter().any(|provider| reference::is_found_in(provider.model_prefix_match.hir(), id))
    };
    (0..16)
        .map(|number| format!("nobody-owns-this-{number}"))
        .chain(["?".to_owned(), "~".to_owned()])
        .find(|id| !owned(id))
}

/// A value of the path variable that does not choose the platform path.
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

/// Keys set and unset that lead to one choice of model and one of secrets.
struct KeyClass<'k> {
    set: BTreeSet<&'k str>,
    /// How many keys were looked at, set or not.
    consulted: usize,
}

/// Every way in which the first set key of each of two lists can fall.
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
