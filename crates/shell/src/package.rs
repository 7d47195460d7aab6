//! Reads the scripts of a package.json, with positions.

use super::derived::Derived;
use std::ops::Range;

/// The scripts of a package.json by name, whose first byte is at `base`. A text that is not JSON has no
/// scripts after its first error.
pub(super) fn scripts(text: &str, base: usize) -> Vec<(String, Derived)> {
    let mut reader = Reader::new(text, base);
    let mut scripts = Vec::new();
    reader.object(|reader, key| {
        if key != "scripts" {
            return reader.skip();
        }
        reader.object(|reader, name| {
            let derived = reader.string()?;
            scripts.push((name.to_owned(), derived));
            Some(())
        })
    });
    scripts
}

/// Keys of a package.json with the tasks of a runner.
const KEYS_OF_RUNNERS: [&str; 2] = ["nx", "wireit"];

/// The bytes of the values in a package.json that define tasks of a runner besides its scripts.
pub(super) fn settings_of_runners(text: &str, base: usize) -> Vec<Range<usize>> {
    let values = values(text, base).into_iter();
    values.filter(|(key, _)| KEYS_OF_RUNNERS.contains(&key.as_str())).map(|(_, value)| value).collect()
}

/// Whether a package.json has other packages in directories of its own.
pub(super) fn has_workspaces(text: &str) -> bool {
    values(text, 0).iter().any(|(key, _)| key == "workspaces")
}

/// The keys of a JSON object with the bytes of their values.
fn values(text: &str, base: usize) -> Vec<(String, Range<usize>)> {
    let mut reader = Reader::new(text, base);
    let mut values = Vec::new();
    reader.object(|reader, key| {
        let start = reader.at;
        reader.skip()?;
        values.push((key.to_owned(), base + start..base + reader.at));
        Some(())
    });
    values
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    base: usize,
}

impl<'t> Reader<'t> {
    /// A reader after the byte order mark, if the text has one.
    fn new(text: &'t str, base: usize) -> Self {
        Self { text, at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }, base }
    }

    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, sign: char) -> Option<()> {
        (self.peek()? == sign).then(|| self.at += sign.len_utf8())
    }

    /// Reads an object; `value` reads the value of each key.
    fn object(&mut self, mut value: impl FnMut(&mut Self, &str) -> Option<()>) -> Option<()> {
        self.eat('{')?;
        while self.peek()? != '}' {
            let key = self.string()?.text;
            self.eat(':')?;
            value(self, &key)?;
            if self.peek()? == ',' {
                self.at += 1;
            }
        }
        self.eat('}')
    }

    /// Skips a value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                '"' => drop(self.string()?),
                '{' | '[' => {
                    depth += 1;
                    self.at += 1;
                }
                '}' | ']' if depth > 0 => {
                    depth -= 1;
                    self.at += 1;
                }
                ',' | ':' if depth > 0 => {
                    self.at += 1;
                    continue;
                }
                ',' | '}' | ']' | ':' => return None,
                _ => {
                    let rest = &self.text[self.at..];
                    let end = rest.find(|c: char| c.is_whitespace() || ",:{}[]\"".contains(c));
                    self.at += end.unwrap_or(rest.len());
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn string(&mut self) -> Option<Derived> {
        self.eat('"')?;
        let mut string = Derived::default();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(['"', '\\'])?;
            string.push(&rest[..plain], self.base + self.at);
            self.at += plain;
            if rest[plain..].starts_with('"') {
                self.at += 1;
                return Some(string);
            }
            let escape = rest[plain + 1..].chars().next()?;
            let (character, length) = match escape {
                'n' => ('\n', 2),
                't' => ('\t', 2),
                'r' => ('\r', 2),
                'b' => ('\u{8}', 2),
                'f' => ('\u{c}', 2),
                'u' => {
                    let code = u32::from_str_radix(rest.get(plain + 2..plain + 6)?, 16).ok()?;
                    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
                }
                other => (other, 1 + other.len_utf8()),
            };
            let start = self.base + self.at;
            string.push_instead(character.encode_utf8(&mut [0; 4]), start..start + length);
            self.at += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> Vec<(String, String)> {
        scripts(text, 0).into_iter().map(|(name, script)| (name, script.text)).collect()
    }

    #[test]
    fn scripts_are_read() {
        let text =
            r#"{"a": [1, {"scripts": {"x": "y"}}, "}"], "scripts": {"b": "c \"d\"\u0026\n", "e": "f"}, "g": null}"#;
        let expected = [("b", "c \"d\"&\n"), ("e", "f")].map(|(name, script)| (name.to_owned(), script.to_owned()));
        assert_eq!(shown(text), expected);
        for text in ["", "[]", "{\"scripts\": 1}", "{\"scripts\": {\"a\": \"b", "{\"scripts\": {\"a\": \"\\u12"] {
            assert_eq!(shown(text), [], "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read(parts in prop::collection::vec(
            prop::sample::select(vec![
                "{", "}", "[", "]", "\"", "\\", "u", "12", ":", ",", "\"scripts\":", "a", " ", "é",
            ]),
            0..30,
        )) {
            let text = parts.concat();
            for (name, script) in scripts(&text, 0) {
                prop_assert!(name.len() + script.text.len() <= text.len());
            }
        }
    }
}
