//! Splits a text into tokens that most languages share: brackets, quoted texts, words, separators.
//!
//! The lexer never fails. A quote without its partner on the line is part of a word, because a
//! language may mean something else by it.

use crate::Syntax;

/// After so many here-documents without an end, no more are recognised, because each costs a search.
const ENDLESS: usize = 8;

/// The length of an escape such as `\u002f`.
const CODE_POINT: usize = 6;

/// A text, with the position of each byte in the file. The content of a quoted text has gaps where
/// the file has escapes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub bytes: Vec<u8>,
    /// The position of each byte, and of the end.
    at: Vec<usize>,
}

impl Text {
    pub fn of_file(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec(), at: (0..=text.len()).collect() }
    }

    /// The position of a byte in the file.
    pub fn position(&self, index: usize) -> usize {
        self.at[index.min(self.at.len() - 1)]
    }

    pub fn part(&self, from: usize, to: usize) -> String {
        String::from_utf8_lossy(&self.bytes[from..to]).into_owned()
    }

    /// The character of an escape such as `\u002f`.
    fn code_point(&self, index: usize, to: usize) -> Option<char> {
        let digits = self.bytes.get(index + 2..index + CODE_POINT).filter(|_| index + CODE_POINT <= to)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().and_then(char::from_u32)
    }

    /// A part of the text; with `unescape`, without its escapes.
    fn content(&self, from: usize, to: usize, unescape: bool) -> Self {
        let mut content = Self::default();
        let mut index = from;
        while index < to {
            let escaped = self.bytes.get(index + 1).copied().filter(|_| index + 1 < to);
            let (byte, length) = match (self.bytes[index], escaped) {
                (b'\\', Some(b'n')) if unescape => (b'\n', 2),
                (b'\\', Some(b't')) if unescape => (b'\t', 2),
                (b'\\', Some(b'r')) if unescape => (b'\r', 2),
                (b'\\', Some(b'b')) if unescape => (0x08, 2),
                (b'\\', Some(b'f')) if unescape => (0x0c, 2),
                (b'\\', Some(b'u')) if unescape && let Some(character) = self.code_point(index, to) => {
                    let mut bytes = [0; 4];
                    for byte in character.encode_utf8(&mut bytes).bytes() {
                        content.bytes.push(byte);
                        content.at.push(self.position(index));
                    }
                    index += CODE_POINT;
                    continue;
                }
                (b'\\', Some(next @ (b'"' | b'\'' | b'\\' | b'/' | b'`' | b'$'))) if unescape => (next, 2),
                (byte, _) => (byte, 1),
            };
            content.bytes.push(byte);
            content.at.push(self.position(index));
            index += length;
        }
        content.at.push(self.position(to));
        content
    }
}

/// A token and its bytes in the [`Text`].
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub kind: Kind,
    pub from: usize,
    pub to: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Open(u8),
    Close(u8),
    /// `,`
    Comma,
    /// `:` and `=>`
    Colon,
    /// `=`
    Equals,
    Newline,
    /// `;`
    Semicolon,
    /// A quoted text: what is between the quotes.
    Quoted(Text),
    /// Anything else.
    Word,
}

/// The tokens of a text.
pub(crate) fn tokens(text: &Text, syntax: Syntax) -> Vec<Token> {
    let mut lexer =
        Lexer { text, syntax, index: 0, tokens: Vec::new(), unclosed: [0; 2], heredocs: Vec::new(), endless: 0 };
    while lexer.index < text.bytes.len() {
        lexer.token();
    }
    lexer.tokens
}

struct Lexer<'t> {
    text: &'t Text,
    syntax: Syntax,
    index: usize,
    tokens: Vec<Token>,
    /// For `"` and `'`, where the last search ended that found no closing quote. No quote before has
    /// a partner, and without this position a line of quotes would be searched for each of them.
    unclosed: [usize; 2],
    /// The names that end the here-documents which begin on the next line.
    heredocs: Vec<Vec<u8>>,
    /// The number of here-documents without an end.
    endless: usize,
}

impl Lexer<'_> {
    fn token(&mut self) {
        let bytes = &self.text.bytes;
        let (from, byte) = (self.index, bytes[self.index]);
        if let Some(end) = self.comment_end() {
            self.index = end;
            return;
        }
        match byte {
            b'\n' => {
                self.push(Kind::Newline, from + 1);
                std::mem::take(&mut self.heredocs).iter().for_each(|name| self.heredoc(name));
            }
            b'\\' if bytes.get(from + 1) == Some(&b'\n') => self.index += 2,
            b'\\' if bytes.get(from + 1) == Some(&b'"') => match self.escaped_quoted() {
                Some((kind, end)) => self.push(kind, end),
                None => self.word(),
            },
            b' ' | b'\t' | b'\r' => self.index += 1,
            b'{' | b'[' | b'(' => self.push(Kind::Open(byte), from + 1),
            b'}' | b']' | b')' => self.push(Kind::Close(byte), from + 1),
            b',' => self.push(Kind::Comma, from + 1),
            b';' => self.push(Kind::Semicolon, from + 1),
            b'"' | b'\'' | b'`' => match self.quoted() {
                Some((kind, end)) => self.push(kind, end),
                None => self.index += 1,
            },
            b':' | b'=' => self.assign(),
            b'<' if self.syntax == Syntax::Shell && bytes[from..].starts_with(b"<<") => self.start_heredoc(),
            _ => self.word(),
        }
    }

    /// Remembers the name after `<<`.
    fn start_heredoc(&mut self) {
        let rest = &self.text.bytes[self.index + 2..];
        let rest = rest.strip_prefix(b"-").unwrap_or(rest).trim_ascii_start();
        let rest = rest.strip_prefix(b"'").or(rest.strip_prefix(b"\"")).or(rest.strip_prefix(b"\\")).unwrap_or(rest);
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let name: Vec<u8> = rest.iter().copied().take_while(is_name).collect();
        if !name.is_empty() {
            self.heredocs.push(name);
        }
        self.push(Kind::Word, self.index + 2);
    }

    /// Takes the lines of a here-document as a quoted text: their brackets and quotes are its own.
    fn heredoc(&mut self, name: &[u8]) {
        let from = self.index;
        let mut line = if self.endless < ENDLESS { from } else { self.text.bytes.len() };
        while line < self.text.bytes.len() {
            let rest = &self.text.bytes[line..];
            let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
            if rest[..length].trim_ascii() == name {
                return self.push(Kind::Quoted(self.text.content(from, line, false)), line);
            }
            line += length + 1;
        }
        self.endless += 1;
    }

    fn push(&mut self, kind: Kind, to: usize) {
        self.tokens.push(Token { kind, from: self.index, to });
        self.index = to;
    }

    /// The end of the comment that begins here, if one does.
    fn comment_end(&self) -> Option<usize> {
        let bytes = &self.text.bytes[self.index..];
        let before = self.index.checked_sub(1).map(|before| self.text.bytes[before]);
        let is_after_space = before.is_none_or(|byte| byte.is_ascii_whitespace());
        let line_end = || self.index + bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        if self.syntax.has_hash_comments() && bytes[0] == b'#' && is_after_space {
            return Some(line_end());
        }
        if self.syntax.has_slash_comments() && bytes.starts_with(b"//") && before != Some(b':') {
            return Some(line_end());
        }
        if self.syntax.has_slash_comments() && bytes.starts_with(b"/*") {
            let end = bytes.windows(2).skip(2).position(|pair| pair == b"*/").map_or(bytes.len(), |at| at + 4);
            return Some(self.index + end);
        }
        None
    }

    /// The quoted text that begins here and its end, if its closing quote is found.
    fn quoted(&mut self) -> Option<(Kind, usize)> {
        let bytes = &self.text.bytes;
        let (from, quote) = (self.index, bytes[self.index]);
        let triple = [quote; 3];
        if self.syntax == Syntax::Python && bytes[from..].starts_with(&triple) {
            let end = (from + 3..bytes.len()).find(|at| bytes[*at..].starts_with(&triple))?;
            return Some((Kind::Quoted(self.text.content(from + 3, end, true)), end + 3));
        }
        if quote == b'`' && self.syntax != Syntax::Braces {
            return None;
        }
        let escapes = match quote {
            b'"' => true,
            b'\'' => self.syntax.escapes_in_single_quotes(),
            _ => false,
        };
        let unclosed = usize::from(quote == b'"');
        if quote != b'`' && from < self.unclosed[unclosed] {
            return None;
        }
        let mut at = from + 1;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if escapes => at += 1,
                b'\n' if quote != b'`' => break,
                byte if byte == quote => {
                    return Some((Kind::Quoted(self.text.content(from + 1, at, escapes)), at + 1));
                }
                _ => {}
            }
            at += 1;
        }
        self.unclosed[unclosed] = at;
        None
    }

    /// The text between two escaped quotes of one line. They are the quotes of a text whose own quotes
    /// are on other lines.
    fn escaped_quoted(&self) -> Option<(Kind, usize)> {
        let bytes = &self.text.bytes;
        let from = self.index + 2;
        let end = (from..bytes.len()).find(|at| matches!(bytes[*at], b'"' | b'\n'))?;
        let is_escaped = end > from && bytes[end] == b'"' && bytes[end - 1] == b'\\';
        is_escaped.then(|| (Kind::Quoted(self.text.content(from, end - 1, false)), end + 1))
    }

    fn assign(&mut self) {
        let bytes = &self.text.bytes;
        let next = bytes.get(self.index + 1).copied();
        match (bytes[self.index], next) {
            (b'=', Some(b'>')) => self.push(Kind::Colon, self.index + 2),
            (b':', Some(b'=' | b':')) | (b'=', Some(b'=')) => self.push(Kind::Word, self.index + 2),
            (b':', _) => self.push(Kind::Colon, self.index + 1),
            _ => self.push(Kind::Equals, self.index + 1),
        }
    }

    fn word(&mut self) {
        let bytes = &self.text.bytes;
        let is_end = |at: usize| match bytes[at] {
            b'{' | b'[' | b'(' | b'}' | b']' | b')' | b',' | b';' | b'"' | b'\'' | b'`' | b'=' => true,
            // A colon before anything else is part of the word, as in `vendor:model`.
            b':' => bytes.get(at + 1).is_none_or(|next| {
                next.is_ascii_whitespace() || matches!(next, b'"' | b'\'' | b'`' | b'{' | b'[' | b'=' | b':')
            }),
            byte => byte.is_ascii_whitespace(),
        };
        let end = (self.index + 1..bytes.len()).find(|at| is_end(*at)).unwrap_or(bytes.len());
        self.push(Kind::Word, end);
    }
}
