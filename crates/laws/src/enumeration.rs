//! Bounded-exhaustive enumeration: one test case per equivalence class of inputs.
//!
//! The values of a variable fall into classes that the pipeline cannot distinguish, or
//! that one value can represent. For each runtime, the module `tree` evaluates the rules of the policy
//! and splits the classes of a variable only where a rule tests it; variables that no rule
//! consulted stay unset: by the law `irrelevant-variables-ignored`, one such case represents all
//! values of the others. One slug represents all slugs of its [model class](crate::model_classes)
//! on the runtime, by the law `model-class-decides`. Each case counts the concrete combinations
//! that it represents; the counts add up to the number of all combinations.
//!
//! An enumeration does not assume that the resolver assigns each slug to the model class
//! that follows from the document: its [slug cases](Enumeration::slug_case) resolve each slug
//! on each runtime. So the cost of the laws grows with the number of model classes, which a
//! thousand more ids of the same providers do not change; each id adds one slug case per
//! runtime.

pub mod certificate;
pub(crate) mod tree;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use slug_resolver::policy::{Pick, Source};
use slug_resolver::registry::{Arm, Pattern, Runtime, overlap};
use slug_resolver::{Env, Policy, PolicyDocument, Registry, decide, empty_keys};

use self::tree::{Budget, ClassMembers, Domain, Group, Leaf, Members};
use crate::case::TestCase;
use crate::counts::{Counts, OutcomeKind};
use crate::dataset::Dataset;
use crate::reference;
use crate::work;

/// The numbered test cases of one dataset.
pub struct Enumeration {
    dataset: Arc<Dataset>,
    /// The variables and the classes of their values.
    domains: Vec<Domain>,
    runtimes: Vec<RuntimeEnumeration>,
    /// One representative of every slug class.
    slugs: Vec<String>,
    /// Runtimes whose patterns are too large to decide which of them overlap.
    undecided: Vec<String>,
    /// Runtimes with too many combinations.
    unexplored: Vec<String>,
    cases: usize,
}

struct RuntimeEnumeration {
    name: String,
    /// True if the registry or the policy names the runtime.
    known: bool,
    /// Each leaf of the decision tree with the number of its first case.
    leaves: Vec<(usize, Leaf)>,
    /// A leaf whose variable can hold any slug.
    probe: Option<usize>,
    /// The part of each case in the work of finding similar ids.
    similar_ids: u64,
}

/// A case of an enumeration.
pub struct TestPoint {
    /// The case.
    pub case: TestCase,
    /// The number of concrete combinations of classes that it represents, including itself.
    pub covers: u128,
    /// The number of slugs that its slug represents, including itself; 1 if no variable holds a slug.
    pub slugs: usize,
    /// The variable that holds the slug, if any.
    pub slug_in: Option<String>,
    /// True if a rule without a condition takes the slug from a variable: an override.
    pub overridden: bool,
    /// True if the registry or the policy names the runtime.
    pub known_runtime: bool,
    /// The part of the case in the work of finding similar ids.
    pub(crate) similar_ids: u64,
}

impl Enumeration {
    /// Enumerates a dataset: every runtime that the registry or the policy names, and an unknown one;
    /// only the runtimes with which the harness is used, if the policy lists them.
    #[must_use]
    pub fn new(dataset: &Arc<Dataset>) -> Self {
        Self::distinguishing(dataset, [])
    }

    /// Enumerates a dataset like [`Enumeration::new`], but each of these slugs is a class of its own, and the other
    /// members of its model class have another representative.
    #[must_use]
    pub fn distinguishing<'s>(dataset: &'s Arc<Dataset>, slugs: impl IntoIterator<Item = &'s str>) -> Self {
        let document = dataset.policy.document();
        let mut named = named(document);
        let distinguished: Vec<&str> = slugs.into_iter().collect();
        named.extend(&distinguished);
        let (slugs, undecided) = slug_classes(dataset, &named, distinguished);
        let domains = tree::domains(&dataset.policy, &slugs);
        let mut runtimes: Vec<(String, bool)> = Vec::new();
        if document.runtimes.is_empty() {
            runtimes.extend(self::runtimes(&dataset.registry, &dataset.policy).into_iter().map(|name| (name, true)));
            let mut unknown = "unknown".to_owned();
            while runtimes.iter().any(|(name, _)| *name == unknown) {
                unknown.push('?');
            }
            runtimes.push((unknown, false));
        } else {
            let mut seen = HashSet::new();
            let distinct = document.runtimes.iter().filter(|name| seen.insert(*name));
            runtimes.extend(distinct.map(|name| (name.clone(), true)));
        }
        let mut first_case = 0;
        let mut enumerations = Vec::new();
        let mut unexplored = Vec::new();
        let count = runtimes.len();
        let mut budget = Budget::DATASET;
        for (index, (name, known)) in runtimes.into_iter().enumerate() {
            let mut classes = Classes::new(dataset, &name, &domains, &named);
            let share = budget.share(count - index);
            let (leaves, spent) = tree::leaves(document, &name, &domains, &mut classes, share);
            budget = budget.minus(spent);
            let Some(leaves) = leaves else {
                unexplored.push(name);
                continue;
            };
            let leaves = leaves.into_iter().map(|leaf| {
                let first = first_case;
                first_case += leaf.members.len().max(1);
                (first, leaf)
            });
            let leaves: Vec<(usize, Leaf)> = leaves.collect();
            let probe = leaves.iter().position(|(_, leaf)| leaf.can_hold_any_slug(&domains));
            // Each slug is compared with the ids once; every case has an equal part of that work, so that the work of a
            // case does not depend on the cases before it.
            let members = leaves.iter().flat_map(|(_, leaf)| leaf.members.iter());
            let distinct: HashSet<&str> = members.map(|members| members.first.as_str()).collect();
            let cases = leaves.iter().map(|(_, leaf)| leaf.members.len().max(1)).sum::<usize>().max(1);
            let similar_ids =
                work::similar_ids(&dataset.registry, &dataset.policy, &name) * distinct.len() as u64 / cases as u64;
            enumerations.push(RuntimeEnumeration { leaves, known, name, probe, similar_ids });
        }
        Self {
            dataset: Arc::clone(dataset),
            domains,
            runtimes: enumerations,
            slugs,
            undecided,
            unexplored,
            cases: first_case,
        }
    }

    /// The dataset.
    #[must_use]
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.dataset
    }

    /// The runtimes in the order of their cases, each with `true` if the registry or the policy
    /// names it.
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

    /// Runtimes on which the rules of the policy distinguish too many environments, so that no case
    /// is about them.
    #[must_use]
    pub fn unexplored(&self) -> &[String] {
        &self.unexplored
    }

    /// The runtimes that have a check with the number `done` or a higher one.
    pub fn unfinished(&self, done: usize) -> impl Iterator<Item = &str> {
        let ends = self.runtimes.iter().skip(1).map(|next| next.leaves.first().map_or(self.cases, |(first, _)| *first));
        let ends = ends.chain([self.cases]);
        let slug_cases = done.saturating_sub(self.cases);
        let runtimes = self.runtimes.iter().zip(ends).enumerate();
        let runtimes =
            runtimes.filter(move |(index, (_, end))| *end > done || (index + 1) * self.slugs.len() > slug_cases);
        runtimes.map(|(_, (runtime, _))| runtime.name.as_str())
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
        let environments: u128 = self.domains.iter().map(|domain| domain.len() as u128).product();
        environments * self.runtimes.len() as u128
    }

    /// The case with a number below [`Enumeration::len`], else `None`.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<TestPoint> {
        if number >= self.cases {
            return None;
        }
        let first_case = |runtime: &RuntimeEnumeration| runtime.leaves.first().map_or(0, |(first, _)| *first);
        let runtime = &self.runtimes[self.runtimes.partition_point(|runtime| first_case(runtime) <= number) - 1];
        let (first, leaf) = &runtime.leaves[runtime.leaves.partition_point(|(first, _)| *first <= number) - 1];
        Some(self.point(runtime, leaf, number - first))
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

    /// The slug case with a number below [`Enumeration::slug_cases`], else `None`: a variable requests
    /// one slug on one runtime, and no other variable is set that need not be. For a policy that takes no
    /// slug from a variable, all slug cases of a runtime are equal.
    #[must_use]
    pub fn slug_case(&self, number: usize) -> Option<TestCase> {
        let runtime = self.runtimes.get(number / self.slugs.len())?;
        let slug = &self.slugs[number % self.slugs.len()];
        let mut case = TestCase::new(&self.dataset, &runtime.name);
        if let Some((_, leaf)) = runtime.probe.map(|probe| &runtime.leaves[probe]) {
            self.set(&mut case, leaf, slug);
        }
        Some(case)
    }

    /// The number of classes of the first variable, for [`Enumeration::brute_force`].
    #[must_use]
    pub fn first_classes(&self) -> usize {
        self.domains.first().map_or(1, Domain::len)
    }

    /// Resolves every concrete combination of one runtime and one class of the first variable, and
    /// counts the outcomes. Runtimes and classes are numbered from 0; others have no combinations.
    #[must_use]
    pub fn brute_force(&self, runtime: usize, first_class: usize) -> Counts {
        let Dataset { registry, policy, .. } = &*self.dataset;
        let mut counts = Counts::default();
        let Some(RuntimeEnumeration { name, .. }) = self.runtimes.get(runtime) else { return counts };
        let (first, others) = match self.domains.split_first() {
            Some((first, others)) => match first.values().nth(first_class) {
                Some(value) => (value.map(|value| (first, value)), others),
                None => return counts,
            },
            None if first_class == 0 => (None, &[][..]),
            None => return counts,
        };
        let mut env = Env::empty(policy);
        if let Some((domain, value)) = first {
            env = domain.variable.map_or(env, |variable| env.with(variable, value));
        }
        let mut open = vec![(env, 0)];
        while let Some((env, depth)) = open.pop() {
            let Some(domain) = others.get(depth) else {
                let outcome = match env.empty_keys().is_empty() {
                    true => OutcomeKind::of(&decide(registry, name, &env, &[]), &[]),
                    false => OutcomeKind::of_resolution(&empty_keys::resolve(registry, name, &env, &[])),
                };
                counts.add(name, outcome, 1);
                continue;
            };
            for value in domain.values() {
                let set = domain.variable.zip(value);
                open.push((set.map_or(env, |(variable, value)| env.with(variable, value)), depth + 1));
            }
        }
        counts
    }

    fn point(&self, runtime: &RuntimeEnumeration, leaf: &Leaf, class: usize) -> TestPoint {
        let mut case = TestCase::new(&self.dataset, &runtime.name);
        let members = leaf.members.get(class);
        self.set(&mut case, leaf, members.map_or("", |members| members.first.as_str()));
        let slugs = members.map_or(1, |members| members.values);
        TestPoint {
            case,
            covers: leaf.covers * slugs as u128,
            slugs,
            slug_in: leaf.slug_in.map(|variable| self.domains[variable].name.clone()),
            overridden: leaf.overridden,
            known_runtime: runtime.known,
            similar_ids: runtime.similar_ids,
        }
    }

    /// Sets the variables of a leaf, with a slug in the variable that holds it.
    fn set(&self, case: &mut TestCase, leaf: &Leaf, slug: &str) {
        for (variable, value) in leaf.set(&self.domains) {
            case.variables.insert(variable.to_owned(), value.to_owned());
        }
        if let Some(variable) = leaf.slug_in {
            case.variables.insert(self.domains[variable].name.clone(), slug.to_owned());
        }
    }
}

/// The model classes of the values of variables on one runtime.
///
/// A slug that the policy names is a class of its own: a variable that holds its default
/// counts as unset, and a variable that holds the slug that would be picked without it may
/// be shadowed.
struct Classes<'d> {
    dataset: &'d Dataset,
    template: &'d str,
    domains: &'d [Domain],
    named: &'d BTreeSet<&'d str>,
    /// By the variable and the classes of its values.
    known: BTreeMap<(usize, Vec<usize>), Members>,
}

impl<'d> Classes<'d> {
    fn new(dataset: &'d Dataset, runtime: &'d str, domains: &'d [Domain], named: &'d BTreeSet<&'d str>) -> Self {
        let template = dataset.policy.template_of(runtime);
        Self { dataset, template, domains, named, known: BTreeMap::new() }
    }

    /// Groups values by their model class, in the order of the first values.
    fn group<'v>(&self, values: impl Iterator<Item = &'v str>) -> Members {
        let mut found: Vec<ClassMembers> = Vec::new();
        let mut by_class: BTreeMap<_, usize> = BTreeMap::new();
        for slug in values {
            let model_classes = self.dataset.model_classes();
            let model_class = model_classes.model_class(&self.dataset.registry, self.template, slug);
            match by_class.entry((model_class, self.named.contains(slug).then_some(slug))) {
                Entry::Occupied(entry) => found[*entry.get()].values += 1,
                Entry::Vacant(entry) => {
                    entry.insert(found.len());
                    found.push(ClassMembers { first: slug.to_owned(), values: 1, class: None });
                }
            }
        }
        found.into()
    }
}

impl Group for Classes<'_> {
    fn members(&mut self, variable: usize, classes: &[usize]) -> Members {
        let key = (variable, classes.to_vec());
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let members = self.group(self.domains[variable].values_of(classes));
        self.known.insert(key, Arc::clone(&members));
        members
    }

    fn relevant(&self, slug: &str) -> BTreeSet<String> {
        let Dataset { registry, .. } = self.dataset;
        let candidates = self.dataset.model_classes().candidates(registry, self.template, slug);
        candidates.into_iter().flat_map(|provider| provider.auth_env.names().iter().cloned()).collect()
    }
}

/// The texts that a policy names as defaults or as models.
fn named(policy: &PolicyDocument) -> BTreeSet<&str> {
    let sources = policy.model.iter().flat_map(|rule| match &rule.pick {
        Pick::Nothing => &[][..],
        Pick::FirstOf(sources) => sources,
    });
    let texts = sources.filter_map(|source| match source {
        Source::Text(text) => Some(text),
        Source::Variable(_) => None,
    });
    policy.defaults.values().chain(texts).map(String::as_str).collect()
}

/// The runtimes that the registry or the policy names, without duplicates.
#[must_use]
pub fn runtimes(registry: &Registry, policy: &Policy) -> Vec<String> {
    let named = registry.runtimes().iter().map(|runtime| runtime.name.as_str());
    let mut seen = HashSet::new();
    named.chain(policy.runtimes()).filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}

/// Representatives of every class of slugs: the distinguished ones, each listed id and alias, a model for each
/// satisfiable set of patterns of a runtime, an id that no arm lists or matches, and a blank. If such a model is
/// named, it represents only itself, so another model of the set is added, if there is one.
/// Also returns the runtimes whose overlaps are undecided.
fn slug_classes(dataset: &Dataset, named: &BTreeSet<&str>, distinguished: Vec<&str>) -> (Vec<String>, Vec<String>) {
    let registry = &dataset.registry;
    let compared: BTreeSet<&str> = tree::compared(dataset.policy.document()).chain(named.iter().copied()).collect();
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
    distinguished.into_iter().for_each(&mut add);
    let mut undecided = Vec::new();
    for runtime in registry.runtimes() {
        // Patterns do not decide about an id that an arm lists or has withdrawn.
        let mut taken: HashSet<&str> = runtime.arms.iter().flat_map(ids).map(String::as_str).collect();
        let patterns = patterns(registry, runtime);
        let overlaps = overlap::satisfiable_sets(&patterns, &taken);
        overlaps.witnesses.values().for_each(|id| add(id));
        if overlaps.witnesses.values().any(|id| compared.contains(id.as_str())) {
            taken.extend(&compared);
            overlap::satisfiable_sets(&patterns, &taken).witnesses.values().for_each(|id| add(id));
        }
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
