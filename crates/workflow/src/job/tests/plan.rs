//! Plans of workflows with one job whose calls are known in every world.

use proptest::prelude::*;
use proptest::sample::select;

/// The variables that matter.
pub const NAMES: [&str; 2] = ["ONE", "TWO"];
/// One that only passes something on; the workflow always sets it.
pub const CARRIER: &str = "CARRIER";
pub const ALL: [&str; 3] = [NAMES[0], NAMES[1], CARRIER];
pub const TARGET: &str = "tests/e2e/run.sh";
/// Its path where a variable or the matrix holds it.
pub const IN_VARIABLE: &str = "\"$SCRIPT\"";
pub const IN_MATRIX: &str = "${{ matrix.script }}";
/// Ways to choose the inputs.
pub const CHOICES: usize = 4;
/// Things that are not known, in one job.
pub const UNKNOWNS: u32 = 4;

/// Where variables are set, from the outermost, by depth: the `env` of the workflow, of the
/// container and of the job are 0, 1 and 2, and behind them come those of the steps.
pub const fn env_of_step(index: usize) -> usize {
    3 + 2 * index
}

/// The script of a step stands inside its `env`.
pub const fn script_of_step(index: usize) -> usize {
    env_of_step(index) + 1
}

/// Part of a value.
#[derive(Clone, Debug)]
pub enum Word {
    Text(&'static str),
    Pick,
    Matrix,
    /// Of a key of the matrix and of an input that is worked out.
    SomeCell,
    SomeInput,
    /// Of the variable around, by an expression.
    Env(&'static str),
    /// Of the variable, by the shell.
    Shell(&'static str),
    /// Of a variable that the machine may set, by an expression.
    Machine,
}

/// A condition.
#[derive(Clone, Debug)]
pub enum When {
    Flag,
    Pick,
    Matrix,
    Env(&'static str),
    /// Not known before it runs.
    Open,
}

/// Variables with their values.
pub type Layer = Vec<(&'static str, Vec<Word>)>;

#[derive(Clone, Debug)]
pub enum Does {
    /// Calls a script by this path, with variables of its own.
    Call(&'static str, Layer),
    /// Leaves a variable for later steps, in one of the ways.
    Leave(&'static str, Vec<Word>, Way),
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Variable,
    Github,
    Gitea,
    /// By the name of the file in a variable of the workflow.
    File,
    /// As it was done once, of which nothing more is said than that it may set anything.
    Command,
    /// Only if something is so that is not known.
    Maybe,
}

#[derive(Clone, Debug)]
pub struct Act {
    pub when: Option<When>,
    pub env: Layer,
    /// Whether lines stand before that name everything and do nothing.
    pub noise: bool,
    pub shell: Option<&'static str>,
    pub directory: Option<Directory>,
    pub does: Does,
}

#[derive(Clone, Copy, Debug)]
pub enum Directory {
    Of(&'static str),
    /// The tests, if the input is the first of its choices; else another one.
    Picked,
}

#[derive(Clone, Debug)]
pub struct Plan {
    /// `CARRIER` first.
    pub workflow: Layer,
    pub container: Layer,
    pub job: Layer,
    /// How the workflow names the file of variables.
    pub file: Option<&'static str>,
    /// Which `env`, by its depth, is only known when it runs.
    pub opaque: Option<usize>,
    /// Whether a variable of the workflow and the matrix hold the path of the script.
    pub scripts: [bool; 2],
    /// Of the workflow and of the job.
    pub shells: [Option<&'static str>; 2],
    pub directories: [Option<Directory>; 2],
    pub machine: Machine,
    /// Whether the second cell of the matrix is the input.
    pub picked_cell: bool,
    /// Of a job that is needed, and of the job.
    pub whens: [Option<When>; 2],
    pub acts: Vec<Act>,
    pub every_script: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Machine {
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

pub fn act() -> impl Strategy<Value = Act> {
    let around = [with(&[Word::Matrix, Word::SomeCell, Word::SomeInput]), ALL.map(Word::Env).to_vec()].concat();
    let inside = [around.clone(), ALL.map(Word::Shell).to_vec()].concat();
    let when = select(vec![When::Flag, When::Pick, When::Matrix, When::Env(NAMES[0]), When::Env(CARRIER), When::Open]);
    let path = prop_oneof![
        6 => Just(TARGET),
        2 => select(vec!["e2e/run.sh", "./run.sh", IN_VARIABLE, IN_MATRIX]),
    ];
    let way = select(vec![Way::Variable, Way::Github, Way::Gitea, Way::File, Way::Command, Way::Maybe]);
    let name = select(ALL.to_vec());
    let does = prop_oneof![
        5 => (path, layer(&inside, 2)).prop_map(|(path, layer)| Does::Call(path, layer)),
        4 => (name, words(&inside), way).prop_map(|(name, words, way)| Does::Leave(name, words, way)),
        2 => Just(Does::Nothing),
    ];
    let env = layer(&[&around[..], &[Word::Machine]].concat(), 2);
    let shell = prop::option::weighted(0.2, select(vec!["bash", "/bin/sh -e {0}", "python"]));
    let directory = prop::option::weighted(0.2, directory());
    (prop::option::weighted(0.4, when), env, prop::bool::weighted(0.4), shell, directory, does)
        .prop_map(|(when, env, noise, shell, directory, does)| Act { when, env, noise, shell, directory, does })
}

pub fn directory() -> impl Strategy<Value = Directory> {
    prop_oneof![select(vec!["tests", "tests/e2e", "."]).prop_map(Directory::Of), Just(Directory::Picked)]
}

pub fn plan() -> impl Strategy<Value = Plan> {
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
    let machine = prop_oneof![4 => Just(Machine::Linux), 1 => Just(Machine::Windows), 1 => Just(Machine::OfMatrix)];
    let before = prop::option::weighted(0.2, select(vec![When::Flag, When::Pick, When::Open]));
    let own = prop::option::weighted(0.2, select(vec![When::Flag, When::Pick, When::Matrix, When::Open]));
    let acts = prop::collection::vec(act(), 1..5);
    let opaque = prop::option::weighted(0.2, select(vec![0, 1, 2, env_of_step(0), env_of_step(1), env_of_step(2)]));
    let scripts = prop::array::uniform2(prop::bool::weighted(0.2));
    let every_script = prop::bool::weighted(0.3);
    let plan = (
        layers,
        (file, opaque, scripts),
        (shells, directories, machine, any::<bool>()),
        (before, own),
        acts,
        every_script,
    );
    let plan = plan.prop_map(|(layers, (file, opaque, scripts), of_job, whens, acts, every_script)| {
        let (workflow, container, job) = layers;
        let (shells, directories, machine, picked_cell) = of_job;
        let whens = [whens.0, whens.1];
        let mut plan = Plan {
            workflow,
            container,
            job,
            file,
            opaque,
            scripts,
            shells,
            directories,
            machine,
            picked_cell,
            whens,
            acts,
            every_script,
        };
        plan.settle();
        plan
    });
    plan.prop_filter("too many worlds", |plan| plan.unknowns() <= UNKNOWNS)
}

impl Plan {
    /// Takes out what says nothing: what is written in another language than the shell's,
    /// and paths in what does not hold one.
    pub fn settle(&mut self) {
        let may_set_anything = self.may_set_anything();
        if let Some(depth) = self.opaque {
            self.opaque = Some(depth.min(env_of_step(self.acts.len() - 1)));
            (self.file, self.scripts[0]) = (None, false);
        }
        let is_open =
            |act: &Act| act.env.iter().any(|(_, words)| words.iter().any(|word| matches!(word, Word::Machine)));
        if self.opaque.is_some() || self.acts.iter().any(is_open) {
            for act in &mut self.acts {
                // Whether that holds is not known then.
                act.when.take_if(|when| matches!(when, When::Env(_)));
            }
        }
        let may_be_no_shell: Vec<bool> = self
            .acts
            .iter()
            .map(|act| match self.shell(act) {
                Some(shell) => shell == "python",
                None => self.machine != Machine::Linux,
            })
            .collect();
        for (act, may_be_no_shell) in self.acts.iter_mut().zip(may_be_no_shell) {
            match &mut act.does {
                Does::Leave(..) if may_be_no_shell => act.does = Does::Nothing,
                Does::Leave(_, _, way @ Way::File) if self.file.is_none() => *way = Way::Variable,
                // Where anything may have been set, a path that only a variable holds is not known.
                Does::Call(path, _) if *path == IN_VARIABLE && (may_set_anything || !self.scripts[0]) => {
                    *path = TARGET;
                }
                Does::Call(path, _) if *path == IN_MATRIX && !self.scripts[1] => *path = TARGET,
                _ => {}
            }
        }
    }

    pub fn shell(&self, act: &Act) -> Option<&'static str> {
        act.shell.or(self.shells[1]).or(self.shells[0])
    }

    /// Whether it is known what each world comes to, or that a value can be anything.
    pub fn is_known(&self) -> bool {
        self.unknowns() == 0 && !self.may_set_anything()
    }

    pub fn may_set_anything(&self) -> bool {
        self.acts.iter().any(|act| matches!(act.does, Does::Leave(_, _, Way::Command)))
    }

    /// Whether a step calls something, leaves something or holds what is not plain text, or
    /// whether what holds a path may be used in any.
    pub fn may_matter(&self) -> bool {
        let is_plain = |act: &Act| !act.noise && matches!(act.does, Does::Nothing);
        self.every_script || self.file.is_some() || self.scripts.contains(&true) || !self.acts.iter().all(is_plain)
    }

    pub fn unknowns(&self) -> u32 {
        let of = |act: &Act| {
            let in_script = matches!(act.does, Does::Leave(_, _, Way::Maybe));
            usize::from(matches!(act.when, Some(When::Open))) + usize::from(in_script)
        };
        let in_jobs = self.whens.iter().filter(|when| matches!(when, Some(When::Open))).count();
        u32::try_from(in_jobs + self.acts.iter().map(of).sum::<usize>()).unwrap()
    }
}
