//! Expansion of the expressions in a script, as a forge does before it starts the shell.

use std::ops::Range;

use super::expression::{self, Contexts, Part};
use super::model::Script;
use slug_shell::{ENV_FILE_TARGET, FIRST_FILE_POSITION, FIRST_PLACEHOLDER, WORKSPACE};
use slug_value::Text;

/// A script after expansion.
pub struct Expanded {
    /// The text, with one placeholder character for each value that is not known.
    pub text: String,
    /// The possible values of each placeholder.
    pub placeholders: Vec<Text>,
    /// Start of each part: byte offset in `text` and byte offset in the original script.
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
                // The interpreter knows the path of the env file as the value of `GITHUB_ENV`.
                if value.single().is_some_and(|value| value == ENV_FILE_TARGET) {
                    script.text.push_str("$GITHUB_ENV");
                    continue;
                }
                value
            }
            Part::Unclosed => Text::unknown("`${{` is not closed"),
        };
        // The character for the path of the workspace stays only in a value.
        let known = value.single().filter(|known| !known.contains(WORKSPACE));
        match (known, slug_shell::placeholder(script.placeholders.len())) {
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
    /// Maps a byte range of the expanded text back to the file: the nth occurrence of `name`
    /// here is the nth there. If the name came from an expression, returns the bytes of the
    /// key `run`.
    ///
    /// A position in another file of the repository stays as it is.
    pub fn locate(&self, file: &str, run: &Script, near: &Range<usize>, name: &str) -> Range<usize> {
        if near.start >= FIRST_FILE_POSITION {
            return near.clone();
        }
        let origin = self.origins.iter().rev().find(|(here, _)| *here <= near.start);
        let byte = origin.map_or(0, |(here, there)| there + near.start - here);
        let before = run.text.get(..byte).map_or(0, |before| before.matches(name).count());
        let Some(source) = file.get(run.span.clone()).filter(|_| !name.is_empty()) else { return run.key.clone() };
        let found = source.match_indices(name).nth(before).map(|(at, _)| run.span.start + at);
        found.map_or(run.key.clone(), |at| at..at + name.len())
    }
}
