//! A second reader of YAML, which shares no code with the first: whatever both
//! accept they must read alike.

use std::fmt::Debug;

use serde_yaml::Value as Second;
use slug_resolver::yaml::{At, Invalid, Mark, Node, ReadError, Value};

/// Panics unless the two readers agree, as far as they have to.
pub(crate) fn agrees<T: PartialEq + Debug>(
    input: &[u8],
    first: &Result<T, ReadError>,
    decode: impl FnOnce(At<'_>) -> Result<T, Invalid>,
) {
    let Some(node) = read(input) else { return };
    if let (Ok(first), Ok(second)) = (first, decode(At::root(&node))) {
        assert_eq!(*first, second, "the two readers read different things");
    }
}

fn read(input: &[u8]) -> Option<Node> {
    let text = std::str::from_utf8(input).ok()?;
    let value: Second = serde_yaml::from_str(text).ok()?;
    node(&value)
}

/// The second reader's value as the first one's; none where it holds a tag.
fn node(value: &Second) -> Option<Node> {
    let value = match value {
        Second::Null => Value::Null,
        Second::Bool(value) => Value::Boolean(*value),
        Second::Number(number) if number.is_f64() => Value::Float(number.to_string()),
        Second::Number(number) => Value::Integer(number.to_string()),
        Second::String(text) => Value::String(text.clone()),
        Second::Sequence(items) => Value::Sequence(items.iter().map(node).collect::<Option<_>>()?),
        Second::Mapping(entries) => {
            let entry = |(key, value): (&Second, &Second)| Some((node(key)?, node(value)?));
            Value::Mapping(entries.iter().map(entry).collect::<Option<_>>()?)
        }
        Second::Tagged(_) => return None,
    };
    Some(Node { mark: Mark { line: 1, column: 1 }, value })
}
