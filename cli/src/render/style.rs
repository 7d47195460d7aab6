//! Our own styles, and text broken to the width of the terminal.

use std::io;

use anstyle::{AnsiColor, Style};

use super::text::printable;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_keeps_own_styles_only() {
        assert_eq!(harmless(&format!("{BAD}a\u{202e}{BAD:#}\n")), format!("{BAD}a\\u{{202e}}{BAD:#}\n"));
        assert_eq!(harmless("a\u{1b}[2Jb\u{1b}"), "a\\u{1b}[2Jb\\u{1b}");
    }
}
