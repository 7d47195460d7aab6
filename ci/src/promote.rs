//! `cargo ci promote`: turns a fuzzer's finding into a reviewable case.
//!
//! The command minimises the input, reduces the case to the parts that the bug needs, and adds
//! both to the corpus, ready for a pull request. Run it before the bug is fixed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::checkout;
use crate::failure::{Context, Result, error, finding};
use crate::process::{self, Process};
use crate::tools;

/// Minimise a fuzzer's finding and add it to the regression corpus
#[derive(clap::Args)]
pub struct Arguments {
    /// Input file: fuzz/artifacts/TARGET/ARTIFACT
    #[arg(value_parser = checkout::parse_path)]
    artifact: PathBuf,
    /// Short description of the case, for its file name
    name: Option<String>,
    /// Origin of the finding [default: the target and the artifact]
    found: Option<String>,
}

pub fn run(arguments: &Arguments) -> Result {
    let artifact = &arguments.artifact;
    let bytes = fs::read(artifact).context(|| format!("cannot read the artifact {}", artifact.display()))?;
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let target = name(artifact.parent().unwrap_or(Path::new("")));
    tools::ensure_cargo_fuzz()?;

    let scratch = checkout::temporary_directory()?;
    let smallest = minimise(&target, &bytes, scratch.path())?;
    let found = arguments.found.clone().unwrap_or_else(|| format!("fuzz target {target}, {}", name(artifact)));
    let mut promote = Process::cargo().args(["run", "--quiet", "--release", "--", "corpus", "promote"]);
    promote = promote.arg(smallest).args(["--target", &target, "--found", &found]);
    if let Some(name) = &arguments.name {
        promote = promote.args(["--name", name]);
    }
    promote.run()
}

/// The smallest input found that still fails. Promotion reduces cases further, but not other
/// inputs.
fn minimise(target: &str, bytes: &[u8], scratch: &Path) -> Result<PathBuf> {
    let input = scratch.join("input");
    fs::write(&input, bytes).context(|| format!("cannot write {}", input.display()))?;
    let artifacts = scratch.join("smaller-");
    let mut minimise = Process::cargo()
        .args(["fuzz", "tmin", "-s", "none", "--runs", "20000", target])
        .arg(&input)
        .arg("--")
        .arg(format!("-artifact_prefix={}", artifacts.display()));
    let output = minimise.output()?;
    if !output.status.success() {
        return finding(format!(
            "{}`{minimise}` failed; promote an artifact before the bug that it shows is fixed",
            process::tail(&output.stderr)
        ));
    }
    let inputs = checkout::entries(scratch)?;
    let sizes = inputs.into_iter().filter_map(|input| Some((input.metadata().ok()?.len(), input)));
    match sizes.min() {
        Some((_, smallest)) => Ok(smallest),
        None => error(format!("{} has no input", scratch.display())),
    }
}
