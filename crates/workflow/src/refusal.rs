//! Why a forge refuses a workflow file or an action before it runs a job: unknown keys, events and contexts, values of
//! another type, and jobs or steps without work.
//!
//! The tables are those of the documentation of GitHub, with the keys that Gitea adds. A key that a forge adds later is
//! unknown here, so a refusal is a warning and not an error.

use std::ops::Range;

use slug_value::slip::is_slip;

use super::document::{Node, Style, Value};
use super::expression::is_valid;
use super::problem::Problem;

/// The keys of a kind of mapping.
struct Shape {
    name: &'static str,
    keys: &'static [&'static str],
}

const WORKFLOW: Shape = Shape {
    name: "a workflow",
    keys: &["name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs", "description"],
};

const JOB: Shape = Shape {
    name: "a job",
    keys: &[
        "name",
        "permissions",
        "needs",
        "if",
        "runs-on",
        "snapshot",
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
    ],
};

const STEP: Shape = Shape {
    name: "a step",
    keys: &[
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
        "background",
        "parallel",
        "wait",
        "wait-all",
        "cancel",
        "steps",
        "sequential",
    ],
};

const STRATEGY: Shape = Shape { name: "a strategy", keys: &["matrix", "fail-fast", "max-parallel"] };

const ACTION: Shape =
    Shape { name: "an action", keys: &["name", "author", "description", "inputs", "outputs", "runs", "branding"] };

const RUNS: Shape = Shape { name: "`runs` of a composite action", keys: &["using", "steps"] };

const INPUT: Shape =
    Shape { name: "an input", keys: &["description", "required", "default", "type", "options", "deprecationMessage"] };

const DISPATCH: Shape = Shape { name: "`workflow_dispatch`", keys: &["inputs", "branches", "branches-ignore"] };

const CALL: Shape = Shape { name: "`workflow_call`", keys: &["inputs", "outputs", "secrets"] };

const TRIGGER: Shape = Shape {
    name: "a trigger",
    keys: &[
        "types",
        "branches",
        "branches-ignore",
        "tags",
        "tags-ignore",
        "paths",
        "paths-ignore",
        "workflows",
        "inputs",
        "outputs",
        "secrets",
        "cron",
        "names",
        "versions",
    ],
};

/// The keys of a step of which it needs one.
const WORK: [&str; 7] = ["run", "uses", "background", "parallel", "wait", "wait-all", "cancel"];

/// The events that start a workflow.
pub const EVENTS: &[&str] = &[
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "create",
    "delete",
    "deployment",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "dynamic",
    "fork",
    "gollum",
    "image_version",
    "issue_comment",
    "issues",
    "label",
    "merge_group",
    "milestone",
    "page_build",
    "project",
    "project_card",
    "project_column",
    "public",
    "pull_request",
    "pull_request_comment",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "push",
    "registry_package",
    "release",
    "repository_dispatch",
    "schedule",
    "status",
    "watch",
    "workflow_call",
    "workflow_dispatch",
    "workflow_run",
];

/// The activities of events; `repository_dispatch` has names of its own.
const ACTIVITIES: &[&str] = &[
    "created",
    "edited",
    "deleted",
    "completed",
    "requested",
    "requested_action",
    "rerequested",
    "answered",
    "unanswered",
    "category_changed",
    "closed",
    "reopened",
    "opened",
    "transferred",
    "pinned",
    "unpinned",
    "labeled",
    "unlabeled",
    "locked",
    "unlocked",
    "assigned",
    "unassigned",
    "milestoned",
    "demilestoned",
    "typed",
    "untyped",
    "checks_requested",
    "ready",
    "converted_to_draft",
    "ready_for_review",
    "review_requested",
    "review_request_removed",
    "synchronize",
    "auto_merge_enabled",
    "auto_merge_disabled",
    "enqueued",
    "dequeued",
    "submitted",
    "dismissed",
    "published",
    "updated",
    "unpublished",
    "prereleased",
    "released",
    "started",
    "moved",
    "converted",
    "in_progress",
    "resolved",
    "unresolved",
    "review_requested_removed",
    "label_updated",
    "label_cleared",
];

/// What an expression can refer to.
const CONTEXTS: &[&str] = &[
    "github", "gitea", "forgejo", "env", "vars", "job", "jobs", "steps", "runner", "secrets", "strategy", "matrix",
    "needs", "inputs",
];

/// The words of an expression that are values.
const LITERALS: &[&str] = &["true", "false", "null", "NaN", "Infinity"];

/// Usual properties of the context `github`.
const PROPERTIES: &[&str] = &[
    "action",
    "actor",
    "base_ref",
    "event",
    "event_name",
    "event_path",
    "head_ref",
    "job",
    "ref",
    "ref_name",
    "ref_protected",
    "ref_type",
    "repository",
    "repository_owner",
    "run_attempt",
    "run_id",
    "run_number",
    "server_url",
    "sha",
    "token",
    "triggering_actor",
    "workflow",
    "workspace",
];

/// What an expression can call.
const FUNCTIONS: &[&str] = &[
    "contains",
    "startswith",
    "endswith",
    "format",
    "join",
    "tojson",
    "fromjson",
    "hashfiles",
    "success",
    "always",
    "cancelled",
    "failure",
    "case",
];

/// The reasons why a forge refuses a workflow file. A job without a machine is one of them only if `has_machine`: other
/// jobs have one.
#[must_use]
pub fn of_workflow(root: &Node, has_machine: bool) -> Vec<Problem> {
    let mut found = Found::default();
    found.keys(root, &WORKFLOW);
    found.env(root);
    match root.entry("on") {
        Some((key, on)) => found.triggers(key, on),
        None => found.add(&(0..0), "the workflow has no `on`", "name the events that start it"),
    }
    let jobs = root.get("jobs").map_or(&[][..], Node::entries);
    for (id, job) in jobs {
        if !matches!(job.value, Value::Mapping(_)) {
            found.add(&id.span, "a job is a mapping", "indent its keys below its name, or remove the name");
            continue;
        }
        found.job(id, job, jobs, has_machine);
    }
    found.expressions(root);
    found.0
}

/// The reasons why a forge refuses the file of an action.
#[must_use]
pub fn of_action(root: &Node) -> Vec<Problem> {
    let mut found = Found::default();
    found.keys(root, &ACTION);
    for (name, input) in root.get("inputs").map_or(&[][..], Node::entries) {
        found.description(name, input);
    }
    if let Some(runs) = root.get("runs").filter(|runs| runs.get("using").and_then(Node::text) == Some("composite")) {
        found.keys(runs, &RUNS);
        for step in runs.get("steps").map_or(&[][..], Node::items) {
            if let Some((key, _)) = step.entry("run").filter(|_| step.get("shell").is_none()) {
                found.add(&key.span, "a script of an action needs a `shell`", "add `shell: bash`");
            }
            found.step(step);
        }
        found.expressions(runs);
    } else if root.get("runs").and_then(|runs| runs.get("using")).is_none() {
        found.add(&(0..0), "the action has no `runs` with `using`", "say what it runs");
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn add(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.0.push(Problem { span: span.clone(), message: message.into(), help: help.into() });
    }

    /// Finds the keys of a mapping that its shape does not have.
    fn keys(&mut self, node: &Node, shape: &Shape) {
        for (key, _) in node.entries() {
            let name = key.text().unwrap_or_default();
            if shape.keys.contains(&name) || name == "<<" {
                continue;
            }
            let near = shape.keys.iter().find(|known| is_slip(name, known));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "correct the indentation or the name".to_owned(),
            };
            self.add(&key.span, format!("`{}` is not a key of {}", shown(name), shape.name), help);
        }
    }

    fn env(&mut self, level: &Node) {
        let Some((key, env)) = level.entry("env") else { return };
        let is_expression = env.text().is_some_and(|text| text.contains("${{"));
        if !matches!(env.value, Value::Mapping(_)) && !is_expression {
            self.add(&key.span, "`env` has no variables", "indent the variables below it, or remove it");
        }
        for (name, value) in env.entries() {
            if matches!(value.value, Value::Mapping(_) | Value::Sequence(_)) {
                let message = format!("the variable `{}` has a list or mapping as its value", shown_key(name));
                self.add(&name.span, message, "write a text, or correct the indentation");
            }
        }
    }

    /// Finds a setting that has to be true or false and is neither.
    fn truth(&mut self, level: &Node, key: &str, allows_quotes: bool) {
        let Some((name, value)) = level.entry(key) else { return };
        let text = value.text().unwrap_or("-");
        let is_bare = value.style == Style::Plain || allows_quotes;
        let is_truth = matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") && is_bare;
        if !is_truth && !text.contains("${{") {
            let message = format!("`{key}` is neither `true` nor `false`");
            self.add(&name.span, message, format!("write `{key}: true` or `{key}: false`, without quotes"));
        }
    }

    fn triggers(&mut self, key: &Node, on: &Node) {
        let names: Vec<&Node> = match &on.value {
            Value::Sequence(names) => names.iter().collect(),
            Value::Mapping(events) => events.iter().map(|(event, _)| event).collect(),
            _ => vec![on],
        };
        if names.is_empty() || on.is_null() {
            self.add(&key.span, "`on` names no event", "name the events that start the workflow");
        }
        for name in names.iter().filter(|_| !on.is_null()) {
            self.event(&name.span, name.text().unwrap_or_default(), "the forge has no event");
        }
        for (event, trigger) in on.entries() {
            let name = event.text().unwrap_or_default();
            match name {
                "workflow_dispatch" => self.keys(trigger, &DISPATCH),
                "workflow_call" => self.keys(trigger, &CALL),
                _ => self.keys(trigger, &TRIGGER),
            }
            let is_list = matches!(trigger.value, Value::Sequence(_));
            if name == "schedule" && (!is_list || trigger.items().iter().any(|time| time.get("cron").is_none())) {
                self.add(&event.span, "`schedule` has no time", "write a list of `cron: \"…\"` below it");
            } else if name != "schedule" && !trigger.is_null() && !matches!(trigger.value, Value::Mapping(_)) {
                self.add(
                    &event.span,
                    format!("`{}` has no mapping as its value", shown(name)),
                    "correct its indentation",
                );
            }
            for time in trigger.items() {
                self.keys(time, &Shape { name: "a schedule", keys: &["cron", "timezone"] });
            }
            let types = trigger.get("types").filter(|_| name != "repository_dispatch");
            let single = types.filter(|types| types.items().is_empty());
            for activity in types.map_or(&[][..], Node::items).iter().chain(single) {
                let text = activity.text().unwrap_or_default();
                if !ACTIVITIES.contains(&text) {
                    let near = ACTIVITIES.iter().find(|known| is_slip(text, known));
                    let help = near.map_or("correct the name".to_owned(), |near| format!("did you mean `{near}`?"));
                    self.add(&activity.span, format!("no event has the activity `{}`", shown(text)), help);
                }
            }
            for (input, declared) in trigger.get("inputs").map_or(&[][..], Node::entries) {
                self.input(input, declared, name == "workflow_call");
            }
        }
    }

    fn event(&mut self, span: &Range<usize>, name: &str, problem: &str) {
        if EVENTS.contains(&name) {
            return;
        }
        let near = EVENTS.iter().find(|known| is_slip(name, known));
        let help = near.map_or("correct the name".to_owned(), |near| format!("did you mean `{near}`?"));
        self.add(span, format!("{problem} `{}`", shown(name)), help);
    }

    /// Checks that an input is described by a mapping, if it is described.
    fn description(&mut self, name: &Node, input: &Node) {
        if !matches!(input.value, Value::Null | Value::Mapping(_)) {
            self.add(&name.span, "the input is not a mapping", "correct the indentation of its keys");
        }
    }

    fn input(&mut self, name: &Node, input: &Node, needs_type: bool) {
        self.description(name, input);
        self.keys(input, &INPUT);
        self.truth(input, "required", false);
        let kind = input.get("type").and_then(Node::text);
        let kinds = ["string", "choice", "boolean", "number", "environment"];
        match kind {
            Some("boolean") => self.truth(input, "default", true),
            Some(kind) if !kinds.contains(&kind) => {
                let help = format!("write one of {}", kinds.join(", "));
                self.add(&name.span, format!("the input has the unknown type `{}`", shown(kind)), help);
            }
            None if needs_type => self.add(&name.span, "an input of a called workflow needs a `type`", "add its type"),
            _ => {}
        }
        if kind == Some("choice") && input.get("options").is_none_or(|options| options.items().is_empty()) {
            self.add(&name.span, "a choice has no `options`", "list them");
        }
    }

    fn job(&mut self, id: &Node, job: &Node, jobs: &[(Node, Node)], has_machine: bool) {
        self.keys(job, &JOB);
        self.env(job);
        let needs = job.get("needs");
        let single = needs.filter(|needs| needs.items().is_empty());
        for needed in needs.map_or(&[][..], Node::items).iter().chain(single) {
            let name = needed.text().unwrap_or_default();
            if !name.contains("${{")
                && !jobs.iter().any(|(id, _)| id.text().is_some_and(|id| id.eq_ignore_ascii_case(name)))
            {
                let near = jobs.iter().filter_map(|(id, _)| id.text()).find(|id| is_slip(name, id));
                let help = near.map_or("correct the name".to_owned(), |near| format!("did you mean `{near}`?"));
                self.add(&needed.span, format!("the file has no job `{}`", shown(name)), help);
            }
        }
        if let Some((key, strategy)) = job.entry("strategy") {
            self.keys(strategy, &STRATEGY);
            self.truth(strategy, "fail-fast", false);
            let matrix = strategy.get("matrix");
            if matrix.is_some_and(|matrix| matrix.is_null() || matches!(matrix.value, Value::Sequence(_))) {
                self.add(&key.span, "`matrix` is not a mapping", "correct the indentation of its keys");
            }
        }
        if let Some((key, _)) = job.entry("uses") {
            let excluded = ["steps", "runs-on", "env"].into_iter().find(|key| job.get(key).is_some());
            if let Some(excluded) = excluded {
                let message = format!("a job with `uses` cannot have `{excluded}`");
                self.add(&key.span, message, "remove one of the two, or correct the indentation");
            }
            return;
        }
        if job.get("runs-on").is_none_or(Node::is_null) && has_machine {
            self.add(&id.span, "the job has no `runs-on`", "name its machine");
        }
        let Some((key, steps)) = job.entry("steps") else {
            return self.add(&id.span, "the job has no `steps`", "add them, or correct the indentation");
        };
        if !matches!(steps.value, Value::Sequence(_)) {
            self.add(&key.span, "`steps` is not a list of steps", "correct the indentation, or remove the job");
        }
        steps.items().iter().for_each(|step| self.step(step));
    }

    fn step(&mut self, step: &Node) {
        let span = step.highlight_span();
        if step.entries().is_empty() {
            return self.add(&span, "a step is a mapping", "correct the indentation");
        }
        self.keys(step, &STEP);
        self.env(step);
        self.truth(step, "continue-on-error", false);
        let works: Vec<&str> = WORK.into_iter().filter(|key| step.get(key).is_some()).collect();
        match works[..] {
            [] => self.add(&span, "the step has neither `run` nor `uses`", "add one, or remove the step"),
            ["run", "uses"] => self.add(&span, "the step has both `run` and `uses`", "make two steps of it"),
            _ => {}
        }
        for key in ["run", "uses"] {
            if let Some((name, value)) = step.entry(key)
                && value.text().is_none_or(|text| text.trim().is_empty())
            {
                self.add(&name.span, format!("`{key}` is not a text"), "correct the indentation, or write the text");
            }
        }
        if let Some((key, _)) = step.entry("with").filter(|(_, with)| step.get("run").is_some() || with.is_null()) {
            self.add(&key.span, "`with` gives no inputs to an action", "move it below the step with `uses`");
        }
    }

    /// Checks every expression below a node, and every condition.
    fn expressions(&mut self, node: &Node) {
        for (key, value) in node.entries() {
            if key.text() == Some("if") {
                let text = value.text().unwrap_or_default().trim();
                if !text.contains("${{") {
                    self.expression(&value.span, text);
                }
            }
            self.expressions(value);
        }
        node.items().iter().for_each(|item| self.expressions(item));
        let Some(text) = node.text() else { return };
        for part in text.split("${{").skip(1) {
            match end_of_expression(part) {
                Some(end) => self.expression(&node.span, &part[..end]),
                None => self.add(&node.span, "an expression does not end", "add `}}`"),
            }
        }
    }

    /// Checks the names in an expression, and the events with which it compares.
    fn expression(&mut self, span: &Range<usize>, text: &str) {
        let before = self.0.len();
        // Every second part is a text in quotes; a quote in it is doubled and makes an empty part.
        let parts: Vec<&str> = text.split('\'').collect();
        for (index, part) in parts.iter().enumerate().step_by(2) {
            self.names(span, part);
            let is_compared = ["==", "!="].iter().any(|sign| {
                part.trim_end().strip_suffix(sign).is_some_and(|left| left.trim_end().ends_with(".event_name"))
            });
            if is_compared && let Some(event) = parts.get(index + 1) {
                // The comparison ignores case.
                self.event(
                    span,
                    &event.to_lowercase(),
                    "the condition compares with an event that the forge does not have:",
                );
            }
        }
        if self.0.len() == before && !text.trim().is_empty() && !is_valid(text) {
            let is_assignment = parts.iter().step_by(2).any(|part| has_single_equals_sign(part));
            let help = if is_assignment { "compare with `==`" } else { "correct its operators and parentheses" };
            self.add(span, format!("`{}` is not a valid expression", shown(text.trim())), help);
        }
    }

    fn names(&mut self, span: &Range<usize>, code: &str) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        let mut at = 0;
        while let Some(found) = code[at..].find(|c: char| c.is_ascii_alphabetic() || c == '_') {
            let start = at + found;
            let end = code[start..].find(|c| !is_name(c)).map_or(code.len(), |length| start + length);
            at = end;
            let before = code[..start].trim_end();
            let is_part = before.ends_with('.') || code[..start].ends_with(|c: char| c.is_ascii_digit());
            if is_part {
                let word = &code[start..end];
                let near = PROPERTIES.iter().find(|known| before.ends_with("github.") && is_slip(word, known));
                if let Some(near) = near.filter(|_| !PROPERTIES.iter().any(|known| known.eq_ignore_ascii_case(word))) {
                    let message = format!("the context `github` has no `{}`", shown(word));
                    self.add(span, message, format!("did you mean `{near}`?"));
                }
                continue;
            }
            let (word, is_call) = (&code[start..end], code[end..].trim_start().starts_with('('));
            let known = if is_call { FUNCTIONS } else { CONTEXTS };
            let lower = word.to_ascii_lowercase();
            if known.contains(&lower.as_str()) || LITERALS.contains(&word) {
                continue;
            }
            let near = known.iter().find(|known| is_slip(&lower, known));
            let help =
                near.map_or("correct the name, or quote a text".to_owned(), |near| format!("did you mean `{near}`?"));
            let kind = if is_call { "function" } else { "context" };
            self.add(span, format!("an expression uses the unknown {kind} `{}`", shown(word)), help);
        }
    }
}

/// Whether code has a `=` that belongs to no operator.
fn has_single_equals_sign(code: &str) -> bool {
    let is_operator = |at: usize| code[..at].ends_with(['=', '!', '<', '>']) || code[at + 1..].starts_with('=');
    code.match_indices('=').any(|(at, _)| !is_operator(at))
}

/// The end of an expression: the first `}}` outside quotes.
fn end_of_expression(text: &str) -> Option<usize> {
    let mut is_quoted = false;
    text.char_indices().find_map(|(at, c)| {
        is_quoted ^= c == '\'';
        (!is_quoted && text[at..].starts_with("}}")).then_some(at)
    })
}

/// A name for a message, without what could be long.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn shown_key(node: &Node) -> String {
    shown(node.text().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    const RIGHT: &str = "on:
  push: {branches: [main]}
  issues: {types: [opened]}
  schedule: [{cron: '1 2 * * *'}]
  workflow_dispatch:
    inputs:
      fast: {type: boolean, default: 'true', required: true}
      model: {type: choice, options: [a]}
env: {A: 1}
jobs:
  one:
    if: github.event_name == 'push' && !contains(github.ref, 'x.y(z)')
    runs-on: ubuntu-latest
    strategy: {fail-fast: false, matrix: {a: [1]}}
    steps:
      - uses: actions/checkout@v4
        with: {path: a}
      - run: echo ${{ format('}} {0}', matrix.a) }} ${{ steps.x.outputs.y-z == 0xff }}
        continue-on-error: ${{ inputs.fast }}
  two: {needs: [one], uses: ./.github/workflows/x.yml, with: {a: b}, secrets: inherit}
";

    fn messages(text: &str) -> Vec<String> {
        let found = of_workflow(&document::read(text).unwrap(), true);
        found.into_iter().map(|refusal| format!("{}: {}", &text[refusal.span], refusal.message)).collect()
    }

    #[test]
    fn accepted_workflow_has_no_refusal() {
        assert_eq!(messages(RIGHT), [""; 0]);
        for (from, to) in [
            ("push: {branches: [main]}", "push: {}"),
            ("push: {branches: [main]}", "push:"),
            ("strategy: {fail-fast: false, matrix: {a: [1]}}", "strategy: {max-parallel: 1}"),
            ("matrix: {a: [1]}", "matrix: '${{ fromJSON(vars.A) }}'"),
            ("env: {A: 1}", "env: {}"),
        ] {
            assert_eq!(messages(&RIGHT.replacen(from, to, 1)), [""; 0], "{to}");
        }
    }

    #[test]
    fn each_wrong_part_is_one_refusal() {
        for (from, to, expected) in [
            ("env: {A: 1}", "env:", "env: `env` has no variables"),
            ("env: {A: 1}", "env: {A: [1]}", "A: the variable `A` has a list or mapping as its value"),
            ("env: {A: 1}", "evn: {A: 1}", "evn: `evn` is not a key of a workflow"),
            ("  push: {", "  psuh: {", "psuh: the forge has no event `psuh`"),
            ("[opened]", "[opend]", "opend: no event has the activity `opend`"),
            ("[{cron: '1 2 * * *'}]", "", "schedule: `schedule` has no time"),
            ("'true'", "flase", "default: `default` is neither `true` nor `false`"),
            ("required: true", "required: 'true'", "required: `required` is neither `true` nor `false`"),
            ("type: choice, options: [a]", "type: choice", "model: a choice has no `options`"),
            ("model: {type: choice, options: [a]}", "model: choice", "model: the input is not a mapping"),
            ("type: choice", "type: choise", "model: the input has the unknown type `choise`"),
            ("fail-fast: false", "fail-fast: fAlse", "fail-fast: `fail-fast` is neither `true` nor `false`"),
            ("matrix: {a: [1]}", "matrix: [1]", "strategy: `matrix` is not a mapping"),
            ("  push: {branches: [main]}", "  push: [main]", "push: `push` has no mapping as its value"),
            ("needs: [one]", "needs: [oen]", "oen: the file has no job `oen`"),
            ("    runs-on: ubuntu-latest\n", "", "one: the job has no `runs-on`"),
            ("uses: ./.gith", "env: {A: 1}, uses: ./.gith", "uses: a job with `uses` cannot have `env`"),
            ("        with: {path: a}", "        wiht: {path: a}", "wiht: `wiht` is not a key of a step"),
            ("uses: actions/checkout@v4", "name: a", "name: the step has neither `run` nor `uses`"),
            (
                "      - run: echo",
                "      - uses: a/b@v1\n        run: echo",
                "uses: the step has both `run` and `uses`",
            ),
            ("  two: {", "  three:\n  two: {", "three: a job is a mapping"),
        ] {
            assert!(RIGHT.contains(from), "{from}");
            let found = messages(&RIGHT.replacen(from, to, 1));
            assert_eq!(found.first().map_or("", String::as_str), expected, "{from} became {to}: {found:?}");
        }
    }

    #[test]
    fn unknown_names_in_expressions_are_found() {
        for (from, to, message) in [
            ("github.event_name", "githbu.event_name", "an expression uses the unknown context `githbu`"),
            ("github.event_name", "github-event_name", "an expression uses the unknown context `github-event_name`"),
            ("!contains(", "!contians(", "an expression uses the unknown function `contians`"),
            ("'push'", "'psuh'", "the condition compares with an event that the forge does not have: `psuh`"),
            ("github.event_name", "github.event-name", "the context `github` has no `event-name`"),
            ("0xff", "FALSE", "an expression uses the unknown context `FALSE`"),
            ("'push'", "push", "an expression uses the unknown context `push`"),
            (
                "github.event_name == 'push' &&",
                "github.event_name = 'push' &&",
                "`github.event_name = 'push' && !contains(github.ref, 'x.y(z)'` is not a valid expression",
            ),
            ("steps.x.outputs.y-z ==", "steps.x.outputs.y-z", "`steps.x.outputs.y-z 0xff` is not a valid expression"),
            ("inputs.fast }}", "inputs.fast", "an expression does not end"),
        ] {
            let found = messages(&RIGHT.replacen(from, to, 1));
            assert!(found.len() == 1 && found[0].ends_with(message), "{from} became {to}: {found:?}");
        }
    }

    #[test]
    fn machine_is_missed_only_if_other_jobs_have_one() {
        let root = document::read("on: push\njobs: {b: {steps: [{run: a}]}}\n").unwrap();
        let messages =
            |has_machine| of_workflow(&root, has_machine).into_iter().map(|it| it.message).collect::<Vec<_>>();
        assert_eq!(messages(true), ["the job has no `runs-on`"]);
        assert_eq!(messages(false), [""; 0]);
    }

    #[test]
    fn actions_are_checked() {
        const ACTION: &str = "name: a\ndescription: b\ninputs: {a: {required: true}}\nruns:\n  using: composite\n  \
                              steps:\n    - run: a\n      shell: bash\n";
        let messages = |text: &str| {
            let found = of_action(&document::read(text).unwrap());
            found.into_iter().map(|refusal| refusal.message).collect::<Vec<_>>()
        };
        assert_eq!(messages(ACTION), [""; 0]);
        assert_eq!(messages("name: a\nruns: {using: node20, main: a.js}\n"), [""; 0]);
        for (from, to, expected) in [
            ("inputs: {a: {required: true}}", "inputs: {a:, required: true}", "the input is not a mapping"),
            ("      shell: bash\n", "", "a script of an action needs a `shell`"),
            ("- run: a", "- rnu: a", "`rnu` is not a key of a step"),
            ("  using: composite\n", "", "the action has no `runs` with `using`"),
            ("name: a", "nmae: a", "`nmae` is not a key of an action"),
        ] {
            assert_eq!(messages(&ACTION.replacen(from, to, 1))[0], expected, "{from}");
        }
    }
}
