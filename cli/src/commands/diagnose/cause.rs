//! Diagnosis: derives one cause from a record and an environment.

use slug_resolver::{
    BillingPath, Code, Credentials, Env, Fix, Kind, NameSubset, Policy, Provider, Registry, Resolution, Verdict,
    Warning, empty_keys, evaluate,
};

use super::record::{Named, Record, Said};
use crate::codes::{self, Entry};
use crate::exit::Exit;

/// The data and the environment that a workspace should have been created from.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// The policy.
    pub policy: &'a Policy,
    /// The runtime.
    pub runtime: &'a str,
    /// The environment, if any source is given.
    pub env: Option<&'a Env<'a>>,
    /// True if the environment of this process was asked for.
    pub from_env: bool,
    /// Credentials that are already available to the workspace.
    pub ambient: &'a [&'a str],
    /// The warnings that slugproof.yaml denies.
    pub denied: &'a [Warning],
}

/// A diagnosis with its evidence.
pub struct Diagnosis<'a> {
    /// The cause.
    pub cause: Cause,
    /// The data and the environment.
    pub setting: Setting<'a>,
    /// The record.
    pub record: &'a Record,
    /// The resolution of the environment.
    pub resolution: Option<Resolution<'a>>,
    /// The fixes of the contradiction.
    pub fixes: Vec<Fix>,
    /// The model that the record names.
    pub model: Option<Named<'a>>,
    /// The runtime that the record names.
    pub named_runtime: Option<Named<'a>>,
    /// The differences between the record and the environment.
    pub disagreements: Vec<Disagreement<'a>>,
    /// The resolution of the model in the record, if the environment selects another or is missing.
    pub recorded: Option<Recorded<'a>>,
}

/// A field of the record that differs from the resolution of the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement<'a> {
    /// `model` or `runtime`.
    pub about: &'static str,
    /// The field of the record and its value.
    pub named: Named<'a>,
    /// The value from the environment.
    pub resolved: &'a str,
}

/// The resolution of the model that a record names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded<'a> {
    /// The model.
    pub model: &'a str,
    /// The runtime of the lookup.
    pub runtime: &'a str,
    /// The provider, if any.
    pub provider: Option<&'a Provider>,
    /// The contradiction, if any. Without an environment, missing secrets are not a contradiction.
    pub code: Option<Code>,
}

/// The cause of a failure, as far as the record and the environment show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The environment contradicts itself.
    Contradiction(Code),
    /// The workspace of the record was not created from this environment.
    RecordDisagrees,
    /// The configuration is consistent, and the record contains an error.
    CoherentWithError,
    /// The configuration is consistent, and every error field is empty or missing.
    EmptyError,
    /// The configuration is consistent, and the workspace came online.
    CoherentOnline,
    /// The configuration is consistent, and the record has neither a status nor an error field.
    SilentRecord,
    /// No environment is given.
    NoEnvironment,
}

impl Cause {
    /// The entry in the table of codes.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        match self {
            Self::Contradiction(code) => codes::contradiction(code),
            Self::RecordDisagrees => &codes::RECORD_DISAGREES,
            Self::CoherentWithError => &codes::COHERENT_WITH_ERROR,
            Self::EmptyError => &codes::EMPTY_ERROR,
            Self::CoherentOnline => &codes::COHERENT_ONLINE,
            Self::SilentRecord => &codes::SILENT_RECORD,
            Self::NoEnvironment => &codes::NO_ENVIRONMENT,
        }
    }

    /// The exit code of the command for this cause.
    pub fn exit(self) -> Exit {
        match self {
            Self::Contradiction(_) | Self::RecordDisagrees | Self::CoherentWithError | Self::EmptyError => {
                Exit::Findings
            }
            Self::CoherentOnline => Exit::Clean,
            Self::SilentRecord | Self::NoEnvironment => Exit::NothingChecked,
        }
    }
}

/// Diagnoses a record.
pub fn diagnose<'a>(setting: Setting<'a>, record: &'a Record) -> Diagnosis<'a> {
    let Setting { registry, policy, runtime, env, ambient, .. } = setting;
    let resolution = env.map(|env| empty_keys::resolve(registry, runtime, env, ambient));
    let fixes = env.map_or_else(Vec::new, |env| empty_keys::fixes(registry, runtime, env, ambient));
    let picked = resolution.as_ref().map(|resolution| resolution.slug.trim());
    let model = record.model(|name| picked == Some(name) || is_model(registry, name));
    let named_runtime = record.runtime(|name| is_runtime(registry, policy, name));
    let disagreements: Vec<Disagreement<'a>> = match picked {
        None => Vec::new(),
        Some(_) if resolution.is_some_and(|resolution| resolution.verdict == Kind::Nothing) => Vec::new(),
        Some(picked) => {
            let other_model = model.clone().filter(|named| named.name != picked);
            let same = |name: &str| policy.template_of(name) == policy.template_of(runtime);
            let other_runtime = named_runtime.clone().filter(|named| !same(named.name));
            let about_model = other_model.map(|named| Disagreement { about: "model", named, resolved: picked });
            let about_runtime = other_runtime.map(|named| Disagreement { about: "runtime", named, resolved: runtime });
            about_model.into_iter().chain(about_runtime).collect()
        }
    };
    let on = named_runtime.as_ref().map_or(runtime, |named| named.name);
    let is_worth_saying = !on.is_empty() && (env.is_none() || !disagreements.is_empty());
    let recorded =
        model.as_ref().filter(|_| is_worth_saying).map(|model| recorded(&setting, resolution.as_ref(), model.name, on));
    let cause = cause(resolution.as_ref(), &disagreements, record);
    Diagnosis { cause, setting, record, resolution, fixes, model, named_runtime, disagreements, recorded }
}

fn cause(resolution: Option<&Resolution<'_>>, disagreements: &[Disagreement<'_>], record: &Record) -> Cause {
    match resolution {
        None => Cause::NoEnvironment,
        Some(_) if !disagreements.is_empty() => Cause::RecordDisagrees,
        // There is a workspace, which this environment does not create.
        Some(Resolution { verdict: Kind::Nothing, .. }) if !record.fields().is_empty() => Cause::RecordDisagrees,
        Some(Resolution { code: Some(code), .. }) => Cause::Contradiction(*code),
        _ if record.is_online() => Cause::CoherentOnline,
        _ if record.error().is_some() => Cause::CoherentWithError,
        _ if record.fields().is_empty() => Cause::SilentRecord,
        _ => Cause::EmptyError,
    }
}

/// Resolves the model of the record with the secrets that this environment injects.
fn recorded<'a>(
    setting: &Setting<'a>,
    resolution: Option<&Resolution<'a>>,
    model: &'a str,
    runtime: &'a str,
) -> Recorded<'a> {
    let with_value = |env| empty_keys::injected_with_value(setting.runtime, env);
    let injected = setting.env.map_or(NameSubset::default(), with_value);
    let credentials = Credentials { injected, ambient: setting.ambient };
    let derived = setting.registry.derive(setting.policy.template_of(runtime), model, &credentials);
    let verdict = evaluate(resolution.map_or(BillingPath::Byok, |resolution| resolution.path), derived, &credentials);
    // Without an environment, the provider is known but the secrets are not.
    let code = match verdict {
        Verdict::Mismatched(..) if resolution.is_none() => None,
        verdict => verdict.code(),
    };
    Recorded { model, runtime, provider: verdict.provider(), code }
}

fn is_model(registry: &Registry, name: &str) -> bool {
    let arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
    arms.flat_map(|arm| arm.models.iter().chain(&arm.withdrawn_models)).any(|id| id == name)
}

/// Returns true if the registry or the policy has a runtime of this name.
pub fn is_runtime(registry: &Registry, policy: &Policy, name: &str) -> bool {
    registry.runtime(name).is_some()
        || policy.document().templates.contains_key(name)
        || policy.document().runtimes.iter().any(|runtime| runtime == name)
        || policy.runtimes().any(|runtime| runtime == name)
}

/// The disagreement of any record with an environment in which nothing is created.
pub const NO_WORKSPACE: &str = "there is a record of a workspace, but the harness creates none in this environment";

impl<'a> Diagnosis<'a> {
    /// The cause as a sentence, in lower case and without a full stop.
    pub fn message(&self) -> String {
        match self.cause {
            Cause::Contradiction(_) => {
                let message = |resolution: &Resolution<'_>| resolution.message(self.setting.registry);
                self.resolution.as_ref().map(message).unwrap_or_default()
            }
            Cause::RecordDisagrees if self.creates_nothing() => NO_WORKSPACE.to_owned(),
            Cause::RecordDisagrees => {
                let each: Vec<String> = self.disagreements.iter().map(Disagreement::sentence).collect();
                each.join("; ")
            }
            Cause::CoherentWithError => match self.error() {
                Some((field, text)) => {
                    format!("the configuration is consistent; the record reports in `{field}`: {text}")
                }
                None => self.cause.entry().meaning.to_owned(),
            },
            cause => cause.entry().meaning.to_owned(),
        }
    }

    /// Returns true if the harness creates nothing in this environment.
    pub fn creates_nothing(&self) -> bool {
        self.resolution.as_ref().is_some_and(|resolution| resolution.verdict == Kind::Nothing)
    }

    /// The first error field that is not empty, and its text.
    pub fn error(&self) -> Option<(String, String)> {
        self.record.error().map(|said| (said.field.clone(), said.shown()))
    }
}

impl Disagreement<'_> {
    /// The disagreement as a sentence, in lower case and without a full stop.
    pub fn sentence(&self) -> String {
        let Self { about, named: Named { field, name }, resolved } = self;
        let resolved = if resolved.is_empty() { "none" } else { resolved };
        format!("the {about} in the record is `{name}` (`{field}`), but this environment selects `{resolved}`")
    }
}

impl Said<'_> {
    /// The value as text: a string itself, any other value as compact JSON.
    pub fn shown(&self) -> String {
        match self.value.as_str() {
            Some(text) => text.trim().to_owned(),
            None => self.value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
