//! The policy of a harness, from the answers of its functions.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use slug_function::bash::{Asked, NoAnswer, Options, Program, ask, ask_in_both_orders, locate};
use slug_function::caller::CallerSeparators;
use slug_function::case::{Answer, Case};
use slug_function::comparison::{Comparison, Target, compare_with_function};
use slug_function::inference::{self, Answers};
use slug_function::reading::read;
use slug_function::sandbox::Sandbox;
use slug_function::space::Space;
use slug_resolver::policy::{Condition, Function, Pick, PickRule, Source};
use slug_resolver::{Credentials, Env, Policy, Provider, Registry, counting_secrets_rules, select};

use crate::lint::discovery::path_from_root;

use super::files::{File, POLICIES};
use super::harness::Harness;
use super::survey::Survey;
use super::write::{self, Origins};

/// A policy that was inferred.
pub struct Inferred {
    /// The file of the policy.
    pub file: File,
    /// The policy.
    pub policy: Policy,
    /// The comparison of the policy with the function.
    pub comparison: Comparison,
    /// A note for the user, in lower case and without a full stop.
    pub notes: Vec<String>,
}

/// Infers the policy of a harness. `name` is the name of the policy, and `budget` is the most environments
/// that the functions are asked about.
///
/// # Errors
///
/// The functions cannot be asked, or no policy has their answers. The message says what to do.
pub fn infer(
    name: &str,
    harness: &Harness,
    survey: &Survey,
    registry: &Registry,
    sandbox: &Sandbox,
    budget: usize,
) -> Result<Inferred, String> {
    let files = survey.sources(&harness.source);
    let (model, secrets) = (&harness.model.text, harness.secrets.as_ref().map(|command| command.text.clone()));
    let caller = CallerSeparators::of(&harness.scripts, &harness.source, Path::new(""));
    let reading = read(&files, model, secrets.as_deref(), caller).map_err(|error| error.to_string())?;
    let runtimes: Vec<String> = registry.runtimes().iter().map(|runtime| runtime.name.clone()).collect();
    let space = Space::of(None, &runtimes, &reading);
    let suite = space.test_suite(None, budget);
    let program = Program {
        files: harness.source.iter().map(PathBuf::from).collect(),
        model: model.clone(),
        secrets: secrets.clone(),
    };
    let (replies, _) = ask_in_both_orders(sandbox, &program, &suite.cases, &Options::default())?;
    let mut cases: Vec<(Case, Answer)> = Vec::new();
    let mut failed: Option<NoAnswer> = None;
    for (case, reply) in suite.cases.iter().zip(replies.answers) {
        match reply {
            Ok(answer) => cases.push((case.clone(), answer)),
            Err(NoAnswer::Failed { .. }) => cases.push((case.clone(), Answer::default())),
            Err(error) => drop(failed.get_or_insert(error)),
        }
    }
    if failed == Some(NoAnswer::Denied)
        && let Some(command) = &harness.secrets
        && !is_denied_without_secrets(sandbox, &program, &suite.cases)?
    {
        let error = NoAnswer::Denied;
        return Err(format!("{}: `{}`: {error}; run it in a shell to see why", command.location, command.name));
    }
    if let Some(error) = failed.filter(|_| cases.is_empty()) {
        return Err(format!("{}: {error}; run it in a shell to see why", harness.model.location));
    }
    let is_platform_model = |runtime: &str, model: &str| {
        let provider = registry.derive(runtime, model, &Credentials::default());
        provider.is_ok_and(Provider::is_platform)
    };
    let answers = Answers { space: &space, cases: &cases, is_platform_model: &is_platform_model };
    let inferred = inference::infer(name, &answers).map_err(|error| format!("{}: {error}", harness.model.location))?;

    let origins = origins(&inferred, &cases, sandbox, &program, harness);
    let mut document = inferred.document().clone();
    document.harness = harness.scripts.iter().map(|script| path_from_root(script).as_str().into()).collect();
    document.function =
        Some(Function { source: harness.source.clone(), model: model.clone(), secrets: secrets.clone() });
    if let Some((variable, default)) = &harness.model.runtime {
        let pick = Pick::FirstOf(vec![Source::Variable(variable.clone())]);
        document.runtime = vec![PickRule { name: None, when: Condition::default(), pick }];
        if let Some(default) = default {
            document.defaults.insert(variable.clone(), default.clone());
        }
    }
    let text = write::policy(&document, &origins);
    let policy = Policy::new(document).map_err(|error| error.to_string())?;
    let read_back =
        Policy::from_yaml(text.as_bytes()).map_err(|error| format!("the policy is not readable: {error}"))?;
    if read_back != policy {
        return Err("the policy changes when it is written; please report this as a bug".to_owned());
    }
    let target = Target { root: PathBuf::new(), files, model: model.clone(), secrets, caller };
    let comparison = compare_with_function(sandbox, &policy, &target, &runtimes, budget, None);
    let comparison = comparison.map_err(|obstacle| obstacle.to_string())?;
    let notes = notes(harness, survey, &policy);
    let path = [POLICIES, &format!("{name}.yaml")].iter().collect();
    Ok(Inferred { file: File { path, text }, policy, comparison, notes })
}

/// Whether the command for the model, too, needs what does not exist here.
fn is_denied_without_secrets(sandbox: &Sandbox, program: &Program, cases: &[Case]) -> Result<bool, String> {
    let program = Program { secrets: None, ..program.clone() };
    let replies = ask(sandbox, &program, cases, &Options::default())?;
    Ok(replies.answers.contains(&Err(NoAnswer::Denied)))
}

/// Finds the line of the function that gives the answer of each rule, in the smallest case that the rule
/// decides.
fn origins(
    policy: &Policy,
    cases: &[(Case, Answer)],
    sandbox: &Sandbox,
    program: &Program,
    harness: &Harness,
) -> Origins {
    let mut by_size: Vec<&Case> = cases.iter().map(|(case, _)| case).collect();
    by_size.sort_by_key(|case| case.variables.len());
    let mut models: HashMap<String, &Case> = HashMap::new();
    let mut secrets: HashMap<usize, &Case> = HashMap::new();
    for case in by_size {
        let env = Env::read(policy, case.variables.iter().map(|(name, value)| (name, value.as_str())));
        if let Some(rule) = select(&case.runtime, &env).rule {
            models.entry(rule.to_owned()).or_insert(case);
        }
        if let Some(rule) = counting_secrets_rules(&case.runtime, &env).last() {
            secrets.entry(*rule).or_insert(case);
        }
    }
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let location = |case: &Case, asked: Asked| {
        let (path, line) = locate(sandbox, program, case, asked).ok()??;
        let path = path.strip_prefix(&here).unwrap_or(&path).display().to_string();
        Some(format!("{path}:{line}"))
    };
    let of_model = policy.model_labels().map(|label| location(models.get(label)?, Asked::Model)).collect();
    let of_secrets =
        (0..policy.document().secrets.len()).map(|rule| location(secrets.get(&rule)?, Asked::Secrets)).collect();
    let mut head = vec![
        "Written by `slugproof init`: a list of rules with the answers of the function.".to_owned(),
        "The comment at a rule is the line of the function that gives its answer.".to_owned(),
        format!("The function is called in {}.", harness.model.location),
    ];
    if let Some((variable, Some(default))) = &harness.model.runtime {
        head.push(format!("If {variable} is unset, the runtime is {default}."));
    }
    Origins { head, model: of_model, secrets: of_secrets }
}

/// The changes that the scripts make to the variables of a policy before they call the function.
fn notes(harness: &Harness, survey: &Survey, policy: &Policy) -> Vec<String> {
    let mut notes = Vec::new();
    let runtime = harness.model.runtime.as_ref().map(|(name, _)| name.as_str());
    for script in harness.scripts.iter().filter_map(|path| survey.script(path)) {
        for name in policy.deciding_variable_names().filter(|name| Some(*name) != runtime) {
            let is_known = policy.document().defaults.contains_key(name);
            if let Some(default) = script.defaults.get(name).filter(|default| !default.is_empty() && !is_known) {
                notes.push(format!(
                    "{} gives `{name}` the default `{default}` before it calls the function; \
                     add it to `defaults` of the policy if every script does",
                    script.path
                ));
            }
        }
    }
    notes
}
