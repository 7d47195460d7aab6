//! Evaluates conditional expressions: `[[ … ]]`, `[ … ]` and `test`.

use std::collections::BTreeSet;

use slug_shell::is_name;
use slug_shell::syntax::{Parameter, PieceKind, Span, Test, Word};

use super::eval::{COMPARED, Facts, FunctionEval, Status};
use super::state::State;
use super::value::{Part, Source, Value, literal};
use crate::pattern::Pattern;

/// The reason for which a comparison of numbers is not followed.
const AS_NUMBER: &str = "compares a variable as a number";

/// The operators that compare numbers.
const NUMERIC: [&str; 6] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];

/// The binary operators of `[`.
const BINARY: [&str; 14] = ["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

fn not(status: Status) -> Status {
    status.map(|status| !status)
}

impl<'a> FunctionEval<'a> {
    /// Evaluates `[[ … ]]`. Leaves in `facts` which variables are set if the test succeeds, or if it fails.
    pub fn test(&mut self, test: &'a Test, span: &Span, state: &mut State) -> Status {
        match test {
            Test::Or(tests) => self.short_circuit(tests, true, span, state),
            Test::And(tests) => self.short_circuit(tests, false, span, state),
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
                        self.compare_texts(&value, operator, &pattern, span)
                    }
                    _ => {
                        let other = self.text(&right.pieces, state);
                        self.facts = Facts::default();
                        if NUMERIC.contains(&operator.as_str()) {
                            for operand in [&value, &other] {
                                self.calculate(operand, AS_NUMBER, span, state);
                            }
                        }
                        self.compare_otherwise(&value, operator, &other, span)
                    }
                }
            }
        }
    }

    /// Evaluates tests that are joined by `||` (`stop` is true) or by `&&` (`stop` is false), up to the first test
    /// whose status is `stop`.
    fn short_circuit(&mut self, tests: &'a [Test], stop: bool, span: &Span, state: &mut State) -> Status {
        let mut status = Some(!stop);
        let mut facts: Option<Facts> = None;
        let saved_set = state.set.clone();
        for test in tests {
            let test_status = self.test(test, span, state);
            let test_facts = std::mem::take(&mut self.facts);
            state.set.extend(if stop { test_facts.if_false.clone() } else { test_facts.if_true.clone() });
            facts = Some(facts.map_or_else(|| test_facts.clone(), |facts| facts.joined(test_facts.clone(), !stop)));
            match test_status {
                Some(test_status) if test_status == stop => {
                    // After a test with an unknown status, it is unknown which test stops the evaluation.
                    status = status.map(|_| stop);
                    break;
                }
                Some(_) => {}
                None => status = None,
            }
        }
        state.set = saved_set;
        self.facts = facts.unwrap_or_default();
        status
    }

    /// Compares a text with a pattern by `=`, `==` or `!=`, and notes which variable is set if they match.
    fn compare_texts(&mut self, value: &Value, operator: &str, pattern: &Value, span: &Span) -> Status {
        let status = self.matches(value, pattern, span);
        let source = pattern.sole_literal().filter(|source| source.len() <= COMPARED);
        let pattern = source.and_then(|source| Pattern::parse(&source)).filter(|pattern| !pattern.matches(""));
        let accepts = |pattern: &Pattern, text: &str| text.len() > COMPARED || pattern.matches(text);
        let if_true =
            pattern.map(|pattern| variable_implied_set(value, |text| accepts(&pattern, text))).unwrap_or_default();
        self.facts = Facts { if_true, if_false: BTreeSet::new() };
        if operator != "!=" {
            return status;
        }
        self.facts = std::mem::take(&mut self.facts).negated();
        not(status)
    }

    /// Evaluates a unary operator.
    fn unary(&mut self, operator: &str, value: &Value, span: &Span, state: &State) -> Status {
        self.facts = Facts::default();
        match operator {
            "-n" => {
                self.facts.if_true = variable_implied_set(value, |text| !text.is_empty());
                not(self.is_empty(value))
            }
            "-z" => {
                self.facts.if_false = variable_implied_set(value, |text| !text.is_empty());
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
                    None => {
                        let reason = "tests a variable whose name is not known";
                        self.not_followed(span, reason);
                        self.calculate_subscript(value, reason, span, state);
                    }
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
            // All other unary operators test files.
            _ => {
                self.uses(value);
                self.not_followed(span, format!("tests a file with `{operator}`"));
                None
            }
        }
    }

    /// Evaluates a comparison other than `=`, `==` and `!=`.
    fn compare_otherwise(&mut self, left: &Value, operator: &str, right: &Value, span: &Span) -> Status {
        let both = left.concat(right);
        self.uses(&both);
        if operator == "=~" {
            self.not_followed(span, "compares with a regular expression");
        } else if !NUMERIC.contains(&operator) {
            self.not_followed(span, format!("compares with `{operator}`"));
        } else if !both.sources().is_empty() || left.has_name() || right.has_name() {
            self.not_followed(span, AS_NUMBER);
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

    /// Evaluates the arguments of `[ ! … ]`, which include the `!`.
    fn negated(&mut self, arguments: &[Value], span: &Span, state: &State) -> Status {
        let status = self.test_arguments(&arguments[1..], span, state);
        self.facts = std::mem::take(&mut self.facts).negated();
        not(status)
    }

    /// Evaluates the arguments of `[ … ]` or `test`. Leaves in `facts` which variables are set if the test succeeds,
    /// or if it fails.
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
            return self.negated(arguments, span, state);
        }
        if arguments.len() <= 4 && is(0, "(") && is(arguments.len() - 1, ")") {
            return self.test_arguments(&arguments[1..arguments.len() - 1], span, state);
        }
        // `-o` binds less tightly than `-a`.
        for (operator, stop) in [("-o", true), ("-a", false)] {
            let positions = 1..arguments.len() - 1;
            if let Some(at) = positions.into_iter().find(|index| is(*index, operator)) {
                let left = self.test_arguments(&arguments[..at], span, state);
                let facts = std::mem::take(&mut self.facts);
                let right = self.test_arguments(&arguments[at + 1..], span, state);
                self.facts = facts.joined(std::mem::take(&mut self.facts), !stop);
                return match (left, right) {
                    (Some(left), Some(right)) => Some(if stop { left || right } else { left && right }),
                    (Some(known), None) | (None, Some(known)) if known == stop => Some(stop),
                    _ => None,
                };
            }
        }
        if is(0, "!") {
            return self.negated(arguments, span, state);
        }
        if arguments.iter().any(|argument| !argument.sources().is_empty()) {
            arguments.iter().for_each(|argument| self.uses(argument));
            self.not_followed(span, "has a test whose operators may be computed");
            return None;
        }
        // Constant arguments without a known operator are an error, which counts as false.
        Some(false)
    }

    /// Evaluates a binary operator of `[`.
    fn binary(&mut self, left: &Value, operator: &str, right: &Value, span: &Span) -> Status {
        match operator {
            "=" | "==" | "!=" => {
                let pattern = right.map(super::expand::escaped);
                self.compare_texts(left, operator, &pattern, span)
            }
            _ => self.compare_otherwise(left, operator, right, span),
        }
    }
}

/// The variable of the environment that must be set if the value is a text that `accepts` accepts. Empty unless
/// there is exactly one such variable.
fn variable_implied_set(value: &Value, accepts: impl Fn(&str) -> bool) -> BTreeSet<String> {
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

/// The number that a value is, if it is a known decimal number.
fn number(value: &Value) -> Option<i64> {
    // A number that begins with 0 is octal for `[[` and decimal for `[`.
    value
        .sole_literal()?
        .trim()
        .parse()
        .ok()
        .filter(|number: &i64| value.sole_literal().is_some_and(|text| text.trim() == number.to_string()))
}

/// Whether two words are `$BASH_SOURCE` and `$0`, in any order: the usual test whether a file is run and not
/// sourced. The files here are sourced, so the two paths always differ.
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
