//! A script with its expressions expanded, as a forge does before a shell sees it.

use std::ops::Range;

use super::expression::{self, Contexts, Part};
use super::model::Script;
use slug_shell::{ENV_FILE_TARGET, FIRST_PLACEHOLDER};
use slug_value::Text;

/// A script after expansion.
pub struct Expanded {
    /// The text, with one placeholder character for each value that is not known.
    pub text: String,
    /// What each placeholder can be.
    pub placeholders: Vec<Text>,
    /// Where parts of the text come from: a byte of it and the byte of the original.
    origins: Vec<(usize, usize)>,
}

/// Expands the expressions of a script.
pub fn expand(original: &str, contexts: &dyn Contexts) -> Expanded {
    let mut script = Expanded { text: String::new(), placeholders: Vec::new(), origins: Vec::new() };
    let plain = |text: &str| text.replace(|c: char| u32::from(c) >= FIRST_PLACEHOLDER, "\u{fffd}");
    let mut byte = 0;
    for part in expression::parts(original) {
        script.origins.push((script.text.len(), byte));
        let value = match part {
            Part::Literal(literal) => {
                script.text.push_str(&plain(literal));
                byte += literal.len();
                continue;
            }
            Part::Expression(expression) => {
                byte += "${{}}".len() + expression.len();
                let value = expression::value(expression, contexts).into_text();
                // The shell knows the path of the env file as the value of this variable.
                if value.single().is_some_and(|value| value == ENV_FILE_TARGET) {
                    script.text.push_str("$GITHUB_ENV");
                    continue;
                }
                value
            }
            Part::Unclosed => Text::unknown("`${{` is not closed"),
        };
        match (value.single(), slug_shell::placeholder(script.placeholders.len())) {
            (None, Some(placeholder)) => {
                script.text.push(placeholder);
                script.placeholders.push(value);
            }
            (known, _) => script.text.push_str(&plain(known.map_or("", String::as_str))),
        }
    }
    script
}

impl Expanded {
    /// Maps a byte range of the expanded text to the bytes of the file: the nth occurrence
    /// of `name` here is the nth there. A name that an expression brought in maps to the
    /// key `run`.
    pub fn locate(&self, file: &str, run: &Script, near: &Range<usize>, name: &str) -> Range<usize> {
        let origin = self.origins.iter().rev().find(|(here, _)| *here <= near.start);
        let byte = origin.map_or(0, |(here, there)| there + near.start - here);
        let before = run.text.get(..byte).map_or(0, |before| before.matches(name).count());
        let Some(source) = file.get(run.span.clone()).filter(|_| !name.is_empty()) else { return run.key.clone() };
        let found = source.match_indices(name).nth(before).map(|(at, _)| run.span.start + at);
        found.map_or(run.key.clone(), |at| at..at + name.len())
    }
}
