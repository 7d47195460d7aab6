//! The reference: runs the job of a plan in one world, in which everything is known.

use std::collections::BTreeMap;

use super::file::Written;
use super::plan::{
    ALL, Directory, Does, IN_MATRIX, IN_VARIABLE, Layer, Machine, NAMES, Plan, TARGET, Way, When, Word, env_of_step,
    script_of_step,
};

/// Everything that can differ.
#[derive(Clone, Debug)]
pub struct World {
    pub flag: bool,
    pub pick: &'static str,
    pub m: &'static str,
    pub n: &'static str,
    /// What is not known, in the order in which it comes.
    pub open: u32,
}

pub fn worlds(plan: &Plan) -> Vec<World> {
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
pub enum Is {
    Known(String, usize),
    Open { may_be_empty: bool },
}

pub const ANYTHING: Is = Is::Open { may_be_empty: true };

impl Is {
    pub fn may_be_empty(&self) -> bool {
        match self {
            Self::Known(text, _) => text.is_empty(),
            Self::Open { may_be_empty } => *may_be_empty,
        }
    }
}

pub type Env = BTreeMap<&'static str, Is>;

/// What a step comes to in one world: whether it calls, and what with.
#[derive(Debug)]
pub struct Outcome {
    pub step: usize,
    pub calls: bool,
    pub is_shell: bool,
    pub env: Env,
}

impl Outcome {
    pub fn is_visited(&self, plan: &Plan) -> bool {
        self.calls || plan.every_script && NAMES.iter().any(|name| self.env.contains_key(name))
    }
}

/// Runs the job.
pub fn run(plan: &Plan, world: &World, file: &Written) -> Vec<Outcome> {
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
