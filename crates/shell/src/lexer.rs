//! The characters of a script as a shell groups them: blanks, comments, operators, reserved
//! words. A cursor, which the parser moves.

use super::syntax::{RedirectOperator, Span, is_name};

/// A position in a script.
pub(super) struct Lexer<'s> {
    source: &'s str,
    at: usize,
    /// The byte of the outermost script at which this one begins.
    base: usize,
    /// Where comments stand.
    pub comments: Vec<Span>,
}

/// The words that a shell takes for its own at the beginning of a command.
const RESERVED: [&str; 21] = [
    "!", "[[", "{", "}", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in",
    "select", "then", "time", "until", "while",
];

/// The operators between commands; longer ones come before their beginnings.
const OPERATORS: [&str; 12] = [";;&", ";;", ";&", "&&", "||", "|&", ";", "&", "|", "(", ")", "\n"];

impl<'s> Lexer<'s> {
    pub fn new(source: &'s str, base: usize) -> Self {
        Self { source, at: 0, base, comments: Vec::new() }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    /// The bytes that have been read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The bytes from a position to this one, counted in the outermost script.
    pub fn span(&self, start: usize) -> Span {
        self.base + start..self.base + self.at
    }

    /// The text of a span.
    pub fn text(&self, span: &Span) -> &'s str {
        &self.source[span.start - self.base..span.end - self.base]
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.source.len()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Moves over a text that comes next; false if another one does.
    pub fn eat(&mut self, text: &str) -> bool {
        let comes_next = self.rest().starts_with(text);
        if comes_next {
            self.at += text.len();
        }
        comes_next
    }

    /// Moves over a number of bytes.
    pub fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Moves over characters of a kind and returns them.
    pub fn take_while(&mut self, is_wanted: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|next| !is_wanted(next)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// Moves over a text up to a character and over that; none if the character never comes.
    pub fn take_until(&mut self, end: char) -> Option<&'s str> {
        let rest = self.rest();
        let taken = &rest[..rest.find(end)?];
        self.at += taken.len() + end.len_utf8();
        Some(taken)
    }

    /// Moves over blanks, continued lines and a comment, between words.
    pub fn blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with([' ', '\t']) || rest.starts_with("\r\n") {
                self.at += 1;
            } else if let Some(length) = continuation(rest) {
                self.at += length;
            } else if rest.starts_with('#') {
                let start = self.at;
                self.at += rest.find('\n').unwrap_or(rest.len());
                self.comments.push(self.span(start));
            } else {
                return;
            }
        }
    }

    /// The operator that comes next. `&>` begins a redirection.
    pub fn operator(&self) -> Option<&'static str> {
        let rest = self.rest();
        OPERATORS.into_iter().find(|operator| rest.starts_with(operator)).filter(|_| !rest.starts_with("&>"))
    }

    /// The reserved word that comes next.
    pub fn reserved(&self) -> Option<&'static str> {
        let rest = self.rest();
        RESERVED.into_iter().find(|word| rest.strip_prefix(word).is_some_and(ends_word))
    }

    /// Moves over a reserved word; false if another word comes next.
    pub fn eat_reserved(&mut self, word: &str) -> bool {
        self.reserved() == Some(word) && self.eat(word)
    }

    /// Moves over `]]`; false if something else comes next.
    pub fn eat_test_end(&mut self) -> bool {
        self.is_at_test_end() && self.eat("]]")
    }

    pub fn is_at_test_end(&self) -> bool {
        self.rest().strip_prefix("]]").is_some_and(ends_word)
    }

    /// Moves over the descriptor and the operator of a redirection; none if none comes next.
    pub fn eat_redirect(&mut self) -> Option<(Option<String>, RedirectOperator)> {
        let rest = self.rest();
        let descriptor = descriptor(rest);
        let behind = &rest[descriptor.len()..];
        let (text, operator) = RedirectOperator::ALL.into_iter().find(|(text, _)| behind.starts_with(text))?;
        let is_process = matches!(text, "<" | ">") && behind[1..].starts_with('(');
        if is_process || (!descriptor.is_empty() && text.starts_with('&')) {
            return None;
        }
        self.at += descriptor.len() + text.len();
        Some(((!descriptor.is_empty()).then(|| descriptor.to_owned()), operator))
    }

    /// Whether `((`, which comes next, has its `))`. Otherwise it opens two subshells.
    pub fn closes_arithmetic(&self) -> bool {
        let mut depth = 0_usize;
        let mut characters = self.rest()[2..].chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => drop(characters.next()),
                quote @ ('\'' | '"') => {
                    while let Some(inside) = characters.next().filter(|inside| *inside != quote) {
                        if inside == '\\' && quote == '"' {
                            characters.next();
                        }
                    }
                }
                '(' => depth += 1,
                ')' if depth == 0 => return characters.next() == Some(')'),
                ')' => depth -= 1,
                _ => {}
            }
        }
        false
    }
}

/// The length of a backslash before the end of a line, which joins two lines.
pub(super) fn continuation(text: &str) -> Option<usize> {
    ["\\\n", "\\\r\n"].into_iter().find(|sign| text.starts_with(sign)).map(str::len)
}

/// Whether a character ends a word that is not quoted.
pub(super) fn is_meta(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>')
}

/// Whether a word ends before a text.
fn ends_word(behind: &str) -> bool {
    match continuation(behind) {
        Some(length) => behind[length..].starts_with(is_meta),
        None => behind.is_empty() || behind.starts_with(is_meta) || behind.starts_with("\r\n"),
    }
}

/// The number or `{name}` before the operator of a redirection; empty if there is none.
fn descriptor(text: &str) -> &str {
    let digits = &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())];
    let named = text.strip_prefix('{').and_then(|behind| behind.split_once('}')).filter(|(name, _)| is_name(name));
    match named {
        Some((name, behind)) if behind.starts_with(['<', '>']) => &text[..name.len() + 2],
        _ => digits,
    }
}
