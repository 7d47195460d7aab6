//! From a record and an environment to the one cause that is named.

use slug_resolver::{
    BillingPath, Code, Credentials, Env, Fix, Policy, Provider, Registry, Resolution, Verdict, evaluate, fixes, resolve,
};

use super::record::{Named, Record, Said};
use crate::codes::{self, Entry};
use crate::exit::Exit;

/// What a workspace was to be created from.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The registry.
    pub registry: &'a Registry,
    /// The policy.
    pub policy: &'a Policy,
    /// The runtime.
    pub runtime: &'a str,
    /// The environment, if any of it is given.
    pub env: Option<&'a Env<'a>>,
    /// Credentials that exist besides the injected ones.
    pub ambient: &'a [String],
}

/// What came of it, and why.
pub struct Diagnosis<'a> {
    /// The cause.
    pub cause: Cause,
    /// What it was diagnosed from.
    pub setting: Setting<'a>,
    /// The record.
    pub record: &'a Record,
    /// What the environment comes to.
    pub resolution: Option<Resolution<'a>>,
    /// What would mend it.
    pub fixes: Vec<Fix>,
    /// The model that the record names.
    pub model: Option<Named<'a>>,
    /// The runtime that the record names.
    pub named_runtime: Option<Named<'a>>,
    /// Where the record says something else than the environment.
    pub disagreements: Vec<Disagreement<'a>>,
    /// What the model of the record comes to, where it is not that of the environment.
    pub recorded: Option<Recorded<'a>>,
}

/// A field of the record that is not what the environment comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement<'a> {
    /// Of what.
    pub about: &'static str,
    /// The field and what it says.
    pub named: Named<'a>,
    /// What the environment comes to.
    pub resolved: &'a str,
}

/// What becomes of the model that a record names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded<'a> {
    /// The model.
    pub model: &'a str,
    /// The runtime that it is looked up for.
    pub runtime: &'a str,
    /// The provider, where there is one.
    pub provider: Option<&'a Provider>,
    /// The contradiction with what the environment injects, where it is given and there is one.
    pub code: Option<Code>,
}

/// Why a workspace failed, as far as record and environment tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The environment contradicts itself.
    Contradiction(Code),
    /// The record is of a workspace that this environment does not make.
    RecordDisagrees,
    /// Nothing contradicts anything, and the record says what went wrong.
    CoherentWithError,
    /// Nothing contradicts anything, and every error field is empty.
    EmptyError,
    /// Nothing contradicts anything, and the workspace came up.
    CoherentOnline,
    /// Nothing contradicts anything, and the record has neither a status nor an error field.
    SilentRecord,
    /// Nothing of the environment is given, so nothing can contradict it.
    NoEnvironment,
}

impl Cause {
    /// Its entry in the table of codes.
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

    /// How a command that names it ends.
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

/// NameSubset the cause.
pub fn diagnose<'a>(setting: Setting<'a>, record: &'a Record) -> Diagnosis<'a> {
    let Setting { registry, policy, runtime, env, ambient } = setting;
    let resolution = env.map(|env| resolve(registry, runtime, env, ambient));
    let fixes = env.map_or_else(Vec::new, |env| fixes(registry, runtime, env, ambient));
    let picked = resolution.as_ref().map(|resolution| resolution.slug.trim());
    let model = record.model(|name| picked == Some(name) || is_model(registry, name));
    let named_runtime = record.runtime(|name| is_runtime(registry, policy, name));
    let disagreements: Vec<Disagreement<'a>> = match picked {
        None => Vec::new(),
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
        Some(Resolution { code: Some(code), .. }) => Cause::Contradiction(*code),
        _ if record.is_online() => Cause::CoherentOnline,
        _ if record.error().is_some() => Cause::CoherentWithError,
        _ if record.fields().is_empty() => Cause::SilentRecord,
        _ => Cause::EmptyError,
    }
}

/// What the record's model would come to with what this environment injects.
fn recorded<'a>(
    setting: &Setting<'a>,
    resolution: Option<&Resolution<'a>>,
    model: &'a str,
    runtime: &'a str,
) -> Recorded<'a> {
    let injected = resolution.map_or(&[][..], |resolution| resolution.injected);
    let credentials = Credentials { injected, ambient: setting.ambient };
    let derived = setting.registry.derive(setting.policy.template_of(runtime), model, &credentials);
    let verdict = evaluate(resolution.map_or(BillingPath::Byok, |resolution| resolution.path), derived, &credentials);
    // Without an environment it is known who answers, and not whether the key is there.
    let code = match verdict {
        Verdict::Mismatched(..) if resolution.is_none() => None,
        verdict => verdict.code(),
    };
    Recorded { model, runtime, provider: verdict.provider(), code }
}

fn is_model(registry: &Registry, name: &str) -> bool {
    let arms = registry.runtimes().iter().flat_map(|runtime| &runtime.arms);
    arms.flat_map(|arm| &arm.models).any(|id| id == name)
}

/// Whether registry or policy know a runtime of this name.
pub fn is_runtime(registry: &Registry, policy: &Policy, name: &str) -> bool {
    registry.runtime(name).is_some()
        || policy.document().templates.contains_key(name)
        || policy.document().dispatch.iter().any(|entry| entry.runtimes.iter().any(|runtime| runtime == name))
}

impl<'a> Diagnosis<'a> {
    /// Why, in a sentence: lower case, without a final stop.
    pub fn message(&self) -> String {
        match self.cause {
            Cause::Contradiction(_) => self.resolution.as_ref().map(Resolution::message).unwrap_or_default(),
            Cause::RecordDisagrees => {
                let each: Vec<String> = self.disagreements.iter().map(Disagreement::sentence).collect();
                each.join("; ")
            }
            Cause::CoherentWithError => match self.error() {
                Some((field, text)) => format!("the configuration is coherent; the record says, in `{field}`: {text}"),
                None => self.cause.entry().meaning.to_owned(),
            },
            cause => cause.entry().meaning.to_owned(),
        }
    }

    /// The first error field that says something, and what it says.
    pub fn error(&self) -> Option<(String, String)> {
        self.record.error().map(|said| (said.field.clone(), said.shown()))
    }
}

impl Disagreement<'_> {
    /// For people: lower case, without a final stop.
    pub fn sentence(&self) -> String {
        let Self { about, named: Named { field, name }, resolved } = self;
        let resolved = if resolved.is_empty() { "none" } else { resolved };
        format!("the {about} in the record is `{name}` (`{field}`), and this environment makes it `{resolved}`")
    }
}

impl Said<'_> {
    /// What it says: the string itself, anything else as compact JSON.
    pub fn shown(&self) -> String {
        match self.value.as_str() {
            Some(text) => text.trim().to_owned(),
            None => self.value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests;
