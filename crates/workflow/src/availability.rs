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
    Row { path: &["jobs", "*", "services"], contexts: OF_JOB },
    Row { path: &["jobs", "*", "services", "*", "credentials"], contexts: OF_CREDENTIALS },
    Row { path: &["jobs", "*", "services", "*", "env"], contexts: OF_CONTAINER },
    Row { path: &["jobs", "*", "steps", "*"], contexts: OF_STEP },
    Row { path: &["jobs", "*", "steps", "*", "if"], contexts: OF_STEP_CONDITION },
];

/// The keys of an action.
const ACTION: &[Row] = &[Row { path: &["runs", "steps", "*"], contexts: OF_ACTION }];

/// The places of a workflow whose expressions use a context that the forge does not know there.
#[must_use]
pub fn of_workflow(root: &Node, text: &str) -> Vec<Problem> {
    found_in(root, text, WORKFLOW)
}

/// The places of an action whose expressions use a context that the forge does not know there.
#[must_use]
pub fn of_action(root: &Node, text: &str) -> Vec<Problem> {
    found_in(root, text, ACTION)
}

fn found_in(root: &Node, text: &str, rows: &[Row]) -> Vec<Problem> {
    let mut found = Vec::new();
    document::each_text(root, &mut |path, node| add_problems(path, node, text, rows, &mut found));
    found
}

fn add_problems(path: &[&str], node: &Node, source: &str, rows: &[Row], found: &mut Vec<Problem>) {
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
        found.push(Problem { span: node.span.clone(), message, help }.at(&format!("{context}."), source));
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

    /// The table of the documentation, in its order. Each key has all contexts that it may use except `github`.
    #[test]
    fn each_key_has_its_contexts() {
        const JOB: &str = "needs strategy matrix vars inputs";
        const CREDENTIALS: &str = "needs strategy matrix env vars secrets inputs";
        const CONTAINER: &str = "needs strategy matrix job runner env vars secrets inputs";
        const STEP: &str = "needs strategy matrix job runner env vars secrets steps inputs";
        const CONDITION: &str = "needs strategy matrix job runner env vars steps inputs";
        for (key, usable) in [
            ("run-name: §", "inputs vars"),
            ("concurrency: §", "inputs vars"),
            ("concurrency: {group: §}", "inputs vars"),
            ("env: {A: §}", "secrets inputs vars"),
            ("jobs: {a: {concurrency: §}}", JOB),
            ("jobs: {a: {concurrency: {group: §}}}", JOB),
            ("jobs: {a: {container: §}}", JOB),
            ("jobs: {a: {container: {credentials: {b: §}}}}", CREDENTIALS),
            ("jobs: {a: {container: {env: {B: §}}}}", CONTAINER),
            ("jobs: {a: {container: {image: §}}}", JOB),
            ("jobs: {a: {container: {volumes: [§]}}}", JOB),
            ("jobs: {a: {continue-on-error: §}}", JOB),
            ("jobs: {a: {defaults: {run: {shell: §}}}}", "needs strategy matrix env vars inputs"),
            ("jobs: {a: {defaults: {run: {working-directory: §}}}}", "needs strategy matrix env vars inputs"),
            ("jobs: {a: {env: {B: §}}}", "needs strategy matrix vars secrets inputs"),
            ("jobs: {a: {environment: §}}", JOB),
            ("jobs: {a: {environment: {name: §}}}", JOB),
            ("jobs: {a: {environment: {url: §}}}", CONDITION),
            ("jobs: {a: {if: §}}", "needs vars inputs"),
            ("jobs: {a: {name: §}}", JOB),
            ("jobs: {a: {outputs: {b: §}}}", STEP),
            ("jobs: {a: {runs-on: §}}", JOB),
            ("jobs: {a: {runs-on: [a, §]}}", JOB),
            ("jobs: {a: {runs-on: {group: §}}}", JOB),
            ("jobs: {a: {secrets: {b: §}}}", "needs strategy matrix secrets inputs vars"),
            ("jobs: {a: {services: {b: §}}}", JOB),
            ("jobs: {a: {services: {b: {image: §}}}}", JOB),
            ("jobs: {a: {services: {b: {ports: [§]}}}}", JOB),
            ("jobs: {a: {services: {b: {credentials: {c: §}}}}}", CREDENTIALS),
            ("jobs: {a: {services: {b: {env: {B: §}}}}}", CONTAINER),
            ("jobs: {a: {steps: [{continue-on-error: §}]}}", STEP),
            ("jobs: {a: {steps: [{env: {B: §}}]}}", STEP),
            ("jobs: {a: {steps: [{if: §}]}}", CONDITION),
            ("jobs: {a: {steps: [{name: §}]}}", STEP),
            ("jobs: {a: {steps: [{run: §}]}}", STEP),
            ("jobs: {a: {steps: [{timeout-minutes: §}]}}", STEP),
            ("jobs: {a: {steps: [{with: {b: §}}]}}", STEP),
            ("jobs: {a: {steps: [{working-directory: §}]}}", STEP),
            ("jobs: {a: {strategy: §}}", "needs vars inputs"),
            ("jobs: {a: {strategy: {fail-fast: §}}}", "needs vars inputs"),
            ("jobs: {a: {strategy: {matrix: {b: [§]}}}}", "needs vars inputs"),
            ("jobs: {a: {strategy: {max-parallel: §}}}", "needs vars inputs"),
            ("jobs: {a: {timeout-minutes: §}}", JOB),
            ("jobs: {a: {with: {b: §}}}", "needs strategy matrix inputs vars"),
            ("on: {workflow_call: {inputs: {a: {default: §}}}}", "inputs vars"),
            ("on: {workflow_call: {outputs: {a: {value: §}}}}", "jobs vars inputs"),
        ] {
            for context in ["github", "gitea"].iter().chain(CONTEXTS) {
                let text = key.replace('§', &format!("'${{{{ {context}.a }}}}'"));
                let found = messages(of_workflow(&document::read(&text).unwrap(), &text));
                let is_usable = ["github", "gitea"].contains(context) || usable.split(' ').any(|it| it == *context);
                let expected = format!("cannot use the context `{context}`");
                let expected: Vec<&str> = if is_usable { Vec::new() } else { vec![&expected] };
                let found: Vec<&str> =
                    found.iter().map(|it| it.find("cannot").map_or(it.as_str(), |at| &it[at..])).collect();
                assert_eq!(found, expected, "{key}: {context}");
            }
        }
    }

    #[test]
    fn condition_may_lack_its_braces() {
        let found = |text: &str| messages(of_workflow(&document::read(text).unwrap(), text));
        assert_eq!(found("jobs: {a: {if: env.A == 'x'}}"), ["`if` cannot use the context `env`"]);
        assert_eq!(found("jobs: {a: {if: github.ref == 'env.A'}}"), [""; 0]);
        assert_eq!(
            found("jobs: {a: {steps: [{if: \"!fromJSON(secrets.A) || secrets.B\"}]}}"),
            ["`if` cannot use the context `secrets`"]
        );
    }

    #[test]
    fn step_of_an_action_has_no_secrets() {
        let found = |text: &str| messages(of_action(&document::read(text).unwrap(), text));
        let action = "runs: {steps: [{run: '${{ inputs.a }} ${{ env.a }} ${{ steps.a.outputs.b }}'}]}";
        assert_eq!(found(action), [""; 0]);
        assert_eq!(
            found(&action.replace("env.a", "secrets.a")),
            ["a step of an action cannot use the context `secrets`"]
        );
    }
}
