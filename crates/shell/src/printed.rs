//! What commands print, and what is printed into the environment of later steps.

use std::ops::Range;

use super::ENVIRONMENT_FILE;
use super::follow::Shell;
use super::state::Written;
use super::words::Word;
use slug_value::Text;

impl Shell<'_> {
    pub(super) fn echo(&mut self, arguments: &[(Word, Range<usize>)], depth: usize) -> Vec<Text> {
        let mut words = arguments;
        let (mut newline, mut escapes) = (true, false);
        while let Some(((word, _), rest)) = words.split_first() {
            match word.keyword() {
                Some("-n") => newline = false,
                Some("-E") => escapes = false,
                Some("-e") => escapes = true,
                Some("-ne" | "-en") => (newline, escapes) = (false, true),
                _ => break,
            }
            words = rest;
        }
        let mut printed = Vec::new();
        for (index, (word, _)) in words.iter().enumerate() {
            if index > 0 {
                printed.push(Text::known(" ".to_owned()));
            }
            printed.extend(self.fragments(word, depth));
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
    pub(super) fn printf(&mut self, arguments: &[(Word, Range<usize>)], depth: usize) -> Vec<Text> {
        let Some(((format, _), values)) = arguments.split_first() else { return Vec::new() };
        let Some(format) = self.expand(format, depth).single().cloned() else {
            return vec![Text::unknown("what `printf` prints is not known")];
        };
        let format = format.replace("\\n", "\n");
        let mut values = values.iter();
        let mut printed = Vec::new();
        loop {
            let before = values.len();
            let mut pieces = format.split("%s");
            printed.push(Text::known(pieces.next().unwrap_or_default().to_owned()));
            for piece in pieces {
                if let Some((word, _)) = values.next() {
                    printed.extend(self.fragments(word, depth));
                }
                printed.push(Text::known(piece.to_owned()));
            }
            // The format is used again for what is left.
            if values.len() == 0 || values.len() == before {
                break;
            }
        }
        let is_plain = |text: &Text| text.single().is_none_or(|text| !text.contains(['%', '\\']));
        if printed.iter().all(is_plain) { printed } else { vec![Text::unknown("what `printf` prints is not known")] }
    }

    /// Whether printed text may set variables for later steps.
    pub(super) fn looks_like_assignments(&self, printed: &[Text]) -> bool {
        printed.iter().any(|text| text.single().is_none_or(|text| text.contains('=') || text.contains("<<")))
    }

    /// Takes printed text as lines `NAME=value`, or `NAME<<END` with a value of several lines.
    pub(super) fn write(&mut self, printed: &[Text], span: Range<usize>) {
        let mut lines = lines_of(printed).into_iter();
        while let Some(line) = lines.next() {
            let known = line.first().and_then(Text::single);
            if line.is_empty() || (line.len() == 1 && known.is_some_and(|line| line.trim().is_empty())) {
                continue;
            }
            let first = known.cloned().unwrap_or_default();
            let equals = first.find('=');
            let document = first.find("<<").filter(|at| equals.is_none_or(|equals| *at < equals));
            let (name, value) = match (document, equals) {
                (Some(at), _) => {
                    let delimiter = Text::known(first[at + 2..].to_owned());
                    let end = line[1..].iter().cloned().fold(delimiter, Text::followed_by);
                    let value = lines
                        .by_ref()
                        .map(|line| line.into_iter().fold(Text::empty(), Text::followed_by))
                        .take_while(|line| *line != end)
                        .fold(None, |text: Option<Text>, line| {
                            Some(match text {
                                None => line,
                                Some(text) => text.followed_by(Text::known("\n".to_owned())).followed_by(line),
                            })
                        });
                    (&first[..at], value.unwrap_or_else(Text::empty))
                }
                (None, Some(at)) => {
                    let value = Text::known(first[at + 1..].to_owned());
                    (&first[..at], line[1..].iter().cloned().fold(value, Text::followed_by))
                }
                (None, None) => {
                    self.state.opaque = Some(format!("what is written to ${ENVIRONMENT_FILE} is not known"));
                    continue;
                }
            };
            if self.in_function {
                self.functions.written.insert(name.to_owned());
            }
            let written = Written { value, maybe_not: false, span: span.clone() };
            self.state.written.insert(name.to_owned(), written);
        }
    }
}

/// What `echo -e` makes of a text: line breaks and tabs; of other escapes, nothing known.
fn unescaped(text: Text) -> Text {
    let Some(known) = text.single() else { return text };
    let plain = known.replace("\\n", "\n").replace("\\t", "\t");
    if plain.contains('\\') { Text::unknown("what `echo -e` prints is not known") } else { Text::known(plain) }
}

/// Printed text, line by line.
fn lines_of(printed: &[Text]) -> Vec<Vec<Text>> {
    let mut lines = vec![Vec::new()];
    for text in printed {
        let Some(known) = text.single() else {
            lines.last_mut().expect("there is always one line").push(text.clone());
            continue;
        };
        for (index, part) in known.split('\n').enumerate() {
            if index > 0 {
                lines.push(Vec::new());
            }
            if !part.is_empty() {
                let line = lines.last_mut().expect("there is always one line");
                match line.last_mut().filter(|last| last.single().is_some()) {
                    Some(last) => {
                        *last = std::mem::replace(last, Text::empty()).followed_by(Text::known(part.to_owned()));
                    }
                    None => line.push(Text::known(part.to_owned())),
                }
            }
        }
    }
    lines
}
