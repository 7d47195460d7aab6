//! What must hold of evaluating an expression, whatever it is.

use github_actions_expressions::{Evaluation, Expr};
use slug_laws::Violation;
use slug_value::{AbstractValue, Text, Value};
use slug_workflow::expression::{self, Contexts};

/// Checks that what a template comes to when everything is known is among what it can come
/// to when little is, and that its parser agrees where it is constant. Returns what it can
/// come to, in words.
///
/// # Errors
///
/// What does not hold.
pub fn check_expression(template: &str) -> Result<String, Violation> {
    let possible = expression::text(template, &Little);
    for world in 0..WORLDS {
        let certain = expression::text(template, &Everything(world));
        if !includes(&possible, &certain) {
            return Err(format!(
                "in world {world} it comes to {:?}, and it can come to {:?}",
                certain.can, possible.can
            ));
        }
    }
    for part in expression::parts(template) {
        if let expression::Part::Expression(expression) = part {
            check_constant(expression)?;
        }
    }
    Ok(match &possible.can {
        AbstractValue::OneOf(texts) => format!("one of {texts:?}"),
        AbstractValue::NonEmpty => "some text".to_owned(),
        AbstractValue::Any => "anything".to_owned(),
    })
}

/// Nothing is known but that secrets exist.
struct Little;

impl Contexts for Little {
    fn look_up(&self, path: &[String]) -> Value {
        match path.first().map(String::as_str) {
            Some("secrets") => Value::set("a secret"),
            _ => Value::unknown("anything"),
        }
    }
}

/// Everything is known: a value that follows from the name and a number.
struct Everything(usize);

impl Contexts for Everything {
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

/// Worlds that every expression is looked at in.
const WORLDS: usize = 6;

/// Whether everything that a text can be, another one can be as well.
fn includes(wider: &Text, narrower: &Text) -> bool {
    match (&wider.can, &narrower.can) {
        (AbstractValue::Any, _) | (AbstractValue::NonEmpty, AbstractValue::NonEmpty) => true,
        (AbstractValue::NonEmpty, AbstractValue::OneOf(texts)) => texts.iter().all(|text| !text.is_empty()),
        (AbstractValue::OneOf(wider), AbstractValue::OneOf(narrower)) => {
            narrower.iter().all(|text| wider.contains(text))
        }
        // Everything is known then, so the expression has no value: the run ends there.
        (AbstractValue::OneOf(_) | AbstractValue::NonEmpty, AbstractValue::Any)
        | (AbstractValue::OneOf(_), AbstractValue::NonEmpty) => true,
    }
}

/// The library that parses expressions evaluates constant ones itself.
fn check_constant(expression: &str) -> Result<(), Violation> {
    let mine = expression::value(expression, &Little);
    let Some(values) = mine.single().map(std::slice::from_ref) else { return Ok(()) };
    // Where it is too long to be read here, it is not known here.
    let Some(theirs) = Expr::parse(expression).ok().and_then(|tree| tree.consteval()) else { return Ok(()) };
    let (mine, theirs) = (values[0].sema().to_string(), theirs.sema().to_string());
    if mine == theirs { Ok(()) } else { Err(format!("it comes to {mine:?} here and to {theirs:?} in its parser")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wider_includes_what_is_narrower() {
        let known = |text: &str| Text::known(text.to_owned());
        assert!(includes(&Text::unknown("x"), &known("")));
        assert!(includes(&Text::set("x"), &known("a")) && !includes(&Text::set("x"), &known("")));
        assert!(!includes(&known("a"), &known("b")));
        assert!(includes(&known("a").or(known("b")), &known("b")));
    }
}
