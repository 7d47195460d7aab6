//! Standard output and standard error: the answer, notes, errors.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use slug_resolver::yaml::readable;

use crate::render::{BAD, WARN, harmless, printable};

/// The two streams.
pub struct Output {
    /// The answer.
    answer: AutoStream<io::Stdout>,
    diagnostics: AutoStream<io::Stderr>,
    quiet: bool,
}

impl Output {
    /// The streams of this process.
    pub fn new(color: ColorChoice, quiet: bool) -> Self {
        Self { answer: AutoStream::new(io::stdout(), color), diagnostics: AutoStream::new(io::stderr(), color), quiet }
    }

    /// Writes an answer for people: nothing in it drives the terminal but our own styles.
    pub fn human(&mut self, text: &str) -> io::Result<()> {
        self.styled(&harmless(text))
    }

    /// Writes an answer for people in which nothing is left that drives the terminal but styles.
    pub fn styled(&mut self, text: &str) -> io::Result<()> {
        self.answer.write_all(text.as_bytes())
    }

    /// Writes an answer for machines: every byte as it is, where the stream for
    /// people would drop what looks like colour.
    pub fn raw(&mut self, text: &str) -> io::Result<()> {
        self.answer.flush()?;
        io::stdout().write_all(text.as_bytes())
    }

    /// Writes out what is still buffered.
    pub fn finish(&mut self) -> io::Result<()> {
        self.answer.flush()
    }

    /// Whether notes and progress are unwanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// A remark on standard error.
    pub fn note(&mut self, message: &str) {
        if !self.quiet {
            self.label(WARN, "note", message);
        }
    }

    /// Remarks on standard error, a line each.
    pub fn notes(&mut self, messages: &[String]) {
        messages.iter().for_each(|message| self.note(message));
    }

    /// An error on standard error; said even when quiet.
    pub fn error(&mut self, message: &str) {
        self.label(BAD, "error", message);
    }

    /// Text on standard error as it is; said even when quiet.
    pub fn write_stderr(&mut self, text: &str) {
        // Nothing is left to be told to if standard error is gone.
        let _ = self.diagnostics.write_all(text.as_bytes());
    }

    fn label(&mut self, style: Style, label: &str, message: &str) {
        // One message is one line, whatever it repeats.
        let message = readable(printable(message).replace('\n', "\\n"));
        self.write_stderr(&format!("{style}{label}{style:#}: {message}\n"));
    }
}
