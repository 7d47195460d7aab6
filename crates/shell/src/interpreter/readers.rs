//! Whether scripts only read a file, as far as their text shows.

use super::super::commands::FILTERS;
use super::super::syntax::is_name;
use super::Interpreter;

/// Programs besides [`FILTERS`] that only read the files in their arguments.
const READERS: [&str; 9] = ["[", "[[", "cmp", "diff", "echo", "ls", "printf", "test", "wc"];

/// Words before a command.
const KEYWORDS: [&str; 10] = ["!", "do", "elif", "else", "export", "if", "then", "time", "until", "while"];

/// Whether the name of a file that follows this text in a script only reads the file, as in `cat FILE`.
fn is_read_after(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or_default();
    let command = line.rsplit([';', '&', '|', '(', '`']).next().unwrap_or_default();
    let operator = command.trim_end_matches(|c: char| c.is_alphanumeric() || "\"'./_-${}".contains(c)).trim_end();
    let is_input = operator.ends_with('<') && !operator.ends_with("<<");
    let mut words = command.split_whitespace().skip_while(|word| KEYWORDS.contains(word));
    let program = words.next().unwrap_or_default();
    let is_in_place = |word: &str| word == "inplace" || word.starts_with("--in") || is_short_option(word, 'i');
    let is_reader = match program {
        _ if command.contains('>') => false,
        // It gives the file to another program.
        "xargs" => false,
        "awk" | "sed" => !words.any(is_in_place) && !operator.ends_with('w'),
        _ => READERS.contains(&program) || FILTERS.contains(&program),
    };
    line.trim_start().starts_with('#') || is_input || is_reader
}

fn is_short_option(word: &str, letter: char) -> bool {
    word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
}

impl Interpreter<'_> {
    /// Whether the scripts name a file where they may write it.
    pub fn may_write(&self, file: &str) -> bool {
        let name = file.rsplit('/').next().unwrap_or(file);
        let is_written =
            |source: &str, at: usize| !is_read_after(&source[..at]) && !self.is_used_to_read(&source[..at]);
        name.is_empty() || self.sources().any(|source| source.match_indices(name).any(|(at, _)| is_written(source, at)))
    }

    /// Whether a text ends with an assignment to a variable that the scripts use only to read a file.
    fn is_used_to_read(&self, before: &str) -> bool {
        let word = before.rsplit([' ', '\t', '\n', ';', '&', '|', '(']).next().unwrap_or_default();
        let Some((variable, _)) = word.split_once('=').filter(|(variable, _)| is_name(variable)) else { return false };
        [format!("${variable}"), format!("${{{variable}")].iter().all(|form| {
            self.sources().all(|source| source.match_indices(form).all(|(at, _)| is_read_after(&source[..at])))
        })
    }
}
