//! `cargo ci mutants`: mutation testing with cargo-mutants.
//!
//! Each mutant changes one operator, constant or function body in a copy of the checkout,
//! and a test must fail. A surviving mutant shows a missing property, or code without effect.
//! ci/mutants.tsv lists the survivors that no test can detect, each with its reason; any other
//! survivor is a finding, and so is an outdated line of the list.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use serde::{Deserialize, Serialize};

use crate::checkout;
use crate::failure::{Context, Result, error, finding};
use crate::forge;
use crate::process::{self, Process};
use crate::shard::Shard;
use crate::tools;

/// A part of the code with the tests for its mutants.
struct Part {
    name: &'static str,
    /// The description of the part for the page.
    description: &'static str,
    /// The files and directories to mutate.
    only: &'static [&'static str],
    /// The files and directories to exclude from these.
    except: &'static [&'static str],
    /// The packages with the tests, and the test programs to build; cargo builds no others.
    packages: &'static [&'static str],
    tests: &'static [&'static str],
}

const PARTS: [Part; 3] = [
    Part {
        name: "resolver",
        description: "the pipeline and the readers of its files",
        only: &["resolver/src", "crates/yaml/src"],
        except: &[],
        packages: &["slug-resolver", "slug-yaml"],
        tests: &["--lib", "--test=laws"],
    },
    Part {
        name: "laws",
        description: "the laws, the case generator, the enumeration of cases and the reference resolver",
        only: &["crates/laws/src"],
        except: &[],
        packages: &["slug-resolver"],
        tests: &["--test=laws"],
    },
    Part {
        name: "cli",
        description: "the computations of the command: environments and expressions in `lint`, causes in \
            `diagnose`, overlaps in `check`. The shell lexer and interpreter of `lint` are not mutated; they \
            have their own tests",
        only: &[
            "crates/workflow/src/context.rs",
            "crates/workflow/src/environment.rs",
            "crates/workflow/src/expression.rs",
            "crates/workflow/src/job.rs",
            "crates/workflow/src/matrix.rs",
            "crates/workflow/src/script.rs",
            "crates/workflow/src/slice.rs",
            "crates/workflow/src/trigger.rs",
            "crates/value/src/lib.rs",
            "crates/shell/src/state.rs",
            "cli/src/lint/evaluate.rs",
            "cli/src/commands/diagnose/cause.rs",
            "cli/src/commands/check/arms.rs",
        ],
        except: &[],
        packages: &["slugproof", "slug-workflow", "slug-shell", "slug-value"],
        tests: &["--lib", "--test=command"],
    },
];

const KNOWN: &str = "ci/mutants.tsv";
const PAGE: &str = "docs/mutants.md";
/// The sentence of a page that covers every mutant; the rows of such a page can be kept.
const WHOLE: &str = "Every mutant was tested.";

/// Change the code at every location and expect a test to fail; writes docs/mutants.md
///
/// All parts together take hours on two cores. The page keeps its rows of the other parts.
#[derive(clap::Args)]
pub struct Arguments {
    /// Parts to test [default: all]
    #[arg(value_parser = PossibleValuesParser::new(PARTS.map(|part| part.name)))]
    parts: Vec<String>,
    /// Test only the K-th of N pieces of each part, so that N machines share the work
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Continue an earlier run: test missing, timed-out and unlisted surviving mutants, and new
    /// code. The page lists all tested commits
    #[arg(long, conflicts_with = "shard")]
    resume: bool,
    /// Test nothing; report the results of an earlier run
    #[arg(long, conflicts_with = "resume")]
    report: bool,
}

pub fn run(arguments: &Arguments) -> Result {
    tools::ensure_cargo_tool("cargo-mutants")?;
    let known = Known::read()?;
    let is_selected = |part: &&Part| arguments.parts.is_empty() || arguments.parts.iter().any(|name| name == part.name);
    let selected: Vec<&Part> = PARTS.iter().filter(is_selected).collect();
    if !arguments.report {
        tools::ensure_cargo_tool("cargo-nextest")?;
        for part in &selected {
            test_part(part, arguments, &known)?;
        }
    }
    let reports = selected.iter().map(|part| Report::of(part, arguments.shard, &known)).collect::<Result<Vec<_>>>()?;
    print!("{}", table(reports.iter().map(|report| report.row.as_str())));
    write_page(&reports, arguments.shard, &known)?;

    let mut problems = String::new();
    let survivors: Vec<&Change> = reports.iter().flat_map(|report| &report.survivors).collect();
    if !survivors.is_empty() {
        problems += "these mutants survive; add a test that detects them, or remove code without effect:\n";
        survivors.iter().for_each(|change| _ = writeln!(problems, "  {change}"));
    }
    let stale = known.stale(&reports)?;
    if !stale.is_empty() {
        _ = writeln!(problems, "these lines of {KNOWN} match no surviving mutant; remove them:");
        stale.iter().for_each(|change| _ = writeln!(problems, "  {change}"));
    }
    if problems.is_empty() { Ok(()) } else { finding(problems.trim_end()) }
}

/// Runs cargo-mutants on a part and keeps the results.
fn test_part(part: &Part, arguments: &Arguments, known: &Known) -> Result {
    let directory = results_dir(part)?;
    if arguments.resume {
        skip_decided(part, &directory, known)?;
    } else if directory.exists() {
        fs::remove_dir_all(&directory).context(|| format!("cannot remove {}", directory.display()))?;
    }
    checkout::write(directory.join(COMMIT), &checkout::current_commit()?)?;
    let mut mutants = Process::cargo()
        .args(["mutants", "--test-tool", "nextest", "--minimum-test-timeout", "120"])
        .args(["--jobs", &process::available_parallelism().to_string()])
        .arg("--output")
        .arg(&directory)
        .args(selection(part, arguments.shard)?)
        .args(if arguments.resume { &["--iterate"][..] } else { &[] })
        // Most mutants are detected immediately, so the build takes most of the time.
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "false")
        .env("NEXTEST_PROFILE", "mutants")
        // Properties use the same cases for each mutant as for the unchanged code, on which they
        // pass: a failure is due to the mutant, not to chance.
        .env("PROPTEST_RNG_SEED", "1");
    match mutants.status()?.code() {
        // 2 means survivors and 3 timeouts; both are evaluated later.
        Some(0 | 2 | 3) => collect(&directory).map(|_| ()),
        _ => error("cargo-mutants failed; see the reason above"),
    }
}

/// Prepares a continued run: cargo-mutants skips the mutants that its directory lists as caught.
fn skip_decided(part: &Part, directory: &Path, known: &Known) -> Result {
    let current = list(part, None)?;
    let mut results = collect(directory)?;
    results.retain(|name, result| {
        let is_decided = match result.verdict {
            Verdict::Caught | Verdict::Unviable => true,
            Verdict::Missed => current.get(name).is_some_and(|change| known.reasons.contains_key(change)),
            Verdict::Timeout => false,
        };
        is_decided && current.contains_key(name)
    });
    write_results(directory, &results)?;
    let out = directory.join("mutants.out");
    let names: String = results.keys().flat_map(|name| [name, "\n"]).collect();
    for (file, text) in [("previously_caught.txt", names.as_str()), ("caught.txt", ""), ("unviable.txt", "")] {
        checkout::write(out.join(file), text)?;
    }
    Ok(())
}

/// The directory with the results of a part.
fn results_dir(part: &Part) -> Result<PathBuf> {
    Ok(checkout::target_dir()?.join("mutants").join(part.name))
}

/// The arguments of cargo-mutants that select the mutants of a part and its tests.
fn selection(part: &Part, shard: Option<Shard>) -> Result<Vec<String>> {
    let mut arguments = Vec::new();
    for (option, paths) in [("--file", part.only), ("--exclude", part.except)] {
        for path in paths {
            // A moved file would silently have no mutants.
            let pattern = match fs::metadata(path) {
                Ok(found) if found.is_dir() => format!("{path}/**"),
                Ok(_) => (*path).to_owned(),
                Err(_) => {
                    return error(format!("{path} does not exist; correct the path in ci/src/mutants.rs"));
                }
            };
            arguments.push(format!("{option}={pattern}"));
        }
    }
    arguments.extend(part.packages.iter().map(|package| format!("--test-package={package}")));
    arguments.extend(part.tests.iter().map(|test| format!("--cargo-arg={test}")));
    // cargo-mutants counts from 0.
    arguments.extend(shard.map(|shard| format!("--shard={}/{}", shard.index - 1, shard.count)));
    Ok(arguments)
}

/// The current mutants of a part: the change of each, by name.
fn list(part: &Part, shard: Option<Shard>) -> Result<BTreeMap<String, Change>> {
    let text = Process::cargo().args(["mutants", "--list", "--json"]).args(selection(part, shard)?).read_stdout()?;
    let mutants: Vec<Mutant> =
        serde_json::from_str(&text).context(|| "cannot read the list of cargo-mutants".to_owned())?;
    let mut sources = HashMap::new();
    let changes = mutants.into_iter().map(|mutant| {
        let change = mutant.change(&mut sources)?;
        Ok((mutant.name, change))
    });
    changes.collect()
}

/// A mutant as cargo-mutants describes it.
#[derive(Deserialize)]
struct Mutant {
    /// `FILE:LINE:COLUMN: CHANGE`.
    name: String,
    file: String,
    span: Span,
}

#[derive(Deserialize)]
struct Span {
    start: LineColumn,
}

/// Line and column, counted from 1; the column is in characters.
#[derive(Deserialize)]
struct LineColumn {
    line: usize,
    column: usize,
}

impl Mutant {
    fn change(&self, sources: &mut HashMap<String, String>) -> Result<Change> {
        let Self { name, file, span: Span { start } } = self;
        if !sources.contains_key(file) {
            sources.insert(file.clone(), checkout::read(file)?);
        }
        let line = sources[file].lines().nth(start.line - 1).unwrap_or_default();
        let text = line.chars().skip(start.column - 1).collect();
        let change = name.strip_prefix(&format!("{file}:{}:{}: ", start.line, start.column)).unwrap_or(name);
        Ok(Change { what: format!("{file}: {change}"), text })
    }
}

/// The change of a mutant without its line number: file and change, and the source text from
/// the change to the end of the line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    what: String,
    text: String,
}

impl std::fmt::Display for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`, at `{}`", self.what, self.text)
    }
}

/// The result of testing a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Verdict {
    Caught,
    Missed,
    Timeout,
    Unviable,
}

/// The verdict on a mutant and the commit at which it was tested.
#[derive(Debug, Serialize, Deserialize)]
struct MutantResult {
    verdict: Verdict,
    commit: String,
}

/// The results of a part, by mutant name.
type Results = BTreeMap<String, MutantResult>;

/// Files in the directory of a part: the results of all runs, and the commit of the last run.
const RESULTS: &str = "results.json";
const COMMIT: &str = "commit";

/// Adds the results of the last run, even of an interrupted one, to the results of a part.
fn collect(directory: &Path) -> Result<Results> {
    let file = directory.join(RESULTS);
    let mut results: Results = if file.exists() {
        serde_json::from_str(&checkout::read(&file)?).context(|| format!("cannot read {}", file.display()))?
    } else {
        Results::new()
    };
    let out = directory.join("mutants.out");
    let file = out.join("outcomes.json");
    if file.exists() {
        let commit = checkout::read(directory.join(COMMIT))?;
        let text = checkout::read(&file)?;
        let verdicts = verdicts(&text, |log| checkout::read(out.join(log)))?;
        results.extend(
            verdicts.into_iter().map(|(name, verdict)| (name, MutantResult { verdict, commit: commit.clone() })),
        );
        write_results(directory, &results)?;
    }
    Ok(results)
}

fn write_results(directory: &Path, results: &Results) -> Result {
    let text = serde_json::to_string_pretty(results).context(|| "cannot write the results".to_owned())?;
    checkout::write(directory.join(RESULTS), &text)
}

/// The content of outcomes.json, written by cargo-mutants.
#[derive(Deserialize)]
struct Outcomes {
    outcomes: Vec<Outcome>,
}

#[derive(Deserialize)]
struct Outcome {
    scenario: Scenario,
    summary: String,
    log_path: String,
}

#[derive(Deserialize)]
enum Scenario {
    Baseline,
    Mutant(Mutant),
}

/// The verdicts in an outcomes.json. Some depend on the log of the mutant: a test that nextest
/// stopped counts as a timeout, and a compiler that the machine stopped gives no verdict.
fn verdicts(outcomes: &str, log: impl Fn(&str) -> Result<String>) -> Result<Vec<(String, Verdict)>> {
    let Outcomes { outcomes } =
        serde_json::from_str(outcomes).context(|| "cannot read the outcomes of cargo-mutants".to_owned())?;
    let mut verdicts = Vec::new();
    for Outcome { scenario, summary, log_path } in outcomes {
        let Scenario::Mutant(mutant) = scenario else { continue };
        let verdict = match summary.as_str() {
            // No machine-readable format of nextest has this information.
            "CaughtMutant" if log(&log_path)?.lines().any(|line| line.trim_start().starts_with("TIMEOUT [")) => {
                Verdict::Timeout
            }
            "CaughtMutant" => Verdict::Caught,
            "MissedMutant" => Verdict::Missed,
            "Timeout" => Verdict::Timeout,
            "Unviable" if log(&log_path)?.lines().any(is_failure_of_the_machine) => {
                eprintln!("the machine stopped the compiler, so this mutant was not tested: {}", mutant.name);
                continue;
            }
            "Unviable" => Verdict::Unviable,
            other => {
                return error(format!("cargo-mutants gives `{}` the unknown summary `{other}`", mutant.name));
            }
        };
        verdicts.push((mutant.name, verdict));
    }
    Ok(verdicts)
}

fn is_failure_of_the_machine(line: &str) -> bool {
    line.contains("No space left on device")
        || line.contains("rustc") && line.contains("(signal: ")
        || line.contains("linking with ") && line.contains(" failed")
}

/// The survivors that no test can detect.
struct Known {
    reasons: BTreeMap<Change, String>,
    /// The lines in file order, for the page.
    lines: Vec<[String; 3]>,
}

impl Known {
    fn read() -> Result<Self> {
        Ok(Self::new(checkout::read_table(KNOWN)?))
    }

    fn new(lines: Vec<[String; 3]>) -> Self {
        let reasons = lines.iter().map(|[what, text, why]| {
            let change = Change { what: what.clone(), text: text.clone() };
            (change, why.clone())
        });
        Self { reasons: reasons.collect(), lines }
    }

    /// The listed mutants that a test detected or that no longer exist.
    fn stale(&self, reports: &[Report]) -> Result<BTreeSet<&Change>> {
        let mut current = BTreeSet::new();
        for part in &PARTS {
            current.extend(list(part, None)?.into_values());
        }
        let detected: BTreeSet<&Change> = reports.iter().flat_map(|report| &report.detected).collect();
        Ok(self.reasons.keys().filter(|change| detected.contains(change) || !current.contains(change)).collect())
    }
}

/// The evaluated results of a part.
struct Report {
    part: &'static str,
    row: String,
    /// Survivors that are not listed.
    survivors: Vec<Change>,
    /// Mutants that a test detected or that do not compile.
    detected: Vec<Change>,
}

impl Report {
    fn of(part: &Part, shard: Option<Shard>, known: &Known) -> Result<Self> {
        let mut results = collect(&results_dir(part)?)?;
        let current = list(part, shard)?;
        results.retain(|name, _| current.contains_key(name));
        if results.len() < current.len() {
            return error(format!(
                "{} of the {} mutants of `{name}` have no result; run cargo ci mutants --resume {name}",
                current.len() - results.len(),
                current.len(),
                name = part.name
            ));
        }
        let count = |verdict| results.values().filter(|result| result.verdict == verdict).count();
        let (missed, detected): (Vec<_>, Vec<_>) =
            results.iter().partition(|(_, result)| result.verdict == Verdict::Missed);
        let changes = |results: Vec<(&String, &MutantResult)>| {
            results.into_iter().map(|(name, _)| current[name].clone()).collect()
        };
        let missed: Vec<Change> = changes(missed);
        let (listed, survivors): (Vec<_>, Vec<_>) =
            missed.into_iter().partition(|change| known.reasons.contains_key(change));
        let commits: BTreeSet<String> = results.values().map(|result| format!("`{}`", result.commit)).collect();
        let row = format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            part.name,
            results.len(),
            count(Verdict::Caught),
            count(Verdict::Timeout),
            count(Verdict::Unviable),
            listed.len(),
            survivors.len(),
            Vec::from_iter(commits).join(", ")
        );
        Ok(Self { part: part.name, row, survivors, detected: changes(detected) })
    }
}

fn table<'a>(rows: impl Iterator<Item = &'a str>) -> String {
    let mut table = String::from(
        "| part | mutants | caught | timeout | does not compile | equivalent | survive | tested at |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n",
    );
    rows.for_each(|row| _ = writeln!(table, "{row}"));
    table
}

/// Writes the page, unless a row is missing. The page keeps the row of a part that was not
/// tested if the page covers every mutant and the part still has the same number of them.
fn write_page(reports: &[Report], shard: Option<Shard>, known: &Known) -> Result {
    if shard.is_some() && reports.len() < PARTS.len() {
        println!("{PAGE} is not written: a page needs all parts");
        return Ok(());
    }
    let old = if Path::new(PAGE).exists() { checkout::read(PAGE)? } else { String::new() };
    let old: Vec<&str> = if old.lines().any(|line| line == WHOLE) { old.lines().collect() } else { Vec::new() };
    let (mut rows, mut survivors) = (Vec::new(), Vec::new());
    for part in &PARTS {
        if let Some(report) = reports.iter().find(|report| report.part == part.name) {
            rows.push(report.row.clone());
            survivors.extend(report.survivors.iter().map(|change| format!("- {}: {change}", part.name)));
            continue;
        }
        let starts_with =
            |start: String| old.iter().filter(move |line| line.starts_with(&start)).map(ToString::to_string);
        let Some(row) = starts_with(format!("| {} | {} |", part.name, list(part, None)?.len())).next() else {
            println!("{PAGE} is not written: it has no current row for `{0}`; run cargo ci mutants {0}", part.name);
            return Ok(());
        };
        rows.push(row);
        survivors.extend(starts_with(format!("- {}: ", part.name)));
    }
    let scope = match shard {
        None => WHOLE.to_owned(),
        Some(Shard { index, count }) => format!("This run tested piece {index} of {count} of each part."),
    };
    let page = page(&rows, &survivors, &scope, known);
    forge::publish_page(Path::new(PAGE), &page)
}

fn page(rows: &[String], survivors: &[String], scope: &str, known: &Known) -> String {
    let parts: String = PARTS.iter().map(|part| format!("- **{}**: {}.\n", part.name, part.description)).collect();
    let table = table(rows.iter().map(String::as_str));
    let mut page = format!(
        "<!-- Written by `cargo ci mutants` with the reasons of ci/mutants.tsv. Edit those, not this. -->

# Mutation testing

Mutation testing shows whether the tests detect mistakes. `cargo ci mutants` makes one mistake at
a time: it swaps an operator, removes a branch, lets a function return immediately. It builds each
**mutant** in a copy and runs tests until one fails. A mutant that no test detects **survives**,
and shows a missing property, or code without effect.

{parts}
{scope}

{table}
*Timeout*: a test took several times as long as usual, which counts as detected. *Equivalent*: no
test can distinguish the mutant from the code, for example because it is only slower; each is
listed below with its reason. *Tested at*: the commits; a mutant that was caught at one commit is
not tested again at the next. The nightly job tests all mutants, on four machines.

| mutant | changed text | why no test can detect it |
| --- | --- | --- |
"
    );
    for [what, text, why] in &known.lines {
        // `|` would end the cell.
        _ = writeln!(page, "| `{}` | `{}` | {} |", cell(what), cell(text), cell(why));
    }
    if !survivors.is_empty() {
        page += "\nThese mutants survive and need a test:\n\n";
        survivors.iter().for_each(|line| _ = writeln!(page, "{line}"));
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of a real outcomes.json that are read.
    const OUTCOMES: &str = include_str!("../tests/mutants/outcomes.json");

    #[test]
    fn verdicts_follow_outcomes_and_logs() {
        let log = |path: &str| {
            Ok(match path {
                "log/slow.log" => "    TIMEOUT [  30.010s] slug-resolver::laws exhaustive::agreement\n",
                "log/killed.log" => {
                    "error: could not compile\nprocess didn't exit: `rustc …` (signal: 9, SIGKILL: kill)\n"
                }
                _ => "error[E0308]: mismatched types\n",
            }
            .to_owned())
        };
        let found = verdicts(OUTCOMES, log).expect("the JSON is well-formed");
        let found: Vec<_> =
            found.iter().map(|(name, verdict)| (name.rsplit(' ').next().unwrap_or(name), *verdict)).collect();
        assert_eq!(
            found,
            [
                ("caught", Verdict::Caught),
                ("slow", Verdict::Timeout),
                ("missed", Verdict::Missed),
                ("endless", Verdict::Timeout),
                ("unviable", Verdict::Unviable),
            ]
        );
    }

    #[test]
    fn change_is_independent_of_the_line() {
        let mutant: Mutant = serde_json::from_str(
            r#"{"name": "a.rs:2:7: replace + with * in f", "file": "a.rs",
                "span": {"start": {"line": 2, "column": 7}}}"#,
        )
        .expect("the JSON is well-formed");
        let mut sources = HashMap::from([("a.rs".to_owned(), "fn f() {\n    é + 1;\n}\n".to_owned())]);
        let change = mutant.change(&mut sources).expect("the source is known");
        assert_eq!(change, Change { what: "a.rs: replace + with * in f".to_owned(), text: "+ 1;".to_owned() });
    }

    #[test]
    fn parts_and_table_name_files_that_exist() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let known: Vec<[String; 3]> =
            checkout::parse_table(KNOWN, &fs::read_to_string(root.join(KNOWN)).unwrap()).unwrap();
        let listed = known.iter().map(|[what, ..]| what.split(':').next().unwrap_or_default());
        let mutated = PARTS.iter().flat_map(|part| part.only.iter().chain(part.except)).copied();
        listed.chain(mutated).for_each(|path| assert!(root.join(path).exists(), "{path}"));
    }

    #[test]
    fn page_matches_the_parts_and_the_table() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
        let known = Known::new(checkout::parse_table(KNOWN, &read(KNOWN)).unwrap());
        let old = read(PAGE);
        let lines = |starts: &dyn Fn(&Part) -> String| -> Vec<String> {
            let of = |part| old.lines().filter(move |line| line.starts_with(&starts(part))).map(str::to_owned);
            PARTS.iter().flat_map(of).collect()
        };
        let rows = lines(&|part| format!("| {} |", part.name));
        let survivors = lines(&|part| format!("- {}: ", part.name));
        assert_eq!(rows.len(), PARTS.len(), "run `cargo ci mutants`: a part has no row");
        assert_eq!(old, page(&rows, &survivors, WHOLE, &known), "run `cargo ci mutants --report`");
    }
}
