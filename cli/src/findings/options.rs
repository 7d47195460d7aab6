//! The options for findings: which of them count, and where they are written.

use std::path::PathBuf;
use std::str::FromStr;

use crate::codes::Entry;

/// The options of every command that reports findings.
#[derive(Clone, Debug, Default)]
pub struct FindingsOptions {
    /// The outputs; if empty, the human format on standard output.
    pub sinks: Vec<Sink>,
    /// True if undecided findings count as errors.
    pub strict: bool,
    /// The codes whose findings count as errors.
    pub deny: Vec<&'static Entry>,
    /// The baseline to compare with.
    pub baseline: Option<PathBuf>,
    /// True to write the baseline instead of reading it.
    pub write_baseline: bool,
}

/// One output: a format and a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink {
    /// The format to write.
    pub format: Format,
    /// The file; None for standard output.
    pub path: Option<PathBuf>,
}

/// The format of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people.
    Human,
    /// Workflow commands, which a forge shows as annotations.
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
            _ => return Err(format!("unknown format; {known}")),
        };
        match path {
            Some("") => Err(format!("the path is empty; {known}")),
            None | Some("-") => Ok(Self { format, path: None }),
            Some(path) => Ok(Self { format, path: Some(PathBuf::from(path)) }),
        }
    }
}
