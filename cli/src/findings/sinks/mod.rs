//! Writes findings to standard output and to files.

mod excerpt;
mod github;
pub(super) mod human;
pub(super) mod json;
pub(super) mod sarif;

use std::path::Path;

use anstream::adapter::strip_str;

use crate::exit::{Exit, Failure};
use crate::io::{is_same_file, write_whole};
use crate::output::Output;
use crate::render::width;

use super::options::{FindingsOptions, Format, Sink};
use super::report::Report;
use super::triage::Triaged;

/// Writes the triaged report to every requested sink, and returns the exit code.
///
/// # Errors
///
/// Fails if sinks conflict, the baseline cannot be read or written, or a sink cannot be written.
pub fn publish(report: Report, options: &FindingsOptions, output: &mut Output) -> Result<Exit, Failure> {
    let sinks = requested_sinks(options)?;
    let triaged = report.without_credentials().triage(options)?;
    write(&triaged, &sinks, output)?;
    output.conclude(human::conclusion(&triaged));
    Ok(triaged.exit())
}

/// The requested sinks.
///
/// # Errors
///
/// Fails if two sinks or a sink and the baseline conflict.
fn requested_sinks(options: &FindingsOptions) -> Result<Vec<Sink>, Failure> {
    if options.sinks.is_empty() {
        return Ok(vec![Sink { format: Format::Human, path: None }]);
    }
    let mut shared: Vec<Format> =
        options.sinks.iter().filter(|sink| sink.path.is_none()).map(|sink| sink.format).collect();
    shared.sort_unstable();
    if !matches!(shared.as_slice(), [] | [_] | [Format::Human, Format::Github]) {
        return Err(Failure::new(
            "two outputs on standard output would mix; write one to a file, as in `--output json=findings.json`",
        ));
    }
    let mut taken: Vec<&Path> = options.baseline.as_deref().into_iter().collect();
    for path in options.sinks.iter().filter_map(|sink| sink.path.as_deref()) {
        if let Some(earlier) = taken.iter().find(|earlier| is_same_file(earlier, path)) {
            return Err(Failure::new(format!(
                "`{}` and `{}` are the same file; give each output its own file",
                earlier.display(),
                path.display()
            )));
        }
        taken.push(path);
    }
    Ok(options.sinks.clone())
}

fn write(triaged: &Triaged, sinks: &[Sink], output: &mut Output) -> Result<(), Failure> {
    let files = sinks.iter().filter_map(|sink| Some((sink.format, sink.path.as_deref()?)));
    // Report write errors after printing the findings.
    let written: Vec<_> = files.map(|(format, path)| write_whole(path, &file_content(triaged, format))).collect();
    // The log of a failed run must not be empty.
    if sinks.iter().all(|sink| sink.path.is_some()) {
        output.write_stderr(&human::summary(triaged, width()));
    }
    for sink in sinks.iter().filter(|sink| sink.path.is_none()) {
        match sink.format {
            Format::Human => output.styled(&human::render(triaged, width()))?,
            format => output.raw(&render(triaged, format))?,
        }
    }
    written.into_iter().collect()
}

fn file_content(triaged: &Triaged, format: Format) -> Vec<u8> {
    match format {
        Format::Human => strip_str(&human::render(triaged, FILE_WIDTH)).to_string().into_bytes(),
        format => render(triaged, format).into_bytes(),
    }
}

/// The width of a human-readable report in a file, in columns.
const FILE_WIDTH: usize = 80;

fn render(triaged: &Triaged, format: Format) -> String {
    match format {
        Format::Human => human::render(triaged, FILE_WIDTH),
        Format::Json => json::render(triaged),
        // A forge looks for the files below the top of the repository.
        Format::Sarif => sarif::render(&triaged.relative_to_top()),
        Format::Github => github::render(&triaged.relative_to_top()),
    }
}
