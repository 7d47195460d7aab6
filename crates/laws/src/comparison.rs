//! The exact comparison of two registries and policies: every environment to which they answer differently.
//!
//! The classes of the values of a variable are the common refinement of the classes of both sides: the texts and
//! hosts that either policy names, and the ids and patterns of both registries. The decision tree of the policy
//! before the change is continued by that of the policy after it, so that a path through both is a set of
//! environments in which each side has one answer. Both resolvers answer one environment of each set.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;
use slug_resolver::policy::{Pick, Source, Test};
use slug_resolver::registry::{Pattern, overlap};
use slug_resolver::{Billing, Code, Env, Kind, Policy, PolicyDocument, Registry, RuntimeHandle, empty_keys};

use crate::dataset::Dataset;
use crate::enumeration::tree::{self, ClassList, ClassMembers, Domain, Group, Members};
use crate::enumeration::{patterns, runtimes};
use crate::proof::NAMING;
use crate::secret::SECRET_PLACEHOLDER;

/// The differences between two registries and policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The changes, the smallest environments first.
    pub changes: Vec<Change>,
    /// Why changes may be missing, one sentence each; empty if the comparison is exact.
    pub undecided: BTreeSet<String>,
    /// The number of pairs of answers that were compared.
    pub compared: usize,
}

/// Environments whose answer changes in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The answer before the change.
    pub before: Answer,
    /// The answer after the change.
    pub after: Answer,
    /// A smallest set of variables with this change, with one value each.
    pub variables: BTreeMap<String, String>,
    /// The variable that gives the model, if it does so on both sides, both policies look the model up on the same
    /// runtime, and the registries differ about it there: whether and by whom it is listed, withdrawn or matched. Then
    /// the registry has changed, and not what the policy does with the model.
    pub given_by: Option<String>,
    /// The number of classes of environments with this change.
    pub classes: usize,
}

/// The answer to an environment on one side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Answer {
    /// The runtime; empty if the environment names none, so that a harness that is not given one fails.
    pub runtime: String,
    /// What the harness does.
    pub state: State,
    /// The contradiction, if there is one.
    pub code: Option<Code>,
    /// The provider.
    pub provider: Option<String>,
    /// Who pays the provider.
    pub billing: Option<Payer>,
    /// The slug; one of several, if a variable gives it.
    pub slug: String,
    /// The variable that gives the slug, if one does.
    pub slug_in: Option<String>,
    /// The rule that picks the slug.
    pub rule: Option<String>,
}

/// What a harness does in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The policy is not about the runtime.
    Unused,
    /// It creates nothing.
    Nothing,
    /// It creates a workspace.
    Created,
}

/// Who pays a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Payer {
    /// The platform.
    Platform,
    /// The tenant, with its own key.
    Byok,
}

impl From<Billing> for Payer {
    fn from(billing: Billing) -> Self {
        match billing {
            Billing::Platform => Self::Platform,
            Billing::Byok => Self::Byok,
        }
    }
}

/// What is compared of an answer: state, code, provider and payer.
pub type AnswerKey<'a> = (State, Option<Code>, Option<&'a str>, Option<Payer>);

impl Answer {
    /// What is compared; another slug of the same provider counts as the same answer.
    #[must_use]
    pub fn key(&self) -> AnswerKey<'_> {
        (self.state, self.code, self.provider.as_deref(), self.billing)
    }

    /// The answer of a dataset to an environment.
    #[must_use]
    pub fn of(dataset: &Dataset, runtime: &str, variables: &BTreeMap<String, String>) -> Self {
        let Dataset { registry, policy, .. } = dataset;
        let mut answer = Self {
            runtime: runtime.to_owned(),
            state: State::Unused,
            code: None,
            provider: None,
            billing: None,
            slug: String::new(),
            slug_in: None,
            rule: None,
        };
        if !is_used(policy, runtime) {
            return answer;
        }
        let env = Env::read(policy, variables.iter().map(|(name, value)| (name, value.as_str())));
        let resolution = empty_keys::resolve(registry, runtime, &env, &[]);
        if resolution.verdict == Kind::Nothing {
            answer.state = State::Nothing;
            return answer;
        }
        answer.state = State::Created;
        answer.code = resolution.code;
        answer.provider = resolution.provider.map(|provider| provider.name.clone());
        answer.billing = resolution.provider.map(|provider| provider.billing().into());
        answer.slug = resolution.slug.to_owned();
        answer.rule = resolution.rule.map(str::to_owned);
        answer
    }
}

/// Compares the answers of two datasets to every environment.
#[must_use]
pub fn compare(before: &Arc<Dataset>, after: &Arc<Dataset>) -> Comparison {
    let mut comparison = Comparison::default();
    if before == after {
        return comparison;
    }
    let sides = Sides { before, after };
    let renames = sides.changed_runtimes(&mut comparison);
    let mut found = Found::new();
    for name in sides.runtimes() {
        sides.compare([&name, &name], None, &mut comparison, &mut found);
    }
    for ((one, other), environments) in renames {
        for fixed in environments {
            sides.compare([&one, &other], Some(&fixed), &mut comparison, &mut found);
        }
    }
    comparison.changes = found.into_values().collect();
    comparison.changes.sort_by(|one, other| one.sort_key().cmp(&other.sort_key()));
    comparison
}

impl Change {
    /// The smallest environments first; a blank value is the last example that a reader wants.
    fn sort_key(&self) -> impl Ord + use<'_> {
        let is_blank = self.variables.values().any(|value| value.trim().is_empty());
        (self.variables.len(), is_blank, &self.variables, Reverse(&self.before), Reverse(&self.after))
    }
}

/// Returns true if a policy is about a runtime, or no runtime is named.
pub(crate) fn is_used(policy: &Policy, runtime: &str) -> bool {
    let listed = &policy.document().runtimes;
    listed.is_empty() || runtime.is_empty() || listed.iter().any(|name| name == runtime)
}

/// The changes by what distinguishes them.
type Found = BTreeMap<ChangeKey, Change>;

/// The answers of a change, with their slugs if no variable gives them; and the variable that gives a model about
/// which the registries differ.
type ChangeKey = (Answer, Answer, Option<String>);

struct Sides<'d> {
    before: &'d Arc<Dataset>,
    after: &'d Arc<Dataset>,
}

/// Pairs of different runtimes that one environment names before and after the change, with the variables that
/// name them.
type Renames = BTreeMap<(String, String), Vec<BTreeMap<String, String>>>;

impl Sides<'_> {
    fn each(&self) -> [&Dataset; 2] {
        [self.before, self.after]
    }

    /// The runtimes that a side is about; one that neither names if a side is about every runtime.
    fn runtimes(&self) -> Vec<String> {
        let listed: Vec<&String> =
            self.each().into_iter().flat_map(|dataset| &dataset.policy.document().runtimes).collect();
        let is_open = self.each().into_iter().any(|dataset| dataset.policy.document().runtimes.is_empty());
        self.names().into_iter().filter(|name| is_open || listed.contains(&name)).collect()
    }

    /// Every runtime that either side names, and one that neither names.
    fn names(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut named = Vec::new();
        for Dataset { registry, policy, .. } in self.each() {
            let names = runtimes(registry, policy).into_iter().chain(policy.document().runtimes.iter().cloned());
            named.extend(names.filter(|name| seen.insert(name.clone())));
        }
        let mut unknown = "unknown".to_owned();
        while seen.contains(&unknown) {
            unknown.push('?');
        }
        named.push(unknown);
        named
    }

    /// The environments that name different runtimes before and after the change.
    fn changed_runtimes(&self, comparison: &mut Comparison) -> Renames {
        let mut renames = Renames::new();
        let [one, other] = self.each().map(|dataset| dataset.policy.document());
        let names = self.runtime_variables();
        let of = |document: &PolicyDocument| -> Vec<(Option<String>, bool)> {
            let default = |name: &String| document.defaults.get(name).cloned();
            names.iter().map(|name| (default(name), document.empty_is_set.contains(name))).collect()
        };
        let are_absent = one.runtime.is_empty() && other.runtime.is_empty();
        if are_absent || (one.runtime == other.runtime && of(one) == of(other)) {
            return renames;
        }
        let mut environments = vec![BTreeMap::new()];
        for name in &names {
            let mut values: Vec<String> = self.texts(name).into_iter().chain(self.names()).collect();
            if [one, other].iter().any(|document| document.empty_is_set.contains(name)) {
                values.push(String::new());
            }
            values.sort();
            values.dedup();
            let set = |env: &BTreeMap<String, String>, value: &String| {
                let mut env = env.clone();
                env.insert(name.clone(), value.clone());
                env
            };
            let more: Vec<_> =
                environments.iter().flat_map(|env| values.iter().map(move |value| set(env, value))).collect();
            environments.extend(more);
            if environments.len() > NAMING {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                comparison.undecided.insert(format!(
                    "the rules for the runtime changed, and {} have more than {NAMING} combinations of values",
                    names.join(", ")
                ));
                return renames;
            }
        }
        for env in environments {
            let named = self.each().map(|dataset| runtime_or_none(&dataset.policy, &env));
            if let [Some(one), Some(other)] = named
                && one != other
            {
                renames.entry((one, other)).or_default().push(env);
            }
        }
        renames
    }

    /// The variables that rules for the runtime read on either side.
    fn runtime_variables(&self) -> BTreeSet<String> {
        let names = |policy: &Policy| -> Vec<String> {
            policy.runtime_variables().map(|variable| policy.variable_name(variable).to_owned()).collect()
        };
        self.each().into_iter().flat_map(|dataset| names(&dataset.policy)).collect()
    }

    /// The texts and hosts that either policy compares a variable with, as values.
    fn texts(&self, name: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for Dataset { policy, .. } in self.each() {
            let Some(variable) = policy.variable(name) else { continue };
            let classes = policy.value_classes(variable);
            texts.extend(classes.texts);
            texts.extend(classes.hosts.iter().map(|host| format!("https://{}/", host.to_lowercase())));
        }
        texts
    }

    /// Adds the changes between one runtime before and one after the change. With `naming`, only those in
    /// environments in which the variables that name the runtime have these values, and no others are set.
    fn compare(
        &self,
        runtimes: [&str; 2],
        naming: Option<&BTreeMap<String, String>>,
        comparison: &mut Comparison,
        found: &mut Found,
    ) {
        let space = Space::new(self, runtimes, naming);
        let other = runtimes[1];
        if !space.is_complete {
            comparison.undecided.insert(format!(
                "the patterns of runtime `{other}` are too large to decide which ids both registries match"
            ));
        }
        let Some(paths) = space.paths() else {
            comparison.undecided.insert(format!("the rules for runtime `{other}` distinguish too many environments"));
            return;
        };
        for path in paths {
            space.compare(&path, comparison, found);
        }
    }
}

/// The environments of one runtime before and one after the change.
struct Space<'s> {
    sides: &'s Sides<'s>,
    /// The runtime on each side.
    runtimes: [&'s str; 2],
    /// The same variables and classes, as each policy sees them.
    domains: [Vec<Domain>; 2],
    /// For each class of each variable, whether the registries differ about its values as models.
    differing: Vec<Vec<bool>>,
    /// The classes of the environments to compare.
    start: Vec<ClassList>,
    /// The variables that name the runtimes, with their values, if these are fixed.
    naming: Option<&'s BTreeMap<String, String>>,
    /// False if it is not known which patterns match a common id.
    is_complete: bool,
}

/// Environments in which each side has one answer for each value of the variable that gives its slug.
struct Joint {
    classes: Vec<ClassList>,
    /// The variable that holds the slug on each side.
    slug_in: [Option<usize>; 2],
}

impl<'s> Space<'s> {
    fn new(sides: &'s Sides<'s>, runtimes: [&'s str; 2], naming: Option<&'s BTreeMap<String, String>>) -> Self {
        let models = Models::new(sides, runtimes);
        let mut names: Vec<&str> = Vec::new();
        let documents = sides.each().map(|dataset| dataset.policy.document());
        for name in documents.into_iter().flat_map(tree::read) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let fixed = naming.map(|values| (values, sides.runtime_variables()));
        let (mut domains, mut differing, mut start) = ([Vec::new(), Vec::new()], Vec::new(), Vec::new());
        for name in names {
            let (mut classes, mut differs) = models.classes(name);
            start.push(match &fixed {
                Some((values, fixed)) if fixed.contains(name) => match values.get(name) {
                    None => [0].into(),
                    Some(value) => {
                        // The class of this value alone.
                        let is_differing =
                            differs.iter().zip(&classes).any(|(differs, class)| *differs && class.contains(value));
                        classes.push(vec![value.clone()]);
                        differs.push(is_differing);
                        [classes.len()].into()
                    }
                },
                _ => (0..=classes.len()).collect(),
            });
            differing.push([vec![false], differs].concat());
            for (domains, dataset) in domains.iter_mut().zip(sides.each()) {
                domains.push(Domain::new(&dataset.policy, name, classes.clone()));
            }
        }
        let is_complete = models.is_complete;
        Self { sides, runtimes, domains, differing, start, naming, is_complete }
    }

    /// The environments that neither policy distinguishes, or `None` if there are too many.
    fn paths(&self) -> Option<Vec<Joint>> {
        let mut paths = vec![Joint { classes: self.start.clone(), slug_in: [None, None] }];
        for (side, dataset) in self.sides.each().into_iter().enumerate() {
            let Dataset { registry, policy, .. } = dataset;
            if !is_used(policy, self.runtimes[side]) {
                continue;
            }
            let domains = &self.domains[side];
            let handle = registry.handle(policy.template_of(self.runtimes[side]));
            let mut models = ByClass { domains, handle, known: HashMap::new() };
            let mut next = Vec::new();
            for path in paths {
                let leaves =
                    tree::leaves_of(policy.document(), self.runtimes[side], domains, &mut models, path.classes)?;
                for leaf in leaves {
                    let mut slug_in = path.slug_in;
                    slug_in[side] = leaf.slug_in;
                    next.extend(leaf.disjoint().into_iter().map(|classes| Joint { classes, slug_in }));
                }
                if next.len() > PATHS {
                    return None;
                }
            }
            paths = next;
        }
        Some(paths)
    }

    /// Adds the changes in some environments.
    fn compare(&self, path: &Joint, comparison: &mut Comparison, found: &mut Found) {
        let naming = self.naming.cloned().unwrap_or_default();
        let base: BTreeMap<String, String> = naming.into_iter().chain(self.variables(path)).collect();
        let [one, other] = path.slug_in;
        let classes = |held: Option<usize>| -> Vec<Option<(usize, usize)>> {
            held.map_or(vec![None], |held| path.classes[held].iter().map(|class| Some((held, *class))).collect())
        };
        if one == other || one.is_none() || other.is_none() {
            for class in classes(one.or(other)) {
                let env = self.with(&base, &[class]);
                self.add([self.answer(0, &env, one), self.answer(1, &env, other)], env, class, comparison, found);
            }
            return;
        }
        // Two variables give the slugs, so that each answer depends on one of them.
        let distinct = |side: usize, held: Option<usize>| {
            let mut distinct: BTreeMap<Answer, Option<(usize, usize)>> = BTreeMap::new();
            for class in classes(held) {
                let mut answer = self.answer(side, &self.with(&base, &[class]), held);
                answer.slug.clear();
                distinct.entry(answer).or_insert(class);
            }
            distinct.into_values()
        };
        for first in distinct(0, one) {
            for second in distinct(1, other) {
                let env = self.with(&base, &[first, second]);
                self.add([self.answer(0, &env, one), self.answer(1, &env, other)], env, None, comparison, found);
            }
        }
    }

    /// The variables that are set in the first environment of a path.
    fn variables(&self, path: &Joint) -> Vec<(String, String)> {
        let value = |(domain, classes): (&Domain, &ClassList)| {
            Some((domain.name.clone(), domain.value(*classes.first()?)?.to_owned()))
        };
        self.domains[1].iter().zip(&path.classes).filter_map(value).collect()
    }

    /// The environment with values of some classes.
    fn with(&self, base: &BTreeMap<String, String>, held: &[Option<(usize, usize)>]) -> BTreeMap<String, String> {
        let mut env = base.clone();
        for (variable, class) in held.iter().flatten() {
            let domain = &self.domains[1][*variable];
            match domain.value(*class) {
                Some(value) => drop(env.insert(domain.name.clone(), value.to_owned())),
                None => drop(env.remove(&domain.name)),
            }
        }
        env
    }

    fn answer(&self, side: usize, env: &BTreeMap<String, String>, held: Option<usize>) -> Answer {
        let answer = Answer::of(self.sides.each()[side], self.runtimes[side], env);
        let is_given = |name: &str| answer.state == State::Created && env.get(name) == Some(&answer.slug);
        let slug_in = held.map(|held| self.domains[side][held].name.clone()).filter(|name| is_given(name));
        Answer { slug_in, ..answer }
    }

    /// Adds a pair of answers, if they differ and an environment names their runtime.
    fn add(
        &self,
        [before, after]: [Answer; 2],
        variables: BTreeMap<String, String>,
        held: Option<(usize, usize)>,
        comparison: &mut Comparison,
        found: &mut Found,
    ) {
        comparison.compared += 1;
        if before.key() == after.key() {
            return;
        }
        if self.naming.is_none() && !self.can_name_runtime([&before, &after], &variables) {
            return;
        }
        let is_unused = before.state == State::Unused || after.state == State::Unused;
        let slugs = [&before.slug_in, &after.slug_in];
        let is_given = slugs.iter().any(|name| name.is_some()) && (is_unused || slugs[0] == slugs[1]);
        let given_by = held
            .filter(|(held, class)| is_given && (is_unused || self.differing[*held][*class]))
            .map(|(held, _)| self.domains[1][held].name.clone());
        // Another rule of a policy may pick one model for the same reason.
        let without_slug = |answer: &Answer| match answer.slug_in {
            Some(_) => Answer { slug: String::new(), ..answer.clone() },
            None => answer.clone(),
        };
        let key = (without_slug(&before), without_slug(&after), given_by.clone());
        match found.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert(Change { before, after, variables, given_by, classes: 1 })),
            Entry::Occupied(entry) => {
                let known = entry.into_mut();
                known.classes += 1;
                if variables.len() < known.variables.len() {
                    *known = Change { before, after, variables, given_by, classes: known.classes };
                }
            }
        }
    }

    /// Returns true if an environment that names the runtime on both sides, or leaves it open, has these answers:
    /// a variable may decide both the runtime and the model.
    fn can_name_runtime(&self, answers: [&Answer; 2], variables: &BTreeMap<String, String>) -> bool {
        let naming = self.sides.runtime_variables();
        if !self.domains[0].iter().any(|domain| naming.contains(&domain.name)) {
            return true;
        }
        let mut environments = vec![variables.clone()];
        for name in naming {
            let others =
                [None, Some(String::new()), Some(self.runtimes[0].to_owned()), Some(SECRET_PLACEHOLDER.to_owned())];
            let values: Vec<_> = self.sides.texts(&name).into_iter().map(Some).chain(others).collect();
            let with = |env: &BTreeMap<String, String>, value: &Option<String>| {
                let mut env = env.clone();
                match value {
                    Some(value) => drop(env.insert(name.clone(), value.clone())),
                    None => drop(env.remove(&name)),
                }
                env
            };
            let more: Vec<_> =
                environments.iter().flat_map(|env| values.iter().map(move |value| with(env, value))).collect();
            environments.extend(more);
            if environments.len() > NAMING {
                return true;
            }
        }
        environments.iter().any(|env| {
            let is_kept = |side: usize| {
                let dataset = self.sides.each()[side];
                let named = runtime_of(&dataset.policy, env);
                named.is_none_or(|runtime| runtime == self.runtimes[side])
                    && Answer::of(dataset, self.runtimes[side], env).key() == answers[side].key()
            };
            is_kept(0) && is_kept(1)
        })
    }
}

/// The runtime that the rules of a policy pick, if it has such rules and one applies.
#[must_use]
pub fn runtime_of(policy: &Policy, variables: &BTreeMap<String, String>) -> Option<String> {
    let env = Env::read(policy, variables.iter().map(|(name, value)| (name, value.as_str())));
    env.runtime().filter(|_| !policy.document().runtime.is_empty()).map(str::to_owned)
}

/// The runtime that an environment names, or an empty text if the policy has rules for the runtime and none applies.
pub(crate) fn runtime_or_none(policy: &Policy, variables: &BTreeMap<String, String>) -> Option<String> {
    let has_rules = !policy.document().runtime.is_empty();
    runtime_of(policy, variables).or_else(|| has_rules.then(String::new))
}

/// Maximum number of sets of environments of one runtime.
const PATHS: usize = 1_000_000;

/// The models that variables can give on one runtime before and one after the change.
struct Models<'s> {
    sides: &'s Sides<'s>,
    /// Ids that both registries together distinguish.
    ids: Vec<String>,
    standings: [Standings<'s>; 2],
    /// True if both policies look models up on the same runtime of the registry.
    is_one_runtime: bool,
    is_complete: bool,
}

/// What the registry of one side says about ids on a runtime.
struct Standings<'s> {
    handle: Option<RuntimeHandle<'s>>,
    listed: HashSet<&'s str>,
}

/// What a registry says about an id on a runtime: whether it has the runtime, the providers that list or match the
/// id, whether any lists it, the provider that has withdrawn it, and whether it is blank.
type Standing<'s> = (bool, Vec<&'s str>, bool, Option<&'s str>, bool);

impl<'s> Standings<'s> {
    fn new(registry: &'s Registry, runtime: &str) -> Self {
        let handle = registry.handle(runtime);
        let arms = handle.iter().flat_map(|handle| &handle.runtime().arms);
        Self { listed: arms.flat_map(|arm| &arm.models).map(String::as_str).collect(), handle }
    }

    fn of(&self, id: &str) -> Standing<'s> {
        let is_blank = id.trim().is_empty();
        let Some(handle) = &self.handle else { return (false, Vec::new(), false, None, is_blank) };
        let candidates = handle.candidates(id).into_iter().map(|provider| provider.name.as_str()).collect();
        let withdrawn_by = handle.withdrawn_by(id).map(|provider| provider.name.as_str());
        (true, candidates, self.listed.contains(id.trim()), withdrawn_by, is_blank)
    }
}

impl<'s> Models<'s> {
    fn new(sides: &'s Sides<'s>, [one, other]: [&'s str; 2]) -> Self {
        let [before, after] = sides.each();
        let templates = [before.policy.template_of(one), after.policy.template_of(other)];
        let registries = [&before.registry, &after.registry];
        let standings = [0, 1].map(|side| Standings::new(registries[side], templates[side]));
        let known = || standings.iter().filter_map(|side| side.handle.as_ref().map(RuntimeHandle::runtime));
        let arms = known().flat_map(|runtime| &runtime.arms);
        let mut seen = HashSet::new();
        let listed = arms.flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models));
        let mut ids: Vec<String> = listed.filter(|id| seen.insert(id.as_str())).cloned().collect();
        let mut found: Vec<&Pattern> = Vec::new();
        for (registry, standing) in registries.into_iter().zip(&standings) {
            let runtime = standing.handle.as_ref().map(RuntimeHandle::runtime);
            for pattern in runtime.into_iter().flat_map(|runtime| patterns(registry, runtime)) {
                if !pattern.is_none() && !found.contains(&pattern) {
                    found.push(pattern);
                }
            }
        }
        // A URL may be a model, too.
        let hosts: Vec<Pattern> = sides.hosts_of_slugs().iter().filter_map(|host| Pattern::new(host).ok()).collect();
        found.extend(&hosts);
        let overlaps = overlap::satisfiable_sets(&found, &seen);
        ids.extend(overlaps.witnesses.into_values());
        ids.push(" ".to_owned());
        // Without a variable that gives the model, patterns match no more than the texts of the policies.
        let documents = sides.each().map(|dataset| dataset.policy.document());
        let is_open = documents.into_iter().flat_map(tree::slug_variables).next().is_some();
        let is_one_runtime = templates[0] == templates[1];
        Self { sides, ids, standings, is_one_runtime, is_complete: overlaps.complete || !is_open }
    }

    /// The classes of the values of a variable, and for each whether the registries differ about its values as
    /// models.
    fn classes(&self, name: &str) -> (Vec<Vec<String>>, Vec<bool>) {
        let policies = self.sides.each().map(|dataset| &dataset.policy);
        let reading = || policies.into_iter().filter_map(|policy| Some((policy, policy.variable(name)?)));
        let is_key = reading().all(|(policy, variable)| policy.is_key(variable));
        let tests: Vec<&Test> =
            policies.into_iter().flat_map(|policy| tree::tests_of(policy.document(), name)).collect();
        let gives_slug =
            policies.into_iter().any(|policy| tree::slug_variables(policy.document()).any(|slug| slug == name));
        let mut named: Vec<String> = Vec::new();
        let mut add = |value: String| {
            if !named.contains(&value) {
                named.push(value);
            }
        };
        if is_key {
            add(SECRET_PLACEHOLDER.to_owned());
        }
        if reading().any(|(policy, variable)| policy.is_set_if_empty(variable)) {
            add(String::new());
        }
        if is_key {
            let differs = vec![false; named.len()];
            return (named.into_iter().map(|value| vec![value]).collect(), differs);
        }
        let texts = || {
            tests.iter().flat_map(|test| match test {
                Test::Value(membership) => membership.texts(),
                _ => &[],
            })
        };
        texts().for_each(|text| add(text.clone()));
        let hosts: Vec<&Test> = tests.iter().copied().filter(|test| matches!(test, Test::Host(_))).collect();
        for host in &hosts {
            let Test::Host(host) = host else { continue };
            let mut url = format!("https://{}/", host.to_lowercase());
            while texts().any(|text| *text == url) {
                url.push('-');
            }
            add(url);
        }
        if !gives_slug {
            add(tree::other_value(&tests));
            let differs = vec![false; named.len()];
            return (named.into_iter().map(|value| vec![value]).collect(), differs);
        }
        let differs = |value: &str| self.is_one_runtime && self.standings[0].of(value) != self.standings[1].of(value);
        let mut differing: Vec<bool> = named.iter().map(|value| differs(value)).collect();
        let mut classes: Vec<Vec<String>> = named.iter().map(|value| vec![value.clone()]).collect();
        // A test compares the whole text, and a registry ignores white space around it.
        let spaced = named.iter().filter(|value| !value.trim().is_empty()).map(|value| format!("{value} "));
        let mut by_class = BTreeMap::new();
        for value in self.ids.iter().cloned().chain(spaced).filter(|value| !named.contains(value)) {
            let standings = [self.standings[0].of(&value), self.standings[1].of(&value)];
            let on: Vec<bool> = hosts.iter().map(|host| host.holds(Some(&value))).collect();
            let is_same = standings[0] == standings[1];
            let class = *by_class.entry((standings, on)).or_insert_with(|| {
                classes.push(Vec::new());
                differing.push(self.is_one_runtime && !is_same);
                classes.len() - 1
            });
            classes[class].push(value);
        }
        (classes, differing)
    }
}

impl Sides<'_> {
    /// Patterns of the URLs with each host that either policy compares a variable with, if that variable can give
    /// the slug.
    fn hosts_of_slugs(&self) -> BTreeSet<String> {
        let mut hosts = BTreeSet::new();
        let documents = self.each().map(|dataset| dataset.policy.document());
        let slugs: BTreeSet<&str> = documents.into_iter().flat_map(tree::slug_variables).collect();
        for name in slugs {
            for test in documents.into_iter().flat_map(|document| tree::tests_of(document, name)) {
                if let Test::Host(host) = test {
                    hosts.insert(url_pattern(host));
                }
            }
        }
        hosts
    }
}

/// A pattern of the URLs with a host, as [`slug_resolver::policy::Test::Host`] reads them.
fn url_pattern(host: &str) -> String {
    let literal: String = host.chars().map(|c| if "-_".contains(c) { c.to_string() } else { escaped(c) }).collect();
    let port = if host.starts_with('[') { r"[^/?#\\@]*" } else { r"(?::[^/?#\\@]*)?" };
    format!(r"^[A-Za-z0-9+.-]+://(?:[^/?#\\]*@)?(?i:{literal}){port}(?:[/?#\\]|$)")
}

fn escaped(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!(r"\{c}") }
}

/// Groups the values of a variable by their class.
struct ByClass<'s> {
    domains: &'s [Domain],
    handle: Option<RuntimeHandle<'s>>,
    known: HashMap<(usize, Vec<usize>), Members>,
}

impl Group for ByClass<'_> {
    fn members(&mut self, variable: usize, classes: &[usize]) -> Members {
        let member = |class: usize| {
            let domain = &self.domains[variable];
            let first = domain.value(class).unwrap_or_default().to_owned();
            ClassMembers { first, values: domain.members(class), class: Some(class) }
        };
        let known = self.known.get(&(variable, classes.to_vec())).cloned();
        let members = known.unwrap_or_else(|| classes.iter().copied().map(member).collect());
        self.known.insert((variable, classes.to_vec()), Arc::clone(&members));
        members
    }

    fn relevant(&self, slug: &str) -> BTreeSet<String> {
        let candidates = self.handle.iter().flat_map(|handle| handle.candidates(slug));
        candidates.flat_map(|provider| provider.auth_env.names().iter().cloned()).collect()
    }
}

/// The texts that a policy picks as models, with the rule and the source of each.
pub fn picked_texts(policy: &Policy) -> impl Iterator<Item = (usize, usize, &str)> {
    let rules = policy.document().model.iter().enumerate();
    rules.flat_map(|(rule, model)| {
        let sources = match &model.pick {
            Pick::Nothing => &[][..],
            Pick::FirstOf(sources) => sources,
        };
        sources.iter().enumerate().filter_map(move |(source, text)| match text {
            Source::Text(text) => Some((rule, source, text.as_str())),
            Source::Variable(_) => None,
        })
    })
}
