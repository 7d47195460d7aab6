//! Writes findings to standard output and to files.

mod excerpt;
pub mod github;
pub(super) mod human;
pub(super) mod json;
pub(super) mod sarif;

use std::path::Path;

use anstream::adapter::strip_str;

use crate::exit::{Exit, Failure};
use crate::io::{is_same_file, write_whole};
use crate::output::Output;
use crate::render::width;

use super::options::{FindingsOptions, Format, OutputFormat, Sink};
use super::report::Report;
use super::triage::Triaged;

/// Writes the triaged report to every requested sink, and returns the exit code.
///
/// # Errors
///
/// Fails if sinks conflict, the baseline cannot be read or written, or a sink cannot be written.
pub fn publish(report: Report, options: &FindingsOptions, output: &mut Output) -> Result<Exit, Failure> {
    let sinks = requested_sinks(&options.sinks, options.baseline.as_deref())?;
    let triaged = report.without_credentials().triage(options)?;
    write(&triaged, &sinks, output)?;
    Ok(triaged.exit())
}

/// What a command found, in every format of the command.
pub trait Rendering<F> {
    /// The text of a format; `width` is the width of a text for people.
    fn render(&self, format: F, width: usize) -> String;
    /// A summary for people.
    fn summary(&self, width: usize) -> String;
}

impl Rendering<Format> for Triaged {
    fn render(&self, format: Format, width: usize) -> String {
        match format {
            Format::Human => human::render(self, width),
            Format::Json => json::render(self),
            // A forge looks for the files below the top of the repository.
            Format::Sarif => sarif::render(&self.relative_to_top()),
            Format::Github => github::render(&self.relative_to_top()),
        }
    }

    fn summary(&self, width: usize) -> String {
        human::summary(self, width)
    }
}

/// The requested sinks; without a request, the format for people on standard output.
///
/// # Errors
///
/// Fails if two sinks or a sink and the baseline conflict.
pub fn requested_sinks<F: OutputFormat>(
    requested: &[Sink<F>],
    baseline: Option<&Path>,
) -> Result<Vec<Sink<F>>, Failure> {
    if requested.is_empty() {
        return Ok(vec![Sink { format: F::HUMAN, path: None }]);
    }
    let shared: Vec<F> = requested.iter().filter(|sink| sink.path.is_none()).map(|sink| sink.format).collect();
    let may_share = |formats: &[F]| formats.len() == 2 && formats.contains(&F::HUMAN) && formats.contains(&F::GITHUB);
    if shared.len() > 1 && !may_share(&shared) {
        return Err(Failure::new(
            "two outputs on standard output would mix; write one to a file, as in `--output json=findings.json`",
        ));
    }
    let mut taken: Vec<&Path> = baseline.into_iter().collect();
    for path in requested.iter().filter_map(|sink| sink.path.as_deref()) {
        if let Some(earlier) = taken.iter().find(|earlier| is_same_file(earlier, path)) {
            return Err(Failure::new(format!(
                "`{}` and `{}` are the same file; give each output its own file",
                earlier.display(),
                path.display()
            )));
        }
        taken.push(path);
    }
    Ok(requested.to_vec())
}

/// Writes what a command found to every sink.
///
/// # Errors
///
/// Fails if a sink cannot be written.
pub fn write<F: OutputFormat>(
    found: &impl Rendering<F>,
    sinks: &[Sink<F>],
    output: &mut Output,
) -> Result<(), Failure> {
    let content = |format: F| match format == F::HUMAN {
        true => strip_str(&found.render(format, FILE_WIDTH)).to_string().into_bytes(),
        false => found.render(format, FILE_WIDTH).into_bytes(),
    };
    let files = sinks.iter().filter_map(|sink| Some((sink.format, sink.path.as_deref()?)));
    // Report write errors after printing the findings.
    let written: Vec<_> = files.map(|(format, path)| write_whole(path, &content(format))).collect();
    // The log of a failed run must not be empty.
    if sinks.iter().all(|sink| sink.path.is_some()) {
        output.write_stderr(&found.summary(width()));
    }
    for sink in sinks.iter().filter(|sink| sink.path.is_none()) {
        match sink.format == F::HUMAN {
            true => output.styled(&found.render(sink.format, width()))?,
            false => output.raw(&found.render(sink.format, FILE_WIDTH))?,
        }
    }
    written.into_iter().collect()
}

/// The width of a human-readable report in a file, in columns.
const FILE_WIDTH: usize = 80;
