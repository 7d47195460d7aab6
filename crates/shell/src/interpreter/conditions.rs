//! Conditions: `[[ … ]]`, `test` and the patterns of `case`. A condition on known values is decided;
//! after one on other values, the variable that it tests has fewer possible values.

use super::super::arithmetic::{Numbers, Operator};
use super::super::patterns::{Pattern, partition};
use super::super::state::join;
use super::super::syntax::{PieceKind, Test, Word};
use super::{Interpreter, Status, own_spans};
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
            // The operands are arithmetic.
            Test::Binary(first, operator, second) if NUMERIC.contains(&operator.as_str()) => {
                let (value, other) = (self.arithmetic_operand(first), self.arithmetic_operand(second));
                [first, second].into_iter().for_each(|word| self.resolve_all(&own_spans(std::slice::from_ref(word))));
                compare(&value, operator, &other).into()
            }
            Test::Binary(first, operator, second) => {
                let value = self.operand(first);
                match operator.as_str() {
                    "=" | "==" | "!=" => {
                        let second = &self.calculated(second.clone());
                        let pattern = self.pattern_in_any_case(second);
                        self.operand(second);
                        let status = self.decide(first.parameter(), partition(&value, &[pattern]));
                        if operator == "!=" { status.negated() } else { status }
                    }
                    _ => {
                        self.operand(second);
                        Status::Unknown
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
    pub(super) fn decide(&mut self, parameter: Option<&str>, (holds, fails): (Option<Text>, Option<Text>)) -> Status {
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
                let operator = name.literal().unwrap_or_default();
                match partition_numbers(&value, &operator, &other) {
                    Some(parts) => self.decide(first.parameter(), parts),
                    None => Status::Unknown,
                }
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
fn compare(first: &Numbers, operator: &str, second: &Numbers) -> Tristate {
    let operator = match operator {
        "-eq" => Operator::Equal,
        "-ne" => Operator::NotEqual,
        "-lt" => Operator::Less,
        "-le" => Operator::LessOrEqual,
        "-gt" => Operator::Greater,
        _ => Operator::GreaterOrEqual,
    };
    operator.apply(first, second).0.map_or(Tristate::UNKNOWN, |numbers| numbers.truth())
}

/// The values for which a comparison with some numbers may be true, and those for which it may be false; `None` if a
/// value is not a decimal number, which is an error.
fn partition_numbers(value: &Text, operator: &str, other: &Text) -> Option<(Option<Text>, Option<Text>)> {
    let (AbstractValue::OneOf(texts), AbstractValue::OneOf(others)) = (&value.values, &other.values) else {
        return None;
    };
    let numbers = |texts: &[String]| {
        let numbers = texts.iter().map(|text| Some(Numbers::known(text.parse().ok()?)));
        numbers.collect::<Option<Vec<Numbers>>>()?.into_iter().reduce(Numbers::or)
    };
    let others = numbers(others)?;
    let (mut holds, mut fails) = (Vec::new(), Vec::new());
    for text in texts {
        let result = compare(&numbers(std::slice::from_ref(text))?, operator, &others);
        holds.extend(result.can_be_true.then(|| text.clone()));
        fails.extend(result.can_be_false.then(|| text.clone()));
    }
    let some = |texts: Vec<String>| (!texts.is_empty()).then(|| Text::one_of(texts, value.reasons.clone()));
    Some((some(holds), some(fails)))
}
