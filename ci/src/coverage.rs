//! `cargo ci coverage`: the lines and branches of the resolver that the properties, the fuzz
//! corpus and all tests reach, measured by cargo-llvm-cov.
//!
//! ci/coverage.tsv gives the reason for each gap, which neither properties nor corpus reach. A
//! gap without a reason is a finding, and so is a reason without a gap. The corpus is fuzz/seeds,
//! fuzz/regressions and fuzz/corpus; a target without a corpus is fuzzed first.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::checkout;
use crate::failure::{Context, Result, error, finding};
use crate::forge;
use crate::fuzz;
use crate::process::{self, Process};
use crate::tools;

/// The measured sources.
const SOURCES: [&str; 3] = ["resolver/src/", "crates/laws/src/", "crates/yaml/src/"];

/// The sources that test the others; they are counted separately.
const LAWS: &str = "crates/laws/src/";

const REASONS: &str = "ci/coverage.tsv";

/// The number and the seed of the random cases, fixed so that every run reaches the same lines.
const CASES: &str = "1000";
const SEED: &str = "1";

/// The fuzz targets that test the resolver itself, each with the number of runs that grow its
/// corpus.
const GROWN: [(&str, u32); 5] =
    [("resolve", 6_000), ("derive", 600), ("registry_yaml", 50_000), ("policy_yaml", 50_000), ("case_yaml", 30_000)];

/// Measure the coverage of properties and fuzz corpus; writes docs/coverage.md
///
/// Takes about ten minutes on two cores, mostly for compiling.
#[derive(clap::Args)]
pub struct Arguments {
    /// Output directory for coverage.md [default: docs]
    #[arg(value_parser = checkout::parse_path)]
    docs: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result {
    tools::ensure_cargo_tool("cargo-llvm-cov")?;
    let reasons = Reason::read()?;
    let corpora = corpora()?;
    let inputs = count_inputs(&corpora)?;

    println!("properties: {CASES} cases of each law");
    let laws = ["--package=slug-resolver", "--test=laws"];
    let properties = measure(&[&laws[..], &["--", "properties::"]].concat(), &[("PROPTEST_CASES", CASES.into())])?;
    println!("corpus: {inputs} inputs");
    let replay = ["--package=slug-fuzz", "--test=replay", "--", "every_seed_and_regression_is_replayed"];
    let roots = std::env::join_paths(&corpora).context(|| "cannot join the paths of the corpora".to_owned())?;
    let corpus = measure(&replay, &[("FUZZ_CORPORA", roots)])?;
    println!("all tests of the crate");
    // Another job checks that the tests pass; this one measures what they reach.
    let all =
        measure(&["--package=slug-resolver", "--package=slug-yaml", "--lib", "--tests", "--ignore-run-fail"], &[])?;

    let mut sources = BTreeMap::new();
    for file in [&properties, &corpus, &all].into_iter().flat_map(BTreeMap::keys) {
        sources.insert(file.clone(), Source::new(&checkout::read(file)?));
    }
    let coverage = CombinedCoverage::new(&sources, [properties, corpus, all]);
    let evaluation = evaluate(&coverage, &sources, &reasons);
    let page = page(&coverage, &evaluation, inputs);
    let docs = arguments.docs.as_deref().unwrap_or(Path::new("docs"));
    checkout::write(docs.join("coverage.md"), &page)?;
    forge::append_summary(&page)?;
    if evaluation.problems.is_empty() { Ok(()) } else { finding(evaluation.problems.join("\n")) }
}

/// The directories with corpora; each has a subdirectory per target.
fn corpora() -> Result<Vec<PathBuf>> {
    let (kept, grown) = (PathBuf::from("fuzz/corpus"), checkout::target_dir()?.join("coverage/corpus"));
    let is_filled = |dir: PathBuf| dir.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    let missing: Vec<_> =
        GROWN.iter().filter(|(target, _)| !is_filled(kept.join(target)) && !is_filled(grown.join(target))).collect();
    if !missing.is_empty() {
        println!("corpus: fuzzing {}", missing.iter().map(|(target, _)| *target).collect::<Vec<_>>().join(", "));
        let targets = fuzz::Targets::build()?;
        for (target, runs) in missing {
            let corpus = grown.join(target);
            fs::create_dir_all(&corpus).context(|| format!("cannot create {}", corpus.display()))?;
            let mut grow = targets
                .process(target)
                .args([format!("-runs={runs}"), format!("-seed={SEED}")])
                .arg(format!("-artifact_prefix={}.", corpus.display()))
                .args([corpus, Path::new("fuzz/seeds").join(target)]);
            let output = grow.output()?;
            if !output.status.success() {
                return error(format!("{}`{target}` found something; fix it first", process::tail(&output.stderr)));
            }
        }
    }
    let roots = [kept, grown].into_iter().filter(|root| root.is_dir()).map(std::path::absolute);
    roots.collect::<std::io::Result<_>>().context(|| "cannot find the corpora".to_owned())
}

fn count_inputs(corpora: &[PathBuf]) -> Result<usize> {
    let roots = ["fuzz/seeds", "fuzz/regressions"].map(PathBuf::from);
    let mut inputs = 0;
    for root in roots.iter().chain(corpora) {
        for target in checkout::entries(root)? {
            inputs += checkout::entries(&target)?.len();
        }
    }
    Ok(inputs)
}

/// Runs tests and returns the lines and branches that they reach.
fn measure(arguments: &[&str], env: &[(&str, std::ffi::OsString)]) -> Result<Coverage> {
    let llvm_cov = |arguments: &[&str]| -> Result<Process> {
        // Branch coverage is not stable yet.
        let mut process = Process::cargo().arg("llvm-cov").args(arguments).env("RUSTC_BOOTSTRAP", "1");
        if let Some(tools) = llvm_tools()? {
            process = process.env("LLVM_COV", &tools[0]).env("LLVM_PROFDATA", &tools[1]);
        }
        Ok(process)
    };
    llvm_cov(&["clean", "--profraw-only"])?.run()?;
    let options = ["--no-report", "--branch", "--no-cfg-coverage", "--no-cfg-coverage-nightly", "--locked", "--quiet"];
    let mut test = llvm_cov(&[&options[..], arguments].concat())?.env("PROPTEST_RNG_SEED", SEED);
    for (name, value) in env {
        test = test.env(name, value);
    }
    test.run()?;
    let export = llvm_cov(&["report", "--branch", "--json"])?.read_stdout()?;
    let root = std::env::current_dir().context(|| "cannot find the checkout".to_owned())?;
    let coverage = parse(&export, &root)?;
    if coverage.is_empty() {
        return error(format!("the profiles do not mention {}; is llvm-cov as new as rustc?", SOURCES[0]));
    }
    Ok(coverage)
}

/// The programs that read profiles, or `None` if the toolchain includes them. The programs of
/// Debian also read the profiles of Rust 1.95.
fn llvm_tools() -> Result<Option<[PathBuf; 2]>> {
    let libraries = Process::new("rustc").args(["--print", "target-libdir"]).read_stdout()?;
    if Path::new(libraries.trim()).with_file_name("bin").join("llvm-cov").exists() {
        return Ok(None);
    }
    tools::ensure_program("llvm-cov-19", &["llvm-19"])?;
    match (tools::find("llvm-cov-19"), tools::find("llvm-profdata-19")) {
        (Some(cov), Some(profdata)) => Ok(Some([cov, profdata])),
        _ => error("the package llvm-19 has no llvm-cov-19; run `rustup component add llvm-tools`"),
    }
}

/// A location in a source that tests may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Location {
    Line(usize),
    /// One side of a condition.
    Branch(Region, bool),
}

/// First line and column, last line and the column after the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Region {
    start: (usize, usize),
    end: (usize, usize),
}

impl Location {
    fn line(self) -> usize {
        match self {
            Self::Line(line) => line,
            Self::Branch(region, _) => region.start.0,
        }
    }
}

/// For each file, relative to the root, its locations and whether each was reached.
type Coverage = BTreeMap<String, BTreeMap<Location, bool>>;

/// The part of the output of `llvm-cov export` that is used.
#[derive(Deserialize)]
struct Export {
    data: Vec<Data>,
}

#[derive(Deserialize)]
struct Data {
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: PathBuf,
    segments: Vec<Segment>,
    branches: Vec<Branch>,
}

/// A point at which the count changes: line, column, count, whether the count is valid, whether
/// a region starts here, whether the region is a gap.
#[derive(Deserialize)]
struct Segment(usize, IgnoredAny, u64, bool, bool, bool);

/// First line and column, last line and column, number of times true, number of times false, and
/// three unused numbers. A generic function has one branch for each instance.
#[derive(Deserialize)]
struct Branch(usize, usize, usize, usize, u64, u64, IgnoredAny, IgnoredAny, IgnoredAny);

fn parse(export: &str, root: &Path) -> Result<Coverage> {
    let export: Export = serde_json::from_str(export).context(|| "cannot read the export of llvm-cov".to_owned())?;
    let mut coverage = Coverage::new();
    for file in export.data.into_iter().flat_map(|data| data.files) {
        let Some(name) = file.filename.strip_prefix(root).ok().and_then(Path::to_str) else { continue };
        if !SOURCES.iter().any(|source| name.starts_with(source)) {
            continue;
        }
        let locations = coverage.entry(name.to_owned()).or_default();
        let lines = lines(&file.segments).into_iter().map(|(line, count)| (Location::Line(line), count));
        let branches = file.branches.iter().flat_map(|branch| {
            let region = Region { start: (branch.0, branch.1), end: (branch.2, branch.3) };
            [(Location::Branch(region, true), branch.4), (Location::Branch(region, false), branch.5)]
        });
        for (location, count) in lines.chain(branches) {
            *locations.entry(location).or_insert(false) |= count > 0;
        }
    }
    Ok(coverage)
}

/// How often each line with code ran. As in `llvm-cov show`, this is the count of the most
/// frequent region that starts in the line or continues into it.
fn lines(segments: &[Segment]) -> Vec<(usize, u64)> {
    let mut lines = Vec::new();
    let mut continued: Option<&Segment> = None;
    let mut rest = segments;
    let (Some(first), Some(last)) = (segments.first(), segments.last()) else { return lines };
    for line in first.0..=last.0 {
        let (here, after) = rest.split_at(rest.iter().take_while(|segment| segment.0 == line).count());
        let counted = continued.filter(|segment| segment.3);
        let starts = |segment: &&Segment| segment.3 && segment.4;
        let begins_skipped = here.first().is_some_and(|segment| !segment.3 && segment.4);
        let is_code = here.iter().any(|segment| starts(&segment)) || counted.is_some() && !begins_skipped;
        if is_code {
            let started = here.iter().filter(|segment| starts(segment) && !segment.5).map(|segment| segment.2);
            lines.push((line, started.chain(counted.map(|segment| segment.2)).max().unwrap_or(0)));
        }
        continued = here.last().or(continued);
        rest = after;
    }
    lines
}

/// The lines of a source.
struct Source {
    lines: Vec<String>,
    /// The line where the unit tests start; they are not measured.
    tests: usize,
}

impl Source {
    fn new(text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let tests = lines.iter().rposition(|line| line == "#[cfg(test)]").map_or(usize::MAX, |index| index + 1);
        Self { lines, tests }
    }

    /// A line by its number from 1.
    fn line(&self, number: usize) -> &str {
        self.lines.get(number - 1).map_or("", String::as_str)
    }

    /// The name of a line in the reasons, which is its text. For a line of brackets only, the text
    /// of the last line above with words is added.
    fn name(&self, line: usize) -> String {
        let has_words = |line: &usize| self.line(*line).chars().any(char::is_alphanumeric);
        let above = (1..=line).rev().find(has_words).unwrap_or(1);
        let name = self.line(above).trim();
        if above < line { format!("{name} {}", self.line(line).trim()) } else { name.to_owned() }
    }

    /// The condition of a branch; for a condition of several lines, its first line.
    fn condition(&self, Region { start, end }: Region) -> String {
        let line = self.line(start.0);
        if start.0 != end.0 {
            return line.trim().to_owned();
        }
        String::from_utf8_lossy(&line.as_bytes()[start.1 - 1..end.1 - 1]).into_owned()
    }

    fn starts_function(&self, line: usize) -> bool {
        let text = self.line(line).trim_start();
        text.starts_with("fn ") || text.starts_with("pub") && text.contains(" fn ")
    }
}

/// Whether a location is reached by the properties, by the corpus, and by all tests.
#[derive(Clone, Copy, Default)]
struct By([bool; 3]);

impl By {
    fn properties(self) -> bool {
        self.0[0]
    }

    fn corpus(self) -> bool {
        self.0[1]
    }

    fn all(self) -> bool {
        self.0[2]
    }

    fn either(self) -> bool {
        self.properties() || self.corpus()
    }
}

/// The combined measurements, without unit tests.
struct CombinedCoverage(BTreeMap<String, BTreeMap<Location, By>>);

impl CombinedCoverage {
    /// Combines the coverage of the properties, the corpus and all tests.
    fn new(sources: &BTreeMap<String, Source>, measurements: [Coverage; 3]) -> Self {
        let mut reached: BTreeMap<String, BTreeMap<Location, By>> = BTreeMap::new();
        for (measurement, coverage) in measurements.into_iter().enumerate() {
            for (file, locations) in coverage {
                let tests = sources.get(&file).map_or(usize::MAX, |source| source.tests);
                let known = reached.entry(file).or_default();
                for (location, is_reached) in locations.into_iter().filter(|(location, _)| location.line() <= tests) {
                    known.entry(location).or_default().0[measurement] |= is_reached;
                }
            }
        }
        Self(reached)
    }
}

fn is_law(file: &str) -> bool {
    file.starts_with(LAWS)
}

/// A row of ci/coverage.tsv: the reason why a line is not reached.
struct Reason {
    file: String,
    text: String,
    explanation: String,
}

impl Reason {
    fn read() -> Result<Vec<Self>> {
        Ok(checkout::read_table(REASONS)?
            .into_iter()
            .map(|[file, text, explanation]| Self { file, text, explanation })
            .collect())
    }
}

/// The unreached locations as rows of the page, and the problems.
#[derive(Default)]
struct Evaluation {
    product: Vec<String>,
    laws: Vec<String>,
    /// Reasons that are not needed for this corpus, but may be for another.
    spare: Vec<String>,
    problems: Vec<String>,
}

fn evaluate(coverage: &CombinedCoverage, sources: &BTreeMap<String, Source>, reasons: &[Reason]) -> Evaluation {
    let mut evaluation = Evaluation::default();
    // The line of each used reason; a reason applies to one line only.
    let mut used: HashMap<usize, usize> = HashMap::new();
    for gap in gaps(coverage, sources) {
        let source = &sources[gap.file];
        let fits = |(number, reason): &(usize, &Reason)| {
            reason.file == gap.file
                && used.get(number).is_none_or(|line| line == gap.lines.start())
                && gap.lines.clone().any(|line| source.name(line) == reason.text)
        };
        let reason = reasons.iter().enumerate().find(fits);
        let at = format!("{}:{}", gap.file, gap.lines.start());
        let Some((number, reason)) = reason else {
            let tests = if is_law(gap.file) { "no test" } else { "neither properties nor corpus" };
            evaluation.problems.push(format!(
                "{at}: {tests} reach `{}`; add a test, remove the code, or give the reason in {REASONS}",
                gap.what
            ));
            continue;
        };
        used.insert(number, *gap.lines.start());
        let last = if gap.lines.end() > gap.lines.start() { format!("–{}", gap.lines.end()) } else { String::new() };
        let tested = if gap.is_tested { "yes" } else { "no" };
        let row = format!("| {at}{last} | {} | {tested} | {} |", code(&gap.what), reason.explanation);
        if is_law(gap.file) { evaluation.laws.push(row) } else { evaluation.product.push(row) }
    }
    for (number, Reason { file, text, explanation }) in reasons.iter().enumerate() {
        if used.contains_key(&number) {
            continue;
        }
        let locations = coverage.0.get(file).into_iter().flatten();
        let locations: Vec<By> =
            locations.filter(|(location, _)| sources[file].name(location.line()) == *text).map(|(_, by)| *by).collect();
        if locations.is_empty() {
            evaluation.problems.push(format!("{REASONS}: {file} has no line `{text}`; correct or remove the row"));
        } else if locations.iter().any(|by| by.properties() || is_law(file) && by.all()) {
            evaluation.problems.push(format!("{REASONS}: tests reach `{text}` in {file}; remove the row"));
        } else {
            evaluation.spare.push(format!("- {file}: {}: {explanation}", code(text)));
        }
    }
    evaluation
}

/// Unreached lines of one function, or an unreached side of a condition.
struct Gap<'a> {
    file: &'a str,
    lines: RangeInclusive<usize>,
    what: String,
    is_tested: bool,
}

/// The gaps that need a reason: in product code, lines and branch sides that neither properties
/// nor corpus reach; in the laws, lines that no test reaches.
fn gaps<'a>(coverage: &'a CombinedCoverage, sources: &BTreeMap<String, Source>) -> Vec<Gap<'a>> {
    let mut gaps: Vec<Gap> = Vec::new();
    let mut branches = Vec::new();
    for (file, locations) in &coverage.0 {
        let source = &sources[file];
        let mut missed = BTreeSet::new();
        // True if the previous line with code is in the last gap.
        let mut continues = false;
        for (location, by) in locations {
            let Location::Line(line) = *location else { continue };
            if by.either() || is_law(file) && by.all() {
                continues = false;
                continue;
            }
            missed.insert(line);
            match gaps.last_mut() {
                Some(gap) if continues && !source.starts_function(line) => {
                    gap.lines = *gap.lines.start()..=line;
                    gap.is_tested |= by.all();
                }
                _ => gaps.push(Gap { file, lines: line..=line, what: source.name(line), is_tested: by.all() }),
            }
            continues = true;
        }
        for (location, by) in locations {
            let Location::Branch(region, side) = *location else { continue };
            let line = region.start.0;
            // A branch on or to an unreached line adds nothing to the gap of that line.
            let is_covered_by_gap = missed.contains(&line) || side && missed.contains(&(region.end.0 + 1));
            if !is_law(file) && !by.either() && !is_covered_by_gap {
                let what = format!("{} is {side}", source.condition(region));
                branches.push(Gap { file, lines: line..=line, what, is_tested: by.all() });
            }
        }
    }
    gaps.extend(branches);
    gaps
}

/// A text as code in a table cell.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn page(coverage: &CombinedCoverage, evaluation: &Evaluation, inputs: usize) -> String {
    let mut counts = String::new();
    for (is_laws, title) in [(false, "**product code**"), (true, "**laws**")] {
        let files = || coverage.0.iter().filter(|(file, _)| is_law(file) == is_laws);
        counts += &row(title, files().flat_map(|(_, locations)| locations));
        files().for_each(|(file, locations)| counts += &row(file, locations.iter()));
    }
    let table = |rows: &[String], reason: &str| match rows {
        [] => "None.\n".to_owned(),
        rows => format!("| location | code | tested | {reason} |\n| --- | --- | --- | --- |\n{}\n", rows.join("\n")),
    };
    let (product, laws) =
        (table(&evaluation.product, "why neither reaches it"), table(&evaluation.laws, "why no test reaches it"));
    let mut page = format!(
        "<!-- Written by `cargo ci coverage` with the reasons of {REASONS}. Edit those, not this. -->

# Coverage of properties and fuzzing

How much of the resolver three kinds of tests run, and which code neither of the first two runs.
Covered does not mean correct, but code that never runs is not tested.

| term | meaning |
| --- | --- |
| lines | lines with code; a line is reached if any of its code runs |
| branches | the two sides, true and false, of each condition (`match` and `?` have none: their arms are lines) |
| properties | every law on {CASES} random cases, the same in every run: `cargo test --test laws properties::` |
| corpus | {inputs} inputs of all fuzz targets: the seeds, the regressions, and a corpus grown from them |
| either | properties or corpus |
| all | all tests of the crate except documentation tests |

The columns `lines` and `branches` are counts, the others percentages. A larger corpus reaches
more. The laws test the product code, so they are counted separately, and only the lines that no
test reaches need a reason.

| | lines | properties | corpus | either | all | branches | properties | corpus | either | all |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
{counts}
## Code that neither reaches

Product code: adjacent lines as one row, and sides of branches on reached lines. The third
column says whether another test reaches the code.

{product}
Laws: lines that no test of the crate reaches.

{laws}"
    );
    if !evaluation.spare.is_empty() {
        let spare = evaluation.spare.join("\n");
        _ = write!(page, "\nThese reasons are not needed for this corpus, but may be for another:\n\n{spare}\n");
    }
    page
}

/// A row with the shares of the lines and of the branches.
fn row<'a>(title: &str, locations: impl Iterator<Item = (&'a Location, &'a By)>) -> String {
    let (lines, branches): (Vec<_>, Vec<_>) =
        locations.partition(|(location, _)| matches!(location, Location::Line(_)));
    let mut row = format!("| {title} |");
    for locations in [lines, branches] {
        _ = write!(row, " {} |", locations.len());
        let columns: [fn(By) -> bool; 4] = [By::properties, By::corpus, By::either, By::all];
        for column in columns {
            let reached = locations.iter().filter(|(_, by)| column(**by)).count();
            match (1000 * reached).checked_div(locations.len()) {
                Some(share) => _ = write!(row, " {}.{} |", share / 10, share % 10),
                None => row += " – |",
            }
        }
    }
    row + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPORT: &str = include_str!("../tests/coverage/export.json");

    const SOURCE: &str = "\
fn f(a: bool) -> u8 {
    if a {
        1
    } else {
        2
    }
}
";

    fn measured() -> Coverage {
        parse(EXPORT, Path::new("/checkout")).unwrap()
    }

    fn evaluated(reasons: &[[&str; 3]]) -> Evaluation {
        let sources = measured().into_keys().map(|file| (file, Source::new(SOURCE))).collect();
        let coverage = CombinedCoverage::new(&sources, [measured(), measured(), measured()]);
        let reasons = reasons.iter().map(|row| row.map(str::to_owned));
        let reasons: Vec<_> = reasons.map(|[file, text, explanation]| Reason { file, text, explanation }).collect();
        evaluate(&coverage, &sources, &reasons)
    }

    #[test]
    fn export_has_lines_and_branches_of_the_resolver() {
        let coverage = measured();
        let [(file, locations)] = &Vec::from_iter(&coverage)[..] else { panic!("{coverage:?}") };
        assert_eq!(*file, "resolver/src/fix.rs");
        let lines = |is_reached: bool| -> Vec<usize> {
            let lines = locations
                .iter()
                .filter(|(location, reached)| matches!(location, Location::Line(_)) && **reached == is_reached);
            lines.map(|(location, _)| location.line()).collect()
        };
        assert_eq!((lines(true), lines(false)), (vec![1, 2, 4, 5, 6, 7], vec![3]));
        let region = Region { start: (2, 8), end: (2, 9) };
        assert!(locations[&Location::Branch(region, false)]);
        assert!(!locations[&Location::Branch(region, true)]);
    }

    #[test]
    fn gap_needs_a_reason() {
        let found = evaluated(&[]);
        let [problem] = &found.problems[..] else { panic!("{:?}", found.problems) };
        assert!(problem.starts_with("resolver/src/fix.rs:3: neither properties nor corpus reach `1`; "), "{problem}");
        let found = evaluated(&[["resolver/src/fix.rs", "1", "no test has `a`"]]);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        assert_eq!(found.product, ["| resolver/src/fix.rs:3 | `1` | no | no test has `a` |"]);
    }

    #[test]
    fn reason_needs_a_gap() {
        let gap = ["resolver/src/fix.rs", "1", "reason"];
        for text in ["2", "3"] {
            let found = evaluated(&[gap, ["resolver/src/fix.rs", text, "reason"]]);
            assert_eq!(found.problems.len(), 1, "{text}");
        }
    }

    #[test]
    fn line_without_words_is_named_after_the_line_above() {
        let source = Source::new(SOURCE);
        assert_eq!([5, 6].map(|line| source.name(line)), ["2", "2 }"]);
    }

    #[test]
    fn row_has_the_shares_rounded_down() {
        let by = |properties| By([properties, false, true]);
        let locations = [1, 2, 3].map(|line| (Location::Line(line), by(line < 3)));
        let row = row("a", locations.iter().map(|(location, by)| (location, by)));
        assert_eq!(row, "| a | 3 | 66.6 | 0.0 | 66.6 | 100.0 | 0 | – | – | – | – |\n");
    }

    #[test]
    fn sources_and_table_name_files_that_exist() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let listed: Vec<[String; 3]> =
            checkout::parse_table(REASONS, &fs::read_to_string(root.join(REASONS)).unwrap()).unwrap();
        let listed = listed.iter().map(|[file, ..]| file.as_str());
        listed.chain(SOURCES).chain([LAWS]).for_each(|path| assert!(root.join(path).exists(), "{path}"));
    }

    #[test]
    fn page_has_the_reasons_of_the_table() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
        let listed = checkout::parse_table(REASONS, &read(REASONS)).unwrap();
        let listed: BTreeSet<String> = listed.into_iter().map(|[_, _, reason]| reason).collect();
        let page = read("docs/coverage.md");
        // The reason is the last column of the tables; in the lists it follows the code.
        let shown = page.lines().filter_map(|line| match line.strip_suffix(" |") {
            Some(row) => row.split(" | ").next()?.contains(".rs:").then(|| row.rsplit(" | ").next())?,
            None => line.starts_with("- ").then(|| line.rsplit("`: ").next())?,
        });
        assert_eq!(shown.map(str::to_owned).collect::<BTreeSet<_>>(), listed, "run `cargo ci coverage`");
    }
}
