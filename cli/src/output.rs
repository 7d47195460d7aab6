//! Standard output and standard error: colour, width, notes.

use std::io::{self, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use slug_resolver::yaml::readable;

use crate::args::ColorWhen;

/// Something good.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something to look at.
pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Something to read last.
pub const FAINT: Style = Style::new().dimmed();
/// A heading.
pub const HEAD: Style = Style::new().bold();

/// The two streams.
pub struct Output {
    /// The answer.
    pub answer: AutoStream<io::Stdout>,
    diagnostics: AutoStream<io::Stderr>,
    quiet: bool,
}

impl Output {
    /// The streams of this process.
    pub fn new(color: ColorWhen, quiet: bool) -> Self {
        let choice = color.into();
        Self {
            answer: AutoStream::new(io::stdout(), choice),
            diagnostics: AutoStream::new(io::stderr(), choice),
            quiet,
        }
    }

    /// Writes an answer for people: nothing in it drives the terminal but our own styles.
    pub fn people(&mut self, text: &str) -> io::Result<()> {
        self.answer.write_all(harmless(text).as_bytes())
    }

    /// Writes an answer for machines: every byte as it is, where the stream for
    /// people would drop what looks like colour.
    pub fn machine(&mut self, text: &str) -> io::Result<()> {
        self.answer.flush()?;
        io::stdout().write_all(text.as_bytes())
    }

    /// Writes out what is still buffered.
    pub fn finish(&mut self) -> Result<(), crate::exit::Failure> {
        Ok(self.answer.flush()?)
    }

    /// Whether notes and progress are unwanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A remark on standard error.
    pub fn note(&mut self, message: &str) {
        if !self.quiet {
            self.say(WARN, "note", message);
        }
    }

    /// An error on standard error; said even when quiet.
    pub fn error(&mut self, message: &str) {
        self.say(BAD, "error", message);
    }

    /// Text on standard error as it is; said even when quiet.
    pub fn explain(&mut self, text: &str) {
        // Nothing is left to be told to if standard error is gone.
        let _ = self.diagnostics.write_all(text.as_bytes());
    }

    fn say(&mut self, style: Style, label: &str, message: &str) {
        // One message is one line, whatever it repeats.
        let message = readable(printable(message).replace('\n', "\\n"));
        self.explain(&format!("{style}{label}{style:#}: {message}\n"));
    }
}

/// Columns to fill: the terminal's, within reason, else 80.
pub fn width() -> usize {
    let columns = terminal_size::terminal_size_of(io::stdout()).map_or(80, |(width, _)| usize::from(width.0));
    columns.clamp(40, 120)
}

/// Text broken to the width, with the lines after the first indented.
pub fn wrapped(text: &str, first: &str, rest: &str) -> String {
    wrapped_to(width(), text, first, rest)
}

/// Text broken to a width of the caller's.
pub fn wrapped_to(width: usize, text: &str, first: &str, rest: &str) -> String {
    // Ids and codes have hyphens and are copied: only spaces part words.
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// A name or an id as it is where it can be read as it is, else quoted and escaped:
/// one that is empty, has white space around it, would drive a terminal, or holds
/// what cannot be seen.
pub fn shown(text: &str) -> String {
    let plain = !text.is_empty() && text.trim() == text && text.chars().all(can_be_seen);
    if plain { text.to_owned() } else { format!("{text:?}") }
}

/// A text with everything escaped that would drive a terminal or cannot be seen; its lines stay lines.
pub fn printable(text: &str) -> String {
    let escaped = |c: char| if c == '\n' || can_be_seen(c) { c.to_string() } else { c.escape_debug().to_string() };
    text.chars().map(escaped).collect()
}

/// A text with everything escaped that would drive a terminal or cannot be seen, but for our own styles.
pub fn harmless(text: &str) -> String {
    // A style may be several sequences, each behind an escape character.
    let styles = [GOOD, BAD, WARN, FAINT, HEAD].map(|style| format!("{style}{style:#}")).concat();
    let own: Vec<&str> = styles.split(ESCAPE).filter(|sequence| !sequence.is_empty()).collect();
    let mut pieces = text.split(ESCAPE);
    let mut safe = printable(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (kept, rest) = match own.iter().find(|sequence| piece.starts_with(**sequence)) {
            Some(sequence) => (format!("{ESCAPE}{sequence}"), piece[sequence.len()..].to_owned()),
            None => (String::new(), format!("{ESCAPE}{piece}")),
        };
        safe.extend([kept, printable(&rest)]);
    }
    safe
}

/// What every sequence that drives a terminal begins with.
const ESCAPE: char = '\u{1b}';

/// Whether a character is neither a control nor one that a reader cannot see.
pub fn can_be_seen(c: char) -> bool {
    matches!(c, '"' | '\'' | '\\') || c.escape_debug().len() == 1
}

/// A number and a noun that goes with it.
pub fn counted(number: impl Into<u128>, noun: &str) -> String {
    let number = number.into();
    let several = match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    };
    format!("{} {}", grouped(number), if number == 1 { noun } else { &several })
}

/// A number with its thousands set apart.
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(shown("m-1"), "m-1");
        assert_eq!(shown("höhe \"\\'"), "höhe \"\\'");
        for (text, quoted) in
            [("", "\"\""), (" m", "\" m\""), ("m\u{202e}1", "\"m\\u{202e}1\""), ("\u{1b}[1m", "\"\\u{1b}[1m\"")]
        {
            assert_eq!(shown(text), quoted);
        }
        assert_eq!(printable("a\n\u{200b}`\u{1b}`"), "a\n\\u{200b}`\\u{1b}`");
        assert_eq!(harmless(&format!("{BAD}a\u{202e}{BAD:#}\n")), format!("{BAD}a\\u{{202e}}{BAD:#}\n"));
        assert_eq!(harmless("a\u{1b}[2Jb\u{1b}"), "a\\u{1b}[2Jb\\u{1b}");
    }
}
