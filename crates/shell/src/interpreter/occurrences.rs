//! Occurrences of targets and of the environment file in a script. An occurrence that the
//! interpreter does not resolve may be a call or a write.

use super::super::syntax::{Operation, Piece, PieceKind, Span, Word};
use super::super::targets::find_targets;

/// The occurrences of a script.
pub struct Occurrences<'a> {
    targets: &'a [&'a str],
    /// The variable with the path of the file whose assignments are interpreted.
    file_variable: &'static str,
    /// Sorted by the start of their spans.
    found: Vec<Occurrence>,
    /// Those of files that are interpreted again, as they were left before.
    left: Vec<Occurrence>,
    /// The bodies of the functions that were called.
    called: Vec<Span>,
    /// The position and length of each text that was searched.
    searched: Vec<(usize, usize)>,
}

/// A span that names a target or the environment file.
#[derive(Clone)]
pub struct Occurrence {
    /// The index of the target; `None` for the environment file.
    pub target: Option<usize>,
    /// The bytes of the name.
    pub span: Span,
    /// Whether the name was stored in a variable or a file. It then counts only if the script has no
    /// known call of the target.
    pub is_stored: bool,
    is_resolved: bool,
    /// Whether the occurrence is in a function that was not called.
    is_dormant: bool,
}

impl<'a> Occurrences<'a> {
    pub fn new(targets: &'a [&'a str], file_variable: &'static str) -> Self {
        let (found, left) = (Vec::new(), Vec::new());
        Self { targets, file_variable, found, left, called: Vec::new(), searched: Vec::new() }
    }

    /// Adds the occurrences in `text`, which begins at byte `base` of the outermost script, except
    /// in comments. Returns false if the text was searched before.
    pub fn find(&mut self, text: &str, base: usize, comments: &[Span]) -> bool {
        if self.searched.contains(&(base, text.len())) {
            return false;
        }
        self.searched.push((base, text.len()));
        let targets = find_targets(text, self.targets).map(|(target, span)| (Some(target), span));
        let file = text.match_indices(self.file_variable).map(|(at, name)| (None, at..at + name.len()));
        let all = targets.chain(file).map(|(target, span)| Occurrence {
            target,
            span: base + span.start..base + span.end,
            is_stored: false,
            is_resolved: false,
            is_dormant: false,
        });
        let in_comment = |occurrence: &Occurrence| comments.iter().any(|comment| contains(comment, &occurrence.span));
        self.found.extend(all.filter(|occurrence| !in_comment(occurrence)));
        self.found.sort_by_key(|occurrence| occurrence.span.start);
        true
    }

    /// Makes the occurrences in a text unresolved, before the text is interpreted again. One that the
    /// interpreter did not resolve before stays unresolved.
    pub fn repeat(&mut self, text: &Span) {
        self.called.retain(|body| !contains(text, body));
        let first = self.found.partition_point(|occurrence| occurrence.span.start < text.start);
        for occurrence in self.found[first..].iter_mut().take_while(|it| it.span.start < text.end) {
            if !occurrence.is_resolved {
                self.left.push(occurrence.clone());
            }
            *occurrence = Occurrence { is_stored: false, is_resolved: false, is_dormant: false, ..occurrence.clone() };
        }
    }

    /// All occurrences.
    pub fn all(&self) -> impl Iterator<Item = &Occurrence> {
        self.found.iter()
    }

    /// The occurrences that are not resolved; those in functions that were not called count only
    /// `with_dormant`.
    pub fn unresolved(&self, with_dormant: bool) -> impl Iterator<Item = &Occurrence> {
        let all = self.left.iter().chain(&self.found);
        all.filter(move |it| !it.is_resolved && (with_dormant || !it.is_dormant))
    }

    /// Marks the occurrences in the body of a function that is defined and was not called yet.
    pub fn define(&mut self, body: &Span) {
        if !self.called.contains(body) {
            self.each(std::slice::from_ref(body), |occurrence| occurrence.is_dormant = true);
        }
    }

    /// Marks the occurrences in the body of a function that is called.
    pub fn call(&mut self, body: &Span) {
        if !self.called.contains(body) {
            self.called.push(body.clone());
            self.each(std::slice::from_ref(body), |occurrence| occurrence.is_dormant = false);
        }
    }

    /// The targets that are named inside `spans`.
    pub fn targets_in(&self, spans: &[Span]) -> Vec<usize> {
        let is_inside = |occurrence: &&Occurrence| spans.iter().any(|span| contains(span, &occurrence.span));
        self.found.iter().filter(is_inside).filter_map(|occurrence| occurrence.target).collect()
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

/// The spans of words without the command substitutions in them.
pub fn own_spans(words: &[Word]) -> Vec<Span> {
    let mut spans = Vec::new();
    for word in words {
        add_own_spans(&word.span, &word.pieces, &mut spans);
    }
    spans
}

/// Adds the parts of `span` outside of the command substitutions in `pieces`.
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
