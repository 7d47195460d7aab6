//! The contexts that each key of a workflow or an action may use in its expressions.
//!
//! The tables are those of GitHub's documentation of contexts. The runner of Gitea knows more of them, so its workflows
//! are not checked.

use super::document::{self, Node};
use super::expression::{references, references_of};
use super::problem::Problem;

/// A key and the contexts that it may use.
struct Row {
    /// The keys from the root of the file; `*` stands for any key and for any item of a list.
    path: &'static [&'static str],
    contexts: &'static [&'static str],
}

/// The contexts of a job before it starts.
const OF_JOB: &[&str] = &["github", "needs", "strategy", "matrix", "vars", "inputs"];

/// The contexts of a job before it starts, without its matrix.
const OF_PLAN: &[&str] = &["github", "needs", "vars", "inputs"];

/// The contexts of a workflow.
const OF_WORKFLOW: &[&str] = &["github", "inputs", "vars"];

/// The contexts of a container.
const OF_CONTAINER: &[&str] =
    &["github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "inputs"];

/// The contexts of the credentials of a container.
const OF_CREDENTIALS: &[&str] = &["github", "needs", "strategy", "matrix", "env", "vars", "secrets", "inputs"];

/// The contexts of a step.
const OF_STEP: &[&str] =
    &["github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "secrets", "steps", "inputs"];

/// The contexts of a condition of a step.
const OF_STEP_CONDITION: &[&str] =
    &["github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs"];

/// The contexts of a step of an action.
const OF_ACTION: &[&str] = &["github", "inputs", "strategy", "matrix", "steps", "job", "runner", "env"];

/// The keys of a workflow. The row with the longest path counts.
const WORKFLOW: &[Row] = &[
    Row { path: &["run-name"], contexts: OF_WORKFLOW },
    Row { path: &["concurrency"], contexts: OF_WORKFLOW },
    Row { path: &["env"], contexts: &["github", "secrets", "inputs", "vars"] },
    Row { path: &["on", "workflow_call", "inputs", "*", "default"], contexts: OF_WORKFLOW },
    Row { path: &["on", "workflow_call", "outputs", "*", "value"], contexts: &["github", "jobs", "vars", "inputs"] },
    Row { path: &["jobs", "*", "name"], contexts: OF_JOB },
    Row { path: &["jobs", "*", "if"], contexts: OF_PLAN },
    Row { path: &["jobs", "*", "strategy"], contexts: OF_PLAN },
    Row { path: &["jobs", "*", "runs-on"], contexts: OF_JOB },
    Row { path: &["jobs", "*", "concurrency"], contexts: OF_JOB },
    Row { path: &["jobs", "*", "continue-on-error"], contexts: OF_JOB },
    Row { path: &["jobs", "*", "timeout-minutes"], contexts: OF_JOB },
    Row { path: &["jobs", "*", "environment"], contexts: OF_JOB },
    Row {
        path: &["jobs", "*", "environment", "url"],
        contexts: &["github", "needs", "strategy", "matrix", "job", "runner", "env", "vars", "steps", "inputs"],
    },
    Row {
        path: &["jobs", "*", "env"],
        contexts: &["github", "needs", "strategy", "matrix", "vars", "secrets", "inputs"],
    },
    Row {
        path: &["jobs", "*", "defaults", "run"],
        contexts: &["github", "needs", "strategy", "matrix", "env", "vars", "inputs"],
    },
    Row { path: &["jobs", "*", "outputs"], contexts: OF_STEP },
    Row { path: &["jobs", "*", "with"], contexts: OF_JOB },
    Row {
        path: &["jobs", "*", "secrets"],
        contexts: &["github", "needs", "strategy", "matrix", "secrets", "inputs", "vars"],
    },
    Row { path: &["jobs", "*", "container"], contexts: OF_JOB },
    Row { path: &["jobs", "*", "container", "credentials"], contexts: OF_CREDENTIALS },
    Row { path: &["jobs", "*", "container", "env"], contexts: OF_CONTAINER },
    Row { path: &["jobs", "*", "services", "*", "credentials"], contexts: OF_CREDENTIALS },
    Row { path: &["jobs", "*", "services", "*", "env"], contexts: OF_CONTAINER },
    Row { path: &["jobs", "*", "steps", "*"], contexts: OF_STEP },
    Row { path: &["jobs", "*", "steps", "*", "if"], contexts: OF_STEP_CONDITION },
];

/// The keys of an action.
const ACTION: &[Row] = &[Row { path: &["runs", "steps", "*"], contexts: OF_ACTION }];

/// The places of a workflow whose expressions use a context that the forge does not know there.
#[must_use]
pub fn of_workflow(root: &Node) -> Vec<Problem> {
    found_in(root, WORKFLOW)
}

/// The places of an action whose expressions use a context that the forge does not know there.
#[must_use]
pub fn of_action(root: &Node) -> Vec<Problem> {
    found_in(root, ACTION)
}

fn found_in(root: &Node, rows: &[Row]) -> Vec<Problem> {
    let mut found = Vec::new();
    document::each_text(root, &mut |path, node| add_problems(path, node, rows, &mut found));
    found
}

fn add_problems(path: &[&str], node: &Node, rows: &[Row], found: &mut Vec<Problem>) {
    let text = node.text().unwrap_or_default();
    let is_above = |row: &&Row| {
        row.path.len() <= path.len() && row.path.iter().zip(path.iter()).all(|(key, here)| *key == "*" || key == here)
    };
    let Some(row) = rows.iter().filter(is_above).max_by_key(|row| row.path.len()) else { return };
    let is_bare = row.path.last() == Some(&"if") && !text.contains("${{");
    let used = if is_bare { references_of(text) } else { references(text) };
    let is_unknown = |context: &str| CONTEXTS.contains(&context) && !row.contexts.contains(&context);
    let mut unknown: Vec<String> = used.into_iter().map(|(context, _)| context).filter(|it| is_unknown(it)).collect();
    unknown.dedup();
    for context in unknown {
        let place = row.path.iter().rfind(|key| **key != "*").copied().unwrap_or_default();
        let what = if place == "steps" { "a step of an action" } else { &format!("`{place}`") };
        let help = match (context.as_str(), place) {
            ("secrets", "if") => "test a variable of an `env` that has the secret".to_owned(),
            ("secrets", "with") => "pass it below `secrets`".to_owned(),
            _ => format!("use one of {}", row.contexts.join(", ")),
        };
        let message = format!("{what} cannot use the context `{context}`");
        found.push(Problem { span: node.span.clone(), message, help });
    }
}

/// The contexts that some key may use. Forges have other names for `github`.
const CONTEXTS: &[&str] =
    &["env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix", "needs", "inputs"];

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(found: Vec<Problem>) -> Vec<String> {
        found.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn each_key_has_its_contexts() {
        for (key, usable, unusable) in [
            ("run-name: §", "github.ref inputs.a vars.a", "secrets.a env.a"),
            ("concurrency: {group: §}", "github.ref inputs.a vars.a", "matrix.a"),
            ("env: {A: §}", "github.ref inputs.a vars.a secrets.a", "matrix.a env.a needs.a steps.a runner.os"),
            ("on: {workflow_call: {inputs: {a: {default: §}}}}", "github.ref inputs.a vars.a", "secrets.a"),
            ("on: {workflow_call: {outputs: {a: {value: §}}}}", "jobs.a inputs.a", "needs.a secrets.a steps.a"),
            ("jobs: {a: {name: §}}", "matrix.a needs.a", "env.a secrets.a"),
            ("jobs: {a: {if: §}}", "github.ref needs.a vars.a inputs.a", "env.a matrix.a secrets.a steps.a"),
            ("jobs: {a: {strategy: {matrix: {b: [§]}}}}", "needs.a vars.a", "matrix.a secrets.a env.a"),
            ("jobs: {a: {strategy: §}}", "needs.a", "matrix.a"),
            ("jobs: {a: {runs-on: §}}", "matrix.a vars.a", "runner.os secrets.a env.a"),
            ("jobs: {a: {runs-on: [a, §]}}", "matrix.a", "env.a"),
            ("jobs: {a: {concurrency: §}}", "matrix.a", "secrets.a env.a"),
            ("jobs: {a: {continue-on-error: §}}", "matrix.a inputs.a", "steps.a env.a"),
            ("jobs: {a: {timeout-minutes: §}}", "matrix.a", "secrets.a"),
            ("jobs: {a: {environment: §}}", "matrix.a inputs.a", "env.a secrets.a"),
            ("jobs: {a: {environment: {name: §}}}", "matrix.a", "steps.a"),
            ("jobs: {a: {environment: {url: §}}}", "steps.a env.a", "secrets.a"),
            ("jobs: {a: {env: {B: §}}}", "secrets.a matrix.a needs.a", "env.a runner.os steps.a job.status"),
            ("jobs: {a: {defaults: {run: {shell: §}}}}", "env.a matrix.a", "secrets.a steps.a"),
            ("jobs: {a: {outputs: {b: §}}}", "steps.a env.a secrets.a job.status", "jobs.a"),
            ("jobs: {a: {with: {b: §}}}", "needs.a matrix.a vars.a", "secrets.a env.a steps.a"),
            ("jobs: {a: {secrets: {b: §}}}", "secrets.a needs.a", "env.a steps.a"),
            ("jobs: {a: {container: §}}", "matrix.a vars.a", "env.a secrets.a"),
            ("jobs: {a: {container: {image: §}}}", "matrix.a", "env.a"),
            ("jobs: {a: {container: {credentials: {b: §}}}}", "secrets.a env.a", "steps.a runner.os"),
            ("jobs: {a: {container: {env: {B: §}}}}", "secrets.a runner.os", "steps.a"),
            ("jobs: {a: {services: {b: {env: {B: §}}}}}", "secrets.a", "steps.a"),
            ("jobs: {a: {services: {b: {credentials: {c: §}}}}}", "secrets.a", "steps.a"),
            ("jobs: {a: {steps: [{if: §}]}}", "steps.a env.a matrix.a needs.a runner.os", "secrets.a jobs.a"),
            ("jobs: {a: {steps: [{run: §}]}}", "secrets.a steps.a env.a", "jobs.a"),
            ("jobs: {a: {steps: [{env: {B: §}}]}}", "secrets.a steps.a env.a", "jobs.a"),
            ("jobs: {a: {steps: [{with: {b: §}}]}}", "secrets.a steps.a env.a", "jobs.a"),
        ] {
            let found = |reference: &str| {
                let text = key.replace('§', &format!("'${{{{ {reference} }}}}'"));
                messages(of_workflow(&document::read(&text).unwrap()))
            };
            for reference in usable.split(' ') {
                assert_eq!(found(reference), [""; 0], "{key}: {reference}");
            }
            for reference in unusable.split(' ') {
                let context = reference.split('.').next().unwrap();
                let message = format!("cannot use the context `{context}`");
                assert!(found(reference).iter().all(|it| it.ends_with(&message)), "{key}: {reference}");
                assert_eq!(found(reference).len(), 1, "{key}: {reference}");
            }
        }
    }

    #[test]
    fn condition_may_lack_its_braces() {
        let found = |text: &str| messages(of_workflow(&document::read(text).unwrap()));
        assert_eq!(found("jobs: {a: {if: env.A == 'x'}}"), ["`if` cannot use the context `env`"]);
        assert_eq!(found("jobs: {a: {if: github.ref == 'env.A'}}"), [""; 0]);
        assert_eq!(
            found("jobs: {a: {steps: [{if: \"!fromJSON(secrets.A) || secrets.B\"}]}}"),
            ["`if` cannot use the context `secrets`"]
        );
    }

    #[test]
    fn step_of_an_action_has_no_secrets() {
        let found = |text: &str| messages(of_action(&document::read(text).unwrap()));
        let action = "runs: {steps: [{run: '${{ inputs.a }} ${{ env.a }} ${{ steps.a.outputs.b }}'}]}";
        assert_eq!(found(action), [""; 0]);
        assert_eq!(
            found(&action.replace("env.a", "secrets.a")),
            ["a step of an action cannot use the context `secrets`"]
        );
    }
}
