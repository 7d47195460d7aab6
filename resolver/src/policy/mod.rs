//! Policies: how one harness picks a runtime, a slug and the secrets to inject from its variables.
//!
//! A [`Policy`] is a validated [`PolicyDocument`], compiled so that evaluating a rule costs a few
//! operations on machine words: see [`Env`](crate::env::Env).

pub mod condition;
mod document;
mod field;
pub mod format;
mod function;
mod harness;
mod rules;
mod variable;
mod version_1;
mod view;

use std::collections::BTreeSet;
use std::fmt;

pub use condition::{Condition, Membership, Test};
pub use document::{Creates, InjectMode, Pick, PickRule, PolicyDocument, ReadBase, SecretsEffect, SecretsRule, Source};
pub use format::FORMAT;
pub use function::Function;
pub use harness::{Action, Harness};
pub(crate) use rules::{Applies, CompiledPick, CompiledSecrets, Dispatch, Guard, Guards, ModelRule, SecretsStep};
use variable::OTHER;
pub use variable::{BillingPath, Variable};
pub(crate) use variable::{ValueClass, Variables};
pub(crate) use view::{Values, View};

use crate::limits;
use crate::table::CachedIndex;
use crate::yaml::{Cursor, FieldPath, ReadError, UnknownFields, ValidationError, did_you_mean};

/// How one harness picks a slug and injects secrets.
#[derive(Clone)]
pub struct Policy {
    document: PolicyDocument,
    variables: Variables,
    /// The variables whose value a rule for the model can pick: one bit for each position.
    slug_variables: u128,
    /// Every name that a rule injects, sorted.
    injectable: Vec<String>,
    runtime: Vec<CompiledPick>,
    model: Vec<CompiledPick>,
    secrets: Vec<CompiledSecrets>,
    /// The different conditions of all rules.
    guards: Guards,
    /// The guards that hold if no variable is set, one bit for each.
    holding_if_empty: u128,
    /// The guards of `creates.unless`, one bit for each.
    unless: u128,
    /// The runtimes that conditions and templates name.
    runtimes: CachedIndex<Dispatch>,
    /// The rules for every other runtime.
    other_runtimes: Dispatch,
}

/// The values of a variable that a policy distinguishes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueClasses {
    /// The texts that conditions name, in the order of the policy; empty for a key variable.
    pub texts: Vec<String>,
    /// The hosts that conditions name, in lower case. A URL with such a host is a class of its own,
    /// unless it is one of `texts`.
    pub hosts: Vec<String>,
}

/// A separate constant, because rustdoc shows the whole text in place of `include_str!`.
const EMBEDDED_YAML: [&str; 2] =
    [include_str!("../../data/policies/full-saas.yaml"), include_str!("../../data/policies/reconciler.yaml")];

impl Policy {
    /// The policy files of [`Policy::all_embedded`].
    pub const EMBEDDED_YAML: [&str; 2] = EMBEDDED_YAML;

    /// Validates a document.
    ///
    /// # Errors
    ///
    /// If a field is empty; if a variable name is invalid; if a condition can never hold or a rule
    /// follows one that always applies; if a `key` is also compared or used as a text; if a default is
    /// given for a secret or for a variable that the policy does not read; if the policy has more
    /// variables or injected names than the [`limits`].
    pub fn new(mut document: PolicyDocument) -> Result<Self, InvalidPolicy> {
        document.check()?;
        let mut variables = number_variables(&document)?;
        for condition in document.conditions() {
            condition.variables.iter().for_each(|(name, test)| variables.add_test(name, test));
        }
        let known = variables.names().to_vec();
        let names = || known.iter().map(String::as_str);
        for (index, name) in document.empty_is_set.iter().enumerate() {
            let Some(variable) = variables.get(name) else {
                let path = FieldPath::default().key("empty_is_set").index(index);
                let remedy = did_you_mean(name, names()).unwrap_or("correct or delete the name".into());
                return Err(ValidationError::at(path, format!("the policy does not read this variable; {remedy}")));
            };
            variables.add_empty_is_set(variable);
        }
        for (name, default) in &document.defaults {
            let path = FieldPath::default().key("defaults").key(name);
            let Some(variable) = variables.get(name) else {
                let remedy = did_you_mean(name, names()).unwrap_or("correct the name or remove the default".into());
                let message = format!("the policy does not read `{name}`; {remedy}");
                return Err(ValidationError::at(path, message));
            };
            let Some(text) = variables.text_index(variable) else {
                let message =
                    format!("`{name}` is a secret, so a policy must not contain its value; remove the default");
                return Err(ValidationError::at(path, message));
            };
            variables.set_default(text, default.clone());
        }
        for (index, entry) in document.harness.iter().enumerate() {
            for (input, name) in entry.action().into_iter().flat_map(|action| &action.inputs) {
                if variables.get(name).is_none() {
                    let path = FieldPath::default().key("harness").index(index).key("inputs").key(input);
                    let remedy = did_you_mean(name, names()).unwrap_or("correct the name or remove the input".into());
                    let message = format!("the policy does not read `{name}`; {remedy}");
                    return Err(ValidationError::at(path, message));
                }
            }
        }
        let injectable = injectable(&document)?;
        document.sort_injected();
        let mut guards = Guards::new(&variables);
        let guard = |guards: &mut Guards, condition: &Condition, path: &dyn Fn() -> FieldPath| {
            let too_many = || {
                let most = Guards::MOST;
                let message = format!("a policy has at most {most} different conditions; split the policy");
                ValidationError::at(path(), message)
            };
            guards.add(condition, &variables).ok_or_else(too_many)
        };
        let root = FieldPath::default;
        let mut compile = |list: &str, rules: &[PickRule]| -> Result<Vec<CompiledPick>, InvalidPolicy> {
            let compile = |(index, rule): (usize, &PickRule)| {
                let label = rule.name.clone().unwrap_or_else(|| format!("{list}[{index}]"));
                let guard = guard(&mut guards, &rule.when, &|| root().key(list).index(index).key("when"))?;
                Ok(CompiledPick::new(rule, label, guard, guards.tests(guard), &variables))
            };
            rules.iter().enumerate().map(compile).collect()
        };
        let (runtime, model) = (compile("runtime", &document.runtime)?, compile("model", &document.model)?);
        let mut secrets = Vec::new();
        for (index, rule) in document.secrets.iter().enumerate() {
            let guard = guard(&mut guards, &rule.condition(), &|| root().key("secrets").index(index).key("when"))?;
            secrets.push(CompiledSecrets::new(rule, guard, &injectable));
        }
        let mut unless = Vec::new();
        for (index, condition) in document.creates.unless.iter().enumerate() {
            unless.push(guard(&mut guards, condition, &|| root().key("creates").key("unless").index(index))?);
        }
        let mut slug_variables = 0;
        for source in document.model.iter().flat_map(PickRule::sources) {
            if let Source::Variable(name) = source {
                slug_variables |= 1 << variables.named(name).position();
            }
        }
        let rules = Rules { document: &document, guards: &guards, model: &model, secrets: &secrets, unless: &unless };
        let (runtimes, other_runtimes) = (rules.runtimes()?, rules.dispatch(None));
        let mut policy = Self {
            slug_variables,
            runtime,
            model,
            secrets,
            guards,
            holding_if_empty: 0,
            unless: unless.iter().fold(0, |guards, guard| guards | 1 << guard),
            runtimes,
            other_runtimes,
            injectable,
            variables,
            document,
        };
        let defaults = Values::defaults(&policy.variables);
        policy.holding_if_empty = policy.guards.all_holding(&View::of(&defaults, &policy.variables));
        Ok(policy)
    }

    /// Reads and validates a policy file. `extends` can name a policy that ships with this crate.
    ///
    /// # Errors
    ///
    /// The errors of [`crate::yaml::read`] and [`Policy::from_node`].
    pub fn from_yaml(bytes: &[u8]) -> Result<Self, ReadError> {
        let root = crate::yaml::read(bytes)?;
        Self::from_node(Cursor::root(&root)).map_err(|error| error.located(&root))
    }

    /// Decodes a policy from a parsed document or a part of one. `extends` can name a policy that
    /// ships with this crate.
    ///
    /// # Errors
    ///
    /// The errors of [`Policy::new`]; an unknown field; a field of the wrong type; a policy that
    /// exceeds [`limits::POLICY_NODES`] or [`limits::POLICY_BYTES`].
    pub fn from_node(at: Cursor<'_>) -> Result<Self, InvalidPolicy> {
        Self::from_node_extending(at, &mut |name| match Self::embedded(name) {
            Some(policy) => Ok(policy.document),
            None => {
                let known: Vec<String> =
                    Self::all_embedded().iter().map(|policy| format!("`{}`", policy.name())).collect();
                Err(format!("no embedded policy has this name; write {}", known.join(" or ")))
            }
        })
    }

    /// Like [`Policy::from_node`], with a function that finds the policy that `extends` names.
    ///
    /// # Errors
    ///
    /// The errors of [`Policy::from_node`], and those of `base`.
    pub fn from_node_extending(at: Cursor<'_>, base: &mut ReadBase<'_>) -> Result<Self, InvalidPolicy> {
        if at.size() > limits::POLICY_NODES {
            let most = limits::POLICY_NODES;
            return Err(at.error(format!("the policy has more values than the limit of {most}; simplify it")).into());
        }
        let policy = Self::new(decode(at, base)?).map_err(|error| placed(error, at))?;
        at.check_written("policy", limits::POLICY_BYTES, || policy.to_yaml())?;
        Ok(policy)
    }

    /// Writes the policy as YAML of schema version 2. [`Policy::from_yaml`] reads it back as an equal
    /// policy.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        crate::yaml::write(&self.document)
    }

    /// Returns a policy that ships with this crate, by name. It is real data from the time of the
    /// incident for which this crate was written.
    #[must_use]
    pub fn embedded(name: &str) -> Option<Self> {
        Self::all_embedded().into_iter().find(|policy| policy.name() == name)
    }

    /// Every policy that ships with this crate; the first is the default.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the data are valid")]
    pub fn all_embedded() -> Vec<Self> {
        Self::EMBEDDED_YAML
            .iter()
            .map(|yaml| Self::from_yaml(yaml.as_bytes()).expect("embedded policies are valid: a test reads them"))
            .collect()
    }

    /// The name of the policy.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// The document of the policy. The injected names of each rule are sorted and unique.
    #[must_use]
    pub fn document(&self) -> &PolicyDocument {
        &self.document
    }

    /// The variable with this name, if the policy reads it.
    #[must_use]
    #[inline]
    pub fn variable(&self, name: &str) -> Option<Variable> {
        self.variables.get(name)
    }

    /// The name of a variable.
    ///
    /// # Panics
    ///
    /// If `variable` belongs to another policy that has more variables.
    #[must_use]
    #[inline]
    pub fn variable_name(&self, variable: Variable) -> &str {
        &self.variables.names()[variable.position()]
    }

    /// The names of [`Policy::all_variables`].
    #[must_use]
    pub fn variable_names(&self) -> &[String] {
        self.variables.names()
    }

    /// Returns true for a key variable: only whether it is set matters, not its value.
    #[must_use]
    #[inline]
    pub fn is_key(&self, variable: Variable) -> bool {
        self.variables.text_index(variable).is_none()
    }

    /// Returns true for a variable whose value a rule for the model can pick.
    #[must_use]
    pub fn is_slug_variable(&self, variable: Variable) -> bool {
        self.slug_variables >> variable.position() & 1 == 1
    }

    /// Returns true for a variable that counts as set if it is present but empty.
    #[must_use]
    pub fn is_set_if_empty(&self, variable: Variable) -> bool {
        self.variables.is_set_if_empty(variable)
    }

    /// The default of a variable, if the policy has one.
    #[must_use]
    #[inline]
    pub fn default_of(&self, variable: Variable) -> Option<&str> {
        self.variables.default_of(self.variables.text_index(variable)?)
    }

    /// The values of a variable that the conditions of the policy name.
    #[must_use]
    pub fn value_classes(&self, variable: Variable) -> ValueClasses {
        let Some(text) = self.variables.text_index(variable) else {
            return ValueClasses { texts: Vec::new(), hosts: Vec::new() };
        };
        let classes = self.variables.classes(text);
        let is_text = |text: &&str| !text.is_empty();
        ValueClasses {
            texts: classes.texts().filter(is_text).map(ToOwned::to_owned).collect(),
            hosts: classes.hosts().map(ToOwned::to_owned).collect(),
        }
    }

    /// The texts that conditions compare a variable with.
    pub(crate) fn texts_of(&self, variable: Variable) -> impl Iterator<Item = &str> {
        let text = self.variables.text_index(variable);
        text.into_iter().flat_map(|text| self.variables.classes(text).texts())
    }

    /// Returns true if no condition names this value of a variable.
    pub(crate) fn is_other_value(&self, variable: Variable, value: &str) -> bool {
        self.variables.text_index(variable).is_none_or(|text| self.variables.class_of(text, value) == OTHER)
    }

    /// The variables that decide a slug, a secret or whether something is created: the text variables
    /// in the order of the rules for the model and for secrets, then the key variables in the order of
    /// the rules for secrets and for the model.
    pub fn deciding_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        (0..self.variables.deciding()).map(Variable::at)
    }

    /// Every variable that the policy reads: the deciding variables, then the variables that only
    /// rules for the runtime read.
    pub fn all_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        (0..self.variables.names().len()).map(Variable::at)
    }

    /// The variables that rules for the runtime read, in the order of the policy.
    pub fn runtime_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        let reads = self.runtime_reads();
        self.all_variables().filter(move |variable| reads >> variable.position() & 1 == 1)
    }

    /// The variables that only rules for the runtime read: one bit for each position.
    pub(crate) fn runtime_only(&self) -> u128 {
        let model = self.model.iter().fold(0, |reads, rule| reads | rule.reads);
        let secrets = self.secrets.iter().fold(0, |guards, rule| guards | 1 << rule.guard);
        let deciding = model | self.guards.reads_of(secrets | self.unless);
        self.runtime_reads() & !deciding
    }

    /// The variables that rules for the runtime read: one bit for each position.
    fn runtime_reads(&self) -> u128 {
        self.runtime.iter().fold(0, |reads, rule| reads | rule.reads)
    }

    /// The variables whose change can change the runtime together with the slug or the secrets, or that conditions of
    /// rules for the runtime test: one bit for each position.
    pub(crate) fn runtime_tests(&self) -> u128 {
        let tested = self.guards.reads_of(self.runtime.iter().fold(0, |guards, rule| guards | 1 << rule.guard));
        tested | self.runtime_reads() & !self.runtime_only()
    }

    /// The variables whose value is the runtime, and that nothing tests: one bit for each position.
    pub(crate) fn runtime_uses(&self) -> u128 {
        self.runtime_reads() & !self.runtime_tests()
    }

    /// The names of [`Policy::deciding_variables`].
    pub fn deciding_variable_names(&self) -> impl Iterator<Item = &str> {
        self.deciding_variables().map(|variable| self.variable_name(variable))
    }

    /// The key variables, in the order of the policy.
    pub fn key_variables(&self) -> impl Iterator<Item = Variable> + '_ {
        self.all_variables().filter(|variable| self.is_key(*variable))
    }

    /// The runtimes that conditions and templates name, without duplicates.
    pub fn runtimes(&self) -> impl Iterator<Item = &str> {
        self.runtimes.texts()
    }

    /// The name of the runtime to look up in the registry.
    #[must_use]
    pub fn template_of<'a>(&'a self, runtime: &'a str) -> &'a str {
        self.dispatch(runtime).template.as_deref().unwrap_or(runtime)
    }

    /// Returns true if a rule selects the platform path.
    #[must_use]
    pub fn has_platform_path(&self) -> bool {
        self.secrets.iter().any(|rule| rule.inject.is_none())
    }

    /// The labels of the rules for the model in output: the name of each, or its position, such as
    /// `model[2]`.
    pub fn model_labels(&self) -> impl ExactSizeIterator<Item = &str> {
        self.model.iter().map(|rule| &*rule.label)
    }

    /// Every name that a rule injects, sorted and unique.
    #[must_use]
    #[inline]
    pub fn injectable(&self) -> &[String] {
        &self.injectable
    }

    pub(crate) fn variables(&self) -> &Variables {
        &self.variables
    }

    pub(crate) fn runtime_rules(&self) -> &[CompiledPick] {
        &self.runtime
    }

    #[inline]
    pub(crate) fn model_rule(&self, step: ModelRule) -> &CompiledPick {
        &self.model[usize::from(step.rule)]
    }

    /// The value that a rule for the model picks if its condition holds; `None` if no source is available.
    #[inline(always)]
    pub(crate) fn pick<'a>(&'a self, step: &ModelRule, values: &View<'_, 'a>) -> Option<rules::Picked<'a>> {
        match step.sole {
            Some((variable, text)) => values.text_at(text).map(|text| rules::Picked { text, held_by: Some(variable) }),
            None => self.model_rule(*step).pick(values),
        }
    }

    #[inline]
    pub(crate) fn secrets_rule(&self, step: SecretsStep) -> &CompiledSecrets {
        &self.secrets[usize::from(step.rule)]
    }

    #[inline]
    pub(crate) fn guards(&self) -> &Guards {
        &self.guards
    }

    /// The guards that hold if no variable is set, one bit for each.
    #[inline]
    pub(crate) fn holding_if_empty(&self) -> u128 {
        self.holding_if_empty
    }

    /// The rules that can apply for a runtime.
    #[inline]
    pub(crate) fn dispatch(&self, runtime: &str) -> &Dispatch {
        self.runtimes.get(runtime).unwrap_or(&self.other_runtimes)
    }
}

/// Adds the location of the policy to the path of an error. The file does not contain a field that the
/// policy inherits, so an error in such a field is reported at `extends`.
fn placed(error: InvalidPolicy, at: Cursor<'_>) -> InvalidPolicy {
    let fields = at.entries().unwrap_or_default();
    let is_here = error.path().field().is_none_or(|field| fields.iter().any(|entry| entry.name == field));
    let extends = fields.iter().find(|entry| entry.name == "extends").and_then(|entry| entry.value.string().ok());
    match extends.filter(|_| !is_here) {
        Some(base) => {
            let message = format!("`{}` of `{base}`: {}", error.path(), error.message());
            ValidationError::at(at.path().key("extends"), message)
        }
        None => error.under(at.path()),
    }
}

/// Decodes a document of either version.
fn decode(at: Cursor<'_>, base: &mut ReadBase<'_>) -> Result<PolicyDocument, ValidationError> {
    let fields = at.fields(&["schema_version"], &[], UnknownFields::Allow)?;
    match fields.schema_version(&[1, 2])? {
        1 => version_1::decode(at),
        _ => Ok(PolicyDocument::decode(at, base)?),
    }
}

/// An occurrence of a variable in a policy.
type Read<'d> = (&'d str, FieldPath);

/// The variables of a condition.
fn reads_of<'d>(condition: &'d Condition, path: &FieldPath) -> Vec<Read<'d>> {
    condition.variables.iter().map(|(name, _)| (name.as_str(), path.clone().key(name))).collect()
}

/// The variables of a rule: of its condition, then of its sources.
fn reads_of_pick<'d>(rule: &'d PickRule, path: &FieldPath) -> Vec<Read<'d>> {
    let mut reads = reads_of(&rule.when, &path.clone().key("when"));
    for source in rule.sources() {
        if let Source::Variable(name) = source {
            reads.push((name, path.clone().key("use")));
        }
    }
    reads
}

/// Finds the variables of a policy, and whether their values matter.
fn number_variables(document: &PolicyDocument) -> Result<Variables, InvalidPolicy> {
    let root = FieldPath::default;
    let mut of_model = Vec::new();
    for (index, rule) in document.model.iter().enumerate() {
        of_model.extend(reads_of_pick(rule, &root().key("model").index(index)));
    }
    let mut of_secrets = Vec::new();
    for (index, rule) in document.secrets.iter().enumerate() {
        let path = root().key("secrets").index(index);
        of_secrets.extend(rule.key.iter().map(|key| (key.as_str(), path.clone().key("key"))));
        of_secrets.extend(reads_of(&rule.when, &path.key("when")));
    }
    let mut of_creates = Vec::new();
    for (index, condition) in document.creates.unless.iter().enumerate() {
        of_creates.extend(reads_of(condition, &root().key("creates").key("unless").index(index)));
    }
    let mut of_runtime = Vec::new();
    for (index, rule) in document.runtime.iter().enumerate() {
        of_runtime.extend(reads_of_pick(rule, &document.path_of_runtime_rule(index)));
    }

    let compared = document.conditions().flat_map(|condition| &condition.variables);
    let compared = compared.filter(|(_, test)| test.reads_value()).map(|(name, _)| name.as_str());
    let used =
        document.model.iter().chain(&document.runtime).flat_map(PickRule::sources).filter_map(|source| match source {
            Source::Text(_) => None,
            Source::Variable(name) => Some(name.as_str()),
        });
    let texts: BTreeSet<&str> = compared.chain(used).collect();
    for (index, rule) in document.secrets.iter().enumerate() {
        if let Some(key) = rule.key.as_deref().filter(|key| texts.contains(key)) {
            return Err(ValidationError::at(
                root().key("secrets").index(index).key("key"),
                format!(
                    "the value of `{key}` is compared or used elsewhere in this policy, so slugproof would print the \
                     secret; use a separate variable for it"
                ),
            ));
        }
    }

    let is_text = |(name, _): &&Read<'_>| texts.contains(name);
    let is_key = |(name, _): &&Read<'_>| !texts.contains(name);
    let deciding = of_model.iter().chain(&of_secrets).chain(&of_creates).filter(is_text);
    let deciding = distinct(deciding, &[], limits::TEXT_VARIABLES, "variables whose value matters")?;
    let of_runtime_only = distinct(
        of_runtime.iter().filter(is_text),
        &deciding,
        limits::TEXT_VARIABLES - deciding.len(),
        "variables whose value matters",
    )?;
    let keys = of_secrets.iter().chain(&of_model).chain(&of_creates).chain(&of_runtime).filter(is_key);
    let keys = distinct(keys, &[], limits::KEY_VARIABLES, "key variables")?;
    Ok(Variables::new(deciding, keys, of_runtime_only))
}

/// The distinct names, without `known`, in order; an error if there are more than `most`.
fn distinct<'d>(
    reads: impl Iterator<Item = &'d Read<'d>>,
    known: &[String],
    most: usize,
    what: &str,
) -> Result<Vec<String>, InvalidPolicy> {
    let mut names = Vec::new();
    let mut seen: BTreeSet<&str> = known.iter().map(String::as_str).collect();
    for (name, path) in reads {
        if seen.insert(name) {
            if names.len() == most {
                let most = most + known.len();
                let message = format!("a policy has at most {most} {what}; split the policy");
                return Err(ValidationError::at(path.clone(), message));
            }
            names.push((*name).to_owned());
        }
    }
    Ok(names)
}

/// Every name that a rule injects, sorted.
fn injectable(document: &PolicyDocument) -> Result<Vec<String>, InvalidPolicy> {
    let mut names = BTreeSet::new();
    for (index, rule) in document.secrets.iter().enumerate() {
        for (position, name) in rule.injected().iter().enumerate() {
            names.insert(name.clone());
            if names.len() > limits::INJECTED_NAMES {
                let path = FieldPath::default().key("secrets").index(index).key("inject").index(position);
                let most = limits::INJECTED_NAMES;
                let message = format!("a policy injects at most {most} different names; split the policy");
                return Err(ValidationError::at(path, message));
            }
        }
    }
    Ok(names.into_iter().collect())
}

/// The compiled rules of a policy, to list them for each runtime.
struct Rules<'p> {
    document: &'p PolicyDocument,
    guards: &'p Guards,
    model: &'p [CompiledPick],
    secrets: &'p [CompiledSecrets],
    /// The guards of `creates.unless`.
    unless: &'p [Guard],
}

impl Rules<'_> {
    /// The rules for each runtime that a condition or a template names.
    fn runtimes(&self) -> Result<CachedIndex<Dispatch>, InvalidPolicy> {
        let named = self.document.conditions().filter_map(|condition| condition.runtime.as_ref());
        let named = named.flat_map(Membership::texts);
        let mut index: CachedIndex<Dispatch> = CachedIndex::new();
        let mut steps = 0;
        for runtime in named.chain(self.document.templates.keys()) {
            if index.get(runtime).is_some() {
                continue;
            }
            let dispatch = self.dispatch(Some(runtime));
            steps += dispatch.model.len() + dispatch.secrets.len();
            if steps > limits::POLICY_STEPS {
                let message = "too many rules apply to too many runtimes; merge rules or split the policy";
                return Err(ValidationError::at(FieldPath::default().key("model"), message));
            }
            *index.get_or_default(runtime) = dispatch;
        }
        Ok(index)
    }

    /// The rules for a runtime, or for every runtime that no condition names.
    fn dispatch(&self, runtime: Option<&str>) -> Dispatch {
        let admits = |condition: &Condition| match (&condition.runtime, runtime) {
            (None, _) => true,
            (Some(membership), Some(runtime)) => membership.contains(runtime),
            (Some(membership), None) => matches!(membership, Membership::NoneOf(_)),
        };
        let number = |index: usize| u16::try_from(index).expect("the limit on values in a policy is below 65,536");
        let mut model: Vec<ModelRule> = Vec::new();
        let (mut consulted, mut guards) = (0, 0);
        for (index, rule) in self.document.model.iter().enumerate().filter(|(_, rule)| admits(&rule.when)) {
            let compiled = &self.model[index];
            consulted |= compiled.reads;
            guards |= 1 << compiled.guard;
            let sole = compiled.sole_variable();
            model.push(ModelRule { guard: 1 << compiled.guard, consulted, guards, rule: number(index), sole });
            if rule.always_applies_for_its_runtimes() {
                break;
            }
        }
        let mut secrets = Vec::new();
        let (mut consulted, mut guards) = (0, 0);
        for (index, _) in self.document.secrets.iter().enumerate().filter(|(_, rule)| admits(&rule.when)) {
            let guard = self.secrets[index].guard;
            consulted |= self.guards.tests(guard).reads();
            guards |= 1 << guard;
            let inject = self.secrets[index].inject;
            secrets.push(SecretsStep {
                guard: 1 << guard,
                names: inject.unwrap_or_default(),
                consulted,
                guards,
                rule: number(index),
                is_platform: inject.is_none(),
                is_last: inject.is_none() || self.document.inject == InjectMode::First,
            });
        }
        let unless = self.document.creates.unless.iter().zip(self.unless).filter(|(condition, _)| admits(condition));
        let unless = unless.fold(0, |guards, (_, guard)| guards | 1 << guard);
        Dispatch {
            model: model.into(),
            secrets: secrets.into(),
            unless,
            creation: self.guards.reads_of(unless),
            template: runtime.and_then(|runtime| self.document.templates.get(runtime)).cloned(),
        }
    }
}

impl PartialEq for Policy {
    /// Compares the documents; everything else is compiled from them.
    fn eq(&self, other: &Self) -> bool {
        self.document == other.document
    }
}

impl Eq for Policy {}

impl fmt::Debug for Policy {
    /// Formats the document; everything else is compiled from it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document.fmt(f)
    }
}

/// Why a policy was refused.
pub type InvalidPolicy = crate::yaml::ValidationError;
