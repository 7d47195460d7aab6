//! Texts that are derived from a file of the repository, such as the expanded line of a recipe, with
//! the places in the file from which their parts come.

use super::syntax::Span;

/// The first position of derived texts. The positions of scripts and files are less.
const FIRST_POSITION: usize = usize::MAX / 2 + 1;

/// A text whose parts come from a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Derived {
    pub text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    /// The first byte in the derived text.
    start: usize,
    /// The bytes in the file.
    origin: Span,
    /// Whether the text is that of the file.
    is_verbatim: bool,
}

impl Derived {
    /// Adds a text that begins at a byte of the file.
    pub fn push(&mut self, text: &str, at: usize) {
        self.parts.push(Part { start: self.text.len(), origin: at..at + text.len(), is_verbatim: true });
        self.text.push_str(text);
    }

    /// Adds a text in place of some bytes of the file.
    pub fn push_instead(&mut self, text: &str, origin: Span) {
        self.parts.push(Part { start: self.text.len(), origin, is_verbatim: false });
        self.text.push_str(text);
    }

    /// Adds another derived text.
    pub fn append(&mut self, other: Self) {
        let start = self.text.len();
        self.parts.extend(other.parts.into_iter().map(|part| Part { start: start + part.start, ..part }));
        self.text.push_str(&other.text);
    }

    /// The bytes of the file from which some bytes come.
    pub fn origin(&self, span: &Span) -> Span {
        let at = |byte: usize| {
            let index = self.parts.partition_point(|part| part.start <= byte).checked_sub(1);
            index.map(|index| (&self.parts[index], byte - self.parts[index].start))
        };
        let Some((first, offset)) = at(span.start) else { return 0..0 };
        let start = if first.is_verbatim { first.origin.start + offset } else { first.origin.start };
        let end = match at(span.end.saturating_sub(1).max(span.start)) {
            Some((last, offset)) if last.is_verbatim => last.origin.start + offset + 1,
            Some((last, _)) => last.origin.end,
            None => start,
        };
        start..if span.is_empty() { start } else { end.max(start) }
    }
}

/// The derived texts of an interpretation, each with a position of its own.
#[derive(Default)]
pub(super) struct DerivedTexts(Vec<(usize, Derived)>);

impl DerivedTexts {
    /// The position of a text; equal texts from one place have one position.
    pub fn add(&mut self, derived: Derived) -> usize {
        if let Some((position, _)) = self.0.iter().find(|(_, known)| *known == derived) {
            return *position;
        }
        let position = self.0.last().map_or(FIRST_POSITION, |(last, known)| last + known.text.len() + 1);
        self.0.push((position, derived));
        position
    }

    /// The bytes of a script or file from which some bytes come.
    pub fn origin(&self, span: &Span) -> Span {
        let index = self.0.partition_point(|(position, _)| *position <= span.start).checked_sub(1);
        match index.filter(|_| span.start >= FIRST_POSITION) {
            Some(index) => {
                let (position, derived) = &self.0[index];
                derived.origin(&(span.start - position..span.end.max(span.start) - position))
            }
            None => span.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_has_the_position_of_its_origin() {
        let mut derived = Derived::default();
        derived.push("ab ", 10);
        derived.push_instead("xyz", 13..17);
        derived.push(" c", 17);
        let mut texts = DerivedTexts::default();
        let other = texts.add(Derived::default());
        let base = texts.add(derived.clone());
        assert_eq!((texts.add(derived), texts.add(Derived::default())), (base, other));
        for (span, expected) in [(0..2, 10..12), (4..5, 13..17), (1..4, 11..17), (3..8, 13..19), (7..7, 18..18)] {
            assert_eq!(texts.origin(&(base + span.start..base + span.end)), expected, "{span:?}");
        }
        assert_eq!(texts.origin(&(3..4)), 3..4);
    }
}
