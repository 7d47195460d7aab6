//! The YAML form of a policy.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::condition::{Condition, Test};
use super::field::{each_not_empty, list, not_empty, rule_name, some, string_map, text, variable_name};
use super::format::{CREATES, EVERY, FIRST, PICK_RULE, PLATFORM, RUNTIME, SECRETS_RULE, VERSION_2};
use super::function::Function;
use super::harness::Harness;
use crate::yaml::{Cursor, FieldPath, ReadError, UnknownFields, ValidationError, refuse_secret_name};

/// A policy file, field by field. It has not been validated.
///
/// The policy is three lists of rules over one kind of [`Condition`]: rules for the runtime, for
/// the model and for the secrets. Files of schema version 1 are translated when they are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyDocument {
    pub(super) schema_version: u8,
    /// The name of the policy on the command line and in output.
    pub name: String,
    /// The scripts, commands and actions that the policy describes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub harness: Vec<Harness>,
    /// The shell function that the policy describes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<Function>,
    /// Rules for the runtime, if it is not given explicitly: the first rule that applies.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "runtime_rules")]
    pub runtime: Vec<PickRule>,
    /// The runtimes with which the harness is used. If the list is empty, these are every runtime of
    /// the registry and an unknown one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runtimes: Vec<String>,
    /// Values for variables that are unset or empty, as in the shell's `${VAR:-default}`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, String>,
    /// Variables that count as set if they are present but empty, as in the shell's `${VAR+x}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub empty_is_set: Vec<String>,
    /// Template variants: the key is the runtime that is dispatched, the value is the runtime that is
    /// looked up in the registry.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, String>,
    /// The conditions under which the harness creates nothing.
    #[serde(skip_serializing_if = "Creates::is_always")]
    pub creates: Creates,
    /// Rules for the model: the first rule that applies. If none applies, no model is sent.
    pub model: Vec<PickRule>,
    /// Which rules of `secrets` count.
    #[serde(skip_serializing_if = "InjectMode::is_first")]
    pub inject: InjectMode,
    /// Rules for the injected secrets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretsRule>,
}

/// When a harness creates a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct Creates {
    /// Nothing is created if any of these conditions holds.
    pub unless: Vec<Condition>,
}

impl Creates {
    fn is_always(&self) -> bool {
        self.unless.is_empty()
    }
}

/// A rule that picks a text: the model, or the runtime.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct PickRule {
    /// The name of the rule in output. Several rules may have the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When the rule applies.
    #[serde(skip_serializing_if = "Condition::is_empty")]
    pub when: Condition,
    /// The value that the rule picks. A rule without an available source does not apply.
    #[serde(rename = "use")]
    pub pick: Pick,
}

/// The value that a rule picks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the policy format defines the forms")]
pub enum Pick {
    /// No model is sent.
    Nothing,
    /// The first of these sources that is available.
    FirstOf(Vec<Source>),
}

impl Default for Pick {
    fn default() -> Self {
        Self::FirstOf(Vec::new())
    }
}

/// A text, or the variable that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the policy format defines the forms")]
pub enum Source {
    /// A text of the policy, verbatim.
    Text(String),
    /// The value of a variable, or its default.
    Variable(String),
}

/// Which rules for secrets count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the policy format defines the modes")]
pub enum InjectMode {
    /// The first rule that applies.
    #[default]
    First,
    /// Every rule that applies, up to a rule that selects the platform path.
    Every,
}

impl InjectMode {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the serializer passes a reference")]
    fn is_first(&self) -> bool {
        *self == Self::First
    }
}

/// A rule for the injected secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct SecretsRule {
    /// The name of the rule in output.
    pub name: Option<String>,
    /// A key variable that must be set, in addition to `when`.
    pub key: Option<String>,
    /// When the rule applies.
    pub when: Condition,
    /// The effect of the rule.
    pub effect: SecretsEffect,
}

/// The effect of a rule for secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the policy format defines the effects")]
pub enum SecretsEffect {
    /// Selects the platform path, on which this rule and later rules inject nothing.
    Platform,
    /// Injects secrets with these names.
    Inject(Vec<String>),
}

impl PickRule {
    /// A rule without a condition.
    #[must_use]
    pub fn always(name: &str, sources: impl IntoIterator<Item = Source>) -> Self {
        Self::when(name, Condition::default(), sources)
    }

    /// A rule with a condition.
    #[must_use]
    pub fn when(name: &str, when: Condition, sources: impl IntoIterator<Item = Source>) -> Self {
        let pick = Pick::FirstOf(sources.into_iter().collect());
        Self { name: Some(name.to_owned()), when, pick }
    }

    /// Returns true if the rule applies in every environment.
    fn always_applies(&self) -> bool {
        self.when.is_empty() && self.always_applies_for_its_runtimes()
    }

    /// Returns true if the rule applies in every environment for the runtimes of its condition.
    pub(super) fn always_applies_for_its_runtimes(&self) -> bool {
        self.when.variables.is_empty()
            && match &self.pick {
                Pick::Nothing => true,
                Pick::FirstOf(sources) => sources.iter().any(|source| matches!(source, Source::Text(_))),
            }
    }

    /// The sources of the rule; none if no model is sent.
    pub(super) fn sources(&self) -> &[Source] {
        match &self.pick {
            Pick::Nothing => &[],
            Pick::FirstOf(sources) => sources,
        }
    }

    /// The path of a source, which is that of the field `use` if the rule has only one.
    fn path_of_source(&self, use_path: &FieldPath, index: usize) -> FieldPath {
        if self.sources().len() == 1 { use_path.clone() } else { use_path.clone().index(index) }
    }

    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields_of(&PICK_RULE, UnknownFields::Deny)?;
        Ok(Self {
            name: fields.optional("name").map(|at| text(&at)).transpose()?,
            when: fields.optional("when").map(|at| Condition::decode(&at)).transpose()?.unwrap_or_default(),
            pick: Pick::decode(&fields.required("use")?)?,
        })
    }

    /// Checks the rule at `path`, whose field `use` is at `use_path`.
    fn check(&self, path: &FieldPath, use_path: &FieldPath, empty_is_set: &[String]) -> Result<(), ValidationError> {
        if let Some(name) = &self.name {
            rule_name(name, path.clone().key("name"))?;
        }
        self.when.check(&path.clone().key("when"), empty_is_set)?;
        let Pick::FirstOf(sources) = &self.pick else { return Ok(()) };
        if sources.is_empty() {
            return Err(ValidationError::at(
                use_path.clone(),
                "the list is empty; write a model, `$VARIABLE` or `none`",
            ));
        }
        for (index, source) in sources.iter().enumerate() {
            let path = self.path_of_source(use_path, index);
            match source {
                Source::Text(text) => not_empty(text, path.clone())?,
                Source::Variable(name) => variable_name(name, path.clone())?,
            }
            if matches!(source, Source::Text(_)) && index + 1 < sources.len() {
                return Err(ValidationError::at(
                    path,
                    "a text is always available, so the entries after it are never used; put it last",
                ));
            }
        }
        Ok(())
    }
}

impl Pick {
    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        if at.is_list() {
            return Ok(Self::FirstOf(at.items()?.map(|item| Source::decode(&item)).collect::<Result<_, _>>()?));
        }
        if at.string()? == "none" { Ok(Self::Nothing) } else { Ok(Self::FirstOf(vec![Source::decode(at)?])) }
    }
}

impl Source {
    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let written = at.string()?;
        if let Some(name) = written.strip_prefix('$')
            && !name.starts_with('$')
        {
            return match variable_name(name, FieldPath::default()) {
                Ok(()) => Ok(Self::Variable(name.to_owned())),
                Err(_) => Err(at.error(match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                    Some(name) if variable_name(name, FieldPath::default()).is_ok() => {
                        format!("a variable has no braces here; write `${name}`")
                    }
                    _ => "`$` needs the name of a variable after it; write `$$` for a dollar sign".to_owned(),
                })),
            };
        }
        let mut text = String::new();
        let mut rest = written;
        while let Some((before, after)) = rest.split_once('$') {
            let Some(after) = after.strip_prefix('$') else {
                return Err(at.error(
                    "`$VARIABLE` cannot be part of a longer text; use it alone, or write `$$` for a dollar sign",
                ));
            };
            text.push_str(before);
            text.push('$');
            rest = after;
        }
        text.push_str(rest);
        Ok(Self::Text(text))
    }
}

impl Serialize for Pick {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_str("none"),
            // The word would be read as `Pick::Nothing`.
            Self::FirstOf(sources) if matches!(sources.as_slice(), [Source::Text(text)] if text == "none") => {
                sources.serialize(serializer)
            }
            Self::FirstOf(sources) if sources.len() == 1 => sources[0].serialize(serializer),
            Self::FirstOf(sources) => sources.serialize(serializer),
        }
    }
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(&text.replace('$', "$$")),
            Self::Variable(name) => serializer.serialize_str(&format!("${name}")),
        }
    }
}

/// Writes the rules for the runtime; a single variable in its short form.
fn runtime_rules<S: Serializer>(rules: &[PickRule], serializer: S) -> Result<S::Ok, S::Error> {
    match rules {
        [PickRule { name: None, when, pick: Pick::FirstOf(sources) }] if when.is_empty() => match sources.as_slice() {
            [Source::Variable(name)] => serializer.serialize_str(name),
            _ => rules.serialize(serializer),
        },
        _ => rules.serialize(serializer),
    }
}

impl SecretsRule {
    /// A rule that injects secrets if a key variable is set.
    #[must_use]
    pub fn keyed(key: &str, inject: impl IntoIterator<Item = String>) -> Self {
        Self {
            name: None,
            key: Some(key.to_owned()),
            when: Condition::default(),
            effect: SecretsEffect::Inject(inject.into_iter().collect()),
        }
    }

    /// A rule that selects the platform path.
    #[must_use]
    pub fn platform(when: Condition) -> Self {
        Self { name: None, key: None, when, effect: SecretsEffect::Platform }
    }

    /// The whole condition: `when`, and that the key is set.
    #[must_use]
    pub fn condition(&self) -> Condition {
        let mut condition = self.when.clone();
        if let Some(key) = &self.key {
            condition.variables.insert(0, (key.clone(), Test::Set));
        }
        condition
    }

    /// The names of the secrets that the rule injects.
    #[must_use]
    pub fn injected(&self) -> &[String] {
        match &self.effect {
            SecretsEffect::Platform => &[],
            SecretsEffect::Inject(names) => names,
        }
    }

    fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields_of(&SECRETS_RULE, UnknownFields::Deny)?;
        let key = fields.optional("key").map(|at| text(&at)).transpose()?;
        let effect = match (fields.optional("path"), fields.optional("inject"), &key) {
            (Some(_), Some(inject), _) => {
                return Err(inject.error("nothing is injected on the platform path; remove `path` or `inject`"));
            }
            (Some(path), None, _) if path.string()? == PLATFORM => SecretsEffect::Platform,
            (Some(path), None, _) => {
                return Err(
                    path.error("unknown path; write `platform`, or remove the field to inject the tenant's keys")
                );
            }
            (None, Some(inject), _) => SecretsEffect::Inject(inject.strings()?),
            (None, None, Some(key)) => SecretsEffect::Inject(vec![key.clone()]),
            (None, None, None) => {
                return Err(at.error("the rule has no effect; add `inject`, `key` or `path: platform`"));
            }
        };
        Ok(Self {
            name: fields.optional("name").map(|at| text(&at)).transpose()?,
            key,
            when: fields.optional("when").map(|at| Condition::decode(&at)).transpose()?.unwrap_or_default(),
            effect,
        })
    }

    fn check(&self, path: &FieldPath, empty_is_set: &[String]) -> Result<(), ValidationError> {
        if let Some(name) = &self.name {
            rule_name(name, path.clone().key("name"))?;
        }
        if let Some(key) = &self.key {
            variable_name(key, path.clone().key("key"))?;
            if self.when.variables.iter().any(|(name, _)| name == key) {
                let path = path.clone().key("when").key(key);
                return Err(ValidationError::at(
                    path,
                    "`key` already requires this variable to be set; remove `key` or this test",
                ));
            }
        }
        self.when.check(&path.clone().key("when"), empty_is_set)?;
        let SecretsEffect::Inject(names) = &self.effect else { return Ok(()) };
        let path = path.clone().key("inject");
        some(names, path.clone())?;
        for (position, name) in names.iter().enumerate() {
            if let Some(message) = refuse_secret_name(name) {
                return Err(ValidationError::at(path.index(position), message));
            }
        }
        Ok(())
    }
}

impl Serialize for SecretsRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Form<'r> {
            #[serde(skip_serializing_if = "Option::is_none")]
            name: &'r Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            key: &'r Option<String>,
            #[serde(skip_serializing_if = "Condition::is_empty")]
            when: &'r Condition,
            #[serde(skip_serializing_if = "Option::is_none")]
            path: Option<&'static str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            inject: Option<&'r [String]>,
        }
        let Self { name, key, when, effect } = self;
        let (path, inject) = match effect {
            SecretsEffect::Platform => (Some(PLATFORM), None),
            SecretsEffect::Inject(names) => (None, Some(names.as_slice())),
        };
        let is_implied = matches!((inject, key), (Some([only]), Some(key)) if only == key);
        Form { name, key, when, path, inject: inject.filter(|_| !is_implied) }.serialize(serializer)
    }
}

/// Returns the document of another policy for `extends`, or the reason why there is none.
pub type ReadBase<'r> = dyn FnMut(&str) -> Result<PolicyDocument, String> + 'r;

impl PolicyDocument {
    /// Creates a policy that always picks one model and injects nothing.
    #[must_use]
    pub fn new(name: &str, runtime: &str, model: &str) -> Self {
        Self {
            schema_version: 2,
            name: name.to_owned(),
            harness: Vec::new(),
            function: None,
            runtime: vec![PickRule {
                name: None,
                when: Condition::default(),
                pick: Pick::FirstOf(vec![Source::Variable(runtime.to_owned())]),
            }],
            runtimes: Vec::new(),
            defaults: BTreeMap::new(),
            empty_is_set: Vec::new(),
            templates: BTreeMap::new(),
            creates: Creates::default(),
            model: vec![PickRule::always("model", [Source::Text(model.to_owned())])],
            inject: InjectMode::First,
            secrets: Vec::new(),
        }
    }

    /// Decodes a file of schema version 2.
    pub(super) fn decode(at: Cursor<'_>, base: &mut ReadBase<'_>) -> Result<Self, ReadError> {
        let fields = at.fields_of(&VERSION_2, UnknownFields::Deny)?;
        let name = text(&fields.required("name")?)?;
        let mut document = match fields.optional("extends") {
            Some(extends) => base(extends.string()?).map_err(|reason| extends.error(reason))?,
            None => {
                fields.required("model")?;
                Self { runtime: Vec::new(), model: Vec::new(), ..Self::new("", "", "") }
            }
        };
        document.name = name;
        if let Some(at) = fields.optional("harness") {
            document.harness = Harness::decode_all(&at)?;
        }
        if let Some(at) = fields.optional("function") {
            document.function = Some(Function::decode(&at)?);
        }
        if let Some(at) = fields.optional("runtime") {
            document.runtime = decode_runtime(&at)?;
        }
        if let Some(at) = fields.optional("runtimes") {
            document.runtimes = at.strings()?;
        }
        if let Some(at) = fields.optional("defaults") {
            document.defaults = string_map(&at)?;
        }
        if let Some(at) = fields.optional("empty_is_set") {
            document.empty_is_set = at.strings()?;
        }
        if let Some(at) = fields.optional("templates") {
            document.templates = string_map(&at)?;
        }
        if let Some(at) = fields.optional("creates") {
            let creates = at.fields_of(&CREATES, UnknownFields::Deny)?;
            document.creates = Creates { unless: list(&creates.required("unless")?, Condition::decode)? };
        }
        if let Some(at) = fields.optional("model") {
            document.model = list(&at, PickRule::decode)?;
        }
        if let Some(at) = fields.optional("inject") {
            document.inject = match at.string()? {
                FIRST => InjectMode::First,
                EVERY => InjectMode::Every,
                _ => return Err(at.error("unknown mode; write `first` or `every`")),
            };
        }
        if let Some(at) = fields.optional("secrets") {
            document.secrets = list(&at, SecretsRule::decode)?;
        }
        if fields.optional("harness").is_none() {
            document.drop_unread_inputs();
        }
        document.drop_unread(fields.optional("empty_is_set").is_none(), fields.optional("defaults").is_none());
        Ok(document)
    }

    /// Drops what is inherited about variables that no rule of this policy reads.
    fn drop_unread(&mut self, inherits_empty_is_set: bool, inherits_defaults: bool) {
        let mut names = std::mem::take(&mut self.empty_is_set);
        names.retain(|name| !inherits_empty_is_set || self.reads(name));
        let mut defaults = std::mem::take(&mut self.defaults);
        defaults.retain(|name, _| !inherits_defaults || self.reads(name));
        (self.empty_is_set, self.defaults) = (names, defaults);
    }

    /// Drops the inputs of inherited actions that no rule of this policy reads.
    fn drop_unread_inputs(&mut self) {
        let mut harness = std::mem::take(&mut self.harness);
        for entry in &mut harness {
            if let Harness::Action(action) = entry {
                action.inputs.retain(|_, variable| self.reads(variable));
            }
        }
        self.harness = harness;
    }

    /// Returns true if a rule reads a variable.
    fn reads(&self, name: &str) -> bool {
        let mut picks = self.model.iter().chain(&self.runtime);
        let is_source = |source: &Source| matches!(source, Source::Variable(used) if used == name);
        self.conditions().any(|condition| condition.variables.iter().any(|(tested, _)| tested == name))
            || picks.any(|rule| rule.sources().iter().any(is_source))
            || self.secrets.iter().any(|rule| rule.key.as_deref() == Some(name))
    }

    /// Every written condition. The implicit test of a `key` is not included.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        let model = self.model.iter().map(|rule| &rule.when);
        let runtime = self.runtime.iter().map(|rule| &rule.when);
        model.chain(self.secrets.iter().map(|rule| &rule.when)).chain(&self.creates.unless).chain(runtime)
    }

    /// Sorts the injected names and removes duplicates. Their order has no meaning because they are
    /// injected together, and results list them sorted.
    pub(super) fn sort_injected(&mut self) {
        for rule in &mut self.secrets {
            if let SecretsEffect::Inject(names) = &mut rule.effect {
                names.sort();
                names.dedup();
            }
        }
    }

    /// Checks every field on its own, and that every rule can apply.
    pub(super) fn check(&self) -> Result<(), ValidationError> {
        let root = FieldPath::default;
        not_empty(&self.name, root().key("name"))?;
        Harness::check_all(&self.harness)?;
        self.function.as_ref().map_or(Ok(()), Function::check)?;
        each_not_empty(&self.runtimes, &root().key("runtimes"))?;
        for (index, name) in self.empty_is_set.iter().enumerate() {
            variable_name(name, root().key("empty_is_set").index(index))?;
        }
        for (name, value) in &self.defaults {
            not_empty(value, root().key("defaults").key(name))?;
        }
        for (variant, runtime) in &self.templates {
            not_empty(variant, root().key("templates"))?;
            not_empty(runtime, root().key("templates").key(variant))?;
        }
        for (index, rule) in self.runtime.iter().enumerate() {
            let path = self.path_of_runtime_rule(index);
            let use_path = if self.is_runtime_short() { path.clone() } else { path.clone().key("use") };
            rule.check(&path, &use_path, &self.empty_is_set)?;
            if rule.when.runtime.is_some() {
                let path = path.key("when").key(RUNTIME);
                return Err(ValidationError::at(
                    path,
                    "a rule for the runtime cannot depend on the runtime; test a variable",
                ));
            }
            if rule.pick == Pick::Nothing {
                let message = "`none` picks no runtime; name a runtime, or write `[none]` if its name is `none`";
                return Err(ValidationError::at(path.key("use"), message));
            }
            self.check_can_hold(&rule.when, &path.key("when"))?;
            self.check_is_listed(rule, &use_path)?;
        }
        for (index, rule) in self.model.iter().enumerate() {
            let path = root().key("model").index(index);
            rule.check(&path, &path.clone().key("use"), &self.empty_is_set)?;
            self.check_can_hold(&rule.when, &path.key("when"))?;
        }
        for (index, rule) in self.secrets.iter().enumerate() {
            let path = root().key("secrets").index(index);
            rule.check(&path, &self.empty_is_set)?;
            self.check_can_hold(&rule.when, &path.key("when"))?;
        }
        for (index, condition) in self.creates.unless.iter().enumerate() {
            let path = root().key("creates").key("unless").index(index);
            condition.check(&path, &self.empty_is_set)?;
            self.check_can_hold(condition, &path)?;
            if condition.is_empty() {
                return Err(ValidationError::at(
                    path,
                    "the condition always holds, so nothing is ever created; add a test",
                ));
            }
        }
        self.check_reachable()
    }

    /// The path of a rule for the runtime, which may be written in its short form.
    pub(super) fn path_of_runtime_rule(&self, index: usize) -> FieldPath {
        let path = FieldPath::default().key("runtime");
        if self.is_runtime_short() { path } else { path.index(index) }
    }

    /// Returns true if the rules for the runtime are written as the name of a variable.
    fn is_runtime_short(&self) -> bool {
        matches!(self.runtime.as_slice(), [PickRule { name: None, when, pick: Pick::FirstOf(sources) }]
            if when.is_empty() && matches!(sources.as_slice(), [Source::Variable(_)]))
    }

    /// Refuses a condition that holds in no environment.
    fn check_can_hold(&self, condition: &Condition, path: &FieldPath) -> Result<(), ValidationError> {
        if let Some(runtimes) = &condition.runtime
            && !self.runtimes.is_empty()
            && !self.runtimes.iter().any(|runtime| runtimes.contains(runtime))
        {
            let path = path.clone().key(RUNTIME);
            return Err(ValidationError::at(
                path,
                "no runtime in `runtimes` meets this condition, so it can never hold; correct one of the two",
            ));
        }
        let defaulted = |(name, test): &&(String, Test)| *test == Test::Unset && self.defaults.contains_key(name);
        match condition.variables.iter().find(defaulted) {
            Some((name, _)) => Err(ValidationError::at(
                path.clone().key(name),
                format!("`{name}` has a default, so the condition can never hold; remove the default or the test"),
            )),
            None => Ok(()),
        }
    }

    /// Refuses a rule for the runtime that picks a runtime which is not in `runtimes`, whether by a text or
    /// by the default of a variable.
    fn check_is_listed(&self, rule: &PickRule, use_path: &FieldPath) -> Result<(), ValidationError> {
        for (index, source) in rule.sources().iter().enumerate() {
            let (runtime, path, what) = match source {
                Source::Text(text) => (Some(text), rule.path_of_source(use_path, index), "rule"),
                Source::Variable(name) => {
                    (self.defaults.get(name), FieldPath::default().key("defaults").key(name), "default")
                }
            };
            if let Some(runtime) = runtime.filter(|runtime| !self.runtimes.contains(runtime))
                && !self.runtimes.is_empty()
            {
                let message =
                    format!("the field `runtimes` does not have `{runtime}`; add it there or correct the {what}");
                return Err(ValidationError::at(path, message));
            }
        }
        Ok(())
    }

    /// Refuses rules after a rule that always applies.
    fn check_reachable(&self) -> Result<(), ValidationError> {
        let ends = |rule: &SecretsRule| {
            rule.key.is_none()
                && rule.when.is_empty()
                && (self.inject == InjectMode::First || rule.effect == SecretsEffect::Platform)
        };
        let lists = [
            ("runtime", self.runtime.iter().position(PickRule::always_applies), self.runtime.len()),
            ("model", self.model.iter().position(PickRule::always_applies), self.model.len()),
            ("secrets", self.secrets.iter().position(ends), self.secrets.len()),
        ];
        for (field, end, length) in lists {
            if let Some(end) = end.filter(|end| end + 1 < length) {
                let path = FieldPath::default().key(field).index(end + 1);
                let message =
                    format!("`{field}[{end}]` always applies, so this rule can never apply; move it up or delete it");
                return Err(ValidationError::at(path, message));
            }
        }
        Ok(())
    }
}

fn decode_runtime(at: &Cursor<'_>) -> Result<Vec<PickRule>, ReadError> {
    if at.is_list() {
        let rules = list(at, PickRule::decode)?;
        return if rules.is_empty() {
            Err(at.error("the list is empty; add a rule or delete the field"))
        } else {
            Ok(rules)
        };
    }
    let name = text(at)?;
    Ok(vec![PickRule { name: None, when: Condition::default(), pick: Pick::FirstOf(vec![Source::Variable(name)]) }])
}
