//! Writes to the environment file (`$GITHUB_ENV`), which sets variables for later steps.

use super::forge::{ENV_FILE_TARGET, ENVIRONMENT_FILE};
use super::interpreter::Interpreter;
use super::state::{State, Written, join};
use super::syntax::Span;
use slug_value::{AbstractValue, Text};

impl Interpreter<'_> {
    /// Whether a text may be the path of the environment file.
    pub(super) fn is_env_file(&self, text: &Text) -> bool {
        matches!(&text.values, AbstractValue::OneOf(texts) if texts.iter().any(|text| text.contains(ENV_FILE_TARGET)))
    }

    /// Records printed text as variables for later steps: lines `NAME=value`, or `NAME<<END` and
    /// the lines of a value up to `END`. `span` is the span of the command that prints.
    /// Without `appends`, the file is truncated first.
    pub(super) fn write(&mut self, printed: &[Text], span: Span, appends: bool) {
        if self.state.ended {
            return;
        }
        if !appends {
            self.state.written.clear();
            self.state.opaque = None;
        }
        // Write each text that may be printed.
        let has_lines = |text: &String| text.contains('\n');
        let several = printed.iter().position(|text| {
            matches!(&text.values, AbstractValue::OneOf(texts) if texts.len() > 1 && texts.iter().any(has_lines))
        });
        if let Some(index) = several
            && let AbstractValue::OneOf(texts) = &printed[index].values
        {
            let before = self.copy();
            let mut all: Option<State> = None;
            for text in texts {
                self.state = before.clone();
                let mut printed = printed.to_vec();
                printed[index] = Text::known(text.clone());
                self.write(&printed, span.clone(), true);
                let state = std::mem::take(&mut self.state);
                all = Some(all.map_or(state.clone(), |all| join(all, state)));
            }
            self.state = all.unwrap_or(before);
            return;
        }
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
                        .reduce(|text, line| text.followed_by(Text::known("\n".to_owned())).followed_by(line));
                    (&first[..at], value.unwrap_or_else(Text::empty))
                }
                (None, Some(at)) => {
                    let value = Text::known(first[at + 1..].to_owned());
                    (&first[..at], line[1..].iter().cloned().fold(value, Text::followed_by))
                }
                (None, None) => {
                    self.state.opaque = Some(format!("the text written to ${ENVIRONMENT_FILE} is not known"));
                    continue;
                }
            };
            let written = Written { value, is_conditional: false, span: span.clone() };
            self.state.written.insert(name.to_owned(), written);
        }
    }
}

/// Splits printed text into lines, each a list of texts.
fn lines_of(printed: &[Text]) -> Vec<Vec<Text>> {
    let mut lines = Vec::new();
    let mut line: Vec<Text> = Vec::new();
    for text in printed {
        let Some(known) = text.single() else {
            line.push(text.clone());
            continue;
        };
        for (index, part) in known.split('\n').enumerate() {
            if index > 0 {
                lines.push(std::mem::take(&mut line));
            }
            match line.last_mut().filter(|last| last.single().is_some()) {
                _ if part.is_empty() => {}
                Some(last) => *last = last.clone().followed_by(Text::known(part.to_owned())),
                None => line.push(Text::known(part.to_owned())),
            }
        }
    }
    lines.push(line);
    lines
}
