//! Evaluates arithmetic: `$((…))`, `((…))` and every other text that bash evaluates as arithmetic, such as the index of
//! an array, the offset of a substring, the arguments of `let` and the operands of `-eq`.

use std::collections::BTreeSet;

use slug_shell::syntax::{Arithmetic, Span};

use super::eval::FunctionEval;
use super::state::State;
use super::value::{Part, Text, Value};

impl<'a> FunctionEval<'a> {
    /// The value of an arithmetic expression.
    pub fn arithmetic(&mut self, arithmetic: &'a Arithmetic, state: &mut State) -> Value {
        let text = self.text(&arithmetic.pieces, state);
        self.calculate(&text, "calculates with a variable", &arithmetic.span, state)
    }

    /// Evaluates a text as arithmetic. It is followed if it has no variables; if it has, `reason` says what is not
    /// followed.
    ///
    /// Bash reads the variable of each name in the text, also of a name that an expansion gives, and evaluates the
    /// value of that variable as arithmetic, too.
    pub fn calculate(&mut self, text: &Value, reason: &str, span: &Span, state: &State) -> Value {
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut sources = BTreeSet::new();
        let (mut is_computed, mut may_assign) = (false, false);
        let mut texts = vec![text.clone()];
        while let Some(text) = texts.pop() {
            self.builds(&text, span);
            sources.extend(text.sources());
            for part in text.texts().flatten() {
                match part {
                    Part::Literal(known) => may_assign |= known.contains(['=', '+', '-']),
                    // The text may contain any name.
                    Part::Derived(_) => is_computed = true,
                    Part::Number | Part::Verbatim(_) => {}
                }
            }
            for name in text.names() {
                if names.insert(name.to_owned()) {
                    texts.push(self.variable(name, false, span, state));
                }
            }
        }
        if !names.is_empty() || !sources.is_empty() || is_computed {
            self.not_followed(span, reason);
        }
        if !names.is_empty() && may_assign {
            self.changes_state(span, "may assign a variable in a calculation");
        }
        let number = Value::number(sources);
        self.uses(&number);
        number
    }

    /// Evaluates the subscript of the element that a builtin command changes or tests, as in `unset 'name[1]'`.
    pub fn calculate_subscript(&mut self, element: &Value, reason: &str, span: &Span, state: &State) {
        self.calculate(&subscript(element).0, reason, span, state);
    }
}

/// The text in the first brackets of each text of a value, and the text after them.
pub(super) fn subscript(value: &Value) -> (Value, Value) {
    (value.map(|text| at_brackets(text).0), value.map(|text| at_brackets(text).1))
}

fn at_brackets(text: &Text) -> (Text, Text) {
    let (mut inside, mut after) = (Text::new(), Text::new());
    // The number of open brackets; `None` after the first ones.
    let mut open = Some(0_usize);
    for part in text {
        let Part::Literal(known) = part else {
            match open {
                Some(0) => {}
                Some(_) => inside.push(part.clone()),
                None => after.push(part.clone()),
            }
            continue;
        };
        let (mut within, mut rest) = (String::new(), String::new());
        for character in known.chars() {
            match (open, character) {
                (None, _) => rest.push(character),
                (Some(0), '[') => open = Some(1),
                (Some(0), _) => {}
                (Some(1), ']') => open = None,
                (Some(count), _) => {
                    open = Some(count + usize::from(character == '[') - usize::from(character == ']'));
                    within.push(character);
                }
            }
        }
        let literal = |text: String| (!text.is_empty()).then_some(Part::Literal(text));
        inside.extend(literal(within));
        after.extend(literal(rest));
    }
    (inside, after)
}

/// The decimal number that a text is, if no other number is written like it: `010` is octal.
pub(super) fn decimal(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number: &usize| number.to_string() == text)
}
