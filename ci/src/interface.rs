//! `cargo ci interface`: checks what the crates promise to their users.

use std::path::Path;

use clap::ValueEnum;

use crate::checkout;
use crate::failure::{Result, error, finding};
use crate::process::Process;
use crate::tools;

/// The crates that users depend on or install.
const CRATES: [&str; 2] = ["slug-resolver", "slugproof"];

/// These crates as arguments of cargo.
const PACKAGES: [&str; 4] = ["--package", CRATES[0], "--package", CRATES[1]];

/// The file with the public interface of the resolver.
const SNAPSHOT: &str = "docs/public-api.txt";

/// cargo-public-api reads the output of one release of rustdoc, so these versions belong
/// together: a new version of one needs a new version of the other.
const API_RUST: &str = "1.95.0";
const API_TOOL: &str = "0.52.0";

/// Modules of the resolver that are for tests only.
const TEST_MODULES: [&str; 2] = ["slug_resolver::laws", "slug_resolver::reference"];

/// Functions of standard traits, whose signatures carry no information.
const STANDARD: [&str; 8] = ["clone", "cmp", "default", "eq", "fmt", "hash", "partial_cmp", "serialize"];

/// Check the promises of the crates: interface, examples, versions, licences
#[derive(clap::Args)]
pub struct Arguments {
    /// The checks to run [default: all]
    #[arg(value_enum)]
    steps: Vec<Step>,
    /// Write docs/public-api.txt instead
    #[arg(long, conflicts_with = "steps")]
    renew: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// The public interface of the resolver equals docs/public-api.txt
    Api,
    /// The examples of the resolver run, including documentation examples
    Examples,
    /// The crates compile with the Rust version that Cargo.toml declares; skipped if that
    /// version is not installed, except in CI
    Msrv,
    /// The crates compile with the oldest dependencies that Cargo.toml allows
    Minimal,
    /// The dependencies have the licences and sources that deny.toml allows
    Licences,
}

pub fn run(arguments: &Arguments) -> Result {
    if arguments.renew {
        return checkout::write(SNAPSHOT, &public_api()?);
    }
    let steps = if arguments.steps.is_empty() { Step::value_variants() } else { &arguments.steps };
    let mut failed = Vec::new();
    for step in steps {
        let name = step.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        println!("\n== {name}");
        let result = match step {
            Step::Api => api(),
            Step::Examples => examples(),
            Step::Msrv => msrv(),
            Step::Minimal => minimal(),
            Step::Licences => licences(),
        };
        if let Err(failure) = result {
            failure.report();
            failed.push(name);
        }
    }
    if failed.is_empty() { Ok(()) } else { finding(format!("failed: {}; see the reasons above", failed.join(", "))) }
}

fn api() -> Result {
    let scratch = checkout::temporary_directory()?;
    let current = scratch.path().join("current");
    checkout::write(&current, &public_api()?)?;
    let mut diff = Process::new("git").args(["diff", "--no-index", "--exit-code", SNAPSHOT]).arg(&current);
    if diff.status()?.success() {
        return Ok(());
    }
    finding(format!(
        "the public interface has changed; if that is intended, run cargo ci interface --renew and commit {SNAPSHOT}"
    ))
}

/// The public interface of the resolver, one item per line.
fn public_api() -> Result<String> {
    let Some(toolchain) = Toolchain::find(API_RUST)? else {
        return error(format!("the comparison needs rustdoc of Rust {API_RUST}; install that version"));
    };
    let mut version = Process::cargo().args(["public-api", "--version"]);
    let output = version.output()?;
    if !String::from_utf8_lossy(&output.stdout).trim().ends_with(API_TOOL) {
        Process::cargo().args(["install", "--quiet", "--locked", "cargo-public-api", "--version", API_TOOL]).run()?;
    }
    let rustdoc = ["rustdoc", "--quiet", "--locked", "--package", "slug-resolver", "--lib", "--"];
    toolchain
        .cargo()
        .args(rustdoc)
        .args(["-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"])
        // The JSON output of rustdoc is not stable, so the version is fixed.
        .env("RUSTC_BOOTSTRAP", "1")
        .run()?;
    let all = Process::cargo()
        .args(["public-api", "--omit", "blanket-impls,auto-trait-impls", "--rustdoc-json"])
        .arg(checkout::target_dir()?.join("doc/slug_resolver.json"))
        .read_stdout()?;
    Ok(all.lines().filter(|line| is_promised(line)).flat_map(|line| [line, "\n"]).collect())
}

fn is_promised(item: &str) -> bool {
    let is_in = |module: &&str| {
        item.match_indices(module).any(|(at, _)| {
            let rest = &item[at + module.len()..];
            rest.is_empty() || rest.starts_with("::")
        })
    };
    let head = item.split('(').next().unwrap_or_default();
    let is_standard = |name: &&str| {
        head.match_indices(&format!("::{name}")).any(|(at, found)| {
            let generics = &head[at + found.len()..];
            generics.is_empty() || generics.starts_with('<') && generics.ends_with('>')
        })
    };
    let is_excluded = TEST_MODULES.iter().any(is_in)
        || item.contains("core::marker::StructuralPartialEq")
        || item.starts_with("pub fn ") && STANDARD.iter().any(is_standard);
    !is_excluded
}

fn examples() -> Result {
    for example in checkout::entries(Path::new("resolver/examples"))? {
        let name = example.file_stem().unwrap_or_default();
        let run = ["run", "--quiet", "--locked", "--package", "slug-resolver", "--example"];
        Process::cargo().args(run).arg(name).run()?;
    }
    Process::cargo().args(["test", "--quiet", "--locked", "--package", "slug-resolver", "--doc"]).run()
}

fn msrv() -> Result {
    let metadata = checkout::metadata()?;
    let mut packages_of = metadata["packages"].as_array().into_iter().flatten();
    let declared =
        packages_of.find(|package| package["name"] == CRATES[0]).and_then(|found| found["rust_version"].as_str());
    let Some(declared) = declared else { return error("Cargo.toml declares no rust-version") };
    match Toolchain::find(&format!("{declared}.0"))? {
        Some(toolchain) => {
            println!("Rust {declared}");
            toolchain.cargo().args(["check", "--quiet", "--locked"]).args(PACKAGES).run()
        }
        None if std::env::var_os("CI").is_some() => error(format!("Rust {declared} is not installed")),
        None => {
            println!("skipped: Rust {declared} is not installed; `rustup toolchain install {declared}.0` installs it");
            Ok(())
        }
    }
}

fn minimal() -> Result {
    // A copy, because this changes Cargo.lock. The copy needs a separate target directory,
    // because cargo considers both the same package.
    let copy = checkout::temporary_directory()?;
    checkout::copy_to(copy.path())?;
    let update = ["update", "--quiet", "-Z", "direct-minimal-versions"];
    Process::cargo().dir(copy.path()).args(update).env("RUSTC_BOOTSTRAP", "1").run()?;
    let check = Process::cargo().dir(copy.path()).args(["check", "--quiet", "--locked"]).args(PACKAGES);
    check.arg("--target-dir").arg(checkout::target_dir()?.join("copy")).run()
}

fn licences() -> Result {
    tools::ensure_cargo_tool("cargo-deny")?;
    Process::cargo().args(["deny", "--locked", "check", "licenses", "sources", "bans"]).run()
}

/// An installed release of Rust.
enum Toolchain {
    /// The release in use.
    Current,
    /// A release that rustup runs.
    Rustup(String),
}

impl Toolchain {
    /// Finds an installed version, or installs it with rustup; `None` if neither is possible.
    fn find(version: &str) -> Result<Option<Self>> {
        let current = Process::new("rustc").arg("--version").read_stdout()?;
        if current.split_whitespace().nth(1) == Some(version) {
            return Ok(Some(Self::Current));
        }
        if tools::find("rustup").is_none() {
            return Ok(None);
        }
        let installed = Process::new("rustup").args(["toolchain", "list"]).read_stdout()?;
        if !installed.lines().any(|line| line.starts_with(&format!("{version}-"))) {
            let mut install = Process::new("rustup").args(["toolchain", "install", version, "--profile", "minimal"]);
            if !install.status()?.success() {
                return Ok(None);
            }
        }
        Ok(Some(Self::Rustup(version.to_owned())))
    }

    fn cargo(&self) -> Process {
        match self {
            Self::Current => Process::cargo(),
            Self::Rustup(version) => Process::new("rustup").args(["run", version, "cargo"]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SNAPSHOT, is_promised};

    #[test]
    fn snapshot_has_only_what_is_promised() {
        let snapshot = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(SNAPSHOT);
        let snapshot = std::fs::read_to_string(snapshot).unwrap();
        assert!(snapshot.lines().count() > 100);
        snapshot.lines().for_each(|item| assert!(is_promised(item), "{item}"));
    }

    #[test]
    fn test_modules_and_standard_traits_are_not_promised() {
        for item in [
            "pub mod slug_resolver::laws",
            "pub fn slug_resolver::laws::case::TestCase::new() -> Self",
            "impl core::marker::StructuralPartialEq for slug_resolver::Code",
            "pub fn slug_resolver::Code::clone(&self) -> slug_resolver::Code",
            "pub fn slug_resolver::Code::serialize<__S: serde_core::ser::Serializer>(&self, s: __S) -> X",
        ] {
            assert!(!is_promised(item), "{item}");
        }
        for item in [
            "pub mod slug_resolver",
            "pub mod slug_resolver::laws_of_nature",
            "impl core::clone::Clone for slug_resolver::Code",
            "pub fn slug_resolver::Code::hash_of(&self) -> u64",
            "pub fn slug_resolver::Code::as_str(self) -> &'static str",
        ] {
            assert!(is_promised(item), "{item}");
        }
    }
}
