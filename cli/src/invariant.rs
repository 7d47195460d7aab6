//! Invariants of slugproof.yaml: what must always, or never, hold for the model that a harness picks.

use slug_redact::has_credential;
use slug_resolver::policy::{Membership, Test};
use slug_resolver::yaml::{Cursor, Entry, ReadError, UnknownFields};
use slug_resolver::{Billing, Env, Policy, Registry, Resolution};

use crate::config_format;
use crate::render::is_blank;
use crate::suggest::{did_you_mean, unknown_policy, unknown_runtime};
use crate::variables::unread_hint;
use slug_value::slip::is_slip;
use slug_workflow::refusal::EVENTS;

/// An entry of `invariants`.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// The line of the entry.
    pub line: u64,
    /// True if the properties must always hold, false if they must never hold together.
    pub is_always: bool,
    /// The property that the entry demands or forbids.
    properties: Vec<(Property, Membership)>,
    /// The policies that the entry is about.
    policy: Option<Membership>,
    /// The runtimes that the entry is about.
    runtime: Option<Membership>,
    /// The variables on which the entry depends.
    variables: Vec<(String, Test)>,
    /// The calls that the entry is about; with any of these, it counts for `lint` only.
    calls: Vec<(CallField, Membership)>,
    /// Why the invariant matters.
    pub reason: Option<String>,
}

/// A property of a resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Property {
    Provider,
    Billing,
    Model,
    Path,
    Rule,
}

/// A property of a call in a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallField {
    Event,
    Job,
    Workflow,
}

/// The properties, in the order of the format.
const PROPERTIES: [Property; 5] =
    [Property::Provider, Property::Billing, Property::Model, Property::Path, Property::Rule];

/// The properties of a call, in the order of the format.
const CALL_FIELDS: [CallField; 3] = [CallField::Event, CallField::Job, CallField::Workflow];

/// The names of the properties.
fn property_names() -> impl Iterator<Item = (&'static str, Property)> {
    config_format::PROPERTIES.fields.iter().map(|field| field.name).zip(PROPERTIES)
}

/// The names of the properties of a call.
fn call_field_names() -> impl Iterator<Item = (&'static str, CallField)> {
    config_format::CALL.fields.iter().map(|field| field.name).zip(CALL_FIELDS)
}

/// A call of a harness in a workflow.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The event that starts the workflow.
    pub event: &'a str,
    /// The path of the workflow.
    pub workflow: &'a str,
    /// The id of the job.
    pub job: &'a str,
}

impl Invariant {
    /// Decodes an entry.
    ///
    /// # Errors
    ///
    /// The first field that breaks a rule of the format.
    pub fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        if let Some(entry) = at.entries()?.iter().find(|entry| call_field_names().any(|(name, _)| name == entry.name)) {
            return Err(entry.key.error(format!("write `{}` in `when`, not beside it", entry.name)));
        }
        let fields = at.fields_of(&config_format::INVARIANT, UnknownFields::Deny)?;
        let (is_always, properties) = match (fields.optional("always"), fields.optional("never")) {
            (Some(always), None) => (true, always),
            (None, Some(never)) => (false, never),
            _ => return Err(at.error("an invariant has either `always` or `never`; write one of the two")),
        };
        let mut invariant = Self {
            line: at.line_col().line,
            is_always,
            properties: decode_properties(&properties)?,
            policy: fields.optional("policy").map(|at| Membership::decode(&at)).transpose()?,
            runtime: fields.optional("runtime").map(|at| Membership::decode(&at)).transpose()?,
            variables: Vec::new(),
            calls: Vec::new(),
            reason: fields.optional("reason").map(|at| at.string().map(str::to_owned)).transpose()?,
        };
        if let Some(reason) = fields.optional("reason").filter(|_| invariant.reason.as_deref().is_some_and(is_blank)) {
            return Err(reason.error("the reason is empty; write one, or delete the field"));
        }
        let when = fields.optional("when");
        for Entry { name, value, .. } in when.as_ref().map_or(Ok(Vec::new()), Cursor::entries)? {
            let field = call_field_names().find(|(field, _)| *field == name);
            match (field, name) {
                (Some((_, field)), _) => {
                    let texts = Membership::decode(&value)?;
                    if field == CallField::Event {
                        check_events(&texts).map_err(|message| value.error(message))?;
                    }
                    invariant.calls.push((field, texts));
                }
                (None, "runtime") if invariant.runtime.is_some() => {
                    return Err(value.error("the entry already has `runtime`; keep one of the two"));
                }
                (None, "runtime") => invariant.runtime = Some(Membership::decode(&value)?),
                (None, "policy") => {
                    return Err(value.error("write `policy` beside `when`, not in it"));
                }
                (None, name) => invariant.variables.push((name.to_owned(), Test::decode(&value)?)),
            }
        }
        Ok(invariant)
    }

    /// Checks that the entry names policies, rules, variables, runtimes and providers that exist, and no misspelt model
    /// or value; names of the registry only if there is one. A name that does not exist would make the entry about
    /// nothing.
    ///
    /// # Errors
    ///
    /// The name of the field, and what is wrong.
    pub fn check(&self, policies: &[Policy], registry: Option<&Registry>) -> Result<(), (&'static str, String)> {
        if let Some(registry) = registry {
            self.check_registered(policies, registry)?;
        }
        let mut named = self.policy.iter().flat_map(Membership::texts);
        if let Some(message) = named.find_map(|name| unknown_policy(name, policies)) {
            return Err(("policy", message));
        }
        for (name, test) in &self.variables {
            let reading: Vec<&Policy> = policies.iter().filter(|policy| policy.variable(name).is_some()).collect();
            if reading.is_empty() {
                let hint = policies.iter().find_map(|policy| unread_hint(policy, name, |_| false));
                let help =
                    hint.unwrap_or_else(|| "name a variable of a policy, or `event`, `job` or `workflow`".to_owned());
                return Err(("when", format!("no policy reads `{name}`; {help}")));
            }
            let is_key = |policy: &&&Policy| policy.variable(name).is_some_and(|variable| policy.is_key(variable));
            if !matches!(test, Test::Set | Test::Unset) && reading.iter().any(|policy| is_key(&policy)) {
                return Err(("when", format!("`{name}` is a secret, so only `set` and `unset` can be tested")));
            }
            if let Some(message) = misspelt_value(name, test, &reading, registry) {
                return Err(("when", message));
            }
        }
        self.check_rules(policies)
    }

    fn check_rules(&self, policies: &[Policy]) -> Result<(), (&'static str, String)> {
        let concerned = policies.iter().filter(|policy| self.is_about_policy(policy));
        let known: Vec<&str> = concerned.flat_map(Policy::model_labels).collect();
        let unknown = |name: &&str| !known.contains(name);
        match self.named(Property::Rule).find(unknown) {
            None => Ok(()),
            Some(name) => {
                let help = did_you_mean(name, known.iter().copied(), "name a rule for the model");
                Err((self.word(), format!("no policy of this entry has the rule `{name}`; {help}")))
            }
        }
    }

    /// The texts that the entry names for a property.
    fn named(&self, property: Property) -> impl Iterator<Item = &str> {
        let named = self.properties.iter().filter(move |(other, _)| *other == property);
        named.flat_map(|(_, texts)| texts.texts()).map(String::as_str)
    }

    /// The field with the properties.
    fn word(&self) -> &'static str {
        if self.is_always { config_format::ALWAYS } else { config_format::NEVER }
    }

    fn check_registered(&self, policies: &[Policy], registry: &Registry) -> Result<(), (&'static str, String)> {
        let mut named = self.runtime.iter().flat_map(Membership::texts);
        if let Some(message) = named.find_map(|name| unknown_runtime(name, policies, registry)) {
            return Err(("runtime", message));
        }
        let providers = || registry.providers().iter().map(|provider| provider.name.as_str());
        for name in self.named(Property::Provider) {
            if !providers().any(|known| known == name) {
                let help = did_you_mean(name, providers(), "name a provider of the registry");
                return Err((self.word(), format!("the provider `{name}` does not exist; {help}")));
            }
        }
        let is_served = |id: &str| {
            let handles = registry.runtimes().iter().filter_map(|runtime| registry.handle(&runtime.name));
            handles.into_iter().any(|handle| !handle.candidates(id).is_empty())
        };
        // An entry may forbid a model that the registry does not have yet, or no longer. No message is about a
        // credential.
        for name in self.named(Property::Model).filter(|id| !has_credential(id) && !is_served(id)) {
            if let Some(near) = slip_of(name, ids(registry)) {
                return Err((self.word(), format!("no provider serves the model `{name}`; did you mean `{near}`?")));
            }
        }
        Ok(())
    }

    /// Checks that the condition names workflows and jobs that exist. `workflows` holds the path of each workflow and
    /// the ids of its jobs, or `None` for an unreadable file.
    ///
    /// # Errors
    ///
    /// The name of the field of `when`, and what is wrong.
    pub fn check_calls(&self, workflows: &[(&str, Option<Vec<&str>>)]) -> Result<(), (&'static str, String)> {
        let texts = |field: CallField| {
            let of_field = self.calls.iter().filter(move |(other, _)| *other == field);
            of_field.flat_map(|(_, texts)| texts.texts()).map(String::as_str)
        };
        for name in texts(CallField::Workflow) {
            if !workflows.iter().any(|(path, _)| is_end_of_path(name, path)) {
                let names = workflows.iter().map(|(path, _)| match name.contains('/') {
                    true => path,
                    false => path.rsplit('/').next().unwrap_or(path),
                });
                let help = did_you_mean(name, names, "write the path or the file name of a workflow");
                return Err(("workflow", format!("no linted file matches the workflow `{name}`; {help}")));
            }
        }
        let concerned = workflows.iter().filter(|(path, _)| self.is_about_workflow(path));
        let Some(jobs) = concerned.map(|(_, jobs)| jobs.as_ref()).collect::<Option<Vec<_>>>() else { return Ok(()) };
        let ids: Vec<&str> = jobs.into_iter().flatten().copied().collect();
        match texts(CallField::Job).find(|job| !ids.contains(job)) {
            None => Ok(()),
            Some(job) => {
                let help = did_you_mean(job, ids.iter().copied(), "write the id of a job");
                Err(("job", format!("no linted workflow of this entry has the job `{job}`; {help}")))
            }
        }
    }

    fn is_about_workflow(&self, path: &str) -> bool {
        let texts = self.calls.iter().filter(|(field, _)| *field == CallField::Workflow).map(|(_, texts)| texts);
        let has = |texts: &Membership| texts.texts().iter().any(|name| is_end_of_path(name, path));
        texts.into_iter().all(|texts| has(texts) == matches!(texts, Membership::OneOf(_)))
    }

    /// Returns true if the entry counts for `lint` only, because its condition is about calls.
    #[must_use]
    pub fn is_about_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// The models that the entry names.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.named(Property::Model)
    }

    /// The variables that the entry tests, each with values that its test tells from other values.
    pub fn tested_values(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.variables.iter().map(|(name, test)| {
            let values = match test {
                Test::Value(texts) => texts.texts().to_vec(),
                Test::Host(host) => vec![format!("https://{host}")],
                Test::Set | Test::Unset => Vec::new(),
            };
            (name.as_str(), values)
        })
    }

    /// Returns true if the entry tests a variable.
    #[must_use]
    pub fn tests(&self, name: &str) -> bool {
        self.variables.iter().any(|(tested, _)| tested == name)
    }

    /// Returns true if the entry is about a policy.
    #[must_use]
    pub fn is_about_policy(&self, policy: &Policy) -> bool {
        self.policy.as_ref().is_none_or(|names| names.contains(policy.name()))
            && self.variables.iter().all(|(name, _)| policy.variable(name).is_some())
    }

    /// Returns true if the entry is about a call.
    #[must_use]
    pub fn is_about_call(&self, call: Call<'_>) -> bool {
        self.calls.iter().all(|(field, texts)| match field {
            CallField::Event => texts.contains(call.event),
            CallField::Job => texts.contains(call.job),
            CallField::Workflow => self.is_about_workflow(call.workflow),
        })
    }

    /// Returns true if a resolution violates the entry. A resolution without a provider violates none:
    /// it is a contradiction, or nothing is created.
    #[must_use]
    pub fn is_violated(&self, env: &Env<'_>, resolution: &Resolution<'_>) -> bool {
        let Some(provider) = resolution.provider else { return false };
        let is_about = self.runtime.as_ref().is_none_or(|names| names.contains(resolution.runtime))
            && self.variables.iter().all(|(name, test)| holds(test, name, env));
        let has = |(property, texts): &(Property, Membership)| {
            texts.contains(match property {
                Property::Provider => &provider.name,
                Property::Billing => provider.billing().as_str(),
                Property::Model => resolution.slug.trim(),
                Property::Path => resolution.path.as_str(),
                Property::Rule => resolution.rule.unwrap_or_default(),
            })
        };
        is_about && self.properties.iter().all(has) != self.is_always
    }

    /// The entry in words, such as `never {billing: platform}`.
    #[must_use]
    pub fn statement(&self) -> String {
        let word = if self.is_always { "always" } else { "never" };
        let property = |(property, texts): &(Property, Membership)| {
            let name = property_names().find(|(_, known)| known == property).map_or("", |(name, _)| name);
            format!("{name}: {}", shown(texts))
        };
        let properties: Vec<String> = self.properties.iter().map(property).collect();
        format!("{word} {{{}}}", properties.join(", "))
    }
}

/// Returns true if a name is a path, or the end of it.
fn is_end_of_path(name: &str, path: &str) -> bool {
    path.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
}

/// The known text of which a text is a slip, unless the text is known itself.
fn slip_of<'n>(text: &str, known: impl Iterator<Item = &'n str> + Clone) -> Option<&'n str> {
    let is_known = known.clone().any(|other| other == text);
    known.filter(|_| !is_known).find(|other| is_slip(text, other))
}

/// The ids that a registry lists or has withdrawn.
fn ids(registry: &Registry) -> impl Iterator<Item = &str> + Clone {
    let arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
    arms.flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models)).map(String::as_str)
}

/// What is wrong with a value that a test compares a variable with, if it is probably a misspelt `set` or `unset`, or
/// a misspelt value that one of these policies, which read the variable, or the registry has.
fn misspelt_value(name: &str, test: &Test, policies: &[&Policy], registry: Option<&Registry>) -> Option<String> {
    let (values, is_host) = match test {
        Test::Set | Test::Unset => return None,
        Test::Value(texts) => (texts.texts().to_vec(), false),
        Test::Host(host) => (vec![host.to_lowercase()], true),
    };
    let mut known: Vec<String> = Vec::new();
    for policy in policies {
        let Some(variable) = policy.variable(name) else { continue };
        let classes = policy.value_classes(variable);
        if is_host {
            known.extend(classes.hosts);
            continue;
        }
        known.extend(classes.texts.into_iter().chain(policy.document().defaults.get(name).cloned()));
        if policy.is_slug_variable(variable) {
            known.extend(registry.into_iter().flat_map(ids).map(str::to_owned));
        }
        if policy.runtime_variables().any(|other| other == variable) {
            let registered = registry.into_iter().flat_map(Registry::runtimes).map(|runtime| runtime.name.as_str());
            known.extend(registered.chain(policy.runtimes()).map(str::to_owned));
        }
    }
    let is_other_word = |text: &str, word: &&str| text != *word && text.eq_ignore_ascii_case(word);
    values.iter().find_map(|text| {
        // `set` is too short to be compared as a name is.
        let word = ["set", "unset"].into_iter().find(|word| !is_host && is_other_word(text, word));
        let near = word.or_else(|| slip_of(text, known.iter().map(String::as_str)))?;
        Some(format!("`{name}` is compared with `{text}`; did you mean `{near}`?"))
    })
}

/// Refuses an event that is a known one with one slip: the entry would be about no call. A forge may have
/// other events.
fn check_events(texts: &Membership) -> Result<(), String> {
    let slip = |text: &String| {
        let is_known = EVENTS.contains(&text.as_str());
        let near = EVENTS.iter().filter(|_| !is_known).find(|event| is_slip(text, event))?;
        Some(format!("unknown event `{text}`; did you mean `{near}`?"))
    };
    texts.texts().iter().find_map(slip).map_or(Ok(()), Err)
}

fn decode_properties(at: &Cursor<'_>) -> Result<Vec<(Property, Membership)>, ReadError> {
    let mut properties = Vec::new();
    for Entry { name, key, value, .. } in at.entries()? {
        let Some((_, property)) = property_names().find(|(known, _)| *known == name) else {
            let help = did_you_mean(name, property_names().map(|(name, _)| name), "name one of these");
            let names: Vec<String> = property_names().map(|(name, _)| format!("`{name}`")).collect();
            return Err(key.error(format!("unknown property `{name}`; {help} (properties: {})", names.join(", "))));
        };
        let texts = Membership::decode(&value)?;
        let is_path = |text: &&String| Billing::ALL.iter().any(|billing| *text == billing.as_str());
        if let (Property::Billing | Property::Path, Some(other)) =
            (property, texts.texts().iter().find(|it| !is_path(it)))
        {
            return Err(value.error(format!("unknown {name} `{other}`; write `platform` or `byok`")));
        }
        properties.push((property, texts));
    }
    if properties.is_empty() {
        return Err(at.error("the invariant says nothing; add a property such as `provider`"));
    }
    Ok(properties)
}

fn holds(test: &Test, name: &str, env: &Env<'_>) -> bool {
    let Some(variable) = env.policy().variable(name) else { return false };
    match test {
        Test::Set => env.is_present(variable),
        Test::Unset => !env.is_present(variable),
        test => test.holds(env.text(variable)),
    }
}

/// A set of texts as slugproof.yaml writes it.
fn shown(texts: &Membership) -> String {
    match texts {
        Membership::OneOf(texts) => match texts.as_slice() {
            [only] => only.clone(),
            texts => format!("[{}]", texts.join(", ")),
        },
        Membership::NoneOf(texts) => format!("{{not: [{}]}}", texts.join(", ")),
    }
}
