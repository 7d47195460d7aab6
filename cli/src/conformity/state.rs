//! The comparison of policies with their functions.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use slug_function::bash::Watcher;
use slug_function::caller::CallerSeparators;
use slug_function::comparison::{Comparison, Obstacle, Target, Verdict, compare_with_function};
use slug_function::reading::{ReadingError, SourceFile};
use slug_function::sandbox::Sandbox;
use slug_resolver::policy::{Function, Harness};
use slug_resolver::{Policy, Registry};

use crate::config::Config;
use crate::exit::{Failure, describe};
use crate::io::read_bytes;
use crate::progress::Progress;
use crate::render::grouped;
use crate::suggest::closest_file;

/// The most classes that are asked about by default.
pub const BUDGET: usize = 20_000;

/// The most bytes of a file with functions: the same as for a script that lint reads.
const SOURCE_BYTES: usize = 1 << 20;

/// The largest budget: more environments would take hours.
const MOST: usize = 1_000_000;

/// Reads `--budget`.
///
/// # Errors
///
/// The text is not a number from 1 to [`MOST`].
pub fn budget(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    number.ok_or_else(|| format!("write a number from 1 to {}", grouped(MOST as u128)))
}

/// The state of a policy and its function.
pub enum State {
    /// The policy names no function.
    NoFunction,
    /// A file of the function cannot be read.
    Missing(Missing),
    /// The function cannot be called.
    Unusable(ReadingError, Target),
    /// They were compared.
    Compared(Box<Comparison>, Target),
}

impl State {
    /// The problem, as the end of a sentence about the policy; `None` if it is proved.
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::NoFunction => Some("names no function"),
            Self::Missing(..) => Some("names a function that cannot be read"),
            Self::Unusable(..) => Some("names a function that cannot be called"),
            Self::Compared(comparison, _) => match comparison.verdict() {
                Verdict::Proved => None,
                Verdict::Different => Some("does not match its function"),
                Verdict::NotProved => Some("is not proved to match its function"),
            },
        }
    }
}

/// A file of a function that cannot be read.
pub struct Missing {
    /// Its place in `source`.
    pub index: usize,
    /// Its path in the policy.
    pub source: String,
    /// Why it cannot be read, as the end of a sentence.
    pub why: String,
    /// The path of a file with a similar name.
    pub near: Option<String>,
}

/// The texts of the files of a function below a directory.
///
/// # Errors
///
/// The first file that cannot be read.
pub fn read_sources(function: &Function, root: &Path) -> Result<Vec<SourceFile>, Missing> {
    let read = |(index, path): (usize, &String)| match read(&root.join(path)) {
        Ok(text) => Ok(SourceFile { path: path.clone(), text }),
        Err(why) => Err(Missing { index, source: path.clone(), why, near: closest_file(root, path) }),
    };
    function.source.iter().enumerate().map(read).collect()
}

/// Compares policies with their functions.
pub struct Conformity<'a> {
    registry: &'a Registry,
    root: PathBuf,
    budget: usize,
    sandbox: Option<Sandbox>,
    shows_progress: bool,
}

impl<'a> Conformity<'a> {
    /// Compares policies for the runtimes of a registry. The paths of functions are relative to
    /// slugproof.yaml, else to the working directory.
    pub fn new(config: Option<&Config>, registry: &'a Registry, budget: usize) -> Self {
        let configured = config.map(|config| config.relative(""));
        let root = configured.filter(|root| !root.as_os_str().is_empty()).unwrap_or(PathBuf::from("."));
        Self { registry, root, budget, sandbox: None, shows_progress: false }
    }

    /// The same, with a progress bar for each comparison that takes more than a second, unless quiet.
    pub fn with_progress(self, quiet: bool) -> Self {
        Self { shows_progress: !quiet, ..self }
    }

    /// Compares a policy with its function.
    ///
    /// # Errors
    ///
    /// The function cannot be asked, for example because bash is missing.
    pub fn state(&mut self, policy: &Policy) -> Result<State, Failure> {
        let Some(function) = &policy.document().function else { return Ok(State::NoFunction) };
        let files = match read_sources(function, &self.root) {
            Ok(files) => files,
            Err(missing) => return Ok(State::Missing(missing)),
        };
        let sandbox = match self.sandbox.take() {
            Some(sandbox) => sandbox,
            None => Sandbox::find().map_err(Failure::new)?,
        };
        let commands = policy.document().harness.iter().map(|harness| match harness {
            Harness::Command(command) => command.clone(),
            Harness::Action(action) => action.uses.clone(),
        });
        let target = Target {
            caller: CallerSeparators::of(&commands.collect::<Vec<_>>(), &function.source, &self.root),
            root: self.root.clone(),
            files,
            model: function.model.clone(),
            secrets: function.secrets.clone(),
        };
        let runtimes: Vec<String> = self.registry.runtimes().iter().map(|runtime| runtime.name.clone()).collect();
        let label = format!("asking the function of {}", policy.name());
        let progress = self.shows_progress.then(|| Arc::new(Progress::new(&label, 0, false)));
        let watcher = progress.clone().map(|progress| -> Arc<dyn Watcher> { progress });
        let comparison = compare_with_function(&sandbox, policy, &target, &runtimes, self.budget, watcher);
        if let Some(progress) = progress {
            progress.finish();
        }
        self.sandbox = Some(sandbox);
        match comparison {
            Ok(comparison) => Ok(State::Compared(Box::new(comparison), target)),
            Err(Obstacle::Function(error)) => Ok(State::Unusable(error, target)),
            Err(Obstacle::Bash(message)) => Err(Failure::new(message)),
        }
    }
}

/// Reads a file of a function.
fn read(path: &Path) -> Result<String, String> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err("is not a file".to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err("does not exist".to_owned()),
        Err(error) => return Err(format!("cannot be read: {}", describe(&error))),
    }
    let bytes = read_bytes(path).map_err(|error| format!("cannot be read: {}", describe(&error)))?;
    if bytes.len() > SOURCE_BYTES {
        return Err(format!("is larger than {} MiB", SOURCE_BYTES >> 20));
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())
}
