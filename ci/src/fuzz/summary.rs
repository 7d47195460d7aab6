//! The results of a nightly run: summary.md for people, summary.json for programs.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::log;
use crate::failure::{Context, Result};

/// Maximum length of a crash message, and of the canary's report, in summary.md, in characters.
const MESSAGE_CHARS: usize = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunStatus {
    /// The run has not finished.
    Incomplete,
    /// See [`Summary::is_clean`].
    Clean,
    /// The run finished and is not clean.
    Findings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StageStatus {
    #[serde(rename = "not run")]
    NotRun,
    Passed,
    Failed,
}

/// The content of summary.json.
#[derive(Clone, Serialize)]
pub struct Summary {
    schema_version: u32,
    pub status: RunStatus,
    commit: String,
    started: String,
    pub duration_seconds: u64,
    pub budget_seconds: u64,
    pub workers: usize,
    /// The test of the fuzzer: whether it finds a known bug.
    pub canary: Canary,
    pub build: Build,
    pub targets: Vec<Target>,
    pub properties: Properties,
    pub proof: Proof,
}

#[derive(Clone, Serialize)]
pub struct Canary {
    pub status: StageStatus,
    pub report: String,
}

#[derive(Clone, Serialize)]
pub struct Build {
    pub status: StageStatus,
}

#[derive(Clone, Serialize)]
pub struct Target {
    pub name: String,
    pub seconds: u64,
    pub executions: u64,
    pub executions_per_second: u64,
    pub edges: u64,
    pub features: u64,
    pub corpus: Corpus,
    pub crashes: Vec<Crash>,
}

#[derive(Clone, Default, Serialize)]
pub struct Corpus {
    pub units: usize,
    pub bytes: u64,
    pub new_units: usize,
    #[serde(rename = "minimised")]
    pub is_minimised: bool,
}

#[derive(Clone, Serialize)]
pub struct Crash {
    kind: String,
    // The JSON fields have the names of schema version 1.
    #[serde(rename = "times")]
    occurrences: usize,
    #[serde(rename = "place")]
    location: Option<String>,
    message: String,
    #[serde(flatten, serialize_with = "serialize_input")]
    input: Option<InputFile>,
    #[serde(flatten, serialize_with = "serialize_minimised_input")]
    minimised_input: Option<InputFile>,
}

/// An input that crashes a target.
#[derive(Clone)]
struct InputFile {
    path: PathBuf,
    content: Vec<u8>,
}

#[derive(Clone, Serialize)]
pub struct Properties {
    pub status: StageStatus,
    #[serde(rename = "cases")]
    pub cases_per_law: u64,
    pub passed: usize,
    pub failed: usize,
    pub failures: Vec<String>,
}

#[derive(Clone, Serialize)]
pub struct Proof {
    pub status: StageStatus,
    pub report: Vec<String>,
}

impl Summary {
    /// Creates the summary of a run that has not begun its first stage.
    pub fn new(
        commit: String,
        started: String,
        budget_seconds: u64,
        workers: usize,
        targets: Vec<String>,
        cases_per_law: u64,
    ) -> Self {
        let target = |name| Target {
            name,
            seconds: 0,
            executions: 0,
            executions_per_second: 0,
            edges: 0,
            features: 0,
            corpus: Corpus::default(),
            crashes: Vec::new(),
        };
        Self {
            schema_version: 1,
            status: RunStatus::Incomplete,
            commit,
            started,
            duration_seconds: 0,
            budget_seconds,
            workers,
            canary: Canary { status: StageStatus::NotRun, report: String::new() },
            build: Build { status: StageStatus::NotRun },
            targets: targets.into_iter().map(target).collect(),
            properties: Properties {
                status: StageStatus::NotRun,
                cases_per_law,
                passed: 0,
                failed: 0,
                failures: Vec::new(),
            },
            proof: Proof { status: StageStatus::NotRun, report: Vec::new() },
        }
    }

    /// True if every stage passed, no target crashed, and every corpus was minimised.
    pub fn is_clean(&self) -> bool {
        let stages = [self.canary.status, self.build.status, self.properties.status, self.proof.status];
        stages.iter().all(|stage| *stage == StageStatus::Passed)
            && self.targets.iter().all(|target| target.crashes.is_empty() && target.corpus.is_minimised)
    }

    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n").context(|| "cannot write the summary".to_owned())
    }

    pub fn to_markdown(&self) -> String {
        let mut page = String::new();
        // Writing to a String never fails.
        _ = self.write_markdown(&mut page);
        page
    }

    fn write_markdown(&self, page: &mut String) -> fmt::Result {
        let Self { commit, started, duration_seconds, budget_seconds, workers, properties, .. } = self;
        writeln!(page, "# Nightly checks: {}\n", self.status)?;
        writeln!(
            page,
            "Commit `{commit}`, started {started}, took {duration_seconds} s; budget {budget_seconds} s, \
             {workers} workers.\n"
        )?;
        writeln!(page, "| check | result | details |\n| --- | --- | --- |")?;
        writeln!(page, "| canary | {} | {} |", self.canary.status, cell(&shorten(&self.canary.report)))?;
        writeln!(page, "| build | {} | {} targets |", self.build.status, self.targets.len())?;
        writeln!(
            page,
            "| properties | {} | {} cases per law; tests: {} passed, {} failed |",
            properties.status, properties.cases_per_law, properties.passed, properties.failed
        )?;
        writeln!(page, "| proof | {} | {} |\n", self.proof.status, cell(&self.proof.report.join("; ")))?;
        writeln!(
            page,
            "| target | seconds | executions | per second | edges | features | units | bytes | new units | crashes |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )?;
        for target in &self.targets {
            let Target { name, seconds, executions, executions_per_second, edges, features, corpus, crashes } = target;
            let Corpus { units, bytes, new_units, is_minimised } = corpus;
            let suffix = if *is_minimised { "" } else { ", not minimised" };
            writeln!(
                page,
                "| `{name}` | {seconds} | {executions} | {executions_per_second} | {edges} | {features} | {units} | \
                 {bytes} | {new_units}{suffix} | {} |",
                crashes.len()
            )?;
        }
        let crashes = self.targets.iter().flat_map(|target| target.crashes.iter().map(|crash| (&target.name, crash)));
        let mut title = "\n## Crashes\n";
        for (name, crash) in crashes {
            page.push_str(std::mem::take(&mut title));
            crash.write_markdown(name, page)?;
        }
        if !properties.failures.is_empty() {
            writeln!(page, "\n## Failed properties\n")?;
            properties.failures.iter().try_for_each(|name| writeln!(page, "    {name}"))?;
            writeln!(page, "\nThe failed cases are in `proptest-regressions`.")?;
        }
        Ok(())
    }
}

impl Crash {
    /// Converts a crash from the log, and reads its input and its minimised input. An input file that
    /// cannot be read is left out.
    pub fn new(crash: log::Crash, occurrences: usize, minimised_input: Option<&Path>) -> Self {
        let read = |path: &Path| Some(InputFile { path: path.to_owned(), content: fs::read(path).ok()? });
        let log::Crash { kind, input, location, message } = crash;
        Self {
            kind,
            occurrences,
            location,
            message,
            input: input.as_deref().and_then(read),
            minimised_input: minimised_input.and_then(read),
        }
    }

    fn write_markdown(&self, target: &str, page: &mut String) -> fmt::Result {
        let Self { kind, occurrences, location, message, input, minimised_input } = self;
        let location = location.as_ref().map(|location| format!(", at `{location}`")).unwrap_or_default();
        writeln!(page, "\n- `{target}`: {kind}, {occurrences}×{location}\n")?;
        // The message is indented as a code block, so Markdown in it has no effect.
        writeln!(page, "      {}", shorten(message))?;
        let Some(input) = input else { return Ok(()) };
        write!(page, "\n  Input: {input}")?;
        if let Some(minimised) = minimised_input {
            write!(page, "; minimised: {minimised}")?;
        }
        let smallest = minimised_input.as_ref().unwrap_or(input);
        // With the bytes, the summary alone is enough to reproduce the crash.
        writeln!(page, ". Hexadecimal, for `xxd -r -p`:\n")?;
        write!(page, "      ")?;
        smallest.content.iter().try_for_each(|byte| write!(page, "{byte:02x}"))?;
        writeln!(page)
    }
}

/// Writes the path and the length of a file as fields with these names.
fn serialize_file<S: Serializer>(
    [path, bytes]: [&str; 2],
    file: Option<&InputFile>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    let Some(file) = file else { return serializer.serialize_none() };
    let mut fields = serializer.serialize_map(Some(2))?;
    fields.serialize_entry(path, &file.path)?;
    fields.serialize_entry(bytes, &file.content.len())?;
    fields.end()
}

/// Writes the fields `input` and `input_bytes`, the names of schema version 1.
fn serialize_input<S: Serializer>(input: &Option<InputFile>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serialize_file(["input", "input_bytes"], input.as_ref(), serializer)
}

/// Writes the fields `minimised` and `minimised_bytes`, the names of schema version 1.
fn serialize_minimised_input<S: Serializer>(
    input: &Option<InputFile>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serialize_file(["minimised", "minimised_bytes"], input.as_ref(), serializer)
}

impl fmt::Display for InputFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.content.len() == 1 { "byte" } else { "bytes" };
        write!(f, "`{}`, {} {unit}", self.path.display(), self.content.len())
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incomplete => "incomplete",
            Self::Clean => "clean",
            Self::Findings => "findings",
        })
    }
}

impl fmt::Display for StageStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRun => "not run",
            Self::Passed => "passed",
            Self::Failed => "failed",
        })
    }
}

/// Escapes a text for a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary() -> Summary {
        let mut summary = Summary::new(
            "0a1b2c3".to_owned(),
            "2026-01-02T03:04:05Z".to_owned(),
            60,
            2,
            vec!["resolve".to_owned()],
            256,
        );
        summary.targets[0].crashes.push(Crash {
            kind: "crash".to_owned(),
            occurrences: 2,
            location: None,
            message: "| <script>".to_owned(),
            input: Some(InputFile { path: "a/crash-1".into(), content: b"\x00|".to_vec() }),
            minimised_input: Some(InputFile { path: "a/small".into(), content: b"|".to_vec() }),
        });
        summary.proof.report = vec!["✓ a | b".to_owned()];
        summary.properties.failures = vec!["properties::order_free".to_owned()];
        summary
    }

    #[test]
    fn markdown_shows_crashes_as_code_and_escapes_cells() {
        let page = summary().to_markdown();
        assert!(page.starts_with("# Nightly checks: incomplete\n"), "{page}");
        assert!(page.contains("| proof | not run | ✓ a \\| b |\n"), "{page}");
        assert!(page.contains("\n- `resolve`: crash, 2×\n\n      | <script>\n"), "{page}");
        assert!(
            page.contains(
                "`a/crash-1`, 2 bytes; minimised: `a/small`, 1 byte. Hexadecimal, for `xxd -r -p`:\n\n      7c\n"
            ),
            "{page}"
        );
        assert!(
            page.ends_with(
                "## Failed properties\n\n    properties::order_free\n\nThe failed \
                 cases are in `proptest-regressions`.\n"
            ),
            "{page}"
        );
    }

    #[test]
    fn json_has_the_expected_fields() {
        let json: serde_json::Value = serde_json::from_str(&summary().to_json().unwrap()).unwrap();
        let keys = |value: &serde_json::Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
        let mut expected = [
            "schema_version",
            "status",
            "commit",
            "started",
            "duration_seconds",
            "budget_seconds",
            "workers",
            "canary",
            "build",
            "targets",
            "properties",
            "proof",
        ];
        expected.sort_unstable();
        let mut found = keys(&json);
        found.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(json["canary"]["status"], "not run");
        let crash = &json["targets"][0]["crashes"][0];
        assert_eq!((&crash["input"], &crash["input_bytes"]), (&"a/crash-1".into(), &2.into()));
        assert_eq!((&crash["minimised"], &crash["minimised_bytes"]), (&"a/small".into(), &1.into()));
        assert!(crash["place"].is_null() && crash.get("content").is_none());
    }

    #[test]
    fn summary_is_clean_only_if_everything_passed() {
        let mut summary = summary();
        summary.targets[0].crashes.clear();
        summary.targets[0].corpus.is_minimised = true;
        summary.canary.status = StageStatus::Passed;
        summary.build.status = StageStatus::Passed;
        summary.properties.status = StageStatus::Passed;
        assert!(!summary.is_clean());
        summary.proof.status = StageStatus::Passed;
        assert!(summary.is_clean());
        summary.targets[0].corpus.is_minimised = false;
        assert!(!summary.is_clean());
    }
}
