//! `cargo ci hostile`: hostile input for every reader and hostile places for every output.
//!
//! Each runs in a child process with a limit on memory and on time. The rows that take long
//! run here alone; `cargo test` runs the others as well.

use std::path::{Path, PathBuf};

use crate::checkout;
use crate::failure::{Result, finding};
use crate::forge;
use crate::process::Process;

/// Try hostile input on every reader and output, and write the page; takes minutes, on Linux
///
/// HOSTILE_UPDATE=1 in the environment updates the table of what is expected; review its diff.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where the page is written [default: docs/hostile.md]
    #[arg(value_parser = checkout::argument)]
    page: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result {
    let scratch = checkout::scratch()?;
    let written = scratch.path().join("page");
    let status = Process::cargo()
        .args(["test", "--locked", "--quiet", "--package", "slugproof", "--test", "hostile", "--"])
        .args(["--include-ignored", "every_cell"])
        .env("HOSTILE_PAGE", &written)
        .status()?;
    // The page is written where rows differ as well; it says what happened.
    let page = std::fs::read_to_string(&written).unwrap_or_default();
    if !page.is_empty() {
        let file = arguments.page.as_deref().unwrap_or(Path::new("docs/hostile.md"));
        checkout::write(file, &page)?;
        forge::show(&page)?;
        println!("written: {}", file.display());
    }
    if page.is_empty() || !status.success() {
        return finding(
            "a row is not as expected, or none was run: see above; fix the command, or review the table that `HOSTILE_UPDATE=1 cargo ci hostile` writes",
        );
    }
    if let Some(summary) = summary(&page) {
        println!("{summary}");
    }
    Ok(())
}

/// The paragraph that counts the rows: it starts with `N lines, `.
fn summary(page: &str) -> Option<&str> {
    let is_summary = |paragraph: &&str| {
        let count = paragraph.split_once(" lines, ").map(|(count, _)| count);
        count.is_some_and(|count| !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit()))
    };
    page.split("\n\n").map(str::trim).find(is_summary)
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn summary_is_the_paragraph_that_counts_the_rows() {
        assert_eq!(
            summary("# Title\n\nA few lines, no more.\n\n12 lines, 3 of\nthem slow.\n\nend"),
            Some("12 lines, 3 of\nthem slow.")
        );
        assert_eq!(summary("# Title\n"), None);
    }
}
