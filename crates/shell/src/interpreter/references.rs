//! The expansions that have a subscript, or that become several words.

use super::super::syntax::{Operation, Parameter, Piece, PieceKind, is_name};

/// An expansion of an array or of an element, such as `${name[1]}`, `${#name[@]}`, `${!name[@]}` and `${@:2}`.
pub(super) struct Reference {
    pub prefix: Prefix,
    pub name: String,
    pub subscript: Subscript,
    /// The operation after the subscript.
    pub rest: Operation,
}

/// The sign before the name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Prefix {
    None,
    /// `#`: the number of elements, or the length of one.
    Length,
    /// `!`: the indices or keys.
    Keys,
}

pub(super) enum Subscript {
    /// `[@]`: each element is a word.
    Each,
    /// `[*]`: the elements are one word in quotes.
    Joined,
    /// An index or a key.
    One(Vec<Piece>),
}

impl Reference {
    /// The reference of an expansion, if it has a subscript or is a part of the arguments.
    pub fn of(parameter: &Parameter) -> Option<Self> {
        let pieces = match &parameter.operation {
            Operation::Other(pieces) => pieces.as_slice(),
            Operation::None => &[],
            Operation::Alternative(..) => return None,
        };
        if matches!(parameter.name.as_str(), "@" | "*") {
            let subscript = if parameter.name == "@" { Subscript::Each } else { Subscript::Joined };
            return Some(Self { prefix: Prefix::None, name: "@".to_owned(), subscript, rest: operation(pieces) });
        }
        let (Piece { kind: PieceKind::Literal(first), span }, after) = pieces.split_first()? else { return None };
        let (prefix, name, text) = match parameter.name.as_str() {
            "" => {
                let prefix = if first.starts_with('#') { Prefix::Length } else { Prefix::Keys };
                let text = first.strip_prefix(['#', '!'])?;
                let (name, text) = text.split_at(text.find('[')?);
                (prefix, name, text)
            }
            // The first element of `BASH_SOURCE` is the current file.
            "BASH_SOURCE" => return None,
            name => (Prefix::None, name, first.as_str()),
        };
        let text = text.strip_prefix('[').filter(|_| is_name(name))?;
        let start = Piece { kind: PieceKind::Literal(text.to_owned()), span: span.clone() };
        let all: Vec<Piece> = std::iter::once(start).chain(after.iter().cloned()).collect();
        let (inside, rest) = at_bracket(all)?;
        let subscript = match inside.as_slice() {
            [Piece { kind: PieceKind::Literal(text), .. }] if text == "@" => Subscript::Each,
            [Piece { kind: PieceKind::Literal(text), .. }] if text == "*" => Subscript::Joined,
            _ => Subscript::One(inside),
        };
        Some(Self { prefix, name: name.to_owned(), subscript, rest: operation(&rest) })
    }

    /// Whether each element is a word, or can be one because the expansion is not in quotes.
    pub fn is_list(&self, is_in_quotes: bool) -> bool {
        match self.subscript {
            Subscript::Each => self.prefix != Prefix::Length,
            Subscript::Joined => self.prefix != Prefix::Length && !is_in_quotes,
            Subscript::One(_) => false,
        }
    }
}

/// The pieces before the bracket that closes a subscript, and those after it.
fn at_bracket(pieces: Vec<Piece>) -> Option<(Vec<Piece>, Vec<Piece>)> {
    let mut depth = 0_usize;
    let end = pieces.iter().enumerate().find_map(|(index, piece)| {
        let PieceKind::Literal(text) = &piece.kind else { return None };
        text.char_indices().find_map(|(at, character)| match character {
            '[' => {
                depth += 1;
                None
            }
            ']' if depth == 0 => Some((index, at)),
            ']' => {
                depth -= 1;
                None
            }
            _ => None,
        })
    });
    let (index, at) = end?;
    let mut inside = pieces;
    let mut rest = inside.split_off(index + 1);
    let last = inside.pop()?;
    let PieceKind::Literal(text) = &last.kind else { return None };
    let part = |text: &str| Piece { kind: PieceKind::Literal(text.to_owned()), span: last.span.clone() };
    if at > 0 {
        inside.push(part(&text[..at]));
    }
    if at + 1 < text.len() {
        rest.insert(0, part(&text[at + 1..]));
    }
    Some((inside, rest))
}

/// Parses the operation after a name or a subscript.
fn operation(pieces: &[Piece]) -> Operation {
    let Some((first, rest)) = pieces.split_first() else { return Operation::None };
    let PieceKind::Literal(text) = &first.kind else { return Operation::Other(pieces.to_vec()) };
    let operators = [":-", ":=", ":?", ":+", "-", "=", "?", "+"];
    let Some(operator) = operators.into_iter().find(|operator| text.starts_with(operator)) else {
        return Operation::Other(pieces.to_vec());
    };
    let after = &text[operator.len()..];
    let first = Piece { kind: PieceKind::Literal(after.to_owned()), span: first.span.clone() };
    let first = (!after.is_empty()).then_some(first);
    Operation::Alternative(operator.to_owned(), first.into_iter().chain(rest.iter().cloned()).collect())
}

/// Whether a piece may become several words or none.
pub(super) fn has_list(piece: &Piece) -> bool {
    let is_list = |piece: &Piece, is_in_quotes| match &piece.kind {
        PieceKind::Parameter(parameter) => is_list(parameter, is_in_quotes),
        _ => false,
    };
    match &piece.kind {
        PieceKind::DoubleQuoted(inner) => inner.iter().any(|piece| is_list(piece, true)),
        _ => is_list(piece, false),
    }
}

/// Whether an expansion may become several words or none.
pub(super) fn is_list(parameter: &Parameter, is_in_quotes: bool) -> bool {
    Reference::of(parameter).is_some_and(|reference| reference.is_list(is_in_quotes))
}
