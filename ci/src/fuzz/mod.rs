//! `cargo ci fuzz`: nightly checks with a time budget.
//!
//! The stages: the fuzzer must find a planted bug; every target is fuzzed, for BUDGET of wall
//! time in total; crashes and corpora are minimised; the laws run on random cases for about half
//! of BUDGET; and the shipped data are proven. Every stage runs, even if another one fails. The
//! summary is written regularly, so that an interrupted night has one, too.

mod log;
mod schedule;
mod summary;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::checkout;
use crate::failure::{Context, Result, error, finding};
use crate::forge;
use crate::process::{self, Process};
use crate::tools;

use log::{Crash, Log};
use summary::{Corpus, RunStatus, StageStatus, Summary};

/// Number of crashes after which a target is skipped: a shallow bug is found again immediately.
const MOST_CRASHES: usize = 50;

/// Maximum time for minimising one crash.
const MINIMISING: Duration = Duration::from_secs(60);

/// Minimum time for one target, even with a small budget.
const LEAST_SECONDS: u64 = 5;

/// Cases per second and core, each tested with every law.
const CASES_PER_SECOND: u64 = 100;

/// Interval at which the summary of a running night is written.
const SAVING: Duration = Duration::from_secs(60);

/// Fuzz every target, test the laws on random cases, prove the shipped data
///
/// Writes summary.md and summary.json.
#[derive(clap::Args)]
pub struct Arguments {
    /// Wall time for fuzzing: seconds, or a number with s, m or h, such as 90s or 8h
    budget: Budget,
    /// Output directory for logs and summaries [default: target/fuzz-nightly]
    #[arg(value_parser = checkout::parse_path)]
    out: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result {
    let out = match &arguments.out {
        Some(out) => out.clone(),
        None => checkout::target_dir()?.join("fuzz-nightly"),
    };
    let mut night = Night::new(&out, arguments.budget.seconds)?;
    night.canary()?;
    if let Some(targets) = night.build()? {
        night.fuzz(&targets)?;
        night.minimise(&targets)?;
    }
    night.properties()?;
    night.proof()?;
    let summary = night.finish()?;
    let page = summary.to_markdown();
    println!("\n{page}");
    forge::append_summary(&page)?;
    forge::set_output("summary", &page)?;
    if summary.status == RunStatus::Clean {
        Ok(())
    } else {
        finding(format!("see {}", out.join("summary.md").display()))
    }
}

/// A time in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Budget {
    seconds: u64,
}

impl FromStr for Budget {
    type Err = &'static str;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        let (number, unit) = match text.split_at_checked(text.len().saturating_sub(1)) {
            Some((number, "h")) => (number, 3600),
            Some((number, "m")) => (number, 60),
            Some((number, "s")) => (number, 1),
            _ => (text, 1),
        };
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        match number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
            Some(seconds @ 1..=604_800) if is_number => Ok(Self { seconds }),
            _ => Err("give seconds, or a number with s, m or h, from 1s to 168h"),
        }
    }
}

/// The compiled fuzz targets.
pub struct Targets {
    names: Vec<String>,
    directory: PathBuf,
    max_input_bytes: u64,
}

impl Targets {
    /// Builds all targets, without a sanitizer.
    pub fn build() -> Result<Self> {
        let names = target_names()?;
        // The profile `release` optimises only a part of the code; the flag applies to all of it.
        let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
        let build = Process::cargo().args(["fuzz", "build", "-s", "none"]);
        build.env("RUSTFLAGS", format!("{flags} -C opt-level=3")).run()?;
        Self::find(names)
    }

    /// The targets of an earlier build.
    fn find(names: Vec<String>) -> Result<Self> {
        let host = Process::new("rustc").args(["--print", "host-tuple"]).read_stdout()?;
        let directory = checkout::target_dir()?.join(host.trim()).join("release");
        Ok(Self { names, directory, max_input_bytes: checkout::max_fuzz_input_bytes()? })
    }

    /// The program of a target with the limits for an input. A hang and high memory use are
    /// findings. (Only a sanitizer detects a single large allocation, so that limit is in
    /// .clusterfuzzlite.)
    pub fn process(&self, name: &str) -> Process {
        let process = Process::new(self.directory.join(name)).args(["-timeout=10", "-rss_limit_mb=1024"]);
        let process = process.args([&format!("-max_len={}", self.max_input_bytes), "-print_final_stats=1"]);
        if name.ends_with("_yaml") { process.arg("-dict=fuzz/yaml.dict") } else { process }
    }
}

/// The names of all targets. Installs cargo-fuzz if it is missing.
pub fn target_names() -> Result<Vec<String>> {
    tools::ensure_cargo_fuzz()?;
    let names: Vec<String> =
        Process::cargo().args(["fuzz", "list"]).read_stdout()?.lines().map(|line| line.trim().to_owned()).collect();
    if names.is_empty() { error("`cargo fuzz list` lists no target") } else { Ok(names) }
}

/// A night in progress.
struct Night {
    out: PathBuf,
    /// Copies of the seeds, from which an input that crashes can be removed.
    seeds: tempfile::TempDir,
    began: Instant,
    summary: Summary,
    /// The inputs that each target had at the start.
    before: Vec<Units>,
    runs: Mutex<Vec<Run>>,
}

/// One run of a target, or the merge of its corpus.
struct Run {
    target: usize,
    log: PathBuf,
    began: Instant,
    ended: Option<(Instant, ExitStatus)>,
}

/// The inputs in a directory, by content.
type Units = BTreeSet<[u8; 32]>;

impl Night {
    fn new(out: &Path, budget: u64) -> Result<Self> {
        for path in [out.join("logs"), out.join("summary.md"), out.join("summary.json")] {
            checkout::remove(&path)?;
        }
        tools::ensure_cargo_tool("cargo-nextest")?;
        let names = target_names()?;
        let workers = process::available_parallelism().min(names.len());
        // One test takes a quarter of the total time, so more than four cores do not help.
        let cores = process::available_parallelism().min(4) as u64;
        let cases = (budget * CASES_PER_SECOND * cores / 2).max(256);
        let seeds = checkout::temporary_directory()?;
        let mut before = Vec::new();
        for name in &names {
            let corpus = corpus(name);
            for directory in [&corpus, &artifacts(name), &seeds.path().join(name), &out.join("logs").join(name)] {
                fs::create_dir_all(directory).context(|| format!("cannot create {}", directory.display()))?;
            }
            for kind in ["seeds", "regressions"] {
                for file in checkout::entries(&Path::new("fuzz").join(kind).join(name))? {
                    let copy = seeds.path().join(name).join(format!("{kind}-{}", file_name(&file)));
                    fs::copy(&file, &copy).context(|| format!("cannot copy {}", file.display()))?;
                }
            }
            before.push(units(&corpus)?);
        }
        let started = Process::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).read_stdout()?.trim().to_owned();
        let summary = Summary::new(checkout::current_commit()?, started, budget, workers, names, cases);
        Ok(Self { out: out.to_owned(), seeds, began: Instant::now(), summary, before, runs: Mutex::new(Vec::new()) })
    }

    /// Checks that the fuzzer finds a planted bug.
    fn canary(&mut self) -> Result {
        let program = std::env::current_exe().context(|| "cannot find this program".to_owned())?;
        let (stage, log) = self.stage("canary", Process::new(program).arg("canary"))?;
        self.summary.canary.status = stage;
        self.summary.canary.report = log.lines().last().unwrap_or_default().to_owned();
        self.save()
    }

    fn build(&mut self) -> Result<Option<Targets>> {
        let (stage, _) = self.stage("build", Process::cargo().args(["fuzz", "build", "-s", "none"]))?;
        self.summary.build.status = stage;
        self.save()?;
        if stage == StageStatus::Passed { Targets::find(target_names()?).map(Some) } else { Ok(None) }
    }

    fn fuzz(&mut self, targets: &Targets) -> Result {
        let (count, workers) = (targets.names.len() as u64, self.summary.workers as u64);
        let seconds = self.summary.budget_seconds.max((LEAST_SECONDS * count).div_ceil(workers));
        println!("\n== fuzz {count} targets for {seconds} s on {workers} workers");
        let shares = schedule::shares(targets.names.len(), self.summary.workers, seconds);
        let night: &Self = self;
        let results: Vec<Result> = thread::scope(|scope| {
            let workers: Vec<_> = shares
                .into_iter()
                .enumerate()
                .map(|(worker, share)| {
                    scope.spawn(move || {
                        share.into_iter().try_for_each(|(target, seconds)| {
                            night.fuzz_target(targets, target, Duration::from_secs(seconds), worker)
                        })
                    })
                })
                .collect();
            let mut saved = Instant::now();
            while workers.iter().any(|worker| !worker.is_finished()) {
                thread::sleep(Duration::from_secs(1));
                if saved.elapsed() >= SAVING {
                    saved = Instant::now();
                    if let Err(failure) = night.save() {
                        failure.report();
                    }
                }
            }
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| error("a worker panicked"))).collect()
        });
        results.into_iter().collect::<Result>()?;
        self.save()
    }

    /// Fuzzes one target, and restarts the fuzzer after each crash.
    fn fuzz_target(&self, targets: &Targets, target: usize, time: Duration, worker: usize) -> Result {
        let name = &targets.names[target];
        let (corpus, seeds) = (corpus(name), self.seeds.path().join(name));
        let end = Instant::now() + time;
        for number in 1..=MOST_CRASHES {
            let seconds = end.saturating_duration_since(Instant::now()).as_secs();
            if seconds == 0 {
                break;
            }
            let fuzzer = targets
                .process(name)
                .arg(format!("-max_total_time={seconds}"))
                .arg(format!("-artifact_prefix={}/", artifacts(name).display()))
                // New inputs go to the first directory.
                .args([&corpus, &seeds]);
            let log = self.log(&format!("{name}/fuzz-{worker}-{number}"));
            if self.run_target(target, fuzzer, &log)?.success() {
                break;
            }
            // An input that crashes when it is loaded would end every run at its start. A copy
            // remains in the artifacts.
            for crash in Log::read(&log)?.crashes {
                if let Some(input) = crash.input.as_deref().and_then(|input| fs::read(input).ok()) {
                    remove_equal(&input, &[&corpus, &seeds])?;
                }
            }
        }
        Ok(())
    }

    fn minimise(&mut self, targets: &Targets) -> Result {
        println!("\n== minimise");
        for (target, name) in targets.names.iter().enumerate() {
            self.summary.targets[target].corpus.is_minimised = self.minimise_corpus(targets, target)?;
            for (crash, _) in self.crashes(target)? {
                if let Some(input) = crash.input {
                    self.minimise_crash(targets, name, &input)?;
                }
            }
            self.save()?;
        }
        Ok(())
    }

    /// Reduces a corpus to a part with the same coverage. Files are removed only after their
    /// replacements exist, so an interrupt loses nothing.
    fn minimise_corpus(&self, targets: &Targets, target: usize) -> Result<bool> {
        let name = &targets.names[target];
        let corpus = corpus(name);
        if checkout::entries(&corpus)?.is_empty() {
            return Ok(true);
        }
        let fresh = checkout::temporary_directory()?;
        let merge = targets
            .process(name)
            .args(["-merge=1", &format!("-artifact_prefix={}/", artifacts(name).display())])
            .args([fresh.path(), &corpus]);
        let status = self.run_target(target, merge, &self.log(&format!("{name}/merge")))?;
        let kept = checkout::entries(fresh.path())?;
        // If every input crashed or the fuzzer is broken, the corpus stays unchanged.
        if !status.success() || kept.is_empty() {
            return Ok(false);
        }
        let mut names = BTreeSet::new();
        for file in kept {
            let copy = corpus.join(file_name(&file));
            fs::copy(&file, &copy).context(|| format!("cannot write {}", copy.display()))?;
            names.insert(copy);
        }
        checkout::entries(&corpus)?
            .iter()
            .filter(|file| !names.contains(*file))
            .try_for_each(|file| checkout::remove(file))?;
        Ok(true)
    }

    /// Does the same as `cargo fuzz tmin`, but with the program that found the crash.
    fn minimise_crash(&self, targets: &Targets, name: &str, input: &Path) -> Result {
        let small = minimised(input);
        let log = self.log(&format!("{name}/tmin-{}", file_name(input)));
        let minimise = targets
            .process(name)
            .args(["-minimize_crash=1", "-runs=1000000", &format!("-max_total_time={}", MINIMISING.as_secs())])
            .arg(format!("-exact_artifact_path={}", small.display()))
            .arg(input);
        minimise.run_with_log(&log, Some(2 * MINIMISING))?;
        let ending = |input: &Path| -> Result<_> {
            let output = targets.process(name).arg(input).output()?;
            Ok((output.status, Log::parse(&String::from_utf8_lossy(&output.stderr)).panics))
        };
        // libFuzzer accepts any crash as the original one.
        if small.exists() && ending(&small)? != ending(input)? {
            println!("{name}: the minimised input fails differently from the original, so it is discarded");
            checkout::remove(&small)?;
        }
        Ok(())
    }

    fn properties(&mut self) -> Result {
        let tests = Process::cargo()
            .args(["nextest", "run", "--cargo-profile=dist", "--locked", "--no-fail-fast"])
            .args(["--package=slug-resolver", "--test=laws"])
            .arg("--message-format=libtest-json")
            .env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1")
            .env("PROPTEST_CASES", self.summary.properties.cases_per_law.to_string());
        let (stage, log) = self.stage("properties", tests)?;
        let (passed, failed) = test_results(&log);
        // The log of the job shows the smallest case that failed.
        failed.iter().for_each(|(_, output)| println!("{output}"));
        let failures: Vec<String> = failed.into_iter().map(|(name, _)| name).collect();
        let properties = &mut self.summary.properties;
        properties.status = stage;
        properties.passed = passed;
        properties.failed = failures.len();
        properties.failures = failures;
        self.save()
    }

    fn proof(&mut self) -> Result {
        let prove = ["run", "--release", "--locked", "--quiet", "--", "prove", "--embedded", "--brute-force"];
        let certificate = self.out.join("certificate.jsonl");
        let (proof, log) = self.stage("proof", Process::cargo().args(prove).arg("--certificate").arg(&certificate))?;
        let checker = Process::new("python3").arg("ci/check-certificate").arg(&certificate);
        let (check, _) = self.stage("certificate", checker)?;
        self.summary.proof.status = if check == StageStatus::Passed { proof } else { check };
        self.summary.proof.report =
            log.lines().filter(|line| line.starts_with(['✓', '✗', '!'])).map(str::to_owned).collect();
        self.save()
    }

    fn finish(mut self) -> Result<Summary> {
        self.summary.status = if self.current()?.is_clean() { RunStatus::Clean } else { RunStatus::Findings };
        self.save()?;
        self.current()
    }

    /// Runs a stage with its output in a log; returns the result and the log.
    fn stage(&self, name: &str, process: Process) -> Result<(StageStatus, String)> {
        println!("\n== {name}");
        let log = self.log(name);
        let status = process.run_with_log(&log, None)?;
        let stage = if status.success() { StageStatus::Passed } else { StageStatus::Failed };
        Ok((stage, checkout::read_lossy(&log)?))
    }

    fn log(&self, name: &str) -> PathBuf {
        self.out.join("logs").join(format!("{name}.log"))
    }

    fn run_target(&self, target: usize, process: Process, log: &Path) -> Result<ExitStatus> {
        let runs = || self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let number = {
            let mut runs = runs();
            runs.push(Run { target, log: log.to_owned(), began: Instant::now(), ended: None });
            runs.len() - 1
        };
        let status = process.run_with_log(log, None)?;
        runs()[number].ended = Some((Instant::now(), status));
        Ok(status)
    }

    /// The distinct crashes of a target, each with the number of occurrences.
    fn crashes(&self, target: usize) -> Result<Vec<(Crash, usize)>> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut crashes = Vec::new();
        for run in runs.iter().filter(|run| run.target == target && run.log.exists()) {
            let failed = run.ended.map(|(_, status)| status).filter(|status| !status.success());
            crashes.extend(Log::read(&run.log)?.crashes_of(failed));
        }
        Ok(log::distinct(crashes))
    }

    /// The summary with the current results of the targets.
    fn current(&self) -> Result<Summary> {
        let mut summary = self.summary.clone();
        summary.duration_seconds = self.began.elapsed().as_secs();
        for (target, before) in self.before.iter().enumerate() {
            let crashes = self.crashes(target)?;
            let result = &mut summary.targets[target];
            (result.seconds, result.executions, result.edges, result.features) = (0, 0, 0, 0);
            let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
            for run in runs.iter().filter(|run| run.target == target && run.log.exists()) {
                let end = run.ended.map_or_else(Instant::now, |(end, _)| end);
                let log = Log::read(&run.log)?;
                result.seconds += end.duration_since(run.began).as_secs();
                result.executions += log.executions;
                result.edges = result.edges.max(log.edges);
                result.features = result.features.max(log.features);
            }
            result.executions_per_second = result.executions / result.seconds.max(1);
            let corpus = corpus(&result.name);
            let files = checkout::entries(&corpus)?;
            result.corpus = Corpus {
                units: files.len(),
                bytes: files.iter().filter_map(|file| Some(file.metadata().ok()?.len())).sum(),
                new_units: units(&corpus)?.difference(before).count(),
                is_minimised: result.corpus.is_minimised,
            };
            result.crashes = crashes
                .into_iter()
                .map(|(crash, occurrences)| {
                    let small = crash.input.as_deref().map(minimised).filter(|small| small.exists());
                    summary::Crash::new(crash, occurrences, small.as_deref())
                })
                .collect();
        }
        Ok(summary)
    }

    fn save(&self) -> Result {
        let summary = self.current()?;
        checkout::write(self.out.join("summary.md"), &summary.to_markdown())?;
        checkout::write(self.out.join("summary.json"), &summary.to_json()?)
    }
}

/// The number of edges that a run reached, from its log.
pub fn edges(log: &str) -> u64 {
    Log::parse(log).edges
}

fn corpus(name: &str) -> PathBuf {
    Path::new("fuzz/corpus").join(name)
}

fn artifacts(name: &str) -> PathBuf {
    Path::new("fuzz/artifacts").join(name)
}

fn minimised(input: &Path) -> PathBuf {
    input.with_file_name(format!("minimised-{}", file_name(input)))
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn units(directory: &Path) -> Result<Units> {
    let digest = |file: PathBuf| {
        let bytes = fs::read(&file).context(|| format!("cannot read {}", file.display()))?;
        Ok(Sha256::digest(bytes).into())
    };
    checkout::entries(directory)?.into_iter().map(digest).collect()
}

/// Removes the files with this content.
fn remove_equal(content: &[u8], directories: &[&Path]) -> Result {
    for directory in directories {
        for file in checkout::entries(directory)? {
            if fs::read(&file).is_ok_and(|other| other == content) {
                checkout::remove(&file)?;
            }
        }
    }
    Ok(())
}

/// The number of passed tests, and the failed tests with their outputs, from the messages of
/// libtest, one per line. Other lines are output of the build.
fn test_results(messages: &str) -> (usize, Vec<(String, String)>) {
    let (mut passed, mut failed) = (0, Vec::new());
    for message in messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        if message["type"] != "test" {
            continue;
        }
        match message["event"].as_str() {
            Some("ok") => passed += 1,
            Some("failed") => {
                let name = message["name"].as_str().unwrap_or_default();
                let name = name.split_once('$').map_or(name, |(_, name)| name).to_owned();
                failed.push((name, message["stdout"].as_str().unwrap_or_default().to_owned()));
            }
            _ => {}
        }
    }
    (passed, failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budget_has_a_unit_and_a_maximum() {
        let seconds = |text: &str| text.parse::<Budget>().ok().map(|budget| budget.seconds);
        assert_eq!(["120", "90s", "2m", "168h"].map(seconds), [Some(120), Some(90), Some(120), Some(604_800)]);
        for text in ["", "0", "h", "-1", "+1", "1d", "169h", "1.5h", "é", "99999999999999999999h"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn test_results_are_read_from_messages() {
        let messages = concat!(
            "    Finished `release` profile\n",
            r#"{"type":"suite","event":"started","test_count":2}"#,
            "\n",
            r#"{"type":"test","event":"ok","name":"slug-resolver::laws$properties::order_free","exec_time":0.5}"#,
            "\n",
            r#"{"type":"test","event":"failed","name":"slug-resolver::laws$properties::native_only","exec_time":0.2,"#,
            r#""stdout":"case 7"}"#,
            "\n",
        );
        assert_eq!(test_results(messages), (1, vec![("properties::native_only".to_owned(), "case 7".to_owned())]));
    }
}
