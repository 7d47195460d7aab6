//! Writes the job summary and the step outputs of a CI job on GitHub or a compatible forge. On other
//! machines, these functions do nothing.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::checkout;
use crate::failure::{Context, Result};

/// Maximum size of a step output in bytes. Later steps get the output in an environment variable, whose
/// size is limited.
const OUTPUT_BYTES: usize = 50_000;

/// Writes a page of the documentation, and appends it to the job summary.
pub fn publish_page(file: &Path, page: &str) -> Result {
    checkout::write(file, page)?;
    append_summary(page)?;
    println!("wrote {}", file.display());
    Ok(())
}

/// Appends a Markdown page to the job summary.
pub fn append_summary(page: &str) -> Result {
    append("GITHUB_STEP_SUMMARY", page)
}

/// Sets an output of the current step to `text`, truncated to [`OUTPUT_BYTES`].
pub fn set_output(name: &str, text: &str) -> Result {
    append("GITHUB_OUTPUT", &assignment(name, text))
}

/// The lines for the file GITHUB_OUTPUT that set an output.
fn assignment(name: &str, text: &str) -> String {
    let longest = text.len().min(OUTPUT_BYTES);
    let length = (0..=longest).rev().find(|&length| text.is_char_boundary(length)).unwrap_or(0);
    let text = &text[..length];
    // No line of the text may equal the delimiter. The delimiter is a SHA-256 digest of the text, because a
    // text cannot be made to contain its own digest.
    let delimiter: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{name}<<{delimiter}\n{text}\n{delimiter}\n")
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
    fn delimiter_is_absent_from_the_text() {
        let text = "a\nname<<x\nb";
        let found = assignment("summary", text);
        let delimiter = found.strip_prefix("summary<<").unwrap().lines().next().unwrap();
        assert_eq!(found, format!("summary<<{delimiter}\n{text}\n{delimiter}\n"));
        assert!(!text.contains(delimiter));
        let long = "é".repeat(OUTPUT_BYTES);
        assert!(assignment("summary", &long).len() < OUTPUT_BYTES + 200);
    }
}
