//! `cargo ci slips`: how many of the slips that people make slugproof finds.
//!
//! `cargo test` tries a sample; this command tries every slip.

use std::path::{Path, PathBuf};

use crate::checkout;
use crate::failure::{Result, finding};
use crate::forge;
use crate::process::Process;

/// The page with the results.
const FILE: &str = "docs/slips.md";

/// Make one slip at a time in correct repositories and compare slugproof with runs of the jobs
///
/// Writes docs/slips.md. Takes about 40 minutes on two cores. Fails if less than 95 % of the slips that matter
/// are found.
#[derive(clap::Args)]
pub struct Arguments {
    /// Try one slip of N only, and write no page
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    share: Option<u32>,
    /// Write a line for each slip to this file
    #[arg(long, value_name = "FILE", value_parser = checkout::parse_path)]
    list: Option<PathBuf>,
    /// Keep the results of an earlier run of the same code
    #[arg(long)]
    resume: bool,
    /// Path of the page [default: docs/slips.md]
    #[arg(value_parser = checkout::parse_path)]
    page: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result {
    let scratch = checkout::temporary_directory()?;
    let written = scratch.path().join("page");
    let mut tests = Process::cargo()
        .args(["test", "--profile", "dist", "--locked", "--quiet", "--bin", "slugproof", "--test", "slips", "--"])
        .args(["--include-ignored", "--nocapture", "every_slip"])
        .env("SLIPS_PAGE", &written)
        .env("SLIPS_SHARE", arguments.share.unwrap_or(1).to_string());
    if let Some(list) = &arguments.list {
        tests = tests.env("SLIPS_LIST", list);
    }
    let results = checkout::target_dir()?.join("slips.jsonl");
    if !arguments.resume {
        checkout::remove(&results)?;
    }
    let status = tests.env("SLIPS_RESULTS", &results).status()?;
    let page = std::fs::read_to_string(&written).unwrap_or_default();
    if !page.is_empty() && (arguments.share.is_none() || arguments.page.is_some()) {
        let file = arguments.page.as_deref().unwrap_or(Path::new(FILE));
        forge::publish_page(file, &page)?;
    }
    if page.is_empty() || !status.success() {
        return finding(
            "too many slips are not found, or the tests did not run: see above; find out which rule is missing",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::FILE;

    #[test]
    fn page_has_the_introduction() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
        let introduction = read("cli/tests/slips/introduction.md");
        assert!(read(FILE).starts_with(&introduction), "run `cargo ci slips`");
    }
}
