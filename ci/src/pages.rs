//! `cargo ci pages`: tests the page that `corpus review` writes, in a headless browser.
//!
//! Tests two pages: the review of the project's corpus, and the review of a hostile case, in which
//! every text contains HTML. The assertions are in ci/page/page.mjs.

use std::fs;
use std::path::Path;

use crate::checkout;
use crate::failure::{Context, Result, error};
use crate::process::Process;
use crate::tools;

/// A case whose texts contain HTML. It violates the law that it names, so the page shows a finding.
const HOSTILE_CASE: &str = include_str!("../page/verbatim-slug--hostile.yaml");

pub fn run() -> Result {
    tools::ensure_program("node", &["nodejs"])?;
    tools::ensure_program("npm", &["npm"])?;
    if std::env::var_os("CHROMIUM").is_none() {
        tools::ensure_program("chromium", &["chromium"])?;
    }
    let work_dir = checkout::target_dir()?.join("page");
    for name in ["page.mjs", "package.json"] {
        checkout::write(work_dir.join(name), &checkout::read(Path::new("ci/page").join(name))?)?;
    }
    if !work_dir.join("node_modules/playwright-core").exists() {
        let install = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
        Process::new("npm").dir(&work_dir).args(install).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").run()?;
    }
    let hostile = work_dir.join("hostile");
    checkout::write(hostile.join("proptest-regressions/witnesses/verbatim-slug--hostile.yaml"), HOSTILE_CASE)?;

    review(&[], 0, &work_dir.join("corpus.html"))?;
    review(&["--dir".as_ref(), hostile.as_ref()], 1, &work_dir.join("hostile.html"))?;
    for page in ["corpus", "hostile"] {
        let screenshots = work_dir.join(format!("{page}-screenshots"));
        fs::create_dir_all(&screenshots).context(|| format!("cannot create {}", screenshots.display()))?;
        let page = work_dir.join(format!("{page}.html"));
        Process::new("node").arg(work_dir.join("page.mjs")).args([page, screenshots]).run()?;
    }
    Ok(())
}

/// Runs `corpus review`, which must exit with `code`, and writes its output to `page`.
fn review(arguments: &[&std::ffi::OsStr], code: i32, page: &Path) -> Result {
    let command = ["run", "--quiet", "--release", "--locked", "--", "corpus", "review", "--format", "html"];
    let mut review = Process::cargo().args(command).args(arguments);
    let output = review.output()?;
    if output.status.code() != Some(code) {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return error(format!("{stderr}\n`{review}` must exit with code {code}, but ended with {}", output.status));
    }
    fs::write(page, output.stdout).context(|| format!("cannot write {}", page.display()))
}
