//! The oracle for pins: a JSON reader finds the objects that have a runtime and a model.

use serde_json::{Map, Value};
use slug_laws::Violation;
use slug_pins::{Syntax, scan};

use crate::plural::counted;

const SYNTAXES: [Syntax; 5] = [Syntax::Shell, Syntax::Yaml, Syntax::Json, Syntax::Python, Syntax::Braces];

/// Checks that every pin is at a place of the text, and that in a JSON document every object with a
/// literal runtime and a literal model is found. Returns a description.
///
/// # Errors
///
/// The violated property.
pub fn check_pins(text: &str) -> Result<String, Violation> {
    let mut found = 0;
    for syntax in SYNTAXES {
        let pairs = scan(text, syntax);
        for literal in pairs.iter().flat_map(|pair| [&pair.runtime, &pair.model]) {
            match text.get(literal.span.clone()) {
                Some(written) if written == literal.text || written.contains('\\') => {}
                written => return Err(format!("{literal:?} is at {written:?} by {syntax:?}")),
            }
        }
        found = found.max(pairs.len());
    }
    if let Some(objects) = json_objects(text) {
        let pairs = scan(text, Syntax::Json);
        let is_found = |(runtime, model): &(String, String)| {
            pairs.iter().any(|pair| pair.runtime.text == *runtime && pair.model.text == *model)
        };
        if let Some((runtime, model)) = objects.iter().find(|object| !is_found(object)) {
            return Err(format!("the object with runtime {runtime:?} and model {model:?} is not found"));
        }
    }
    Ok(counted(found, "pin"))
}

/// The runtime and the model of every object of a JSON document; `None` for another text, and if a name
/// occurs twice in an object, because a JSON reader keeps one of the two.
fn json_objects(text: &str) -> Option<Vec<(String, String)>> {
    // A code point of two escapes stays as it is written.
    let value: Value = serde_json::from_str(text).ok().filter(|_| !text.to_lowercase().contains("\\ud"))?;
    let mut names = 0;
    let mut objects = Vec::new();
    let mut open = vec![&value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                names += members.len();
                open.extend(members.values());
                objects.extend(pair(members));
            }
            _ => {}
        }
    }
    // Outside of quoted texts, each colon follows a name.
    (colons(text) == names).then_some(objects)
}

/// The runtime and the model of an object, if it has one of each and both are literal.
fn pair(members: &Map<String, Value>) -> Option<(String, String)> {
    let only = |name: &str| {
        let mut named = members.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) =
            named.next().filter(|_| members.keys().filter(|key| key.eq_ignore_ascii_case(name)).count() == 1)?;
        let computed = ['$', '{', '}', '<', '>', '%', '*', '&', '!', '\n'];
        value.as_str().filter(|text| !text.is_empty() && !text.contains(computed)).map(str::to_owned)
    };
    Some((only("runtime")?, only("model")?))
}

/// The number of colons of a JSON document that are not in a quoted text.
fn colons(text: &str) -> usize {
    let (mut count, mut is_quoted) = (0, false);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if is_quoted => drop(bytes.next()),
            b'"' => is_quoted = !is_quoted,
            b':' if !is_quoted => count += 1,
            _ => {}
        }
    }
    count
}
