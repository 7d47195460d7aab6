//! `echo` and `printf`.

use super::super::array::countable;
use super::super::interpreter::Interpreter;
use super::super::syntax::Word;
use slug_value::Text;

impl Interpreter<'_> {
    /// The output of `echo`.
    pub(super) fn echo(&mut self, arguments: &[Word]) -> Vec<Text> {
        let mut words = arguments;
        let (mut newline, mut escapes) = (true, false);
        while let Some((word, rest)) = words.split_first() {
            match word.literal().as_deref() {
                Some("-n") => newline = false,
                Some("-E") => escapes = false,
                Some("-e") => escapes = true,
                Some("-ne" | "-en") => (newline, escapes) = (false, true),
                _ => break,
            }
            words = rest;
        }
        let mut printed = Vec::new();
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                printed.push(Text::known(" ".to_owned()));
            }
            printed.extend(self.argument(word));
        }
        if escapes {
            printed = printed.into_iter().map(unescaped).collect();
        }
        if newline {
            printed.push(Text::known("\n".to_owned()));
        }
        printed
    }

    /// The output of `printf`. Only text, `%s` and `\n` in the format are interpreted.
    pub(super) fn printf(&mut self, arguments: &[Word]) -> Vec<Text> {
        let unknown = || vec![Text::unknown("the output of `printf` is not known")];
        let Some((format, values)) = arguments.split_first() else { return Vec::new() };
        let values: Vec<Vec<Text>> = values.iter().map(|word| self.argument(word)).collect();
        let Some(format) = self.field(format).single().map(|format| format.replace("\\n", "\n")) else {
            return unknown();
        };
        if countable(values.iter().flatten().cloned().collect()).is_none() {
            return unknown();
        }
        let mut values = values.into_iter();
        let mut printed = Vec::new();
        loop {
            let before = values.len();
            let mut pieces = format.split("%s");
            printed.push(Text::known(pieces.next().unwrap_or_default().to_owned()));
            for piece in pieces {
                printed.extend(values.next().unwrap_or_default());
                printed.push(Text::known(piece.to_owned()));
            }
            // `printf` repeats the format for the remaining values.
            if values.len() == 0 || values.len() == before {
                break;
            }
        }
        let is_plain = |text: &Text| text.single().is_none_or(|text| !text.contains(['%', '\\']));
        if printed.iter().all(is_plain) { printed } else { unknown() }
    }
}

/// Replaces the escapes of `echo -e` for line breaks and tabs; a text with other escapes is unknown.
fn unescaped(text: Text) -> Text {
    let Some(known) = text.single() else { return text };
    let plain = known.replace("\\n", "\n").replace("\\t", "\t");
    if plain.contains('\\') { Text::unknown("the output of `echo -e` is not known") } else { Text::known(plain) }
}
