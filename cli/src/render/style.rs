//! Our styles, and text wrapped to the width of the terminal.

use std::io;

use anstyle::{AnsiColor, Style};

use super::text::printable;

/// Style of success.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Style of errors.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Style of warnings.
pub const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// Style of less important text.
pub const FAINT: Style = Style::new().dimmed();
/// Style of headings.
pub const HEAD: Style = Style::new().bold();

/// The width of the text in columns: that of the terminal, limited to 40..=120, else 80.
pub fn width() -> usize {
    let columns = terminal_size::terminal_size_of(io::stdout()).map_or(80, |(width, _)| usize::from(width.0));
    columns.clamp(40, 120)
}

/// Wraps text to [`width`]. `first` is the indent of the first line, `rest` of all others.
pub fn wrapped(text: &str, first: &str, rest: &str) -> String {
    wrapped_to(width(), text, first, rest)
}

/// Wraps text to a given width in columns.
pub fn wrapped_to(width: usize, text: &str, first: &str, rest: &str) -> String {
    // Break at spaces only: ids and codes contain hyphens and are copied.
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(text, options)
}

/// Escapes control and invisible characters, except in our own styles.
pub fn harmless(text: &str) -> String {
    // A style may be several sequences, each starting with an escape character.
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

/// The first character of every terminal control sequence.
const ESCAPE: char = '\u{1b}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_keeps_own_styles_only() {
        assert_eq!(harmless(&format!("{BAD}a\u{202e}{BAD:#}\n")), format!("{BAD}a\\u{{202e}}{BAD:#}\n"));
        assert_eq!(harmless("a\u{1b}[2Jb\u{1b}"), "a\\u{1b}[2Jb\\u{1b}");
    }
}
