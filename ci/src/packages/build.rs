//! What a package is built from: the binary, its target and its version.

use std::fs;
use std::path::{Path, PathBuf};

use super::target::{TARGETS, Target};
use crate::checkout;
use crate::failure::{Context, Result, error};
use crate::process::Process;

/// What is built, and where the packages go.
pub struct Build {
    profile: String,
    pub target: &'static Target,
    /// Arguments of cargo and of maturin that select the target; empty for the target of this machine,
    /// so that the binary is in the directory of other builds.
    target_arguments: Vec<String>,
    pub out: PathBuf,
    /// The version of slugproof.
    pub version: String,
}

impl Build {
    /// A build of this profile. Without a target, the binary is for this machine; without a directory, the
    /// packages go to the target directory.
    pub fn new(profile: &str, triple: Option<&str>, out: Option<&Path>) -> Result<Self> {
        let target = match triple {
            Some(triple) => Target::find(triple),
            None => Target::host(),
        };
        let Some(target) = target else {
            let known: Vec<&str> = TARGETS.iter().map(|target| target.triple).collect();
            return error(format!(
                "there are packages only for the targets {}; pass one as --target",
                known.join(", ")
            ));
        };
        let target_arguments = triple.iter().flat_map(|triple| ["--target", triple]).map(str::to_owned);
        let out = match out {
            Some(out) => out.to_owned(),
            None => checkout::target_dir()?.join("packages"),
        };
        fs::create_dir_all(&out).context(|| format!("cannot create {}", out.display()))?;
        Ok(Self {
            profile: profile.to_owned(),
            target,
            target_arguments: target_arguments.collect(),
            out,
            version: version()?,
        })
    }

    /// The platforms in the tags of the wheel. Without a target, the binary needs the C library of this machine.
    pub fn wheel_tags(&self) -> Vec<String> {
        if self.target_arguments.is_empty() && cfg!(target_os = "linux") {
            return vec![format!("linux_{}", std::env::consts::ARCH)];
        }
        self.target.wheel.iter().copied().map(str::to_owned).collect()
    }

    /// Builds the binary and returns its path.
    pub fn binary(&self) -> Result<PathBuf> {
        // Without `--package`, which would change the features of shared dependencies, so that a binary of
        // `cargo run --release` is not compiled again.
        let build = ["build", "--quiet", "--locked", "--bin", "slugproof", "--profile", &self.profile];
        Process::cargo().args(build).args(&self.target_arguments).run()?;
        let mut directory = checkout::target_dir()?;
        directory.extend(self.target_arguments.get(1));
        // Cargo gives one profile another directory.
        let profile = if self.profile == "dev" { "debug" } else { &self.profile };
        Ok(directory.join(profile).join(self.target.executable()))
    }

    /// The reason why the packages cannot be installed on this machine, if there is one.
    pub fn untested(&self) -> Option<String> {
        if cfg!(windows) {
            return Some("a fresh directory needs symbolic links, which Windows restricts".to_owned());
        }
        let host = Target::host()?;
        (host.npm() != self.target.npm()).then(|| format!("a binary for {} cannot run here", self.target.triple))
    }
}

/// The version of slugproof.
pub fn version() -> Result<String> {
    let metadata = checkout::metadata()?;
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let found = packages.find(|package| package["name"] == "slugproof").and_then(|found| found["version"].as_str());
    found.map_or_else(|| error("`cargo metadata` lists no package `slugproof`"), |version| Ok(version.to_owned()))
}
