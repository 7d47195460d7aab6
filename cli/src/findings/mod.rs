//! The findings of `lint`, `check` and `conform`, and their outputs.

pub mod baseline;
mod options;
mod report;
mod sinks;
mod source;
mod suppress;
#[cfg(test)]
mod tests;
mod triage;

use crate::codes::{Entry, Level};

pub use options::{FindingsOptions, Format};
pub use report::{Coverage, Report, Section, SectionResult};
pub use sinks::github::{SHOWN as ANNOTATIONS_SHOWN, message as annotation_message, property as annotation_property};
pub use sinks::sarif::help_uri;
pub use sinks::{publish, rendered};
pub use source::{EMBEDDED, Position, Source, SourceId, Sources, Span};
pub use suppress::{MARK as SUPPRESSION, Suppressed, SuppressionKind};

/// One finding, with the data of all outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The code, which is the rule in SARIF.
    pub code: &'static Entry,
    /// The level; by default that of the code.
    pub level: Level,
    /// The problem in one sentence: lower case, without a final full stop.
    pub title: String,
    /// The range under the caret, with its text.
    pub primary: Label,
    /// Other ranges that explain the finding.
    pub labels: Vec<Label>,
    /// Explanations, one sentence each.
    pub notes: Vec<String>,
    /// Remedies other than the patch, one sentence each.
    pub help: Vec<String>,
    /// The edit of the file that fixes the finding.
    pub patch: Option<Patch>,
    /// The subject: pairs of a kind (`job`, `variable`, …) and a name. Each kind occurs once. With the code and
    /// the path of the file, [`Finding::identity`] identifies the finding, independent of line numbers.
    pub subject: Vec<(&'static str, String)>,
}

impl Finding {
    /// A finding with the level of its code and without labels, notes, help and patch.
    #[must_use]
    pub fn new(code: &'static Entry, span: Span, title: impl Into<String>) -> Self {
        Self {
            code,
            level: code.level,
            title: title.into(),
            primary: Label { span, text: String::new() },
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            patch: None,
            subject: Vec::new(),
        }
    }

    /// Sets the level.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Sets the text of the primary label, which is shown under the caret.
    #[must_use]
    pub fn with_primary_text(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds a label.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds an explanation.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a remedy.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The subject without `line`, which any edit above that line changes.
    pub fn identity(&self) -> impl Iterator<Item = &(&'static str, String)> {
        self.subject.iter().filter(|(what, _)| *what != "line")
    }

    /// The subject without `slugs`, `jobs` and `line`, which a fix of a similar finding can change.
    #[must_use]
    pub fn stable_subject(&self) -> Vec<String> {
        let lasting = self.identity().filter(|(what, _)| !matches!(*what, "slugs" | "jobs"));
        lasting.map(|(what, name)| format!("{what} {name}")).collect()
    }

    /// Adds a name to the subject.
    #[must_use]
    pub fn with_subject(mut self, what: &'static str, name: impl Into<String>) -> Self {
        self.subject.push((what, name.into()));
        self
    }
}

/// A range of a file with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The range.
    pub span: Span,
    /// The text; may be empty.
    pub text: String,
}

/// Edits that together fix a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// A description, such as ``delete `NAME` ``.
    pub title: String,
    /// The number of entries of the finding's `help` that are recommended before the patch.
    pub rank: usize,
    /// The edits; they do not overlap and are in the order of the file.
    pub edits: Vec<Edit>,
    /// The bytes that the patch must not share with another one. Patches with overlapping ranges are
    /// applied in different rounds.
    pub within: std::ops::Range<usize>,
}

/// The replacement of a range of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The range.
    pub span: Span,
    /// The new text; empty to delete the range.
    pub replacement: String,
}
