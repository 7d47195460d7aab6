//! `echo` and `printf`.

use super::super::array::countable;
use super::super::interpreter::Interpreter;
use super::super::syntax::Word;
use slug_value::{AbstractValue, Text};

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
            printed = printed.into_iter().map(each_unescaped).collect();
        }
        if newline {
            printed.push(Text::known("\n".to_owned()));
        }
        printed
    }

    /// The output of `printf`. Only text, `%s` and the escapes of [`unescaped`] in the format are interpreted.
    pub(super) fn printf(&mut self, arguments: &[Word]) -> Vec<Text> {
        let unknown = || vec![Text::unknown("the output of `printf` is not known")];
        let ends_options = |word: &Word| word.literal().as_deref() == Some("--");
        let ends_early = arguments.first().is_some_and(ends_options);
        let arguments = &arguments[usize::from(ends_early)..];
        let Some((format, values)) = arguments.split_first() else { return Vec::new() };
        let values: Vec<Vec<Text>> = values.iter().map(|word| self.argument(word)).collect();
        let format = self.field(format);
        // Without `--`, a format that begins with a dash is an option.
        let format = format.single().filter(|format| ends_early || !format.starts_with('-'));
        let Some(format) = format.and_then(|format| unescaped(format)) else { return unknown() };
        let pieces: Vec<&str> = format.split("%s").collect();
        let has_other_forms = pieces.iter().any(|piece| piece.contains('%'));
        if has_other_forms || countable(values.iter().flatten().cloned().collect()).is_none() {
            return unknown();
        }
        let mut values = values.into_iter();
        let mut printed = Vec::new();
        loop {
            let before = values.len();
            printed.push(Text::known(pieces[0].to_owned()));
            for piece in &pieces[1..] {
                printed.extend(values.next().unwrap_or_default());
                printed.push(Text::known((*piece).to_owned()));
            }
            // `printf` repeats the format for the remaining values.
            if values.len() == 0 || values.len() == before {
                return printed;
            }
        }
    }
}

/// Replaces the escapes in each possible text, as `echo -e` does.
fn each_unescaped(text: Text) -> Text {
    let AbstractValue::OneOf(texts) = &text.values else { return text };
    let plain: Option<Vec<String>> = texts.iter().map(|text| unescaped(text)).collect();
    plain.map_or_else(|| Text::unknown("the output of `echo -e` is not known"), |it| Text::one_of(it, text.reasons))
}

/// Replaces the escapes of line breaks, tabs and backslashes in a text; `None` if it has others.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::new();
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        plain.push(match sign {
            '\\' => match signs.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '\\' => '\\',
                _ => return None,
            },
            sign => sign,
        });
    }
    Some(plain)
}
