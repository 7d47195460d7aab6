//! Generates specs: workflows with one job whose calls can be computed in every world.

use proptest::prelude::*;
use proptest::sample::select;

/// The variables of the policy.
pub const NAMES: [&str; 2] = ["ONE", "TWO"];
/// A variable that only carries a value to others; the workflow always sets it.
pub const CARRIER: &str = "CARRIER";
pub const ALL: [&str; 3] = [NAMES[0], NAMES[1], CARRIER];
pub const TARGET: &str = "tests/e2e/run.sh";
/// The script's path through a variable, and through the matrix.
pub const IN_VARIABLE: &str = "\"$SCRIPT\"";
pub const IN_MATRIX: &str = "${{ matrix.script }}";
/// The number of combinations of inputs.
pub const CHOICES: usize = 4;
/// Maximum unknown decisions in one job.
pub const UNKNOWNS: u32 = 4;

/// The depth of a step's `env`. The `env` of the workflow, the container and the job have the
/// depths 0, 1 and 2.
pub const fn env_of_step(index: usize) -> usize {
    3 + 2 * index
}

/// The depth of a step's script, which is inside the step's `env`.
pub const fn script_of_step(index: usize) -> usize {
    env_of_step(index) + 1
}

/// Part of a value.
#[derive(Clone, Debug)]
pub enum Word {
    Text(&'static str),
    Pick,
    Matrix,
    /// The value of a matrix key that an expression computes.
    SomeCell,
    /// The value of an input that an expression computes.
    SomeInput,
    /// The outer value of a variable, through an expression.
    Env(&'static str),
    /// The value of a variable, through the shell.
    Shell(&'static str),
    /// The value of a variable that the runner may set, through an expression.
    RunnerVariable,
}

/// A condition.
#[derive(Clone, Debug)]
pub enum Condition {
    Flag,
    Pick,
    Matrix,
    Env(&'static str),
    /// Known only at run time.
    Open,
}

/// Variables with their values.
pub type Layer = Vec<(&'static str, Vec<Word>)>;

#[derive(Clone, Debug)]
pub enum Action {
    /// Calls a script by this path, with its own variables.
    Call(&'static str, Layer),
    /// Sets a variable for later steps.
    SetVariable(&'static str, Vec<Word>, WriteMethod),
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WriteMethod {
    Variable,
    Github,
    Gitea,
    /// Through a variable of the workflow that has the path of the env file.
    File,
    /// With the former command `::set-env`, which the evaluation treats as setting anything.
    Command,
    /// Only if a condition holds that is known only at run time.
    Maybe,
}

/// One step of the job.
#[derive(Clone, Debug)]
pub struct StepSpec {
    pub when: Option<Condition>,
    pub env: Layer,
    /// True if the script starts with lines that mention everything and do nothing.
    pub noise: bool,
    pub shell: Option<&'static str>,
    pub directory: Option<WorkingDirectory>,
    pub action: Action,
}

/// The working directory of a script.
#[derive(Clone, Copy, Debug)]
pub enum WorkingDirectory {
    Fixed(&'static str),
    /// `tests` if the input `pick` is its first choice, else `lib`.
    FromInput,
}

/// A workflow with one job.
#[derive(Clone, Debug)]
pub struct JobSpec {
    /// The `env` of the workflow; `CARRIER` comes first.
    pub workflow: Layer,
    pub container: Layer,
    pub job: Layer,
    /// The expression for the env file in the workflow's variable `FILE`.
    pub file: Option<&'static str>,
    /// The depth of the `env` that is known only at run time.
    pub opaque: Option<usize>,
    /// Whether a variable of the workflow, and whether the matrix, has the path of the script.
    pub scripts: [bool; 2],
    /// The default shell of the workflow and of the job.
    pub shells: [Option<&'static str>; 2],
    /// The default directory of the workflow and of the job.
    pub directories: [Option<WorkingDirectory>; 2],
    pub runner: Runner,
    /// True if the second cell of the matrix is the input `pick`.
    pub picked_cell: bool,
    /// The conditions of a needed job, and of the job.
    pub whens: [Option<Condition>; 2],
    pub steps: Vec<StepSpec>,
    pub every_script: bool,
}

/// The operating system of the runner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Runner {
    Linux,
    Windows,
    /// Linux for the first cell of the matrix.
    OfMatrix,
}

pub fn words(some: &[Word]) -> impl Strategy<Value = Vec<Word>> + use<> {
    prop::collection::vec(select(some.to_vec()), 0..3)
}

pub fn layer(some: &[Word], most: usize) -> impl Strategy<Value = Layer> + use<> {
    let names = prop::sample::subsequence(ALL.to_vec(), 0..=most);
    let some = some.to_vec();
    names.prop_flat_map(move |names| {
        let entries: Vec<_> = names.into_iter().map(|name| (Just(name), words(&some))).collect();
        entries
    })
}

pub const FIXED: [Word; 3] = [Word::Text("x"), Word::Text("y"), Word::Pick];

pub fn with(more: &[Word]) -> Vec<Word> {
    [&FIXED, more].concat()
}

pub fn step() -> impl Strategy<Value = StepSpec> {
    let around = [with(&[Word::Matrix, Word::SomeCell, Word::SomeInput]), ALL.map(Word::Env).to_vec()].concat();
    let inside = [around.clone(), ALL.map(Word::Shell).to_vec()].concat();
    let when = select(vec![
        Condition::Flag,
        Condition::Pick,
        Condition::Matrix,
        Condition::Env(NAMES[0]),
        Condition::Env(CARRIER),
        Condition::Open,
    ]);
    let path = prop_oneof![
        6 => Just(TARGET),
        2 => select(vec!["e2e/run.sh", "./run.sh", IN_VARIABLE, IN_MATRIX]),
    ];
    let method = select(vec![
        WriteMethod::Variable,
        WriteMethod::Github,
        WriteMethod::Gitea,
        WriteMethod::File,
        WriteMethod::Command,
        WriteMethod::Maybe,
    ]);
    let name = select(ALL.to_vec());
    let action = prop_oneof![
        5 => (path, layer(&inside, 2)).prop_map(|(path, layer)| Action::Call(path, layer)),
        4 => (name, words(&inside), method).prop_map(|(name, words, method)| Action::SetVariable(name, words, method)),
        2 => Just(Action::Nothing),
    ];
    let env = layer(&[&around[..], &[Word::RunnerVariable]].concat(), 2);
    let shell = prop::option::weighted(0.2, select(vec!["bash", "/bin/sh -e {0}", "python"]));
    let directory = prop::option::weighted(0.2, directory());
    (prop::option::weighted(0.4, when), env, prop::bool::weighted(0.4), shell, directory, action).prop_map(
        |(when, env, noise, shell, directory, action)| StepSpec { when, env, noise, shell, directory, action },
    )
}

pub fn directory() -> impl Strategy<Value = WorkingDirectory> {
    prop_oneof![
        select(vec!["tests", "tests/e2e", "."]).prop_map(WorkingDirectory::Fixed),
        Just(WorkingDirectory::FromInput)
    ]
}

pub fn job_spec() -> impl Strategy<Value = JobSpec> {
    let outer = with(&[Word::Matrix, Word::SomeCell, Word::SomeInput]);
    let layers = (words(&FIXED), layer(&FIXED, 2), layer(&outer, 2), layer(&outer, 2));
    let layers = layers.prop_map(|(carried, mut workflow, container, job)| {
        workflow.retain(|(name, _)| *name != CARRIER);
        workflow.insert(0, (CARRIER, carried));
        (workflow, container, job)
    });
    let file = prop::option::weighted(0.4, select(vec!["${{ github.env }}", "${{ gitea.env }}"]));
    let shells = prop::array::uniform2(prop::option::weighted(0.1, select(vec!["bash", "python"])));
    let directories = prop::array::uniform2(prop::option::weighted(0.1, directory()));
    let runner = prop_oneof![4 => Just(Runner::Linux), 1 => Just(Runner::Windows), 1 => Just(Runner::OfMatrix)];
    let before = prop::option::weighted(0.2, select(vec![Condition::Flag, Condition::Pick, Condition::Open]));
    let own =
        prop::option::weighted(0.2, select(vec![Condition::Flag, Condition::Pick, Condition::Matrix, Condition::Open]));
    let steps = prop::collection::vec(step(), 1..5);
    let opaque = prop::option::weighted(0.2, select(vec![0, 1, 2, env_of_step(0), env_of_step(1), env_of_step(2)]));
    let scripts = prop::array::uniform2(prop::bool::weighted(0.2));
    let every_script = prop::bool::weighted(0.3);
    let spec = (
        layers,
        (file, opaque, scripts),
        (shells, directories, runner, any::<bool>()),
        (before, own),
        steps,
        every_script,
    );
    let spec = spec.prop_map(|(layers, (file, opaque, scripts), of_job, whens, steps, every_script)| {
        let (workflow, container, job) = layers;
        let (shells, directories, runner, picked_cell) = of_job;
        let whens = [whens.0, whens.1];
        let mut spec = JobSpec {
            workflow,
            container,
            job,
            file,
            opaque,
            scripts,
            shells,
            directories,
            runner,
            picked_cell,
            whens,
            steps,
            every_script,
        };
        spec.settle();
        spec
    });
    spec.prop_filter("too many worlds", |spec| spec.unknowns() <= UNKNOWNS)
}

impl JobSpec {
    /// Removes combinations that have no effect: writes in scripts that no shell runs, and paths
    /// through a variable or matrix that has none.
    pub fn settle(&mut self) {
        let may_set_anything = self.may_set_anything();
        if let Some(depth) = self.opaque {
            self.opaque = Some(depth.min(env_of_step(self.steps.len() - 1)));
            (self.file, self.scripts[0]) = (None, false);
        }
        let is_open = |step: &StepSpec| {
            step.env.iter().any(|(_, words)| words.iter().any(|word| matches!(word, Word::RunnerVariable)))
        };
        if self.opaque.is_some() || self.steps.iter().any(is_open) {
            for step in &mut self.steps {
                // The result of such a condition is not known then.
                step.when.take_if(|when| matches!(when, Condition::Env(_)));
            }
        }
        let may_be_no_shell: Vec<bool> = self
            .steps
            .iter()
            .map(|step| match self.shell(step) {
                Some(shell) => shell == "python",
                None => self.runner != Runner::Linux,
            })
            .collect();
        for (step, may_be_no_shell) in self.steps.iter_mut().zip(may_be_no_shell) {
            match &mut step.action {
                Action::SetVariable(..) if may_be_no_shell => step.action = Action::Nothing,
                Action::SetVariable(_, _, method @ WriteMethod::File) if self.file.is_none() => {
                    *method = WriteMethod::Variable;
                }
                // If anything may be set, a path in a variable is not known.
                Action::Call(path, _) if *path == IN_VARIABLE && (may_set_anything || !self.scripts[0]) => {
                    *path = TARGET;
                }
                Action::Call(path, _) if *path == IN_MATRIX && !self.scripts[1] => *path = TARGET,
                _ => {}
            }
        }
    }

    pub fn shell(&self, step: &StepSpec) -> Option<&'static str> {
        step.shell.or(self.shells[1]).or(self.shells[0])
    }

    /// True if each value is either known in every world or known to be arbitrary.
    pub fn is_known(&self) -> bool {
        self.unknowns() == 0 && !self.may_set_anything()
    }

    pub fn may_set_anything(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::SetVariable(_, _, WriteMethod::Command)))
    }

    /// True if a step calls a script, sets a variable or contains an expression, or if any step
    /// may use a variable or matrix key that has a path.
    pub fn may_matter(&self) -> bool {
        let is_plain = |step: &StepSpec| !step.noise && matches!(step.action, Action::Nothing);
        self.every_script || self.file.is_some() || self.scripts.contains(&true) || !self.steps.iter().all(is_plain)
    }

    pub fn unknowns(&self) -> u32 {
        let of = |step: &StepSpec| {
            let in_script = matches!(step.action, Action::SetVariable(_, _, WriteMethod::Maybe));
            usize::from(matches!(step.when, Some(Condition::Open))) + usize::from(in_script)
        };
        let in_jobs = self.whens.iter().filter(|when| matches!(when, Some(Condition::Open))).count();
        u32::try_from(in_jobs + self.steps.iter().map(of).sum::<usize>()).unwrap()
    }
}
