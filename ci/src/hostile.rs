//! `cargo ci hostile`: tests every reader with hostile input and every output with a hostile sink.
//!
//! Each combination is a case. It runs in a child process with limits on memory and time.
//! `cargo test` runs the quick cases; this command runs all of them.

use std::path::{Path, PathBuf};

use crate::checkout;
use crate::failure::{Result, finding};
use crate::forge;
use crate::process::Process;

/// Test every reader with hostile input and every output with a hostile sink
///
/// Writes the results to docs/hostile.md. Takes minutes, and runs on Linux only. HOSTILE_UPDATE=1 in
/// the environment updates the table of expected results; review its diff.
#[derive(clap::Args)]
pub struct Arguments {
    /// Search for the worst input of each reader for N seconds instead, in a release build, and write
    /// docs/worst-inputs.md
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    search: Option<u32>,
    /// Search for the input of one reader only, and write no page
    #[arg(long, value_name = "NAME", requires = "search")]
    reader: Option<String>,
    /// Path of the page
    #[arg(value_parser = checkout::parse_path)]
    page: Option<PathBuf>,
}

/// The arguments of cargo for the tests.
const TESTS: [&str; 6] = ["test", "--locked", "--quiet", "--bin", "slugproof", "--test"];

pub fn run(arguments: &Arguments) -> Result {
    let scratch = checkout::temporary_directory()?;
    let written = scratch.path().join("page");
    if let Some(seconds) = arguments.search {
        return search(seconds, arguments, &written);
    }
    let status = Process::cargo()
        .args(TESTS)
        .args(["hostile", "--", "--include-ignored", "every_case"])
        .env("HOSTILE_PAGE", &written)
        .status()?;
    // The page is written even if results differ from the table, so that it shows the differences.
    let page = std::fs::read_to_string(&written).unwrap_or_default();
    if !page.is_empty() {
        let file = arguments.page.as_deref().unwrap_or(Path::new("docs/hostile.md"));
        checkout::write(file, &page)?;
        forge::append_summary(&page)?;
        println!("wrote {}", file.display());
    }
    if page.is_empty() || !status.success() {
        return finding(
            "a case differs from the table of expected results, or the tests did not run: see above; fix \
             slugproof, or run `HOSTILE_UPDATE=1 cargo ci hostile` and review the diff of the table",
        );
    }
    if let Some(summary) = summary(&page) {
        println!("{summary}");
    }
    Ok(())
}

/// Searches for worst inputs and writes their page.
fn search(seconds: u32, arguments: &Arguments, written: &Path) -> Result {
    let mut tests = Process::cargo()
        .args(TESTS)
        .args(["hostile", "--release", "--", "--ignored", "worst_inputs"])
        .env("HOSTILE_PAGE", written)
        .env("HOSTILE_SEARCH", seconds.to_string());
    if let Some(reader) = &arguments.reader {
        tests = tests.env("HOSTILE_READER", reader);
    }
    let status = tests.status()?;
    let text = std::fs::read_to_string(written).unwrap_or_default();
    if arguments.reader.is_some() {
        print!("{text}");
    } else if !text.is_empty() {
        let file = arguments.page.as_deref().unwrap_or(Path::new("docs/worst-inputs.md"));
        checkout::write(file, &text)?;
        forge::append_summary(&text)?;
        println!("wrote {}", file.display());
    }
    if text.is_empty() || !status.success() {
        return finding(
            "an input exceeds the limits, or the tests did not run: see above; bound the work of its reader",
        );
    }
    Ok(())
}

/// The summary of the page: the paragraph that starts with `N lines, `, where each line is a case.
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
    fn summary_is_the_paragraph_that_counts_the_lines() {
        assert_eq!(
            summary("# Title\n\nA few lines, no more.\n\n12 lines, 3 of\nthem slow.\n\nend"),
            Some("12 lines, 3 of\nthem slow.")
        );
        assert_eq!(summary("# Title\n"), None);
    }
}
