//! The features of workflows, which of them go together, and a repository that has a choice of them.

use serde_json::{Map, Value, json};

use super::array::{Factor, Model, Partial};
use super::runner::{Files, World};

/// Declares the factors, and a constant with the index of each.
macro_rules! factors {
    ($($index:ident = $number:literal: $name:literal [$($value:literal),* $(,)?];)*) => {
        $(const $index: usize = $number;)*
        const FACTORS: &[Factor] = &[$(Factor { name: $name, values: &[$($value),*] }),*];
    };
}

factors! {
    TRIGGER = 0: "trigger" ["push", "dispatch", "push and dispatch", "call", "call and dispatch"];
    INPUT = 1: "input" ["none", "default", "required", "choice", "boolean", "number"];
    MATRIX = 2: "matrix" ["none", "list", "include", "list and include", "exclude", "fromJSON", "output"];
    SOURCE = 3: "source" ["literal", "input", "matrix", "step output", "variable"];
    LEVEL = 4: "level" ["workflow", "job", "step", "GITHUB_ENV", "export", "prefix"];
    OTHER = 5: "other level" ["none", "workflow", "job", "step", "empty step"];
    CONDITION = 6: "condition" ["none", "event of job", "value of step", "always", "failure", "needs", "needs always"];
    EARLIER = 7: "earlier step" ["none", "fails", "is tolerated", "writes and is tolerated"];
    SCRIPT = 8: "script" ["inline", "file", "sourced", "argument", "function", "make", "action"];
    SHELL = 9: "shell" ["default", "default with pipe", "bash", "bash with pipe", "sh", "defaults"];
    SECRET = 10: "secret" ["none", "platform", "present", "absent", "by event"];
}

/// The model of the features.
pub const MODEL: Model = Model { factors: FACTORS, allows };

/// The rules that a choice of features keeps. The forge refuses some of the other choices, and others make no sense.
fn allows(row: &Partial) -> bool {
    let value = |factor: usize| row[factor].map(|value| FACTORS[factor].values[value]);
    let is = |factor: usize, values: &[&str]| value(factor).is_some_and(|value| values.contains(&value));
    let is_other = |factor: usize, other: &str| value(factor).is_some_and(|value| value != other);
    let broken = [
        // Only a start by hand and a call have inputs, and a call has no choice.
        is(TRIGGER, &["push"]) && is_other(INPUT, "none"),
        is(TRIGGER, &["call", "call and dispatch"]) && is(INPUT, &["choice"]),
        // A value comes from something that exists.
        is(SOURCE, &["input"]) && is(INPUT, &["none"]),
        is(SOURCE, &["matrix"]) && is(MATRIX, &["none"]),
        // The `env` of a workflow sees neither the matrix nor steps, and that of a job no steps.
        is(LEVEL, &["workflow"]) && is(SOURCE, &["matrix", "step output"]),
        is(LEVEL, &["job"]) && is(SOURCE, &["step output"]),
        // A level sets the variable once.
        is(LEVEL, &["workflow"]) && is(OTHER, &["workflow"]),
        is(LEVEL, &["job"]) && is(OTHER, &["job"]),
        is(LEVEL, &["step"]) && is(OTHER, &["step", "empty step"]),
    ];
    !broken.contains(&true)
}

/// A repository with a choice of features.
pub struct Repository {
    pub files: Files,
    /// Every way in which the workflows start, as far as it can be enumerated.
    pub worlds: Vec<World>,
    /// Ways in which the job fails for reasons outside its scripts.
    pub failing_worlds: Vec<World>,
    /// Whether the secret of the workflow exists.
    pub has_secret: bool,
    /// Whether a script needs `make`.
    pub runs_make: bool,
}

/// A row of the array, by name.
struct Choice<'r>(&'r [usize]);

impl Choice<'_> {
    fn get(&self, factor: usize) -> &'static str {
        FACTORS[factor].values[self.0[factor]]
    }

    fn is(&self, factor: usize, value: &str) -> bool {
        self.get(factor) == value
    }

    /// The inputs of a trigger, as YAML in one line.
    fn inputs(&self) -> &'static str {
        match self.get(INPUT) {
            "none" => "{}",
            "default" => "{model: {type: string, default: acme-i}}",
            "required" => "{model: {type: string, required: true}}",
            "choice" => "{model: {type: choice, options: [acme-c, house-mini], default: acme-c}}",
            "boolean" => "{model: {type: boolean, default: false}}",
            _ => "{model: {type: number, default: 3}}",
        }
    }

    /// The values that somebody may give to the input.
    fn given(&self) -> Vec<Option<Value>> {
        match self.get(INPUT) {
            "none" => vec![None],
            "default" => vec![None, Some(json!("acme-g")), Some(json!(""))],
            "required" => vec![Some(json!("acme-g")), Some(json!("house-mini"))],
            "choice" => vec![None, Some(json!("acme-c")), Some(json!("house-mini"))],
            "boolean" => vec![None, Some(json!(true)), Some(json!(false))],
            _ => vec![None, Some(json!(7)), Some(json!(0))],
        }
    }

    /// The text that the variable is set to.
    fn value(&self) -> &'static str {
        match (self.get(SOURCE), self.get(INPUT)) {
            ("literal", _) => "acme-l",
            ("input", "boolean") => "${{ inputs.model && 'acme-t' || 'house-mini' }}",
            ("input", "number") => "acme-${{ inputs.model }}",
            ("input", _) => "${{ inputs.model }}",
            ("matrix", _) => "${{ matrix.model }}",
            ("step output", _) => "${{ steps.pick.outputs.model }}",
            _ => "${{ vars.MODEL || 'acme-v' }}",
        }
    }

    /// The commands that call the harness.
    fn commands(&self, harness: &str) -> Vec<String> {
        let mut commands = Vec::new();
        if self.get(SHELL).ends_with("with pipe") {
            commands.push("false | true".to_owned());
        }
        match self.get(LEVEL) {
            "export" => commands.extend(["export MODEL=\"$VALUE\"".to_owned(), harness.to_owned()]),
            "prefix" => commands.push(format!("MODEL=\"$VALUE\" {harness}")),
            _ => commands.push(harness.to_owned()),
        }
        commands
    }

    /// What the last step runs, and the files for it.
    fn script(&self) -> (Vec<String>, Files) {
        let file = |path: &str, lines: &[String]| Files::from([(path.to_owned(), lines.join("\n") + "\n")]);
        let mut lines = self.commands("tests/e2e.sh");
        match self.get(SCRIPT) {
            "file" => (vec!["bash scripts/run.sh".to_owned()], file("scripts/run.sh", &lines)),
            "sourced" => {
                let last = lines.pop();
                lines.push("LOADED=1".to_owned());
                (std::iter::once(". scripts/lib.sh".to_owned()).chain(last).collect(), file("scripts/lib.sh", &lines))
            }
            "argument" => {
                let lines = self.commands("\"$1\"");
                (vec!["bash scripts/run.sh tests/e2e.sh".to_owned()], file("scripts/run.sh", &lines))
            }
            "function" => {
                let body = lines.iter().map(|line| format!("  {line}"));
                let start = std::iter::once("call() {".to_owned());
                (start.chain(body).chain(["}".to_owned(), "call".to_owned()]).collect(), Files::new())
            }
            "make" => {
                let recipe = lines.join(" && ").replace('$', "$$");
                let makefile = ["smoke:".to_owned(), format!("\t@{recipe}")];
                (vec!["make smoke".to_owned()], file("Makefile", &makefile))
            }
            _ => (lines, Files::new()),
        }
    }

    /// The lines of the step that calls the harness.
    fn calling_step(&self) -> (String, Files) {
        let (lines, mut files) = self.script();
        let shell = match self.get(SHELL) {
            "bash" | "bash with pipe" => "bash",
            "sh" => "sh",
            _ => "",
        };
        let is_action = self.is(SCRIPT, "action");
        let mut step = "      - name: call\n".to_owned();
        step += match self.get(CONDITION) {
            "value of step" => "        if: env.MODEL != ''\n",
            "always" => "        if: ${{ always() }}\n",
            "failure" => "        if: failure()\n",
            _ => "",
        };
        let mut env = Vec::new();
        if self.is(LEVEL, "step") {
            env.push(format!("MODEL: {}", self.value()));
        }
        match self.get(OTHER) {
            "step" => env.push("MODEL: house-mini".to_owned()),
            "empty step" => env.push("MODEL: ''".to_owned()),
            _ => {}
        }
        let needs_value = matches!(self.get(LEVEL), "export" | "prefix");
        if needs_value && !is_action {
            env.push(format!("VALUE: {}", self.value()));
        }
        if !env.is_empty() {
            step += &format!("        env:\n          {}\n", env.join("\n          "));
        }
        if !is_action {
            let shell = if shell.is_empty() { String::new() } else { format!("        shell: {shell}\n") };
            step += &format!("{shell}        run: |\n          {}\n", lines.join("\n          "));
            return (step, files);
        }
        step += "        uses: ./.github/actions/call\n";
        let (mut inputs, mut inner) = ("{}", "");
        if needs_value {
            step += &format!("        with:\n          value: {}\n", self.value());
            inputs = "{value: {required: true}}";
            inner = "      env: {VALUE: '${{ inputs.value }}'}\n";
        }
        let shell = if shell.is_empty() { "bash" } else { shell };
        let head = format!("name: call\ninputs: {inputs}\nruns:\n  using: composite\n  steps:\n    - shell: {shell}\n");
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let action = format!("{head}{inner}      run: |\n{}", lines_at(8, &lines));
        files.insert(".github/actions/call/action.yml".to_owned(), action);
        (step, files)
    }

    /// The lines of the matrix.
    fn matrix(&self) -> String {
        let lines: &[&str] = match self.get(MATRIX) {
            "none" => return String::new(),
            "list" => &["  model: [acme-m, house-mini]", "  system: [a, b]"],
            "include" => &["  include:", "    - {model: acme-m}", "    - {other: x}"],
            "list and include" => &[
                "  model: [acme-m]",
                "  include:",
                "    - {model: acme-m, size: 1}",
                "    - {model: house-mini}",
                "    - {size: 2}",
            ],
            "exclude" => &[
                "  model: [acme-m, acme-n, house-mini]",
                "  system: [a, b]",
                "  exclude:",
                "    - {model: acme-n}",
                "    - {model: house-mini, system: a}",
            ],
            "fromJSON" => &["  model: ${{ fromJSON('[\"acme-m\", \"house-mini\"]') }}"],
            _ => &["  model: ${{ fromJSON(needs.setup.outputs.models) }}"],
        };
        lines_at(6, &[&["matrix:"], lines].concat())
    }

    fn workflow(&self) -> (String, Files) {
        let mut text = "name: tests\non:\n".to_owned();
        let trigger = self.get(TRIGGER);
        if trigger.starts_with("push") {
            text += "  push:\n";
        }
        for (word, event) in [("dispatch", "workflow_dispatch"), ("call", "workflow_call")] {
            if trigger.contains(word) {
                text += &format!("  {event}:\n    inputs: {}\n", self.inputs());
            }
        }
        let setting = |level: &str, indent: &str| match () {
            () if self.is(LEVEL, level) => format!("{indent}MODEL: {}\n", self.value()),
            () if self.is(OTHER, level) => format!("{indent}MODEL: house-mini\n"),
            () => String::new(),
        };
        let of_workflow = setting("workflow", "  ");
        if !of_workflow.is_empty() {
            text += &format!("env:\n{of_workflow}");
        }
        text += "jobs:\n";
        let needs_output = self.is(MATRIX, "output");
        let needs = match self.get(CONDITION) {
            condition @ ("needs" | "needs always") => Some(condition),
            _ => None,
        };
        if needs_output || needs.is_some() {
            text += "  setup:\n    runs-on: ubuntu-latest\n";
            if needs.is_some() {
                text += "    if: github.event_name == 'push'\n";
            }
            text += "    outputs:\n      models: ${{ steps.list.outputs.models }}\n    steps:\n      - id: list\n";
            text += "        run: echo 'models=[\"acme-m\", \"house-mini\"]' >> \"$GITHUB_OUTPUT\"\n";
        }
        text += "  e2e:\n    runs-on: ubuntu-latest\n";
        if needs_output || needs.is_some() {
            text += "    needs: setup\n";
        }
        text += match (self.get(CONDITION), needs_output) {
            ("event of job", _) => "    if: github.event_name == 'push'\n",
            // A list that is missing would fail the run.
            ("needs always", true) => "    if: always() && needs.setup.result == 'success'\n",
            ("needs always", false) => "    if: always()\n",
            _ => "",
        };
        if !self.matrix().is_empty() {
            text += &format!("    strategy:\n{}", self.matrix());
        }
        if self.is(SHELL, "defaults") {
            text += "    defaults:\n      run: {shell: bash}\n";
        }
        let secret = match self.get(SECRET) {
            "none" => "",
            "platform" => "      AI_PATH: house\n",
            "by event" => "      ACME_API_KEY: ${{ github.event_name == 'push' && secrets.ACME || '' }}\n",
            _ => "      ACME_API_KEY: ${{ secrets.ACME }}\n",
        };
        let of_job = setting("job", "      ");
        if !secret.is_empty() || !of_job.is_empty() {
            text += &format!("    env:\n{secret}{of_job}");
        }
        text += "    steps:\n";
        let earlier: &[&str] = match self.get(EARLIER) {
            "none" => &[],
            "fails" => &["- run: exit 1"],
            "is tolerated" => &["- run: exit 1", "  continue-on-error: true"],
            _ => &["- continue-on-error: true", "  run: |", "    echo MODEL=acme-e >> \"$GITHUB_ENV\"", "    exit 1"],
        };
        text += &lines_at(6, earlier);
        if self.is(SOURCE, "step output") {
            text += "      - id: pick\n        run: echo model=acme-o >> \"$GITHUB_OUTPUT\"\n";
        }
        if self.is(LEVEL, "GITHUB_ENV") {
            let value = self.value();
            text += &format!(
                "      - run: echo \"MODEL=$VALUE\" >> \"$GITHUB_ENV\"\n        env:\n          VALUE: {value}\n"
            );
        }
        let (step, files) = self.calling_step();
        (text + &step, files)
    }

    /// The workflow that calls the other one.
    fn caller(&self) -> String {
        let with = match self.get(INPUT) {
            "required" => "    with: {model: acme-w}\n",
            "boolean" => "    with: {model: true}\n",
            "number" => "    with: {model: '${{ fromJSON(''7'') }}'}\n",
            _ => "",
        };
        format!("on: push\njobs:\n  start:\n    uses: ./.github/workflows/e2e.yml\n    secrets: inherit\n{with}")
    }

    fn worlds(&self) -> Vec<World> {
        let trigger = self.get(TRIGGER);
        let map = |name: &str, value: Option<Value>| value.map(|value| (name.to_owned(), value)).into_iter().collect();
        let has_secret = !self.is(SECRET, "absent");
        let mut worlds = Vec::new();
        let vars = if self.is(SOURCE, "variable") { vec![None, Some(json!("acme-r"))] } else { vec![None] };
        for variable in vars {
            let world = |event, inputs: Map<String, Value>| World {
                event,
                inputs,
                vars: map("MODEL", variable.clone()),
                secrets: map("ACME", has_secret.then(|| json!("s"))),
                forge_fails: None,
            };
            if trigger.contains("push") || trigger.contains("call") {
                worlds.push(world("push", Map::new()));
            }
            if trigger.contains("dispatch") {
                worlds.extend(self.given().into_iter().map(|given| world("workflow_dispatch", map("model", given))));
            }
        }
        worlds
    }
}

/// Lines with an indent.
fn lines_at(indent: usize, lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

/// Maximum steps of the job that calls the harness.
const MAX_STEPS: usize = 4;

/// The repository of a row of the array.
pub fn repository(row: &[usize]) -> Repository {
    let choice = Choice(row);
    let (workflow, mut files) = choice.workflow();
    files.insert(".github/workflows/e2e.yml".to_owned(), workflow);
    if choice.get(TRIGGER).contains("call") {
        files.insert(".github/workflows/start.yml".to_owned(), choice.caller());
    }
    let worlds = choice.worlds();
    let fails_before =
        |step: usize| worlds.iter().map(move |world| World { forge_fails: Some(("e2e", step)), ..world.clone() });
    let steps = if choice.is(CONDITION, "failure") { 0..MAX_STEPS } else { 0..0 };
    Repository {
        files,
        failing_worlds: steps.flat_map(fails_before).collect(),
        worlds,
        has_secret: !choice.is(SECRET, "absent"),
        runs_make: choice.is(SCRIPT, "make"),
    }
}

/// The features of a row, for messages.
pub fn describe(row: &[usize]) -> String {
    let features = row.iter().zip(FACTORS).map(|(value, factor)| format!("{}: {}", factor.name, factor.values[*value]));
    features.collect::<Vec<_>>().join(", ")
}
