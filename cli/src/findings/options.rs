//! The options for findings: which of them count, and where they are written.

use std::path::{Path, PathBuf};

use crate::codes::Entry;
use crate::exit::Failure;
use crate::sink::{self, OutputFormat, Sink};

/// The options of every command that reports findings.
#[derive(Clone, Debug, Default)]
pub struct FindingsOptions {
    /// The outputs; if empty, the human format on standard output.
    pub sinks: Vec<Sink<Format>>,
    /// True if undecided findings count as errors.
    pub strict: bool,
    /// The codes whose findings count as errors.
    pub deny: Vec<&'static Entry>,
    /// The baseline to compare with.
    pub baseline: Option<PathBuf>,
    /// True to write the baseline instead of reading it.
    pub write_baseline: bool,
}

impl FindingsOptions {
    /// Checks that no output file and no baseline is also an input, under any name.
    ///
    /// # Errors
    ///
    /// The first output that would overwrite an input.
    pub fn check_inputs<'p>(&'p self, inputs: impl Iterator<Item = &'p Path> + Clone) -> Result<(), Failure> {
        let baseline = self.baseline.as_deref().map(|path| (path, "the baseline"));
        sink::check_inputs(sink::files(&self.sinks).chain(baseline), inputs)
    }
}

/// The format of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Human,
    /// Workflow commands, which a forge shows as annotations.
    Github,
    /// One JSON object.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// A static page.
    Html,
}

impl OutputFormat for Format {
    const ALL: &'static [(&'static str, Self)] = &[
        ("human", Self::Human),
        ("json", Self::Json),
        ("sarif", Self::Sarif),
        ("github", Self::Github),
        ("html", Self::Html),
    ];

    fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Sarif)
    }

    fn can_mix(self, other: Self) -> bool {
        (self, other) == (Self::Human, Self::Github)
    }
}
