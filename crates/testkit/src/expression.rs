//! Oracle for evaluating any expression.

use github_actions_expressions::{Evaluation, Expr};
use slug_laws::Violation;
use slug_value::{AbstractValue, Text, Value};
use slug_workflow::expression::{self, Contexts};

/// Checks that the values of a template in fully known contexts are among its possible values
/// in a mostly unknown context, and that the parser agrees on constant expressions. Returns a
/// description of the possible values.
///
/// # Errors
///
/// The violated property.
pub fn check_expression(template: &str) -> Result<String, Violation> {
    let possible = expression::text(template, &MostlyUnknown);
    for world in 0..WORLDS {
        let certain = expression::text(template, &FullyKnown(world));
        if !includes(&possible, &certain) {
            return Err(format!(
                "in world {world} the value is {:?}, but the possible values are {:?}",
                certain.values, possible.values
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
        AbstractValue::NonEmpty => "some text".to_owned(),
        AbstractValue::Any => "anything".to_owned(),
    })
}

/// Contexts in which all values are unknown, except that secrets are set.
struct MostlyUnknown;

impl Contexts for MostlyUnknown {
    fn look_up(&self, path: &[String]) -> Value {
        match path.first().map(String::as_str) {
            Some("secrets") => Value::set("a secret"),
            _ => Value::unknown("anything"),
        }
    }
}

/// Contexts in which every value is known; it follows from the name and the number of the world.
struct FullyKnown(usize);

impl Contexts for FullyKnown {
    fn look_up(&self, path: &[String]) -> Value {
        let letters: usize = path.iter().flat_map(|name| name.to_lowercase().into_bytes()).map(usize::from).sum();
        let text = |text: &str| Evaluation::String(text.to_owned());
        if path.first().is_some_and(|root| root == "secrets") {
            return Value::known(text("s"));
        }
        Value::known(match (letters + self.0) % WORLDS {
            0 => text(""),
            1 => text("a"),
            2 => Evaluation::Null,
            3 => Evaluation::Boolean(false),
            4 => Evaluation::Boolean(true),
            _ => text("platform"),
        })
    }
}

/// The number of worlds in which every expression is evaluated.
const WORLDS: usize = 6;

/// Returns true if every possible value of `narrower` is a possible value of `wider`.
fn includes(wider: &Text, narrower: &Text) -> bool {
    match (&wider.values, &narrower.values) {
        (AbstractValue::Any, _) | (AbstractValue::NonEmpty, AbstractValue::NonEmpty) => true,
        (AbstractValue::NonEmpty, AbstractValue::OneOf(texts)) => texts.iter().all(|text| !text.is_empty()),
        (AbstractValue::OneOf(wider), AbstractValue::OneOf(narrower)) => {
            narrower.iter().all(|text| wider.contains(text))
        }
        // With known contexts, an unknown result means that the expression has no value: the run stops there.
        (AbstractValue::OneOf(_) | AbstractValue::NonEmpty, AbstractValue::Any)
        | (AbstractValue::OneOf(_), AbstractValue::NonEmpty) => true,
    }
}

/// Compares a constant expression with the constant evaluation of the parser library.
fn check_constant(expression: &str) -> Result<(), Violation> {
    let mine = expression::value(expression, &MostlyUnknown);
    let Some(values) = mine.single().map(std::slice::from_ref) else { return Ok(()) };
    // An expression that is too long for this evaluator has no known value here, and is skipped above.
    let Some(theirs) = Expr::parse(expression).ok().and_then(|tree| tree.consteval()) else { return Ok(()) };
    let (mine, theirs) = (values[0].sema().to_string(), theirs.sema().to_string());
    if mine == theirs { Ok(()) } else { Err(format!("the value is {mine:?} here, but {theirs:?} in the parser")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_compares_possible_values() {
        let known = |text: &str| Text::known(text.to_owned());
        assert!(includes(&Text::unknown("x"), &known("")));
        assert!(includes(&Text::set("x"), &known("a")) && !includes(&Text::set("x"), &known("")));
        assert!(!includes(&known("a"), &known("b")));
        assert!(includes(&known("a").or(known("b")), &known("b")));
    }
}
