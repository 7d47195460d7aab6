//! Conditions: `[[ … ]]`, `test` and the patterns of `case`. A condition on known values is decided;
//! after one on other values, the variable that it tests has fewer possible values.

use std::collections::BTreeSet;

use super::super::state::join;
use super::super::syntax::{PieceKind, Test, Word};
use super::patterns::{Pattern, partition};
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
                        let pattern = self.pattern_in_any_case(second);
                        self.operand(second);
                        let status = self.decide(first.parameter(), partition(&value, &[pattern]));
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
        self.decide(word.parameter(), partition(&value, &[Pattern::Known(Vec::new())])).negated()
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
                success.narrow(parameter, &holds);
                failure.narrow(parameter, &fails);
                Status::Split(Box::new((success, failure)))
            }
        }
    }

    /// Interprets the arguments of `test`, or those of `[` without the closing `]`. Their number decides what
    /// they mean, as POSIX says.
    pub(crate) fn test_command(&mut self, words: &[Word]) -> Status {
        let is = |word: &Word, texts: &[&str]| word.literal().is_some_and(|text| texts.contains(&&*text));
        match words {
            words if words.iter().any(|word| self.may_be_several_words(word)) => self.unknown_test(words),
            [] => Status::Failure,
            [word] => self.is_not_empty(word),
            [not, rest @ ..] if is(not, &["!"]) && matches!(rest.len(), 1 | 3) => self.test_command(rest).negated(),
            [name, word] if is(name, &["-n"]) => self.is_not_empty(word),
            [name, word] if is(name, &["-z"]) => self.is_not_empty(word).negated(),
            [first, name, second] if is(name, &["=", "==", "!="]) => {
                let value = self.operand(first);
                let other = self.operand(second);
                // Two parameters that are not known may be equal or not.
                let literals: Vec<Pattern> = match &other.values {
                    AbstractValue::OneOf(texts) => texts.iter().map(|text| literal(text)).collect(),
                    _ => vec![Pattern::Unknown],
                };
                let (holds, fails) = partition(&value, &literals);
                let fails = if literals.len() > 1 { Some(value) } else { fails };
                let status = self.decide(first.parameter(), (holds, fails));
                if is(name, &["!="]) { status.negated() } else { status }
            }
            [first, name, second] if is(name, &["-a", "-o"]) => {
                self.joined_tests(std::slice::from_ref(first), is(name, &["-a"]), std::slice::from_ref(second))
            }
            [first, name, second] if name.literal().is_some_and(|name| NUMERIC.contains(&&*name)) => {
                let (value, other) = (self.operand(first), self.operand(second));
                compare_numbers(&value, &name.literal().unwrap_or_default(), &other).into()
            }
            [not, rest @ ..] if is(not, &["!"]) && rest.len() == 2 => self.test_command(rest).negated(),
            words if words.len() > 4 && !words.iter().any(|word| is(word, &["(", ")"])) => {
                let position = |text| words.iter().position(|word| is(word, &[text]));
                match (position("-o").or_else(|| position("-a")), words) {
                    (Some(at), _) => self.joined_tests(&words[..at], is(&words[at], &["-a"]), &words[at + 1..]),
                    (None, [not, rest @ ..]) if is(not, &["!"]) => self.test_command(rest).negated(),
                    _ => self.unknown_test(words),
                }
            }
            words => self.unknown_test(words),
        }
    }

    /// The status of two tests joined by `-a` or `-o`; `test` expands the words of both.
    fn joined_tests(&mut self, first: &[Word], is_and: bool, second: &[Word]) -> Status {
        let first = self.test_command(first).to_tristate();
        let second = self.test_command(second).to_tristate();
        if is_and { first.conjunction(second) } else { !(!first).conjunction(!second) }.into()
    }

    /// Whether word splitting may make another number of words of this one.
    fn may_be_several_words(&mut self, word: &Word) -> bool {
        word.pieces.iter().any(|piece| match &piece.kind {
            PieceKind::Command(_) => true,
            PieceKind::Parameter(parameter) => {
                !parameter.operation.is_pure() || {
                    let value = self.fragments(std::slice::from_ref(piece));
                    !value.iter().all(|text| matches!(text.values, AbstractValue::OneOf(_)) && self.is_one_field(text))
                }
            }
            _ => false,
        })
    }

    fn unknown_test(&mut self, words: &[Word]) -> Status {
        words.iter().for_each(|word| drop(self.operand(word)));
        Status::Unknown
    }

    /// The pattern of a word in `case` or after `==` in `[[ … ]]`; it is not known if letters of both cases may match.
    pub(super) fn pattern_in_any_case(&mut self, word: &Word) -> Pattern {
        let pattern = self.pattern(word);
        if self.state.options.nocasematch.can_be_true && pattern.has_letters() { Pattern::Unknown } else { pattern }
    }

    /// The pattern of a word.
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

/// The operators of `test` that compare whole numbers.
const NUMERIC: [&str; 6] = ["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];

/// A pattern that only this text matches.
fn literal(text: &str) -> Pattern {
    let mut pattern = Pattern::Known(Vec::new());
    pattern.push_literal(text);
    pattern
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
