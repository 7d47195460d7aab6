//! The options for findings: which of them count, and where they are written.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::codes::Entry;
use crate::exit::Failure;
use crate::io::{is_same_file, shown_path};

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

impl FindingsOptions {
    /// Checks that no output file and no baseline is also an input, under any name.
    ///
    /// # Errors
    ///
    /// The first output that would overwrite an input.
    pub fn check_inputs<'p>(&self, inputs: impl Iterator<Item = &'p Path> + Clone) -> Result<(), Failure> {
        let outputs = self.sinks.iter().filter_map(|sink| sink.path.as_deref()).map(|path| (path, "an output"));
        for (path, what) in outputs.chain(self.baseline.as_deref().map(|path| (path, "the baseline"))) {
            if let Some(input) = inputs.clone().find(|input| is_same_file(path, input)) {
                let same = if path == input { String::new() } else { format!(", as `{}`", shown_path(input)) };
                return Err(Failure::new(format!(
                    "`{}` is {what} and also an input{same}; choose another file",
                    shown_path(path)
                )));
            }
        }
        Ok(())
    }
}

/// One output: a format and a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink<F = Format> {
    /// The format to write.
    pub format: F,
    /// The file; None for standard output.
    pub path: Option<PathBuf>,
}

/// The formats of a command.
pub trait OutputFormat: Copy + Ord + 'static {
    /// Each format with its name.
    const NAMES: &'static [(&'static str, Self)];
    /// The format for people.
    const HUMAN: Self;
    /// The format of annotations, which may share standard output with the format for people.
    const GITHUB: Self;
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

impl OutputFormat for Format {
    const NAMES: &'static [(&'static str, Self)] =
        &[("human", Self::Human), ("json", Self::Json), ("sarif", Self::Sarif), ("github", Self::Github)];
    const HUMAN: Self = Self::Human;
    const GITHUB: Self = Self::Github;
}

impl<F: OutputFormat> FromStr for Sink<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let names: Vec<&str> = F::NAMES.iter().map(|(name, _)| *name).collect();
        let (last, others) = names.split_last().map_or(("", &[][..]), |(last, others)| (*last, others));
        let known = format!("write {} or {last}, alone or as in `json=FILE`", others.join(", "));
        let Some((_, format)) = F::NAMES.iter().find(|(known, _)| *known == name) else {
            return Err(format!("unknown format; {known}"));
        };
        match path {
            Some("") => Err(format!("the path is empty; {known}")),
            None | Some("-") => Ok(Self { format: *format, path: None }),
            Some(path) => Ok(Self { format: *format, path: Some(PathBuf::from(path)) }),
        }
    }
}
