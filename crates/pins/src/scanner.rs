//! Finds the fields `runtime` and `model` that stand together.
//!
//! The scanner knows no grammar. It sees two kinds of scope: what is between two brackets, and,
//! outside of brackets, lines `name: value` of one indentation. The content of a quoted text is
//! scanned too, because programs and scripts quote JSON.

use crate::lexer::{Kind, Text, Token, tokens};
use crate::{Literal, Pair, Syntax, tree};

/// How deep quoted texts in quoted texts are scanned.
const QUOTES: usize = 3;

/// Maximum tokens of a type before a default.
const TYPE_TOKENS: usize = 32;

/// The shortest content of a quoted text that can have both fields.
const QUOTED_BYTES: usize = "runtime:a,model:b".len();

/// Finds every place where a file writes down a runtime and a model together: fields or arguments
/// with these names, in one object or one call. A value that a program computes is not a literal.
#[must_use]
pub fn scan(text: &str, syntax: Syntax) -> Vec<Pair> {
    let mut pairs = Vec::new();
    if mentions_both(text.as_bytes()) {
        scan_text(&Text::of_file(text), syntax, QUOTES, &mut pairs);
        if matches!(syntax, Syntax::Yaml | Syntax::Json) {
            tree::add_pairs(text, &mut pairs);
        }
    }
    pairs.sort_by_key(|pair: &Pair| (pair.model.span.start, pair.runtime.span.start));
    pairs
}

/// Whether a text has both words, so that it is worth a closer look.
fn mentions_both(text: &[u8]) -> bool {
    let has = |word: &[u8]| {
        let mut starts = text.iter().enumerate().filter(|(_, byte)| byte.eq_ignore_ascii_case(&word[0]));
        starts.any(|(at, _)| text[at..].get(..word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word)))
    };
    has(b"runtime") && has(b"model")
}

/// The two fields of a scope, in the order written.
#[derive(Default)]
struct Scope {
    runtimes: Vec<Literal>,
    models: Vec<Literal>,
}

impl Scope {
    /// Adds the pairs. If a scope has several fields of one name, because a bracket was not
    /// recognised, the first belong together, then the second.
    fn close(self, pairs: &mut Vec<Pair>) {
        if self.runtimes.len() == self.models.len() {
            let both = self.runtimes.into_iter().zip(self.models);
            pairs.extend(both.map(|(runtime, model)| Pair { runtime, model }));
        }
    }
}

/// Lines of one indentation, outside of brackets.
struct Block {
    column: usize,
    scope: Scope,
}

struct Scanner<'t> {
    text: &'t Text,
    syntax: Syntax,
    tokens: &'t [Token],
    /// For each token, false if it is a bracket that means nothing.
    is_scope: Vec<bool>,
    /// The open brackets, innermost last.
    brackets: Vec<(u8, Scope)>,
    /// The number of open brackets of each kind, so that no search is made for one that is not open.
    open: [usize; 128],
    /// The begin of the line.
    line: usize,
    /// The open blocks, innermost last.
    blocks: Vec<Block>,
}

fn scan_text(text: &Text, syntax: Syntax, quotes: usize, pairs: &mut Vec<Pair>) {
    let tokens = tokens(text, syntax);
    let is_scope = match syntax.has_bare_values() && quotes == QUOTES {
        true => closed(&tokens),
        false => vec![true; tokens.len()],
    };
    let mut scanner = Scanner {
        text,
        syntax,
        tokens: &tokens,
        is_scope,
        brackets: Vec::new(),
        open: [0; 128],
        line: 0,
        blocks: Vec::new(),
    };
    scanner.run(pairs);
    for token in &tokens {
        if let Kind::Quoted(content) = &token.kind
            && quotes > 0
            && content.bytes.len() >= QUOTED_BYTES
            && mentions_both(&content.bytes)
        {
            scan_text(content, syntax, quotes - 1, pairs);
        }
    }
}

/// The bracket that opens what a bracket closes.
fn opening(closing: u8) -> u8 {
    match closing {
        b'}' => b'{',
        b']' => b'[',
        _ => b'(',
    }
}

/// For each token, false if it is a bracket that nothing closes. In the plain text of YAML and of a shell,
/// such a bracket is a character like others.
fn closed(tokens: &[Token]) -> Vec<bool> {
    let mut is_closed = vec![true; tokens.len()];
    let mut open: Vec<(u8, usize)> = Vec::new();
    let mut count = [0_usize; 128];
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open(bracket) => {
                is_closed[index] = false;
                count[usize::from(bracket)] += 1;
                open.push((bracket, index));
            }
            Kind::Close(bracket) if count[usize::from(opening(bracket))] > 0 => {
                while let Some((last, at)) = open.pop() {
                    count[usize::from(last)] -= 1;
                    if last == opening(bracket) {
                        is_closed[at] = true;
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    is_closed
}

impl Scanner<'_> {
    fn run(&mut self, pairs: &mut Vec<Pair>) {
        let mut is_line_start = true;
        for (index, token) in self.tokens.iter().enumerate() {
            if is_line_start && self.brackets.is_empty() {
                self.start_line(index, pairs);
            }
            is_line_start = matches!(token.kind, Kind::Newline);
            match token.kind {
                Kind::Newline => self.line = token.to,
                Kind::Open(bracket) if self.is_scope[index] => self.open(bracket),
                Kind::Close(bracket) => self.close(opening(bracket), pairs),
                Kind::Quoted(_) => self.field(index),
                Kind::Word => {
                    self.field(index);
                    self.element(token, pairs);
                }
                _ => {}
            }
        }
        self.brackets.drain(..).for_each(|(_, scope)| scope.close(pairs));
        self.blocks.drain(..).for_each(|block| block.scope.close(pairs));
    }

    fn open(&mut self, opening: u8) {
        self.open[usize::from(opening)] += 1;
        self.brackets.push((opening, Scope::default()));
    }

    /// Closes a bracket and those in it that were left open. A bracket that was never opened, as in
    /// a pattern of `case`, means nothing.
    fn close(&mut self, opening: u8, pairs: &mut Vec<Pair>) {
        let mut is_closed = self.open[usize::from(opening)] == 0;
        while !is_closed && let Some((open, scope)) = self.brackets.pop() {
            self.open[usize::from(open)] -= 1;
            scope.close(pairs);
            is_closed = open == opening;
        }
    }

    /// Opens or closes the start tag of an element of JSX, whose attributes are a scope.
    fn element(&mut self, token: &Token, pairs: &mut Vec<Pair>) {
        let word = &self.text.bytes[token.from..token.to];
        if self.syntax != Syntax::Braces {
        } else if word.contains(&b'>') {
            if word[0] != b'<' && self.is_in(b'<') {
                self.close(b'<', pairs);
            }
        } else if word[0] == b'<' && word.get(1).is_some_and(u8::is_ascii_alphabetic) {
            self.open(b'<');
        }
    }

    /// Whether the innermost bracket is this one.
    fn is_in(&self, opening: u8) -> bool {
        self.brackets.last().is_some_and(|(bracket, _)| *bracket == opening)
    }

    /// Closes the blocks that end before a line, and opens one for a line `name: value`.
    fn start_line(&mut self, first: usize, pairs: &mut Vec<Pair>) {
        let mut index = first;
        while self.is_dash(index) {
            // The fields of a list item are a block of their own.
            self.close_blocks(self.column(self.tokens[index].from) + 1, pairs);
            index += 1;
        }
        let Some(token) = self.tokens.get(index).filter(|token| !matches!(token.kind, Kind::Newline)) else { return };
        if self.syntax == Syntax::Yaml && self.text.bytes[token.from..].starts_with(b"{{") {
            // An action of a template is not a line of YAML.
            return;
        }
        let column = self.column(token.from);
        let is_field = matches!(token.kind, Kind::Quoted(_) | Kind::Word) && self.is_colon(index + 1);
        if !is_field {
            return self.close_blocks(if self.syntax == Syntax::Yaml { column } else { 0 }, pairs);
        }
        self.close_blocks(column + 1, pairs);
        if self.blocks.last().is_none_or(|block| block.column < column) {
            self.blocks.push(Block { column, scope: Scope::default() });
        }
    }

    /// Closes the blocks at this column and to the right of it.
    fn close_blocks(&mut self, column: usize, pairs: &mut Vec<Pair>) {
        let keep = self.blocks.partition_point(|block| block.column < column);
        self.blocks.drain(keep..).for_each(|block| block.scope.close(pairs));
    }

    fn is_dash(&self, index: usize) -> bool {
        self.tokens
            .get(index)
            .is_some_and(|token| matches!(token.kind, Kind::Word) && &self.text.bytes[token.from..token.to] == b"-")
    }

    fn is_colon(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| matches!(token.kind, Kind::Colon))
    }

    fn column(&self, index: usize) -> usize {
        index.saturating_sub(self.line)
    }

    /// Records the field that begins at a token, if it is one of the two and has a literal value.
    fn field(&mut self, index: usize) {
        let token = &self.tokens[index];
        let name = match &token.kind {
            Kind::Quoted(content) => content.bytes.as_slice(),
            _ => &self.text.bytes[token.from..token.to],
        };
        let is_runtime = self.is_name(name, b"runtime");
        if !is_runtime && !self.is_name(name, b"model") {
            return;
        }
        let Some(literal) = self.field_value(index) else { return };
        let scope = match (self.brackets.last_mut(), self.blocks.last_mut()) {
            (Some((_, scope)), _) => scope,
            (None, Some(block)) => &mut block.scope,
            (None, None) => return,
        };
        if is_runtime { scope.runtimes.push(literal) } else { scope.models.push(literal) }
    }

    /// Whether a name is that of a field. Go writes the fields of other packages with a capital. In upper case, it is
    /// a variable of the environment, which a policy may test beside `runtime`.
    fn is_name(&self, name: &[u8], field: &[u8]) -> bool {
        let has_first = |first: u8| name.first() == Some(&first);
        let is_go = self.syntax == Syntax::Braces && has_first(field[0].to_ascii_uppercase());
        (has_first(field[0]) || is_go) && name[1..] == field[1..]
    }

    /// The literal value of the field whose name is a token: after a colon, after the type that follows
    /// a colon, or, in a call or in an element of JSX, after `=`.
    fn field_value(&self, index: usize) -> Option<Literal> {
        let kind = |index: usize| self.tokens.get(index).map(|token| &token.kind);
        let is_attribute = self.is_in(b'<') && matches!(kind(index + 1), Some(Kind::Equals));
        if is_attribute {
            let is_in_braces = matches!(kind(index + 2), Some(Kind::Open(b'{')));
            let is_only = matches!(kind(index + 4), Some(Kind::Close(_)));
            return match is_in_braces {
                true => self.literal(index + 3).filter(|_| is_only),
                false => self.literal(index + 2),
            };
        }
        let literal = |value: usize| {
            let value = self.after_prefix(value);
            self.literal(value).filter(|_| self.is_end(value + 1))
        };
        if self.is_colon(index + 1) {
            let mut value = index + 2;
            if self.syntax.has_bare_values() {
                // The anchor and the tag of a value of YAML.
                while self.word(value).is_some_and(|word| matches!(word[0], b'&' | b'!')) {
                    value += 1;
                }
                return literal(self.next_line(index, value).unwrap_or(value));
            }
            let is_local =
                self.word(index.wrapping_sub(1)).is_some_and(|word| matches!(word, b"const" | b"let" | b"var"));
            let default = self.word(value).and_then(|_| self.default(value)).filter(|_| !is_local);
            return literal(default.unwrap_or(value));
        }
        let after = self.after_prefix(index + 2) + 1;
        let mut after = self.tokens.iter().skip(after).filter(|token| !matches!(token.kind, Kind::Newline));
        let mut is_argument = || {
            matches!(kind(index + 1), Some(Kind::Equals))
                && self.is_in(b'(')
                && matches!(after.next(), Some(Token { kind: Kind::Comma | Kind::Close(_), .. }))
        };
        is_argument().then(|| literal(index + 2)).flatten()
    }

    /// The quoted text after a prefix of Python, as in `r"id"`, or else the token itself. A backslash in a raw text
    /// has another meaning than in others.
    fn after_prefix(&self, value: usize) -> usize {
        let prefix = self.word(value).filter(|_| self.syntax == Syntax::Python).unwrap_or_default();
        let is_prefix = matches!(prefix.to_ascii_lowercase().as_slice(), b"r" | b"u" | b"f" | b"fr" | b"rf");
        let follows = |next: &Token| {
            let is_next = self.tokens[value].to == next.from && matches!(next.kind, Kind::Quoted(_));
            is_next && !self.text.bytes[next.from..next.to].contains(&b'\\')
        };
        if is_prefix && self.tokens.get(value + 1).is_some_and(follows) { value + 1 } else { value }
    }

    /// The value of a field of YAML that is on the next line, also after `>` or `|`.
    fn next_line(&self, field: usize, value: usize) -> Option<usize> {
        let is_block = self.word(value).is_some_and(|word| matches!(word, b">" | b">-" | b"|" | b"|-"));
        let newline = value + usize::from(is_block);
        let Token { kind: Kind::Newline, to, .. } = self.tokens.get(newline)? else { return None };
        let column = self.tokens.get(newline + 1)?.from - to;
        (self.syntax == Syntax::Yaml && column > self.column(self.tokens[field].from)).then_some(newline + 1)
    }

    /// The default after a type, as in `str | None = "id"`, if there is one.
    fn default(&self, from: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (index, token) in self.tokens.iter().enumerate().skip(from).take(TYPE_TOKENS) {
            match token.kind {
                Kind::Open(_) => depth += 1,
                Kind::Close(_) => depth = depth.checked_sub(1)?,
                Kind::Equals if depth == 0 => return Some(index + 1),
                Kind::Word | Kind::Quoted(_) => {}
                _ if depth == 0 => return None,
                _ => {}
            }
        }
        None
    }

    /// The bytes of a token that is a word.
    fn word(&self, index: usize) -> Option<&[u8]> {
        let token = self.tokens.get(index).filter(|token| matches!(token.kind, Kind::Word))?;
        Some(&self.text.bytes[token.from..token.to])
    }

    /// The literal value of a token.
    fn literal(&self, index: usize) -> Option<Literal> {
        let token = self.tokens.get(index)?;
        let literal = match &token.kind {
            Kind::Quoted(content) => {
                let span = content.position(0)..content.position(content.bytes.len());
                Literal { text: content.part(0, content.bytes.len()), span }
            }
            Kind::Word if self.syntax.has_bare_values() && is_bare_text(&self.text.bytes[token.from..token.to]) => {
                let span = self.text.position(token.from)..self.text.position(token.to);
                Literal { text: self.text.part(token.from, token.to), span }
            }
            _ => return None,
        };
        let is_computed = |text: &str| text.contains(['$', '{', '}', '<', '>', '%', '*', '&', '!', '\n']);
        if literal.text.is_empty() || is_computed(&literal.text) {
            return None;
        }
        Some(literal)
    }

    /// Whether a value ends before a token. A value that continues after its first token is computed.
    fn is_end(&self, index: usize) -> bool {
        match self.tokens.get(index) {
            None => true,
            Some(Token { kind: Kind::Newline | Kind::Comma | Kind::Semicolon | Kind::Close(_), .. }) => true,
            // A type after the value, as in `"id" as Model`.
            Some(Token { kind: Kind::Word, from, to }) => {
                matches!(&self.text.bytes[*from..*to], b"as" | b"satisfies")
            }
            // The end of the text around quoted JSON.
            Some(_) => false,
        }
    }
}

/// Whether a word without quotes is a text: not the null of YAML, and not a field or a variable of jq.
fn is_bare_text(word: &[u8]) -> bool {
    let is_null = matches!(word, b"~" | b"null" | b"Null" | b"NULL");
    !is_null && word[0] != b'.' && !word.starts_with(b"env.")
}
