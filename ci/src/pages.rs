//! `cargo ci pages`: tests the page that `corpus review` writes, in a headless browser.
//!
//! It tests the page of the project's corpus, and that of a case whose texts are markup. The
//! assertions are in ci/page/page.mjs.

use std::fs;
use std::path::Path;

use crate::checkout;
use crate::failure::{Context, Result, error};
use crate::process::Process;
use crate::tools;

/// A case whose texts are markup. It breaks its law, so that one page has a finding to show.
const HOSTILE: &str = include_str!("../page/verbatim-slug--hostile.yaml");

pub fn run() -> Result {
    tools::apt("node", &["nodejs"])?;
    tools::apt("npm", &["npm"])?;
    if std::env::var_os("CHROMIUM").is_none() {
        tools::apt("chromium", &["chromium"])?;
    }
    let work = checkout::target_dir()?.join("page");
    for name in ["page.mjs", "package.json"] {
        checkout::write(work.join(name), &checkout::read(Path::new("ci/page").join(name))?)?;
    }
    if !work.join("node_modules/playwright-core").exists() {
        let install = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
        Process::new("npm").dir(&work).args(install).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").run()?;
    }
    let hostile = work.join("hostile");
    checkout::write(hostile.join("proptest-regressions/witnesses/verbatim-slug--hostile.yaml"), HOSTILE)?;

    review(&[], 0, &work.join("corpus.html"))?;
    review(&["--dir".as_ref(), hostile.as_ref()], 1, &work.join("hostile.html"))?;
    for page in ["corpus", "hostile"] {
        let pictures = work.join(format!("{page}-pictures"));
        fs::create_dir_all(&pictures).context(|| format!("cannot create {}", pictures.display()))?;
        let page = work.join(format!("{page}.html"));
        Process::new("node").arg(work.join("page.mjs")).args([page, pictures]).run()?;
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
        return error(format!("{stderr}`{review}` should exit with {code}: {}", output.status));
    }
    fs::write(page, output.stdout).context(|| format!("cannot write {}", page.display()))
}
