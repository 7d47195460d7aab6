//! The decision tree of a policy on one runtime.
//!
//! A path through the tree keeps, for each variable, the classes of values that are still
//! possible. A test that holds for some of them and not for others splits the path. A leaf is
//! reached when the slug, the secrets and whether something is created are decided.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use slug_resolver::policy::{Condition, InjectMode, Pick, SecretsEffect, SecretsRule, Source, Test};
use slug_resolver::{Policy, PolicyDocument, Variable};

use crate::reference;
use crate::secret::SECRET_PLACEHOLDER;

/// A variable and the classes of its values, as one policy sees them. Class 0 is unset.
#[derive(Clone)]
pub(crate) struct Domain {
    pub(crate) name: String,
    /// The variable, if the policy reads it.
    pub(crate) variable: Option<Variable>,
    /// The values of each class but the first; an empty text is the value of an empty variable.
    classes: Vec<Vec<String>>,
    /// True if the variable can hold any slug; the last class has the slugs that no rule names.
    holds_slugs: bool,
    /// The default.
    default: Option<String>,
    /// True if the policy counts an empty value as set.
    is_set_if_empty: bool,
    /// True if the variable is a key, so that an empty value holds no credential.
    is_key: bool,
}

impl Domain {
    /// A variable with these classes of values, as a policy sees them.
    pub(crate) fn new(policy: &Policy, name: &str, classes: Vec<Vec<String>>) -> Self {
        let document = policy.document();
        Self {
            name: name.to_owned(),
            variable: policy.variable(name),
            classes,
            holds_slugs: false,
            default: document.defaults.get(name).cloned(),
            is_set_if_empty: document.empty_is_set.iter().any(|known| known == name),
            is_key: policy.variable(name).is_some_and(|variable| policy.is_key(variable)),
        }
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        1 + self.classes.iter().map(Vec::len).sum::<usize>()
    }

    /// The values, the first of which is unset.
    pub(crate) fn values(&self) -> impl Iterator<Item = Option<&str>> {
        [None].into_iter().chain(self.classes.iter().flatten().map(|value| Some(value.as_str())))
    }

    /// The number of classes.
    pub(crate) fn classes(&self) -> usize {
        1 + self.classes.len()
    }

    /// The class of the slugs that no rule names, if the variable can hold any slug.
    pub(crate) fn models(&self) -> Option<usize> {
        self.holds_slugs.then_some(self.classes.len())
    }

    /// The number of values of a class.
    pub(crate) fn members(&self, class: usize) -> usize {
        class.checked_sub(1).map_or(1, |class| self.classes[class].len())
    }

    /// The values of some classes, without unset.
    pub(crate) fn values_of(&self, classes: &[usize]) -> impl Iterator<Item = &str> {
        let set = classes.iter().filter_map(|class| class.checked_sub(1));
        set.flat_map(|class| &self.classes[class]).map(String::as_str)
    }

    /// A value of a class; `None` for unset.
    pub(crate) fn value(&self, class: usize) -> Option<&str> {
        self.classes[class.checked_sub(1)?].first().map(String::as_str)
    }

    /// The value that a rule sees for a class: the default if the variable is unset.
    fn seen(&self, class: usize) -> Option<&str> {
        if self.is_unset(class) { self.default.as_deref() } else { self.value(class) }
    }

    /// Returns true if a class means that the variable is unset.
    fn is_unset(&self, class: usize) -> bool {
        self.value(class).is_none_or(|value| value.is_empty() && !self.is_set_if_empty)
    }

    /// Returns true if a class means that the variable is a key which counts as set and is empty.
    fn is_empty_key(&self, class: usize) -> bool {
        self.is_key && self.is_set_if_empty && self.value(class) == Some("")
    }
}

/// The variables that rules for the model, the secrets and the creation read.
pub(crate) fn domains(policy: &Policy, slugs: &[String]) -> Vec<Domain> {
    let document = policy.document();
    let holds_slug: BTreeSet<&str> = slug_variables(document).collect();
    let domain = |name: &str| {
        let variable = policy.variable(name).expect("the policy reads the variable");
        let mut named: Vec<String> = Vec::new();
        let mut add = |value: String| {
            if !named.contains(&value) {
                named.push(value);
            }
        };
        let is_key = policy.is_key(variable);
        if is_key {
            add(SECRET_PLACEHOLDER.to_owned());
        }
        if document.empty_is_set.iter().any(|known| known == name) {
            add(String::new());
        }
        if !is_key {
            let tests: Vec<&Test> = tests_of(document, name).collect();
            for test in &tests {
                if let Test::Value(membership) = test {
                    membership.texts().iter().for_each(|text| add(text.clone()));
                }
            }
            for test in &tests {
                if let Test::Host(host) = test {
                    add(format!("https://{}/", host.to_lowercase()));
                }
            }
            if !holds_slug.contains(name) {
                add(other_value(&tests));
            }
        }
        let mut classes: Vec<Vec<String>> = named.iter().map(|value| vec![value.clone()]).collect();
        let others: Vec<String> = slugs.iter().filter(|slug| !named.contains(slug)).cloned().collect();
        let holds_slugs = holds_slug.contains(name) && !others.is_empty();
        if holds_slugs {
            classes.push(others);
        }
        Domain { holds_slugs, ..Domain::new(policy, name, classes) }
    };
    read(document).into_iter().map(domain).collect()
}

/// The texts that the rules for the model, the secrets and the creation compare variables with.
pub(crate) fn compared(document: &PolicyDocument) -> impl Iterator<Item = &str> {
    let tests = conditions(document).flat_map(|condition| condition.variables.iter().map(|(_, test)| test));
    let texts = tests.filter_map(|test| match test {
        Test::Value(membership) => Some(membership.texts()),
        Test::Host(_) | Test::Set | Test::Unset => None,
    });
    texts.flatten().map(String::as_str)
}

/// The variables that rules for the model, the secrets and the creation read, in the order of the policy.
pub(crate) fn read(document: &PolicyDocument) -> Vec<&str> {
    let read: BTreeSet<&str> = conditions(document)
        .flat_map(|condition| condition.variables.iter().map(|(name, _)| name.as_str()))
        .chain(document.secrets.iter().filter_map(|rule| rule.key.as_deref()))
        .chain(slug_variables(document))
        .collect();
    reference::variable_names(document).into_iter().filter(|name| read.contains(name)).collect()
}

/// The tests of a variable in the rules for the model, the secrets and the creation.
pub(crate) fn tests_of<'d>(document: &'d PolicyDocument, name: &str) -> impl Iterator<Item = &'d Test> {
    let tests = conditions(document).flat_map(|condition| &condition.variables);
    tests.filter(move |(tested, _)| tested == name).map(|(_, test)| test)
}

/// A value for which no test of the variable names a text or a host.
pub(crate) fn other_value(tests: &[&Test]) -> String {
    let is_named = |value: &str| {
        tests
            .iter()
            .any(|test| matches!(test, Test::Value(membership) if membership.texts().iter().any(|text| text == value)))
    };
    let plain = ["byok", "tenant", "other"].into_iter().find(|value| !is_named(value)).map(str::to_owned);
    plain.unwrap_or_else(|| {
        let mut value = "another".to_owned();
        while is_named(&value) {
            value.push('-');
        }
        value
    })
}

fn conditions(document: &PolicyDocument) -> impl Iterator<Item = &Condition> {
    let model = document.model.iter().map(|rule| &rule.when);
    model.chain(document.secrets.iter().map(|rule| &rule.when)).chain(&document.creates.unless)
}

pub(crate) fn slug_variables(document: &PolicyDocument) -> impl Iterator<Item = &str> {
    document.model.iter().flat_map(|rule| sources(&rule.pick)).filter_map(|source| match source {
        Source::Text(_) => None,
        Source::Variable(name) => Some(name.as_str()),
    })
}

fn sources(pick: &Pick) -> &[Source] {
    match pick {
        Pick::Nothing => &[],
        Pick::FirstOf(sources) => sources,
    }
}

/// A leaf of the tree: environments with one slug or one variable that holds it, and one set of
/// secrets as far as the provider of the slug can tell.
pub(crate) struct Leaf {
    /// The possible classes of each variable.
    pub(crate) classes: Vec<ClassList>,
    /// The variable that holds the slug.
    pub(crate) slug_in: Option<usize>,
    /// The values of that variable by model class; empty if no variable holds a slug.
    pub(crate) members: Members,
    /// True if a rule that tests no variable takes the slug from a variable.
    pub(crate) overridden: bool,
    /// The number of combinations, for one value of the variable that holds the slug.
    pub(crate) covers: u128,
    /// Key variables of which at least one is set.
    some_of: Vec<usize>,
}

/// Classes of one variable in ascending order. Most leaves share most of their lists.
pub(crate) type ClassList = Arc<[usize]>;

/// The values of a variable, one member for each model class in the order of their first values.
pub(crate) type Members = Arc<[ClassMembers]>;

/// The values of one model class.
#[derive(Clone)]
pub(crate) struct ClassMembers {
    /// The value that represents all.
    pub(crate) first: String,
    /// The number of values.
    pub(crate) values: usize,
    /// The class of all these values, if they are exactly one class.
    pub(crate) class: Option<usize>,
}

impl Leaf {
    /// The variables that are set in the case of the leaf, except the one that holds the slug.
    pub(crate) fn set<'d>(&self, domains: &'d [Domain]) -> impl Iterator<Item = (&'d str, &'d str)> {
        let value = move |(number, domain): (usize, &'d Domain)| {
            let class = if self.some_of.first() == Some(&number) { 1 } else { self.classes[number][0] };
            let value = domain.values_of(&[class]).next()?;
            (self.slug_in != Some(number)).then_some((domain.name.as_str(), value))
        };
        domains.iter().enumerate().filter_map(value)
    }

    /// Key variables of which at least one is set, if any.
    pub(crate) fn some_of(&self) -> &[usize] {
        &self.some_of
    }

    /// Returns true if the variable that holds the slug can hold any slug that no rule names.
    pub(crate) fn can_hold_any_slug(&self, domains: &[Domain]) -> bool {
        self.slug_in.is_some_and(|variable| {
            let domain = &domains[variable];
            let last = domain.classes() - 1;
            domain.holds_slugs && self.classes[variable].contains(&last)
        })
    }
}

impl Leaf {
    /// The environments of the leaf as lists of classes that have no environment in common.
    pub(crate) fn disjoint(&self) -> Vec<Vec<ClassList>> {
        let Some(_) = self.some_of.first() else { return vec![self.classes.clone()] };
        // The first of the keys that is set.
        let first_set = |at: usize| {
            let mut classes = self.classes.clone();
            self.some_of[..at].iter().for_each(|key| classes[*key] = [0].into());
            let key = self.some_of[at];
            classes[key] = classes[key][1..].into();
            classes
        };
        (0..self.some_of.len()).map(first_set).collect()
    }
}

/// Groups the values of a variable by model class.
pub(crate) trait Group {
    /// The members of some classes of a variable.
    fn members(&mut self, variable: usize, classes: &[usize]) -> Members;
    /// The names of the secrets that a provider of the slug may accept.
    fn relevant(&self, slug: &str) -> BTreeSet<String>;
}

/// What may be spent on the trees of one dataset.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    /// The number of leaves and open paths, times the number of variables: each has a list of classes for each
    /// variable, so this bounds the memory of trees.
    class_lists: usize,
    /// The number of values that are tested and class lists that are copied.
    steps: u64,
}

impl Budget {
    /// The budget of one dataset: about 100 MiB, and about a second of processor time.
    pub(crate) const DATASET: Self = Self { class_lists: 5_000_000, steps: 100_000_000 };

    /// An equal part of the budget for each of some trees.
    pub(crate) fn share(self, trees: usize) -> Self {
        let trees = trees.max(1);
        Self { class_lists: self.class_lists / trees, steps: self.steps / trees as u64 }
    }

    /// The rest of the budget after a part of it was spent.
    pub(crate) fn minus(self, spent: Self) -> Self {
        Self {
            class_lists: self.class_lists.saturating_sub(spent.class_lists),
            steps: self.steps.saturating_sub(spent.steps),
        }
    }
}

/// The leaves of the tree for one runtime, or `None` if the budget ends before the tree is complete; and the part of
/// the budget that was spent.
pub(crate) fn leaves(
    document: &PolicyDocument,
    runtime: &str,
    domains: &[Domain],
    group: &mut dyn Group,
    budget: Budget,
) -> (Option<Vec<Leaf>>, Budget) {
    let all = domains.iter().map(|domain| (0..domain.classes()).collect()).collect();
    grow(document, runtime, domains, group, all, budget)
}

/// The leaves of the tree for one runtime and the environments that have these classes, or `None` if there are
/// too many.
pub(crate) fn leaves_of(
    document: &PolicyDocument,
    runtime: &str,
    domains: &[Domain],
    group: &mut dyn Group,
    classes: Vec<ClassList>,
) -> Option<Vec<Leaf>> {
    grow(document, runtime, domains, group, classes, Budget::DATASET).0
}

fn grow(
    document: &PolicyDocument,
    runtime: &str,
    domains: &[Domain],
    group: &mut dyn Group,
    classes: Vec<ClassList>,
    budget: Budget,
) -> (Option<Vec<Leaf>>, Budget) {
    let most_leaves = budget.class_lists / domains.len().max(1);
    let steps = Cell::new(budget.steps);
    let mut tree = Tree { document, runtime, domains, most_leaves, steps, leaves: Vec::new() };
    let is_complete = tree.grow(Path { classes }, group).is_some();
    let spent = Budget {
        // An incomplete tree is dropped, so it needs no memory later.
        class_lists: if is_complete { tree.leaves.len() * domains.len() } else { 0 },
        steps: budget.steps - tree.steps.get(),
    };
    (is_complete.then_some(tree.leaves), spent)
}

/// Environments on the way to a leaf: the possible classes of each variable.
#[derive(Clone)]
struct Path {
    classes: Vec<ClassList>,
}

/// How the slug is picked.
#[derive(Clone)]
struct Picked {
    /// The slug, if no variable holds it; empty if no model is sent.
    slug: String,
    held_by: Option<usize>,
    overridden: bool,
}

impl Picked {
    const NOTHING: Self = Self { slug: String::new(), held_by: None, overridden: false };
}

struct Tree<'d> {
    document: &'d PolicyDocument,
    runtime: &'d str,
    domains: &'d [Domain],
    /// The maximum number of leaves, and of paths that are open together.
    most_leaves: usize,
    /// The rest of the steps.
    steps: Cell<u64>,
    leaves: Vec<Leaf>,
}

impl<'d> Tree<'d> {
    /// Adds the leaves of the tree below a path; `None` if the budget ends before.
    fn grow(&mut self, all: Path, group: &mut dyn Group) -> Option<()> {
        let mut open = vec![all];
        for condition in self.document.creates.unless.iter().filter(|condition| condition.admits(self.runtime)) {
            let (holding, failing) = self.split_all(open, condition)?;
            holding.into_iter().for_each(|path| self.add(path, &Picked::NOTHING, Members::default()));
            open = failing;
        }
        for (path, picked) in self.pick(open)? {
            let members = picked.held_by.map(|variable| group.members(variable, &path.classes[variable]));
            match (self.document.inject, members) {
                (InjectMode::First, members) => self.first_rule(path, &picked, &members.unwrap_or_default())?,
                (InjectMode::Every, None) => {
                    let relevant = group.relevant(&picked.slug);
                    self.every_rule(path, &picked, &Members::default(), &relevant)?;
                }
                (InjectMode::Every, Some(members)) => {
                    for member in members.iter() {
                        let relevant = group.relevant(&member.first);
                        let mut path = path.clone();
                        if let (Some(variable), Some(class)) = (picked.held_by, member.class) {
                            path.classes[variable] = [class].into();
                        }
                        self.every_rule(path, &picked, &[member.clone()].into(), &relevant)?;
                    }
                }
            }
            if self.leaves.len() > self.most_leaves {
                return None;
            }
        }
        Some(())
    }

    /// Takes steps of the budget; `None` if it ends.
    fn spend(&self, steps: usize) -> Option<()> {
        let left = self.steps.get().checked_sub(steps as u64);
        self.steps.set(left.unwrap_or_default());
        left.map(drop)
    }

    fn variable(&self, name: &str) -> usize {
        self.domains.iter().position(|domain| domain.name == name).expect("every variable of a rule has a domain")
    }

    /// Splits a path by a property of the value of a variable.
    fn split(&self, path: Path, variable: usize, has: impl Fn(Option<&str>) -> bool) -> (Option<Path>, Option<Path>) {
        let domain = &self.domains[variable];
        let (yes, no): (Vec<usize>, Vec<usize>) =
            path.classes[variable].iter().partition(|class| has(domain.seen(**class)));
        if no.is_empty() {
            return (Some(path), None);
        }
        if yes.is_empty() {
            return (None, Some(path));
        }
        let with = |classes: Vec<usize>| {
            let mut path = path.clone();
            path.classes[variable] = classes.into();
            Some(path)
        };
        (with(yes), with(no))
    }

    /// Splits a path into the part in which a condition holds and the parts in which it fails; `None` if the budget
    /// ends.
    fn split_by(&self, path: Path, condition: &Condition) -> Option<(Option<Path>, Vec<Path>)> {
        self.spend(1)?;
        let mut failing = Vec::new();
        let mut holding = path;
        for (name, test) in &condition.variables {
            let variable = self.variable(name);
            self.spend(holding.classes[variable].len() + self.domains.len())?;
            let (yes, no) = self.split(holding, variable, |value| reference::test_holds(test, value));
            failing.extend(no);
            match yes {
                Some(yes) => holding = yes,
                None => return Some((None, failing)),
            }
        }
        Some((Some(holding), failing))
    }

    /// [`Tree::split_by`] for many paths; `None` if there are too many.
    fn split_all(&self, paths: Vec<Path>, condition: &Condition) -> Option<(Vec<Path>, Vec<Path>)> {
        let (mut holding, mut failing) = (Vec::new(), Vec::new());
        for path in paths {
            let (yes, no) = self.split_by(path, condition)?;
            holding.extend(yes);
            failing.extend(no);
            if failing.len() > self.most_leaves {
                return None;
            }
        }
        Some((holding, failing))
    }

    /// Evaluates the rules for the model.
    fn pick(&self, mut open: Vec<Path>) -> Option<Vec<(Path, Picked)>> {
        let mut picked = Vec::new();
        for rule in self.document.model.iter().filter(|rule| rule.when.admits(self.runtime)) {
            let (holding, failing) = self.split_all(open, &rule.when)?;
            open = failing;
            for path in holding {
                self.spend(self.domains.len())?;
                if picked.len() > self.most_leaves {
                    return None;
                }
                let Pick::FirstOf(sources) = &rule.pick else {
                    picked.push((path, Picked::NOTHING));
                    continue;
                };
                let mut rest = Some(path);
                for source in sources {
                    let Some(path) = rest.take() else { break };
                    self.spend(self.domains.len())?;
                    match source {
                        Source::Text(text) => picked.push((path, Picked { slug: text.clone(), ..Picked::NOTHING })),
                        Source::Variable(name) => {
                            let variable = self.variable(name);
                            let (present, absent) = self.split(path, variable, |value| value.is_some());
                            rest = absent;
                            let overridden = rule.when.variables.is_empty();
                            self.pick_present(present, variable, overridden, &mut picked);
                        }
                    }
                }
                open.extend(rest);
            }
        }
        picked.extend(open.into_iter().map(|path| (path, Picked::NOTHING)));
        Some(picked)
    }

    /// Adds the picks of a variable that has a value or a default.
    fn pick_present(&self, path: Option<Path>, variable: usize, overridden: bool, picked: &mut Vec<(Path, Picked)>) {
        let Some(mut path) = path else { return };
        let domain = &self.domains[variable];
        let (unset, set): (Vec<usize>, Vec<usize>) =
            path.classes[variable].iter().partition(|class| domain.is_unset(**class));
        if !unset.is_empty() {
            let slug = domain.default.clone().unwrap_or_default();
            let mut path = path.clone();
            path.classes[variable] = unset.into();
            // The default counts where nobody sets the variable.
            picked.push((path, Picked { slug, held_by: None, overridden: false }));
        }
        if !set.is_empty() {
            path.classes[variable] = set.into();
            picked.push((path, Picked { slug: String::new(), held_by: Some(variable), overridden }));
        }
    }

    /// Adds the leaves of a path if the first rule for secrets that applies counts.
    fn first_rule(&mut self, path: Path, picked: &Picked, members: &Members) -> Option<()> {
        let mut open = vec![path];
        self.spend(self.document.secrets.len())?;
        for rule in self.secrets_rules() {
            let (holding, failing) = self.split_all(open, &rule.condition())?;
            for path in holding {
                let parts = self.split_by_empty_keys(path, rule)?;
                parts.into_iter().for_each(|path| self.add(path, picked, Arc::clone(members)));
            }
            open = failing;
        }
        open.into_iter().for_each(|path| self.add(path, picked, Arc::clone(members)));
        Some(())
    }

    /// Adds the leaves of a path if every rule for secrets that applies counts. Rules that inject
    /// only names outside `relevant` matter together only: whether one of them applies. A rule for the platform path
    /// ends the list, so it matters by itself.
    fn every_rule(
        &mut self,
        path: Path,
        picked: &Picked,
        members: &Members,
        relevant: &BTreeSet<String>,
    ) -> Option<()> {
        self.spend(self.document.secrets.len())?;
        let rules = self.secrets_rules();
        let mut open = vec![Injecting { path, next: 0, injects: false, others: Vec::new() }];
        while let Some(Injecting { path, next, injects, mut others }) = open.pop() {
            if self.leaves.len() > self.most_leaves {
                return None;
            }
            self.spend(1 + others.len())?;
            let Some(rule) = rules.get(next) else {
                self.add_injecting(path, picked, members, injects, others);
                continue;
            };
            let next = next + 1;
            let is_platform = rule.effect == SecretsEffect::Platform;
            let is_relevant = is_platform || rule.injected().iter().any(|name| relevant.contains(name));
            if let Some(key) = self.sole_key(rule).filter(|key| !is_relevant && self.may_be_set(&path, *key)) {
                others.push(key);
                open.push(Injecting { path, next, injects, others });
                continue;
            }
            let (holding, failing) = self.split_by(path, &rule.condition())?;
            open.extend(failing.into_iter().map(|path| Injecting { path, next, injects, others: others.clone() }));
            match (holding, &rule.effect) {
                (None, _) => {}
                (Some(path), SecretsEffect::Platform) => self.add_injecting(path, picked, members, injects, others),
                (Some(path), SecretsEffect::Inject(_)) => {
                    let parts = if is_relevant { self.split_by_empty_keys(path, rule)? } else { vec![path] };
                    let injecting = |path| Injecting { path, next, injects: true, others: others.clone() };
                    open.extend(parts.into_iter().map(injecting));
                }
            }
        }
        Some(())
    }

    /// Adds the leaves of a path whose relevant secrets are decided.
    fn add_injecting(&mut self, path: Path, picked: &Picked, members: &Members, injects: bool, others: Vec<usize>) {
        if injects || others.is_empty() {
            self.add(path, picked, Arc::clone(members));
            return;
        }
        let mut none = path.clone();
        others.iter().for_each(|key| none.classes[*key] = [0].into());
        self.add(none, picked, Arc::clone(members));
        let all: u128 = others.iter().map(|key| path.classes[*key].len() as u128).product();
        self.add(path, picked, Arc::clone(members));
        let some = self.leaves.last_mut().expect("a leaf was added");
        some.covers = some.covers / all * (all - 1);
        some.some_of = others;
    }

    /// Splits a path on which a rule for secrets applies into the parts in which a key that the rule tests is empty, so
    /// that its secrets hold no credential, and the part in which none is. `None` if the budget ends.
    fn split_by_empty_keys(&self, path: Path, rule: &SecretsRule) -> Option<Vec<Path>> {
        let mut parts = Vec::new();
        let mut rest = path;
        for (name, _) in rule.condition().variables.iter().filter(|(_, test)| *test == Test::Set) {
            let variable = self.variable(name);
            let domain = &self.domains[variable];
            self.spend(rest.classes[variable].len())?;
            let is_empty = |class: &&usize| domain.is_empty_key(**class);
            let (empty, others): (Vec<usize>, Vec<usize>) = rest.classes[variable].iter().partition(is_empty);
            if empty.is_empty() {
                continue;
            }
            if others.is_empty() {
                break;
            }
            self.spend(self.domains.len())?;
            let mut part = rest.clone();
            part.classes[variable] = empty.into();
            parts.push(part);
            rest.classes[variable] = others.into();
        }
        parts.push(rest);
        Some(parts)
    }

    /// Returns true if a key can be unset on a path, and have every other value.
    fn may_be_set(&self, path: &Path, key: usize) -> bool {
        let domain = &self.domains[key];
        let mut set = 1..domain.classes();
        path.classes[key].len() == domain.classes() && domain.classes() > 1 && set.all(|class| !domain.is_unset(class))
    }

    /// The rules for secrets that can apply on the runtime.
    fn secrets_rules(&self) -> Vec<&'d SecretsRule> {
        self.document.secrets.iter().filter(|rule| rule.when.admits(self.runtime)).collect()
    }

    /// The key variable of a rule that depends on nothing else, if no other rule reads it.
    fn sole_key(&self, rule: &SecretsRule) -> Option<usize> {
        let key = rule.key.as_deref().filter(|_| rule.when.variables.is_empty())?;
        let by_key = self.document.secrets.iter().filter(|rule| rule.key.as_deref() == Some(key)).count();
        let is_tested =
            conditions(self.document).any(|condition| condition.variables.iter().any(|(name, _)| name == key));
        (by_key == 1 && !is_tested).then(|| self.variable(key))
    }

    fn add(&mut self, path: Path, picked: &Picked, members: Members) {
        let values = |(number, classes): (usize, &ClassList)| match picked.held_by {
            Some(variable) if variable == number => 1,
            _ => classes.iter().map(|class| self.domains[number].members(*class) as u128).sum(),
        };
        let covers = path.classes.iter().enumerate().map(values).product::<u128>();
        self.leaves.push(Leaf {
            classes: path.classes,
            slug_in: picked.held_by,
            members,
            overridden: picked.overridden,
            covers,
            some_of: Vec::new(),
        });
    }
}

/// A path on which some rules for secrets are evaluated.
struct Injecting {
    path: Path,
    /// The next rule.
    next: usize,
    /// Whether a rule that applied injects something.
    injects: bool,
    /// The keys of rules that inject nothing relevant.
    others: Vec<usize>,
}
