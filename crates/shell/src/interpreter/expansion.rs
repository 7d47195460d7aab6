//! Expands words to their possible texts.

use super::super::placeholder::FIRST_PLACEHOLDER;
use super::super::state::substituted;
use super::super::syntax::{Arithmetic, List, Operation, Parameter, Piece, PieceKind, Span, Word, is_name};
use super::Interpreter;
use slug_value::{AbstractValue, Text};

/// The reason for an unknown argument with an unquoted value.
pub const SPLIT: &str = "a shell splits a value into words";

/// The reason for an unknown argument with braces.
pub const BRACES: &str = "a shell expands braces to several words";

/// The reason for an unknown value that is computed.
const COMPUTED: &str = "a value is computed at run time";

impl Interpreter<'_> {
    /// The possible values of a variable.
    pub fn look_up(&self, name: &str) -> Text {
        match (self.state.variables.get(name), &self.state.others_unknown) {
            (Some(variable), _) => variable.value.clone(),
            (None, Some(reason)) => Text::unknown(reason.clone()),
            (None, None) if is_name(name) => Text::unknown(format!("`${name}` is not known")),
            (None, None) => Text::unknown(COMPUTED),
        }
    }

    /// Expands a word as the value of an assignment, without word splitting.
    pub fn expand(&mut self, word: &Word) -> Text {
        self.fragments(&word.pieces).into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// Expands a word that a shell runs as a command or as a script.
    pub fn expand_run(&mut self, word: &Word) -> Text {
        let runs_output = std::mem::replace(&mut self.runs_output, true);
        let text = self.expand(word);
        self.runs_output = runs_output;
        text
    }

    /// Expands a word as an argument. The text is unknown if word splitting or brace expansion may
    /// change it.
    pub fn field(&mut self, word: &Word) -> Text {
        self.argument(word).into_iter().fold(Text::empty(), Text::followed_by)
    }

    /// Expands a word as an argument, piece by piece.
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

    /// Expands pieces to texts, in order.
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
                    texts.push(Text::unknown("the output of a command is not known"));
                }
                PieceKind::Process(list) => {
                    self.substitute(list);
                    texts.push(Text::non_empty(COMPUTED));
                }
                PieceKind::Arithmetic(expression) => {
                    self.arithmetic(expression);
                    texts.push(Text::non_empty(COMPUTED));
                }
                PieceKind::Array(words) => {
                    words.iter().for_each(|word| drop(self.expand(word)));
                    texts.push(Text::unknown("arrays are not interpreted"));
                }
            }
        }
        texts
    }

    /// Interprets the commands of a substitution, whose output becomes part of a word.
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
                // A shell expands the word only if it needs the alternative.
                let before = self.copy();
                let other = self.fragments(pieces).into_iter().fold(Text::empty(), Text::followed_by);
                self.join_with(before);
                let text = substituted(operator, value, other);
                if is_certainly_assigned {
                    self.set_variable(&parameter.name, text.clone(), span.clone(), None);
                } else if operator.ends_with('=') && is_name(&parameter.name) {
                    self.maybe_set_variable(&parameter.name, text.clone(), span.clone());
                }
                text
            }
            Operation::Alternative(_, pieces) | Operation::Other(pieces) => {
                self.fragments(pieces);
                Text::unknown(COMPUTED)
            }
        }
    }

    /// Splits a text at placeholders, which are replaced by the values of their expressions.
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

    /// Interprets the assignments of an arithmetic expression. An unknown variable is assumed to be a
    /// number.
    pub(crate) fn arithmetic(&mut self, expression: &Arithmetic) {
        let mut text = String::new();
        self.add_arithmetic_text(&expression.pieces, &mut text);
        self.assign_in_arithmetic(&text, &expression.span);
    }

    /// Appends the text of pieces, with [`UNKNOWN`] for each unknown value.
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

    /// Interprets a word as an arithmetic expression.
    pub(crate) fn arithmetic_word(&mut self, word: &Word) {
        self.arithmetic(&Arithmetic { pieces: word.pieces.clone(), span: word.span.clone() });
    }

    fn assign_in_arithmetic(&mut self, text: &str, span: &Span) {
        let reason = "an arithmetic expression may set it";
        let is_in_name = |c: char| c == '_' || c == UNKNOWN || c.is_ascii_alphanumeric();
        let mut rest = text;
        while let Some(start) = rest.find(is_in_name) {
            let before = rest[..start].trim_end();
            let end = rest[start..].find(|c| !is_in_name(c)).map_or(rest.len(), |length| start + length);
            let name = &rest[start..end];
            rest = &rest[end..];
            let after = after_subscript(rest).trim_start();
            let is_assigned = before.ends_with("++")
                || before.ends_with("--")
                || ASSIGNMENTS.iter().any(|operator| after.starts_with(operator))
                || (after.starts_with('=') && !after.starts_with("=="));
            if is_assigned && name.contains(UNKNOWN) {
                self.havoc(reason);
            }
            if !is_name(name) {
                continue;
            }
            // A shell evaluates the value of a variable as an expression too.
            let is_expression = |text: &String| ["=", "[", "++", "--"].iter().any(|sign| text.contains(sign));
            let old = self.look_up(name);
            if matches!(&old.values, AbstractValue::OneOf(texts) if texts.iter().any(is_expression)) {
                self.havoc(reason);
            }
            if is_assigned {
                self.maybe_set_variable(name, old.or(Text::non_empty(COMPUTED)).with_reason(reason), span.clone());
            }
        }
    }
}

/// A character that replaces an unknown value in an arithmetic expression.
const UNKNOWN: char = '\u{fffc}';

/// Operators that assign to the name before them, except `=`.
const ASSIGNMENTS: [&str; 12] = ["++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>="];

/// The text after the subscript that it begins with, if any.
fn after_subscript(text: &str) -> &str {
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

/// Whether an unquoted value stays one word. An unknown value is assumed to stay one.
fn is_one_field(text: &Text) -> bool {
    match &text.values {
        AbstractValue::OneOf(texts) => {
            texts.iter().all(|text| !text.is_empty() && !text.contains([' ', '\t', '\n', '*', '?', '[']))
        }
        AbstractValue::NonEmpty | AbstractValue::Any => true,
    }
}

/// Whether a shell may expand braces in a text to several words.
fn has_braces(text: &str) -> bool {
    text.find('{').is_some_and(|at| text[at..].contains('}') && (text[at..].contains(',') || text[at..].contains("..")))
}
