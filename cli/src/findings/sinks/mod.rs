//! Writes findings to standard output and to files.

mod excerpt;
pub mod github;
mod html;
pub(super) mod human;
pub(super) mod json;
pub(super) mod sarif;

use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::width;
use crate::sink::{self, FILE_WIDTH, Rendered, Renders};

use super::options::{FindingsOptions, Format};
use super::report::Report;
use super::triage::Triaged;

/// Writes the triaged report to every requested sink, and returns the exit code.
///
/// # Errors
///
/// Fails if sinks conflict, the baseline cannot be read or written, or a sink cannot be written.
pub fn publish(report: Report, options: &FindingsOptions, output: &mut Output) -> Result<Exit, Failure> {
    let sinks = sink::requested(&options.sinks, options.baseline.as_deref())?;
    let triaged = report.without_credentials().triage(options)?;
    sink::write(&triaged, &sinks, output)?;
    output.conclude(human::conclusion(&triaged));
    Ok(triaged.exit())
}

/// The triaged report as text and as JSON, with the exit code.
///
/// # Errors
///
/// Fails if the baseline cannot be read.
pub fn rendered(report: Report, options: &FindingsOptions) -> Result<(Exit, Rendered), Failure> {
    let triaged = report.without_credentials().triage(options)?;
    let json = serde_json::from_str(&json::render(&triaged)).unwrap_or_default();
    let rendered = Rendered { text: triaged.styled(), verdict: triaged.verdict(), json, is_file: false };
    Ok((triaged.exit(), rendered))
}

impl Renders<Format> for Triaged {
    fn styled(&self) -> String {
        human::render(self, width())
    }

    fn render(&self, format: Format) -> String {
        match format {
            Format::Human => human::render(self, FILE_WIDTH),
            Format::Json => json::render(self),
            // A forge looks for the files below the top of the repository.
            Format::Sarif => sarif::render(&self.relative_to_top()),
            Format::Github => github::render(&self.relative_to_top()),
            Format::Html => html::render(self),
        }
    }

    fn summary(&self) -> String {
        human::summary(self, width())
    }
}
