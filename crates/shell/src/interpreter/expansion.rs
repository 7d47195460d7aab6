//! Expands words to the texts that they can be.

use super::super::placeholder::FIRST_PLACEHOLDER;
use super::super::state::substituted;
use super::super::syntax::{Arithmetic, List, Operation, Parameter, Piece, PieceKind, Span, Word, is_name};
use super::Interpreter;
use slug_value::{AbstractValue, Text};

/// Why an argument is not known whose value is not quoted.
pub const SPLIT: &str = "a shell splits a value into words";

/// Why an argument is not known that holds braces.
pub const BRACES: &str = "a shell replaces braces by several words";

/// Why a value is not known that depends on what happens before.
const COMPUTED: &str = "a value is computed while it runs";

impl Interpreter<'_> {
    /// What a variable can be.
    pub fn look_up(&self, name: &str) -> Text {
        match (self.state.variables.get(name), &self.state.rest) {
            (Some(variable), _) => variable.value.clone(),
            (None, Some(why)) => Text::unknown(why.clone()),
            (None, None) if is_name(name) => Text::unknown(format!("`${name}` is not known")),
            (None, None) => Text::unknown(COMPUTED),
        }
    }

    /// What a word can be, as the value of an assignment: nothing splits it.
    pub fn expand(&mut self, word: &Word) -> Text {
        self.fragments(&word.pieces).into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// The same for a word that a shell runs, as a command or as a script.
    pub fn expand_run(&mut self, word: &Word) -> Text {
        let runs_output = std::mem::replace(&mut self.runs_output, true);
        let text = self.expand(word);
        self.runs_output = runs_output;
        text
    }

    /// What an argument can be, as far as it is one: a shell splits and replaces what is not quoted.
    pub fn field(&mut self, word: &Word) -> Text {
        self.argument(word).into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// The same, piece by piece.
    pub fn argument(&mut self, word: &Word) -> Vec<Text> {
        let mut texts = Vec::new();
        for piece in &word.pieces {
            let fragments = self.fragments(std::slice::from_ref(piece));
            match &piece.kind {
                PieceKind::Parameter(_) | PieceKind::Command(_) if !fragments.iter().all(is_one_field) => {
                    texts.push(Text::unknown(SPLIT));
                }
                PieceKind::Literal(text) if has_braces(text) => {
                    texts.push(Text::unknown(BRACES));
                }
                _ => texts.extend(fragments),
            }
        }
        texts
    }

    /// What pieces can be, one behind the other.
    pub fn fragments(&mut self, pieces: &[Piece]) -> Vec<Text> {
        let mut texts = Vec::new();
        for piece in pieces {
            match &piece.kind {
                PieceKind::Literal(text) | PieceKind::SingleQuoted(text) | PieceKind::AnsiQuoted(Some(text)) => {
                    texts.extend(self.with_expressions(text));
                }
                PieceKind::Escaped(character) => texts.extend(self.with_expressions(&character.to_string())),
                PieceKind::AnsiQuoted(None) => texts.push(Text::unknown(COMPUTED)),
                PieceKind::DoubleQuoted(pieces) => texts.extend(self.fragments(pieces)),
                PieceKind::Parameter(parameter) => texts.push(self.parameter(parameter, &piece.span)),
                PieceKind::Command(list) => {
                    self.substitute(list);
                    texts.push(Text::unknown("what a command prints is not known"));
                }
                PieceKind::Process(list) => {
                    self.substitute(list);
                    texts.push(Text::set(COMPUTED));
                }
                PieceKind::Arithmetic(expression) => {
                    self.arithmetic(expression);
                    texts.push(Text::set(COMPUTED));
                }
                PieceKind::Array(words) => {
                    words.iter().for_each(|word| drop(self.expand(word)));
                    texts.push(Text::unknown("an array is not followed"));
                }
            }
        }
        texts
    }

    /// Interprets a command whose output becomes part of a word.
    fn substitute(&mut self, list: &List) {
        let runs_output = std::mem::replace(&mut self.runs_output, false);
        let output = self.subshell(|it| it.list(list));
        self.runs_output = runs_output;
        if !runs_output {
            self.resolve(&output.spans);
        }
    }

    fn parameter(&mut self, parameter: &Parameter, span: &Span) -> Text {
        match &parameter.operation {
            Operation::None => self.look_up(&parameter.name),
            Operation::Alternative(operator, pieces) if !operator.ends_with('?') => {
                let value = self.look_up(&parameter.name);
                let is_certainly_assigned = operator == ":=" && value == Text::empty();
                // The word is expanded only if it is needed.
                let before = self.copy();
                let other = self.fragments(pieces).into_iter().fold(Text::empty(), Text::followed_by);
                self.join_with(before);
                let text = substituted(operator, value, other);
                if is_certainly_assigned {
                    self.give(&parameter.name, text.clone(), span.clone(), None);
                } else if operator.ends_with('=') && is_name(&parameter.name) {
                    self.give_perhaps(&parameter.name, text.clone(), span.clone());
                }
                text
            }
            Operation::Alternative(_, pieces) | Operation::Other(pieces) => {
                self.fragments(pieces);
                Text::unknown(COMPUTED)
            }
        }
    }

    /// A text in which expressions of the workflow may stand.
    fn with_expressions(&self, text: &str) -> Vec<Text> {
        let mut texts = Vec::new();
        let mut literal = String::new();
        for character in text.chars() {
            let index = u32::from(character).checked_sub(FIRST_PLACEHOLDER);
            match index.and_then(|index| self.placeholders.get(index as usize)) {
                Some(value) => {
                    texts.push(Text::known(std::mem::take(&mut literal)));
                    texts.push(value.clone());
                }
                None => literal.push(character),
            }
        }
        texts.push(Text::known(literal));
        texts.retain(|text| text.single().is_none_or(|text| !text.is_empty()));
        texts
    }

    /// Evaluates an arithmetic expression for the variables that it assigns. A variable that
    /// is not known is taken for a number.
    pub(crate) fn arithmetic(&mut self, expression: &Arithmetic) {
        let mut text = String::new();
        self.add_arithmetic_text(&expression.pieces, &mut text);
        self.assign_in_arithmetic(&text, &expression.span);
    }

    /// Adds the text of pieces, in which [`UNKNOWN`] stands for each value that is not known.
    fn add_arithmetic_text(&mut self, pieces: &[Piece], text: &mut String) {
        for piece in pieces {
            match (&piece.kind, piece.literal()) {
                (_, Some(literal)) => text.push_str(&literal),
                (PieceKind::DoubleQuoted(pieces), None) => self.add_arithmetic_text(pieces, text),
                _ => {
                    let values = self.fragments(std::slice::from_ref(piece));
                    let known =
                        values.iter().map(|value| value.single().map(String::as_str)).collect::<Option<String>>();
                    match known {
                        Some(known) => text.push_str(&known),
                        None => text.push(UNKNOWN),
                    }
                }
            }
        }
    }

    /// Evaluates a word as an arithmetic expression.
    pub(crate) fn arithmetic_word(&mut self, word: &Word) {
        self.arithmetic(&Arithmetic { pieces: word.pieces.clone(), span: word.span.clone() });
    }

    fn assign_in_arithmetic(&mut self, text: &str, span: &Span) {
        let why = "an arithmetic expression may set it";
        let is_in_name = |c: char| c == '_' || c == UNKNOWN || c.is_ascii_alphanumeric();
        let mut rest = text;
        while let Some(start) = rest.find(is_in_name) {
            let before = rest[..start].trim_end();
            let end = rest[start..].find(|c| !is_in_name(c)).map_or(rest.len(), |length| start + length);
            let name = &rest[start..end];
            rest = &rest[end..];
            let behind = behind_subscript(rest).trim_start();
            let is_assigned = before.ends_with("++")
                || before.ends_with("--")
                || ASSIGNMENTS.iter().any(|operator| behind.starts_with(operator))
                || (behind.starts_with('=') && !behind.starts_with("=="));
            if is_assigned && name.contains(UNKNOWN) {
                self.havoc(why);
            }
            if !is_name(name) {
                continue;
            }
            // A shell evaluates the value of a variable as an expression as well.
            let is_expression = |text: &String| ["=", "[", "++", "--"].iter().any(|sign| text.contains(sign));
            let old = self.look_up(name);
            if matches!(&old.can, AbstractValue::OneOf(texts) if texts.iter().any(is_expression)) {
                self.havoc(why);
            }
            if is_assigned {
                self.give_perhaps(name, old.or(Text::set(COMPUTED)).because(why), span.clone());
            }
        }
    }
}

/// Stands in an arithmetic expression for a value that is not known.
const UNKNOWN: char = '\u{fffc}';

/// What assigns to the name before it, but for `=`.
const ASSIGNMENTS: [&str; 12] = ["++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>="];

/// A text without the subscript that it begins with.
fn behind_subscript(text: &str) -> &str {
    let trimmed = text.trim_start();
    if !trimmed.starts_with('[') {
        return text;
    }
    let mut depth = 0_usize;
    for (at, character) in trimmed.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &trimmed[at + 1..];
        }
    }
    ""
}

/// Whether a value that is not quoted stays one word: one that is not known is taken for one.
fn is_one_field(text: &Text) -> bool {
    match &text.can {
        AbstractValue::OneOf(texts) => {
            texts.iter().all(|text| !text.is_empty() && !text.contains([' ', '\t', '\n', '*', '?', '[']))
        }
        AbstractValue::NonEmpty | AbstractValue::Any => true,
    }
}

/// Whether a shell may replace braces in a text by several words.
fn has_braces(text: &str) -> bool {
    text.find('{').is_some_and(|at| text[at..].contains('}') && (text[at..].contains(',') || text[at..].contains("..")))
}
