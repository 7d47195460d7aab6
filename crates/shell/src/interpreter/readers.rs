//! Whether scripts only read a file, as far as their text shows.

use super::super::commands::{FILTERS, is_known_filter};
use super::super::syntax::is_name;
use super::Interpreter;

/// Programs besides [`FILTERS`] that only read the files in their arguments.
const READERS: [&str; 9] = ["[", "[[", "cmp", "diff", "echo", "ls", "printf", "test", "wc"];

/// Words before a command.
const KEYWORDS: [&str; 10] = ["!", "do", "elif", "else", "export", "if", "then", "time", "until", "while"];

/// Whether the name of a file at a position of a script only reads the file, as in `cat FILE`.
fn is_read_at(source: &str, at: usize) -> bool {
    let (before, after) = source.split_at(at);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let command = line.rsplit([';', '&', '|', '(', '`']).next().unwrap_or_default();
    let operator = command.trim_end_matches(|c: char| c.is_alphanumeric() || "\"'./_-${}".contains(c)).trim_end();
    let is_input = operator.ends_with('<') && !operator.ends_with("<<");
    let program = command.split_whitespace().find(|word| !KEYWORDS.contains(word)).unwrap_or_default();
    let is_reader = match program {
        _ if command.contains('>') => false,
        // It gives the file to another program.
        "xargs" => false,
        "awk" | "sed" => {
            let rest = after.split(['\n', ';', '&', '|', ')', '`', '<', '>']).next().unwrap_or_default();
            let text = format!("{command}{rest}");
            let arguments = text.split_once(program).and_then(|(_, arguments)| words_of(arguments));
            arguments.is_some_and(|it| is_known_filter(program, &it.iter().map(String::as_str).collect::<Vec<_>>()))
        }
        _ => READERS.contains(&program) || FILTERS.contains(&program),
    };
    line.trim_start().starts_with('#') || is_input || is_reader
}

/// Splits a part of a command into words; `None` if it has escapes, open quotes, or expansions outside of quotes.
fn words_of(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\' | '$') | (Some('"'), '\\') => return None,
            (None, _) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

impl Interpreter<'_> {
    /// Whether the scripts name a file where they may write it.
    pub fn may_write(&self, file: &str) -> bool {
        let name = file.rsplit('/').next().unwrap_or(file);
        let is_written = |source: &str, at: usize| !is_read_at(source, at) && !self.is_used_to_read(&source[..at]);
        name.is_empty() || self.sources().any(|source| source.match_indices(name).any(|(at, _)| is_written(source, at)))
    }

    /// Whether a text ends with an assignment to a variable that the scripts use only to read a file.
    fn is_used_to_read(&self, before: &str) -> bool {
        let word = before.rsplit([' ', '\t', '\n', ';', '&', '|', '(']).next().unwrap_or_default();
        let Some((variable, _)) = word.split_once('=').filter(|(variable, _)| is_name(variable)) else { return false };
        [format!("${variable}"), format!("${{{variable}")]
            .iter()
            .all(|form| self.sources().all(|source| source.match_indices(form).all(|(at, _)| is_read_at(source, at))))
    }
}
