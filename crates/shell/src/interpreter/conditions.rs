//! Conditions: `[[ … ]]`, `test` and the patterns of `case`. A condition on known values is decided;
//! after one on other values, the variable that it tests has fewer possible values.

use std::collections::BTreeSet;

use super::super::state::{State, join};
use super::super::syntax::{Operation, Parameter, Piece, PieceKind, Test, Word, is_name};
use super::patterns::Pattern;
use super::{Interpreter, Status};
use slug_value::{AbstractValue, Text, Tristate};

impl Interpreter<'_> {
    /// Interprets `[[ … ]]`.
    pub(super) fn test(&mut self, test: &Test) -> Status {
        match test {
            Test::Or(tests) => self.tests(tests, false),
            Test::And(tests) => self.tests(tests, true),
            Test::Not(test) => self.test(test).negated(),
            Test::Word(word) => self.is_not_empty(word),
            Test::Unary(operator, word) => match operator.as_str() {
                "-n" => self.is_not_empty(word),
                "-z" => self.is_not_empty(word).negated(),
                _ => {
                    self.operand(word);
                    Status::Unknown
                }
            },
            Test::Binary(first, operator, second) => {
                let value = self.operand(first);
                match operator.as_str() {
                    "=" | "==" | "!=" => {
                        let pattern = self.pattern(second);
                        self.operand(second);
                        let status = self.decide(parameter_of(first), partition(&value, &[pattern]));
                        if operator == "!=" { status.negated() } else { status }
                    }
                    _ => {
                        let other = self.operand(second);
                        if !operator.starts_with('-') {
                            return Status::Unknown;
                        }
                        self.arithmetic_word(first);
                        self.arithmetic_word(second);
                        compare_numbers(&value, operator, &other).into()
                    }
                }
            }
        }
    }

    /// Interprets tests joined by `&&` or `||`.
    fn tests(&mut self, tests: &[Test], is_and: bool) -> Status {
        let Some((first, rest)) = tests.split_first() else { return Status::Unknown };
        let status = self.test(first);
        let (mut success, mut failure) = self.split(status);
        for test in rest {
            let (runs, skips) = if is_and { (success, failure) } else { (failure, success) };
            self.state = runs;
            let status = self.test(test);
            let (succeeds, fails) = self.split(status);
            self.spend(skips.variables.len() + 1);
            (success, failure) = match is_and {
                true => (succeeds, join(skips, fails)),
                false => (join(skips, succeeds), fails),
            };
        }
        self.unite(success, failure)
    }

    fn is_not_empty(&mut self, word: &Word) -> Status {
        let value = self.operand(word);
        self.decide(parameter_of(word), partition(&value, &[Pattern::Known(Vec::new())])).negated()
    }

    /// The status of a condition on a parameter that is true of some values and false of others.
    fn decide(&mut self, parameter: Option<&str>, (holds, fails): (Option<Text>, Option<Text>)) -> Status {
        match (holds, fails) {
            (Some(_), None) => Status::Success,
            (None, Some(_)) => Status::Failure,
            (None, None) => Status::Unknown,
            (Some(holds), Some(fails)) => {
                if parameter.is_none_or(|name| !self.state.variables.contains_key(name)) {
                    return Status::Unknown;
                }
                let mut success = self.copy();
                let mut failure = self.copy();
                narrow_in(&mut success, parameter, &holds);
                narrow_in(&mut failure, parameter, &fails);
                Status::Split(Box::new((success, failure)))
            }
        }
    }

    /// Narrows the value of a parameter to `value`.
    pub(super) fn narrow(&mut self, parameter: Option<&str>, value: &Text) {
        narrow_in(&mut self.state, parameter, value);
    }

    /// Interprets the arguments of `test`, or those of `[` without the closing `]`.
    pub(crate) fn test_command(&mut self, words: &[Word]) -> Status {
        let operator = |word: &Word| word.literal().map(std::borrow::Cow::into_owned).unwrap_or_default();
        match words {
            [] => Status::Failure,
            [not, rest @ ..] if not.unquoted_literal() == Some("!") && !rest.is_empty() && rest.len() != 2 => {
                self.test_command(rest).negated()
            }
            [word] => self.is_not_empty(word),
            [not, word] if not.unquoted_literal() == Some("!") => self.is_not_empty(word).negated(),
            [name, word] => match operator(name).as_str() {
                "-n" => self.is_not_empty(word),
                "-z" => self.is_not_empty(word).negated(),
                _ => {
                    self.operand(word);
                    Status::Unknown
                }
            },
            [first, name, second] if matches!(operator(name).as_str(), "=" | "==" | "!=") => {
                let value = self.operand(first);
                let other = self.operand(second);
                // Two parameters that are not known may be equal or not.
                let literals: Vec<Pattern> = match &other.values {
                    AbstractValue::OneOf(texts) => texts.iter().map(|text| literal(text)).collect(),
                    _ => vec![Pattern::Unknown],
                };
                let (holds, fails) = partition(&value, &literals);
                let fails = if literals.len() > 1 { Some(value) } else { fails };
                let status = self.decide(parameter_of(first), (holds, fails));
                if operator(name) == "!=" { status.negated() } else { status }
            }
            [first, name, second] if operator(name).starts_with('-') && !matches!(&*operator(name), "-a" | "-o") => {
                let (value, other) = (self.operand(first), self.operand(second));
                compare_numbers(&value, &operator(name), &other).into()
            }
            words => match words.iter().position(|word| matches!(word.unquoted_literal(), Some("-a" | "-o"))) {
                Some(at) => {
                    let first = self.test_command(&words[..at]).to_tristate();
                    let second = self.test_command(&words[at + 1..]).to_tristate();
                    let is_and = operator(&words[at]) == "-a";
                    let both = if is_and { first.conjunction(second) } else { !(!first).conjunction(!second) };
                    both.into()
                }
                None => {
                    words.iter().for_each(|word| drop(self.operand(word)));
                    Status::Unknown
                }
            },
        }
    }

    /// The pattern of a word in `case` or after `==` in `[[ … ]]`.
    pub(super) fn pattern(&mut self, word: &Word) -> Pattern {
        let mut pattern = Pattern::Known(Vec::new());
        for piece in &word.pieces {
            let texts = match &piece.kind {
                PieceKind::Literal(text) => {
                    pattern.push_unquoted(text);
                    continue;
                }
                PieceKind::Command(_) | PieceKind::Process(_) => {
                    self.fragments(std::slice::from_ref(piece));
                    return Pattern::Unknown;
                }
                _ => self.fragments(std::slice::from_ref(piece)),
            };
            let text = texts.into_iter().fold(Text::empty(), Text::followed_by);
            let Some(text) = text.single() else { return Pattern::Unknown };
            match &piece.kind {
                PieceKind::Parameter(_) => pattern.push_unquoted(text),
                _ => pattern.push_literal(text),
            }
        }
        pattern
    }
}

/// A pattern that only this text matches.
fn literal(text: &str) -> Pattern {
    let mut pattern = Pattern::Known(Vec::new());
    pattern.push_literal(text);
    pattern
}

/// The variable whose value is the text of a word, as in `"$NAME"` and `${NAME:-}`.
pub fn parameter_of(word: &Word) -> Option<&str> {
    fn of(pieces: &[Piece]) -> Option<&Parameter> {
        match pieces {
            [Piece { kind: PieceKind::Parameter(parameter), .. }] => Some(parameter),
            [Piece { kind: PieceKind::DoubleQuoted(pieces), .. }] => of(pieces),
            _ => None,
        }
    }
    let Parameter { name, operation } = of(&word.pieces)?;
    let keeps_value = match operation {
        Operation::None => true,
        Operation::Alternative(operator, pieces) => operator.ends_with('-') && pieces.is_empty(),
        Operation::Other(_) => false,
    };
    (keeps_value && is_name(name)).then_some(name)
}

/// The values that may match one of the patterns, and the values that may match none of them.
pub fn partition(value: &Text, patterns: &[Pattern]) -> (Option<Text>, Option<Text>) {
    let Text { values, reasons } = value;
    let some = |texts: Vec<String>| (!texts.is_empty()).then(|| Text::one_of(texts, reasons.clone()));
    match values {
        AbstractValue::OneOf(texts) => {
            let results = |text: &String| patterns.iter().map(|pattern| pattern.matches(text)).collect::<BTreeSet<_>>();
            let may_match = |text: &&String| results(text).iter().any(|result| *result != Some(false));
            let may_fail = |text: &&String| !results(text).contains(&Some(true));
            (
                some(texts.iter().filter(may_match).cloned().collect()),
                some(texts.iter().filter(may_fail).cloned().collect()),
            )
        }
        _ if patterns.iter().any(Pattern::matches_everything) => (Some(value.clone()), None),
        _ => {
            let literals: Option<Vec<String>> = patterns.iter().map(Pattern::literal).collect();
            let Some(mut literals) = literals else { return (Some(value.clone()), Some(value.clone())) };
            let names_empty = literals.iter().any(String::is_empty);
            if *values == AbstractValue::NonEmpty {
                literals.retain(|text| !text.is_empty());
            }
            let fails = match names_empty {
                true => Text { values: AbstractValue::NonEmpty, reasons: reasons.clone() },
                false => value.clone(),
            };
            (some(literals), Some(fails))
        }
    }
}

/// Narrows the value of a parameter in a state.
pub fn narrow_in(state: &mut State, parameter: Option<&str>, value: &Text) {
    let variable = parameter.filter(|name| !state.special.contains(*name));
    if let Some(variable) = variable.and_then(|name| state.variables.get_mut(name)) {
        variable.value = value.clone();
    }
}

/// The result of a comparison of whole numbers, such as `-eq`.
fn compare_numbers(first: &Text, operator: &str, second: &Text) -> Tristate {
    let numbers = |text: &Text| -> Option<Vec<i64>> {
        let AbstractValue::OneOf(texts) = &text.values else { return None };
        // A leading zero makes a number octal.
        let is_plain = |text: &&String| !text.trim_start_matches('-').starts_with('0') || text.as_str() == "0";
        texts.iter().map(|text| Some(text).filter(is_plain)?.parse().ok()).collect()
    };
    let unknown = Tristate::UNKNOWN;
    let (Some(first), Some(second)) = (numbers(first), numbers(second)) else { return unknown };
    let holds = |(a, b): (i64, i64)| match operator {
        "-eq" => Some(a == b),
        "-ne" => Some(a != b),
        "-lt" => Some(a < b),
        "-le" => Some(a <= b),
        "-gt" => Some(a > b),
        "-ge" => Some(a >= b),
        _ => None,
    };
    let pairs = first.iter().flat_map(|a| second.iter().map(move |b| (*a, *b)));
    let results: BTreeSet<Option<bool>> = pairs.map(holds).collect();
    match results.contains(&None) {
        true => unknown,
        false => Tristate { can_be_true: results.contains(&Some(true)), can_be_false: results.contains(&Some(false)) },
    }
}
