//! The values of scalars. As in the runner of the forge, the core schema of YAML 1.2 decides the type
//! of an unquoted scalar, and the scalar then has the text of its value: `4.10` is `4.1`.

use github_actions_expressions::Evaluation;

use super::document::{Node, Style};
use slug_value::to_text;

/// The text of a scalar; `None` for a list or a mapping. The text of null is empty.
#[must_use]
pub fn text_of(node: &Node) -> Option<String> {
    evaluated(node).map(|value| to_text(&value))
}

/// The value of a scalar without regard to expressions; `None` for a list or a mapping.
#[must_use]
pub fn evaluated(node: &Node) -> Option<Evaluation> {
    let text = node.text()?;
    Some(match node.style {
        Style::Plain => plain(node, text),
        Style::Quoted | Style::Block | Style::Flow => Evaluation::String(text.to_owned()),
    })
}

fn plain(node: &Node, text: &str) -> Evaluation {
    if node.is_null() {
        return Evaluation::Null;
    }
    match text {
        "true" | "True" | "TRUE" => Evaluation::Boolean(true),
        "false" | "False" | "FALSE" => Evaluation::Boolean(false),
        _ => number(text).map_or_else(|| Evaluation::String(text.to_owned()), Evaluation::Number),
    }
}

/// The number that an unquoted scalar stands for; `None` if it is a text. The forge refuses a hexadecimal
/// or octal number of more than 32 bits, so it counts as a text here.
fn number(text: &str) -> Option<f64> {
    let based = |prefix, radix| {
        let digits = text.strip_prefix(prefix)?;
        let value = u32::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))?;
        // The runner reads the 32 bits as a signed number.
        Some(f64::from(value.cast_signed()))
    };
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => Some(f64::NEG_INFINITY),
        ".inf" | ".Inf" | ".INF" => Some(f64::INFINITY),
        ".nan" | ".NaN" | ".NAN" if unsigned == text => Some(f64::NAN),
        _ => based("0x", 16).or_else(|| based("0o", 8)).or_else(|| decimal(text, unsigned)),
    }
}

/// A number of the form `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
fn decimal(text: &str, unsigned: &str) -> Option<f64> {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digit = !(integer.is_empty() && fraction.is_empty());
    let has_exponent = exponent.is_none_or(|exponent| !exponent.is_empty() && is_digits(exponent));
    let is_number = has_digit && is_digits(integer) && is_digits(fraction) && has_exponent;
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::read;

    fn shown(written: &str) -> String {
        let root = read(&format!("a: {written}\n")).expect("the text is YAML");
        let node = root.get("a").expect("the key exists");
        let kind = match evaluated(node) {
            None => return "none".to_owned(),
            Some(Evaluation::Null) => "null",
            Some(Evaluation::Boolean(_)) => "boolean",
            Some(Evaluation::Number(_)) => "number",
            Some(_) => "text",
        };
        format!("{kind} {}", text_of(node).unwrap_or_default())
    }

    #[test]
    fn unquoted_scalars_are_normalised() {
        for (written, expected) in [
            ("4.10", "number 4.1"),
            ("3.0", "number 3"),
            ("1.", "number 1"),
            (".5", "number 0.5"),
            ("+12", "number 12"),
            ("007", "number 7"),
            ("-007.50", "number -7.5"),
            ("0", "number 0"),
            ("-0", "number -0"),
            ("0x10", "number 16"),
            ("0xFFFFFFFF", "number -1"),
            ("0x1FFFFFFFF", "text 0x1FFFFFFFF"),
            ("0X10", "text 0X10"),
            ("-0x10", "text -0x10"),
            ("0x+1", "text 0x+1"),
            ("0o17", "number 15"),
            ("0o18", "text 0o18"),
            ("0b101", "text 0b101"),
            ("1e3", "number 1000"),
            ("1E-2", "number 0.01"),
            ("1e", "text 1e"),
            ("1e+", "text 1e+"),
            ("e3", "text e3"),
            ("1_000", "text 1_000"),
            ("1e15", "number 1E+15"),
            ("123456789012345", "number 123456789012345"),
            ("1234567890123456", "number 1.23456789012346E+15"),
            ("0.0001", "number 0.0001"),
            ("0.00001", "number 1E-05"),
            (".inf", "number Infinity"),
            ("-.INF", "number -Infinity"),
            ("+.Inf", "number Infinity"),
            (".nan", "number NaN"),
            ("-.nan", "text -.nan"),
            ("inf", "text inf"),
            ("nan", "text nan"),
            (".", "text ."),
            ("1.2.3", "text 1.2.3"),
            ("2024-01-01", "text 2024-01-01"),
            ("True", "boolean true"),
            ("FALSE", "boolean false"),
            ("tRUE", "text tRUE"),
            ("yes", "text yes"),
            ("on", "text on"),
            ("~", "null "),
            ("Null", "null "),
            ("", "null "),
            ("'4.10'", "text 4.10"),
            ("\"True\"", "text True"),
            ("'~'", "text ~"),
            ("|-\n  4.10", "text 4.10"),
            (">-\n  0x10", "text 0x10"),
            ("!!str 4.10", "text 4.10"),
            ("! 4.10", "text 4.10"),
            ("[4.10]", "none"),
            ("{a: 4.10}", "none"),
            ("gpt-4.10", "text gpt-4.10"),
        ] {
            assert_eq!(shown(written), expected, "{written}");
        }
    }
}
