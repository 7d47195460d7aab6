//! Standard output for results; standard error for notes and errors.

use std::io::{self, IsTerminal as _, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use slug_redact::{json_without_credentials, without_credentials};
use slug_resolver::yaml::readable;

use crate::render::{BAD, WARN, escape_keeping_styles, mask_keeping_styles, printable, width_of_messages, wrapped_to};

/// The two output streams of the command.
pub struct Output {
    /// Standard output.
    answer: AutoStream<io::Stdout>,
    diagnostics: AutoStream<io::Stderr>,
    quiet: bool,
    /// True while what is printed for people is dropped.
    muted: bool,
    /// What the last command found, for the last line of the bare command.
    conclusion: Option<String>,
    /// The results of commands in JSON, if the bare command collects them.
    collected: Option<Vec<String>>,
}

impl Output {
    /// The streams of this process.
    pub fn new(color: ColorChoice, quiet: bool) -> Self {
        let (answer, diagnostics) = (AutoStream::new(io::stdout(), color), AutoStream::new(io::stderr(), color));
        Self { answer, diagnostics, quiet, muted: false, conclusion: None, collected: None }
    }

    /// Writes text for people. Control characters are escaped, except in the styles of slugproof.
    pub fn human(&mut self, text: &str) -> io::Result<()> {
        self.styled(&escape_keeping_styles(text))
    }

    /// Writes text for people that is already escaped and may contain styles. Credentials are masked.
    pub fn styled(&mut self, text: &str) -> io::Result<()> {
        if self.muted {
            return Ok(());
        }
        self.answer.write_all(mask_keeping_styles(text).as_bytes())
    }

    /// Writes a JSON text. Credentials are masked.
    pub fn json(&mut self, text: &str) -> io::Result<()> {
        self.raw(&json_without_credentials(text))
    }

    /// Writes output for machines, byte for byte. The stream for people would remove colour
    /// sequences.
    pub fn raw(&mut self, text: &str) -> io::Result<()> {
        self.answer.flush()?;
        io::stdout().write_all(text.as_bytes())
    }

    /// Flushes standard output.
    pub fn finish(&mut self) -> io::Result<()> {
        self.answer.flush()
    }

    /// Notes what a command found. The bare command repeats it in its last line.
    pub fn conclude(&mut self, conclusion: Option<String>) {
        self.conclusion = conclusion;
    }

    /// Returns what the last command found, and forgets it.
    pub fn take_conclusion(&mut self) -> Option<String> {
        self.conclusion.take()
    }

    /// Collects the results of the next commands in JSON.
    pub fn collect(&mut self) {
        self.collected = Some(Vec::new());
    }

    /// Adds a result, if results are collected.
    pub fn add_result(&mut self, json: impl FnOnce() -> String) {
        if let Some(collected) = &mut self.collected {
            collected.push(json());
        }
    }

    /// Returns the last collected result, and forgets it.
    pub fn take_result(&mut self) -> Option<String> {
        self.collected.as_mut()?.pop()
    }

    /// Drops what is printed for people on standard output, or stops doing so.
    pub fn mute(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Returns true if `--quiet` turns off notes and progress.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Writes a note to standard error, unless quiet.
    pub fn note(&mut self, message: &str) {
        if !self.quiet {
            self.label(WARN, "note", message);
        }
    }

    /// Writes notes to standard error, one line each, unless quiet.
    pub fn notes(&mut self, messages: &[String]) {
        messages.iter().for_each(|message| self.note(message));
    }

    /// Writes an error to standard error, even when quiet.
    pub fn error(&mut self, message: &str) {
        self.label(BAD, "error", message);
    }

    /// Writes text that may contain styles to standard error, even when quiet. Credentials are masked.
    pub fn write_stderr(&mut self, text: &str) {
        // If standard error is closed, the message cannot be reported.
        let _ = self.diagnostics.write_all(mask_keeping_styles(text).as_bytes());
    }

    fn label(&mut self, style: Style, label: &str, message: &str) {
        // A message is one line, even if it repeats input with line breaks, and repeats no credential.
        let message = readable(printable(&without_credentials(message)).replace('\n', "\\n"));
        // A log has one line for each message, and a terminal lines that fit.
        let message = match io::stderr().is_terminal() {
            true => {
                let text = format!("{label}: {message}");
                wrapped_to(width_of_messages(), &text, "", "  ").split_off(label.len())
            }
            false => format!(": {message}"),
        };
        self.write_stderr(&format!("{style}{label}{style:#}{message}\n"));
    }
}
