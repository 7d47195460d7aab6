//! The engines that search for a bug, and the copy of the checkout in which they search.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::checkout;
use crate::failure::{Context, Result, error};
use crate::process::{self, Process};
use crate::seeded_bugs::patch::{changed_modules, changed_packages, packages_outside_resolver};

/// The package of the resolver: it contains most of the planted bugs and the tests that search for them.
const PACKAGE: &str = "slug-resolver";

/// The tests outside the resolver that measure time, which depends on the machine and its load.
const TIMED: &str = "test(/hostile_files|thousand_findings/)";

/// The test that replays the regression corpus; the other tests of its module test the format.
const REPLAY: &str = "witnesses::recorded_witnesses_all_pass";

/// A kind of test that searches for a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum Engine {
    /// Each law on random cases
    Properties,
    /// Each law on every case of the embedded data, and on the cases of a few random datasets
    Exhaustive,
    /// The replay of the regression corpus
    Witnesses,
    /// The fuzz target `resolve`, without a corpus
    Fuzz,
    /// Every other test of the resolver; for a bug outside the resolver, the tests of the other crates
    Others,
}

impl Engine {
    /// Every engine, in the order of the columns in docs/seeded-bugs.md.
    pub const ALL: [Self; 5] = [Self::Properties, Self::Exhaustive, Self::Witnesses, Self::Fuzz, Self::Others];

    /// The title of the engine's column in docs/seeded-bugs.md.
    pub fn title(self) -> &'static str {
        match self {
            Self::Properties => "properties",
            Self::Exhaustive => "exhaustive",
            Self::Witnesses => "witnesses",
            Self::Fuzz => "fuzz",
            Self::Others => "other tests",
        }
    }
}

/// True if any of these engines is a group of tests, and not the fuzzer.
pub fn includes_tests(engines: &[Engine]) -> bool {
    engines.iter().any(|&engine| engine != Engine::Fuzz)
}

/// The first failure that an engine found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The law, test or witness that failed first, or the file of a panic.
    pub found_by: String,
    /// Time until the failure, without the build.
    pub seconds: f64,
    /// The progress of a random search until the failure: `case 12` or `12 runs`.
    pub progress: Option<String>,
}

/// The limit of the fuzzer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Maximum time in seconds.
    Seconds(u32),
    /// Maximum number of inputs.
    Runs(u32),
}

impl Limit {
    /// The fuzzing time of a run that writes docs/seeded-bugs.md.
    pub const DEFAULT_SECONDS: u32 = 60;
}

/// A copy of the checkout in which bugs are planted. It has a separate target directory: in a shared
/// one, cargo would mix the builds of the copy and of the checkout, because their packages are the same.
pub struct Workbench {
    dir: PathBuf,
    limit: Limit,
    max_input_bytes: u64,
    /// The target triple of this machine, under which cargo-fuzz builds.
    host: String,
}

impl Workbench {
    /// Copies the checkout to `dir`, which keeps its earlier builds.
    pub fn new(dir: &Path, limit: Limit) -> Result<Self> {
        let version = Process::new("rustc").arg("-vV").read_stdout()?;
        let Some(host) = version.lines().find_map(|line| line.strip_prefix("host: ")) else {
            return error("`rustc -vV` names no host; install Rust with rustup");
        };
        let bench = Self {
            dir: dir.to_owned(),
            limit,
            max_input_bytes: checkout::max_fuzz_input_bytes()?,
            host: host.to_owned(),
        };
        checkout::remove(&bench.source_dir())?;
        checkout::copy_to(&bench.source_dir())?;
        // Some tests ask git for the files.
        checkout::commit_all(&bench.source_dir())?;
        Ok(bench)
    }

    /// Applies a patch to the copy.
    pub fn apply(&self, patch: &Path, options: &[&str]) -> Result {
        // Without the ceiling, git treats the copy as part of the checkout that contains it, and
        // silently skips its files.
        let git =
            Process::new("git").arg("apply").args(options).arg(self.source_dir().join(patch)).dir(&self.source_dir());
        git.env("GIT_CEILING_DIRECTORIES", &self.dir).run()
    }

    /// Builds the programs of the engines, so that build time does not count as search time. `advice`
    /// ends the message if the build fails.
    pub fn build(&self, engines: &[Engine], advice: &str) -> Result {
        let tests = includes_tests(engines).then(|| self.nextest(&[PACKAGE]).arg("--no-run"));
        // The command is not part of the target, and takes most of the time to compile.
        let fuzz = ["fuzz", "build", "--no-default-features", "--dev", "-s", "none", "--target", &self.host, "resolve"];
        // The fuzzer is optimised, because it runs thousands of cases. The level also applies to libFuzzer.
        let fuzzer = || self.cargo().env("CARGO_PROFILE_DEV_OPT_LEVEL", "1").args(fuzz);
        let fuzzer = engines.contains(&Engine::Fuzz).then(fuzzer);
        for mut build in tests.into_iter().chain(fuzzer) {
            let output = build.output()?;
            if !output.status.success() {
                return error(format!("{}`{build}` failed: {advice}", String::from_utf8_lossy(&output.stderr)));
            }
        }
        Ok(())
    }

    /// Runs an engine and returns its first failure, if any.
    pub fn search(&self, engine: Engine) -> Result<Option<Hit>> {
        match engine {
            Engine::Properties => self.properties(),
            Engine::Exhaustive => {
                Ok(self.test("test(/^exhaustive::/)")?.hit(|failed| module_member(failed).to_owned()))
            }
            Engine::Witnesses => self.witnesses(),
            Engine::Fuzz => self.fuzz(),
            Engine::Others => self.others(),
        }
    }

    /// Builds and runs the tests outside the resolver, and returns the first failure, if any. The tests of the
    /// packages that a patch changes run first, without a build of the command; of them, those named after a
    /// changed module: most bugs fail there. `advice` ends the message if the build fails.
    pub fn search_outside_resolver(&self, patch: &str, advice: &str) -> Result<Option<Hit>> {
        let changed = changed_packages(patch);
        let others = packages_outside_resolver(|_| true);
        let others = others.into_iter().filter(|package| !changed.contains(package)).collect::<Vec<_>>();
        let modules = changed_modules(patch).into_iter().collect::<Vec<_>>().join("|");
        let is_named = format!(r"test(/\b({modules})/)");
        let searches =
            [(&changed, is_named.clone()), (&changed, format!("not {is_named}")), (&others, "all()".to_owned())];
        let mut seconds = 0.0;
        for (packages, tests) in searches {
            if packages.is_empty() {
                continue;
            }
            let build = self.nextest(packages).arg("--no-run").output()?;
            if !build.status.success() {
                return error(format!(
                    "{}the tests outside the resolver do not compile: {advice}",
                    String::from_utf8_lossy(&build.stderr)
                ));
            }
            let run = self.test_in(packages, &format!("({tests}) & not {TIMED}"), "pass")?;
            seconds += run.seconds;
            if let Some(hit) = run.hit(|failed| failed.name.clone()) {
                return Ok(Some(Hit { seconds, ..hit }));
            }
        }
        Ok(None)
    }

    fn properties(&self) -> Result<Option<Hit>> {
        let run = self.test("test(/^properties::/)")?;
        let case = run.failed.as_ref().and_then(|failed| {
            failed.output.lines().find_map(|line| line.strip_prefix("found at ")).map(str::to_owned)
        });
        // The next search must not reuse the seed of a failed property.
        for file in checkout::entries(&self.source_dir().join("proptest-regressions"))? {
            if file.extension().is_some_and(|extension| extension == "txt") {
                checkout::remove(&file)?;
            }
        }
        let hit = run.hit(|failed| module_member(failed).replace('_', "-"));
        Ok(hit.map(|hit| Hit { progress: case, ..hit }))
    }

    fn witnesses(&self) -> Result<Option<Hit>> {
        let run = self.test(&format!("test(={REPLAY})"))?;
        if let Some(failed) = &run.failed
            && witness(&failed.output).is_none()
        {
            return error(format!("{}\n`{REPLAY}` failed, but not on a witness; see above", failed.output));
        }
        Ok(run.hit(|failed| witness(&failed.output).unwrap_or_default().to_owned()))
    }

    fn others(&self) -> Result<Option<Hit>> {
        let run = self.test(&format!("not (test(/^(properties|exhaustive)::/) | test(={REPLAY}))"))?;
        if run.failed.is_some() {
            return Ok(run.hit(|failed| failed.name.clone()));
        }
        let began = Instant::now();
        // nextest does not run documentation tests.
        let output = self.unoptimised().args(["test", "--package", PACKAGE, "--locked", "--doc"]).output()?;
        let seconds = run.seconds + began.elapsed().as_secs_f64();
        let is_found = !output.status.success();
        Ok(is_found.then(|| Hit { found_by: "documentation".to_owned(), seconds, progress: None }))
    }

    fn fuzz(&self) -> Result<Option<Hit>> {
        let corpus = self.dir.join("corpus");
        checkout::remove(&corpus)?;
        fs::create_dir_all(&corpus).context(|| format!("cannot make {}", corpus.display()))?;
        let limit = match self.limit {
            Limit::Seconds(seconds) => format!("-max_total_time={seconds}"),
            Limit::Runs(runs) => format!("-runs={runs}"),
        };
        let mut fuzzer = Process::new(self.target().join(&self.host).join("debug/resolve"))
            .args([&limit, &format!("-max_len={}", self.max_input_bytes), "-len_control=0", "-print_final_stats=1"])
            .arg(format!("-artifact_prefix={}.", corpus.display()))
            .arg(&corpus)
            .env("RUST_BACKTRACE", "0");
        let began = Instant::now();
        let output = fuzzer.output()?;
        let seconds = began.elapsed().as_secs_f64();
        let log = String::from_utf8_lossy(&output.stderr);
        let found_by = broken_law(&log).map(str::to_owned).or_else(|| panic_place(&log));
        match found_by {
            Some(found_by) => Ok(Some(Hit { found_by, seconds, progress: runs(&log) })),
            None if output.status.success() => Ok(None),
            None => {
                let log = process::tail(&output.stderr);
                error(format!("{log}`{fuzzer}` failed, but reported no broken law and no panic: {}", output.status))
            }
        }
    }

    /// Runs the tests that a nextest filter selects, one at a time, until one fails.
    fn test(&self, filter: &str) -> Result<TestRun> {
        self.test_in(&[PACKAGE], filter, "fail")
    }

    /// The same for the tests of several packages. `no_tests` says what it means if there are none: `pass` or `fail`.
    fn test_in(&self, packages: &[&str], filter: &str, no_tests: &str) -> Result<TestRun> {
        let mut nextest = self
            .nextest(packages)
            .args(["--profile", "seeded-bugs", "--test-threads=1", "--message-format=libtest-json"])
            .args([&format!("--no-tests={no_tests}"), "-E", filter])
            // The messages have the unstable format of libtest.
            .env("NEXTEST_EXPERIMENTAL_LIBTEST_JSON", "1");
        let output = nextest.output()?;
        let run = TestRun::parse(&String::from_utf8_lossy(&output.stdout))?;
        if run.failed.is_none() && !output.status.success() {
            let log = process::tail(&output.stderr);
            return error(format!("{log}`{nextest}` failed, but no test did: {}", output.status));
        }
        Ok(run)
    }

    fn nextest(&self, packages: &[&str]) -> Process {
        let packages = packages.iter().flat_map(|package| ["--package", package]);
        self.unoptimised().args(["nextest", "run", "--locked"]).args(packages)
    }

    /// Cargo without optimisation: most tests fail immediately, so the build takes most of the time.
    fn unoptimised(&self) -> Process {
        // Only the first failing case matters, so cases are not shrunk.
        self.cargo().env("CARGO_PROFILE_DEV_OPT_LEVEL", "0").env("PROPTEST_MAX_SHRINK_ITERS", "0")
    }

    fn cargo(&self) -> Process {
        Process::cargo()
            .dir(&self.source_dir())
            .env("CARGO_TARGET_DIR", self.target())
            // Little changes between bugs, so incremental builds are small.
            .env("CARGO_INCREMENTAL", "1")
            .env("CARGO_PROFILE_DEV_DEBUG", "false")
            .env("PROPTEST_CASES", "256")
            .env("RUST_BACKTRACE", "0")
    }

    fn source_dir(&self) -> PathBuf {
        self.dir.join("tree")
    }

    fn target(&self) -> PathBuf {
        self.dir.join("target")
    }
}

/// The result of a run of tests that stops at the first failure.
struct TestRun {
    /// Time of the tests, without the build.
    seconds: f64,
    failed: Option<FailedTest>,
}

struct FailedTest {
    /// The path of the test without the program: `properties::native_only`.
    name: String,
    output: String,
}

impl TestRun {
    /// Reads the messages of libtest, one JSON object per line.
    fn parse(messages: &str) -> Result<Self> {
        let mut run = Self { seconds: 0.0, failed: None };
        for line in messages.lines() {
            let message: Value = serde_json::from_str(line).context(|| format!("nextest printed `{line}`"))?;
            if message["type"] != "test" {
                continue;
            }
            run.seconds += message["exec_time"].as_f64().unwrap_or_default();
            if message["event"] == "failed" {
                let name = message["name"].as_str().unwrap_or_default();
                let name = name.split_once('$').map_or(name, |(_, name)| name).to_owned();
                run.failed =
                    Some(FailedTest { name, output: message["stdout"].as_str().unwrap_or_default().to_owned() });
                break;
            }
        }
        Ok(run)
    }

    fn hit(&self, found_by: impl FnOnce(&FailedTest) -> String) -> Option<Hit> {
        self.failed.as_ref().map(|failed| Hit { found_by: found_by(failed), seconds: self.seconds, progress: None })
    }
}

/// The name of a test without its module, and without a final underscore, which avoids a Rust keyword.
fn module_member(failed: &FailedTest) -> &str {
    failed.name.split_once("::").map_or(failed.name.as_str(), |(_, member)| member).trim_end_matches('_')
}

/// The file name of the witness in a message of the replay: `LAW--DESCRIPTION.yaml`.
fn witness(output: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    output.split(|c| !is_part(c)).find(|word| word.contains("--") && word.ends_with(".yaml"))
}

/// The broken law in the log of a fuzz target.
fn broken_law(log: &str) -> Option<&str> {
    let is_law = |text: &&str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    log.lines().find_map(|line| line.split_once(" is broken: ").map(|(law, _)| law).filter(is_law))
}

/// The place of a panic in the log of a fuzz target. A bug can make the generator of cases panic, for example because
/// a valid policy is refused.
fn panic_place(log: &str) -> Option<String> {
    let place = log.lines().find_map(|line| line.split_once(" panicked at ").map(|(_, place)| place))?;
    let file = place.split(':').next()?;
    Some(format!("a panic in {file}"))
}

/// The number of inputs that libFuzzer ran, from its final statistics.
fn runs(log: &str) -> Option<String> {
    let number = log.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    Some(format!("{} runs", number.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_ends_at_the_first_failed_test() {
        let run = TestRun::parse(concat!(
            r#"{"type":"suite","event":"started","test_count":3}"#,
            "\n",
            r#"{"type":"test","event":"ok","name":"slug-resolver::laws$properties::order_free","exec_time":0.5}"#,
            "\n",
            r#"{"type":"test","event":"failed","name":"slug-resolver::laws$properties::native_only","exec_time":0.25,"#,
            r#""stdout":"found at case 7\n"}"#,
            "\n",
        ))
        .unwrap();
        assert_eq!(run.seconds, 0.75);
        let hit = run.hit(|failed| module_member(failed).to_owned()).unwrap();
        assert_eq!((hit.found_by.as_str(), hit.seconds), ("native_only", 0.75));
        assert_eq!(run.failed.unwrap().output, "found at case 7\n");
    }

    #[test]
    fn messages_that_are_not_json_are_an_error() {
        assert!(TestRun::parse("running 1 test").is_err());
    }

    #[test]
    fn witness_is_found_in_the_message_of_the_replay() {
        let output =
            "thread 'main' panicked at laws/witnesses.rs:33:9:\nfail-closed--colon-form.yaml: agreement is broken";
        assert_eq!(witness(output), Some("fail-closed--colon-form.yaml"));
        assert_eq!(witness("no witness was replayed"), None);
    }

    #[test]
    fn fuzzer_log_has_law_and_runs() {
        let log =
            "panicked at fuzz/src/lib.rs:10:\nmodel-class-decides is broken: x\nstat::number_of_executed_units: 92\n";
        assert_eq!((broken_law(log), runs(log)), (Some("model-class-decides"), Some("92 runs".to_owned())));
        assert_eq!((broken_law("The index is broken: x"), runs("")), (None, None));
        let log = "INFO: seed\nthread '<unnamed>' (7) panicked at crates/laws/src/generator.rs:408:39:\nvalid: x\n";
        assert_eq!(panic_place(log).as_deref(), Some("a panic in crates/laws/src/generator.rs"));
        assert_eq!(panic_place("ERROR: libFuzzer: timeout"), None);
    }
}
