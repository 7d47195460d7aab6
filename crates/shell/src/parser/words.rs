//! Parses words and their parts: quotes, expansions and here-documents.

use super::super::lexer::{Lexer, continuation, is_meta};
use super::super::syntax::{HereDocument, List, Operation, Parameter, Piece, PieceKind, Word, is_name};
use super::{Parser, PendingHereDocument, Result, SyntaxError, WordPosition};

/// The context of pieces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// `"…"`
    DoubleQuotes,
    /// The body of a here-document.
    HereDocument,
    /// `((…))`
    Arithmetic,
    /// `${name…}`: whether it is in double quotes, and whether single quotes quote in it.
    Braces { is_in_quotes: bool, has_single_quotes: bool },
}

/// Builds the pieces of a word.
struct Pieces {
    pieces: Vec<Piece>,
    text: String,
    start: usize,
}

/// The error for a mark without its end, at the mark.
fn unclosed<T>(mark: &str, offset: usize) -> Result<T> {
    Err(SyntaxError { reason: format!("unclosed {mark}"), offset })
}

impl Pieces {
    fn new(start: usize) -> Self {
        Self { pieces: Vec::new(), text: String::new(), start }
    }

    /// Adds a character of plain text at byte `at`.
    fn push(&mut self, character: char, at: usize) {
        if self.text.is_empty() {
            self.start = at;
        }
        self.text.push(character);
    }

    /// Adds the plain text that ends before byte `at` as a piece.
    fn flush(&mut self, lexer: &Lexer<'_>, at: usize) {
        if !self.text.is_empty() {
            let kind = PieceKind::Literal(std::mem::take(&mut self.text));
            let span = lexer.span(self.start).start..lexer.span(at).start;
            self.pieces.push(Piece { kind, span });
        }
    }

    /// Adds a piece from byte `start` to the current position.
    fn add(&mut self, kind: PieceKind, lexer: &Lexer<'_>, start: usize) {
        self.flush(lexer, start);
        self.pieces.push(Piece { kind, span: lexer.span(start) });
    }

    fn finish(mut self, lexer: &Lexer<'_>) -> Vec<Piece> {
        self.flush(lexer, lexer.offset());
        self.pieces
    }
}

impl Parser<'_> {
    /// Reads a word, if one comes next.
    pub(super) fn word(&mut self, position: WordPosition) -> Result<Option<Word>> {
        let start = self.lexer.offset();
        let mut pieces = Pieces::new(start);
        // The number of open parentheses in patterns.
        let mut open = 0_usize;
        let mut subscript_end = 0;
        while let Some(next) = self.lexer.peek() {
            let at = self.lexer.offset();
            let rest = self.lexer.rest();
            if let Some(length) = continuation(rest) {
                self.lexer.skip(length);
            } else if let Some(piece) = self.quoted_or_expanded(next)? {
                pieces.add(piece, &self.lexer, at);
            } else if next == '['
                && position == WordPosition::Command
                && pieces.pieces.is_empty()
                && is_name(&pieces.text)
            {
                subscript_end = at + subscript_length(rest);
                self.lexer.skip(1);
                pieces.push(next, at);
            } else if rest.starts_with("<(") || rest.starts_with(">(") {
                self.lexer.skip(2);
                let list = self.substituted_list()?;
                pieces.add(PieceKind::Process(list), &self.lexer, at);
            } else if next == '(' && position != WordPosition::Regex && is_array(&pieces) {
                let words = self.array()?;
                pieces.add(PieceKind::Array(words), &self.lexer, at);
            } else if next == '(' && opens_pattern(position, &pieces, open) {
                open += 1;
                self.lexer.skip(1);
                pieces.push(next, at);
            } else if next == ')' && open > 0 {
                open -= 1;
                self.lexer.skip(1);
                pieces.push(next, at);
            } else if rest.starts_with("\r\n")
                || (is_meta(next) && at >= subscript_end && open == 0 && (position, next) != (WordPosition::Regex, '|'))
            {
                break;
            } else {
                self.lexer.skip(next.len_utf8());
                pieces.push(next, at);
            }
        }
        if open > 0 {
            return self.error("unclosed parenthesis of a pattern");
        }
        let span = self.lexer.span(start);
        let pieces = pieces.finish(&self.lexer);
        Ok((!span.is_empty()).then_some(Word { pieces, span }))
    }

    /// Reads a quoted text, an escape or an expansion; `None` if plain text comes next.
    fn quoted_or_expanded(&mut self, next: char) -> Result<Option<PieceKind>> {
        Ok(match next {
            '\'' => Some(self.single_quoted()?),
            '"' => Some(self.double_quoted()?),
            '\\' => {
                self.lexer.skip(1);
                Some(PieceKind::Escaped(self.lexer.next().unwrap_or('\\')))
            }
            '$' => self.dollar(false)?,
            '`' => Some(self.backquoted(false)?),
            _ => None,
        })
    }

    fn single_quoted(&mut self) -> Result<PieceKind> {
        let start = self.lexer.script_offset();
        self.lexer.skip(1);
        match self.lexer.take_until('\'') {
            Some(text) => Ok(PieceKind::SingleQuoted(text.to_owned())),
            None => unclosed("quote", start),
        }
    }

    fn double_quoted(&mut self) -> Result<PieceKind> {
        let start = self.lexer.script_offset();
        self.lexer.skip(1);
        let pieces = self.nested(|parser| parser.pieces(Inside::DoubleQuotes, &["\""]))?;
        if self.lexer.eat("\"") { Ok(PieceKind::DoubleQuoted(pieces)) } else { unclosed("quote", start) }
    }

    pub(super) fn arithmetic_pieces(&mut self, ends: &[&str]) -> Result<Vec<Piece>> {
        self.pieces(Inside::Arithmetic, ends)
    }

    /// Reads pieces up to one of the texts in `ends`, or to the end of the script.
    fn pieces(&mut self, inside: Inside, ends: &[&str]) -> Result<Vec<Piece>> {
        let mut pieces = Pieces::new(self.lexer.offset());
        let mut open = 0_usize;
        while let Some(next) = self.lexer.peek() {
            let (at, rest) = (self.lexer.offset(), self.lexer.rest());
            if open == 0 && ends.iter().any(|end| rest.starts_with(end)) {
                break;
            }
            let (is_in_quotes, has_single_quotes) = match inside {
                Inside::DoubleQuotes | Inside::HereDocument | Inside::Arithmetic => (true, false),
                Inside::Braces { is_in_quotes, has_single_quotes } => (is_in_quotes, has_single_quotes),
            };
            if let Some(length) = continuation(rest) {
                self.lexer.skip(length);
                continue;
            }
            let piece = match next {
                '\\' => {
                    let escaped = rest[1..].chars().next().filter(|escaped| match inside {
                        Inside::HereDocument => matches!(escaped, '\\' | '$' | '`'),
                        Inside::DoubleQuotes => matches!(escaped, '"' | '\\' | '$' | '`'),
                        Inside::Braces { is_in_quotes: true, .. } => matches!(escaped, '"' | '\\' | '$' | '`' | '}'),
                        Inside::Arithmetic | Inside::Braces { .. } => true,
                    });
                    self.lexer.skip(1);
                    match escaped {
                        Some(character) => {
                            self.lexer.next();
                            Some(PieceKind::Escaped(character))
                        }
                        None => {
                            pieces.push(next, at);
                            continue;
                        }
                    }
                }
                '$' => self.dollar(is_in_quotes)?,
                '`' => Some(self.backquoted(is_in_quotes)?),
                '"' if matches!(inside, Inside::Arithmetic | Inside::Braces { .. }) => Some(self.double_quoted()?),
                '\'' if has_single_quotes => Some(self.single_quoted()?),
                _ => None,
            };
            if let Some(piece) = piece {
                pieces.add(piece, &self.lexer, at);
                continue;
            }
            if inside == Inside::Arithmetic {
                match next {
                    '(' | '[' => open += 1,
                    ')' | ']' => open = open.saturating_sub(1),
                    _ => {}
                }
            }
            self.lexer.skip(next.len_utf8());
            pieces.push(next, at);
        }
        Ok(pieces.finish(&self.lexer))
    }

    /// Reads an expansion at its `$`; `None` if the `$` is plain text.
    fn dollar(&mut self, is_in_quotes: bool) -> Result<Option<PieceKind>> {
        let after = &self.lexer.rest()[1..];
        let Some(next) = after.chars().next() else { return Ok(None) };
        Ok(Some(match next {
            '(' => {
                self.lexer.skip(1);
                if after.starts_with("((") && self.lexer.is_arithmetic() {
                    self.lexer.skip(2);
                    let expression = self.nested(|parser| parser.arithmetic(&["))"]))?;
                    self.lexer.skip(2);
                    PieceKind::Arithmetic(expression)
                } else {
                    self.lexer.skip(1);
                    PieceKind::Command(self.substituted_list()?)
                }
            }
            '[' => {
                self.lexer.skip(2);
                let expression = self.nested(|parser| parser.arithmetic(&["]"]))?;
                self.expect("]")?;
                PieceKind::Arithmetic(expression)
            }
            '{' => PieceKind::Parameter(self.nested(|parser| parser.braced(is_in_quotes))?),
            '\'' if !is_in_quotes => {
                self.lexer.skip(1);
                self.ansi_quoted()?
            }
            '"' if !is_in_quotes => {
                self.lexer.skip(1);
                self.double_quoted()?
            }
            _ if next == '_' || next.is_ascii_alphabetic() => {
                self.lexer.skip(1);
                let name = self.lexer.take_while(is_name_character).to_owned();
                PieceKind::Parameter(Parameter { name, operation: Operation::None })
            }
            _ if is_special(next) => {
                self.lexer.skip(1 + next.len_utf8());
                PieceKind::Parameter(Parameter { name: next.to_string(), operation: Operation::None })
            }
            _ => return Ok(None),
        }))
    }

    /// Reads `${…}`.
    fn braced(&mut self, is_in_quotes: bool) -> Result<Parameter> {
        self.lexer.skip("${".len());
        let rest = self.lexer.rest();
        let is_prefixed = rest.starts_with(['#', '!']) && !rest[1..].starts_with(['}', ':', '-', '=', '?', '+', '%']);
        if is_prefixed {
            // `${#name}` or `${!name}`.
            let operation = Operation::Other(self.brace_pieces(is_in_quotes, true)?);
            return self.close_brace(Parameter { name: String::new(), operation });
        }
        let mut name = self.lexer.take_while(is_name_character).to_owned();
        if name.is_empty() {
            match self.lexer.peek().filter(|next| is_special(*next)) {
                Some(next) => {
                    self.lexer.skip(next.len_utf8());
                    name.push(next);
                }
                None => return self.error("unknown expansion `${…}`"),
            }
        }
        let operators = [":-", ":=", ":?", ":+", "-", "=", "?", "+"];
        let rest = self.lexer.rest();
        let operation = if rest.starts_with('}') {
            Operation::None
        } else if let Some(operator) = operators.into_iter().find(|operator| rest.starts_with(operator)) {
            self.lexer.skip(operator.len());
            Operation::Alternative(operator.to_owned(), self.brace_pieces(is_in_quotes, !is_in_quotes)?)
        } else {
            let is_pattern = rest.starts_with(['#', '%', '/', '^', ',', '[']);
            Operation::Other(self.brace_pieces(is_in_quotes, is_pattern || !is_in_quotes)?)
        };
        self.close_brace(Parameter { name, operation })
    }

    fn brace_pieces(&mut self, is_in_quotes: bool, has_single_quotes: bool) -> Result<Vec<Piece>> {
        self.pieces(Inside::Braces { is_in_quotes, has_single_quotes }, &["}"])
    }

    fn close_brace(&mut self, parameter: Parameter) -> Result<Parameter> {
        if self.lexer.eat("}") { Ok(parameter) } else { self.error("unclosed `${`") }
    }

    /// Reads the commands of a substitution and its `)`.
    fn substituted_list(&mut self) -> Result<List> {
        // Here-documents of the outer line begin after the substitution.
        let pending = std::mem::take(&mut self.pending);
        let list = self.nested(Self::list)?;
        if !self.lexer.eat(")") {
            return Err(self.unexpected());
        }
        // A here-document without lines is empty.
        self.pending = pending;
        Ok(list)
    }

    /// Reads a script in backticks, in which a backslash escapes a few characters.
    fn backquoted(&mut self, is_in_quotes: bool) -> Result<PieceKind> {
        let start = self.lexer.script_offset();
        self.lexer.skip(1);
        let base = self.lexer.script_offset();
        let mut text = String::new();
        loop {
            match self.lexer.next() {
                None => return unclosed("backtick", start),
                Some('`') => break,
                Some('\\') => match self.lexer.peek() {
                    Some(next @ ('`' | '\\' | '$')) => {
                        self.lexer.skip(1);
                        text.push(next);
                    }
                    Some('"') if is_in_quotes => {
                        self.lexer.skip(1);
                        text.push('"');
                    }
                    _ => text.push('\\'),
                },
                Some(next) => text.push(next),
            }
        }
        let list = self.inner(&text, base, |parser| {
            let list = parser.list()?;
            if !parser.lexer.is_at_end() {
                return Err(parser.unexpected());
            }
            parser.read_here_documents()?;
            Ok(list)
        })?;
        Ok(PieceKind::Command(list))
    }

    /// Parses another text as part of this script; `base` is the byte at which the text begins.
    fn inner<T>(&mut self, text: &str, base: usize, read: impl FnOnce(&mut Parser<'_>) -> Result<T>) -> Result<T> {
        let here_documents = std::mem::take(&mut self.here_documents);
        let mut inner =
            Parser { lexer: Lexer::new(text, base), pending: Vec::new(), here_documents, depth: self.depth };
        let result = inner.nested(read);
        self.here_documents = inner.here_documents;
        self.lexer.comments.append(&mut inner.lexer.comments);
        result
    }

    /// Reads `$'…'`, at its first quote.
    fn ansi_quoted(&mut self) -> Result<PieceKind> {
        let start = self.lexer.script_offset();
        self.lexer.skip(1);
        let mut text = Some(String::new());
        loop {
            let decoded = match self.lexer.next() {
                None => return unclosed("quote", start),
                Some('\'') => return Ok(PieceKind::AnsiQuoted(text)),
                Some('\\') => self.escape(),
                Some(next) => Some(next),
            };
            match (&mut text, decoded) {
                (Some(text), Some(decoded)) => text.push(decoded),
                _ => text = None,
            }
        }
    }

    /// Reads an escape after its backslash; returns its character, or `None` if it is not supported.
    fn escape(&mut self) -> Option<char> {
        let (radix, most) = match self.lexer.next()? {
            'n' => return Some('\n'),
            't' => return Some('\t'),
            'r' => return Some('\r'),
            'a' => return Some('\u{7}'),
            'b' => return Some('\u{8}'),
            'e' | 'E' => return Some('\u{1b}'),
            'f' => return Some('\u{c}'),
            'v' => return Some('\u{b}'),
            same @ ('\\' | '\'' | '"' | '?') => return Some(same),
            'x' => (16, 2),
            'u' => (16, 4),
            'U' => (16, 8),
            _ => return None,
        };
        let rest = self.lexer.rest();
        let digits = rest.chars().take(most).take_while(|next| next.is_digit(radix)).count();
        let code = u32::from_str_radix(&rest[..digits], radix).ok();
        self.lexer.skip(digits);
        // A byte above 127 is not a character, and a shell ends the text at a zero byte.
        let most = if most == 2 { 0x7f } else { u32::MAX };
        code.filter(|code| (1..=most).contains(code)).and_then(char::from_u32)
    }

    /// Reads `(…)` after `name=`.
    fn array(&mut self) -> Result<Vec<Word>> {
        self.lexer.skip(1);
        self.nested(|parser| {
            let mut words = Vec::new();
            loop {
                parser.skip_newlines()?;
                if parser.lexer.eat(")") {
                    return Ok(words);
                }
                match parser.word(WordPosition::Argument)? {
                    Some(word) => words.push(word),
                    None => return Err(parser.unexpected()),
                }
            }
        })
    }

    /// Reads the bodies of the pending here-documents. The end of the script ends the last one.
    pub(super) fn read_here_documents(&mut self) -> Result<()> {
        for PendingHereDocument { index, delimiter, strips_tabs, expands } in std::mem::take(&mut self.pending) {
            let start = self.lexer.offset();
            let mut end = start;
            let mut text = String::new();
            while !self.lexer.is_at_end() {
                let line = self.lexer.take_while(|next| next != '\n');
                self.lexer.eat("\n");
                let line = line.strip_suffix('\r').unwrap_or(line);
                let line = if strips_tabs { line.trim_start_matches('\t') } else { line };
                if line == delimiter {
                    break;
                }
                text.push_str(line);
                text.push('\n');
                end = self.lexer.offset();
            }
            let span = self.lexer.span(start).start..self.lexer.span(end).start;
            let pieces = if expands {
                self.inner(&text, span.start, |parser| parser.pieces(Inside::HereDocument, &[]))?
            } else {
                vec![Piece { kind: PieceKind::SingleQuoted(text), span: span.clone() }]
            };
            self.here_documents[index] = HereDocument { pieces, span };
        }
        Ok(())
    }
}

fn is_name_character(character: char) -> bool {
    character == '_' || character.is_ascii_alphanumeric()
}

/// Whether a character after `$` is a special parameter.
fn is_special(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '?' | '#' | '@' | '*' | '!' | '$' | '-')
}

/// Whether the word so far is `name=` or `name+=`, so that a parenthesis opens an array.
fn is_array(pieces: &Pieces) -> bool {
    let before = pieces.text.strip_suffix('=').map(|name| name.strip_suffix('+').unwrap_or(name));
    pieces.pieces.is_empty() && before.is_some_and(is_name)
}

/// Whether an opening parenthesis belongs to the word.
fn opens_pattern(position: WordPosition, pieces: &Pieces, open: usize) -> bool {
    match position {
        WordPosition::Regex => true,
        WordPosition::Argument => open > 0 || pieces.text.ends_with(['?', '*', '+', '@', '!']),
        WordPosition::Command => open > 0,
    }
}

/// The length of `[…]` if an assignment to an array element comes next, otherwise 0.
fn subscript_length(text: &str) -> usize {
    let line = text.split('\n').next().unwrap_or_default();
    let closed = ["]=", "]+="].into_iter().filter_map(|end| line.find(end)).min();
    closed.map_or(0, |at| at + 1)
}
