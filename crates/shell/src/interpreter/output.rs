//! The output of commands.

use super::super::syntax::Span;
use slug_value::{AbstractValue, TEXT_BYTES, Text};

/// The reason for an unknown argument with braces.
pub const BRACES: &str = "a shell expands braces to several words";

/// The output of a command, and the spans of the script that it comes from.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The texts, in order.
    pub texts: Vec<Text>,
    /// Spans of the script that are printed. A command that reads the output may run the targets
    /// that they name.
    pub spans: Vec<Span>,
    bytes: usize,
}

impl Output {
    pub fn new(texts: Vec<Text>, spans: Vec<Span>) -> Self {
        let bytes = texts.iter().map(size).sum();
        let mut output = Self { texts, spans, bytes };
        output.limit();
        output
    }

    pub fn unknown(reason: impl Into<String>) -> Self {
        Self::new(vec![Text::unknown(reason)], Vec::new())
    }

    /// Appends the output of the next command.
    pub fn append(&mut self, other: Self) {
        self.texts.extend(other.texts);
        self.spans.extend(other.spans);
        self.bytes += other.bytes;
        self.limit();
    }

    /// The output if one of two commands runs.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut spans = self.spans;
        spans.extend(other.spans);
        if self.texts == other.texts {
            return Self { texts: self.texts, spans, bytes: self.bytes };
        }
        let one = self.texts.into_iter().fold(Text::empty(), Text::followed_by);
        let other = other.texts.into_iter().fold(Text::empty(), Text::followed_by);
        Self::new(vec![one.or(other).with_reason("the output of a script depends on a condition")], spans)
    }

    /// Concatenates the texts.
    #[must_use]
    pub fn into_text(self) -> Text {
        self.texts.into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// Whether the output may set variables for later steps, as `NAME=value` does.
    #[must_use]
    pub fn may_assign(&self) -> bool {
        self.texts.iter().any(|text| text.single().is_none_or(|text| text.contains('=') || text.contains("<<")))
    }

    /// Replaces texts that are too long in total by an unknown text.
    fn limit(&mut self) {
        if self.bytes > TEXT_BYTES {
            self.texts = vec![Text::unknown("the output of a script is too long to interpret")];
            self.bytes = 0;
        }
    }
}

/// The size of a text that counts against the limit, over all alternatives.
fn size(text: &Text) -> usize {
    match &text.values {
        AbstractValue::OneOf(texts) => texts.iter().map(|text| text.len() + 1).sum(),
        _ => 1,
    }
}
