//! Model patterns, parsed once and bounded in size.

use std::fmt;

use regex_syntax::hir::{Hir, HirKind};
use serde::{Serialize, Serializer};

use crate::limits;

/// A regular expression that matches a model id if it is found anywhere in the id.
///
/// The syntax is that of the `regex` crate, which equals RE2 for everything that registries use.
/// It has no back-references and no look-around except anchors and word boundaries, so matching
/// takes time linear in the length of the id.
#[derive(Clone)]
pub struct Pattern {
    source: String,
    hir: Hir,
    size: usize,
}

/// The reason for which a pattern was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(String);

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    ///
    /// If the pattern is empty, does not compile, or exceeds [`limits::PATTERN_BYTES`] or
    /// [`limits::PATTERN_SIZE`].
    pub fn new(source: &str) -> Result<Self, PatternError> {
        if source.is_empty() {
            return Err(PatternError("is empty, which would match every model; write a pattern".to_owned()));
        }
        if source.len() > limits::PATTERN_BYTES {
            return Err(PatternError(format!(
                "the pattern has {} bytes, more than the limit of {}; shorten it",
                source.len(),
                limits::PATTERN_BYTES
            )));
        }
        let hir = regex_syntax::parse(source).map_err(|error| does_not_compile(source, &error))?;
        let size = size(&hir);
        if size > limits::PATTERN_SIZE {
            return Err(PatternError(format!(
                "pattern `{source}` has size {size} with repetitions expanded, more than the limit of {}; shorten them",
                limits::PATTERN_SIZE
            )));
        }
        Ok(Self { source: source.to_owned(), hir, size })
    }

    /// The pattern of a provider that has none: it matches nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { source: String::new(), hir: Hir::fail(), size: 0 }
    }

    /// Whether this is [`Pattern::none`].
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.source.is_empty()
    }

    /// The source of the pattern; empty for [`Pattern::none`].
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The parsed pattern.
    #[must_use]
    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// The size of the pattern, in the unit of [`limits::PATTERN_SIZE`].
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({:?})", self.source)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.source)
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

/// Builds a one-line error from the kind and the offset; the parser's own error has several lines.
fn does_not_compile(source: &str, error: &regex_syntax::Error) -> PatternError {
    let (kind, offset) = match error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
        _ => (error.to_string(), 0),
    };
    let at = source.get(..offset).map_or(0, |before| before.chars().count()) + 1;
    PatternError(format!("pattern `{source}` does not compile: {kind}, at character {at}; correct it"))
}

/// Computes the number of automaton positions of a pattern without building the automaton.
fn size(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(regex_syntax::hir::Class::Unicode(class)) => class.ranges().len(),
        HirKind::Class(regex_syntax::hir::Class::Bytes(class)) => class.ranges().len(),
        HirKind::Capture(capture) => size(&capture.sub),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.map_or(repetition.min.saturating_add(1), |max| max.max(1));
            size(&repetition.sub).saturating_mul(usize::try_from(times).unwrap_or(usize::MAX)).saturating_add(1)
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(0, |sum, part| sum.saturating_add(size(part)))
        }
    }
}
