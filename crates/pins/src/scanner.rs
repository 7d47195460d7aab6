//! Finds the fields `runtime` and `model` that stand together.
//!
//! The scanner knows no grammar. It sees two kinds of scope: what is between two brackets, and,
//! outside of brackets, lines `name: value` of one indentation. The content of a quoted text is
//! scanned too, because programs and scripts quote JSON.

use crate::lexer::{Kind, Text, Token, tokens};
use crate::{Literal, Pair, Syntax};

/// How deep quoted texts in quoted texts are scanned.
const QUOTES: usize = 3;

/// The shortest content of a quoted text that can have both fields.
const QUOTED_BYTES: usize = "runtime:a,model:b".len();

/// Finds every place where a file writes down a runtime and a model together: fields or arguments
/// with these names, in one object or one call. A value that a program computes is not a literal.
#[must_use]
pub fn scan(text: &str, syntax: Syntax) -> Vec<Pair> {
    let mut pairs = Vec::new();
    if mentions_both(text.as_bytes()) {
        scan_text(&Text::of_file(text), syntax, QUOTES, &mut pairs);
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
    /// The open brackets, innermost last.
    brackets: Vec<(u8, Scope)>,
    /// The open blocks, innermost last.
    blocks: Vec<Block>,
}

fn scan_text(text: &Text, syntax: Syntax, quotes: usize, pairs: &mut Vec<Pair>) {
    let tokens = tokens(text, syntax);
    let mut scanner = Scanner { text, syntax, tokens: &tokens, brackets: Vec::new(), blocks: Vec::new() };
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

impl Scanner<'_> {
    fn run(&mut self, pairs: &mut Vec<Pair>) {
        let mut is_line_start = true;
        for (index, token) in self.tokens.iter().enumerate() {
            if is_line_start && self.brackets.is_empty() {
                self.start_line(index, pairs);
            }
            is_line_start = matches!(token.kind, Kind::Newline);
            match token.kind {
                Kind::Open(bracket) => self.brackets.push((bracket, Scope::default())),
                Kind::Close(bracket) => self.close(bracket, pairs),
                Kind::Quoted(_) | Kind::Word => self.field(index),
                _ => {}
            }
        }
        self.brackets.drain(..).for_each(|(_, scope)| scope.close(pairs));
        self.blocks.drain(..).for_each(|block| block.scope.close(pairs));
    }

    /// Closes a bracket and those in it that were left open. A bracket that was never opened, as in
    /// a pattern of `case`, means nothing.
    fn close(&mut self, bracket: u8, pairs: &mut Vec<Pair>) {
        let opening = match bracket {
            b'}' => b'{',
            b']' => b'[',
            _ => b'(',
        };
        if let Some(open) = self.brackets.iter().rposition(|(open, _)| *open == opening) {
            self.brackets.drain(open..).for_each(|(_, scope)| scope.close(pairs));
        }
    }

    /// Closes the blocks that end before a line, and opens one for a line `name: value`.
    fn start_line(&mut self, first: usize, pairs: &mut Vec<Pair>) {
        let mut index = first;
        let mut is_item = false;
        while self.is_dash(index) {
            // The fields of a list item are a block of their own.
            self.close_blocks(self.column(self.tokens[index].from) + 1, pairs);
            (index, is_item) = (index + 1, true);
        }
        let Some(token) = self.tokens.get(index).filter(|token| !matches!(token.kind, Kind::Newline)) else { return };
        let column = self.column(token.from);
        let is_field = matches!(token.kind, Kind::Quoted(_) | Kind::Word) && self.is_colon(index + 1);
        if !is_field {
            return self.close_blocks(if self.syntax == Syntax::Yaml { column } else { 0 }, pairs);
        }
        self.close_blocks(if is_item { column } else { column + 1 }, pairs);
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
        index - self.text.bytes[..index].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
    }

    /// Records the field that begins at a token, if it is one of the two and has a literal value.
    fn field(&mut self, index: usize) {
        let token = &self.tokens[index];
        let name = match &token.kind {
            Kind::Quoted(content) => content.bytes.as_slice(),
            _ => &self.text.bytes[token.from..token.to],
        };
        let is_runtime = name.eq_ignore_ascii_case(b"runtime");
        if !is_runtime && !name.eq_ignore_ascii_case(b"model") {
            return;
        }
        let is_argument = || {
            let is_assigned = matches!(self.tokens.get(index + 1), Some(Token { kind: Kind::Equals, .. }));
            let mut after = self.tokens.iter().skip(index + 3).filter(|token| !matches!(token.kind, Kind::Newline));
            let is_last = matches!(after.next(), Some(Token { kind: Kind::Comma | Kind::Close(_), .. }));
            is_assigned && is_last && self.brackets.last().is_some_and(|(bracket, _)| *bracket == b'(')
        };
        if !self.is_colon(index + 1) && !is_argument() {
            return;
        }
        let Some(literal) = self.literal(index + 2) else { return };
        let scope = match (self.brackets.last_mut(), self.blocks.last_mut()) {
            (Some((_, scope)), _) => scope,
            (None, Some(block)) => &mut block.scope,
            (None, None) => return,
        };
        if is_runtime { scope.runtimes.push(literal) } else { scope.models.push(literal) }
    }

    /// The literal value that begins at a token. A value that continues after its first token is
    /// computed.
    fn literal(&self, index: usize) -> Option<Literal> {
        let token = self.tokens.get(index)?;
        let literal = match &token.kind {
            Kind::Quoted(content) => {
                let span = content.position(0)..content.position(content.bytes.len());
                Literal { text: content.part(0, content.bytes.len()), span }
            }
            Kind::Word if self.syntax.has_bare_values() => {
                let span = self.text.position(token.from)..self.text.position(token.to);
                Literal { text: self.text.part(token.from, token.to), span }
            }
            _ => return None,
        };
        let is_computed = |text: &str| text.contains(['$', '{', '}', '<', '>', '%', '*', '&', '!', '\n']);
        if literal.text.is_empty() || is_computed(&literal.text) {
            return None;
        }
        let ends = match self.tokens.get(index + 1) {
            None => true,
            Some(Token { kind: Kind::Newline | Kind::Comma | Kind::Semicolon | Kind::Close(_), .. }) => true,
            // A type after the value, as in `"id" as Model`.
            Some(Token { kind: Kind::Word, from, to }) => &self.text.bytes[*from..*to] == b"as",
            // The end of the text around quoted JSON.
            Some(_) => false,
        };
        ends.then_some(literal)
    }
}
