//! Where a script names a target or the file of later steps. Each occurrence must be
//! explained; one that is not may be a call.

use super::super::effects::ENVIRONMENT_FILE;
use super::super::syntax::{Operation, Piece, PieceKind, Span, Word};
use super::super::targets::mentions;

/// The occurrences of a script.
pub struct Occurrences<'a> {
    targets: &'a [&'a str],
    /// Ordered by their first bytes.
    found: Vec<Occurrence>,
}

/// A place that names a target or the file of later steps.
#[derive(Clone)]
pub struct Occurrence {
    /// The target; none for the file.
    pub target: Option<usize>,
    /// The bytes.
    pub span: Span,
    /// Whether it was put into a variable or a file, and counts only if no call is found.
    pub is_stored: bool,
    is_resolved: bool,
}

impl<'a> Occurrences<'a> {
    pub fn new(targets: &'a [&'a str]) -> Self {
        Self { targets, found: Vec::new() }
    }

    /// Adds those of a text that begins at a byte of the outermost script.
    pub fn find(&mut self, text: &str, base: usize, comments: &[Span]) {
        let targets = mentions(text, self.targets).map(|(target, span)| (Some(target), span));
        let file = text.match_indices(ENVIRONMENT_FILE).map(|(at, name)| (None, at..at + name.len()));
        let all = targets.chain(file).map(|(target, span)| Occurrence {
            target,
            span: base + span.start..base + span.end,
            is_stored: false,
            is_resolved: false,
        });
        let in_comment = |occurrence: &Occurrence| comments.iter().any(|comment| contains(comment, &occurrence.span));
        self.found.extend(all.filter(|occurrence| !in_comment(occurrence)));
        self.found.sort_by_key(|occurrence| occurrence.span.start);
    }

    /// Those that nothing has explained.
    pub fn unresolved(&self) -> impl Iterator<Item = &Occurrence> {
        self.found.iter().filter(|occurrence| !occurrence.is_resolved)
    }

    pub fn resolve_targets(&mut self, spans: &[Span]) {
        self.each(spans, |occurrence| occurrence.is_resolved |= occurrence.target.is_some());
    }

    pub fn resolve_env(&mut self, spans: &[Span]) {
        self.each(spans, |occurrence| occurrence.is_resolved |= occurrence.target.is_none());
    }

    pub fn store(&mut self, spans: &[Span], with_env_file: bool) {
        self.each(spans, |occurrence| occurrence.is_stored |= with_env_file || occurrence.target.is_some());
    }

    fn each(&mut self, spans: &[Span], change: impl Fn(&mut Occurrence)) {
        for span in spans {
            let first = self.found.partition_point(|occurrence| occurrence.span.start < span.start);
            let inside = self.found[first..].iter_mut().take_while(|occurrence| occurrence.span.start < span.end);
            inside.filter(|occurrence| contains(span, &occurrence.span)).for_each(&change);
        }
    }
}

fn contains(outer: &Span, inner: &Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The bytes of words without the commands that are substituted in them.
pub fn own_spans(words: &[Word]) -> Vec<Span> {
    let mut spans = Vec::new();
    for word in words {
        add_own_spans(&word.span, &word.pieces, &mut spans);
    }
    spans
}

/// Adds the bytes of some pieces without the commands that are substituted in them.
pub fn add_own_spans(span: &Span, pieces: &[Piece], spans: &mut Vec<Span>) {
    let mut start = span.start;
    let mut commands = Vec::new();
    find_commands(pieces, &mut commands);
    for command in commands {
        spans.push(start..command.start);
        start = command.end;
    }
    spans.push(start..span.end);
}

fn find_commands(pieces: &[Piece], found: &mut Vec<Span>) {
    for piece in pieces {
        match &piece.kind {
            PieceKind::Command(_) | PieceKind::Process(_) => found.push(piece.span.clone()),
            PieceKind::DoubleQuoted(pieces) => find_commands(pieces, found),
            PieceKind::Arithmetic(expression) => find_commands(&expression.pieces, found),
            PieceKind::Array(words) => words.iter().for_each(|word| find_commands(&word.pieces, found)),
            PieceKind::Parameter(parameter) => match &parameter.operation {
                Operation::Alternative(_, pieces) | Operation::Other(pieces) => find_commands(pieces, found),
                Operation::None => {}
            },
            PieceKind::Literal(_) | PieceKind::Escaped(_) | PieceKind::SingleQuoted(_) | PieceKind::AnsiQuoted(_) => {}
        }
    }
}
