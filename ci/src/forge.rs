//! Passes output to the forge that runs the job. Outside a forge these functions do nothing.

use std::fs::File;
use std::io::Write;

use sha2::{Digest, Sha256};

use crate::failure::{Context, Result};

/// Maximum size of an output in bytes. Forges limit the size of outputs and variables.
const OUTPUT_BYTES: usize = 50_000;

/// Adds a page in Markdown to the summary of the job.
pub fn append_to_summary(page: &str) -> Result {
    append("GITHUB_STEP_SUMMARY", page)
}

/// Sets an output of the step, truncated to [`OUTPUT_BYTES`].
pub fn output(name: &str, text: &str) -> Result {
    append("GITHUB_OUTPUT", &assignment(name, text))
}

/// The lines that set an output in the file GITHUB_OUTPUT.
fn assignment(name: &str, text: &str) -> String {
    let end = (0..=text.len().min(OUTPUT_BYTES)).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    let text = &text[..end];
    // The text must not contain the end marker as a line, so the marker is a digest of the text.
    let marker: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name}<<{marker}\n{text}\n{marker}\n")
}

/// Appends the text to the file that an environment variable names; does nothing if the variable
/// is unset or empty.
fn append(variable: &str, text: &str) -> Result {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else { return Ok(()) };
    let written =
        File::options().append(true).create(true).open(&path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.context(|| format!("cannot write the file that {variable} names"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_marker_is_absent_from_the_text() {
        let text = "a\nname<<x\nb";
        let found = assignment("summary", text);
        let end = found.strip_prefix("summary<<").unwrap().lines().next().unwrap();
        assert_eq!(found, format!("summary<<{end}\n{text}\n{end}\n"));
        assert!(!text.contains(end));
        let long = "é".repeat(OUTPUT_BYTES);
        assert!(assignment("summary", &long).len() < OUTPUT_BYTES + 200);
    }
}
