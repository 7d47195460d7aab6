//! Test oracle for the abstract evaluation of expressions.

use github_actions_expressions::{Evaluation, Expr};
use slug_laws::Violation;
use slug_value::{AbstractValue, Text, Value, folded};
use slug_workflow::expression::{self, Contexts};

/// Checks that abstract evaluation is sound: the possible values of a template in
/// `MostlyUnknown` include its value in each concrete context. Also checks that the parser library
/// gives the same value to each constant expression. Returns a description of the possible values.
///
/// # Errors
///
/// The violated property.
pub fn check_expression(template: &str) -> Result<String, Violation> {
    let possible = expression::text(template, &MostlyUnknown);
    for number in 0..CONCRETE_CONTEXTS {
        let concrete = expression::text(template, &FullyKnown(number));
        if !includes(&possible, &concrete) {
            return Err(format!(
                "in concrete context {number} the value is {:?}, but the possible values are {:?}",
                concrete.values, possible.values
            ));
        }
    }
    for part in expression::parts(template) {
        if let expression::Part::Expression(expression) = part {
            check_constant(expression)?;
        }
    }
    Ok(match &possible.values {
        AbstractValue::OneOf(texts) => format!("one of {texts:?}"),
        AbstractValue::WithSecret | AbstractValue::NonEmpty => "some text".to_owned(),
        AbstractValue::Any => "anything".to_owned(),
    })
}

/// Contexts in which all values are unknown, except that secrets are set.
struct MostlyUnknown;

impl Contexts for MostlyUnknown {
    fn look_up(&self, path: &[String]) -> Value {
        match path.first().map(String::as_str) {
            Some("secrets") => Value::with_secret("a secret"),
            _ => Value::unknown("anything"),
        }
    }
}

/// A concrete context: every value is known. The value of a name depends on the name and on the number
/// of the context.
struct FullyKnown(usize);

impl Contexts for FullyKnown {
    fn look_up(&self, path: &[String]) -> Value {
        let byte_sum: usize = path.iter().flat_map(|name| name.to_lowercase().into_bytes()).map(usize::from).sum();
        let text = |text: &str| Evaluation::String(text.to_owned());
        if path.first().is_some_and(|root| root == "secrets") {
            return Value::known(text(SECRET));
        }
        Value::known(match (byte_sum + self.0) % CONCRETE_CONTEXTS {
            0 => text(""),
            1 => text("a"),
            2 => Evaluation::Null,
            3 => Evaluation::Boolean(false),
            4 => Evaluation::Boolean(true),
            _ => text("platform"),
        })
    }
}

/// The value of every secret in a concrete context.
const SECRET: &str = "s3cr3t";

/// The number of concrete contexts in which each template is evaluated.
const CONCRETE_CONTEXTS: usize = 6;

/// Returns true if every possible value of `narrower` is a possible value of `wider`.
fn includes(wider: &Text, narrower: &Text) -> bool {
    match (&wider.values, &narrower.values) {
        (AbstractValue::Any, _)
        | (AbstractValue::NonEmpty, AbstractValue::WithSecret | AbstractValue::NonEmpty)
        | (AbstractValue::WithSecret, AbstractValue::WithSecret) => true,
        (AbstractValue::WithSecret, AbstractValue::OneOf(texts)) => texts.iter().all(|text| text.contains(SECRET)),
        (AbstractValue::NonEmpty, AbstractValue::OneOf(texts)) => texts.iter().all(|text| !text.is_empty()),
        (AbstractValue::OneOf(wider), AbstractValue::OneOf(narrower)) => {
            narrower.iter().all(|text| wider.contains(text))
        }
        // In a concrete context, the result is unknown only if the expression cannot be evaluated. GitHub
        // then stops the workflow run, so `wider` needs to include nothing.
        (AbstractValue::OneOf(_) | AbstractValue::WithSecret | AbstractValue::NonEmpty, AbstractValue::Any)
        | (AbstractValue::WithSecret, AbstractValue::NonEmpty)
        | (AbstractValue::OneOf(_), AbstractValue::WithSecret | AbstractValue::NonEmpty) => true,
    }
}

/// Compares the value of a constant expression with the value that the parser library computes.
fn check_constant(expression: &str) -> Result<(), Violation> {
    let possible = expression::value(expression, &MostlyUnknown);
    // This also skips an expression that is too long for `expression::value`: its value is unknown.
    let Some(value) = possible.single() else { return Ok(()) };
    if differs_in_library(expression) {
        return Ok(());
    }
    let Some(library_value) = Expr::parse(expression).ok().and_then(|tree| tree.consteval()) else { return Ok(()) };
    let (actual, expected) = (value.sema().to_string(), library_value.sema().to_string());
    if actual == expected {
        Ok(())
    } else {
        Err(format!("the evaluator returns {actual:?}, but the parser library returns {expected:?}"))
    }
}

/// Whether the parser library may give another value than a forge: it reads a sign after the prefix of a number, maps
/// some letters to several, and orders characters by their number instead of their code units. The table of facts of
/// the evaluator has these cases.
fn differs_in_library(expression: &str) -> bool {
    ["0x+", "0o+"].iter().any(|prefix| expression.contains(prefix))
        || expression.to_uppercase() != folded(expression)
        || expression.chars().any(|sign| sign >= '\u{e000}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_compared_unless_the_library_is_wrong() {
        for expression in ["'0x+1' == 1", "'ß' == 'ss'", "'ı' == 'i'", "'😀' < '\u{fffd}'"] {
            assert!(differs_in_library(expression), "{expression}");
            assert_eq!(check_constant(expression), Ok(()), "{expression}");
        }
        for expression in ["'É' == 'é'", "0x1 == 1", "'a' < 'B'", "format('{0}', 1.50)"] {
            assert!(!differs_in_library(expression), "{expression}");
            assert_eq!(check_constant(expression), Ok(()), "{expression}");
        }
    }

    #[test]
    fn includes_compares_possible_values() {
        let known = |text: &str| Text::known(text.to_owned());
        assert!(includes(&Text::unknown("x"), &known("")));
        assert!(includes(&Text::non_empty("x"), &known("a")) && !includes(&Text::non_empty("x"), &known("")));
        assert!(!includes(&known("a"), &known("b")));
        assert!(includes(&known("a").or(known("b")), &known("b")));
    }
}
