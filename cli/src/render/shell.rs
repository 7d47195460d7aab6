//! Quoting for shells.

/// Quotes a value so that a shell reads it back unchanged.
pub fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@=".contains(c));
    if plain { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_values_are_quoted() {
        assert_eq!(quoted("openai/gpt-4o"), "openai/gpt-4o");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'$(b)"), r"'a'\''$(b)'");
    }
}
