//! Expectations of slugproof.yaml: tests of one's own, each with an environment and what it resolves to.

use std::collections::BTreeMap;

use slug_redact::{MASK, has_credential, is_secret_name};
use slug_resolver::yaml::{Cursor, Entry, FieldPath, ReadError, UnknownFields};
use slug_resolver::{Code, Env, Kind, Policy, Registry, Resolution, empty_keys};

use crate::config_format;
use crate::render::{is_blank, shown};
use crate::suggest::{closest_match, did_you_mean, similar_ids, unknown_policy, unknown_runtime};
use crate::variables::unread_hint;

/// An entry of `expect`.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// The line of the entry.
    pub line: u64,
    /// The name of the test.
    pub name: Option<String>,
    /// The only policy that is tested; by default every policy that reads the variables.
    policy: Option<String>,
    /// The runtime; by default the one that the policy picks, else every runtime.
    runtime: Option<String>,
    /// The variables, in the order written.
    variables: Vec<(String, Setting)>,
    /// What the environment resolves to.
    pub expected: Expected,
}

/// What an entry expects of a resolution. Without a code, the resolution must be consistent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The slug.
    pub slug: Option<String>,
    /// The name of the provider.
    pub provider: Option<String>,
    /// The code of the contradiction.
    pub code: Option<Code>,
}

/// The setting of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Setting {
    /// `set`: the value of a secret, of which only the presence matters.
    Set,
    /// `unset`, the same as no entry.
    Unset,
    /// Any other text.
    Value(String),
}

/// What an environment resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The slug; empty if no model is sent.
    pub slug: String,
    /// The name of the provider, if one was found.
    pub provider: Option<String>,
    /// The contradiction, if there is one.
    pub code: Option<Code>,
    /// Whether the provider and the secrets match.
    pub verdict: Kind,
}

/// An environment of an entry: one policy on one runtime.
#[derive(Clone, Debug)]
pub struct TestedEnvironment {
    /// The name of the policy.
    pub policy: String,
    /// The runtime.
    pub runtime: String,
    /// The variables that are set, with `set` for a secret.
    pub set: BTreeMap<String, String>,
    /// What it resolves to.
    pub found: Found,
    /// True if it is what the entry expects.
    pub passes: bool,
    /// What the writer of the entry probably meant: a sentence without a full stop.
    pub hint: Option<String>,
}

/// An error about a field of an entry: the path to the field, and a message.
type FieldError = (FieldPath, String);

/// The fields that say what an entry expects.
const EXPECTED: [&str; 3] = ["slug", "provider", "code"];

/// Names that writers may use for a field, and the field.
const OTHER_NAMES: [(&str, &str); 8] = [
    ("model", "slug"),
    ("model_slug", "slug"),
    ("environment", "env"),
    ("variables", "env"),
    ("vars", "env"),
    ("when", "env"),
    ("error", "code"),
    ("contradiction", "code"),
];

impl Expectation {
    /// Decodes an entry.
    ///
    /// # Errors
    ///
    /// The first field that breaks a rule of the format. No message repeats the value of a variable.
    pub fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        for entry in at.entries()? {
            if let Some((name, field)) = OTHER_NAMES.iter().find(|(name, _)| *name == entry.name) {
                return Err(entry.key.error(format!("unknown field `{name}`; write `{field}`")));
            }
        }
        let fields = at.fields_of(&config_format::EXPECT, UnknownFields::Deny)?;
        let text = |name: &str| -> Result<Option<String>, ReadError> {
            let Some(at) = fields.optional(name) else { return Ok(None) };
            match at.string()? {
                text if is_blank(text) => {
                    Err(at.error(format!("`{name}` is empty; write a value, or delete the field")))
                }
                text => Ok(Some(text.to_owned())),
            }
        };
        if EXPECTED.iter().all(|name| fields.optional(name).is_none()) {
            let message = "the entry expects nothing; add `slug`, `provider` or `code`, as in `slug: MODEL`";
            return Err(at.error(message));
        }
        let code = fields.optional("code");
        let code = code.map(|at| Code::parse(at.string()?).ok_or_else(|| at.error(unknown_code(&at)))).transpose()?;
        let mut variables = Vec::new();
        let env = fields.optional("env");
        for Entry { name, value, .. } in env.as_ref().map_or(Ok(Vec::new()), Cursor::entries)? {
            variables.push((name.to_owned(), Setting::decode(name, &value)?));
        }
        Ok(Self {
            line: at.line_col().line,
            name: text("name")?,
            policy: text("policy")?,
            runtime: text("runtime")?,
            variables,
            expected: Expected { slug: text("slug")?, provider: text("provider")?, code },
        })
    }

    /// Checks that the entry names a policy, a runtime and variables that exist, the runtime only if there is a
    /// registry, and that it repeats no secret. `at` is the path of the entry.
    ///
    /// # Errors
    ///
    /// The first field that is wrong.
    pub fn check(&self, at: FieldPath, policies: &[Policy], registry: Option<&Registry>) -> Result<(), FieldError> {
        let field = |name: &str| at.clone().key(name);
        if let Some(message) = self.policy.as_deref().and_then(|name| unknown_policy(name, policies)) {
            return Err((field("policy"), message));
        }
        let named: Vec<&Policy> = policies.iter().filter(|policy| self.names(policy)).collect();
        for (name, _) in &self.variables {
            if named.iter().all(|policy| policy.variable(name).is_none()) {
                let reader = match named.as_slice() {
                    [only] => format!("policy `{}` does not read", only.name()),
                    _ => "no policy reads".to_owned(),
                };
                let hint = named.iter().find_map(|policy| unread_hint(policy, name, |key| self.is_given(key)));
                let hint = hint.unwrap_or_else(|| "name a variable of the policy".to_owned());
                return Err((field("env").key(name), format!("{reader} `{name}`; {hint}")));
            }
        }
        if !named.iter().any(|policy| self.is_about(policy)) {
            let message = "each of these variables is read by a policy, but no policy reads all of them; \
                           name the policy with `policy`, and delete the variables that it does not read";
            return Err((field("env"), message.to_owned()));
        }
        for policy in named.iter().filter(|policy| self.is_about(policy)) {
            for (name, setting) in &self.variables {
                let is_key = policy.variable(name).is_some_and(|variable| policy.is_key(variable));
                let message = match setting {
                    Setting::Value(value) if is_key && !value.is_empty() => {
                        format!("`{name}` is a secret, so only whether it is set matters; write `set` or `unset`")
                    }
                    Setting::Set if !is_key => {
                        format!("policy `{}` uses the value of `{name}`; write the value", policy.name())
                    }
                    _ => continue,
                };
                return Err((field("env").key(name), message));
            }
        }
        if let (Some(name), Some(registry)) = (&self.runtime, registry)
            && self.expected.code != Some(Code::UnknownRuntime)
            && let Some(message) = unknown_runtime(name, named.iter().copied(), registry)
        {
            return Err((field("runtime"), message));
        }
        let set = self.set_variables();
        for policy in named.iter().filter(|policy| self.is_about(policy)) {
            let env = Env::read(policy, set.iter().map(|(name, value)| (name, value.as_str())));
            let without = Env::read(policy, [("", ""); 0]);
            if let (Some(runtime), Some(picked)) = (self.runtime.as_deref(), env.runtime())
                && without.runtime() != Some(picked)
                && ![picked, policy.template_of(picked)].contains(&runtime)
            {
                let message =
                    format!("`env` picks the runtime `{}`; write that one, or delete `runtime`", shown(picked));
                return Err((field("runtime"), message));
            }
        }
        Ok(())
    }

    /// The variables with a value that may be a secret: none of these policies uses the value.
    pub fn misplaced_secrets<'e>(&'e self, policies: &'e [Policy]) -> impl Iterator<Item = &'e str> {
        let is_text = |name: &str| {
            policies.iter().any(|policy| policy.variable(name).is_some_and(|variable| !policy.is_key(variable)))
        };
        self.variables.iter().filter_map(move |(name, setting)| match setting {
            Setting::Value(value) if !is_text(name) && !value.is_empty() => Some(name.as_str()),
            _ => None,
        })
    }

    fn is_given(&self, name: &str) -> bool {
        self.variables.iter().any(|(given, _)| given == name)
    }

    fn names(&self, policy: &Policy) -> bool {
        self.policy.as_ref().is_none_or(|name| name == policy.name())
    }

    /// Returns true if the entry tests a policy.
    #[must_use]
    pub fn is_about(&self, policy: &Policy) -> bool {
        self.names(policy) && self.variables.iter().all(|(name, _)| policy.variable(name).is_some())
    }

    /// The variables that are set, with `set` for a secret.
    fn set_variables(&self) -> BTreeMap<String, String> {
        let value = |setting: &Setting| match setting {
            Setting::Set => Some("set".to_owned()),
            Setting::Unset => None,
            Setting::Value(value) => Some(value.clone()),
        };
        self.variables.iter().filter_map(|(name, setting)| Some((name.clone(), value(setting)?))).collect()
    }

    /// Resolves the environment of the entry with a policy: on its runtime, else on the one that the policy picks,
    /// else on each runtime of the policy or the registry.
    #[must_use]
    pub fn test(&self, registry: &Registry, policy: &Policy) -> Vec<TestedEnvironment> {
        let set = self.set_variables();
        let given = Env::read(policy, set.iter().map(|(name, value)| (name, value.as_str())));
        let (runtimes, env) = match (&self.runtime, given.runtime()) {
            (Some(runtime), _) => (vec![runtime.as_str()], given),
            (None, Some(picked)) => (vec![picked], given.without_runtime()),
            (None, None) => (runtimes(registry, policy), given.without_runtime()),
        };
        let environment = |runtime: &str| {
            let found = empty_keys::resolve(registry, runtime, &env, &[]);
            let passes = self.expected.is_met(&found);
            let hint = if passes { None } else { self.expected.hint(registry, policy, &found) };
            TestedEnvironment {
                policy: policy.name().to_owned(),
                runtime: runtime.to_owned(),
                set: set.iter().map(|(name, value)| (name.clone(), shown_value(policy, name, value))).collect(),
                found: Found {
                    slug: found.slug.to_owned(),
                    provider: found.provider.map(|provider| provider.name.clone()),
                    code: found.code,
                    verdict: found.verdict,
                },
                passes,
                hint,
            }
        };
        runtimes.into_iter().map(environment).collect()
    }
}

/// The runtimes that a harness is used with: those of the policy, else all of the registry.
fn runtimes<'a>(registry: &'a Registry, policy: &'a Policy) -> Vec<&'a str> {
    let listed = &policy.document().runtimes;
    if listed.is_empty() {
        return registry.runtimes().iter().map(|runtime| runtime.name.as_str()).collect();
    }
    listed.iter().map(String::as_str).collect()
}

/// The value of a variable, masked if the name says that it is a secret and the policy does not name the value.
fn shown_value(policy: &Policy, name: &str, value: &str) -> String {
    let is_named = |value: &str| {
        let classes = policy.variable(name).map(|variable| (policy.is_key(variable), policy.value_classes(variable)));
        classes.is_some_and(|(is_key, classes)| is_key || classes.texts.iter().any(|text| text == value))
    };
    if is_secret_name(name) && !is_named(value) { MASK.to_owned() } else { value.to_owned() }
}

impl Setting {
    fn decode(name: &str, at: &Cursor<'_>) -> Result<Self, ReadError> {
        Ok(match at.string()? {
            "set" => Self::Set,
            "unset" => Self::Unset,
            value if has_credential(value) => {
                let message = format!("the value of `{}` looks like a credential; write `set`", shown(name));
                return Err(at.error(message));
            }
            value => Self::Value(value.to_owned()),
        })
    }
}

impl Expected {
    /// Returns true if a resolution is as expected.
    fn is_met(&self, found: &Resolution<'_>) -> bool {
        let provider = found.provider.map(|provider| &provider.name);
        found.verdict != Kind::Nothing
            && found.code == self.code
            && self.slug.as_ref().is_none_or(|slug| slug == found.slug)
            && self.provider.as_ref().is_none_or(|name| provider == Some(name))
    }

    /// The name that was probably meant, if a name in the entry does not exist.
    fn hint(&self, registry: &Registry, policy: &Policy, found: &Resolution<'_>) -> Option<String> {
        let providers = || registry.providers().iter().map(|provider| provider.name.as_str());
        if let Some(name) = self.provider.as_deref().filter(|name| !providers().any(|known| known == *name)) {
            let near = closest_match(name, providers()).map(|near| format!("; did you mean `{near}`?"));
            return Some(format!("the registry has no provider `{}`{}", shown(name), near.unwrap_or_default()));
        }
        let slug = self.slug.as_deref().filter(|slug| *slug != found.slug)?;
        let runtime = policy.template_of(found.runtime);
        let handle = registry.handle(runtime)?;
        if !handle.candidates(slug).is_empty() || handle.withdrawn_by(slug).is_some() {
            return None;
        }
        let credentials = slug_resolver::Credentials { injected: found.injected, ambient: &[] };
        let near: Vec<String> =
            similar_ids(registry, runtime, slug, &credentials, 3).iter().map(|id| format!("`{}`", shown(id))).collect();
        let near = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        Some(format!("no provider of runtime {} serves `{}`{near}", shown(runtime), shown(slug)))
    }

    /// The expectation in words, such as ``slug `m-1` from provider `acme` ``.
    #[must_use]
    pub fn text(&self) -> String {
        described(self.slug.as_deref(), self.provider.as_deref(), self.code)
    }
}

impl Found {
    /// The result in words, as [`Expected::text`].
    #[must_use]
    pub fn text(&self) -> String {
        if self.verdict == Kind::Nothing {
            return "nothing: the harness creates no workspace in this environment".to_owned();
        }
        let code = self.code.map(|code| format!(": {}", code.meaning())).unwrap_or_default();
        let slug = if self.slug.is_empty() { "no slug".to_owned() } else { String::new() };
        let slug_text = Some(self.slug.as_str()).filter(|slug| !slug.is_empty());
        let rest = described(slug_text, self.provider.as_deref(), self.code);
        let parts: Vec<String> = [slug, rest].into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ") + &code
    }
}

/// A slug, a provider and a code in words.
fn described(slug: Option<&str>, provider: Option<&str>, code: Option<Code>) -> String {
    let slug = slug.map(|slug| format!("slug `{}`", shown(slug)));
    let provider = provider.map(|name| format!("provider `{}`", shown(name)));
    let code = code.map(|code| format!("contradiction `{code}`"));
    slug.into_iter().chain(provider).chain(code).collect::<Vec<_>>().join(", ")
}

fn unknown_code(at: &Cursor<'_>) -> String {
    let code = at.string().unwrap_or_default();
    let all = || Code::ALL.iter().map(|code| code.as_str());
    let names: Vec<String> = all().map(|code| format!("`{code}`")).collect();
    let help = did_you_mean(code, all(), &format!("write one of {}", names.join(", ")));
    format!("no contradiction has the code `{}`; {help}", shown(code))
}
