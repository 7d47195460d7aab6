//! Renders a spec as a workflow file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::job_spec::{
    Action, Condition, JobSpec, Layer, Runner, StepSpec, TARGET, Word, WorkingDirectory, WriteMethod, env_of_step,
    script_of_step,
};

/// A rendered workflow, with the lines that set variables.
#[derive(Default)]
pub struct Rendered {
    pub text: String,
    /// The line that sets a variable, by depth and name.
    pub lines: BTreeMap<(usize, &'static str), usize>,
    /// The line of the action in each step's script.
    pub scripts: Vec<usize>,
}

impl Rendered {
    pub fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    pub fn now(&self) -> usize {
        line_of(&self.text, self.text.len())
    }

    pub fn env(&mut self, indent: usize, depth: usize, layer: &Layer, opaque: Option<usize>) {
        if opaque == Some(depth) {
            return self.line(indent, "env: ${{ fromJSON(inputs.flag && '{}' || github.actor) }}");
        }
        if layer.is_empty() {
            return;
        }
        self.line(indent, "env:");
        for (name, words) in layer {
            self.lines.insert((depth, name), self.now());
            self.line(indent + 2, &format!("{name}: \"{}\"", written(words)));
        }
    }

    pub fn defaults(&mut self, indent: usize, shell: Option<&str>, directory: Option<WorkingDirectory>) {
        if shell.is_none() && directory.is_none() {
            return;
        }
        self.line(indent, "defaults:");
        self.line(indent + 2, "run:");
        self.settings(indent + 4, shell, directory);
    }

    pub fn settings(&mut self, indent: usize, shell: Option<&str>, directory: Option<WorkingDirectory>) {
        if let Some(shell) = shell {
            self.line(indent, &format!("shell: \"{shell}\""));
        }
        if let Some(directory) = directory {
            let directory = match directory {
                WorkingDirectory::Fixed(path) => path,
                WorkingDirectory::FromInput => "${{ inputs.pick == 'a' && 'tests' || 'lib' }}",
            };
            self.line(indent, &format!("working-directory: \"{directory}\""));
        }
    }

    pub fn when(&mut self, indent: usize, when: Option<&Condition>, of: &str) {
        let condition = match when {
            None => return,
            Some(Condition::Flag) => "inputs.flag".to_owned(),
            Some(Condition::Pick) => "${{ inputs.pick == 'a' }}".to_owned(),
            Some(Condition::Matrix) => "matrix.m == 'x'".to_owned(),
            Some(Condition::Env(name)) => format!("env.{name} == 'x'"),
            Some(Condition::Open) => format!("github.actor == '{of}'"),
        };
        self.line(indent, &format!("if: \"{condition}\""));
    }

    pub fn step(&mut self, index: usize, step: &StepSpec, opaque: Option<usize>) {
        self.line(6, &format!("- name: {index}"));
        self.when(8, step.when.as_ref(), &index.to_string());
        self.settings(8, step.shell, step.directory);
        self.env(8, env_of_step(index), &step.env, opaque);
        self.line(8, "run: |");
        if step.noise {
            self.line(10, "# ONE=1 TWO=2 ${{ inputs.pick }} tests/e2e/run.sh");
            self.line(10, "echo ${{ inputs.pick }} ONE TWO é ${{ 'a longer one' }}");
        }
        self.scripts.push(self.now());
        match &step.action {
            Action::Nothing => self.line(10, "true"),
            Action::Call(path, layer) => {
                let mut command = String::new();
                for (name, words) in layer {
                    self.lines.insert((script_of_step(index), name), self.now());
                    let _ = write!(command, "{name}=\"{}\" ", written(words));
                }
                self.line(10, &format!("{command}bash {path}"));
            }
            Action::SetVariable(name, words, method) => {
                self.lines.insert((script_of_step(index), name), self.now());
                let words = written(words);
                let echo = format!("echo \"{name}={words}\"");
                let line = match method {
                    WriteMethod::Variable => format!("{echo} >> $GITHUB_ENV"),
                    WriteMethod::Github => format!("{echo} >> ${{{{ github.env }}}}"),
                    WriteMethod::Gitea => format!("{echo} >> \"${{{{ gitea.env }}}}\""),
                    WriteMethod::File => format!("{echo} >> \"$FILE\""),
                    WriteMethod::Command => format!("echo \"::set-env name={name}::{words}\""),
                    WriteMethod::Maybe => format!("if date; then {echo} >> $GITHUB_ENV; fi"),
                };
                self.line(10, &line);
            }
        }
    }
}

pub fn written(words: &[Word]) -> String {
    let word = |word: &Word| match word {
        Word::Text(text) => (*text).to_owned(),
        Word::Pick => "${{ inputs.pick }}".to_owned(),
        Word::Matrix => "${{ matrix.m }}".to_owned(),
        Word::SomeCell => "${{ matrix[inputs.flag && 'm' || 'n'] }}".to_owned(),
        Word::SomeInput => "${{ inputs[matrix.m == 'x' && 'flag' || 'pick'] }}".to_owned(),
        Word::Env(name) => format!("${{{{ env.{name} }}}}"),
        Word::Shell(name) => format!("${{{name}}}"),
        Word::RunnerVariable => "${{ env.HOME }}".to_owned(),
    };
    words.iter().map(word).collect()
}

pub fn line_of(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

pub fn render(spec: &JobSpec) -> Rendered {
    let head = "\
on:
  workflow_dispatch:
    inputs:
      flag: {type: boolean}
      pick: {type: choice, options: [a, b]}
";
    let mut file = Rendered { text: head.to_owned(), ..Rendered::default() };
    file.env(0, 0, &spec.workflow, spec.opaque);
    if let Some(path) = spec.file {
        file.line(2, &format!("FILE: {path}"));
    }
    if spec.scripts[0] {
        file.line(2, &format!("SCRIPT: {TARGET}"));
    }
    file.defaults(0, spec.shells[0], spec.directories[0]);
    file.line(0, "jobs:");
    file.line(2, "before:");
    file.line(4, "runs-on: ubuntu-latest");
    file.when(4, spec.whens[0].as_ref(), "before");
    file.line(2, "job:");
    file.line(4, "needs: before");
    file.when(4, spec.whens[1].as_ref(), "job");
    let runner = match spec.runner {
        Runner::Linux => "ubuntu-latest",
        Runner::Windows => "Windows-latest",
        Runner::OfMatrix => "${{ matrix.m == 'x' && 'ubuntu-latest' || 'windows-latest' }}",
    };
    file.line(4, &format!("runs-on: [\"{runner}\"]"));
    let cell = if spec.picked_cell { "${{ inputs.pick }}" } else { "y" };
    let script = if spec.scripts[1] { format!(", script: [{TARGET}]") } else { String::new() };
    file.line(4, &format!("strategy: {{matrix: {{n: [1, 2, 3], m: [x, \"{cell}\"]{script}}}}}"));
    file.line(4, "container:");
    file.line(6, "image: debian");
    file.env(6, 1, &spec.container, spec.opaque);
    file.env(4, 2, &spec.job, spec.opaque);
    file.defaults(4, spec.shells[1], spec.directories[1]);
    file.line(4, "steps:");
    for (index, step) in spec.steps.iter().enumerate() {
        file.step(index, step, spec.opaque);
    }
    file
}
