//! The places in its file of the rules of a policy.

use slug_resolver::Policy;
use slug_resolver::policy::Membership;
use slug_resolver::yaml::{FieldPath, Node};

/// The places of the rules of one policy.
///
/// A policy file of schema version 1 has other fields, from which the rules are translated.
pub struct Locations {
    model: Vec<ModelRule>,
    /// The path of each rule for secrets.
    secrets: Vec<FieldPath>,
    /// The field that names the policy to extend, if there is one.
    extends: Option<FieldPath>,
    /// The fields of the file.
    fields: Vec<String>,
}

/// The places of one rule for the model.
struct ModelRule {
    /// The whole rule.
    rule: FieldPath,
    /// The value that the rule picks.
    pick: FieldPath,
    /// The runtimes of its condition.
    runtimes: FieldPath,
    /// The tests of variables: the path of the mapping, or of the only test.
    tests: FieldPath,
}

impl Locations {
    /// Finds the rules of a policy in the document that it was read from.
    pub fn new(root: &Node, policy: &Policy) -> Self {
        let extends = root.get("extends").map(|_| field("extends"));
        let fields = root.entries().iter().filter_map(|(key, _)| key.text()).map(str::to_owned).collect();
        if root.get("override").is_some() {
            return Self { model: version_1_model(root), secrets: version_1_secrets(root), extends, fields };
        }
        let document = policy.document();
        let model = (0..document.model.len()).map(|index| {
            let rule = field("model").index(index);
            let when = rule.clone().key("when");
            ModelRule { rule: rule.clone(), pick: rule.key("use"), runtimes: when.clone().key("runtime"), tests: when }
        });
        let secrets = (0..document.secrets.len()).map(|index| field("secrets").index(index));
        Self { model: model.collect(), secrets: secrets.collect(), extends, fields }
    }

    /// A field of the file, or the place where its value is inherited from another policy.
    fn own(&self, name: &str, path: FieldPath) -> FieldPath {
        let is_inherited = !self.fields.iter().any(|field| field == name);
        self.extends.clone().filter(|_| is_inherited).unwrap_or(path)
    }

    /// The place of a source of a rule for the model.
    pub fn pick(&self, rule: usize, source: usize) -> FieldPath {
        self.own("model", self.model[rule].pick.clone().index(source))
    }

    /// The place of a rule for the model.
    pub fn model_rule(&self, rule: usize) -> FieldPath {
        self.own("model", self.model[rule].rule.clone())
    }

    /// The place of a rule for secrets.
    pub fn secrets_rule(&self, rule: usize) -> FieldPath {
        self.own("secrets", self.secrets[rule].clone())
    }

    /// The place of a runtime in the condition of a rule for the model.
    pub fn runtime_of_model(&self, rule: usize, runtimes: &Membership, position: usize) -> FieldPath {
        self.own("model", member(self.model[rule].runtimes.clone(), runtimes, position))
    }

    /// The place of a runtime in the condition of a rule for secrets.
    pub fn runtime_of_secrets(&self, rule: usize, runtimes: &Membership, position: usize) -> FieldPath {
        self.own("secrets", member(self.secrets[rule].clone().key("when").key("runtime"), runtimes, position))
    }

    /// The place of the test of a variable in a rule for the model.
    pub fn test(&self, rule: usize, variable: &str) -> FieldPath {
        self.own("model", self.model[rule].tests.clone().key(variable))
    }

    /// The place of the names that a rule for secrets injects.
    pub fn injected(&self, rule: usize) -> FieldPath {
        self.own("secrets", self.secrets[rule].clone().key("inject"))
    }

    /// The place of the key of a rule for secrets.
    pub fn key(&self, rule: usize) -> FieldPath {
        self.own("secrets", self.secrets[rule].clone().key("key"))
    }

    /// The place of an item of another field.
    pub fn item(&self, name: &str, index: usize) -> FieldPath {
        self.own(name, field(name).index(index))
    }

    /// The place of a condition under which nothing is created.
    pub fn unless(&self, condition: usize) -> FieldPath {
        self.own("creates", field("creates").key("unless").index(condition))
    }

    /// The place of a field of `function`.
    pub fn function(&self, name: &str) -> FieldPath {
        self.own("function", field("function").key(name))
    }

    /// The place of a field of the policy.
    pub fn whole(&self, name: &str) -> FieldPath {
        self.own(name, field(name))
    }

    /// The place of the runtime that a variant stands for.
    pub fn template_of(&self, variant: &str) -> FieldPath {
        self.own("templates", field("templates").key(variant))
    }

    /// The place of the default of a variable.
    pub fn default_of(&self, variable: &str) -> FieldPath {
        self.own("defaults", field("defaults").key(variable))
    }
}

fn field(name: &str) -> FieldPath {
    FieldPath::default().key(name)
}

fn member(path: FieldPath, runtimes: &Membership, position: usize) -> FieldPath {
    match runtimes {
        Membership::OneOf(_) => path.index(position),
        Membership::NoneOf(_) => path.key("not").index(position),
    }
}

/// The fields of a file of schema version 1, in the order of the rules that they are translated to.
fn version_1_model(root: &Node) -> Vec<ModelRule> {
    let only =
        |path: FieldPath| ModelRule { rule: path.clone(), pick: path.clone(), runtimes: path.clone(), tests: path };
    let mut rules = vec![only(field("override"))];
    if root.get("platform").is_some() {
        rules.push(only(field("platform").key("fallback")));
    }
    for (number, entry) in items(root, "dispatch").iter().enumerate() {
        let path = field("dispatch").index(number);
        let runtimes = path.clone().key("runtimes");
        for (position, _) in items(entry, "keyed").iter().enumerate() {
            let keyed = path.clone().key("keyed").index(position);
            let tests = keyed.clone().key("key");
            let rule = keyed.clone();
            rules.push(ModelRule { rule, pick: keyed.key("model"), runtimes: runtimes.clone(), tests });
        }
        rules.push(ModelRule { rule: path.clone(), pick: path.clone().key("model"), runtimes, tests: path });
    }
    rules.push(only(field("fallback")));
    rules
}

fn version_1_secrets(root: &Node) -> Vec<FieldPath> {
    let platform = root.get("platform").is_some().then(|| field("platform"));
    let entries = (0..items(root, "secrets").len()).map(|index| field("secrets").index(index));
    platform.into_iter().chain(entries).collect()
}

/// The items of a list in a field of a mapping.
fn items<'n>(node: &'n Node, name: &str) -> &'n [Node] {
    node.get(name).map_or(&[], Node::items)
}
