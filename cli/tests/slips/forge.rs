//! What the forge refuses before it runs a workflow: keys, names and values that its documentation does not allow.

use serde_json::Value as Json;
use serde_yaml::{Mapping, Value};

use crate::runner::Files;

const WORKFLOW: &[&str] = &["name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"];
const JOB: &[&str] = &[
    "name",
    "permissions",
    "needs",
    "if",
    "runs-on",
    "environment",
    "concurrency",
    "outputs",
    "env",
    "defaults",
    "steps",
    "timeout-minutes",
    "strategy",
    "continue-on-error",
    "container",
    "services",
    "uses",
    "with",
    "secrets",
];
const STEP: &[&str] = &[
    "id",
    "if",
    "name",
    "uses",
    "run",
    "working-directory",
    "shell",
    "with",
    "env",
    "continue-on-error",
    "timeout-minutes",
];
const STRATEGY: &[&str] = &["matrix", "fail-fast", "max-parallel"];
const ACTION: &[&str] = &["name", "author", "description", "inputs", "outputs", "runs", "branding"];
const INPUT: &[&str] = &["description", "required", "default", "type", "options", "deprecationMessage"];
const EVENTS: &[&str] = &[
    "push",
    "pull_request",
    "pull_request_target",
    "schedule",
    "workflow_dispatch",
    "workflow_call",
    "workflow_run",
    "release",
    "issues",
    "issue_comment",
    "merge_group",
    "repository_dispatch",
];
const CONTEXTS: &[&str] =
    &["github", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs", "inputs"];
const FUNCTIONS: &[&str] = &[
    "contains",
    "startsWith",
    "endsWith",
    "format",
    "join",
    "toJSON",
    "fromJSON",
    "hashFiles",
    "success",
    "always",
    "cancelled",
    "failure",
];

/// Why the forge refuses a workflow file; `Ok` if it accepts it.
pub fn check(files: &Files, path: &str) -> Result<(), String> {
    // This reader refuses a key that a mapping has twice, as the forge does.
    let workflow: Value = serde_yaml::from_str(&files[path]).map_err(|error| error.to_string())?;
    let workflow = mapping(&workflow, WORKFLOW)?;
    triggers(workflow.get("on").ok_or("no triggers")?)?;
    env(workflow)?;
    let jobs = workflow.get("jobs").and_then(Value::as_mapping).filter(|jobs| !jobs.is_empty()).ok_or("no jobs")?;
    for (id, job) in jobs {
        let is_id = |id: &str| id.chars().all(|sign| sign.is_alphanumeric() || "_-".contains(sign));
        id.as_str().filter(|id| is_id(id)).ok_or("a job without a valid name")?;
        let job = mapping(job, JOB)?;
        env(job)?;
        condition(job)?;
        let needs = match job.get("needs") {
            None => Vec::new(),
            Some(Value::Sequence(needs)) => needs.iter().map(Value::as_str).collect(),
            Some(needs) => vec![needs.as_str()],
        };
        for needed in needs {
            jobs.get(needed.ok_or("a needed job is not a name")?).ok_or("a needed job is not in the file")?;
        }
        if let Some(strategy) = job.get("strategy") {
            let strategy = mapping(strategy, STRATEGY)?;
            boolean(strategy, "fail-fast")?;
            strategy.get("matrix").and_then(Value::as_mapping).ok_or("a strategy has a matrix")?;
        }
        if let Some(called) = job.get("uses") {
            if job.contains_key("steps") || job.contains_key("runs-on") || job.contains_key("env") {
                return Err("a job that calls a workflow has steps, a machine or variables".to_owned());
            }
            call(files, called.as_str().ok_or("`uses` is not a text")?, job.get("with"))?;
        } else {
            job.get("runs-on").filter(|machine| !machine.is_null()).ok_or("a job has no machine")?;
            steps(job.get("steps").ok_or("a job has no steps")?)?;
        }
    }
    expressions(&serde_yaml::from_str(&files[path]).map_err(|error| error.to_string())?)
}

/// Why the forge refuses the file of a composite action.
pub fn check_action(text: &str) -> Result<(), String> {
    let action: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let action = mapping(&action, ACTION)?;
    for (_, input) in action.get("inputs").and_then(Value::as_mapping).into_iter().flatten() {
        mapping(input, INPUT)?;
    }
    let runs = mapping(action.get("runs").ok_or("an action runs something")?, &["using", "steps"])?;
    if runs.get("using").and_then(Value::as_str) != Some("composite") {
        return Err("the action is not composite".to_owned());
    }
    let all = runs.get("steps").and_then(Value::as_sequence).ok_or("an action has steps")?;
    if all.iter().any(|step| step.get("run").is_some() && step.get("shell").and_then(Value::as_str).is_none()) {
        return Err("a script of an action has no shell".to_owned());
    }
    steps(&runs["steps"])?;
    expressions(&serde_yaml::from_str(text).map_err(|error| error.to_string())?)
}

fn mapping<'v>(value: &'v Value, known: &[&str]) -> Result<&'v Mapping, String> {
    let mapping = value.as_mapping().ok_or("a mapping is expected")?;
    let is_known = |key: &Value| key.as_str().is_some_and(|key| known.contains(&key));
    match mapping.keys().find(|key| !is_known(key)) {
        Some(unknown) => Err(format!("the key {unknown:?} is unknown")),
        None => Ok(mapping),
    }
}

fn triggers(on: &Value) -> Result<(), String> {
    let names: Vec<&Value> = match on {
        Value::Sequence(names) => names.iter().collect(),
        Value::Mapping(events) => events.keys().collect(),
        name => vec![name],
    };
    if names.is_empty() || !names.iter().all(|name| name.as_str().is_some_and(|name| EVENTS.contains(&name))) {
        return Err("an event is unknown".to_owned());
    }
    for (event, trigger) in on.as_mapping().into_iter().flatten() {
        match event.as_str() {
            Some("workflow_dispatch" | "workflow_call") if !trigger.is_null() => {
                inputs(mapping(trigger, &["inputs", "outputs", "secrets"])?.get("inputs"))?;
            }
            Some("schedule") => {
                let times = trigger.as_sequence().filter(|times| !times.is_empty()).ok_or("no time")?;
                for time in times {
                    let time = mapping(time, &["cron", "timezone"])?.get("cron").and_then(Value::as_str);
                    if time.is_none_or(|time| time.split_whitespace().count() != 5) {
                        return Err("a time is not a cron expression".to_owned());
                    }
                }
            }
            _ if trigger.is_null() => {}
            _ => {
                let known = ["types", "branches", "branches-ignore", "paths", "paths-ignore", "tags", "workflows"];
                mapping(trigger, &known)?;
            }
        }
    }
    Ok(())
}

fn inputs(inputs: Option<&Value>) -> Result<(), String> {
    let Some(inputs) = inputs else { return Ok(()) };
    for (_, input) in inputs.as_mapping().ok_or("inputs are a mapping")? {
        let input = mapping(input, INPUT)?;
        boolean(input, "required")?;
        let types = ["string", "choice", "boolean", "number", "environment"];
        if input.get("type").is_some_and(|kind| kind.as_str().is_none_or(|kind| !types.contains(&kind))) {
            return Err("the type of an input is unknown".to_owned());
        }
        let is_flag = input.get("type").is_some_and(|kind| kind == "boolean");
        let is_truth = |value: &Value| value.is_bool() || value == "true" || value == "false";
        if is_flag && input.get("default").is_some_and(|value| !is_truth(value)) {
            return Err("the default of a flag is not true or false".to_owned());
        }
        let options = input.get("options").and_then(Value::as_sequence);
        if input.get("type").is_some_and(|kind| kind == "choice") && options.is_none_or(Vec::is_empty) {
            return Err("a choice has no options".to_owned());
        }
    }
    Ok(())
}

fn boolean(mapping: &Mapping, key: &str) -> Result<(), String> {
    let is_wrong = |value: &Value| !value.is_bool() && !value.as_str().is_some_and(|text| text.starts_with("${{"));
    if mapping.get(key).is_some_and(is_wrong) { Err(format!("`{key}` is not true or false")) } else { Ok(()) }
}

fn env(level: &Mapping) -> Result<(), String> {
    let Some(env) = level.get("env") else { return Ok(()) };
    let env = env.as_mapping().ok_or("`env` is not a mapping")?;
    let is_scalar = |value: &Value| !value.is_mapping() && !value.is_sequence();
    if env.values().all(is_scalar) { Ok(()) } else { Err("the value of a variable is not a scalar".to_owned()) }
}

fn condition(level: &Mapping) -> Result<(), String> {
    let Some(condition) = level.get("if") else { return Ok(()) };
    let text = match condition {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        _ => return Err("a condition is not a text".to_owned()),
    };
    let bare = text.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(&text);
    expression(bare)
}

fn steps(steps: &Value) -> Result<(), String> {
    for step in steps.as_sequence().filter(|steps| !steps.is_empty()).ok_or("steps are a list")? {
        let step = mapping(step, STEP)?;
        env(step)?;
        condition(step)?;
        boolean(step, "continue-on-error")?;
        let text = |key: &str| step.get(key).map(|value| value.as_str().is_some_and(|text| !text.is_empty()));
        match (text("run"), text("uses")) {
            (Some(true), None) | (None, Some(true)) => {}
            _ => return Err("a step runs either a script or an action".to_owned()),
        }
        if step.get("with").is_some_and(|with| !with.is_mapping()) || text("run").is_some() && step.contains_key("with")
        {
            return Err("`with` is not a mapping, or beside a script".to_owned());
        }
    }
    Ok(())
}

/// A call of a workflow of the repository: its inputs are declared, and all that are required are given.
fn call(files: &Files, path: &str, with: Option<&Value>) -> Result<(), String> {
    let text = path.strip_prefix("./").and_then(|path| files.get(path)).ok_or("the called workflow is missing")?;
    let called: Value = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
    let trigger = called["on"].get("workflow_call").ok_or("the called workflow cannot be called")?;
    let declared = trigger.get("inputs").and_then(Value::as_mapping).cloned().unwrap_or_default();
    let given = match with {
        None => Mapping::new(),
        Some(with) => with.as_mapping().cloned().ok_or("`with` is a mapping")?,
    };
    let is_missing = |(name, input): (&Value, &Value)| input["required"] == true && !given.contains_key(name);
    if !given.keys().all(|name| declared.contains_key(name)) || declared.iter().any(is_missing) {
        return Err("an input is not declared, or a required one is missing".to_owned());
    }
    let is_of_type = |(name, value): (&Value, &Value)| match declared[name]["type"].as_str() {
        Some("boolean") => value.is_bool() || value.as_str().is_some_and(|text| text.contains("${{")),
        _ => true,
    };
    if given.iter().all(is_of_type) { Ok(()) } else { Err("an input has a value of another type".to_owned()) }
}

/// Checks the expressions in the texts of a document.
fn expressions(value: &Json) -> Result<(), String> {
    match value {
        Json::String(text) => text.split("${{").skip(1).try_for_each(|part| {
            let (inside, _) = part.split_once("}}").ok_or("an expression does not end")?;
            expression(inside)
        }),
        Json::Array(values) => values.iter().try_for_each(expressions),
        Json::Object(values) => values.values().try_for_each(expressions),
        _ => Ok(()),
    }
}

/// Checks the names of contexts and functions. The forge refuses a file with an unknown one.
fn expression(text: &str) -> Result<(), String> {
    let without_texts: String = text.split('\'').step_by(2).collect::<Vec<_>>().join("'");
    if text.matches('\'').count() % 2 == 1 {
        return Err("a text in an expression does not end".to_owned());
    }
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || "_-.".contains(sign);
    let mut rest = without_texts.as_str();
    while let Some(start) = rest.find(|sign: char| sign.is_ascii_alphabetic() || sign == '_') {
        let word = &rest[start..];
        let end = word.find(|sign: char| !is_name(sign)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        let head = word.split('.').next().unwrap_or_default();
        let is_known = match after.trim_start().starts_with('(') {
            true => FUNCTIONS.iter().any(|known| known.eq_ignore_ascii_case(word)),
            false => CONTEXTS.contains(&head) || ["true", "false", "null"].contains(&word),
        };
        if !is_known {
            return Err(format!("`{word}` is unknown in an expression"));
        }
        rest = after;
    }
    Ok(())
}
