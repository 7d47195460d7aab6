//! `pick`: a model for a harness, from the process environment.

use slug_resolver::{Env, Policy, Variable, fixes, resolve, select};

use crate::args::PickArgs;
use crate::data::{Data, check_ambient, refuse_variable};
use crate::exit::{Exit, Failure};
use crate::output::{Output, harmless};
use crate::resolve::explanation;

/// Runs `pick`.
pub fn run(args: &PickArgs, output: &mut Output) -> Result<Exit, Failure> {
    let data = Data::find(&args.registry)?;
    let policy = data.policy(args.policy.as_ref())?;
    let variables = process_variables(&policy)?;
    let env = Env::read(&policy, variables.iter().map(|(name, value)| (name, value.as_str())));
    let (runtime, env) = match &args.runtime {
        Some(runtime) => {
            refuse_variable(runtime, "`pick` reads variables from the environment")?;
            (runtime.as_str(), env)
        }
        // The variable has done its part: it is where the runtime comes from.
        None => (env.runtime(), env.without(Variable::Runtime)),
    };
    if args.unchecked {
        output.machine(&format!("{}\n", select(runtime, &env).slug))?;
        return Ok(Exit::Clean);
    }
    let registry = data.registry()?;
    let ambient = check_ambient(&args.ambient)?;
    let resolution = resolve(&registry, runtime, &env, ambient);
    if resolution.is_coherent() {
        output.machine(&format!("{}\n", resolution.slug))?;
        return Ok(Exit::Clean);
    }
    let fixes = fixes(&registry, runtime, &env, ambient);
    output.explain(&harmless(&explanation(&registry, &policy, &resolution, &fixes, &env)));
    Ok(Exit::Findings)
}

/// The variables of this process that the policy reads; of a secret, only that it is set.
pub fn process_variables(policy: &Policy) -> Result<Vec<(String, String)>, Failure> {
    let mut variables = Vec::new();
    for variable in policy.all_variables() {
        let name = policy.variable_name(variable);
        let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else { continue };
        let value = match (variable, value.into_string()) {
            (Variable::Key(_), _) => "set".to_owned(),
            (_, Ok(value)) => value,
            (_, Err(_)) => {
                return Err(Failure::new(format!("the value of `{name}` is not UTF-8; correct it where it is set")));
            }
        };
        variables.push((name.to_owned(), value));
    }
    Ok(variables)
}
