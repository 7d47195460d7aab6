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

pub fn run(arguments: &Arguments) -> Result {
    let scratch = checkout::temporary_directory()?;
    let written = scratch.path().join("page");
    let (options, file, advice) = match arguments.search {
        Some(_) => (SEARCH, "docs/worst-inputs.md", "an input exceeds the limits; bound the work of its reader"),
        None => (
            EVERY_CASE,
            "docs/hostile.md",
            "a case differs from the table of expected results; fix slugproof, or \
            run `HOSTILE_UPDATE=1 cargo ci hostile` and review the diff of the table",
        ),
    };
    let mut tests = Process::cargo()
        .args(["test", "--locked", "--quiet", "--bin", "slugproof", "--test", "hostile"])
        .args(options)
        .env("HOSTILE_PAGE", &written);
    let search = arguments.search.map(|seconds| ("HOSTILE_SEARCH", seconds.to_string()));
    for (name, value) in search.into_iter().chain(arguments.reader.clone().map(|reader| ("HOSTILE_READER", reader))) {
        tests = tests.env(name, value);
    }
    let status = tests.status()?;
    // The page is written even if the tests fail, so that it shows the differences.
    let page = std::fs::read_to_string(&written).unwrap_or_default();
    if arguments.reader.is_some() {
        print!("{page}");
    } else if !page.is_empty() {
        forge::publish_page(arguments.page.as_deref().unwrap_or(Path::new(file)), &page)?;
    }
    if page.is_empty() || !status.success() {
        return finding(format!("the tests failed, or did not run: see above; {advice}"));
    }
    if let Some(summary) = summary(&page) {
        println!("{summary}");
    }
    Ok(())
}

/// The options of the test that runs every case.
const EVERY_CASE: &[&str] = &["--", "--include-ignored", "every_case"];

/// The options of the test that searches, in a release build.
const SEARCH: &[&str] = &["--release", "--", "--ignored", "worst_inputs"];

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
