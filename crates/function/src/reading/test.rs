//! `[[ … ]]`, `[ … ]` and `test`.

use std::collections::BTreeSet;

use slug_shell::is_name;
use slug_shell::syntax::{Parameter, PieceKind, Span, Test, Word};

use super::state::State;
use super::value::{Part, Source, Value, literal};
use super::walk::{Facts, Status, Walk};
use crate::pattern::Pattern;

/// The operators that compare numbers.
const NUMERIC: [&str; 6] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];

/// The binary operators of `[`.
const BINARY: [&str; 14] = ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

fn not(status: Status) -> Status {
    status.map(|status| !status)
}

impl<'a> Walk<'a> {
    /// `[[ … ]]`
    pub fn test(&mut self, test: &'a Test, span: &Span, state: &mut State) -> Status {
        match test {
            Test::Or(tests) => self.first(tests, true, span, state),
            Test::And(tests) => self.first(tests, false, span, state),
            Test::Not(test) => {
                let status = self.test(test, span, state);
                self.facts = std::mem::take(&mut self.facts).negated();
                not(status)
            }
            Test::Unary(operator, word) => {
                let value = self.text(&word.pieces, state);
                self.unary(operator, &value, span, state)
            }
            Test::Word(word) => {
                let value = self.text(&word.pieces, state);
                self.unary("-n", &value, span, state)
            }
            Test::Binary(left, operator, right) => {
                if compares_own_path(left, right) {
                    return Some(operator == "!=");
                }
                let value = self.text(&left.pieces, state);
                match operator.as_str() {
                    "=" | "==" | "!=" => {
                        let pattern = self.pattern(&right.pieces, state);
                        self.equals(&value, operator, &pattern, span)
                    }
                    _ => {
                        let other = self.text(&right.pieces, state);
                        self.facts = Facts::default();
                        self.other_binary(&value, operator, &other, span)
                    }
                }
            }
        }
    }

    /// The first test with a result, of several that are joined by `&&` or `||`.
    fn first(&mut self, tests: &'a [Test], result: bool, span: &Span, state: &mut State) -> Status {
        let mut status = Some(!result);
        let mut facts: Option<Facts> = None;
        let set = state.set.clone();
        for test in tests {
            let one = self.test(test, span, state);
            let own = std::mem::take(&mut self.facts);
            state.set.extend(if result { own.if_false.clone() } else { own.if_true.clone() });
            facts = Some(facts.map_or_else(|| own.clone(), |facts| facts.joined(own.clone(), !result)));
            match one {
                Some(one) if one == result => {
                    status = status.map(|_| result);
                    break;
                }
                Some(_) => {}
                None => status = None,
            }
        }
        state.set = set;
        self.facts = facts.unwrap_or_default();
        status
    }

    /// Compares texts, and notes which variable is set if they are equal.
    fn equals(&mut self, value: &Value, operator: &str, pattern: &Value, span: &Span) -> Status {
        let status = self.matches(value, pattern, span);
        let pattern = pattern.sole_literal().and_then(|source| Pattern::parse(&source));
        let pattern = pattern.filter(|pattern| !pattern.matches(""));
        let if_true = pattern.map(|pattern| set_name(value, |text| pattern.matches(text))).unwrap_or_default();
        self.facts = Facts { if_true, if_false: BTreeSet::new() };
        if operator != "!=" {
            return status;
        }
        self.facts = std::mem::take(&mut self.facts).negated();
        not(status)
    }

    fn unary(&mut self, operator: &str, value: &Value, span: &Span, state: &State) -> Status {
        self.facts = Facts::default();
        match operator {
            "-n" => {
                self.facts.if_true = set_name(value, |text| !text.is_empty());
                not(self.is_empty(value))
            }
            "-z" => {
                self.facts.if_false = set_name(value, |text| !text.is_empty());
                self.is_empty(value)
            }
            "-v" => {
                match value.literals().filter(|names| names.iter().all(|name| is_name(name))) {
                    Some(names) => {
                        if let [name] = names.as_slice() {
                            self.facts.if_true.insert(name.clone());
                        }
                        for name in names {
                            self.variable(&name, true, span, state);
                            self.presence_reads.insert(name);
                        }
                    }
                    None => self.not_followed(span, "tests a variable whose name is not known"),
                }
                None
            }
            "-o" => {
                self.not_followed(span, "tests an option of the shell");
                None
            }
            "-t" => {
                self.not_followed(span, "tests for a terminal");
                None
            }
            _ => {
                self.uses(value);
                self.not_followed(span, format!("tests a file with `{operator}`"));
                None
            }
        }
    }

    /// A comparison that is not between texts.
    fn other_binary(&mut self, left: &Value, operator: &str, right: &Value, span: &Span) -> Status {
        let both = left.concat(right);
        self.uses(&both);
        if operator == "=~" {
            self.not_followed(span, "compares with a regular expression");
        } else if !NUMERIC.contains(&operator) {
            self.not_followed(span, format!("compares with `{operator}`"));
        } else if !both.sources().is_empty() || left.has_name() || right.has_name() {
            // `[[` takes a name for the variable, even if the name is a constant.
            self.not_followed(span, "compares a variable as a number");
        } else if let (Some(left), Some(right)) = (number(left), number(right)) {
            return Some(match operator {
                "-eq" => left == right,
                "-ne" => left != right,
                "-lt" => left < right,
                "-le" => left <= right,
                "-gt" => left > right,
                _ => left >= right,
            });
        }
        None
    }

    /// `[ ! … ]`
    fn negated(&mut self, arguments: &[Value], span: &Span, state: &State) -> Status {
        let status = self.test_arguments(arguments, span, state);
        self.facts = std::mem::take(&mut self.facts).negated();
        not(status)
    }

    /// `[ … ]` and `test`
    pub fn test_arguments(&mut self, arguments: &[Value], span: &Span, state: &State) -> Status {
        self.facts = Facts::default();
        let word = |index: usize| arguments.get(index).and_then(Value::sole_literal);
        let is = |index: usize, text: &str| word(index).as_deref() == Some(text);
        match arguments {
            [] => return Some(false),
            [value] => return self.unary("-n", value, span, state),
            [_, value] if is(0, "!") => return self.unary("-z", value, span, state),
            [_, value] => {
                if word(0).is_none() {
                    arguments.iter().for_each(|argument| self.uses(argument));
                    self.not_followed(span, "has a test whose operator is computed");
                    return None;
                }
                let operator = word(0).filter(|word| word.len() == 2 && word.starts_with('-'));
                // Anything else is an error, which counts as false.
                return operator.map_or(Some(false), |operator| self.unary(&operator, value, span, state));
            }
            [left, _, right] => {
                if let Some(operator) = word(1).filter(|word| BINARY.contains(&word.as_str())) {
                    return self.binary(left, &operator, right, span);
                }
            }
            _ => {}
        }
        if arguments.len() <= 4 && is(0, "!") {
            return self.negated(&arguments[1..], span, state);
        }
        if arguments.len() <= 4 && is(0, "(") && is(arguments.len() - 1, ")") {
            return self.test_arguments(&arguments[1..arguments.len() - 1], span, state);
        }
        // `-o` binds less than `-a`.
        for (operator, result) in [("-o", true), ("-a", false)] {
            let positions = 1..arguments.len() - 1;
            if let Some(at) = positions.into_iter().find(|index| is(*index, operator)) {
                let left = self.test_arguments(&arguments[..at], span, state);
                let facts = std::mem::take(&mut self.facts);
                let right = self.test_arguments(&arguments[at + 1..], span, state);
                self.facts = facts.joined(std::mem::take(&mut self.facts), !result);
                return match (left, right) {
                    (Some(left), Some(right)) => Some(if result { left || right } else { left && right }),
                    (Some(one), None) | (None, Some(one)) if one == result => Some(result),
                    _ => None,
                };
            }
        }
        if is(0, "!") {
            return self.negated(&arguments[1..], span, state);
        }
        if word(1).is_some() || arguments.iter().any(|argument| argument.sources().is_empty()) {
            arguments.iter().for_each(|argument| self.uses(argument));
            if arguments.iter().any(|argument| !argument.sources().is_empty()) {
                self.not_followed(span, "has a test with too many words");
            }
        }
        // An error counts as false.
        Some(false)
    }

    fn binary(&mut self, left: &Value, operator: &str, right: &Value, span: &Span) -> Status {
        match operator {
            "=" | "==" | "!=" => {
                let pattern = right.map(super::expand::escaped);
                self.equals(left, operator, &pattern, span)
            }
            _ => self.other_binary(left, operator, right, span),
        }
    }
}

/// The variable of the environment that is set if a value is one of the texts that a function accepts; none
/// if that says nothing about a variable.
fn set_name(value: &Value, accepts: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for text in value.texts() {
        match (text.as_slice(), literal(text)) {
            ([Part::Verbatim(Source::Variable(name))], _) => drop(names.insert(name.clone())),
            (_, Some(text)) if !accepts(&text) => {}
            _ => return BTreeSet::new(),
        }
    }
    if names.len() == 1 { names } else { BTreeSet::new() }
}

fn number(value: &Value) -> Option<i64> {
    // A number that begins with 0 is octal for `[[` and decimal for `[`.
    value
        .sole_literal()?
        .trim()
        .parse()
        .ok()
        .filter(|number: &i64| value.sole_literal().is_some_and(|text| text.trim() == number.to_string()))
}

/// Whether two words are the path of the current file and that of the script that runs, in any order. The files
/// are sourced, so none of them is the script that runs.
pub(super) fn compares_own_path(left: &Word, right: &Word) -> bool {
    fn parameter(pieces: &[slug_shell::syntax::Piece]) -> Option<&Parameter> {
        match pieces {
            [piece] => match &piece.kind {
                PieceKind::Parameter(parameter) => Some(parameter),
                PieceKind::DoubleQuoted(pieces) => parameter(pieces),
                _ => None,
            },
            _ => None,
        }
    }
    let is = |word: &Word, name: &str| parameter(&word.pieces).is_some_and(|parameter| parameter.name == name);
    is(left, "BASH_SOURCE") && is(right, "0") || is(left, "0") && is(right, "BASH_SOURCE")
}
