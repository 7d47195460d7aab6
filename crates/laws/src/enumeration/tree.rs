//! The decision tree of a policy on one runtime.
//!
//! A path through the tree keeps, for each variable, the classes of values that are still
//! possible. A test that holds for some of them and not for others splits the path. A leaf is
//! reached when the slug, the secrets and whether something is created are decided.

use std::collections::BTreeSet;
use std::sync::Arc;

use slug_resolver::policy::{Condition, InjectMode, Pick, SecretsEffect, SecretsRule, Source, Test};
use slug_resolver::{Policy, PolicyDocument, Variable};

use crate::reference;
use crate::secret::SECRET_PLACEHOLDER;

/// A variable and the classes of its values. Class 0 is unset; the last class of a variable that
/// can hold a slug is every other slug.
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) variable: Variable,
    /// One value for each class but the first: the value, or an empty text if that counts as set.
    named: Vec<String>,
    /// The slugs that are not in `named`; empty if the variable holds no slug.
    slugs: Vec<String>,
    /// The default.
    default: Option<String>,
}

impl Domain {
    /// The number of values.
    pub(super) fn len(&self) -> usize {
        1 + self.named.len() + self.slugs.len()
    }

    /// The values, the first of which is unset.
    pub(super) fn values(&self) -> impl Iterator<Item = Option<&str>> {
        [None].into_iter().chain(self.named.iter().chain(&self.slugs).map(|value| Some(value.as_str())))
    }

    /// The number of classes.
    fn classes(&self) -> usize {
        1 + self.named.len() + usize::from(!self.slugs.is_empty())
    }

    /// The number of values of a class.
    fn members(&self, class: usize) -> usize {
        if class > self.named.len() { self.slugs.len() } else { 1 }
    }

    /// The values of some classes, without unset.
    pub(super) fn values_of(&self, classes: &[usize]) -> impl Iterator<Item = &str> {
        classes
            .iter()
            .filter(|class| **class > 0)
            .flat_map(|class| match self.named.get(class - 1) {
                Some(value) => std::slice::from_ref(value),
                None => &self.slugs,
            })
            .map(String::as_str)
    }

    /// The value that a rule sees for a class: the default if the variable is unset.
    fn seen(&self, class: usize) -> Option<&str> {
        match class.checked_sub(1) {
            None => self.default.as_deref(),
            Some(named) => Some(self.named.get(named).or(self.slugs.first()).map_or("", String::as_str)),
        }
    }
}

/// The variables that rules for the model, the secrets and the creation read.
pub(super) fn domains(policy: &Policy, slugs: &[String]) -> Vec<Domain> {
    let document = policy.document();
    let read: BTreeSet<&str> = conditions(document)
        .flat_map(|condition| condition.variables.iter().map(|(name, _)| name.as_str()))
        .chain(document.secrets.iter().filter_map(|rule| rule.key.as_deref()))
        .chain(slug_variables(document))
        .collect();
    let holds_slug: BTreeSet<&str> = slug_variables(document).collect();
    let names = reference::variable_names(document).into_iter().filter(|name| read.contains(name));
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
        } else {
            if document.empty_is_set.iter().any(|known| known == name) {
                add(String::new());
            }
            let tests = conditions(document).flat_map(|condition| &condition.variables);
            let tests: Vec<&Test> = tests.filter(|(tested, _)| tested == name).map(|(_, test)| test).collect();
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
        let slugs = if holds_slug.contains(name) {
            slugs.iter().filter(|slug| !named.contains(slug)).cloned().collect()
        } else {
            Vec::new()
        };
        let default = document.defaults.get(name).cloned();
        Domain { name: name.to_owned(), variable, named, slugs, default }
    };
    names.map(domain).collect()
}

/// A value for which no test of the variable names a text or a host.
fn other_value(tests: &[&Test]) -> String {
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

fn slug_variables(document: &PolicyDocument) -> impl Iterator<Item = &str> {
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
pub(super) struct Leaf {
    /// The possible classes of each variable.
    pub(super) classes: Vec<ClassList>,
    /// The variable that holds the slug.
    pub(super) slug_in: Option<usize>,
    /// The values of that variable by model class; empty if no variable holds a slug.
    pub(super) members: Members,
    /// True if a rule that tests no variable takes the slug from a variable.
    pub(super) overridden: bool,
    /// The number of combinations, for one value of the variable that holds the slug.
    pub(super) covers: u128,
    /// Key variables of which at least one is set.
    some_of: Vec<usize>,
}

/// Classes of one variable in ascending order. Most leaves share most of their lists.
type ClassList = Arc<[usize]>;

/// The values of a variable, one member for each model class in the order of their first values.
pub(super) type Members = Arc<[ClassMembers]>;

/// The values of one model class.
#[derive(Clone)]
pub(super) struct ClassMembers {
    /// The value that represents all.
    pub(super) first: String,
    /// The number of values.
    pub(super) values: usize,
}

impl Leaf {
    /// The variables that are set in the case of the leaf, except the one that holds the slug.
    pub(super) fn set<'d>(&self, domains: &'d [Domain]) -> impl Iterator<Item = (&'d str, &'d str)> {
        let value = move |(number, domain): (usize, &'d Domain)| {
            let class = if self.some_of.first() == Some(&number) { 1 } else { self.classes[number][0] };
            let value = domain.values_of(&[class]).next()?;
            (self.slug_in != Some(number)).then_some((domain.name.as_str(), value))
        };
        domains.iter().enumerate().filter_map(value)
    }

    /// Returns true if the variable that holds the slug can hold any slug that no rule names.
    pub(super) fn can_hold_any_slug(&self, domains: &[Domain]) -> bool {
        self.slug_in.is_some_and(|variable| {
            let domain = &domains[variable];
            let last = domain.classes() - 1;
            !domain.slugs.is_empty() && self.classes[variable].contains(&last)
        })
    }
}

/// Groups the values of a variable by model class.
pub(super) trait Group {
    /// The members of some classes of a variable.
    fn members(&mut self, variable: usize, classes: &[usize]) -> Members;
    /// The names of the secrets that a provider of the slug may accept.
    fn relevant(&self, slug: &str) -> BTreeSet<String>;
}

/// The maximum number of leaves on one runtime, times the number of variables: a leaf has a list of
/// classes for each variable, so this bounds the memory of a tree to about 100 MiB.
const MOST_CLASS_LISTS: usize = 5_000_000;

/// The leaves of the tree for one runtime, or `None` if there are too many.
pub(super) fn leaves(
    document: &PolicyDocument,
    runtime: &str,
    domains: &[Domain],
    group: &mut dyn Group,
) -> Option<Vec<Leaf>> {
    let all = Path { classes: domains.iter().map(|domain| (0..domain.classes()).collect()).collect() };
    let most_leaves = MOST_CLASS_LISTS / domains.len().max(1);
    let mut tree = Tree { document, runtime, domains, most_leaves, leaves: Vec::new() };
    let mut open = vec![all];
    for condition in document.creates.unless.iter().filter(|condition| condition.admits(runtime)) {
        let (holding, failing) = tree.split_all(open, condition)?;
        holding.into_iter().for_each(|path| tree.add(path, &Picked::NOTHING, Members::default()));
        open = failing;
    }
    for (path, picked) in tree.pick(open)? {
        let members = picked.held_by.map(|variable| group.members(variable, &path.classes[variable]));
        match (document.inject, members) {
            (InjectMode::First, members) => tree.first_rule(path, &picked, &members.unwrap_or_default())?,
            (InjectMode::Every, None) => {
                let relevant = group.relevant(&picked.slug);
                tree.every_rule(path, &picked, &Members::default(), &relevant)?;
            }
            (InjectMode::Every, Some(members)) => {
                for member in members.iter() {
                    let relevant = group.relevant(&member.first);
                    tree.every_rule(path.clone(), &picked, &[member.clone()].into(), &relevant)?;
                }
            }
        }
        if tree.leaves.len() > tree.most_leaves {
            return None;
        }
    }
    Some(tree.leaves)
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
    leaves: Vec<Leaf>,
}

impl<'d> Tree<'d> {
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

    /// Splits a path into the part in which a condition holds and the parts in which it fails.
    fn split_by(&self, path: Path, condition: &Condition) -> (Option<Path>, Vec<Path>) {
        let mut failing = Vec::new();
        let mut holding = path;
        for (name, test) in &condition.variables {
            let (yes, no) = self.split(holding, self.variable(name), |value| reference::test_holds(test, value));
            failing.extend(no);
            match yes {
                Some(yes) => holding = yes,
                None => return (None, failing),
            }
        }
        (Some(holding), failing)
    }

    /// [`Tree::split_by`] for many paths; `None` if there are too many.
    fn split_all(&self, paths: Vec<Path>, condition: &Condition) -> Option<(Vec<Path>, Vec<Path>)> {
        let (mut holding, mut failing) = (Vec::new(), Vec::new());
        for path in paths {
            let (yes, no) = self.split_by(path, condition);
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
                let Pick::FirstOf(sources) = &rule.pick else {
                    picked.push((path, Picked::NOTHING));
                    continue;
                };
                let mut rest = Some(path);
                for source in sources {
                    let Some(path) = rest.take() else { break };
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
        if path.classes[variable][0] == 0 {
            let slug = self.domains[variable].default.clone().unwrap_or_default();
            let mut unset = path.clone();
            unset.classes[variable] = [0].into();
            picked.push((unset, Picked { slug, held_by: None, overridden }));
            path.classes[variable] = path.classes[variable][1..].into();
        }
        if !path.classes[variable].is_empty() {
            picked.push((path, Picked { slug: String::new(), held_by: Some(variable), overridden }));
        }
    }

    /// Adds the leaves of a path if the first rule for secrets that applies counts.
    fn first_rule(&mut self, path: Path, picked: &Picked, members: &Members) -> Option<()> {
        let mut open = vec![path];
        for rule in self.secrets_rules() {
            let (holding, failing) = self.split_all(open, &rule.condition())?;
            holding.into_iter().for_each(|path| self.add(path, picked, Arc::clone(members)));
            open = failing;
        }
        open.into_iter().for_each(|path| self.add(path, picked, Arc::clone(members)));
        Some(())
    }

    /// Adds the leaves of a path if every rule for secrets that applies counts. Rules that inject
    /// only names outside `relevant` matter together only: whether one of them applies.
    fn every_rule(
        &mut self,
        path: Path,
        picked: &Picked,
        members: &Members,
        relevant: &BTreeSet<String>,
    ) -> Option<()> {
        let rules = self.secrets_rules();
        let mut open = vec![Injecting { path, next: 0, injects: false, others: Vec::new() }];
        while let Some(Injecting { path, next, injects, mut others }) = open.pop() {
            if self.leaves.len() > self.most_leaves {
                return None;
            }
            let Some(rule) = rules.get(next) else {
                self.add_injecting(path, picked, members, injects, others);
                continue;
            };
            let next = next + 1;
            if let Some(key) = self.sole_key(rule)
                && !rule.injected().iter().any(|name| relevant.contains(name))
                && path.classes[key].len() == 2
            {
                others.push(key);
                open.push(Injecting { path, next, injects, others });
                continue;
            }
            let (holding, failing) = self.split_by(path, &rule.condition());
            open.extend(failing.into_iter().map(|path| Injecting { path, next, injects, others: others.clone() }));
            match (holding, &rule.effect) {
                (None, _) => {}
                (Some(path), SecretsEffect::Platform) => self.add_injecting(path, picked, members, injects, others),
                (Some(path), SecretsEffect::Inject(_)) => open.push(Injecting { path, next, injects: true, others }),
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
        self.add(path, picked, Arc::clone(members));
        let some = self.leaves.last_mut().expect("a leaf was added");
        let all = 1_u128 << others.len();
        some.covers = some.covers / all * (all - 1);
        some.some_of = others;
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
