//! What a user asks of findings: which count, and where they are written.

use std::path::PathBuf;
use std::str::FromStr;

/// The options of every command that reports findings.
#[derive(Clone, Debug, Default)]
pub struct FindingsOptions {
    /// Where findings are written; on standard output for people if this is empty.
    pub sinks: Vec<Sink>,
    /// Whether undecided findings count as errors.
    pub strict: bool,
    /// The baseline to compare with.
    pub baseline: Option<PathBuf>,
    /// Whether the baseline is written instead of read.
    pub write_baseline: bool,
}

/// One place that findings are written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink {
    /// The format to write.
    pub format: Format,
    /// A file; none for standard output.
    pub path: Option<PathBuf>,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people.
    Human,
    /// Workflow commands.
    Github,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0.
    Sarif,
}

impl FromStr for Sink {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) = text.split_once('=').map_or((text, None), |(format, path)| (format, Some(path)));
        let known = "write human, json, sarif or github, alone or as in `json=FILE`";
        let format = match format {
            "human" => Format::Human,
            "github" => Format::Github,
            "json" => Format::Json,
            "sarif" => Format::Sarif,
            _ => return Err(format!("no such format; {known}")),
        };
        match path {
            Some("") => Err(format!("the path is empty; {known}")),
            None | Some("-") => Ok(Self { format, path: None }),
            Some(path) => Ok(Self { format, path: Some(PathBuf::from(path)) }),
        }
    }
}
