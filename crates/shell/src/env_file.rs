//! Writes to the environment file (`$GITHUB_ENV`), which sets variables for later steps, or to the file of
//! outputs (`$GITHUB_OUTPUT`), which has the same format.

use super::forge::ENV_FILE_TARGET;
use super::interpreter::Interpreter;
use super::state::{LineEnd, OpenValue, State, Written, join};
use super::syntax::Span;
use slug_value::{AbstractValue, Text};

/// The most parts in which the text of one line is written.
const LINE_PARTS: usize = 100;

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
            self.state.open_value = None;
            self.state.line_end = LineEnd::Complete;
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
        let continued = match std::mem::take(&mut self.state.line_end) {
            LineEnd::Complete => printed.to_vec(),
            LineEnd::Open(line) if self.state.open_value.is_none() && line.len() < LINE_PARTS => {
                line.into_iter().chain(printed.to_vec()).collect()
            }
            LineEnd::Open(_) | LineEnd::Unknown => {
                let reason = "a script writes to a line that another command may have begun";
                self.state.set_opaque(reason.to_owned());
                printed.to_vec()
            }
        };
        let printed = continued.as_slice();
        if let Some(line) = open_line(printed) {
            self.state.line_end = LineEnd::Open(line);
        }
        let whole = |line: Vec<Text>| line.into_iter().fold(Text::empty(), Text::followed_by);
        for line in lines_of(printed) {
            if let Some(mut open) = self.state.open_value.take() {
                let line = whole(line);
                if line == open.end {
                    let OpenValue { name, lines, .. } = open;
                    self.assign_for_later(name, joined(lines), &span);
                } else {
                    open.lines.push(line);
                    self.state.open_value = Some(open);
                }
                continue;
            }
            let known = line.first().and_then(Text::single);
            if line.is_empty() || (line.len() == 1 && known.is_some_and(|line| line.trim().is_empty())) {
                continue;
            }
            let first = known.cloned().unwrap_or_default();
            let equals = first.find('=');
            let document = first.find("<<").filter(|at| equals.is_none_or(|equals| *at < equals));
            let after = |at: usize| {
                let start = Text::known(first[at..].to_owned());
                line[1..].iter().cloned().fold(start, Text::followed_by)
            };
            match (document, equals) {
                (Some(at), _) => {
                    let (name, end) = (first[..at].to_owned(), after(at + 2));
                    self.state.open_value = Some(OpenValue { name, end, lines: Vec::new() });
                }
                (None, Some(at)) => self.assign_for_later(first[..at].to_owned(), after(at + 1), &span),
                (None, None) => {
                    self.state.set_opaque(format!("the text written to ${} is not known", self.file_variable));
                }
            }
        }
    }

    fn assign_for_later(&mut self, name: String, value: Text, span: &Span) {
        let written = Written { value, is_conditional: false, span: span.clone() };
        self.state.written.insert(name, written);
    }
}

/// Joins the lines of a value.
fn joined(lines: Vec<Text>) -> Text {
    let line_break = || Text::known("\n".to_owned());
    let lines = lines.into_iter();
    lines.reduce(|text, line| text.followed_by(line_break()).followed_by(line)).unwrap_or_else(Text::empty)
}

/// The texts after the last line break, if there are any. The output of a program, which is not known, is assumed to
/// end with a line break.
fn open_line(printed: &[Text]) -> Option<Vec<Text>> {
    let is_broken = |text: &Text| text.single().is_some_and(|text| text.contains('\n'));
    let start = printed.iter().rposition(is_broken).unwrap_or(0);
    let mut line: Vec<Text> = printed[start..].to_vec();
    if let Some(first) = line.first_mut()
        && let Some(known) = first.single()
    {
        *first = Text::known(known.rsplit('\n').next().unwrap_or_default().to_owned());
    }
    line.retain(|text| *text != Text::empty());
    line.first().is_some_and(|first| first.single().is_some()).then_some(line)
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
                // The forge takes a carriage return as a part of the line break.
                if let Some(last) = line.last_mut()
                    && let AbstractValue::OneOf(texts) = &last.values
                {
                    let without = |text: &String| text.strip_suffix('\r').unwrap_or(text).to_owned();
                    *last = Text::one_of(texts.iter().map(without), last.reasons.clone());
                }
                lines.push(std::mem::take(&mut line));
            }
            match line.last_mut().filter(|last| last.single().is_some()) {
                _ if part.is_empty() => {}
                Some(last) => *last = last.clone().followed_by(Text::known(part.to_owned())),
                None => line.push(Text::known(part.to_owned())),
            }
        }
    }
    // A line break ends the last line.
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}
