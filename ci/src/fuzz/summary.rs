//! The results of a nightly run: summary.md for people, summary.json for programs.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::log;
use crate::failure::{Context, Result};

/// Maximum length of a message in summary.md, in characters.
const MESSAGE_CHARS: usize = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Incomplete,
    Clean,
    Findings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    #[serde(rename = "not run")]
    NotRun,
    Passed,
    Failed,
}

/// The content of summary.json.
#[derive(Clone, Serialize)]
pub struct Summary {
    schema_version: u32,
    pub status: Status,
    commit: String,
    started: String,
    pub duration_seconds: u64,
    pub budget_seconds: u64,
    pub workers: usize,
    pub canary: Canary,
    pub build: Build,
    pub targets: Vec<Target>,
    pub properties: Properties,
    pub proof: Proof,
}

#[derive(Clone, Serialize)]
pub struct Canary {
    pub status: Stage,
    pub report: String,
}

#[derive(Clone, Serialize)]
pub struct Build {
    pub status: Stage,
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
    pub minimised: bool,
}

#[derive(Clone, Serialize)]
pub struct Crash {
    kind: String,
    times: usize,
    #[serde(rename = "place")]
    location: Option<String>,
    message: String,
    #[serde(flatten)]
    input: Option<Input>,
    #[serde(flatten)]
    minimised: Option<Minimised>,
}

#[derive(Clone, Serialize)]
struct Input {
    input: PathBuf,
    input_bytes: usize,
    #[serde(skip)]
    content: Vec<u8>,
}

#[derive(Clone, Serialize)]
struct Minimised {
    minimised: PathBuf,
    minimised_bytes: usize,
    #[serde(skip)]
    content: Vec<u8>,
}

#[derive(Clone, Serialize)]
pub struct Properties {
    pub status: Stage,
    pub cases: u64,
    pub passed: usize,
    pub failed: usize,
    pub failures: Vec<String>,
}

#[derive(Clone, Serialize)]
pub struct Proof {
    pub status: Stage,
    pub report: Vec<String>,
}

impl Summary {
    /// Creates the summary of a run that has not begun its first stage.
    pub fn new(commit: String, started: String, budget: u64, workers: usize, targets: Vec<String>, cases: u64) -> Self {
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
            status: Status::Incomplete,
            commit,
            started,
            duration_seconds: 0,
            budget_seconds: budget,
            workers,
            canary: Canary { status: Stage::NotRun, report: String::new() },
            build: Build { status: Stage::NotRun },
            targets: targets.into_iter().map(target).collect(),
            properties: Properties { status: Stage::NotRun, cases, passed: 0, failed: 0, failures: Vec::new() },
            proof: Proof { status: Stage::NotRun, report: Vec::new() },
        }
    }

    pub fn has_findings(&self) -> bool {
        let stages = [self.canary.status, self.build.status, self.properties.status, self.proof.status];
        stages.iter().any(|stage| *stage != Stage::Passed)
            || self.targets.iter().any(|target| !target.crashes.is_empty() || !target.corpus.minimised)
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
        writeln!(page, "| check | result | |\n| --- | --- | --- |")?;
        writeln!(page, "| canary | {} | {} |", self.canary.status, cell(&shorten(&self.canary.report)))?;
        writeln!(page, "| build | {} | {} targets |", self.build.status, self.targets.len())?;
        writeln!(
            page,
            "| properties | {} | {} cases per law; tests: {} passed, {} failed |",
            properties.status, properties.cases, properties.passed, properties.failed
        )?;
        writeln!(page, "| proof | {} | {} |\n", self.proof.status, cell(&self.proof.report.join("; ")))?;
        writeln!(
            page,
            "| target | seconds | executions | per second | edges | features | units | bytes | new units | crashes |\n\
             | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )?;
        for target in &self.targets {
            let Target { name, seconds, executions, executions_per_second, edges, features, corpus, crashes } = target;
            let Corpus { units, bytes, new_units, minimised } = corpus;
            let suffix = if *minimised { "" } else { ", not minimised" };
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
    /// Converts a crash from the log, and reads its input and its minimised input.
    pub fn new(crash: log::Crash, times: usize, minimised: Option<&Path>) -> Self {
        let read = |path: &Path| Some((path.to_owned(), fs::read(path).ok()?));
        let log::Crash { kind, input, location, message } = crash;
        let input = input.as_deref().and_then(read);
        let minimised = minimised.and_then(read);
        Self {
            kind,
            times,
            location,
            message,
            input: input.map(|(input, content)| Input { input, input_bytes: content.len(), content }),
            minimised: minimised.map(|(minimised, content)| Minimised {
                minimised,
                minimised_bytes: content.len(),
                content,
            }),
        }
    }

    fn write_markdown(&self, target: &str, page: &mut String) -> fmt::Result {
        let Self { kind, times, location, message, input, minimised } = self;
        let location = location.as_ref().map(|location| format!(", at `{location}`")).unwrap_or_default();
        writeln!(page, "\n- `{target}`: {kind}, {times} times{location}\n")?;
        // The message is indented as a code block, so Markdown in it has no effect.
        writeln!(page, "      {}", shorten(message))?;
        let Some(Input { input, input_bytes, content }) = input else { return Ok(()) };
        write!(page, "\n  Input: `{}`, {input_bytes} bytes", input.display())?;
        let mut shown = content;
        if let Some(Minimised { minimised, minimised_bytes, content }) = minimised {
            write!(page, "; minimised: `{}`, {minimised_bytes} bytes", minimised.display())?;
            shown = content;
        }
        // With the bytes, the summary alone is enough to reproduce the crash.
        writeln!(page, ". Hexadecimal, for `xxd -r -p`:\n")?;
        write!(page, "      ")?;
        shown.iter().try_for_each(|byte| write!(page, "{byte:02x}"))?;
        writeln!(page)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Incomplete => "incomplete",
            Self::Clean => "clean",
            Self::Findings => "findings",
        })
    }
}

impl fmt::Display for Stage {
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
            times: 2,
            location: None,
            message: "| <script>".to_owned(),
            input: Some(Input { input: "a/crash-1".into(), input_bytes: 2, content: b"\x00|".to_vec() }),
            minimised: Some(Minimised { minimised: "a/small".into(), minimised_bytes: 1, content: b"|".to_vec() }),
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
        assert!(page.contains("\n- `resolve`: crash, 2 times\n\n      | <script>\n"), "{page}");
        assert!(
            page.contains(
                "`a/crash-1`, 2 bytes; minimised: `a/small`, 1 bytes. Hexadecimal, for `xxd -r -p`:\n\n      7c\n"
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
    fn json_has_the_fields_of_its_schema() {
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
    fn summary_has_no_findings_if_everything_passed() {
        let mut summary = summary();
        summary.targets[0].crashes.clear();
        summary.targets[0].corpus.minimised = true;
        summary.canary.status = Stage::Passed;
        summary.build.status = Stage::Passed;
        summary.properties.status = Stage::Passed;
        assert!(summary.has_findings());
        summary.proof.status = Stage::Passed;
        assert!(!summary.has_findings());
        summary.targets[0].corpus.minimised = false;
        assert!(summary.has_findings());
    }
}
