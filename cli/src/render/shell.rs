//! Quoting for shells, and commands that reproduce an answer.

use std::collections::BTreeMap;

use slug_redact::has_credential;

use super::text::can_be_seen;

/// Quotes a value so that a shell reads it back unchanged.
pub fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@=".contains(c));
    if plain { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

/// A command that starts with `resolve` and resolves an environment, if a reader can copy it: every character can be
/// seen, and nothing looks like a credential.
pub fn resolution(resolve: &str, runtime: &str, set: &BTreeMap<String, String>, ambient: &[String]) -> Option<String> {
    let texts = set.keys().chain(set.values()).chain(ambient).map(String::as_str).chain([runtime]);
    let is_shown = |text: &str| text.chars().all(can_be_seen) && !has_credential(text);
    // The command refuses a runtime with `=` as a misplaced variable, and a name with `=` ends there.
    let is_readable = !runtime.contains('=') && set.keys().all(|name| !name.contains('=') && !name.starts_with('-'));
    if !is_readable || !texts.clone().all(is_shown) || !is_shown(resolve) {
        return None;
    }
    let mut words = vec![resolve.to_owned(), format!("--runtime={}", quoted(runtime))];
    words.extend(set.iter().map(|(name, value)| quoted(&format!("{name}={value}"))));
    words.extend(ambient.iter().map(|name| format!("--ambient={}", quoted(name))));
    Some(words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_show_no_credential_and_no_invisible_text() {
        let set = |value: &str| BTreeMap::from([("MODEL".to_owned(), value.to_owned())]);
        let command = |runtime, value| resolution("slugproof resolve", runtime, &set(value), &["A".to_owned()]);
        let shown = "slugproof resolve --runtime=codex 'MODEL=a b' --ambient=A";
        assert_eq!(command("codex", "a b").as_deref(), Some(shown));
        let key = "sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789";
        for (runtime, value) in [("a=b", "m"), ("codex", "m\u{202e}"), ("co\ndex", "m"), ("codex", key)] {
            assert_eq!(command(runtime, value), None, "{runtime} {value}");
        }
    }

    #[test]
    fn special_values_are_quoted() {
        assert_eq!(quoted("openai/gpt-4o"), "openai/gpt-4o");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("a'$(b)"), r"'a'\''$(b)'");
    }
}
