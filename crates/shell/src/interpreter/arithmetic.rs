//! Evaluates arithmetic: the variables that an expression reads and assigns.

use super::super::arithmetic::{Expression, ExpressionText, Numbers, Operator, Place, SyntaxError, may_assign, parse};
use super::super::state::{State, join, joined};
use super::super::syntax::{Arithmetic, Piece, Span, Word, is_name};
use super::arrays::Key;
use super::expansion::COMPUTED;
use super::{Interpreter, Status};
use slug_value::{AbstractValue, Text, Tristate};

/// Maximum depth of values of variables that are expressions themselves.
const MAX_VALUES: usize = 16;

/// The reason for a value that arithmetic may have set.
const MAY_SET: &str = "an arithmetic expression may set it";

/// The result of an expression.
pub(crate) struct Calculation {
    /// The possible numbers; `None` if the evaluation certainly fails, as a division by zero does.
    numbers: Option<Numbers>,
    /// The join of the states in which the evaluation may fail; `None` if it cannot fail.
    failure: Option<State>,
}

impl Calculation {
    /// Whether a command that evaluates the expression succeeds: the number is not 0.
    fn truth(&self) -> Tristate {
        let truth = self.numbers.as_ref().map_or(Tristate::NEVER, Numbers::truth);
        if self.failure.is_some() { truth.or(Tristate::NEVER) } else { truth }
    }

    /// The numbers, if the evaluation cannot fail.
    fn numbers(self) -> Numbers {
        self.numbers.filter(|_| self.failure.is_none()).unwrap_or(Numbers::Unknown)
    }
}

impl Interpreter<'_> {
    /// Interprets an arithmetic expression in the header of a loop; returns the state in which it may fail.
    pub(super) fn arithmetic_of_loop(&mut self, expression: &Arithmetic) -> Option<State> {
        let text = self.expression_text(&expression.pieces);
        let calculation = self.calculate(&text, &expression.span);
        if calculation.failure.is_some() && text.text.contains('[') {
            self.discard_line(calculation.failure.clone());
        }
        calculation.failure
    }

    /// Interprets an operand of `[[ … ]]` as an arithmetic expression.
    pub(super) fn arithmetic_operand(&mut self, word: &Word) -> Numbers {
        let text = self.expression_text(&word.pieces);
        self.calculate_in_command(&text, &word.span).numbers()
    }

    /// Interprets `let`, which ends at the first error.
    pub(crate) fn let_command(&mut self, arguments: &[Word]) -> Tristate {
        let (mut failure, mut truth) = (None, Tristate::NEVER);
        for word in arguments {
            let text = self.expression_text(&word.pieces);
            let calculation = self.calculate_in_command(&text, &word.span);
            truth = calculation.truth();
            failure = joined(failure, calculation.failure);
        }
        let Some(state) = failure else { return truth };
        self.join_with(state);
        truth.or(Tristate::NEVER)
    }

    /// Interprets `(( … ))`, which narrows the value of the only variable that decides its status.
    pub(super) fn arithmetic_command(&mut self, expression: &Arithmetic) -> Status {
        let text = self.expression_text(&expression.pieces);
        let truth = self.calculate_in_command(&text, &expression.span).truth();
        if truth != Tristate::UNKNOWN {
            return truth.into();
        }
        self.narrowed_status(&text, &expression.span).unwrap_or(Status::Unknown)
    }

    /// Evaluates an expression in a command whose status tells an error: the next command runs.
    fn calculate_in_command(&mut self, text: &ExpressionText, span: &Span) -> Calculation {
        let calculation = self.calculate(text, span);
        if let Some(failure) = &calculation.failure {
            if text.text.contains('[') {
                // An error in a subscript is like one in an expansion.
                self.discard_line(Some(failure.clone()));
            }
            self.spend(failure.variables.len() + 1);
            let success = std::mem::take(&mut self.state);
            self.state = match calculation.numbers {
                Some(_) => join(success, failure.clone()),
                None => failure.clone(),
            };
        }
        calculation
    }

    /// Evaluates an index, in which an error is like one in an expansion.
    pub(super) fn index(&mut self, text: &ExpressionText, span: &Span) -> Numbers {
        let calculation = self.calculate(text, span);
        self.discard_line(calculation.failure.clone());
        calculation.numbers()
    }

    /// Expands `$((…))`. After an error, bash skips the rest of the command and goes on with the next line; POSIX
    /// shells exit.
    pub(super) fn arithmetic_expansion(&mut self, expression: &Arithmetic) -> Text {
        let text = self.expression_text(&expression.pieces);
        let calculation = self.calculate(&text, &expression.span);
        self.result(calculation)
    }

    /// The text of the result of an expansion or of the value of an integer.
    fn result(&mut self, calculation: Calculation) -> Text {
        self.discard_line(calculation.failure);
        match calculation.numbers {
            Some(numbers) => numbers.into_text(COMPUTED),
            None => {
                self.havoc("an error in an arithmetic expression");
                Text::non_empty(COMPUTED)
            }
        }
    }

    /// The value of an integer after `+=`; the old and the added text are expressions.
    pub(crate) fn increased(&mut self, old: &Text, value: &Text, span: &Span) -> Text {
        let (old, value) = (self.integer(old, span), self.integer(value, span));
        match (Numbers::of_text(&old), Numbers::of_text(&value)) {
            (Some(old), Some(value)) => {
                Operator::Add.apply(&old, &value).0.unwrap_or(Numbers::Unknown).into_text(MAY_SET)
            }
            _ => Text::non_empty(COMPUTED),
        }
    }

    /// Evaluates the value of an assignment to a variable that is an integer.
    pub(crate) fn integer(&mut self, value: &Text, span: &Span) -> Text {
        let is_number = [COMPUTED, MAY_SET].iter().any(|reason| *value == Text::non_empty(*reason));
        if !matches!(value.values, AbstractValue::OneOf(_)) && !is_number {
            // A value that is not known may be no expression.
            self.discard_here();
        }
        let mut text = ExpressionText::default();
        text.push(value);
        let calculation = self.calculate(&text, span);
        self.result(calculation)
    }

    /// The text of pieces after the expansions of the shell.
    pub(super) fn expression_text(&mut self, pieces: &[Piece]) -> ExpressionText {
        let mut text = ExpressionText::default();
        self.fragments(pieces).iter().for_each(|part| text.push(part));
        text
    }

    /// Evaluates the text of an expression.
    pub(super) fn calculate(&mut self, text: &ExpressionText, span: &Span) -> Calculation {
        let mut evaluator = Evaluator { it: self, text, span, depth: 0, failure: None };
        let numbers = evaluator.evaluate_text(&text.text);
        Calculation { numbers, failure: evaluator.failure }
    }

    /// The states after success and after failure of an expression that one variable decides: its values are tried one
    /// by one.
    fn narrowed_status(&mut self, text: &ExpressionText, span: &Span) -> Option<Status> {
        let expression = parse(&text.text).ok()?;
        let names = expression.names()?;
        let values: Vec<(&str, Text)> = names.iter().map(|name| (*name, self.look_up(name))).collect();
        let are_numbers = values.iter().all(|(_, value)| Numbers::of_text(value).is_some());
        let mut open = values.iter().filter(|(_, value)| value.single().is_none());
        let (Some((name, value)), None) = (open.next(), open.next()) else { return None };
        let AbstractValue::OneOf(texts) = &value.values else { return None };
        if !are_numbers || !self.state.variables.contains_key(*name) {
            return None;
        }
        let (mut holds, mut fails) = (Vec::new(), Vec::new());
        for text_of_name in texts {
            self.set_value(name, Text::known(text_of_name.clone()));
            let truth = self.calculate(text, span).truth();
            holds.extend(truth.can_be_true.then(|| text_of_name.clone()));
            fails.extend(truth.can_be_false.then(|| text_of_name.clone()));
        }
        self.set_value(name, value.clone());
        let some = |texts: Vec<String>| (!texts.is_empty()).then(|| Text::one_of(texts, value.reasons.clone()));
        Some(self.decide(Some(name), (some(holds), some(fails))))
    }

    fn set_value(&mut self, name: &str, value: Text) {
        if let Some(variable) = self.state.variables.get_mut(name) {
            variable.value = value;
        }
    }
}

/// Evaluates an expression.
struct Evaluator<'e, 'a> {
    it: &'e mut Interpreter<'a>,
    /// The text of the whole expression, with the values of its marks.
    text: &'e ExpressionText,
    span: &'e Span,
    /// The number of values of variables around the current expression.
    depth: usize,
    /// The join of the states in which the evaluation may fail.
    failure: Option<State>,
}

impl Evaluator<'_, '_> {
    /// Records that the evaluation may fail in the current state.
    fn may_fail(&mut self) {
        let state = self.it.copy();
        self.failure = Some(match self.failure.take() {
            Some(other) => join(other, state),
            None => state,
        });
    }

    /// Evaluates a text. Returns `None` if the evaluation certainly fails.
    fn evaluate_text(&mut self, text: &str) -> Option<Numbers> {
        self.it.spend(text.len() / 4 + 10);
        if self.it.has_failed() {
            return Some(Numbers::Unknown);
        }
        match parse(text) {
            Ok(expression) if self.depth < MAX_VALUES => self.evaluate(&expression),
            Ok(_) | Err(SyntaxError) => {
                // A shell evaluates the text up to the error.
                if may_assign(text) {
                    self.it.havoc(MAY_SET);
                }
                self.may_fail();
                Some(Numbers::Unknown)
            }
        }
    }

    fn evaluate(&mut self, expression: &Expression) -> Option<Numbers> {
        Some(match expression {
            Expression::Number(number) => Numbers::known(*number),
            Expression::Unknown => Numbers::Unknown,
            Expression::Value(index) => self.text.value(*index).unwrap_or_else(|| {
                self.may_fail();
                Numbers::Unknown
            }),
            Expression::Read(place) => {
                let key = self.key(place)?;
                self.read(place, key.as_ref())?
            }
            Expression::Assign(place, None, value) => {
                let value = self.evaluate(value)?;
                let key = self.key(place)?;
                self.assign(place, key, value.clone());
                value
            }
            Expression::Assign(place, Some(operator), value) => {
                let key = self.key(place)?;
                let before = self.read(place, key.as_ref())?;
                let value = self.evaluate(value)?;
                let value = self.apply(*operator, &before, &value)?;
                self.assign(place, key, value.clone());
                value
            }
            Expression::Step { place, by, comes_first } => {
                let key = self.key(place)?;
                let before = self.read(place, key.as_ref())?;
                let after = before.clone().map(|number| number.wrapping_add(*by));
                self.assign(place, key, after.clone());
                if *comes_first { after } else { before }
            }
            Expression::Negative(operand) => self.evaluate(operand)?.map(i64::wrapping_neg),
            Expression::Complement(operand) => self.evaluate(operand)?.map(|number| !number),
            Expression::Not(operand) => Numbers::of_condition(!self.evaluate(operand)?.truth()),
            Expression::Calculate(operator, operands) => {
                let first = self.evaluate(&operands[0])?;
                let second = self.evaluate(&operands[1])?;
                self.apply(*operator, &first, &second)?
            }
            Expression::And(operands) => {
                let first = self.evaluate(&operands[0])?.truth();
                let second = |it: &mut Self| Some(Numbers::of_condition(it.evaluate(&operands[1])?.truth()));
                self.either(first, second, |_| Some(Numbers::known(0)))?
            }
            Expression::Or(operands) => {
                let first = self.evaluate(&operands[0])?.truth();
                let second = |it: &mut Self| Some(Numbers::of_condition(it.evaluate(&operands[1])?.truth()));
                self.either(first, |_| Some(Numbers::known(1)), second)?
            }
            Expression::Choose(parts) => {
                let condition = self.evaluate(&parts[0])?.truth();
                self.either(condition, |it| it.evaluate(&parts[1]), |it| it.evaluate(&parts[2]))?
            }
            Expression::Sequence(parts) => {
                let mut last = Numbers::known(0);
                for part in parts {
                    last = self.evaluate(part)?;
                }
                last
            }
        })
    }

    fn apply(&mut self, operator: Operator, first: &Numbers, second: &Numbers) -> Option<Numbers> {
        let (numbers, may_fail) = operator.apply(first, second);
        if may_fail {
            self.may_fail();
        }
        numbers
    }

    /// Evaluates one of two expressions, or both if the condition is not known.
    fn either(
        &mut self,
        condition: Tristate,
        first: impl FnOnce(&mut Self) -> Option<Numbers>,
        second: impl FnOnce(&mut Self) -> Option<Numbers>,
    ) -> Option<Numbers> {
        if !condition.can_be_false {
            return first(self);
        }
        if !condition.can_be_true {
            return second(self);
        }
        let before = self.it.copy();
        let first = first(self);
        let after = std::mem::replace(&mut self.it.state, before);
        let second = second(self);
        self.join([first, second], after)
    }

    /// Joins the state with another one, and the results in both.
    fn join(&mut self, results: [Option<Numbers>; 2], other: State) -> Option<Numbers> {
        self.it.spend(other.variables.len() + 1);
        let state = std::mem::take(&mut self.it.state);
        self.it.state = join(state, other);
        results.into_iter().flatten().reduce(Numbers::or)
    }

    /// The value of a variable, which a shell evaluates as an expression.
    fn read(&mut self, place: &Place, key: Option<&Key>) -> Option<Numbers> {
        if !is_name(&place.name) {
            return Some(Numbers::Unknown);
        }
        let text = match key {
            Some(key) => self.it.element(&place.name, key).0,
            None => {
                self.it.check_unset(&place.name);
                self.it.look_up(&place.name)
            }
        };
        if let Some(numbers) = Numbers::of_text(&text) {
            return Some(numbers);
        }
        let AbstractValue::OneOf(texts) = &text.values else {
            // The text may be the name of a variable that is not set.
            if self.it.state.options.nounset.can_be_true {
                self.it.end_shell(Tristate::NEVER);
            }
            return Some(Numbers::Unknown);
        };
        self.depth += 1;
        let mut all: Option<(Option<Numbers>, State)> = None;
        let before = (texts.len() > 1).then(|| self.it.copy());
        for text in texts {
            if let Some(before) = before.as_ref() {
                self.it.spend(before.variables.len() + 1);
                self.it.state.clone_from(before);
            }
            let numbers = self.evaluate_text(text);
            let numbers = match all.take() {
                Some((others, state)) => self.join([others, numbers], state),
                None => numbers,
            };
            if before.is_none() {
                self.depth -= 1;
                return numbers;
            }
            all = Some((numbers, self.it.state.clone()));
        }
        self.depth -= 1;
        all.map_or(Some(Numbers::Unknown), |(numbers, _)| numbers)
    }

    /// The index or key of a place; `Some(None)` without a subscript.
    fn key(&mut self, place: &Place) -> Option<Option<Key>> {
        let Some(subscript) = &place.subscript else { return Some(None) };
        Some(Some(match self.it.kind_of_key(&place.name) {
            // How often a shell evaluates it differs.
            _ if may_assign(subscript) => {
                self.it.havoc(MAY_SET);
                Key::Unknown
            }
            Some(true) => {
                let is_known = subscript.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:".contains(c));
                if is_known { Key::Name(Text::known(subscript.clone())) } else { Key::Unknown }
            }
            Some(false) => Key::Index(self.evaluate_text(subscript)?),
            None => Key::Unknown,
        }))
    }

    fn assign(&mut self, place: &Place, key: Option<Key>, value: Numbers) {
        if !is_name(&place.name) {
            return self.it.havoc(MAY_SET);
        }
        let text = value.into_text(COMPUTED).with_reason(MAY_SET);
        match key {
            None => self.it.set_variable(&place.name, text, self.span.clone(), None),
            Some(key) => self.it.set_element(&place.name, key, text, self.span.clone()),
        }
    }
}
