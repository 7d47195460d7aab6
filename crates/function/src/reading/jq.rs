//! The calls of `jq` that are understood: calls that print one object.

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The value of a variable of the program, such as `$key`.
    Argument(String),
    /// The value of a variable of the environment, such as `$ENV.KEY`.
    Environment(String),
    /// A constant.
    Constant,
}

/// Reads a program that is an object with constant keys, such as `{KEY: $key, OTHER: "text"}`;
/// `None` if it is another program.
#[must_use]
pub fn object(program: &str) -> Option<Vec<(String, Field)>> {
    let inner = program.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let mut fields = Vec::new();
    let mut rest = inner;
    while !rest.is_empty() {
        let (key, after) = match rest.chars().next()? {
            '"' => string(rest)?,
            '$' => {
                let (name, after) = name(&rest[1..])?;
                if !after.trim_start().is_empty() && !after.trim_start().starts_with(',') {
                    return None;
                }
                fields.push((name.clone(), Field::Argument(name)));
                rest = next(after)?;
                continue;
            }
            _ => name(rest)?,
        };
        let after = after.trim_start().strip_prefix(':')?.trim_start();
        let (field, after) = if let Some(environment) = after.strip_prefix("$ENV.").or(after.strip_prefix("env.")) {
            let (name, after) = name(environment)?;
            (Field::Environment(name), after)
        } else if let Some(argument) = after.strip_prefix('$') {
            let (name, after) = name(argument)?;
            (Field::Argument(name), after)
        } else {
            (Field::Constant, string(after)?.1)
        };
        fields.push((key, field));
        rest = next(after)?;
    }
    Some(fields)
}

/// The text after the comma; empty at the end.
fn next(text: &str) -> Option<&str> {
    let text = text.trim_start();
    if text.is_empty() {
        return Some(text);
    }
    Some(text.strip_prefix(',')?.trim_start()).filter(|rest| !rest.is_empty())
}

fn name(text: &str) -> Option<(String, &str)> {
    let end = text.find(|next: char| next != '_' && !next.is_ascii_alphanumeric()).unwrap_or(text.len());
    let name = &text[..end];
    slug_shell::is_name(name).then(|| (name.to_owned(), &text[end..]))
}

/// A string without escapes.
fn string(text: &str) -> Option<(String, &str)> {
    let (inner, after) = text.strip_prefix('"')?.split_once('"')?;
    (!inner.contains('\\')).then(|| (inner.to_owned(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_reads_constant_keys_only() {
        let argument = |name: &str| Field::Argument(name.to_owned());
        assert_eq!(object("{}"), Some(Vec::new()));
        assert_eq!(object(" {KEY: $k} "), Some(vec![("KEY".to_owned(), argument("k"))]));
        assert_eq!(
            object(r#"{"A": $ENV.B, $c, D: "text", E: env.F}"#),
            Some(vec![
                ("A".to_owned(), Field::Environment("B".to_owned())),
                ("c".to_owned(), argument("c")),
                ("D".to_owned(), Field::Constant),
                ("E".to_owned(), Field::Environment("F".to_owned())),
            ])
        );
        for other in [
            "{(1): 2}",
            "{($name): 1}",
            "{A: $b} + {C: 1}",
            "{A: $b,}",
            "{A: 1}",
            ".",
            "{A: \"\\(.x)\"}",
            "{A: $b | .}",
        ] {
            assert_eq!(object(other), None, "{other}");
        }
    }
}
