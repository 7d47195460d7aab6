//! Asks a function in bash: the files are sourced in the environment of each case, and the commands of
//! the policy print the answer.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use slug_shell::is_name;
use tempfile::TempDir;

use crate::case::{Answer, Case};
use crate::sandbox::Sandbox;

/// The files and commands that bash runs for each question.
#[derive(Clone, Debug)]
pub struct Program {
    /// The files to source, in this order.
    pub files: Vec<PathBuf>,
    /// The command that prints the model. Its variable `RUNTIME` is the runtime.
    pub model: String,
    /// The command that prints the names of the secrets.
    pub secrets: Option<String>,
}

/// The limits of one question.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds of CPU time, and of elapsed time if no other process takes the CPU.
    pub seconds: u64,
    /// Seconds of elapsed time.
    pub deadline: u64,
    /// KiB of output, and of each file that the function writes.
    pub output: u64,
    /// KiB of memory of each process.
    pub memory: u64,
    /// Processes at one time.
    pub processes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { seconds: 1, deadline: 5, output: 64, memory: 512 * 1024, processes: 64 }
    }
}

impl Limits {
    /// The least elapsed time after which the system may have ended a process for its CPU time: a tenth less
    /// than the limit, because the system checks CPU time once per tick, with a clock of its own, and ends a
    /// process a few milliseconds early.
    fn earliest_end(self) -> Duration {
        Duration::from_secs(self.seconds) * 9 / 10
    }
}

/// How questions are asked.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Whether the last case is asked first.
    pub is_backwards: bool,
    /// Runtimes for which the commands are called first in the shell of each question, before the
    /// runtime of the case.
    pub earlier_calls: Vec<String>,
    /// How often the commands are called for the runtime of the case before the call that counts.
    pub repetitions: usize,
    /// The limits of each question.
    pub limits: Limits,
    /// Is told how the questions proceed.
    pub watcher: Option<Arc<dyn Watcher>>,
}

/// Is told how questions proceed. They may be asked by several threads at a time.
pub trait Watcher: fmt::Debug + Send + Sync {
    /// More questions will be asked.
    fn expect(&self, questions: usize);

    /// One of the questions was asked.
    fn asked(&self);
}

/// Why a function gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoAnswer {
    /// The command failed and printed nothing.
    Failed {
        /// Which command.
        command: Asked,
        /// Its exit status.
        status: i32,
        /// The error that bash reported, without values, such as `command not found`.
        reason: Option<&'static str>,
        /// The file and the line of the report.
        location: Option<(PathBuf, usize)>,
    },
    /// The function did not end in time.
    Time,
    /// It printed too much, or wrote too large a file.
    Output(Asked),
    /// It started too many processes.
    Processes,
    /// It needed too much memory.
    Memory(Asked),
    /// The output is not a slug or not names.
    Unreadable(Asked, &'static str),
    /// Bash cannot set a variable of the case.
    Variable(String),
    /// It needed a program, a file or a network that it does not have here, so that its answer says nothing.
    Denied,
    /// Bash was killed during the question.
    Ended,
    /// It was not asked, because other questions reached limits.
    Skipped,
    /// The first of several calls ended the shell, so the call that counts was never made.
    NotRepeated,
}

/// A command of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// `function.model`.
    Model,
    /// `function.secrets`.
    Secrets,
}

impl Asked {
    /// The field of the policy.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Model => "function.model",
            Self::Secrets => "function.secrets",
        }
    }

    /// The file that the driver writes its output to.
    fn file(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Secrets => "secrets",
        }
    }

    /// The file that exists if the first of several calls did not end the shell.
    fn again_file(self) -> &'static str {
        match self {
            Self::Model => "model-again",
            Self::Secrets => "secrets-again",
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed { command, status, reason, .. } => {
                write!(f, "`{}` printed nothing and exited with {status}", command.field())?;
                reason.map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
            Self::Time => f.write_str("the function did not end in time"),
            Self::Output(command) => write!(f, "`{}` printed or wrote too much", command.field()),
            Self::Processes => f.write_str("the function started too many processes"),
            Self::Memory(command) => write!(f, "`{}` needed too much memory", command.field()),
            Self::Unreadable(command, why) => write!(f, "the output of `{}` is unreadable: {why}", command.field()),
            Self::Variable(name) => write!(f, "bash does not let `{name}` be set"),
            Self::Denied => f.write_str(
                "the function calls a program or function that does not exist here, or uses files or a network",
            ),
            Self::Ended => f.write_str("bash was killed during the question"),
            Self::Skipped => f.write_str("not asked, because earlier questions reached a limit"),
            Self::NotRepeated => f.write_str("the first call ended the shell"),
        }
    }
}

/// The answers to questions, in the order of the cases.
#[derive(Clone, Debug, Default)]
pub struct Replies {
    /// The answer to each case, or why there is none.
    pub answers: Vec<Result<Answer, NoAnswer>>,
    /// Whether the function wrote files.
    pub writes_files: bool,
}

/// Asks a function about cases. Each command of each case runs in a fresh shell and an empty directory.
///
/// # Errors
///
/// Bash does not start, or its directory cannot be written. The message says what to do.
pub fn ask(sandbox: &Sandbox, program: &Program, cases: &[Case], options: &Options) -> Result<Replies, String> {
    let sandbox = &sandbox.for_files(&program.files);
    let mut replies = Replies { answers: vec![Err(NoAnswer::Skipped); cases.len()], writes_files: false };
    let mut order: Vec<usize> = (0..cases.len()).collect();
    if options.is_backwards {
        order.reverse();
    }
    if let Some(watcher) = &options.watcher {
        watcher.expect(cases.len());
    }
    let mut shell = None;
    let mut expensive = 0;
    for index in order {
        if let Some(watcher) = &options.watcher {
            watcher.asked();
        }
        let case = &cases[index];
        if let Some(name) = unsettable(case) {
            replies.answers[index] = Err(NoAnswer::Variable(name.to_owned()));
            continue;
        }
        let mut running = match shell.take() {
            Some(running) => running,
            None => Shell::start(sandbox, program, options.limits, false).map_err(|error| cannot_start(&error))?,
        };
        let reply = running.ask(case, program, options).map_err(|error| cannot_start(&error))?;
        replies.writes_files |= running.clear_directory();
        if reply.as_ref().is_err_and(NoAnswer::is_expensive) {
            expensive += 1;
            if expensive == TOLERATED {
                replies.answers[index] = reply;
                break;
            }
        }
        if running.is_alive {
            shell = Some(running);
        }
        replies.answers[index] = reply;
    }
    Ok(replies)
}

/// Whether a function is defined after the files were sourced.
///
/// # Errors
///
/// As [`ask`].
pub fn defines(sandbox: &Sandbox, program: &Program, case: &Case, name: &str) -> Result<bool, String> {
    let name = name.replace('\'', "'\\''");
    let program = Program { model: format!("declare -F -- '{name}'"), secrets: None, ..program.clone() };
    let replies = ask(sandbox, &program, std::slice::from_ref(case), &Options::default())?;
    Ok(!replies.answers.iter().any(|answer| matches!(answer, Err(NoAnswer::Failed { .. }))))
}

/// The number of questions that may reach a limit. The next ones are not asked, because each takes seconds.
const TOLERATED: usize = 2;

/// Asks about cases twice at the same time, forwards and backwards.
///
/// # Errors
///
/// As [`ask`].
pub fn ask_in_both_orders(
    sandbox: &Sandbox,
    program: &Program,
    cases: &[Case],
    options: &Options,
) -> Result<(Replies, Replies), String> {
    let backwards = Options { is_backwards: !options.is_backwards, ..options.clone() };
    ask_twice(sandbox, program, cases, [options, &backwards])
}

/// Asks about cases in two ways at the same time.
///
/// # Errors
///
/// As [`ask`].
pub fn ask_twice(
    sandbox: &Sandbox,
    program: &Program,
    cases: &[Case],
    [one, other]: [&Options; 2],
) -> Result<(Replies, Replies), String> {
    thread::scope(|scope| {
        let other = scope.spawn(|| ask(sandbox, program, cases, other));
        let one = ask(sandbox, program, cases, one)?;
        let other = other.join().map_err(|_| "the thread that asks panicked; report this as a bug".to_owned())??;
        Ok((one, other))
    })
}

/// The file and the line that printed the answer of a command, from a call in which bash reports each
/// line that it runs. If nothing was printed, the last line that ran. `None` if no line of a file ran.
///
/// # Errors
///
/// As [`ask`].
pub fn locate(
    sandbox: &Sandbox,
    program: &Program,
    case: &Case,
    command: Asked,
) -> Result<Option<(PathBuf, usize)>, String> {
    let sandbox = &sandbox.for_files(&program.files);
    let traced = match command {
        Asked::Model => program.model.clone(),
        Asked::Secrets => program.secrets.clone().unwrap_or_default(),
    };
    let traced = Program { model: traced, secrets: None, ..program.clone() };
    let limits = Limits { output: MAX_TRACE / 1024, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let trace = || {
        let mut shell = Shell::start(sandbox, &traced, limits, true)?;
        // The answer is known; only the trace counts.
        let _ = shell.ask(case, &traced, &options)?;
        let printed = read_at_most(&shell.file(Asked::Model.file()), MAX_TRACE)?;
        Ok((printed, read_at_most(&shell.file(ERRORS), MAX_TRACE)?))
    };
    let (printed, trace) = trace().map_err(|error| cannot_start(&error))?;
    Ok(printing_line(&String::from_utf8_lossy(&trace), String::from_utf8_lossy(&printed).trim()))
}

/// The last line of a trace that prints a text, else the last that prints, else the last.
fn printing_line(trace: &str, printed: &str) -> Option<(PathBuf, usize)> {
    const PRINTING: [&str; 4] = ["printf ", "echo ", "jq ", "cat"];
    let entries = trace.split(TRACE_ENTRY).filter_map(|entry| {
        let mut parts = entry.splitn(3, TRACE_FIELD);
        let (file, line, command) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        // Lines of the driver have no path.
        file.starts_with('/').then_some((PathBuf::from(file), line, command))
    });
    let entries: Vec<(PathBuf, usize, &str)> = entries.collect();
    let prints = |command: &str| PRINTING.iter().any(|word| command.starts_with(word));
    let says = |command: &str| !printed.is_empty() && command.contains(printed);
    let mut backwards = entries.iter().rev();
    let found = entries.iter().rev().find(|(_, _, command)| prints(command) && says(command));
    let found = found.or_else(|| entries.iter().rev().find(|(_, _, command)| prints(command)));
    found.or_else(|| backwards.next()).map(|(file, line, _)| (file.clone(), *line))
}

/// The character that starts an entry of a trace, once for each nested shell, and the character that separates
/// the fields of an entry.
const TRACE_ENTRY: char = '\u{1e}';
const TRACE_FIELD: char = '\u{1f}';

/// Bytes of a trace that are read.
const MAX_TRACE: u64 = 1024 * 1024;

fn cannot_start(error: &io::Error) -> String {
    format!("bash cannot be asked: {error}; check the temporary directory and the limits of processes")
}

/// The first variable of a case that bash does not let a script set.
fn unsettable(case: &Case) -> Option<&str> {
    const READ_ONLY: [&str; 6] = ["BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"];
    let mut names = case.variables.iter().map(|(name, _)| name.as_str());
    names.find(|name| !is_name(name) || READ_ONLY.contains(name))
}

impl NoAnswer {
    /// Whether it took seconds.
    fn is_expensive(&self) -> bool {
        matches!(self, Self::Time | Self::Memory(_) | Self::Processes | Self::Ended)
    }
}

/// A running bash that waits for questions.
struct Shell {
    child: Child,
    questions: ChildStdin,
    statuses: Receiver<String>,
    /// Contains the outputs, and the directory in which the function runs.
    directory: TempDir,
    is_alive: bool,
    /// The threads of the system when bash started.
    threads: Option<usize>,
}

const DRIVER: &str = include_str!("driver.sh");

/// The directory in which the function runs.
const WORK: &str = "work";

/// The file in which the driver notes the exit status of a model command that failed.
const STATUS: &str = "status";

/// The file of what bash reports.
const ERRORS: &str = "errors";

/// The file that exists if a program was not found.
const PROGRAM: &str = "program";

impl Shell {
    fn start(sandbox: &Sandbox, program: &Program, limits: Limits, is_traced: bool) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("slugproof-").tempdir()?;
        // Bash would resolve links of the path when it enters the directory.
        let root = directory.path().canonicalize()?;
        fs::create_dir(root.join(WORK))?;
        sandbox.give(&root)?;
        sandbox.give(&root.join(WORK))?;
        let threads = threads_of_system();
        let processes = sandbox.limit_of_processes(limits.processes, threads);
        let mut arguments = vec!["-c".to_owned(), DRIVER.to_owned(), "bash".to_owned()];
        arguments.push(text(&root)?);
        arguments.extend([limits.seconds, limits.output, limits.memory].map(|limit| limit.to_string()));
        arguments.extend([processes, if is_traced { "trace".to_owned() } else { String::new() }]);
        arguments.extend([program.model.clone(), program.secrets.clone().unwrap_or_default()]);
        for file in &program.files {
            arguments.push(text(&file.canonicalize()?)?);
        }
        let mut child = sandbox.start(&root, &root.join(WORK), &arguments)?;
        let (Some(questions), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("bash has no pipes"));
        };
        let (send, statuses) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(output).lines().map_while(Result::ok);
            // The receiver is gone once nobody waits for an answer.
            lines.map(|line| send.send(line)).take_while(Result::is_ok).for_each(drop);
        });
        Ok(Self { child, questions, statuses, directory, is_alive: true, threads })
    }

    /// Asks one question. Afterwards, bash may have ended.
    fn ask(&mut self, case: &Case, program: &Program, options: &Options) -> io::Result<Result<Answer, NoAnswer>> {
        let question = question(case, options);
        for _ in 0..2 {
            let outputs = [Asked::Model, Asked::Secrets].into_iter().flat_map(|it| [it.file(), it.again_file()]);
            for file in outputs.chain([STATUS, ERRORS, PROGRAM]) {
                // A process that still runs keeps writing to the old file.
                remove_if_exists(&self.file(file))?;
            }
            let started = Instant::now();
            let sent = self.questions.write_all(&question).and_then(|()| self.questions.flush());
            let status = sent.map_err(|_| NoAnswer::Ended).and_then(|()| self.wait(started, options.limits));
            let status = match status {
                Ok(status) => status,
                Err(why) => {
                    self.is_alive = false;
                    return Ok(Err(why));
                }
            };
            let answer = self.answer(status, program, options)?;
            // If the system ended a part of the function, the rest may have answered without it.
            if answer.is_err() || started.elapsed() < options.limits.earliest_end() {
                return Ok(answer);
            }
        }
        Ok(Err(NoAnswer::Time))
    }

    /// Waits for the exit status of the last command.
    fn wait(&mut self, started: Instant, limits: Limits) -> Result<i32, NoAnswer> {
        loop {
            match self.statuses.recv_timeout(PATIENCE) {
                Ok(status) => return status.parse().map_err(|_| NoAnswer::Ended),
                Err(RecvTimeoutError::Disconnected) => return Err(NoAnswer::Ended),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let errors = read_at_most(&self.file(ERRORS), MAX_ERRORS).unwrap_or_default();
            let is_refused = String::from_utf8_lossy(&errors).contains(": fork: ");
            // The superuser has no limit of processes.
            let is_flood = threads_of_system() > self.threads.map(|before| before + FLOOD);
            if is_refused || is_flood {
                return Err(NoAnswer::Processes);
            }
            if started.elapsed() > Duration::from_secs(limits.deadline) {
                return Err(NoAnswer::Time);
            }
        }
    }

    /// Reads what the commands printed.
    fn answer(&self, status: i32, program: &Program, options: &Options) -> io::Result<Result<Answer, NoAnswer>> {
        let limits = options.limits;
        let repeats = options.repetitions > 0 || !options.earlier_calls.is_empty();
        let mut answer = Answer::default();
        if self.is_denied()? {
            return Ok(Err(NoAnswer::Denied));
        }
        let model = read_at_most(&self.file(STATUS), MAX_ERRORS)?;
        let model = std::str::from_utf8(&model).ok().and_then(|text| text.parse().ok());
        // If the shell ended before, its status is all there is.
        let did_end = self.file(Asked::Secrets.file()).exists();
        let did_run = self.file(Asked::Model.file()).exists() && status < SIGNALLED;
        let model = model.unwrap_or(if did_end || did_run { 0 } else { status });
        let secrets = program.secrets.as_ref().map(|_| (Asked::Secrets, status));
        for (command, status) in [(Asked::Model, model)].into_iter().chain(secrets) {
            let output = read_at_most(&self.file(command.file()), limits.output * 1024)?;
            let is_repeated = !repeats || self.file(command.again_file()).exists();
            let read = match status {
                XCPU => Err(NoAnswer::Time),
                KILLED => Err(NoAnswer::Ended),
                XFSZ => Err(NoAnswer::Output(command)),
                NOT_FOUND => Err(NoAnswer::Denied),
                _ if !is_repeated => Err(NoAnswer::NotRepeated),
                _ if output.len() as u64 >= limits.output * 1024 => Err(NoAnswer::Output(command)),
                1.. if output.is_empty() => Err(self.failure(command, status, program)?),
                _ => answer.read(command, &output).map_err(|why| NoAnswer::Unreadable(command, why)),
            };
            if let Err(why) = read {
                return Ok(Err(why));
            }
        }
        Ok(Ok(answer))
    }

    /// Whether the function needed what it does not have.
    fn is_denied(&self) -> io::Result<bool> {
        let errors = read_at_most(&self.file(ERRORS), MAX_ERRORS)?;
        let errors = String::from_utf8_lossy(&errors);
        let is_denied = |line: &str| DENIED.iter().any(|text| line.ends_with(text));
        Ok(self.file(PROGRAM).exists() || errors.lines().any(is_denied))
    }

    /// Why a command failed, from the errors that bash printed.
    fn failure(&self, command: Asked, status: i32, program: &Program) -> io::Result<NoAnswer> {
        let errors = read_at_most(&self.file(ERRORS), MAX_ERRORS)?;
        let errors = String::from_utf8_lossy(&errors);
        if errors.contains(": cannot allocate ") {
            return Ok(NoAnswer::Memory(command));
        }
        let known = errors
            .lines()
            .rev()
            .find_map(|line| REASONS.iter().find(|(text, _)| line.ends_with(text)).map(|(_, reason)| (line, *reason)));
        let Some((line, reason)) = known else {
            return Ok(NoAnswer::Failed { command, status, reason: None, location: None });
        };
        let location = location(line)
            .filter(|(file, _)| program.files.iter().any(|own| own.canonicalize().is_ok_and(|own| own == *file)));
        Ok(NoAnswer::Failed { command, status, reason: Some(reason), location })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Removes what the function wrote. Returns true if there was something.
    fn clear_directory(&self) -> bool {
        let entries: Vec<_> = fs::read_dir(self.file(WORK)).into_iter().flatten().flatten().collect();
        for entry in &entries {
            let path = entry.path();
            // What cannot be removed goes with the whole directory.
            let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        }
        !entries.is_empty()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // The group is ended before its first process is forgotten, so that its number still means it.
        #[cfg(unix)]
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(group), nix::sys::signal::Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    /// Takes what a command printed.
    ///
    /// # Errors
    ///
    /// Why it is unreadable, without repeating it.
    fn read(&mut self, command: Asked, output: &[u8]) -> Result<(), &'static str> {
        let text = std::str::from_utf8(output).map_err(|_| "it is not UTF-8")?;
        if text.contains('\0') {
            return Err("it contains a NUL character");
        }
        match command {
            Asked::Model => text.trim_end_matches('\n').clone_into(&mut self.model),
            Asked::Secrets => self.secrets = Some(names(text)?),
        }
        Ok(())
    }
}

/// The names that a command printed: the keys of a JSON object, or one on each line.
fn names(text: &str) -> Result<BTreeSet<String>, &'static str> {
    let names: BTreeSet<String> = if text.trim_start().starts_with('{') {
        let object: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|_| "it starts like a JSON object and is none")?;
        object.into_iter().map(|(name, _)| name).collect()
    } else {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    };
    let is_valid = names.iter().all(|name| is_name(name));
    if is_valid { Ok(names) } else { Err("it is neither a JSON object nor names of variables, one on each line") }
}

/// A question as the driver reads it.
fn question(case: &Case, options: &Options) -> Vec<u8> {
    let mut fields = vec![case.variables.len().to_string()];
    fields.extend(case.variables.iter().map(|(name, value)| format!("{name}={value}")));
    let earlier = options.earlier_calls.iter().chain(std::iter::repeat_n(&case.runtime, options.repetitions));
    let runtimes: Vec<&String> = earlier.chain([&case.runtime]).collect();
    fields.push(runtimes.len().to_string());
    fields.extend(runtimes.into_iter().cloned());
    fields.iter().flat_map(|field| field.bytes().filter(|byte| *byte != 0).chain([0])).collect()
}

/// How long an answer takes at most before the processes are counted.
const PATIENCE: Duration = Duration::from_millis(20);

/// The number of new threads of the system that ends a question.
const FLOOD: usize = 1024;

/// The exit statuses of processes that a signal ended, such as those of limits.
const SIGNALLED: i32 = 128;
const KILLED: i32 = SIGNALLED + 9;
const XCPU: i32 = SIGNALLED + 24;
const XFSZ: i32 = SIGNALLED + 25;

/// Bytes of errors that are read.
const MAX_ERRORS: u64 = 4096;

/// Ends of messages of bash about what the sandbox denies.
const DENIED: [&str; 3] = [": command not found", ": Permission denied", ": Network is unreachable"];

/// The exit status of a program that does not exist.
const NOT_FOUND: i32 = 127;

/// Ends of messages of bash, and what they mean.
const REASONS: [(&str, &str); 6] = [
    (": No such file or directory", "a file does not exist"),
    (": unbound variable", "a variable is unset"),
    (": bad substitution", "bash does not know a substitution"),
    (": division by 0", "division by zero"),
    (": syntax error: unexpected end of file", "a syntax error"),
    (": Resource temporarily unavailable", "no more processes may be started"),
];

/// The file and the line of a message of bash: `FILE: line N: …`.
fn location(message: &str) -> Option<(PathBuf, usize)> {
    let (file, rest) = message.split_once(": line ")?;
    let line = rest.split(':').next()?.parse().ok()?;
    Some((PathBuf::from(file), line))
}

fn read_at_most(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(limit).read_to_end(&mut bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(error),
    };
    Ok(bytes)
}

fn remove_if_exists(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn text(path: &Path) -> io::Result<String> {
    let error = || io::Error::other(format!("the path `{}` is not UTF-8", path.display()));
    path.to_str().map(str::to_owned).ok_or_else(error)
}

/// The number of threads of the system, where it can be read.
fn threads_of_system() -> Option<usize> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    load.split(' ').nth(3)?.split_once('/')?.1.parse().ok()
}
