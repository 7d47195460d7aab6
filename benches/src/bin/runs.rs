//! Measures what is too slow for criterion: whole processes of slugproof, and the reading of
//! large documents.
//!
//!     runs RESULTS ROUND     measures everything, and writes RESULTS/runs/round-ROUND.json
//!     runs --sharing RESULTS proves registries whose arms share ids, and writes RESULTS/sharing.json
//!     runs --test            runs everything once at a small size, and writes nothing
//!
//! The variable SLUGPROOF names the program to measure; the default is `slugproof` in the
//! directory of this program.

use std::collections::HashSet;
use std::error::Error;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use slug_bench::data;
use slug_bench::generate::{self, Size};
use slug_bench::results::{ResultsDir, Run, SharingProof};
use slug_lines::{LineResolver, answer_lines};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry, RegistryDocument};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Time limit of one run. A run that exceeds it is stopped and recorded with the time so far.
const TIME_LIMIT: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // `cargo bench` and criterion use the same flag for a trial run.
        ["--test"] => Scale::TRIAL.measure().and_then(|_| prove_sharing(&[10], 1)).map(drop),
        ["--sharing", directory] => measure_sharing(&ResultsDir(directory.into())),
        [directory, round] => {
            round.parse().map_err(Into::into).and_then(|round| measure_and_save(&ResultsDir(directory.into()), round))
        }
        _ => Err("usage: runs RESULTS ROUND, runs --sharing RESULTS, or runs --test".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_and_save(directory: &ResultsDir, round: usize) -> Outcome<()> {
    let file = directory.runs(round);
    fs::create_dir_all(file.parent().expect("a file is in a directory"))?;
    let runs = Scale::FULL.measure()?;
    for run in &runs {
        let median = slug_bench::results::median(run.samples.clone());
        eprintln!("{:<28} {median:>16.1}{}", run.id, if run.timed_out { "  stopped" } else { "" });
    }
    fs::write(file, serde_json::to_vec_pretty(&runs)?)?;
    Ok(())
}

fn measure_sharing(directory: &ResultsDir) -> Outcome<()> {
    fs::create_dir_all(&directory.0)?;
    let proofs = prove_sharing(&[20, 40, 80, 147], 3)?;
    fs::write(directory.sharing(), serde_json::to_vec_pretty(&proofs)?)?;
    Ok(())
}

/// The sizes and repetitions of the measurements.
struct Scale {
    /// Number of processes for each start-up time.
    starts: usize,
    /// Number of runs of `prove` on the embedded data.
    proofs: usize,
    /// Whether to measure `prove --brute-force`.
    brute_force: bool,
    /// Numbers of ids in the generated registries to prove.
    proved_ids: &'static [usize],
    /// Minimum number of lines in the batch.
    lines: usize,
    /// Sizes of the generated documents to read.
    document_bytes: &'static [usize],
}

impl Scale {
    const FULL: Self = Self {
        starts: 30,
        proofs: 3,
        brute_force: true,
        proved_ids: &[300, 3_000, 30_000],
        lines: 500_000,
        document_bytes: &[10_000, 100_000, 1_000_000, 10_000_000],
    };

    const TRIAL: Self =
        Self { starts: 1, proofs: 1, brute_force: false, proved_ids: &[300], lines: 1_000, document_bytes: &[10_000] };

    fn measure(&self) -> Outcome<Vec<Run>> {
        let slugproof = slugproof()?;
        let mut runs = start_up(&slugproof, self.starts)?;
        runs.extend(batch(&slugproof, self.lines)?);
        runs.extend(prove_embedded(&slugproof, self.proofs, self.brute_force)?);
        for &ids in self.proved_ids {
            runs.push(prove_generated(&slugproof, ids)?);
        }
        for &bytes in self.document_bytes {
            runs.push(read_generated(bytes)?);
        }
        Ok(runs)
    }
}

/// The path of the program to measure.
fn slugproof() -> Outcome<PathBuf> {
    let path = match std::env::var_os("SLUGPROOF") {
        Some(path) => path.into(),
        None => std::env::current_exe()?.with_file_name(format!("slugproof{}", std::env::consts::EXE_SUFFIX)),
    };
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("`{}` does not exist; build it with the same profile", path.display()).into())
    }
}

fn completed_run(id: &str, samples: Vec<f64>) -> Run {
    Run { id: id.to_owned(), samples, timed_out: false }
}

fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

// One process per question.

/// Measures the time from the start of a process to its end, and its peak memory.
fn start_up(slugproof: &Path, starts: usize) -> Outcome<Vec<Run>> {
    let question = ["resolve", "--runtime", "claude-code", "E2E_MINIMAX_API_KEY=set"];
    let answer = Command::new(slugproof).args(question).output()?;
    if !(answer.status.success() && String::from_utf8_lossy(&answer.stdout).contains("MiniMax-M2.7")) {
        return Err(format!("`slugproof {}` returns an unexpected answer", question.join(" ")).into());
    }
    let time = |arguments: &[&str]| -> Outcome<f64> {
        let mut command = Command::new(slugproof);
        command.args(arguments).stdout(Stdio::null());
        let started = Instant::now();
        let status = command.status()?;
        let time = started.elapsed();
        if status.success() {
            Ok(nanoseconds(time))
        } else {
            Err(format!("`slugproof {}` fails", arguments.join(" ")).into())
        }
    };
    let (mut version, mut resolve) = (Vec::new(), Vec::new());
    for _ in 0..starts {
        version.push(time(&["--version"])?);
        resolve.push(time(&question)?);
    }
    let memory = peak_memory_until_output(Command::new(slugproof).args(question))?;
    Ok(vec![
        completed_run("start-up/version", version),
        completed_run("start-up/resolve", resolve),
        completed_run("start-up/memory", vec![memory]),
    ])
}

/// The peak memory of a process until its first output, in bytes.
///
/// The process writes to a full pipe. It blocks at its first write, and the system then reports
/// its peak memory. After that write the process would only exit.
fn peak_memory_until_output(command: &mut Command) -> Outcome<f64> {
    let (reader, writer) = io::pipe()?;
    let mut filler = writer.try_clone()?;
    let filling = thread::spawn(move || while filler.write(&[0; 4096]).is_ok() {});
    thread::sleep(Duration::from_millis(50));
    let mut child = command.stdout(writer).stderr(Stdio::null()).spawn()?;
    // The process may also sleep before it blocks, but not during ten checks in a row.
    let mut checks_asleep = 0;
    while checks_asleep < 10 {
        thread::sleep(Duration::from_millis(10));
        if child.try_wait()?.is_some() {
            return Err("the command ended before it wrote anything".into());
        }
        checks_asleep = if process_status(&child, "State:")?.starts_with('S') { checks_asleep + 1 } else { 0 };
    }
    let memory = peak_memory_so_far(&child)?;
    child.kill()?;
    child.wait()?;
    drop(reader);
    filling.join().expect("the filler does not panic");
    Ok(memory)
}

/// The peak memory of a process so far, in bytes.
fn peak_memory_so_far(process: &Child) -> Outcome<f64> {
    let peak = process_status(process, "VmHWM:")?;
    let kilobytes: f64 = peak.trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024.0)
}

/// The value of a field in the status file that Linux has for a process.
fn process_status(process: &Child, field: &str) -> Outcome<String> {
    let text = fs::read_to_string(format!("/proc/{}/status", process.id()))?;
    let value = text.lines().find_map(|line| line.strip_prefix(field)).map(str::trim);
    value.map(str::to_owned).ok_or_else(|| format!("the status file of the process has no field `{field}`").into())
}

// Many questions to one process.

/// Minimum number of lines in the block that is sent repeatedly.
const BLOCK_LINES: usize = 5_000;

/// Measures the time per line and the peak memory of `resolve --batch`.
fn batch(slugproof: &Path, lines: usize) -> Outcome<Vec<Run>> {
    let distinct_lines = data::question_lines();
    let order = generate::shuffled_indexes(distinct_lines.len(), BLOCK_LINES);
    let questions: Vec<&str> = order.into_iter().map(|index| distinct_lines[index].as_str()).collect();
    let (block, answers) = (questions.join("\n") + "\n", expected_answers(&questions)?);
    let blocks = lines.div_ceil(questions.len());

    let mut command = Command::new(slugproof);
    command.args(["resolve", "--batch", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let started = Instant::now();
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().expect("the stream is piped");
    let mut output = child.stdout.take().expect("the stream is piped");
    let feeding = thread::spawn(move || -> io::Result<_> {
        for _ in 0..blocks {
            input.write_all(block.as_bytes())?;
        }
        Ok(input)
    });
    let mut chunk = vec![0; 1 << 16];
    // The expected answers repeat with the blocks; `position` is the position in them.
    let (mut bytes_left, mut position) = (blocks * answers.len(), 0);
    while bytes_left > 0 {
        let mut read = output.read(&mut chunk)?;
        if read == 0 {
            return Err("`resolve --batch` ended early".into());
        }
        bytes_left -= read;
        let mut rest = &chunk[..read];
        while read > 0 {
            let compared = read.min(answers.len() - position);
            if rest[..compared] != answers[position..position + compared] {
                return Err("`resolve --batch` and the library return different answers".into());
            }
            rest = &rest[compared..];
            read -= compared;
            position = (position + compared) % answers.len();
        }
    }
    let time = started.elapsed();
    // The process has answered everything and waits for more input, so this is the peak.
    let memory = peak_memory_so_far(&child)?;
    let input = feeding.join().expect("the feeder does not panic")?;
    drop(input);
    if child.wait()?.code() != Some(1) {
        return Err("the exit code of `resolve --batch` does not report findings".into());
    }
    let per_question = nanoseconds(time) / (blocks * questions.len()) as f64;
    Ok(vec![completed_run("batch/process", vec![per_question]), completed_run("batch/memory", vec![memory])])
}

/// The answers of the library, one line for each question.
fn expected_answers(questions: &[&str]) -> Outcome<Vec<u8>> {
    let registry = Registry::embedded();
    let policy = Policy::embedded("full-saas").expect("the policy ships with the crate");
    let input = questions.join("\n") + "\n";
    let mut answers = Vec::new();
    let resolver = LineResolver::new(&registry, &policy);
    answer_lines(&mut BufReader::new(input.as_bytes()), &mut answers, |line, out| resolver.answer(line, out))
        .map_err(|stopped| format!("{stopped:?}"))?;
    if answers.lines().count() == questions.len() { Ok(answers) } else { Err("a question has no answer".into()) }
}

// Proofs.

/// Measures `prove` on the embedded data, and `prove --brute-force` if wanted.
fn prove_embedded(slugproof: &Path, times: usize, brute_force: bool) -> Outcome<Vec<Run>> {
    let prove = |arguments: &[&str]| -> Outcome<(f64, Value)> {
        let mut command = Command::new(slugproof);
        command.args(["prove", "--embedded", "--format", "json"]).args(arguments).current_dir(std::env::temp_dir());
        let started = Instant::now();
        let output = command.output()?;
        let time = started.elapsed();
        let report: Value = serde_json::from_slice(&output.stdout)?;
        let policies = report["policies"].as_array().ok_or("`prove` reports no policies")?;
        if !output.status.success() || policies.is_empty() || policies.iter().any(|policy| !policy["broken"].is_null())
        {
            return Err("`prove` finds a broken law in the embedded data".into());
        }
        Ok((nanoseconds(time), report))
    };
    let mut samples = Vec::new();
    for _ in 0..times {
        samples.push(prove(&[])?.0);
    }
    let mut runs = vec![completed_run("prove/embedded", samples)];
    if brute_force {
        let (time, report) = prove(&["--brute-force"])?;
        let policies = report["policies"].as_array().into_iter().flatten();
        if policies.map(|policy| &policy["decided_one_by_one"]).any(|agrees| *agrees != Value::Bool(true)) {
            return Err("`prove --brute-force` disagrees with the proof".into());
        }
        runs.push(completed_run("prove/brute-force", vec![time]));
    }
    Ok(runs)
}

/// Measures `prove` on a generated registry with this number of ids.
fn prove_generated(slugproof: &Path, ids: usize) -> Outcome<Run> {
    let scratch = Scratch::new()?;
    let mut command = proof_of(slugproof, generate::registry(Size { providers: 100, runtimes: 5, ids }), &scratch)?;
    command.stdout(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn()?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status);
        }
        if started.elapsed() > TIME_LIMIT {
            child.kill()?;
            child.wait()?;
            break None;
        }
        thread::sleep(Duration::from_millis(1));
    };
    let time = started.elapsed();
    if status.is_some_and(|status| !status.success()) {
        return Err(format!("`prove` fails on a generated registry with {ids} ids").into());
    }
    let id = format!("prove/growth/{ids}");
    Ok(Run { id, samples: vec![nanoseconds(time)], timed_out: status.is_none() })
}

/// The command that proves a generated registry with its policy. Writes both into a directory.
fn proof_of(slugproof: &Path, document: RegistryDocument, scratch: &Scratch) -> Outcome<Command> {
    let policy = Policy::new(generate::policy(&document))?;
    let registry = Registry::new(document)?;
    let (registry_file, policy_file) = (scratch.0.join("providers.yaml"), scratch.0.join("policy.yaml"));
    fs::write(&registry_file, registry.to_yaml())?;
    fs::write(&policy_file, policy.to_yaml())?;
    let mut command = Command::new(slugproof);
    command.args(["prove", "--quiet", "--registry"]).arg(registry_file).arg("--policy").arg(policy_file);
    command.current_dir(&scratch.0);
    Ok(command)
}

/// Measures `prove` on registries with these numbers of providers, whose arms share ids: the least time of several
/// runs. The sizes take turns, so that a slowdown of the machine affects all of them.
fn prove_sharing(sizes: &[usize], times: usize) -> Outcome<Vec<SharingProof>> {
    let slugproof = slugproof()?;
    let scratch = Scratch::new()?;
    let mut proofs: Vec<SharingProof> = Vec::new();
    for time in 0..times {
        for (index, &providers) in sizes.iter().enumerate() {
            let document = generate::sharing_registry(providers);
            let listed = document.runtimes.iter().flat_map(|runtime| &runtime.arms).flat_map(|arm| &arm.models);
            let ids = listed.collect::<HashSet<_>>().len();
            let mut command = proof_of(&slugproof, document, &scratch)?;
            let before = cpu_seconds_of_children()?;
            let output = command.args(["--format", "json"]).output()?;
            let cpu_seconds = cpu_seconds_of_children()? - before;
            let report: Value = serde_json::from_slice(&output.stdout)?;
            let policy = &report["policies"][0];
            if !output.status.success() || !policy["broken"].is_null() {
                return Err(format!("`prove` fails on a generated registry with {providers} providers").into());
            }
            let count = |name: &str| policy[name].as_u64().ok_or_else(|| format!("`prove` reports no `{name}`"));
            let (cases, compared, combinations) = (count("evaluated")?, count("compared")?, count("combinations")?);
            let proof = SharingProof { providers, ids, cases, compared, combinations, cpu_seconds };
            if time == 0 {
                proofs.push(proof);
            } else {
                proofs[index].cpu_seconds = proofs[index].cpu_seconds.min(cpu_seconds);
            }
        }
    }
    Ok(proofs)
}

/// The time that ended child processes used on all cores, in seconds. Linux counts it in hundredths.
fn cpu_seconds_of_children() -> Outcome<f64> {
    let status = fs::read_to_string("/proc/self/stat")?;
    // The name of the program, in parentheses, may contain spaces; after it, the times of the children for themselves
    // and for the system are the fields 13 and 14.
    let fields = status.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse).collect::<Result<Vec<f64>, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// A temporary directory that is removed on drop.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("slug-bench-{}", std::process::id()));
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The system cleans the temporary directory if this fails.
        drop(fs::remove_dir_all(&self.0));
    }
}

// Large documents in this process.

/// Measures reading a generated registry of about this number of bytes, in nanoseconds per byte.
fn read_generated(bytes: usize) -> Outcome<Run> {
    let yaml = |ids| Registry::new(generate::registry(Size { providers: 30, runtimes: 1, ids })).map(|r| r.to_yaml());
    // Later ids are longer, so approach the number of ids in several steps. `base` is the size
    // without ids.
    let base = yaml(0)?.len();
    let mut ids = 100;
    let mut text = yaml(ids)?;
    for _ in 0..4 {
        ids = ids * bytes.saturating_sub(base) / (text.len() - base);
        text = yaml(ids)?;
    }
    if text.len().abs_diff(bytes) > bytes / 10 {
        return Err(format!("the generated registry should have about {bytes} bytes, but has {}", text.len()).into());
    }
    let mut samples = Vec::new();
    // Read about one megabyte in total for each size, but at least one and at most 30 documents.
    for _ in 0..(1_000_000 / bytes).clamp(1, 30) {
        let started = Instant::now();
        let registry = Registry::from_yaml(text.as_bytes(), UnknownFields::Deny)?;
        samples.push(nanoseconds(started.elapsed()) / text.len() as f64);
        let listed: usize = registry.runtimes()[0].arms.iter().map(|arm| arm.models.len()).sum();
        if listed != ids {
            return Err(format!("{listed} of {ids} ids were read").into());
        }
    }
    Ok(completed_run(&format!("reading/growth/{bytes}"), samples))
}
