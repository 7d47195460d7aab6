//! The lexer: a cursor over a script that recognises blanks, comments, operators and reserved
//! words.

use super::syntax::{RedirectOperator, Span, is_name};

/// A position in a script.
pub(super) struct Lexer<'s> {
    source: &'s str,
    offset: usize,
    /// The byte of the outermost script at which this script begins.
    base: usize,
    /// The spans of the comments.
    pub comments: Vec<Span>,
}

/// The words that are reserved at the beginning of a command.
pub const RESERVED: [&str; 21] = [
    "!", "[[", "{", "}", "case", "coproc", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "in",
    "select", "then", "time", "until", "while",
];

/// The operators between commands; an operator comes before its prefixes.
const OPERATORS: [&str; 12] = [";;&", ";;", ";&", "&&", "||", "|&", ";", "&", "|", "(", ")", "\n"];

impl<'s> Lexer<'s> {
    pub fn new(source: &'s str, base: usize) -> Self {
        Self { source, offset: 0, base, comments: Vec::new() }
    }

    /// The text that has not been read.
    pub fn rest(&self) -> &'s str {
        &self.source[self.offset..]
    }

    /// The current byte offset in this script.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The current byte offset in the outermost script.
    pub fn script_offset(&self) -> usize {
        self.base + self.offset
    }

    /// The span from byte `start` of this script to the current position, as offsets in the outermost script.
    pub fn span(&self, start: usize) -> Span {
        self.base + start..self.base + self.offset
    }

    /// The text of a span.
    pub fn text(&self, span: &Span) -> &'s str {
        &self.source[span.start - self.base..span.end - self.base]
    }

    pub fn is_at_end(&self) -> bool {
        self.offset == self.source.len()
    }

    pub fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.offset += next.len_utf8();
        Some(next)
    }

    /// Skips `text` if it comes next; returns whether it did.
    pub fn eat(&mut self, text: &str) -> bool {
        let comes_next = self.rest().starts_with(text);
        if comes_next {
            self.offset += text.len();
        }
        comes_next
    }

    /// Skips a number of bytes.
    pub fn skip(&mut self, bytes: usize) {
        self.offset += bytes;
    }

    /// Skips the characters that `accepts` accepts and returns them.
    pub fn take_while(&mut self, accepts: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|next| !accepts(next)).unwrap_or(rest.len())];
        self.offset += taken.len();
        taken
    }

    /// Skips the text up to and including `end` and returns it without `end`; `None` if `end` does
    /// not occur.
    pub fn take_until(&mut self, end: char) -> Option<&'s str> {
        let rest = self.rest();
        let taken = &rest[..rest.find(end)?];
        self.offset += taken.len() + end.len_utf8();
        Some(taken)
    }

    /// Skips blanks, line continuations and comments between words.
    pub fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            if rest.starts_with([' ', '\t']) || rest.starts_with("\r\n") {
                self.offset += 1;
            } else if let Some(length) = continuation(rest) {
                self.offset += length;
            } else if rest.starts_with('#') {
                let start = self.offset;
                self.offset += rest.find('\n').unwrap_or(rest.len());
                self.comments.push(self.span(start));
            } else {
                return;
            }
        }
    }

    /// The operator that comes next, except `&>`, which begins a redirection.
    pub fn operator(&self) -> Option<&'static str> {
        let rest = self.rest();
        OPERATORS.into_iter().find(|operator| rest.starts_with(operator)).filter(|_| !rest.starts_with("&>"))
    }

    /// The reserved word that comes next.
    pub fn reserved(&self) -> Option<&'static str> {
        let rest = self.rest();
        RESERVED.into_iter().find(|word| rest.strip_prefix(word).is_some_and(ends_word))
    }

    /// Skips the reserved word `word` if it comes next; returns whether it did.
    pub fn eat_reserved(&mut self, word: &str) -> bool {
        self.reserved() == Some(word) && self.eat(word)
    }

    /// Skips `]]` if it comes next; returns whether it did.
    pub fn eat_closing_brackets(&mut self) -> bool {
        self.is_at_closing_brackets() && self.eat("]]")
    }

    pub fn is_at_closing_brackets(&self) -> bool {
        self.rest().strip_prefix("]]").is_some_and(ends_word)
    }

    /// Skips and returns the descriptor and the operator of a redirection if one comes next.
    pub fn eat_redirect(&mut self) -> Option<(Option<String>, RedirectOperator)> {
        let rest = self.rest();
        let descriptor = descriptor(rest);
        let operator_text = &rest[descriptor.len()..];
        let (text, operator) = RedirectOperator::ALL.into_iter().find(|(text, _)| operator_text.starts_with(text))?;
        let is_process = matches!(text, "<" | ">") && operator_text[1..].starts_with('(');
        if is_process || (!descriptor.is_empty() && text.starts_with('&')) {
            return None;
        }
        self.offset += descriptor.len() + text.len();
        Some(((!descriptor.is_empty()).then(|| descriptor.to_owned()), operator))
    }

    /// Whether the `((` that comes next begins an arithmetic command or expansion: its first unmatched `)` is
    /// part of `))`. Otherwise the parentheses open two subshells.
    pub fn is_arithmetic(&self) -> bool {
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

/// The length of a line continuation at the beginning of `text`, if there is one.
pub(super) fn continuation(text: &str) -> Option<usize> {
    ["\\\n", "\\\r\n"].into_iter().find(|sign| text.starts_with(sign)).map(str::len)
}

/// Whether a character ends an unquoted word.
pub(super) fn is_meta(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>')
}

/// Whether a word ends if `following` comes after it.
fn ends_word(following: &str) -> bool {
    match continuation(following) {
        Some(length) => following[length..].starts_with(is_meta),
        None => following.is_empty() || following.starts_with(is_meta) || following.starts_with("\r\n"),
    }
}

/// The number or `{name}` that comes before the operator of a redirection, or an empty text.
fn descriptor(text: &str) -> &str {
    let digits = &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())];
    let named = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).filter(|(name, _)| is_name(name));
    match named {
        Some((name, operator)) if operator.starts_with(['<', '>']) => &text[..name.len() + 2],
        _ => digits,
    }
}
