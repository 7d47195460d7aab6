//! The text styles of slugproof, and line wrapping to the width of the terminal.

use std::io;

use anstyle::{AnsiColor, Style};
use slug_redact::without_credentials;

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

/// The width of the text in columns: the width of the terminal, but at least 40 and at most 120. If
/// standard output is not a terminal, the width is 80.
pub fn width() -> usize {
    width_of(terminal_size::terminal_size_of(io::stdout()))
}

/// The width of messages in columns, as [`width`], but of standard error.
pub fn width_of_messages() -> usize {
    width_of(terminal_size::terminal_size_of(io::stderr()))
}

fn width_of(size: Option<(terminal_size::Width, terminal_size::Height)>) -> usize {
    size.map_or(80, |(width, _)| usize::from(width.0)).clamp(40, 120)
}

/// Wraps text to [`width`]. The first line starts with `initial_indent`, every other line with
/// `subsequent_indent`.
pub fn wrapped(text: &str, initial_indent: &str, subsequent_indent: &str) -> String {
    wrapped_to(width(), text, initial_indent, subsequent_indent)
}

/// Wraps text to a given width in columns. A credential is masked before it can be split.
pub fn wrapped_to(width: usize, text: &str, initial_indent: &str, subsequent_indent: &str) -> String {
    // Break lines at spaces only. Ids and codes contain hyphens, and users copy them from the output.
    let options = textwrap::Options::new(width)
        .initial_indent(initial_indent)
        .subsequent_indent(subsequent_indent)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::fill(&without_credentials(text), options)
}

/// Escapes control and invisible characters, except in the escape sequences of the styles above.
pub fn escape_keeping_styles(text: &str) -> String {
    between_styles(text, printable)
}

/// Masks everything that looks like a credential between the styles above.
pub fn mask_keeping_styles(text: &str) -> String {
    between_styles(text, |text| without_credentials(text).into_owned())
}

/// Changes the text between the escape sequences of the styles above.
fn between_styles(text: &str, change: impl Fn(&str) -> String) -> String {
    // A style may be several sequences, each starting with an escape character.
    let styles = [GOOD, BAD, WARN, FAINT, HEAD].map(|style| format!("{style}{style:#}")).concat();
    let style_sequences: Vec<&str> = styles.split(ESCAPE).filter(|sequence| !sequence.is_empty()).collect();
    let mut pieces = text.split(ESCAPE);
    let mut changed = change(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (kept, rest) = match style_sequences.iter().find(|sequence| piece.starts_with(**sequence)) {
            Some(sequence) => (format!("{ESCAPE}{sequence}"), piece[sequence.len()..].to_owned()),
            None => (String::new(), format!("{ESCAPE}{piece}")),
        };
        changed.extend([kept, change(&rest)]);
    }
    changed
}

/// The first character of every terminal control sequence.
const ESCAPE: char = '\u{1b}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_styles_stay_unescaped() {
        assert_eq!(escape_keeping_styles(&format!("{BAD}a\u{202e}{BAD:#}\n")), format!("{BAD}a\\u{{202e}}{BAD:#}\n"));
        assert_eq!(escape_keeping_styles("a\u{1b}[2Jb\u{1b}"), "a\\u{1b}[2Jb\\u{1b}");
    }

    #[test]
    fn credential_after_a_style_is_masked() {
        let text = |model: &str| format!("{BAD}{model}{BAD:#} {FAINT}✗ {model}{FAINT:#}\n");
        assert_eq!(mask_keeping_styles(&text("sk-not-a-real-key")), text("<masked>"));
        assert_eq!(wrapped_to(20, "fails: Bearer not-a-real-token", "", ""), "fails: <masked>");
    }
}
