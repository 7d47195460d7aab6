//! `echo` and `printf`.

use super::super::interpreter::Interpreter;
use super::super::syntax::Word;
use slug_value::Text;

impl Interpreter<'_> {
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

    /// `printf` with a format of text, `%s` and line breaks.
    pub(super) fn printf(&mut self, arguments: &[Word]) -> Vec<Text> {
        let unknown = || vec![Text::unknown("what `printf` prints is not known")];
        let Some((format, values)) = arguments.split_first() else { return Vec::new() };
        let values: Vec<Vec<Text>> = values.iter().map(|word| self.argument(word)).collect();
        let Some(format) = self.field(format).single().map(|format| format.replace("\\n", "\n")) else {
            return unknown();
        };
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
            // The format is used again for the values that remain.
            if values.len() == 0 || values.len() == before {
                break;
            }
        }
        let is_plain = |text: &Text| text.single().is_none_or(|text| !text.contains(['%', '\\']));
        if printed.iter().all(is_plain) { printed } else { unknown() }
    }
}

/// What `echo -e` makes of a text: line breaks and tabs; nothing is known of other escapes.
fn unescaped(text: Text) -> Text {
    let Some(known) = text.single() else { return text };
    let plain = known.replace("\\n", "\n").replace("\\t", "\t");
    if plain.contains('\\') { Text::unknown("what `echo -e` prints is not known") } else { Text::known(plain) }
}
