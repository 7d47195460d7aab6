//! What commands print.

use super::super::syntax::Span;
use slug_value::{AbstractValue, TEXT_BYTES, Text};

/// What a command prints, and where that stands in the script.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// The texts, one behind the other.
    pub texts: Vec<Text>,
    /// Bytes of the script that are printed. Whoever reads the output may run what they name.
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

    pub fn unknown(why: impl Into<String>) -> Self {
        Self::new(vec![Text::unknown(why)], Vec::new())
    }

    /// Adds what the next command prints.
    pub fn append(&mut self, other: Self) {
        self.texts.extend(other.texts);
        self.spans.extend(other.spans);
        self.bytes += other.bytes;
        self.limit();
    }

    /// What is printed if one of two commands runs.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let mut spans = self.spans;
        spans.extend(other.spans);
        if self.texts == other.texts {
            return Self { texts: self.texts, spans, bytes: self.bytes };
        }
        Self::new(vec![Text::unknown("what a script prints depends on a condition")], spans)
    }

    /// All of it as one text.
    #[must_use]
    pub fn into_text(self) -> Text {
        self.texts.into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// Whether it may set variables for later steps, as `NAME=value` does.
    #[must_use]
    pub fn may_assign(&self) -> bool {
        self.texts.iter().any(|text| text.single().is_none_or(|text| text.contains('=') || text.contains("<<")))
    }

    /// Gives up texts that are too long.
    fn limit(&mut self) {
        if self.bytes > TEXT_BYTES {
            self.texts = vec![Text::unknown("a script prints more than is followed")];
            self.bytes = 0;
        }
    }
}

/// The cost of a text.
fn size(text: &Text) -> usize {
    match &text.can {
        AbstractValue::OneOf(texts) => texts.iter().map(|text| text.len() + 1).sum(),
        _ => 1,
    }
}
