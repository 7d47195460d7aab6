//! An evaluator for the few expressions that the generated workflows have. It follows the documentation of the
//! language and shares no code with the linter. What it does not know is a panic.

use serde_json::Value;

/// What an expression can refer to.
pub struct Scope<'s> {
    /// The contexts, as one object.
    pub contexts: &'s Value,
    /// The status of the job or of the jobs that it needs.
    pub has_failed: bool,
}

/// The value of a text: that of its only expression, or a string.
pub fn typed(text: &str, scope: &Scope<'_>) -> Value {
    match text.strip_prefix("${{").and_then(|rest| rest.split_once("}}")) {
        Some((expression, "")) => evaluate(expression, scope),
        _ => Value::String(template(text, scope)),
    }
}

/// A text with the values of its expressions in their place.
pub fn template(text: &str, scope: &Scope<'_>) -> String {
    let mut parts = text.split("${{");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| {
        let (expression, rest) = part.split_once("}}").expect("an expression ends");
        done + &to_text(&evaluate(expression, scope)) + rest
    })
}

/// Whether an `if:` holds. Without a status function, nothing may have failed.
pub fn condition(text: &str, scope: &Scope<'_>) -> bool {
    let bare = text.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).unwrap_or(text);
    let has_status = ["always(", "failure(", "success(", "cancelled("].iter().any(|name| bare.contains(name));
    (has_status || !scope.has_failed) && is_true(&evaluate(bare, scope))
}

/// The text of a value.
pub fn to_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

fn evaluate(expression: &str, scope: &Scope<'_>) -> Value {
    let mut reader = Reader { rest: expression.trim_start(), scope };
    let value = reader.disjunction();
    assert!(reader.rest.is_empty(), "`{expression}` goes on with `{}`", reader.rest);
    value
}

struct Reader<'e, 's> {
    rest: &'e str,
    scope: &'s Scope<'s>,
}

impl<'e> Reader<'e, '_> {
    /// Skips a sign if it is next.
    fn eat(&mut self, sign: &str) -> bool {
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.map_or(self.rest, str::trim_start);
        rest.is_some()
    }

    fn disjunction(&mut self) -> Value {
        let mut value = self.conjunction();
        while self.eat("||") {
            let other = self.conjunction();
            value = if is_true(&value) { value } else { other };
        }
        value
    }

    fn conjunction(&mut self) -> Value {
        let mut value = self.equation();
        while self.eat("&&") {
            let other = self.equation();
            value = if is_true(&value) { other } else { value };
        }
        value
    }

    fn equation(&mut self) -> Value {
        let value = self.operand();
        for (sign, expected) in [("==", true), ("!=", false)] {
            if self.eat(sign) {
                let other = self.operand();
                return Value::Bool(is_equal(&value, &other) == expected);
            }
        }
        value
    }

    fn operand(&mut self) -> Value {
        if self.eat("!") {
            return Value::Bool(!is_true(&self.operand()));
        }
        if self.eat("(") {
            let value = self.disjunction();
            assert!(self.eat(")"), "`(` is closed");
            return value;
        }
        if let Some(text) = self.rest.strip_prefix('\'') {
            let (text, rest) = text.split_once('\'').expect("a string ends");
            self.rest = rest.trim_start();
            return Value::String(text.to_owned());
        }
        let word = self.word();
        if self.eat("(") {
            return self.call(word);
        }
        match word {
            "true" => return Value::Bool(true),
            "false" => return Value::Bool(false),
            _ => {}
        }
        if let Ok(number) = word.parse::<i64>() {
            return number.into();
        }
        let mut value = &self.scope.contexts[word];
        while self.eat(".") {
            value = property(value, self.word());
        }
        value.clone()
    }

    fn word(&mut self) -> &'e str {
        let end = self.rest.find(|sign: char| !sign.is_ascii_alphanumeric() && !"_-".contains(sign));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        assert!(!word.is_empty(), "`{}` does not start with a word", self.rest);
        self.rest = rest.trim_start();
        word
    }

    fn call(&mut self, function: &str) -> Value {
        let argument = (!self.eat(")")).then(|| {
            let argument = self.disjunction();
            assert!(self.eat(")"), "a call has at most one argument");
            argument
        });
        match (function, argument) {
            ("always", None) => Value::Bool(true),
            ("success", None) => Value::Bool(!self.scope.has_failed),
            ("failure", None) => Value::Bool(self.scope.has_failed),
            ("cancelled", None) => Value::Bool(false),
            ("fromJSON", Some(text)) => serde_json::from_str(&to_text(&text)).expect("the text is JSON"),
            _ => panic!("`{function}` is not known"),
        }
    }
}

/// A property of an object, without regard to case.
fn property<'v>(value: &'v Value, name: &str) -> &'v Value {
    let properties = value.as_object().into_iter().flatten();
    let mut found = properties.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map_or(&Value::Null, |(_, value)| value)
}

/// Loose equality: strings without regard to case, and other types as numbers.
fn is_equal(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Null => 0.0,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) if text.is_empty() => 0.0,
        Value::String(text) => text.parse().unwrap_or(f64::NAN),
        Value::Array(_) | Value::Object(_) => f64::NAN,
    };
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.to_uppercase() == other.to_uppercase(),
        _ => number(one) == number(other),
    }
}
