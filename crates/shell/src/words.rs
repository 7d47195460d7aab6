//! A script as words and operators, as far as a POSIX shell and bash agree.

use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

/// One token and the bytes it stands on.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Where.
    pub span: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A word.
    Word(Word),
    /// Any of `;`, `&`, `&&`, `||`, `|`, `(`, `)`, `;;` and the end of a line.
    Operator(&'static str),
    /// A redirection: its sign, such as `>>`. The word behind it is the target, but that of
    /// `<<` is the next document.
    Redirect(&'static str),
    /// The lines that a `<<` before it asks for.
    Document(Word),
}

/// One word: pieces that stand together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Word {
    /// The pieces.
    pub pieces: Vec<Piece>,
    /// Whether any part of it is in quotes, so that it is no keyword.
    pub quoted: bool,
    /// How many bytes at its beginning are plain: no quote, no escape, no expansion.
    pub plain: usize,
}

/// One piece of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// `$name` or `${name}`.
    Variable(String),
    /// `${name:-word}` and its kin: the name, the operator, the word.
    Expansion(String, String, Vec<Piece>),
    /// The script in `$(…)` or backticks, and at which byte it begins.
    Command(String, usize),
    /// Something else that only a shell can work out.
    Unknown,
}

impl Word {
    /// The word where nothing in it is expanded.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The word where it can be a keyword.
    #[must_use]
    pub fn keyword(&self) -> Option<&str> {
        self.literal().filter(|_| !self.quoted)
    }

    /// Name, operator (`=` or `+=`) and value, if this is an assignment.
    #[must_use]
    pub fn assignment(&self) -> Option<(String, &'static str, Word)> {
        let Some(Piece::Text(first)) = self.pieces.first() else { return None };
        let at = first.find('=').filter(|at| *at < self.plain)?;
        let (name, operator) = match first[..at].strip_suffix('+') {
            Some(name) => (name, "+="),
            None => (&first[..at], "="),
        };
        if !is_name(name) {
            return None;
        }
        let mut pieces = self.pieces.clone();
        pieces[0] = Piece::Text(first[at + 1..].to_owned());
        if pieces[0] == Piece::Text(String::new()) {
            pieces.remove(0);
        }
        Some((name.to_owned(), operator, Word { pieces, quoted: self.quoted, plain: 0 }))
    }

    /// Whether a command stands in it, by `$(…)`.
    #[must_use]
    pub fn runs_commands(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Command(..)))
    }

    fn push(&mut self, sign: char) {
        match self.pieces.last_mut() {
            Some(Piece::Text(text)) => text.push(sign),
            _ => self.pieces.push(Piece::Text(sign.to_string())),
        }
    }
}

/// Whether a shell takes this for the name of a variable.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first == '_' || first.is_ascii_alphabetic())
        && name.chars().all(|next| next == '_' || next.is_ascii_alphanumeric())
}

/// A script, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    /// The tokens, in order.
    pub tokens: Vec<Token>,
    /// Whether a quote, a bracket or a document was still open at the end.
    pub is_open: bool,
}

/// Takes a script apart. What does not end, such as an open quote, ends with the script.
#[must_use]
pub fn tokens(script: &str) -> Tokens {
    let mut reader = Reader {
        script,
        signs: script.char_indices().peekable(),
        tokens: Vec::new(),
        pending: Vec::new(),
        is_open: false,
    };
    while reader.token() {}
    let is_open = reader.is_open || !reader.pending.is_empty();
    Tokens { tokens: reader.tokens, is_open }
}

struct Reader<'s> {
    script: &'s str,
    signs: Peekable<CharIndices<'s>>,
    tokens: Vec<Token>,
    /// Delimiters whose documents begin on the next line: the word, whether to strip tabs, whether to expand.
    pending: Vec<(String, bool, bool)>,
    is_open: bool,
}

/// The operators, longer ones first.
const OPERATORS: [&str; 10] = ["&&", "||", ";;", "|&", ";", "&", "|", "(", ")", "\n"];

/// The redirections, longer ones first.
const REDIRECTS: [&str; 11] = ["<<<", "<<-", "&>>", "<<", ">>", "<&", ">&", "&>", ">|", "<", ">"];

impl<'s> Reader<'s> {
    fn at(&mut self) -> usize {
        self.signs.peek().map_or(self.script.len(), |(at, _)| *at)
    }

    fn rest(&mut self) -> &'s str {
        let at = self.at();
        &self.script[at..]
    }

    fn skip(&mut self, bytes: usize) {
        let end = self.at() + bytes;
        while self.signs.next_if(|(at, _)| *at < end).is_some() {}
    }

    /// Reads one token; false at the end.
    fn token(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        let start = self.at();
        if rest.starts_with("\\\n") || rest.starts_with("\\\r\n") {
            self.skip(rest.find('\n').map_or(1, |at| at + 1));
        } else if first == '#' {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if first != '\n' && first.is_whitespace() {
            self.skip(first.len_utf8());
        } else if let Some(sign) = redirect(rest) {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            self.skip(digits + sign.len());
            self.redirect(sign, start);
        } else if rest.starts_with("((") {
            self.skip(rest.find("))").map_or(rest.len(), |at| at + 2));
            let word = Word { pieces: vec![Piece::Unknown], quoted: true, plain: 0 };
            self.push(Kind::Word(word), start);
        } else if let Some(operator) = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)) {
            self.skip(operator.len());
            self.push(Kind::Operator(if operator == "|&" { "|" } else { operator }), start);
            if operator == "\n" {
                self.documents();
            }
        } else {
            let word = self.word();
            let is_test = word.keyword() == Some("[[");
            self.push(Kind::Word(word), start);
            if is_test {
                let rest = self.rest();
                self.skip(rest.find("]]").map_or(rest.len(), |at| at + 2));
            }
        }
        true
    }

    fn push(&mut self, kind: Kind, start: usize) {
        let end = self.at();
        self.tokens.push(Token { kind, span: start..end });
    }

    fn redirect(&mut self, sign: &'static str, start: usize) {
        if sign != "<<" && sign != "<<-" {
            return self.push(Kind::Redirect(sign), start);
        }
        let rest = self.rest();
        self.skip(rest.len() - rest.trim_start_matches([' ', '\t']).len());
        let word = self.word();
        let delimiter = word.literal().unwrap_or_default().to_owned();
        self.pending.push((delimiter, sign == "<<-", !word.quoted));
        self.push(Kind::Redirect("<<"), start);
    }

    /// The documents that begin on this line.
    fn documents(&mut self) {
        for (delimiter, strips, expands) in std::mem::take(&mut self.pending) {
            let start = self.at();
            let mut text = String::new();
            loop {
                let rest = self.rest();
                if rest.is_empty() {
                    self.is_open = true;
                    break;
                }
                let line = rest.split('\n').next().unwrap_or_default();
                self.skip((line.len() + 1).min(rest.len()));
                let line = line.strip_suffix('\r').unwrap_or(line);
                let line = if strips { line.trim_start_matches('\t') } else { line };
                if line == delimiter {
                    break;
                }
                text.push_str(line);
                text.push('\n');
            }
            let word = if expands {
                as_in_double_quotes(&text)
            } else {
                Word { pieces: vec![Piece::Text(text)], quoted: true, plain: 0 }
            };
            self.push(Kind::Document(word), start);
        }
    }

    fn word(&mut self) -> Word {
        let mut word = Word::default();
        let start = self.at();
        let mut plain = None;
        while let Some(&(at, sign)) = self.signs.peek() {
            if sign.is_whitespace() || matches!(sign, ';' | '&' | '|' | '(' | ')' | '<' | '>') {
                break;
            }
            if matches!(sign, '\'' | '"' | '\\' | '$' | '`') {
                plain.get_or_insert(at - start);
            }
            self.signs.next();
            match sign {
                '\'' => {
                    word.quoted = true;
                    word.pieces.push(Piece::Text(self.until('\'')));
                }
                '"' => {
                    word.quoted = true;
                    let before = word.pieces.len();
                    self.double_quoted(&mut word, true);
                    if word.pieces.len() == before {
                        word.pieces.push(Piece::Text(String::new()));
                    }
                }
                '\\' => {
                    if let Some((_, sign)) = self.signs.next().filter(|(_, sign)| *sign != '\n') {
                        word.quoted = true;
                        word.push(sign);
                    }
                }
                '$' => self.expansion(&mut word, false),
                '`' => {
                    let start = self.at();
                    word.pieces.push(Piece::Command(self.until('`'), start));
                }
                _ => word.push(sign),
            }
        }
        let end = self.at();
        word.plain = plain.unwrap_or(end - start);
        merge_texts(&mut word.pieces);
        word
    }

    fn until(&mut self, end: char) -> String {
        let mut text = String::new();
        for (_, sign) in self.signs.by_ref() {
            if sign == end {
                return text;
            }
            text.push(sign);
        }
        self.is_open = true;
        text
    }

    /// What stands in double quotes, up to the closing one or to the end.
    fn double_quoted(&mut self, word: &mut Word, closes: bool) {
        while let Some((_, sign)) = self.signs.next() {
            match sign {
                '"' if closes => return,
                '\\' => match self.signs.peek() {
                    Some(&(_, next @ ('"' | '\\' | '$' | '`'))) => {
                        self.signs.next();
                        word.push(next);
                    }
                    Some((_, '\n')) => drop(self.signs.next()),
                    _ => word.push('\\'),
                },
                '$' => self.expansion(word, true),
                '`' => {
                    let start = self.at();
                    word.pieces.push(Piece::Command(self.until('`'), start));
                }
                _ => word.push(sign),
            }
        }
        self.is_open |= closes;
    }

    /// What stands behind a `$`.
    fn expansion(&mut self, word: &mut Word, in_double_quotes: bool) {
        let rest = self.rest();
        let name: String = rest.chars().take_while(|c| *c == '_' || c.is_ascii_alphanumeric()).collect();
        if is_name(&name) {
            self.skip(name.len());
            word.pieces.push(Piece::Variable(name));
        } else if rest.starts_with('{') {
            let inside = self.braced(if in_double_quotes { BRACES_IN_QUOTES } else { BRACES }, 0);
            word.pieces.push(parameter(&inside, in_double_quotes));
        } else if rest.starts_with("((") {
            self.braced(PARENTHESES, 0);
            word.pieces.push(Piece::Unknown);
        } else if rest.starts_with('(') {
            let start = self.at() + 1;
            let inside = self.braced(PARENTHESES, 0);
            word.pieces.push(Piece::Command(inside, start));
        } else if rest.starts_with('\'') && !in_double_quotes {
            self.signs.next();
            self.escaped('\'');
            word.pieces.push(Piece::Unknown);
        } else if rest.starts_with(|c: char| "?#@*!$-0123456789".contains(c)) {
            self.signs.next();
            word.pieces.push(Piece::Unknown);
        } else {
            word.push('$');
        }
    }

    /// What stands in a pair of brackets, which may hold others; the reader stands at the opening one.
    fn braced(&mut self, brackets: Brackets, nested: usize) -> String {
        let from = self.at() + brackets.opening.len_utf8();
        let mut depth = 0_usize;
        while let Some((at, sign)) = self.signs.next() {
            match sign {
                '\\' => drop(self.signs.next()),
                '\'' if brackets.single_quotes => drop(self.until('\'')),
                '"' => self.pass_double_quotes(nested + 1),
                _ if sign == brackets.opening => depth += 1,
                _ if sign == brackets.closing => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return self.script[from..at].to_owned();
                    }
                }
                _ => {}
            }
        }
        self.is_open = true;
        self.script.get(from..).unwrap_or_default().to_owned()
    }

    /// Passes over what stands in double quotes; the reader stands behind the opening one.
    fn pass_double_quotes(&mut self, nested: usize) {
        if nested > NESTED {
            self.is_open = true;
            return;
        }
        while let Some((_, sign)) = self.signs.next() {
            match sign {
                '"' => return,
                '\\' => drop(self.signs.next()),
                '$' if self.rest().starts_with('(') => drop(self.braced(PARENTHESES, nested)),
                '$' if self.rest().starts_with('{') => drop(self.braced(BRACES_IN_QUOTES, nested)),
                _ => {}
            }
        }
        self.is_open = true;
    }

    /// Passes over what stands before a sign that is not escaped.
    fn escaped(&mut self, end: char) {
        while let Some((_, sign)) = self.signs.next() {
            match sign {
                '\\' => drop(self.signs.next()),
                _ if sign == end => return,
                _ => {}
            }
        }
        self.is_open = true;
    }
}

/// A pair of brackets, and whether a single quote between them begins a string.
#[derive(Clone, Copy)]
struct Brackets {
    opening: char,
    closing: char,
    single_quotes: bool,
}

const PARENTHESES: Brackets = Brackets { opening: '(', closing: ')', single_quotes: true };
const BRACES: Brackets = Brackets { opening: '{', closing: '}', single_quotes: true };
const BRACES_IN_QUOTES: Brackets = Brackets { opening: '{', closing: '}', single_quotes: false };

fn redirect(text: &str) -> Option<&'static str> {
    let behind = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let sign = REDIRECTS.into_iter().find(|sign| behind.starts_with(sign))?;
    // `&>` has no number before it, and a `<(…)` is a word of its own.
    (behind.len() == text.len() || !sign.starts_with('&')).then_some(sign)
}

/// `${` inside one another; deeper ones are not worked out.
const NESTED: usize = 16;

/// `${…}` from what stands in the braces.
fn parameter(inside: &str, in_double_quotes: bool) -> Piece {
    if inside.matches("${").count() > NESTED {
        return Piece::Unknown;
    }
    let end = inside.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    if !is_name(name) {
        return Piece::Unknown;
    }
    if rest.is_empty() {
        return Piece::Variable(name.to_owned());
    }
    let operators = [":-", ":=", ":+", "-", "=", "+"];
    match operators.into_iter().find(|operator| rest.starts_with(operator)) {
        Some(operator) => {
            let other = &rest[operator.len()..];
            let unwrapped = other.strip_prefix('"').and_then(|other| other.strip_suffix('"')).unwrap_or(other);
            if unwrapped.contains('"') || (!in_double_quotes && other.contains(['\'', '\\'])) {
                return Piece::Unknown;
            }
            let pieces = as_in_double_quotes(unwrapped).pieces;
            Piece::Expansion(name.to_owned(), operator.to_owned(), pieces)
        }
        None => Piece::Unknown,
    }
}

/// Text in which only `$`, backticks and some escapes are special.
fn as_in_double_quotes(text: &str) -> Word {
    let mut word = Word { quoted: true, ..Word::default() };
    let mut reader = Reader {
        script: text,
        signs: text.char_indices().peekable(),
        tokens: Vec::new(),
        pending: Vec::new(),
        is_open: false,
    };
    reader.double_quoted(&mut word, false);
    merge_texts(&mut word.pieces);
    word
}

fn merge_texts(pieces: &mut Vec<Piece>) {
    let mut merged: Vec<Piece> = Vec::new();
    for piece in pieces.drain(..) {
        match (merged.last_mut(), piece) {
            (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
            (_, piece) => merged.push(piece),
        }
    }
    *pieces = merged;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(script: &str) -> String {
        let token = |token: &Token| match &token.kind {
            Kind::Word(word) => word.pieces.iter().map(piece).collect::<String>(),
            Kind::Operator("\n") => "↵".to_owned(),
            Kind::Operator(sign) | Kind::Redirect(sign) => format!("«{sign}»"),
            Kind::Document(word) => format!("doc({})", word.pieces.iter().map(piece).collect::<String>()),
        };
        tokens(script).tokens.iter().map(token).collect::<Vec<_>>().join(" ")
    }

    fn piece(piece: &Piece) -> String {
        match piece {
            Piece::Text(text) => text.clone(),
            Piece::Variable(name) => format!("${name}"),
            Piece::Expansion(name, operator, word) => {
                format!("${{{name}{operator}{}}}", word.iter().map(self::piece).collect::<String>())
            }
            Piece::Command(script, _) => format!("$({script})"),
            Piece::Unknown => "?".to_owned(),
        }
    }

    #[test]
    fn scripts_come_apart() {
        for (script, expected) in [
            ("a b  c", "a b c"),
            ("a 'b c' \"d $e\" f\\ g", "a b c d $e f g"),
            ("A=x B='y z' cmd # comment", "A=x B=y z cmd"),
            ("a; b && c || d | e & f", "a «;» b «&&» c «||» d «|» e «&» f"),
            ("a \\\n b\nc", "a b ↵ c"),
            ("echo x >> \"$GITHUB_ENV\" 2>&1", "echo x «>>» $GITHUB_ENV «>&» 1"),
            ("cat <<EOF >> f\na $b\nEOF\nnext", "cat «<<» «>>» f ↵ doc(a $b\n) next"),
            ("cat <<-'EOF'\n\ta $b\n\tEOF\n", "cat «<<» ↵ doc(a $b\n)"),
            ("x=$(a \"$(b)\") y=`c`", "x=$(a \"$(b)\") y=$(c)"),
            ("${A:-b c} ${A} ${A%x} ${A:-${B:-c}}", "${A:-b c} $A ? ${A:-${B:-c}}"),
            ("[[ a && b ]] && c", "[[ «&&» c"),
            ("if ((a > 1)); then b; fi", "if ? «;» then b «;» fi"),
            ("f() { a; }", "f «(» «)» { a «;» }"),
            ("\"${X:-it's}\" b \"$(jq \".a | \\\"it's\\\"\" f)\" c", "${X:-it's} b $(jq \".a | \\\"it's\\\"\" f) c"),
            ("\"${V#\"x/\"}\" ${V%\\\"*} $'it\\'s' d", "? ? ? d"),
            ("\"\" ''", " "),
            ("'open", "open"),
            (&"${A:-".repeat(9000), "?"),
            ("$1 $$ $'x' $", "? ? ? $"),
        ] {
            assert_eq!(shown(script), expected, "{script}");
        }
    }

    #[test]
    fn what_is_not_closed_is_known_to_be_open() {
        for closed in ["a 'b' \"c\" $(d) ${e} `f`", "cat <<EOF\nx\nEOF\n", "echo it\\'s", "${A:-${B}}"] {
            assert!(!tokens(closed).is_open, "{closed}");
        }
        for open in ["a 'b", "a \"b", "$(a", "${a", "`a", "cat <<EOF\nx\n", "$'a", &"\"$(".repeat(40)] {
            assert!(tokens(open).is_open, "{open}");
        }
    }

    #[test]
    fn assignments_are_words_with_a_plain_name() {
        let word = |script: &str| match tokens(script).tokens.swap_remove(0).kind {
            Kind::Word(word) => word.assignment().map(|(name, operator, _)| format!("{name}{operator}")),
            _ => None,
        };
        assert_eq!(word("A=b").as_deref(), Some("A="));
        assert_eq!(word("A+=b").as_deref(), Some("A+="));
        assert_eq!(word("A=\"$b\"").as_deref(), Some("A="));
        for none in ["a.b=c", "'A'=b", "A", "=b", "1=b", "$A=b"] {
            assert_eq!(word(none), None, "{none}");
        }
    }
}
