//! One comparison of a policy with its function: from the files to what is shown about them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use slug_resolver::Policy;

use crate::bash::{self, Asked, NoAnswer, Options, Program, Watcher, ask, ask_in_both_orders, ask_twice};
use crate::caller::CallerSeparators;
use crate::case::Case;
use crate::conformance::{Ask, Conformance, DifferenceKind, Reply, compare};
use crate::reading::{Location, MODEL_COMMAND, Problem, Reading, ReadingError, SECRETS_COMMAND, SourceFile, read};
use crate::sandbox::{Protection, Sandbox};
use crate::space::Space;

/// A function as a policy names it.
#[derive(Clone, Debug)]
pub struct Target {
    /// The directory to which the paths of the policy are relative.
    pub root: PathBuf,
    /// The files to source.
    pub files: Vec<SourceFile>,
    /// The command that prints the slug.
    pub model: String,
    /// The command that prints the names of secrets.
    pub secrets: Option<String>,
    /// What is known about the shell that calls the function.
    pub caller: CallerSeparators,
}

/// The result of a comparison.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The facts that the syntax tree of the function shows; empty if the function cannot be read.
    pub reading: Reading,
    /// The place of the function that reads a parameter which is the same for every runtime, with the parameter, if the
    /// policy is about several runtimes and nothing else tells the function the runtime.
    pub constant_parameter: Option<(Location, String)>,
    /// Why the function cannot be read.
    pub unreadable: Option<ReadingError>,
    /// The differences, and what was asked.
    pub conformance: Conformance,
    /// Answers that depend on anything but the environment.
    pub unstable: Vec<Unstable>,
    /// The variables with classes that may be missing.
    pub incomplete: Vec<String>,
    /// Whether the function wrote files.
    pub writes_files: bool,
    /// The protections that were in force.
    pub protections: Vec<Protection>,
}

/// A case with several answers.
#[derive(Clone, Debug)]
pub struct Unstable {
    /// The cause of the different answers.
    pub cause: Cause,
    /// The first of the cases.
    pub case: Case,
    /// The answer in a fresh shell.
    pub one: Reply,
    /// The other answer.
    pub other: Reply,
    /// A line of the function that may be the reason.
    pub location: Option<Location>,
    /// In how many cases the answers differ.
    pub cases: usize,
}

/// A cause of different answers to one case: the answer depends …
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// On chance, time or the order of the questions: fresh shells answer differently.
    Chance,
    /// On earlier calls in the same shell.
    EarlierCalls,
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The policy matches its function in every environment.
    Proved,
    /// There is a difference, or an answer is unstable.
    Different,
    /// No difference is known, but a class may be missing.
    NotProved,
}

impl Verdict {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Different => "different",
            Self::NotProved => "not-proved",
        }
    }
}

impl Comparison {
    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let is_followed =
            self.unreadable.is_none() && self.reading.not_followed.is_empty() && self.incomplete.is_empty();
        if !self.conformance.differences.is_empty() || !self.unstable.is_empty() {
            Verdict::Different
        } else if is_followed && self.conformance.is_complete() && self.conformance.asked > 0 {
            Verdict::Proved
        } else {
            Verdict::NotProved
        }
    }
}

/// Why nothing can be compared.
#[derive(Clone, Debug)]
pub enum Obstacle {
    /// The function cannot be called in any environment.
    Function(ReadingError),
    /// Bash cannot be asked. The message says what to do.
    Bash(String),
}

impl From<String> for Obstacle {
    fn from(message: String) -> Self {
        Self::Bash(message)
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Function(error) => error.fmt(f),
            Self::Bash(message) => f.write_str(message),
        }
    }
}

/// Compares a policy with its function. `runtimes` are those of the registry, `budget` is the most
/// classes that are asked about, and `watcher` is told how the questions proceed.
///
/// # Errors
///
/// The function cannot be asked at all.
pub fn compare_with_function(
    sandbox: &Sandbox,
    policy: &Policy,
    target: &Target,
    runtimes: &[String],
    budget: usize,
    watcher: Option<Arc<dyn Watcher>>,
) -> Result<Comparison, Obstacle> {
    let (reading, unreadable) = match read(&target.files, &target.model, target.secrets.as_deref(), target.caller) {
        Ok(reading) => (reading, None),
        Err(error) => (Reading::default(), Some(error)),
    };
    let listed = &policy.document().runtimes;
    let scope = if listed.is_empty() { runtimes } else { listed };
    let mut names = policy.runtime_variables().map(|variable| policy.variable_name(variable));
    let is_runtime_read = names.any(|name| reading.variables.contains_key(name));
    let constant_parameter = reading.constant_parameter.clone().filter(|_| scope.len() > 1 && !is_runtime_read);
    let space = Space::of(Some(policy), runtimes, &reading);
    let suite = space.test_suite(Some(policy), budget);
    let program = target.program();
    if let Some(error) = &unreadable
        && target.is_confirmed(error, sandbox, suite.cases.first())?
    {
        return Err(Obstacle::Function(error.clone()));
    }
    let mut asker = Asker {
        sandbox: sandbox.for_files(&program.files),
        program,
        target,
        reading: &reading,
        runtimes: &space.runtimes,
        is_first: true,
        watcher,
        unstable: Vec::new(),
        writes_files: false,
    };
    let conformance = compare(policy, &space, &suite, &mut asker)?;
    let Asker { sandbox, unstable, writes_files, .. } = asker;
    let protections = sandbox.protections();
    Ok(Comparison {
        conformance,
        unstable,
        incomplete: space.incomplete,
        writes_files,
        protections,
        reading,
        constant_parameter,
        unreadable,
    })
}

/// Asks a function, and notes answers that are unstable.
struct Asker<'a> {
    sandbox: Sandbox,
    program: Program,
    target: &'a Target,
    reading: &'a Reading,
    runtimes: &'a [String],
    /// Whether nothing was asked yet. Later questions are about few cases, to find smaller ones.
    is_first: bool,
    watcher: Option<Arc<dyn Watcher>>,
    unstable: Vec<Unstable>,
    writes_files: bool,
}

/// The number of calls before the one that counts, if the function changes its shell.
const REPETITIONS: usize = 4;

/// The most cases that are asked again after earlier calls.
const CASES_WITH_STATE: usize = 2_000;

impl Ask for Asker<'_> {
    fn ask(&mut self, cases: &[Case]) -> Result<Vec<Reply>, String> {
        let options = Options { watcher: self.watcher.clone(), ..Options::default() };
        if !std::mem::take(&mut self.is_first) {
            return Ok(ask(&self.sandbox, &self.program, cases, &options)?.answers);
        }
        let (one, other) = ask_in_both_orders(&self.sandbox, &self.program, cases, &options)?;
        self.writes_files = one.writes_files || other.writes_files;
        let unstable: Vec<_> = unstable(cases, &one.answers, &other.answers).collect();
        self.note(Cause::Chance, &unstable);
        if !self.reading.state.is_empty() && unstable.is_empty() {
            let cases = &cases[..cases.len().min(CASES_WITH_STATE)];
            // An answer that alternates is the same after an even number of calls.
            let second = Options { repetitions: 1, ..options };
            let later = Options { earlier_calls: self.runtimes.to_vec(), repetitions: REPETITIONS, ..second.clone() };
            let (second, later) = ask_twice(&self.sandbox, &self.program, cases, [&second, &later])?;
            let mut unstable: Vec<_> = self::unstable(cases, &one.answers, &later.answers).collect();
            if unstable.is_empty() {
                unstable = self::unstable(cases, &one.answers, &second.answers).collect();
            }
            self.note(Cause::EarlierCalls, &unstable);
        }
        Ok(one.answers)
    }

    fn locate(&mut self, case: &Case, kind: DifferenceKind) -> Option<Location> {
        let command = match kind {
            DifferenceKind::Model | DifferenceKind::Failure => Asked::Model,
            DifferenceKind::Secrets => Asked::Secrets,
        };
        let (file, line) = bash::locate(&self.sandbox, &self.program, case, command).ok()??;
        Some(Location { path: self.target.shown(&file), line })
    }
}

impl Asker<'_> {
    /// Notes one of the cases whose answers differ.
    fn note(&mut self, cause: Cause, unstable: &[(&Case, &Reply, &Reply)]) {
        let Some((case, one, other)) = unstable.first() else { return };
        let location = match cause {
            Cause::EarlierCalls => self.reading.state.first().map(|(location, _)| location.clone()),
            Cause::Chance => self.locate(case, DifferenceKind::Model),
        };
        let (one, other) = ((*one).clone(), (*other).clone());
        self.unstable.push(Unstable { cause, case: (*case).clone(), one, other, location, cases: unstable.len() });
    }
}

/// The cases with two answers that differ, those with the fewest variables first.
fn unstable<'a>(
    cases: &'a [Case],
    one: &'a [Reply],
    other: &'a [Reply],
) -> impl Iterator<Item = (&'a Case, &'a Reply, &'a Reply)> {
    // A question that was left out has no answer that could differ.
    let is_asked = |reply: &Reply| !matches!(reply, Err(why) if why.is_about_limits());
    let pairs = cases.iter().zip(one.iter().zip(other));
    let different = pairs.filter(move |(_, (one, other))| one != other && is_asked(one) && is_asked(other));
    let mut different: Vec<_> = different.map(|(case, (one, other))| (case, one, other)).collect();
    different.sort_by_key(|(case, ..)| case.variables.len());
    different.into_iter()
}

impl Target {
    fn program(&self) -> Program {
        Program {
            files: self.files.iter().map(|file| self.root.join(&file.path)).collect(),
            model: self.model.clone(),
            secrets: self.secrets.clone(),
        }
    }

    /// Whether bash cannot read the function either. `case` is an environment in which to source the files.
    fn is_confirmed(&self, error: &ReadingError, sandbox: &Sandbox, case: Option<&Case>) -> Result<bool, String> {
        let program = self.program();
        let sandbox = sandbox.for_files(&program.files);
        if error.is_certain {
            return Ok(true);
        }
        match (&error.problem, case) {
            (Problem::Syntax(_), _) => Ok(!match error.location.path.as_str() {
                MODEL_COMMAND => sandbox.parses(&["-c", &self.model]),
                SECRETS_COMMAND => sandbox.parses(&["-c", self.secrets.as_deref().unwrap_or_default()]),
                path => {
                    let path = self.root.join(path).canonicalize().ok();
                    path.is_none_or(|path| path.to_str().is_none_or(|path| sandbox.parses(&[path])))
                }
            }),
            (Problem::Undefined { name, .. }, Some(case)) => Ok(!bash::defines(&sandbox, &program, case, name)?),
            _ => Ok(false),
        }
    }

    /// The path of a file as the policy writes it, else relative to the directory of the policy's paths.
    fn shown(&self, file: &Path) -> String {
        let is_it = |path: &&str| self.root.join(path).canonicalize().is_ok_and(|known| known == file);
        let named = self.files.iter().map(|file| file.path.as_str()).find(is_it);
        let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
        named.map_or_else(|| file.strip_prefix(root).unwrap_or(file).display().to_string(), str::to_owned)
    }
}

impl NoAnswer {
    /// Whether the call that counts did not take place, or a limit of the sandbox kept it from answering.
    fn is_about_limits(&self) -> bool {
        matches!(
            self,
            Self::Skipped
                | Self::NotRepeated
                | Self::Denied
                | Self::Time
                | Self::Memory(_)
                | Self::Processes
                | Self::Ended
        )
    }
}
