//! `diagnose`: names the cause of a failed workspace from its record and its environment.
//!
//! The steps: read all inputs, remove the secrets, diagnose, print.

pub(crate) mod cause;
mod dotenv;
pub(crate) mod human;
mod inputs;
pub(crate) mod json;
pub(crate) mod record;
mod sources;

use std::path::PathBuf;

use slug_lines::query::{is_finding, runtime_names};
use slug_resolver::{Env, Policy, Registry};

pub use cause::Cause;
use cause::{Diagnosis, Setting, diagnose, is_runtime};
use inputs::Inputs;
use record::Record;
use sources::Sources;

use crate::args::DiagnoseArgs;
use crate::data::Data;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::sink::{self, BasicFormat, Renders};
use crate::variables::{check_ambient, empty_key_notes};

impl Renders<BasicFormat> for Diagnosis<'_> {
    fn styled(&self) -> String {
        human::render(self)
    }

    fn render(&self, format: BasicFormat) -> String {
        match format {
            BasicFormat::Human => self.styled(),
            BasicFormat::Json => json::render(self),
        }
    }

    fn summary(&self) -> String {
        human::verdict(self)
    }
}

/// Runs `diagnose`.
pub fn run(args: &DiagnoseArgs, output: &mut Output) -> Result<Exit, Failure> {
    let sinks = sink::requested(&args.output, None)?;
    let data = Data::find(args.registry.options())?;
    let read = data.files(args.policy.as_slice());
    let records = args.env_file.iter().chain([&args.record]);
    sink::check_inputs(sink::files(&sinks), read.iter().chain(records).map(PathBuf::as_path))?;
    let policy = data.policy(args.policy.as_ref())?;
    let registry = data.registry()?;
    let inputs = Inputs::read(args, &policy)?;
    let sources = Sources::new(&inputs, &registry, &policy);
    output.notes(&sources.notes);
    let record = Record::read(&inputs.record.bytes, &sources.masker).map_err(|what| inputs.record.failure(&what))?;
    let env = sources.variables.as_deref().map(|variables| read_env(&policy, variables));
    output.notes(&env.as_ref().map(empty_key_notes).unwrap_or_default());
    let asked = inputs.runtime.as_ref().map(|runtime| sources.masker.text(runtime));
    let (runtime, env) = runtime_of(asked.as_deref(), env, &record, &registry, &policy)?;
    let ambient = check_ambient(&args.ambient)?;
    let denied = data.denied_warnings();
    let setting = Setting {
        registry: &registry,
        policy: &policy,
        runtime,
        env: env.as_ref(),
        from_env: args.from_env,
        ambient: &ambient,
        denied: &denied,
    };
    let diagnosis = diagnose(setting, &record);
    if record.fields().is_empty() {
        output.note("the record has no field with the state of a workspace, such as `status`");
    }
    sink::write(&diagnosis, &sinks, output)?;
    let is_denied = diagnosis.resolution.is_some_and(|resolution| is_finding(&resolution, &denied));
    Ok(if is_denied { Exit::Findings } else { diagnosis.cause.exit() })
}

fn read_env<'v>(policy: &'v Policy, variables: &'v [(String, String)]) -> Env<'v> {
    Env::read(policy, variables.iter().map(|(name, value)| (name, value.as_str())))
}

/// Returns the runtime: the requested one, else the one in the environment, else the one in the
/// record, else the default of the policy. Also returns the environment without the variable that names the runtime.
///
/// # Errors
///
/// There is an environment but no runtime.
pub(crate) fn runtime_of<'a>(
    requested: Option<&'a str>,
    env: Option<Env<'a>>,
    record: &'a Record,
    registry: &Registry,
    policy: &'a Policy,
) -> Result<(&'a str, Option<Env<'a>>), Failure> {
    if let Some(runtime) = requested {
        return Ok((runtime, env));
    }
    let named = env.as_ref().and_then(Env::runtime).unwrap_or_default();
    let is_set = env
        .as_ref()
        .is_some_and(|env| policy.runtime_variables().any(|variable| env.set_variables().any(|set| set == variable)));
    let env = env.map(Env::without_runtime);
    if is_set && !named.is_empty() {
        return Ok((named, env));
    }
    match record.runtime(|name| is_runtime(registry, policy, name)) {
        Some(named) => Ok((named.name, env)),
        None if !named.is_empty() => Ok((named, env)),
        // Without an environment, the runtime is not needed.
        None if env.is_none() => Ok(("", env)),
        None => {
            let message = match runtime_names(policy) {
                Some(names) => format!("neither {names} nor the record names the runtime"),
                None => "neither the policy nor the record names the runtime".to_owned(),
            };
            Err(Failure::new(format!("{message}; add `--runtime RUNTIME`")))
        }
    }
}
