//! The workflows of the two forges, and the actions that they use.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

/// Pinned by tag, because the hash was not available.
const UNPINNED: &str = "google/clusterfuzzlite/actions/";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

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
            if action.starts_with(UNPINNED) {
                continue;
            }
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
            assert!(!job.contains("environment: ") || job.contains("    if: vars.PUBLISH_"), "{forge}: {job}");
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

/// The commands in the `run` of the steps of a workflow.
fn scripts(file: &Path) -> Vec<String> {
    let mut scripts = Vec::new();
    let mut lines = read(file).lines().map(str::to_owned).collect::<Vec<_>>().into_iter().peekable();
    let indent = |line: &str| line.len() - line.trim_start().len();
    while let Some(line) = lines.next() {
        let Some((key, command)) = line.split_once("run: ") else { continue };
        if !["", "-"].contains(&key.trim()) {
            continue;
        }
        if command != "|" {
            scripts.push(command.to_owned());
            continue;
        }
        while let Some(next) = lines.next_if(|next| next.is_empty() || indent(next) > indent(&line)) {
            scripts.push(next);
        }
    }
    scripts
}
