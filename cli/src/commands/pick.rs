//! `pick`: picks a model for a harness from the process environment.

use slug_lines::query::{for_named_runtime, is_finding};
use slug_redact::has_credential;
use slug_redact::misplaced::{CREDENTIAL_AS_MODEL, has_misplaced, masked, presentable};
use slug_resolver::{Env, empty_keys, select};

use crate::args::PickArgs;
use crate::data::{Data, no_policy};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::escape_keeping_styles;
use crate::render::resolution::{explanation, heading};
use crate::variables::{check_ambient, empty_key_notes, process_variables, refuse_variable, with_fixes_of_warnings};

/// Runs `pick`.
pub fn run(args: &PickArgs, output: &mut Output) -> Result<Exit, Failure> {
    let data = Data::find(args.registry.options())?;
    if data.config.is_none() && args.policy.is_none() && !args.registry.embedded {
        return Err(Failure::new(no_policy(args.registry.no_config)));
    }
    let policy = data.policy(args.policy.as_ref())?;
    let variables = process_variables(&policy)?;
    let given = Env::read(&policy, variables.iter().map(|(name, value)| (name, value.as_str())));
    output.notes(&empty_key_notes(&given));
    let (runtime, env) = match &args.runtime {
        Some(runtime) => {
            refuse_variable(runtime, "`pick` reads variables from the environment")?;
            (runtime.as_str(), given)
        }
        None => (given.runtime().unwrap_or_default(), given.without_runtime()),
    };
    if args.unchecked {
        let slug = select(runtime, &env).slug;
        if has_credential(slug) {
            return Err(Failure::new(CREDENTIAL_AS_MODEL));
        }
        output.raw(&format!("{slug}\n"))?;
        return Ok(Exit::Clean);
    }
    let registry = data.registry()?;
    let denied = data.denied_warnings();
    let ambient = check_ambient(&args.ambient)?;
    let resolution = empty_keys::resolve(&registry, runtime, &env, &ambient);
    let resolution = if args.runtime.is_none() { for_named_runtime(resolution, &given) } else { resolution };
    // A given runtime stays, whatever the variables name.
    let fixed = if args.runtime.is_some() { given.without_runtime() } else { given };
    let mut fixes = empty_keys::fixes(&registry, runtime, &fixed, &ambient);
    fixes.retain(|fix| args.runtime.is_none() || fix.runtime.is_none());
    let fixes = with_fixes_of_warnings(&registry, &resolution, &given, &ambient, &denied, fixes);
    let is_misplaced = has_misplaced(&resolution);
    if !is_misplaced && !is_finding(&resolution, &denied) {
        output.raw(&format!("{}\n", resolution.slug))?;
        return Ok(Exit::Clean);
    }
    if is_misplaced {
        output.error(CREDENTIAL_AS_MODEL);
    }
    if output.is_quiet() {
        output.write_stderr(&escape_keeping_styles(&heading(&masked(&resolution), &denied)));
        return Ok(Exit::Findings);
    }
    let fixes = presentable(fixes);
    output.write_stderr(&escape_keeping_styles(&explanation(
        &registry,
        &policy,
        &masked(&resolution),
        &fixes,
        &env,
        &denied,
    )));
    Ok(Exit::Findings)
}
