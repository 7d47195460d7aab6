//! What `lint` and `check` find: one type, from which every output is made.

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

pub use options::{FindingsOptions, Format, Sink};
pub use report::{Coverage, Report};
pub use sinks::publish;
pub use source::{EMBEDDED, Position, Source, SourceId, Sources, Span};
pub use suppress::{Suppressed, SuppressionKind};

/// One thing that was found, with everything that any output says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The code: one rule in every output.
    pub code: &'static Entry,
    /// How much it weighs.
    pub level: Level,
    /// What is wrong, in one sentence: lower case, without a final stop.
    pub title: String,
    /// Where, and what is said under the caret.
    pub primary: Label,
    /// What else one has to see to understand it.
    pub labels: Vec<Label>,
    /// What leads to it, one sentence each.
    pub notes: Vec<String>,
    /// What to do, where that is no edit of the file.
    pub help: Vec<String>,
    /// What to do, where it is.
    pub patch: Option<Patch>,
    /// What the finding is about, by name (`job`, `variable`, …): with the code and the
    /// path of the file this tells it from any other, and no line number is in it. Each
    /// kind of name comes once.
    pub subject: Vec<(&'static str, String)>,
}

impl Finding {
    /// A finding of which nothing is said yet but what and where.
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

    /// The finding with another level than that of its code.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The finding with something said under the caret.
    #[must_use]
    pub fn said(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// The finding with another place.
    #[must_use]
    pub fn with_label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// The finding with a sentence on what leads to it.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The finding with a sentence on what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// What it is about, as far as a mended finding that is like it cannot change that.
    #[must_use]
    pub fn about_what(&self) -> Vec<String> {
        let lasting = self.subject.iter().filter(|(what, _)| !matches!(*what, "slugs" | "jobs"));
        lasting.map(|(what, name)| format!("{what} {name}")).collect()
    }

    /// The finding with one more name for what it is about.
    #[must_use]
    pub fn about(mut self, what: &'static str, name: impl Into<String>) -> Self {
        self.subject.push((what, name.into()));
        self
    }
}

/// A stretch of a file and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What.
    pub text: String,
}

/// Edits that, made together, mend a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// What it does, such as ``delete `NAME` ``.
    pub title: String,
    /// The edits; they do not overlap and are in the order of the file.
    pub edits: Vec<Edit>,
    /// The bytes among which it was tried alone: of patches that share any of them, one is
    /// made at a time.
    pub within: std::ops::Range<usize>,
}

/// One stretch of a file and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub span: Span,
    /// What to write there; empty to delete it.
    pub replacement: String,
}
