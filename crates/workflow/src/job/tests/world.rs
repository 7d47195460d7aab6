//! The reference implementation: runs the job of a spec in one world, in which everything is
//! known.

use std::collections::BTreeMap;

use super::file::Rendered;
use super::job_spec::{
    ALL, Action, Condition, IN_MATRIX, IN_VARIABLE, JobSpec, Layer, NAMES, Runner, TARGET, Word, WorkingDirectory,
    WriteMethod, env_of_step, script_of_step,
};

/// The values of everything that can differ between runs.
#[derive(Clone, Debug)]
pub struct World {
    pub flag: bool,
    pub pick: &'static str,
    pub m: &'static str,
    pub n: &'static str,
    /// The outcomes of unknown decisions, one bit each, in the order of execution.
    pub open: u32,
}

pub fn worlds(spec: &JobSpec) -> Vec<World> {
    let mut worlds = Vec::new();
    for open in 0..1 << spec.unknowns() {
        for flag in [false, true] {
            for pick in ["a", "b"] {
                for m in ["x", if spec.picked_cell { pick } else { "y" }] {
                    for n in ["1", "2", "3"] {
                        worlds.push(World { flag, pick, m, n, open });
                    }
                }
            }
        }
    }
    worlds
}

/// A variable in one world: its value and the line that set it; or any text, possibly empty.
#[derive(Clone, Debug, PartialEq)]
pub enum VarState {
    Known(String, usize),
    Open { may_be_empty: bool },
}

pub const ANYTHING: VarState = VarState::Open { may_be_empty: true };

impl VarState {
    pub fn may_be_empty(&self) -> bool {
        match self {
            Self::Known(text, _) => text.is_empty(),
            Self::Open { may_be_empty } => *may_be_empty,
        }
    }
}

pub type Env = BTreeMap<&'static str, VarState>;

/// The result of a step in one world: whether it calls the target, and its environment.
#[derive(Debug)]
pub struct Outcome {
    pub step: usize,
    pub calls: bool,
    pub is_shell: bool,
    pub env: Env,
}

impl Outcome {
    pub fn is_visited(&self, spec: &JobSpec) -> bool {
        self.calls || spec.every_script && NAMES.iter().any(|name| self.env.contains_key(name))
    }
}

/// Runs the job.
pub fn run(spec: &JobSpec, world: &World, file: &Rendered) -> Vec<Outcome> {
    let mut open = world.open;
    let mut decide = || {
        let bit = open & 1 == 1;
        open >>= 1;
        bit
    };
    let value = |words: &[Word], around: &Env, own: &Env, line: usize| -> VarState {
        let plain = |text: &str| VarState::Known(text.to_owned(), line);
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
            Word::RunnerVariable => ANYTHING,
        };
        words.iter().map(word).fold(plain(""), |before, word| match (before, word) {
            (VarState::Known(before, _), VarState::Known(word, _)) => VarState::Known(before + &word, line),
            (before, word) => VarState::Open { may_be_empty: before.may_be_empty() && word.may_be_empty() },
        })
    };
    let mut is_met = |when: Option<&Condition>, env: &Env| match when {
        None => true,
        Some(Condition::Flag) => world.flag,
        Some(Condition::Pick) => world.pick == "a",
        Some(Condition::Matrix) => world.m == "x",
        Some(Condition::Env(name)) => matches!(env.get(name), Some(VarState::Known(value, _)) if value == "x"),
        Some(Condition::Open) => decide(),
    };
    let set = |env: &mut Env, layer: &Layer, depth: usize, around: &Env| {
        if spec.opaque == Some(depth) {
            env.extend(ALL.map(|name| (name, ANYTHING)));
            return;
        }
        let before = env.clone();
        for (name, words) in layer {
            env.insert(name, value(words, around, &before, file.lines[&(depth, *name)]));
        }
    };
    let whens: Vec<bool> = spec.whens.iter().map(|when| is_met(when.as_ref(), &Env::new())).collect();
    if whens.contains(&false) {
        return Vec::new();
    }
    let mut env = Env::new();
    for (depth, layer) in [(1, &spec.container), (0, &spec.workflow), (2, &spec.job)] {
        set(&mut env, layer, depth, &Env::new());
    }
    let mut outcomes = Vec::new();
    for (index, step) in spec.steps.iter().enumerate() {
        let mut own = env.clone();
        set(&mut own, &step.env, env_of_step(index), &env);
        let runs = is_met(step.when.as_ref(), &own);
        let is_written = !matches!(step.action, Action::SetVariable(_, _, WriteMethod::Maybe))
            || is_met(Some(&Condition::Open), &own);
        if !runs {
            continue;
        }
        let directory = match step.directory.or(spec.directories[1]).or(spec.directories[0]) {
            Some(WorkingDirectory::Fixed(path)) => path,
            Some(WorkingDirectory::FromInput) if world.pick == "a" => "tests",
            Some(WorkingDirectory::FromInput) => "lib",
            None => ".",
        };
        let is_shell = match spec.shell(step) {
            Some(shell) => shell != "python",
            None => match spec.runner {
                Runner::Linux => true,
                Runner::Windows => false,
                Runner::OfMatrix => world.m == "x",
            },
        };
        let mut seen = own.clone();
        let mut calls = false;
        match &step.action {
            Action::Nothing => {}
            Action::SetVariable(name, words, _) => {
                if is_written {
                    env.insert(name, value(words, &own, &own, file.lines[&(script_of_step(index), *name)]));
                }
            }
            Action::Call(path, layer) => {
                let called_path =
                    if [IN_VARIABLE, IN_MATRIX].contains(path) { TARGET } else { path.trim_start_matches("./") };
                // The job checks the repository out in the workspace.
                calls = format!("./{directory}/{called_path}").replace("./", "") == TARGET;
                // Assignments before the command take effect from left to right.
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
                let by_step = matches!(&step.action, Action::Call(_, layer) if layer.iter().any(|(it, words)| {
                    it == name || words.iter().any(|word| matches!(word, Word::Shell(other) if other == name))
                }));
                step.noise || by_step
            };
            // Any mention of the file may be a call, also in the first line of noise.
            calls = step.noise || matches!(step.action, Action::Call(path, _) if path != IN_VARIABLE);
            seen = own;
            for name in NAMES.iter().filter(|name| named(name)) {
                seen.insert(name, ANYTHING);
            }
        }
        outcomes.push(Outcome { step: index + 1, calls, is_shell, env: seen });
    }
    outcomes
}
