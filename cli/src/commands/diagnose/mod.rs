//! `diagnose`: why a workspace failed, from its record and from what it was created with.

mod cause;
mod dotenv;
mod human;
mod json;
mod record;
mod sources;
pub mod trial;

use std::io::Write as _;

use slug_resolver::{Env, Policy, Registry, Variable};

pub use cause::Cause;
use cause::{Setting, diagnose, is_runtime};
use record::Record;
use sources::Given;

use crate::args::{DiagnoseArgs, DiagnoseFormat};
use crate::data::Data;
use crate::exit::{Exit, Failure};
use crate::io::{STANDARD_INPUT, read_input, shown_input};
use crate::output::Output;
use crate::redact::Masker;
use crate::variables::{check_ambient, refuse_variable};

/// Runs `diagnose`.
pub fn run(args: &DiagnoseArgs, output: &mut Output) -> Result<Exit, Failure> {
    let data = Data::find(args.registry.options())?;
    let policy = data.policy(args.policy.as_ref())?;
    let registry = data.registry()?;
    let ambient = check_ambient(&args.ambient)?;
    if let Some(runtime) = &args.runtime {
        refuse_variable(runtime, "name the runtime, and give variables without an option")?;
    }
    let inputs = args.env_file.iter().chain([&args.record]);
    if inputs.filter(|path| path.as_os_str() == STANDARD_INPUT).count() > 1 {
        return Err(Failure::new("standard input can be read only once; give one of the inputs as a file"));
    }
    let given = Given::find(args, &policy, output)?;
    let masker = Masker::new(given.secrets(), &registry, &policy);
    let record = Record::read(&read_input(&args.record)?, &masker)
        .map_err(|what| Failure::new(format!("{}: {what}", shown_input(&args.record))))?;
    let variables = given.variables(&policy, &masker, output);
    let env = given.has_source().then(|| read_env(&policy, &variables));
    let asked = args.runtime.as_ref().map(|runtime| masker.text(runtime));
    let (runtime, env) = runtime_of(asked.as_deref(), env, &record, &registry, &policy)?;
    let setting = Setting { registry: &registry, policy: &policy, runtime, env: env.as_ref(), ambient };
    let diagnosis = diagnose(setting, &record);
    if record.fields().is_empty() {
        output.note("the record has no field of a workspace that says how it fares, such as `status`");
    }
    match args.format {
        DiagnoseFormat::Human => output.answer.write_all(human::render(&diagnosis).as_bytes())?,
        DiagnoseFormat::Json => output.machine(&json::render(&diagnosis))?,
    }
    Ok(diagnosis.cause.exit())
}

fn read_env<'v>(policy: &'v Policy, variables: &'v [(String, String)]) -> Env<'v> {
    Env::read(policy, variables.iter().map(|(name, value)| (name, value.as_str())))
}

/// The runtime: what was asked for, else what the environment says, else what the
/// record says; and the environment without the variable that has done its part.
fn runtime_of<'a>(
    asked: Option<&'a str>,
    env: Option<Env<'a>>,
    record: &'a Record,
    registry: &Registry,
    policy: &'a Policy,
) -> Result<(&'a str, Option<Env<'a>>), Failure> {
    if let Some(runtime) = asked {
        return Ok((runtime, env));
    }
    let named = env.as_ref().map_or("", Env::runtime);
    let env = env.map(|env| env.without(Variable::Runtime));
    if !named.is_empty() {
        return Ok((named, env));
    }
    match record.runtime(|name| is_runtime(registry, policy, name)) {
        Some(named) => Ok((named.name, env)),
        // Without an environment nothing is looked up for it.
        None if env.is_none() => Ok(("", env)),
        None => {
            let variable = policy.variable_name(Variable::Runtime);
            Err(Failure::new(format!("neither `{variable}` nor the record names the runtime; add `--runtime RUNTIME`")))
        }
    }
}
