//! Findings about problems that the text of one file shows, and the steps of a file.

use slug_workflow::model::{Job, Step};
use slug_workflow::problem::Problem;
use slug_workflow::repository::File;

use crate::codes::{Entry, REFUSED_FILE};
use crate::findings::{Finding, SourceId, Span};

/// The finding about a part that the forge refuses. The bytes of the problem count from `base`.
pub(super) fn refused(source: SourceId, base: usize, problem: Problem) -> Finding {
    finding(&REFUSED_FILE, source, base, problem).with_primary_text("the forge refuses the file")
}

/// The finding about a problem, with another code. The bytes of the problem count from `base`.
pub(super) fn finding(code: &'static Entry, source: SourceId, base: usize, problem: Problem) -> Finding {
    let Problem { span, message, help } = problem;
    let span = Span { source, range: base + span.start..base + span.end };
    Finding::new(code, span, message).with_help(help)
}

/// The steps of a file, each with its job.
pub(super) fn steps(file: &File) -> impl Iterator<Item = (&Job, &Step)> {
    file.workflow.jobs.iter().flat_map(|job| job.steps().iter().map(move |step| (&**job, step)))
}
