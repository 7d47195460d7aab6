//! `cargo ci coverage`: which lines and branches of the resolver the properties reach, which
//! the fuzz corpus, and which all tests, measured by cargo-llvm-cov.
//!
//! Each place that neither properties nor corpus reach has its reason in ci/coverage.tsv; any
//! other such place is a finding, and so is a reason that fits no place. The corpus is
//! fuzz/seeds, fuzz/regressions and fuzz/corpus; a target without a corpus is fuzzed first.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::checkout;
use crate::failure::{Context, Result, broken, finding};
use crate::forge;
use crate::fuzz;
use crate::process::{self, Process};
use crate::tools;

/// The sources that are measured.
const SOURCES: [&str; 3] = ["resolver/src/", "crates/laws/src/", "crates/yaml/src/"];

/// Of these, what the others are tested with; it is counted apart.
const LAWS: &str = "crates/laws/src/";

const REASONS: &str = "ci/coverage.tsv";

/// The same random cases in every run, so that the same lines are reached.
const CASES: &str = "1000";
const SEED: &str = "1";

/// The fuzz targets that hand their input to the resolver itself, and how many inputs make a
/// corpus for each.
const GROWN: [(&str, u32); 5] =
    [("resolve", 6_000), ("derive", 600), ("registry_yaml", 50_000), ("policy_yaml", 50_000), ("case_yaml", 30_000)];

/// Measure what the properties and the fuzz corpus reach; writes docs/coverage.md
///
/// Takes some ten minutes on two cores, most of them for compiling.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where coverage.md is written [default: docs]
    #[arg(value_parser = checkout::argument)]
    docs: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result {
    tools::cargo("cargo-llvm-cov")?;
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
    // Whether they pass is the question of another job; this one asks what they reach.
    let all =
        measure(&["--package=slug-resolver", "--package=slug-yaml", "--lib", "--tests", "--ignore-run-fail"], &[])?;

    let mut sources = BTreeMap::new();
    for file in [&properties, &corpus, &all].into_iter().flat_map(BTreeMap::keys) {
        sources.insert(file.clone(), Source::new(&checkout::read(file)?));
    }
    let reached = Reached::new(&sources, [properties, corpus, all]);
    let judged = judge(&reached, &sources, &reasons);
    let page = page(&reached, &judged, inputs);
    let docs = arguments.docs.as_deref().unwrap_or(Path::new("docs"));
    checkout::write(docs.join("coverage.md"), &page)?;
    forge::show(&page)?;
    if judged.problems.is_empty() { Ok(()) } else { finding(judged.problems.join("\n")) }
}

/// The directories with corpora, each with a directory for each of its targets.
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
            fs::create_dir_all(&corpus).context(|| format!("cannot make {}", corpus.display()))?;
            let mut grow = targets
                .process(target)
                .args([format!("-runs={runs}"), format!("-seed={SEED}")])
                .arg(format!("-artifact_prefix={}.", corpus.display()))
                .args([corpus, Path::new("fuzz/seeds").join(target)]);
            let output = grow.output()?;
            if !output.status.success() {
                return broken(format!("{}`{target}` found something; fix it first", process::tail(&output.stderr)));
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

/// Runs tests and returns what they reach.
fn measure(arguments: &[&str], env: &[(&str, std::ffi::OsString)]) -> Result<Coverage> {
    let llvm_cov = |arguments: &[&str]| -> Result<Process> {
        // Counting branches is not stable.
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
    let export = llvm_cov(&["report", "--branch", "--json"])?.read()?;
    let root = std::env::current_dir().context(|| "cannot find the checkout".to_owned())?;
    let coverage = parse(&export, &root)?;
    if coverage.is_empty() {
        return broken(format!("the profiles do not mention {}; is llvm-cov as new as rustc?", SOURCES[0]));
    }
    Ok(coverage)
}

/// The programs that read profiles, unless the toolchain brings its own: those of Debian read
/// the profiles of Rust 1.95 too.
fn llvm_tools() -> Result<Option<[PathBuf; 2]>> {
    let libraries = Process::new("rustc").args(["--print", "target-libdir"]).read()?;
    if Path::new(libraries.trim()).with_file_name("bin").join("llvm-cov").exists() {
        return Ok(None);
    }
    tools::apt("llvm-cov-19", &["llvm-19"])?;
    match (tools::find("llvm-cov-19"), tools::find("llvm-profdata-19")) {
        (Some(cov), Some(profdata)) => Ok(Some([cov, profdata])),
        _ => broken("the package llvm-19 has no llvm-cov-19; run `rustup component add llvm-tools`"),
    }
}

/// A place in a source that tests reach or do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Place {
    Line(usize),
    /// One side of a condition.
    Branch(Region, bool),
}

/// First line and column, last line and the column after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Region {
    start: (usize, usize),
    end: (usize, usize),
}

impl Place {
    fn line(self) -> usize {
        match self {
            Self::Line(line) => line,
            Self::Branch(region, _) => region.start.0,
        }
    }
}

/// Whether each place of each file was reached; files are relative to the root.
type Coverage = BTreeMap<String, BTreeMap<Place, bool>>;

/// What `llvm-cov export` writes, as far as it is read.
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

/// Where the count changes: line, column, count, whether there is a count, whether a region
/// starts here, whether it is a gap between regions.
#[derive(Deserialize)]
struct Segment(usize, IgnoredAny, u64, bool, bool, bool);

/// First line and column, last line and column, how often true, how often false, and three
/// numbers that are not used here. A generic function has one for each instance.
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
        let places = coverage.entry(name.to_owned()).or_default();
        let lines = lines(&file.segments).into_iter().map(|(line, count)| (Place::Line(line), count));
        let branches = file.branches.iter().flat_map(|branch| {
            let region = Region { start: (branch.0, branch.1), end: (branch.2, branch.3) };
            [(Place::Branch(region, true), branch.4), (Place::Branch(region, false), branch.5)]
        });
        for (place, count) in lines.chain(branches) {
            *places.entry(place).or_insert(false) |= count > 0;
        }
    }
    Ok(coverage)
}

/// How often each line with code ran: the rule of `llvm-cov show`, which is that of the most
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
    /// The line where its unit tests start, which are not measured.
    tests: usize,
}

impl Source {
    fn new(text: &str) -> Self {
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let tests = lines.iter().rposition(|line| line == "#[cfg(test)]").map_or(usize::MAX, |index| index + 1);
        Self { lines, tests }
    }

    /// A line, counted from 1.
    fn line(&self, number: usize) -> &str {
        self.lines.get(number - 1).map_or("", String::as_str)
    }

    /// What a reason calls a line: its text. A line of brackets alone is called after the last
    /// line above that has words.
    fn name(&self, line: usize) -> String {
        let has_words = |line: &usize| self.line(*line).chars().any(char::is_alphanumeric);
        let above = (1..=line).rev().find(has_words).unwrap_or(1);
        let name = self.line(above).trim();
        if above < line { format!("{name} {}", self.line(line).trim()) } else { name.to_owned() }
    }

    /// The condition of a branch, or the first line of one that is longer.
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

/// Whether a place is reached by the properties, by the corpus, and by all tests.
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

/// The measurements together, without unit tests.
struct Reached(BTreeMap<String, BTreeMap<Place, By>>);

impl Reached {
    /// Of what the properties, the corpus and all tests reach.
    fn new(sources: &BTreeMap<String, Source>, measurements: [Coverage; 3]) -> Self {
        let mut reached: BTreeMap<String, BTreeMap<Place, By>> = BTreeMap::new();
        for (measurement, coverage) in measurements.into_iter().enumerate() {
            for (file, places) in coverage {
                let tests = sources.get(&file).map_or(usize::MAX, |source| source.tests);
                let known = reached.entry(file).or_default();
                for (place, is_reached) in places.into_iter().filter(|(place, _)| place.line() <= tests) {
                    known.entry(place).or_default().0[measurement] |= is_reached;
                }
            }
        }
        Self(reached)
    }
}

fn is_law(file: &str) -> bool {
    file.starts_with(LAWS)
}

/// Why a line is not reached: a row of ci/coverage.tsv.
struct Reason {
    file: String,
    text: String,
    why: String,
}

impl Reason {
    fn read() -> Result<Vec<Self>> {
        Ok(checkout::table(REASONS)?.into_iter().map(|[file, text, why]| Self { file, text, why }).collect())
    }
}

/// The unreached places as rows of the page, and what is wrong.
#[derive(Default)]
struct Judged {
    product: Vec<String>,
    laws: Vec<String>,
    /// Reasons that this corpus does not need, but another may.
    spare: Vec<String>,
    problems: Vec<String>,
}

fn judge(reached: &Reached, sources: &BTreeMap<String, Source>, reasons: &[Reason]) -> Judged {
    let mut judged = Judged::default();
    // The line that each reason is used for; it is not used for another.
    let mut used: HashMap<usize, usize> = HashMap::new();
    for gap in gaps(reached, sources) {
        let source = &sources[gap.file];
        let fits = |(number, reason): &(usize, &Reason)| {
            reason.file == gap.file
                && used.get(number).is_none_or(|line| line == gap.lines.start())
                && gap.lines.clone().any(|line| source.name(line) == reason.text)
        };
        let reason = reasons.iter().enumerate().find(fits);
        let at = format!("{}:{}", gap.file, gap.lines.start());
        let Some((number, reason)) = reason else {
            let whom = if is_law(gap.file) { "no test" } else { "neither properties nor corpus" };
            judged.problems.push(format!(
                "{at}: {whom} reach `{}`; add a test, remove the code, or give the reason in {REASONS}",
                gap.what
            ));
            continue;
        };
        used.insert(number, *gap.lines.start());
        let last = if gap.lines.end() > gap.lines.start() { format!("–{}", gap.lines.end()) } else { String::new() };
        let tested = if gap.is_tested { "yes" } else { "no" };
        let row = format!("| {at}{last} | {} | {tested} | {} |", code(&gap.what), reason.why);
        if is_law(gap.file) { judged.laws.push(row) } else { judged.product.push(row) }
    }
    for (number, Reason { file, text, why }) in reasons.iter().enumerate() {
        if used.contains_key(&number) {
            continue;
        }
        let places = reached.0.get(file).into_iter().flatten();
        let places: Vec<By> =
            places.filter(|(place, _)| sources[file].name(place.line()) == *text).map(|(_, by)| *by).collect();
        if places.is_empty() {
            judged.problems.push(format!("{REASONS}: {file} has no line `{text}`; correct or remove the row"));
        } else if places.iter().any(|by| by.properties() || is_law(file) && by.all()) {
            judged.problems.push(format!("{REASONS}: tests reach `{text}` in {file}; remove the row"));
        } else {
            judged.spare.push(format!("- {file}: {}: {why}", code(text)));
        }
    }
    judged
}

/// Lines of one function, or one side of a condition, that are not reached.
struct Gap<'a> {
    file: &'a str,
    lines: RangeInclusive<usize>,
    what: String,
    is_tested: bool,
}

/// The gaps that need a reason: in the product, what neither properties nor corpus reach; in
/// the laws, lines that no test reaches.
fn gaps<'a>(reached: &'a Reached, sources: &BTreeMap<String, Source>) -> Vec<Gap<'a>> {
    let mut gaps: Vec<Gap> = Vec::new();
    let mut branches = Vec::new();
    for (file, places) in &reached.0 {
        let source = &sources[file];
        let mut missed = BTreeSet::new();
        // Whether the line above, of those with code, is in the last gap.
        let mut continues = false;
        for (place, by) in places {
            let Place::Line(line) = *place else { continue };
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
        for (place, by) in places {
            let Place::Branch(region, side) = *place else { continue };
            let line = region.start.0;
            // Nor does a branch say more that leads to a line that is not reached.
            let is_told = missed.contains(&line) || side && missed.contains(&(region.end.0 + 1));
            if !is_law(file) && !by.either() && !is_told {
                let what = format!("{} is {side}", source.condition(region));
                branches.push(Gap { file, lines: line..=line, what, is_tested: by.all() });
            }
        }
    }
    gaps.extend(branches);
    gaps
}

/// A text as code in a cell of a table.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

fn page(reached: &Reached, judged: &Judged, inputs: usize) -> String {
    let mut counts = String::new();
    for (is_laws, title) in [(false, "**the product**"), (true, "**the laws**")] {
        let files = || reached.0.iter().filter(|(file, _)| is_law(file) == is_laws);
        counts += &row(title, files().flat_map(|(_, places)| places));
        files().for_each(|(file, places)| counts += &row(file, places.iter()));
    }
    let table = |rows: &[String], why: &str| match rows {
        [] => "None.\n".to_owned(),
        rows => format!("| where | what | tested | {why} |\n| --- | --- | --- | --- |\n{}\n", rows.join("\n")),
    };
    let (product, laws) =
        (table(&judged.product, "why neither reaches it"), table(&judged.laws, "why nothing reaches it"));
    let mut page = format!(
        "<!-- Written by `cargo ci coverage` with the reasons of {REASONS}. Edit those, not this. -->

# What the properties and the fuzzer reach

How much of the resolver is run by each of three ways to test it, and what neither of the first
two runs. Covered does not mean correct; but what is never run is certainly not tested.

| in the tables | is |
| --- | --- |
| lines | lines with code; reached, when any of it was |
| branches | the two sides, true and false, of each condition (`match` and `?` have none, their arms are lines) |
| properties | every law on {CASES} random cases, `cargo test --test laws properties::`, always the same ones |
| corpus | {inputs} inputs of all fuzz targets: the seeds, the regressions, and a corpus grown from them |
| either | the one or the other |
| all | all tests of the crate but those in its documentation |

Numbers are percent, except the columns that count. A larger corpus reaches more. The laws test
the product, so they are counted apart, and only the lines that no test reaches need a reason.

| | lines | properties | corpus | either | all | branches | properties | corpus | either | all |
| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |
{counts}
## What neither reaches

In the product: adjacent lines as one, and sides of branches on lines that are reached. The
third column says whether any other test reaches it.

{product}
In the laws: lines that no test of the crate reaches either.

{laws}"
    );
    if !judged.spare.is_empty() {
        _ = write!(page, "\nReached by this corpus, and perhaps not by another:\n\n{}\n", judged.spare.join("\n"));
    }
    page
}

/// A row with the shares of the lines and of the branches.
fn row<'a>(title: &str, places: impl Iterator<Item = (&'a Place, &'a By)>) -> String {
    let (lines, branches): (Vec<_>, Vec<_>) = places.partition(|(place, _)| matches!(place, Place::Line(_)));
    let mut row = format!("| {title} |");
    for places in [lines, branches] {
        _ = write!(row, " {} |", places.len());
        let columns: [fn(By) -> bool; 4] = [By::properties, By::corpus, By::either, By::all];
        for column in columns {
            let reached = places.iter().filter(|(_, by)| column(**by)).count();
            match (1000 * reached).checked_div(places.len()) {
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

    fn judged(reasons: &[[&str; 3]]) -> Judged {
        let sources = measured().into_keys().map(|file| (file, Source::new(SOURCE))).collect();
        let reached = Reached::new(&sources, [measured(), measured(), measured()]);
        let reasons = reasons.iter().map(|row| row.map(str::to_owned));
        let reasons: Vec<_> = reasons.map(|[file, text, why]| Reason { file, text, why }).collect();
        judge(&reached, &sources, &reasons)
    }

    #[test]
    fn export_has_lines_and_branches_of_the_resolver() {
        let coverage = measured();
        let [(file, places)] = &Vec::from_iter(&coverage)[..] else { panic!("{coverage:?}") };
        assert_eq!(*file, "resolver/src/fix.rs");
        let lines = |is_reached: bool| -> Vec<usize> {
            let lines =
                places.iter().filter(|(place, reached)| matches!(place, Place::Line(_)) && **reached == is_reached);
            lines.map(|(place, _)| place.line()).collect()
        };
        assert_eq!((lines(true), lines(false)), (vec![1, 2, 4, 5, 6, 7], vec![3]));
        let region = Region { start: (2, 8), end: (2, 9) };
        assert!(places[&Place::Branch(region, false)]);
        assert!(!places[&Place::Branch(region, true)]);
    }

    #[test]
    fn gap_needs_a_reason() {
        let found = judged(&[]);
        let [problem] = &found.problems[..] else { panic!("{:?}", found.problems) };
        assert!(problem.starts_with("resolver/src/fix.rs:3: neither properties nor corpus reach `1`; "), "{problem}");
        let found = judged(&[["resolver/src/fix.rs", "1", "no test has `a`"]]);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        assert_eq!(found.product, ["| resolver/src/fix.rs:3 | `1` | no | no test has `a` |"]);
    }

    #[test]
    fn reason_needs_a_gap() {
        let gap = ["resolver/src/fix.rs", "1", "why"];
        for text in ["2", "3"] {
            let found = judged(&[gap, ["resolver/src/fix.rs", text, "why"]]);
            assert_eq!(found.problems.len(), 1, "{text}");
        }
    }

    #[test]
    fn line_without_words_is_named_after_the_last_that_has_some() {
        let source = Source::new(SOURCE);
        assert_eq!([5, 6].map(|line| source.name(line)), ["2", "2 }"]);
    }

    #[test]
    fn row_has_the_shares_rounded_down() {
        let by = |properties| By([properties, false, true]);
        let places = [1, 2, 3].map(|line| (Place::Line(line), by(line < 3)));
        let row = row("a", places.iter().map(|(place, by)| (place, by)));
        assert_eq!(row, "| a | 3 | 66.6 | 0.0 | 66.6 | 100.0 | 0 | – | – | – | – |\n");
    }

    #[test]
    fn sources_and_table_name_files_that_exist() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let listed = checkout::parse_table(REASONS, &fs::read_to_string(root.join(REASONS)).unwrap()).unwrap();
        let listed = listed.iter().map(|[file, ..]| file.as_str());
        listed.chain(SOURCES).chain([LAWS]).for_each(|path| assert!(root.join(path).exists(), "{path}"));
    }

    #[test]
    fn page_has_the_reasons_of_the_table() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap();
        let listed = checkout::parse_table(REASONS, &read(REASONS)).unwrap();
        let listed: BTreeSet<String> = listed.into_iter().map(|[_, _, why]| why).collect();
        let page = read("docs/coverage.md");
        // In the tables of gaps the reason is the last column; below them it follows the text.
        let shown = page.lines().filter_map(|line| match line.strip_suffix(" |") {
            Some(row) => row.split(" | ").next()?.contains(".rs:").then(|| row.rsplit(" | ").next())?,
            None => line.starts_with("- ").then(|| line.rsplit("`: ").next())?,
        });
        assert_eq!(shown.map(str::to_owned).collect::<BTreeSet<_>>(), listed, "run `cargo ci coverage`");
    }
}
