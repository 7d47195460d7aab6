//! `cargo ci release`: the steps of the release workflows that a command of the forge does not do.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::checkout;
use crate::failure::{Context, Result, error, finding};
use crate::forge_api::{Api, Body, variable};
use crate::packages;
use crate::process::Process;
use crate::tools;

/// The list of checksums, which `sha256sum --check` reads.
const SUMS: &str = "SHA256SUMS";

/// The program that signs attestations with the identity of a job.
const SIGSTORE: &str = "sigstore==4.5.1";

/// The type of an attestation about the build of a file.
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// The end of the name of a file with an attestation.
const BUNDLE: &str = ".sigstore.json";

/// Run a step of the release workflow
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    step: Step,
}

#[derive(clap::Subcommand)]
enum Step {
    /// Print the section of CHANGELOG.md about a tag, which must be `v` and the version in Cargo.toml. Fails if a
    /// package does not name its repository
    Notes {
        /// The tag
        tag: String,
    },
    /// Check that a directory has every file of the release, and write the list of checksums
    Sums {
        /// The directory
        #[arg(value_parser = checkout::parse_path)]
        directory: PathBuf,
        /// The directory has the files of one Linux machine instead of every target
        #[arg(long)]
        partial: bool,
    },
    /// Sign an attestation about each file in a directory, and give it to the forge
    Attest {
        /// The directory
        #[arg(value_parser = checkout::parse_path)]
        directory: PathBuf,
    },
    /// Create or continue the release of a tag on a Gitea, with the files in a directory
    Upload {
        /// The tag
        tag: String,
        /// The directory
        #[arg(value_parser = checkout::parse_path)]
        directory: PathBuf,
        /// File with the text of the release
        #[arg(long, value_parser = checkout::parse_path)]
        notes: PathBuf,
    },
}

pub fn run(arguments: &Arguments) -> Result {
    match &arguments.step {
        Step::Notes { tag } => {
            let notes = notes(tag, &packages::version()?, &checkout::read("CHANGELOG.md")?)?;
            let unnamed = without_repository(&checkout::metadata()?, &packages::npm_manifest()?);
            if !unnamed.is_empty() {
                return error(format!("{}; RELEASING.md says how to set `repository`", unnamed.join(", ")));
            }
            print!("{notes}");
            Ok(())
        }
        Step::Sums { directory, partial } => sums(directory, *partial),
        Step::Attest { directory } => attest(directory),
        Step::Upload { tag, directory, notes } => upload(tag, directory, notes),
    }
}

/// The section about a version in a changelog, without its heading.
fn notes(tag: &str, version: &str, changelog: &str) -> Result<String> {
    if tag.strip_prefix('v') != Some(version) {
        return error(format!(
            "the tag `{tag}` should be `v{version}`: set `version` in Cargo.toml, or delete the tag"
        ));
    }
    let heading = format!("## {version} - ");
    let mut lines = changelog.lines().skip_while(|line| !line.starts_with(&heading)).skip(1).peekable();
    if lines.peek().is_none() {
        return error(format!("CHANGELOG.md has no text under a heading `{heading}YYYY-MM-DD`; rename `Unreleased`"));
    }
    let section: Vec<&str> = lines.take_while(|line| !line.starts_with("## ")).collect();
    Ok(format!("{}\n", section.join("\n").trim()))
}

/// The packages that name no repository. npm and the crates' registry compare it with the repository of the job.
fn without_repository(metadata: &Value, npm: &Value) -> Vec<String> {
    let has_none = |package: &&Value| package["repository"].is_null();
    let crates = metadata["packages"].as_array().into_iter().flatten();
    let crates = crates.filter(|package| package["publish"] != json!([])).filter(has_none);
    let crates = crates.map(|package| format!("the crate {} has no repository", package["name"]));
    crates.chain(has_none(&npm).then(|| "the npm package has no repository".to_owned())).collect()
}

fn sums(directory: &Path, partial: bool) -> Result {
    let files = files(directory)?;
    let names: Vec<&str> = files.iter().filter_map(|file| file.file_name()?.to_str()).collect();
    let mut missing = Vec::new();
    if !partial {
        missing = packages::missing(&names, &packages::version()?);
        let attestations = names.iter().map(|name| format!("{name}{BUNDLE}"));
        missing.extend(attestations.filter(|attestation| !directory.join(attestation).exists()));
    }
    if !missing.is_empty() {
        return finding(format!("the release lacks {}; run the jobs that build them again", missing.join(", ")));
    }
    let lines = files.iter().zip(&names).map(|(file, name)| Ok(format!("{}  {name}\n", checksum(file)?)));
    checkout::write(directory.join(SUMS), &lines.collect::<Result<String>>()?)
}

fn attest(directory: &Path) -> Result {
    let python = tools::python_with(&[SIGSTORE])?;
    let scratch = checkout::temporary_directory()?;
    let predicate = scratch.path().join("predicate.json");
    checkout::write(&predicate, &provenance(&|name| variable(name))?.to_string())?;
    let attest = ["-m", "sigstore", "attest", "--overwrite", "--predicate-type", PROVENANCE, "--predicate"];
    let files = files(directory)?;
    Process::new(python).args(attest).arg(predicate).args(&files).run()?;
    let api = Api::of_repository()?;
    for file in files {
        let bundle = checkout::read(format!("{}{BUNDLE}", file.display()))?;
        let bundle: Value = serde_json::from_str(&bundle).context(|| "cannot read an attestation".to_owned())?;
        api.post("/attestations", &Body::Json(json!({"bundle": bundle})))?;
    }
    Ok(())
}

/// What an attestation says about a build: the workflow, its commit and its run.
fn provenance(variable: &dyn Fn(&str) -> Result<String>) -> Result<Value> {
    let (server, repository) = (variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?);
    let repository = format!("{server}/{repository}");
    let workflow = variable("GITHUB_WORKFLOW_REF")?;
    let path = workflow.split('@').next().and_then(|path| path.splitn(3, '/').nth(2)).unwrap_or_default();
    let (run, reference) = (variable("GITHUB_RUN_ID")?, variable("GITHUB_REF")?);
    let dependency = json!({
        "uri": format!("git+{repository}@{reference}"),
        "digest": {"gitCommit": variable("GITHUB_SHA")?},
    });
    Ok(json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {"workflow": {"ref": reference, "repository": repository, "path": path}},
            "resolvedDependencies": [dependency],
        },
        "runDetails": {
            "builder": {"id": format!("{server}/{workflow}")},
            "metadata": {"invocationId": format!("{repository}/actions/runs/{run}")},
        },
    }))
}

fn upload(tag: &str, directory: &Path, notes: &Path) -> Result {
    let api = Api::of_repository()?;
    let latest = api.get("/releases?limit=50")?;
    let begun = latest.as_array().into_iter().flatten().find(|release| release["tag_name"] == tag);
    let release = match begun {
        Some(release) if release["draft"] == json!(false) => {
            println!("the release {tag} is visible already; its files stay");
            return Ok(());
        }
        Some(draft) => draft.clone(),
        None => {
            let draft = json!({"tag_name": tag, "name": tag, "body": checkout::read(notes)?, "draft": true});
            api.post("/releases", &Body::Json(draft))?
        }
    };
    let path = match release["id"].as_u64() {
        Some(id) => format!("/releases/{id}"),
        None => return error("the answer of the forge has no number of the release"),
    };
    // An earlier run built other files, which the checksums of this one do not describe.
    for old in release["assets"].as_array().into_iter().flatten() {
        api.send("DELETE", &format!("{path}/assets/{}", old["id"]), &Body::None)?;
    }
    // The release becomes visible when it has every file.
    for file in files(directory)?.iter().chain([&directory.join(SUMS)]) {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        api.post(&format!("{path}/assets?name={name}"), &Body::Attachment(file))?;
        println!("uploaded {name}");
    }
    api.send("PATCH", &path, &Body::Json(json!({"draft": false}))).map(|_| ())
}

/// The files of a release in a directory, without checksums and attestations.
fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let files = checkout::entries(directory)?;
    let is_about_others = |file: &PathBuf| file.ends_with(SUMS) || file.to_string_lossy().ends_with(BUNDLE);
    let files: Vec<PathBuf> = files.into_iter().filter(|file| !is_about_others(file)).collect();
    if files.is_empty() {
        return error(format!("{} has no file of a release; build the packages first", directory.display()));
    }
    Ok(files)
}

/// The SHA-256 checksum of a file, in hexadecimal.
fn checksum(file: &Path) -> Result<String> {
    let bytes = fs::read(file).context(|| format!("cannot read {}", file.display()))?;
    Ok(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_the_section_of_the_version() {
        let changelog = "# Changelog\n\n## 1.2.0 - 2030-01-02\n\n### Added\n\n- a\n\n## 1.1.0 - 2029-01-02\n\n- b\n";
        assert_eq!(notes("v1.2.0", "1.2.0", changelog).unwrap(), "### Added\n\n- a\n");
        assert_eq!(notes("v1.1.0", "1.1.0", changelog).unwrap(), "- b\n");
        for (tag, version) in [("v1.2.0", "1.2.1"), ("1.2.0", "1.2.0"), ("v1.2", "1.2"), ("v3.0.0", "3.0.0")] {
            assert!(notes(tag, version, changelog).is_err(), "{tag}");
        }
        assert!(notes("v1.0.0", "1.0.0", "## Unreleased\n\n- a\n").is_err());
    }

    #[test]
    fn provenance_names_workflow_commit_and_run() {
        let value = |name: &str| {
            Ok(match name {
                "GITHUB_SERVER_URL" => "https://forge.example".to_owned(),
                "GITHUB_WORKFLOW_REF" => "acme/bots/.github/workflows/release.yml@refs/tags/v1.0.0".to_owned(),
                "GITHUB_REPOSITORY" => "acme/bots".to_owned(),
                other => other.to_owned(),
            })
        };
        let found = provenance(&value).unwrap();
        let workflow = &found["buildDefinition"]["externalParameters"]["workflow"];
        assert_eq!(workflow["path"], ".github/workflows/release.yml");
        assert_eq!(
            found["runDetails"]["builder"]["id"],
            "https://forge.example/acme/bots/.github/workflows/release.yml@refs/tags/v1.0.0"
        );
        assert_eq!(found["buildDefinition"]["resolvedDependencies"][0]["digest"]["gitCommit"], "GITHUB_SHA");
        assert!(provenance(&|name| if name == "GITHUB_SHA" { error(name) } else { value(name) }).is_err());
    }

    #[test]
    fn published_packages_without_a_repository_are_listed() {
        let crates = |repository: Value| {
            let private = json!({"name": "tool", "publish": [], "repository": null});
            json!({"packages": [{"name": "a", "publish": null, "repository": repository}, private]})
        };
        let url = "https://forge.example/acme/bots";
        assert_eq!(without_repository(&crates(json!(url)), &json!({"repository": url})), Vec::<String>::new());
        assert_eq!(
            without_repository(&crates(json!(null)), &json!({"name": "a"})),
            ["the crate \"a\" has no repository", "the npm package has no repository"]
        );
    }

    #[test]
    fn sums_list_every_file_but_themselves() {
        let directory = checkout::temporary_directory().unwrap();
        checkout::write(directory.path().join("b"), "abc").unwrap();
        checkout::write(directory.path().join("a.sigstore.json"), "{}").unwrap();
        for _ in 0..2 {
            sums(directory.path(), true).unwrap();
        }
        let list = checkout::read(directory.path().join(SUMS)).unwrap();
        assert_eq!(list, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b\n");
    }
}
