//! The workflows of the two forges, and the actions that they use.

mod steps;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use steps::{root, steps};

fn workflows(dir: &str) -> Vec<PathBuf> {
    let entries = root().join(dir).read_dir().expect("the directory is readable");
    entries.map(|entry| entry.expect("the entry is readable").path()).collect()
}

/// The workflows of both forges, and the action.
fn files() -> Vec<PathBuf> {
    let files = [workflows(".github/workflows"), workflows(".gitea/workflows"), vec![root().join("action.yml")]];
    files.concat()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Gitea reads .github/workflows only if .gitea/workflows does not exist, and would then also
/// wait for runners that only GitHub has. So .gitea/workflows has copies.
#[test]
fn gitea_workflows_equal_those_of_github() {
    let mut copies = workflows(".gitea/workflows");
    // A Gitea has no runner for macOS or Windows, so its release has fewer targets.
    copies.retain(|file| !file.ends_with("release.yml"));
    assert!(copies.len() >= 2, "{copies:?}");
    for copy in copies {
        let name = copy.file_name().expect("a file has a name");
        let original = root().join(".github/workflows").join(name);
        assert!(read(&copy) == read(&original), "copy {} to {}", original.display(), copy.display());
    }
}

#[test]
fn actions_are_pinned_by_hash() {
    let mut pinned = 0;
    for file in files() {
        for line in read(&file).lines() {
            let Some((_, action)) = line.split_once("uses: ") else { continue };
            let hash = action.split_once('@').and_then(|(_, version)| version.split_once(" # v")).map(|(hash, _)| hash);
            let is_hash = |hash: &str| hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(hash.is_some_and(is_hash), "{}: `{action}`: write @HASH # vVERSION", file.display());
            pinned += 1;
        }
    }
    assert!(pinned > 10, "only {pinned} actions were found");
}

/// Each `cargo ci` command of a workflow exists, with its options.
#[test]
fn commands_of_the_workflows_exist() {
    let mut commands = 0;
    for file in files() {
        for command in scripts(&file).iter().filter_map(|line| line.split_once("cargo ci ").map(|(_, words)| words)) {
            commands += 1;
            let words: Vec<&str> = command.split_whitespace().collect();
            // `release` has subcommands. A matrix gives the name of a command.
            let length = if words[0] == "release" { 2 } else { 1 };
            if words[0].starts_with('$') {
                continue;
            }
            let help = Command::new(env!("CARGO_BIN_EXE_ci")).args(&words[..length]).arg("--help").output();
            let help = help.expect("the command runs");
            assert!(help.status.success(), "{}: `{command}`", file.display());
            let help = String::from_utf8(help.stdout).expect("the help is UTF-8");
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let is_known = help.split_whitespace().any(|word| word == *option);
                assert!(is_known, "{}: `{command}`: {option}", file.display());
            }
        }
    }
    assert!(commands > 15, "only {commands} commands were found");
}

/// Release, action and npm packages have the same targets.
#[test]
fn release_has_every_target() {
    let targets = |file: &str, pattern: &str| -> BTreeSet<String> {
        let pattern = Regex::new(pattern).expect("the pattern is a regular expression");
        let text = read(&root().join(file));
        pattern.captures_iter(&text).map(|found| found[1].to_owned()).collect()
    };
    let packages = targets("ci/src/packages/target.rs", r#"Target \{ ?\s*triple: "([^"]+)""#);
    assert_eq!(packages.len(), 5, "{packages:?}");
    assert_eq!(targets(".github/workflows/release.yml", r"\{target: ([^,]+), os: "), packages);
    assert_eq!(targets("action.yml", r"\) target=(\S+) ;;"), packages);
    let gitea = targets(".gitea/workflows/release.yml", r"TARGET: (\S+)");
    assert!(!gitea.is_empty() && gitea.is_subset(&packages), "{gitea:?}");
}

/// Tags that only begin like a version move, such as `v1`, and start no release.
#[test]
fn release_starts_at_versions_of_three_numbers() {
    for forge in [".github", ".gitea"] {
        let text = read(&root().join(forge).join("workflows/release.yml"));
        let line = text.lines().find_map(|line| line.trim().strip_prefix("tags: [\""));
        let (pattern, _) = line.and_then(|line| line.split_once("\"]")).expect("the workflow has one pattern of tags");
        let regex = format!("^{}$", pattern.replace('.', r"\.").replace('*', "[^/]*"));
        let regex = Regex::new(&regex).expect("the pattern has sets and stars only");
        for version in ["v0.1.0", "v1.2.3", "v10.20.30", "v1.2.3-rc.1", "v1.2.3+build"] {
            assert!(regex.is_match(version), "{forge}: {version}");
        }
        for other in ["v1", "v12", "v1.2", "v1-rc.1", "1.2.3", "version-1.2.3", "v1.x.3", "v1..3", "x/v1.2.3"] {
            assert!(!regex.is_match(other), "{forge}: {other}");
        }
    }
}

/// The recipes name the version of this checkout, because a reader copies them.
#[test]
fn recipes_name_this_version() {
    let pattern =
        Regex::new(r"(?:your-org/slugproof@|slugproof/releases/download/|rev: )([^/\s]+)").expect("a pattern");
    let docs = root().join("docs").read_dir().expect("docs is readable");
    let pages = docs.map(|entry| entry.expect("the entry is readable").path());
    let mut recipes = 0;
    for page in pages.chain([root().join("README.md")]).filter(|page| page.extension().is_some_and(|end| end == "md")) {
        for found in pattern.captures_iter(&read(&page)) {
            assert_eq!(&found[1], concat!("v", env!("CARGO_PKG_VERSION")), "{}: `{}`", page.display(), &found[0]);
            recipes += 1;
        }
    }
    assert!(recipes > 4, "only {recipes} recipes were found");
}

/// What compiles needs a compiler, which the table of docs/install.md says.
#[test]
fn install_page_says_what_compiles() {
    let page = read(&root().join("docs/install.md"));
    let hooks = read(&root().join(".pre-commit-hooks.yaml"));
    for (name, compiles) in [
        ("`cargo install ", true),
        ("`pip install ", false),
        ("`npm install ", false),
        ("[the image]", read(&root().join("Dockerfile")).contains("cargo build")),
        ("[the hooks]", hooks.contains("language: python") || hooks.contains("language: rust")),
        ("[the action]", read(&root().join("action.yml")).contains("cargo ")),
    ] {
        let row = page.lines().find(|line| line.starts_with("| ") && line.contains(name));
        assert_eq!(row.expect("the table has a row").contains("compile"), compiles, "{name}");
    }
}

/// A reader has one file of the release, and the list names all of them.
#[test]
#[cfg(unix)]
fn checksum_commands_accept_one_file_of_many() {
    let page = read(&root().join("docs/install.md"));
    let line = page.lines().find(|line| line.ends_with(" SHA256SUMS")).expect("the page compares checksums");
    let (linux, macos) = line.split_once("# on macOS: ").expect("the page has a command for macOS");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("slugproof-x86_64-unknown-linux-musl");
    let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let list = format!("{}  missing\n{sum}  {}\n", "0".repeat(64), "slugproof-x86_64-unknown-linux-musl");
    fs::write(directory.path().join("SHA256SUMS"), list).expect("the file is written");
    let mut runs = 0;
    for command in [linux, macos] {
        let words: Vec<&str> = command.split_whitespace().collect();
        for (text, expected) in [("abc", true), ("abd", false)] {
            fs::write(&file, text).expect("the file is written");
            // Linux and macOS have only one of the two for certain.
            let Ok(output) = Command::new(words[0]).args(&words[1..]).current_dir(&directory).output() else {
                continue;
            };
            assert_eq!(output.status.success(), expected, "`{command}`: {text}");
            runs += 1;
        }
    }
    assert!(runs > 0, "neither command exists");
}

/// A release has more rights than other workflows, so it has no stored secret and no text that the runner
/// inserts in a script, and each job names its rights.
#[test]
fn release_has_few_rights() {
    for forge in [".github", ".gitea"] {
        let file = root().join(forge).join("workflows/release.yml");
        let text = read(&file);
        assert!(!text.contains("secrets."), "{forge}: a job has the token of the run, or its identity");
        assert!(text.contains("\npermissions:\n  contents: read\n"), "{forge}");
        let inserted: Vec<String> = scripts(&file).into_iter().filter(|line| line.contains("${{")).collect();
        assert!(inserted.is_empty(), "{forge}: {inserted:?}");
        let jobs: Vec<&str> = text.split_once("\njobs:\n").expect("a workflow has jobs").1.split("\n\n").collect();
        for job in &jobs {
            assert!(job.contains("    permissions:\n"), "{forge}: {job}");
            assert!(job.contains("    timeout-minutes: "), "{forge}: {job}");
            // Only a job that runs after every file is there publishes.
            let publishes = job.contains("environment: ") || job.contains("--draft=false");
            assert!(!publishes || job.contains("    needs: "), "{forge}: {job}");
            // Build scripts could read the identity with which the job publishes.
            if job.contains("environment: ") {
                let condition = "    if: ${{ !failure() && !cancelled() && vars.PUBLISH_";
                assert!(job.contains(condition), "{forge}: {job}");
                let compiles = ["cargo ci", "cargo build", "cargo install", "cargo run", "npm ci", "pip install"];
                assert_eq!(compiles.into_iter().find(|command| job.contains(command)), None, "{forge}: {job}");
                assert!(!job.contains("cargo publish") || job.contains("cargo publish --locked --no-verify"), "{job}");
            }
            // A job signs what it has built.
            let signs = job.find("cargo ci release attest ");
            assert_eq!(signs.is_some(), job.contains("attestations: write"), "{forge}: {job}");
            let is_built = |signs: usize| job[..signs].contains("cargo ci packages ");
            assert!(signs.is_none_or(is_built), "{forge}: {job}");
        }
    }
}

/// The hooks run one command each, in two ways, and lint runs whichever file has changed.
#[test]
fn hooks_exist_in_both_languages() {
    let text = read(&root().join(".pre-commit-hooks.yaml"));
    let hooks: Vec<&str> = text.split("\n- id: ").skip(1).collect();
    let field = |hook: &str, name: &str| {
        let line = hook.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}: ")).map(str::to_owned));
        line.unwrap_or_default()
    };
    let found: BTreeSet<(String, String)> =
        hooks.iter().map(|hook| (field(hook, "entry"), field(hook, "language"))).collect();
    let expected = ["slugproof check", "slugproof lint"]
        .into_iter()
        .flat_map(|entry| ["python", "system"].map(|language| (entry.to_owned(), language.to_owned())));
    assert_eq!(found, expected.collect());
    assert_eq!(hooks.len(), found.len());
    for hook in hooks {
        let is_lint = field(hook, "entry").ends_with("lint");
        assert_eq!(field(hook, "always_run") == "true", is_lint, "{hook}");
        assert_eq!(field(hook, "pass_filenames"), "false", "{hook}");
        let is_system = hook.lines().next().is_some_and(|id| id.ends_with("-system"));
        assert_eq!(is_system, field(hook, "language") == "system", "{hook}");
    }
}

/// The lines of the scripts of a workflow.
fn scripts(file: &Path) -> Vec<String> {
    steps(file).iter().flat_map(|step| step.script.lines().map(str::to_owned)).collect()
}
