//! The npm packages: `slugproof-PLATFORM-CPU` with the binary of one platform, and `slugproof`, which has
//! these as optional dependencies and runs the one that npm installs.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::build::Build;
use super::fresh::FreshDirectory;
use super::launcher;
use super::target::{TARGETS, Target};
use crate::checkout;
use crate::failure::{Context, Result, error};
use crate::process::Process;
use crate::tools;

/// The package that runs the binary of another one.
const SOURCE: &str = "packages/npm";

/// The texts of both licences, which every package contains.
const LICENCES: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

/// Packs the binary of one target, or those of all targets in the directory `binaries`, and the package that
/// runs them. Tests the packages if they can be installed on this machine.
pub fn run(build: &Build, binaries: Option<&Path>) -> Result {
    println!("\n== npm");
    tools::ensure_program("node", &["nodejs"])?;
    tools::ensure_program("npm", &["npm"])?;
    let platforms = match binaries {
        None => vec![(build.target, build.binary()?)],
        Some(directory) => TARGETS.iter().map(|target| (target, directory.join(target.binary_name()))).collect(),
    };
    let manifest = manifest(&build.version)?;
    for (target, binary) in platforms {
        let package = checkout::temporary_directory()?;
        let to = package.path().join("bin").join(target.executable());
        checkout::copy_executable(&binary, &to)?;
        let manifest = platform_manifest(&manifest, target);
        pack(build, package.path(), manifest, "This package contains the binary that `slugproof` runs.\n")?;
    }
    let package = checkout::temporary_directory()?;
    write_source(package.path(), &manifest)?;
    pack(build, package.path(), manifest, &checkout::read("README.md")?)?;
    launcher::check(package.path())?;
    match build.untested() {
        Some(reason) => println!("not installed: {reason}"),
        None => install(build)?,
    }
    Ok(())
}

/// Writes the package that runs the binary, with this manifest.
fn write_source(package: &Path, manifest: &Map<String, Value>) -> Result {
    for file in checkout::files(&[SOURCE])? {
        checkout::write(package.join(file.strip_prefix(SOURCE).unwrap_or(&file)), &checkout::read(&file)?)?;
    }
    checkout::write(package.join("package.json"), &Value::Object(manifest.clone()).to_string())
}

/// The fields of the package that runs the binary which do not depend on the version.
pub fn source_manifest() -> Result<Value> {
    let file = format!("{SOURCE}/package.json");
    serde_json::from_str(&checkout::read(&file)?).context(|| format!("cannot read {file}"))
}

/// The manifest of the package that runs the binary.
fn manifest(version: &str) -> Result<Map<String, Value>> {
    let Value::Object(mut manifest) = source_manifest()? else {
        return error(format!("{SOURCE}/package.json is not an object"));
    };
    let platforms = TARGETS.iter().map(|target| (target.npm(), json!(version))).collect();
    manifest.insert("version".to_owned(), json!(version));
    manifest.insert("optionalDependencies".to_owned(), Value::Object(platforms));
    Ok(manifest)
}

/// The manifest of the package with the binary of a target.
fn platform_manifest(manifest: &Map<String, Value>, target: &Target) -> Map<String, Value> {
    let [os, cpu] = target.node;
    let mut platform = Map::from_iter([
        ("name".to_owned(), json!(target.npm())),
        ("description".to_owned(), json!(format!("The binary of slugproof for {os} on {cpu}."))),
        ("os".to_owned(), json!([os])),
        ("cpu".to_owned(), json!([cpu])),
        // The binary is run, so it must be a file of its own.
        ("preferUnplugged".to_owned(), json!(true)),
    ]);
    for field in ["version", "license", "files", "repository"] {
        platform.extend(manifest.get(field).map(|value| (field.to_owned(), value.clone())));
    }
    platform
}

/// Writes the manifest, the readme and the licences into a package, and packs it.
fn pack(build: &Build, package: &Path, manifest: Map<String, Value>, readme: &str) -> Result {
    checkout::write(package.join("package.json"), &Value::Object(manifest).to_string())?;
    checkout::write(package.join("README.md"), readme)?;
    for licence in LICENCES {
        checkout::write(package.join(licence), &checkout::read(licence)?)?;
    }
    let pack = Process::new("npm").args(["pack", "--silent", "--update-notifier=false", "--pack-destination"]);
    let name = pack.arg(&build.out).arg(package).read_stdout()?;
    println!("wrote {}", build.out.join(name.trim()).display());
    Ok(())
}

/// Installs the packages in a fresh directory, without a registry, and runs the command there.
fn install(build: &Build) -> Result {
    let node = tools::require("node")?;
    let fresh = FreshDirectory::new(&[&node])?;
    let npm = tools::require("npm")?;
    let archive = |name: &str| build.out.join(format!("{name}-{}.tgz", build.version));
    let install = ["install", "--offline", "--no-audit", "--no-fund", "--update-notifier=false", "--loglevel=error"];
    let archives = [archive(&build.target.npm()), archive("slugproof")];
    let install = fresh.command(&node).arg(npm).args(install).args(archives);
    fresh.first_finding("npm", install, &fresh.path().join("node_modules/.bin/slugproof"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without node, only `cargo ci packages npm` runs this test: it installs node.
    #[test]
    fn launcher_runs_the_binary() {
        if tools::find("node").is_none() {
            return;
        }
        checkout::enter().unwrap();
        let package = checkout::temporary_directory().unwrap();
        write_source(package.path(), &manifest("1.2.3").unwrap()).unwrap();
        launcher::check(package.path()).unwrap();
    }

    #[test]
    fn packages_have_one_version_and_no_scripts() {
        let text = include_str!("../../../packages/npm/package.json");
        let fields: Map<String, Value> = serde_json::from_str(text).unwrap();
        // A script at installation is what many users forbid; the version is that of Cargo.toml.
        for field in ["scripts", "dependencies", "optionalDependencies", "version"] {
            assert!(!fields.contains_key(field), "{field}");
        }
        let target = Target::find("x86_64-pc-windows-msvc").unwrap();
        let mut main = fields.clone();
        main.insert("version".to_owned(), json!("1.2.3"));
        main.insert("repository".to_owned(), json!("https://forge.example/acme/bots"));
        let platform = platform_manifest(&main, target);
        assert_eq!(platform["files"], json!(["bin", "LICENSE-*"]));
        // npm publishes a package only from the repository that it names.
        assert_eq!(platform["repository"], main["repository"]);
        assert_eq!(
            (&platform["name"], &platform["version"], &platform["os"], &platform["cpu"]),
            (&json!("slugproof-win32-x64"), &json!("1.2.3"), &json!(["win32"]), &json!(["x64"]))
        );
    }
}
