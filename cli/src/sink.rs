//! `--output FORMAT[=PATH]`: the formats of a command, and where its outputs are written.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use anstream::adapter::strip_str;
use serde_json::Value;
use slug_redact::{json_without_credentials, without_credentials};
use slug_resolver::limits;

use crate::exit::Failure;
use crate::io::{files_read, is_same_file, search_text_file, shown_path, write_whole};
use crate::output::Output;

/// The width of a human-readable report in a file, in columns.
pub const FILE_WIDTH: usize = 80;

/// The formats of a command.
pub trait OutputFormat: Copy + Eq + 'static {
    /// Every format with its name. The first is for people, and the default.
    const ALL: &'static [(&'static str, Self)];

    /// Returns true if the format is a JSON text.
    fn is_json(self) -> bool;

    /// Returns true if standard output can have both formats.
    fn can_mix(self, _other: Self) -> bool {
        false
    }
}

/// The formats of a command with one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasicFormat {
    /// For people
    Human,
    /// One JSON object
    Json,
}

impl OutputFormat for BasicFormat {
    const ALL: &'static [(&'static str, Self)] = &[("human", Self::Human), ("json", Self::Json)];

    fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// One output: a format and a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink<F> {
    /// The format to write.
    pub format: F,
    /// The file; None for standard output.
    pub path: Option<PathBuf>,
}

impl<F: OutputFormat> FromStr for Sink<F> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let names: Vec<&str> = F::ALL.iter().map(|(name, _)| *name).collect();
        let known = match names.as_slice() {
            [only] => format!("write {only}, alone or as in `{only}=FILE`"),
            [others @ .., last] => format!("write {} or {last}, alone or as in `json=FILE`", others.join(", ")),
            [] => String::new(),
        };
        let Some((_, format)) = F::ALL.iter().find(|(known, _)| *known == name) else {
            return Err(format!("unknown format; {known}"));
        };
        match path {
            Some("") => Err(format!("the path is empty; {known}")),
            None | Some("-") => Ok(Self { format: *format, path: None }),
            Some(path) => Ok(Self { format: *format, path: Some(PathBuf::from(path)) }),
        }
    }
}

/// A result that can be written in every format of a command.
pub trait Renders<F> {
    /// The result for people, with escape sequences of styles and of nothing else.
    fn styled(&self) -> String;

    /// The result in a format, as a file has it.
    fn render(&self, format: F) -> String;

    /// The result in a few lines, with styles.
    fn summary(&self) -> String;

    /// The verdict alone, with styles, as `--quiet` shows it.
    fn verdict(&self) -> String {
        self.summary()
    }

    /// True if the text for people is the content of a file, which is written byte for byte.
    fn is_file(&self) -> bool {
        false
    }
}

/// A result whose texts are made already.
#[derive(Default)]
pub struct Rendered {
    /// The text for people, escaped and with styles.
    pub text: String,
    /// The text of `--quiet`.
    pub verdict: String,
    /// The JSON object.
    pub json: Value,
    /// True if `text` is the content of a file.
    pub is_file: bool,
}

impl Renders<BasicFormat> for Rendered {
    fn styled(&self) -> String {
        self.text.clone()
    }

    fn render(&self, format: BasicFormat) -> String {
        match format {
            BasicFormat::Human => self.text.clone(),
            BasicFormat::Json => format!("{:#}\n", self.json),
        }
    }

    fn summary(&self) -> String {
        self.verdict.clone()
    }

    fn is_file(&self) -> bool {
        self.is_file
    }
}

/// The requested outputs, or the default.
///
/// # Errors
///
/// Fails if two outputs, or an output and a file in `taken`, are the same file.
pub fn requested<'p, F: OutputFormat>(
    sinks: &'p [Sink<F>],
    taken: impl IntoIterator<Item = &'p Path>,
) -> Result<Vec<Sink<F>>, Failure> {
    if sinks.is_empty() {
        return Ok(vec![Sink { format: F::ALL[0].1, path: None }]);
    }
    let shared: Vec<F> = sinks.iter().filter(|sink| sink.path.is_none()).map(|sink| sink.format).collect();
    let can_mix = match shared.as_slice() {
        [] | [_] => true,
        [one, other] => one.can_mix(*other) || other.can_mix(*one),
        _ => false,
    };
    if !can_mix {
        return Err(Failure::new(
            "two outputs on standard output would mix; write one to a file, as in `--output json=findings.json`",
        ));
    }
    let mut taken: Vec<&Path> = taken.into_iter().collect();
    for path in sinks.iter().filter_map(|sink| sink.path.as_deref()) {
        if let Some(earlier) = taken.iter().find(|earlier| is_same_file(earlier, path)) {
            return Err(Failure::new(format!(
                "`{}` and `{}` are the same file; give each output its own file",
                earlier.display(),
                path.display()
            )));
        }
        taken.push(path);
    }
    Ok(sinks.to_vec())
}

/// Returns true for a report or a baseline of this program in JSON, which repeats what other files write down.
#[must_use]
pub fn is_report(text: &str) -> bool {
    let Ok(report) = serde_json::from_str::<Value>(text) else { return false };
    let is_ours = |report: &Value| {
        let names = ["/tool/name", "/runs/0/tool/driver/name"].map(|path| report.pointer(path));
        let is_baseline = ["schema_version", "command", "findings"].iter().all(|name| report.get(name).is_some());
        is_baseline || names.into_iter().flatten().any(|name| name == env!("CARGO_PKG_NAME"))
    };
    is_ours(&report) || report.as_object().is_some_and(|sections| sections.values().any(is_ours))
}

/// Checks that no output is also an input, under any name. Each output has a description, such as `an output`. An
/// earlier report is replaced, even if a script reads it.
///
/// # Errors
///
/// The first output that would overwrite an input.
pub fn check_inputs<'p>(
    outputs: impl Iterator<Item = (&'p Path, &'static str)>,
    inputs: impl Iterator<Item = &'p Path> + Clone,
) -> Result<(), Failure> {
    for (path, what) in outputs {
        let is_earlier =
            || path.is_file() && search_text_file(path, limits::DOCUMENT_BYTES).is_ok_and(|text| is_report(&text));
        if let Some(input) = inputs.clone().find(|input| is_same_file(path, input) && !is_earlier()) {
            let is_same_name = path == input || std::path::absolute(path).is_ok_and(|path| path == input);
            let same = if is_same_name { String::new() } else { format!(", as `{}`", shown_path(input)) };
            return Err(Failure::new(format!(
                "`{}` is {what} and also an input{same}; choose another file",
                shown_path(path)
            )));
        }
    }
    Ok(())
}

/// Checks that no output is also a file that this command has read.
///
/// # Errors
///
/// The first output that would overwrite an input.
pub fn check_files_read<F>(sinks: &[Sink<F>]) -> Result<(), Failure> {
    let read = files_read();
    check_inputs(files(sinks), read.iter().map(PathBuf::as_path))
}

/// The files among some outputs, for [`check_inputs`].
pub fn files<F>(sinks: &[Sink<F>]) -> impl Iterator<Item = (&Path, &'static str)> {
    sinks.iter().filter_map(|sink| Some((sink.path.as_deref()?, "an output")))
}

/// Writes a result to every output.
///
/// # Errors
///
/// Fails if an output cannot be written, or is a file that this command has read.
pub fn write<F: OutputFormat>(result: &impl Renders<F>, sinks: &[Sink<F>], output: &mut Output) -> Result<(), Failure> {
    check_files_read(sinks)?;
    let is_human = |format: F| format == F::ALL[0].1 && !result.is_file();
    // The other formats mask credentials before they encode a text.
    let content = |format: F| match result.render(format) {
        text if is_human(format) => without_credentials(&strip_str(&text).to_string()).into_owned(),
        text if format.is_json() => json_without_credentials(&text).into_owned(),
        text => text,
    };
    let json = F::ALL.iter().map(|(_, format)| *format).find(|format| format.is_json());
    output.add_result(|| json.map(content).unwrap_or_default());
    let files = sinks.iter().filter_map(|sink| Some((sink.format, sink.path.as_deref()?)));
    // Report write errors after printing the result.
    let written: Vec<_> = files.map(|(format, path)| write_whole(path, content(format).as_bytes())).collect();
    // The log of a failed run must not be empty.
    if sinks.iter().all(|sink| sink.path.is_some()) {
        output.write_stderr(&if output.is_quiet() { result.verdict() } else { result.summary() });
    }
    for sink in sinks.iter().filter(|sink| sink.path.is_none()) {
        if is_human(sink.format) {
            output.styled(&if output.is_quiet() { result.verdict() } else { result.styled() })?;
        } else {
            output.raw(&content(sink.format))?;
        }
    }
    written.into_iter().collect()
}
