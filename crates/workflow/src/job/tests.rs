//! What the evaluation of a job finds, against running the job in every world: with each
//! choice of inputs, each row of the matrix, and either way of what is not known before.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::document;
use crate::trigger::invocations;

/// The variables that matter.
const NAMES: [&str; 2] = ["ONE", "TWO"];
/// One that only passes something on; the workflow always sets it.
const CARRIER: &str = "CARRIER";
const ALL: [&str; 3] = [NAMES[0], NAMES[1], CARRIER];
const TARGET: &str = "tests/e2e/run.sh";
/// Its path where a variable or the matrix holds it.
const IN_VARIABLE: &str = "\"$SCRIPT\"";
const IN_MATRIX: &str = "${{ matrix.script }}";
/// Ways to choose the inputs.
const CHOICES: usize = 4;
/// Things that are not known, in one job.
const UNKNOWNS: u32 = 4;

/// Where variables are set, from the outermost, by depth: the `env` of the workflow, of the
/// container and of the job are 0, 1 and 2, and behind them come those of the steps.
const fn env_of_step(index: usize) -> usize {
    3 + 2 * index
}

/// The script of a step stands inside its `env`.
const fn script_of_step(index: usize) -> usize {
    env_of_step(index) + 1
}

/// Part of a value.
#[derive(Clone, Debug)]
enum Word {
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
enum When {
    Flag,
    Pick,
    Matrix,
    Env(&'static str),
    /// Not known before it runs.
    Open,
}

/// Variables with their values.
type Layer = Vec<(&'static str, Vec<Word>)>;

#[derive(Clone, Debug)]
enum Does {
    /// Calls a script by this path, with variables of its own.
    Call(&'static str, Layer),
    /// Leaves a variable for later steps, in one of the ways.
    Leave(&'static str, Vec<Word>, Way),
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
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
struct Act {
    when: Option<When>,
    env: Layer,
    /// Whether lines stand before that name everything and do nothing.
    noise: bool,
    shell: Option<&'static str>,
    directory: Option<Directory>,
    does: Does,
}

#[derive(Clone, Copy, Debug)]
enum Directory {
    Of(&'static str),
    /// The tests, if the input is the first of its choices; else another one.
    Picked,
}

#[derive(Clone, Debug)]
struct Plan {
    /// `CARRIER` first.
    workflow: Layer,
    container: Layer,
    job: Layer,
    /// How the workflow names the file of variables.
    file: Option<&'static str>,
    /// Which `env`, by its depth, is only known when it runs.
    opaque: Option<usize>,
    /// Whether a variable of the workflow and the matrix hold the path of the script.
    scripts: [bool; 2],
    /// Of the workflow and of the job.
    shells: [Option<&'static str>; 2],
    directories: [Option<Directory>; 2],
    machine: Machine,
    /// Whether the second cell of the matrix is the input.
    picked_cell: bool,
    /// Of a job that is needed, and of the job.
    whens: [Option<When>; 2],
    acts: Vec<Act>,
    every_script: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Machine {
    Linux,
    Windows,
    /// Linux for the first cell of the matrix.
    OfMatrix,
}

fn words(some: &[Word]) -> impl Strategy<Value = Vec<Word>> + use<> {
    prop::collection::vec(select(some.to_vec()), 0..3)
}

fn layer(some: &[Word], most: usize) -> impl Strategy<Value = Layer> + use<> {
    let names = prop::sample::subsequence(ALL.to_vec(), 0..=most);
    let some = some.to_vec();
    names.prop_flat_map(move |names| {
        let entries: Vec<_> = names.into_iter().map(|name| (Just(name), words(&some))).collect();
        entries
    })
}

const FIXED: [Word; 3] = [Word::Text("x"), Word::Text("y"), Word::Pick];

fn with(more: &[Word]) -> Vec<Word> {
    [&FIXED, more].concat()
}

fn act() -> impl Strategy<Value = Act> {
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

fn directory() -> impl Strategy<Value = Directory> {
    prop_oneof![select(vec!["tests", "tests/e2e", "."]).prop_map(Directory::Of), Just(Directory::Picked)]
}

fn plan() -> impl Strategy<Value = Plan> {
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
    fn settle(&mut self) {
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

    fn shell(&self, act: &Act) -> Option<&'static str> {
        act.shell.or(self.shells[1]).or(self.shells[0])
    }

    /// Whether it is known what each world comes to, or that a value can be anything.
    fn is_known(&self) -> bool {
        self.unknowns() == 0 && !self.may_set_anything()
    }

    fn may_set_anything(&self) -> bool {
        self.acts.iter().any(|act| matches!(act.does, Does::Leave(_, _, Way::Command)))
    }

    /// Whether a step calls something, leaves something or holds what is not plain text, or
    /// whether what holds a path may be used in any.
    fn may_matter(&self) -> bool {
        let is_plain = |act: &Act| !act.noise && matches!(act.does, Does::Nothing);
        self.every_script || self.file.is_some() || self.scripts.contains(&true) || !self.acts.iter().all(is_plain)
    }

    fn unknowns(&self) -> u32 {
        let of = |act: &Act| {
            let in_script = matches!(act.does, Does::Leave(_, _, Way::Maybe));
            usize::from(matches!(act.when, Some(When::Open))) + usize::from(in_script)
        };
        let in_jobs = self.whens.iter().filter(|when| matches!(when, Some(When::Open))).count();
        u32::try_from(in_jobs + self.acts.iter().map(of).sum::<usize>()).unwrap()
    }
}

/// A workflow as written, with the lines on which variables are set.
#[derive(Default)]
struct Written {
    text: String,
    /// By depth and name.
    lines: BTreeMap<(usize, &'static str), usize>,
    /// The line of each step's script that does something.
    scripts: Vec<usize>,
}

impl Written {
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }

    fn now(&self) -> usize {
        line_of(&self.text, self.text.len())
    }

    fn env(&mut self, indent: usize, depth: usize, layer: &Layer, opaque: Option<usize>) {
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

    fn defaults(&mut self, indent: usize, shell: Option<&str>, directory: Option<Directory>) {
        if shell.is_none() && directory.is_none() {
            return;
        }
        self.line(indent, "defaults:");
        self.line(indent + 2, "run:");
        self.settings(indent + 4, shell, directory);
    }

    fn settings(&mut self, indent: usize, shell: Option<&str>, directory: Option<Directory>) {
        if let Some(shell) = shell {
            self.line(indent, &format!("shell: \"{shell}\""));
        }
        if let Some(directory) = directory {
            let directory = match directory {
                Directory::Of(path) => path,
                Directory::Picked => "${{ inputs.pick == 'a' && 'tests' || 'lib' }}",
            };
            self.line(indent, &format!("working-directory: \"{directory}\""));
        }
    }

    fn when(&mut self, indent: usize, when: Option<&When>, of: &str) {
        let condition = match when {
            None => return,
            Some(When::Flag) => "inputs.flag".to_owned(),
            Some(When::Pick) => "${{ inputs.pick == 'a' }}".to_owned(),
            Some(When::Matrix) => "matrix.m == 'x'".to_owned(),
            Some(When::Env(name)) => format!("env.{name} == 'x'"),
            Some(When::Open) => format!("github.actor == '{of}'"),
        };
        self.line(indent, &format!("if: \"{condition}\""));
    }

    fn act(&mut self, index: usize, act: &Act, opaque: Option<usize>) {
        self.line(6, &format!("- name: {index}"));
        self.when(8, act.when.as_ref(), &index.to_string());
        self.settings(8, act.shell, act.directory);
        self.env(8, env_of_step(index), &act.env, opaque);
        self.line(8, "run: |");
        if act.noise {
            self.line(10, "# ONE=1 TWO=2 ${{ inputs.pick }} tests/e2e/run.sh");
            self.line(10, "echo ${{ inputs.pick }} ONE TWO é ${{ 'a longer one' }}");
        }
        self.scripts.push(self.now());
        match &act.does {
            Does::Nothing => self.line(10, "true"),
            Does::Call(path, layer) => {
                let mut command = String::new();
                for (name, words) in layer {
                    self.lines.insert((script_of_step(index), name), self.now());
                    let _ = write!(command, "{name}=\"{}\" ", written(words));
                }
                self.line(10, &format!("{command}bash {path}"));
            }
            Does::Leave(name, words, way) => {
                self.lines.insert((script_of_step(index), name), self.now());
                let words = written(words);
                let echo = format!("echo \"{name}={words}\"");
                let line = match way {
                    Way::Variable => format!("{echo} >> $GITHUB_ENV"),
                    Way::Github => format!("{echo} >> ${{{{ github.env }}}}"),
                    Way::Gitea => format!("{echo} >> \"${{{{ gitea.env }}}}\""),
                    Way::File => format!("{echo} >> \"$FILE\""),
                    Way::Command => format!("echo \"::set-env name={name}::{words}\""),
                    Way::Maybe => format!("if date; then {echo} >> $GITHUB_ENV; fi"),
                };
                self.line(10, &line);
            }
        }
    }
}

fn written(words: &[Word]) -> String {
    let word = |word: &Word| match word {
        Word::Text(text) => (*text).to_owned(),
        Word::Pick => "${{ inputs.pick }}".to_owned(),
        Word::Matrix => "${{ matrix.m }}".to_owned(),
        Word::SomeCell => "${{ matrix[inputs.flag && 'm' || 'n'] }}".to_owned(),
        Word::SomeInput => "${{ inputs[matrix.m == 'x' && 'flag' || 'pick'] }}".to_owned(),
        Word::Env(name) => format!("${{{{ env.{name} }}}}"),
        Word::Shell(name) => format!("${{{name}}}"),
        Word::Machine => "${{ env.HOME }}".to_owned(),
    };
    words.iter().map(word).collect()
}

fn line_of(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count() + 1
}

fn write_down(plan: &Plan) -> Written {
    let head = "\
on:
  workflow_dispatch:
    inputs:
      flag: {type: boolean}
      pick: {type: choice, options: [a, b]}
";
    let mut file = Written { text: head.to_owned(), ..Written::default() };
    file.env(0, 0, &plan.workflow, plan.opaque);
    if let Some(path) = plan.file {
        file.line(2, &format!("FILE: {path}"));
    }
    if plan.scripts[0] {
        file.line(2, &format!("SCRIPT: {TARGET}"));
    }
    file.defaults(0, plan.shells[0], plan.directories[0]);
    file.line(0, "jobs:");
    file.line(2, "before:");
    file.line(4, "runs-on: ubuntu-latest");
    file.when(4, plan.whens[0].as_ref(), "before");
    file.line(2, "job:");
    file.line(4, "needs: before");
    file.when(4, plan.whens[1].as_ref(), "job");
    let machine = match plan.machine {
        Machine::Linux => "ubuntu-latest",
        Machine::Windows => "Windows-latest",
        Machine::OfMatrix => "${{ matrix.m == 'x' && 'ubuntu-latest' || 'windows-latest' }}",
    };
    file.line(4, &format!("runs-on: [\"{machine}\"]"));
    let cell = if plan.picked_cell { "${{ inputs.pick }}" } else { "y" };
    let script = if plan.scripts[1] { format!(", script: [{TARGET}]") } else { String::new() };
    file.line(4, &format!("strategy: {{matrix: {{n: [1, 2, 3], m: [x, \"{cell}\"]{script}}}}}"));
    file.line(4, "container:");
    file.line(6, "image: debian");
    file.env(6, 1, &plan.container, plan.opaque);
    file.env(4, 2, &plan.job, plan.opaque);
    file.defaults(4, plan.shells[1], plan.directories[1]);
    file.line(4, "steps:");
    for (index, act) in plan.acts.iter().enumerate() {
        file.act(index, act, plan.opaque);
    }
    file
}

/// Everything that can differ.
#[derive(Clone, Debug)]
struct World {
    flag: bool,
    pick: &'static str,
    m: &'static str,
    n: &'static str,
    /// What is not known, in the order in which it comes.
    open: u32,
}

fn worlds(plan: &Plan) -> Vec<World> {
    let mut worlds = Vec::new();
    for open in 0..1 << plan.unknowns() {
        for flag in [false, true] {
            for pick in ["a", "b"] {
                for m in ["x", if plan.picked_cell { pick } else { "y" }] {
                    for n in ["1", "2", "3"] {
                        worlds.push(World { flag, pick, m, n, open });
                    }
                }
            }
        }
    }
    worlds
}

/// A variable in one world: what it is, and the line that set it; or that it can be any
/// text, and whether also none.
#[derive(Clone, Debug, PartialEq)]
enum Is {
    Known(String, usize),
    Open { may_be_empty: bool },
}

const ANYTHING: Is = Is::Open { may_be_empty: true };

impl Is {
    fn may_be_empty(&self) -> bool {
        match self {
            Self::Known(text, _) => text.is_empty(),
            Self::Open { may_be_empty } => *may_be_empty,
        }
    }
}

type Env = BTreeMap<&'static str, Is>;

/// What a step comes to in one world: whether it calls, and what with.
#[derive(Debug)]
struct Outcome {
    step: usize,
    calls: bool,
    is_shell: bool,
    env: Env,
}

impl Outcome {
    fn is_visited(&self, plan: &Plan) -> bool {
        self.calls || plan.every_script && NAMES.iter().any(|name| self.env.contains_key(name))
    }
}

/// Runs the job.
fn run(plan: &Plan, world: &World, file: &Written) -> Vec<Outcome> {
    let mut open = world.open;
    let mut decide = || {
        let bit = open & 1 == 1;
        open >>= 1;
        bit
    };
    let value = |words: &[Word], around: &Env, own: &Env, line: usize| -> Is {
        let plain = |text: &str| Is::Known(text.to_owned(), line);
        let of = |env: &Env, name: &str| env.get(name).cloned().unwrap_or(plain(""));
        let word = |word: &Word| match word {
            Word::Text(text) => plain(text),
            Word::Pick => plain(world.pick),
            Word::Matrix => plain(world.m),
            Word::SomeCell => plain(if world.flag { world.m } else { world.n }),
            Word::SomeInput if world.m == "x" => plain(&world.flag.to_string()),
            Word::SomeInput => plain(world.pick),
            Word::Env(name) => of(around, name),
            Word::Shell(name) => of(own, name),
            Word::Machine => ANYTHING,
        };
        words.iter().map(word).fold(plain(""), |before, word| match (before, word) {
            (Is::Known(before, _), Is::Known(word, _)) => Is::Known(before + &word, line),
            (before, word) => Is::Open { may_be_empty: before.may_be_empty() && word.may_be_empty() },
        })
    };
    let mut holds = |when: Option<&When>, env: &Env| match when {
        None => true,
        Some(When::Flag) => world.flag,
        Some(When::Pick) => world.pick == "a",
        Some(When::Matrix) => world.m == "x",
        Some(When::Env(name)) => matches!(env.get(name), Some(Is::Known(value, _)) if value == "x"),
        Some(When::Open) => decide(),
    };
    let set = |env: &mut Env, layer: &Layer, depth: usize, around: &Env| {
        if plan.opaque == Some(depth) {
            env.extend(ALL.map(|name| (name, ANYTHING)));
            return;
        }
        let before = env.clone();
        for (name, words) in layer {
            env.insert(name, value(words, around, &before, file.lines[&(depth, *name)]));
        }
    };
    let whens: Vec<bool> = plan.whens.iter().map(|when| holds(when.as_ref(), &Env::new())).collect();
    if whens.contains(&false) {
        return Vec::new();
    }
    let mut env = Env::new();
    for (depth, layer) in [(1, &plan.container), (0, &plan.workflow), (2, &plan.job)] {
        set(&mut env, layer, depth, &Env::new());
    }
    let mut outcomes = Vec::new();
    for (index, act) in plan.acts.iter().enumerate() {
        let mut own = env.clone();
        set(&mut own, &act.env, env_of_step(index), &env);
        let runs = holds(act.when.as_ref(), &own);
        let is_written = !matches!(act.does, Does::Leave(_, _, Way::Maybe)) || holds(Some(&When::Open), &own);
        if !runs {
            continue;
        }
        let directory = match act.directory.or(plan.directories[1]).or(plan.directories[0]) {
            Some(Directory::Of(path)) => path,
            Some(Directory::Picked) if world.pick == "a" => "tests",
            Some(Directory::Picked) => "lib",
            None => ".",
        };
        let is_shell = match plan.shell(act) {
            Some(shell) => shell != "python",
            None => match plan.machine {
                Machine::Linux => true,
                Machine::Windows => false,
                Machine::OfMatrix => world.m == "x",
            },
        };
        let mut seen = own.clone();
        let mut calls = false;
        match &act.does {
            Does::Nothing => {}
            Does::Leave(name, words, _) => {
                if is_written {
                    env.insert(name, value(words, &own, &own, file.lines[&(script_of_step(index), *name)]));
                }
            }
            Does::Call(path, layer) => {
                let meant =
                    if [IN_VARIABLE, IN_MATRIX].contains(path) { TARGET } else { path.trim_start_matches("./") };
                // The repository may be checked out anywhere.
                calls = format!("/{directory}/{meant}").ends_with(&format!("/{TARGET}"));
                // What stands before the command is in place from left to right.
                if calls {
                    for (name, words) in layer {
                        let value = value(words, &own, &seen, file.lines[&(script_of_step(index), *name)]);
                        seen.insert(name, value);
                    }
                }
            }
        }
        if !is_shell {
            let named = |name: &&str| {
                let by_act = matches!(&act.does, Does::Call(_, layer) if layer.iter().any(|(it, words)| {
                    it == name || words.iter().any(|word| matches!(word, Word::Shell(other) if other == name))
                }));
                act.noise || by_act
            };
            // Whatever names the file may call it, also the first line of noise.
            calls = act.noise || matches!(act.does, Does::Call(path, _) if path != IN_VARIABLE);
            seen = own;
            for name in NAMES.iter().filter(|name| named(name)) {
                seen.insert(name, ANYTHING);
            }
        }
        outcomes.push(Outcome { step: index + 1, calls, is_shell, env: seen });
    }
    outcomes
}

/// Whether a site stands for a world: it was started so and has this row.
fn stands_for(site: &CallSite<'_>, world: &World) -> bool {
    let flag = world.flag.to_string();
    let is_so = |name: &str, value: &str| match name {
        "flag" => value == flag,
        "pick" => value == world.pick,
        "m" => value == world.m,
        "n" => value == world.n,
        "script" => value == TARGET,
        _ => panic!("there is no {name}"),
    };
    let mut cells = site.row.split(", ").filter_map(|cell| cell.split_once(" = "));
    site.invocation.chosen.iter().all(|(name, value)| is_so(name, value))
        && cells.all(|(name, value)| is_so(name, value))
}

/// Whether the sites of a job are what running it in each world comes to.
fn judge(plan: &Plan) -> Result<(), TestCaseError> {
    let file = write_down(plan);
    let text = &file.text;
    let root = document::read(text).unwrap();
    let workflow = Workflow::of(&root);
    let job = workflow.jobs.iter().find(|job| job.id == "job").unwrap();
    let names = NAMES.map(str::to_owned).into();
    let search = Search {
        targets: &[TARGET],
        names: &names,
        absent_secrets: &[],
        every_script: plan.every_script,
        ignore_conditions: false,
    };
    let slice = Slice::new(&workflow, job, &search);
    prop_assert_eq!(!slice.is_empty(), plan.may_matter(), "{}", text);
    let invocations = invocations(&workflow.triggers[0], &slice.inputs);
    prop_assert_eq!(CHOICES % invocations.len(), 0, "{}", text);
    let eval = JobEval { text, workflow: &workflow, job, slice: &slice, search: &search };
    let sites = eval.call_sites(&invocations);
    let worlds = worlds(plan);

    for site in &sites {
        let stood_for = worlds.iter().filter(|world| stands_for(site, world)).count();
        prop_assert_eq!(
            (site.rows * CHOICES / invocations.len()) << plan.unknowns(),
            stood_for,
            "{:?}\n{}",
            site,
            text
        );
    }
    for world in &worlds {
        let outcomes = run(plan, world, &file);
        let visited = || outcomes.iter().filter(|outcome| outcome.is_visited(plan));
        for outcome in visited() {
            let found = sites.iter().filter(|it| it.step.number == outcome.step && stands_for(it, world)).count();
            // In another language each mention may be a call.
            let is_right = if outcome.is_shell { found == 1 } else { found >= 1 };
            prop_assert!(is_right, "{found} sites, but {outcome:?} in {world:?}\n{text}");
        }
        for site in sites.iter().filter(|site| stands_for(site, world)) {
            match visited().find(|outcome| outcome.step == site.step.number) {
                Some(outcome) => agrees(plan, &file, site, outcome)?,
                None => prop_assert!(!plan.is_known(), "nothing is called in {world:?}: {site:?}\n{text}"),
            }
        }
    }
    Ok(())
}

/// Whether a site is what its step comes to: what is called and where, and with which variables.
fn agrees(plan: &Plan, file: &Written, site: &CallSite<'_>, outcome: &Outcome) -> Result<(), TestCaseError> {
    let text = &file.text;
    prop_assert_eq!(site.target, outcome.calls.then_some(0));
    let word = &text[site.call.clone()];
    let is_its_line = line_of(text, site.call.start) == file.scripts[outcome.step - 1];
    let is_path = word.contains("run.sh") && (is_its_line || !outcome.is_shell);
    let is_named = match &plan.acts[outcome.step - 1].does {
        _ if !outcome.calls => word == "run",
        // The file holds no such word.
        Does::Call(IN_MATRIX, _) => word == "run" || is_path,
        Does::Call(IN_VARIABLE, _) => word == IN_VARIABLE || is_path,
        _ => is_path,
    };
    prop_assert!(is_named, "{word} {site:?}\n{text}");
    for name in NAMES {
        let is_seen = sees(site, name, outcome.env.get(name), plan.is_known(), text);
        prop_assert!(is_seen, "{name} is {:?}: {site:?}\n{text}", outcome.env.get(name));
    }
    Ok(())
}

/// Whether a site says of a variable what it is, and where it was set; or at least that it
/// may be so, where not all is known.
fn sees(site: &CallSite<'_>, name: &str, is: Option<&Is>, is_known: bool, text: &str) -> bool {
    let value = site.env.value(name);
    let setting = site.env.variables.get(name);
    let may_be = |known: &str| match &value.can {
        Can::BeOneOf(all) => all.iter().any(|it| it == known),
        Can::BeSet => !known.is_empty(),
        Can::BeAnything => true,
    };
    let is_set_at = |line: usize| {
        let at = setting.map(|setting| setting.origin.span());
        at.is_some_and(|at| text[at.clone()] == *name && line_of(text, at.start) == line)
    };
    match is {
        None if is_known => setting.is_none() && may_be(""),
        None => may_be(""),
        Some(Is::Known(known, line)) if is_known => value.single() == Some(known) && is_set_at(*line),
        Some(Is::Known(known, _)) => may_be(known),
        Some(Is::Open { may_be_empty: false }) if is_known => value.can == Can::BeSet,
        Some(Is::Open { may_be_empty: false }) => !matches!(value.can, Can::BeOneOf(_)),
        Some(Is::Open { may_be_empty: true }) => value.can == Can::BeAnything,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4 * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn evaluation_agrees_with_every_world(plan in plan()) {
        judge(&plan)?;
    }
}
