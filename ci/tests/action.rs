//! The scripts of action.yml, run by bash with a directory instead of a release.
#![cfg(unix)]

mod steps;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use regex::Regex;
use sha2::{Digest, Sha256};
use steps::{Step, root, steps};
use tempfile::TempDir;

/// A released binary: a script that prints its arguments, and fails if its command is `fail`.
const BINARY: &str = "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done; echo\n[ \"$1\" != fail ] || exit 3\n";

/// The name of the binary in a release for Linux on x64.
const FILE: &str = "slugproof-x86_64-unknown-linux-musl";

/// Features of bash after 3.2, which macOS has: a pattern, and a script that has the feature.
const NEW_IN_BASH: [(&str, &str); 11] = [
    (r"\b(mapfile|readarray|coproc)\b", "mapfile -t lines"),
    (r"\$\{[\w\[\]@*!]+(,,?|\^\^?)", "echo ${name,,}"),
    (r"\$\{[^}]*@[A-Za-z]\}", "echo ${name@Q}"),
    (r"\b(declare|local|typeset|export) -\w*[Agnlu]", "declare -A names"),
    (r"&>>", "run &>>log"),
    (r"\|&", "run |& tee log"),
    (r";;?&", "case x in x) ;;& esac"),
    (r"\$\{\w+\[-", "echo ${list[-1]}"),
    (r"\[\[? -v ", "[[ -v name ]]"),
    (r"\$(EPOCH(SECONDS|REALTIME)|SRANDOM|BASHPID)\b", "echo $EPOCHSECONDS"),
    (r"%\(|\bwait -n|\bread -[^ ]*[iN]|\bshopt -s (globstar|lastpipe|inherit_errexit)", "printf '%(%F)T'"),
];

#[test]
fn scripts_run_on_bash_3_2() {
    let patterns: Vec<(Regex, &str)> =
        NEW_IN_BASH.map(|(pattern, example)| (Regex::new(pattern).expect("a pattern"), example)).into();
    for (pattern, example) in &patterns {
        assert!(pattern.is_match(example), "`{pattern}` should match `{example}`");
    }
    for Step { id, script } in steps(&root().join("action.yml")) {
        for (pattern, _) in &patterns {
            let found = pattern.find(&script).map(|found| found.as_str());
            assert_eq!(found, None, "step `{id}`: `{pattern}` is not in bash 3.2");
        }
        let checked = Command::new("bash").args(["--posix", "-n", "-c", &script]).output().expect("bash runs");
        assert!(checked.status.success(), "step `{id}`: {}", text(&checked));
    }
}

/// The runner replaces an expression in a script by its value before bash reads the script.
#[test]
fn scripts_have_no_expression() {
    let steps = steps(&root().join("action.yml"));
    let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["plan", "install", "run", "upload"]);
    for Step { id, script } in steps {
        assert!(!script.contains("${{"), "step `{id}`");
    }
}

#[test]
fn every_input_is_used() {
    let action = action();
    let (inputs, steps) = action.split_once("\nruns:\n").expect("the action has steps");
    let inputs: Vec<&str> = inputs
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with(' '))
        .collect();
    assert!(inputs.len() > 5, "{inputs:?}");
    for input in inputs {
        assert!(steps.contains(&format!("inputs.{input}")), "{input}");
    }
}

#[test]
fn plan_chooses_the_file_of_the_runner() {
    let runner = Runner::new();
    for (os, cpu, target) in [
        ("Linux", "X64", "x86_64-unknown-linux-musl"),
        ("Linux", "ARM64", "aarch64-unknown-linux-musl"),
        ("macOS", "X64", "x86_64-apple-darwin"),
        ("macOS", "ARM64", "aarch64-apple-darwin"),
        ("Windows", "X64", "x86_64-pc-windows-msvc"),
    ] {
        let output = runner.run("plan", &[("RUNNER_OS", os), ("RUNNER_ARCH", cpu)]);
        assert!(output.status.success(), "{}", text(&output));
        assert!(runner.file("output").contains(&format!("target={target}\n")), "{os} {cpu}");
    }
    let output = runner.run("plan", &[("RUNNER_OS", "Linux"), ("RUNNER_ARCH", "X86")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("releases lack a binary for this runner"), "{}", text(&output));
}

#[test]
fn version_of_the_action_is_the_default() {
    let runner = Runner::new();
    runner.run("plan", &[]);
    assert!(runner.file("output").contains(concat!("version=", env!("CARGO_PKG_VERSION"), "\n")));
    runner.run("plan", &[("SLUGPROOF_VERSION", "1.2.3-rc.1")]);
    assert!(runner.file("output").contains("version=1.2.3-rc.1\n"));
}

#[test]
fn inputs_of_another_form_are_refused() {
    let runner = Runner::new();
    for (name, value) in [
        ("SLUGPROOF_VERSION", "1.0/../../x"),
        ("SLUGPROOF_VERSION", "--index-url=x"),
        ("SLUGPROOF_VERSION", "1.0\nkey=x"),
        ("SLUGPROOF_VERSION", "$(touch x)"),
        ("SLUGPROOF_SHA256", "abc; touch x"),
        ("SLUGPROOF_INSTALL", "source"),
    ] {
        let output = runner.run("plan", &[(name, value)]);
        assert_eq!(output.status.code(), Some(2), "{name}={value}: {}", text(&output));
        // The value is not printed: it could be a command for the runner.
        assert!(text(&output).starts_with("::error title=slugproof::the input `"), "{}", text(&output));
        assert_eq!(text(&output).lines().count(), 1, "{}", text(&output));
        assert_eq!(runner.file("output"), "", "{name}={value}");
    }
}

#[test]
fn cache_has_a_key_for_each_choice() {
    let runner = Runner::new();
    let key = |variables: &[(&str, &str)]| {
        runner.run("plan", variables);
        let output = runner.file("output");
        output.lines().find_map(|line| line.strip_prefix("key=")).expect("the step has a key").to_owned()
    };
    let plain = key(&[]);
    assert_eq!(plain, key(&[]));
    assert!(!plain.contains(' '), "{plain}");
    for other in [("SLUGPROOF_VERSION", "9.9.9"), ("SLUGPROOF_SHA256", "abcd"), ("SLUGPROOF_INSTALL", "wheel")] {
        assert_ne!(plain, key(&[other]), "{other:?}");
    }
}

#[test]
fn binary_with_the_listed_checksum_is_installed() {
    let runner = Runner::new().release(BINARY);
    let output = runner.run("install", &[]);
    assert!(output.status.success(), "{}", text(&output));
    let installed = runner.path("installed/bin/slugproof");
    assert_eq!(fs::read_to_string(&installed).expect("the file is installed"), BINARY);
    assert_eq!(runner.file("path"), format!("{}\n", installed.parent().expect("a directory").display()));
    let run = Command::new(&installed).arg("x").output().expect("the file can be run");
    assert_eq!(text(&run), "<x>\n");
    // The copy is in the cache, so the binary is not downloaded again.
    fs::remove_file(runner.path("release").join(FILE)).expect("the file can be removed");
    assert!(runner.run("install", &[]).status.success());
    fs::remove_dir_all(runner.path("release")).expect("the directory can be removed");
    assert!(runner.run("install", &[("SLUGPROOF_SHA256", &sum(BINARY))]).status.success());
    // Without a checksum, the list of the release is needed each time.
    let output = runner.run("install", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("cannot download SHA256SUMS"), "{}", text(&output));
    assert_eq!(runner.file("path"), "");
}

/// A foreign binary in the cache can have a list next to it that agrees.
#[test]
fn list_of_checksums_is_never_taken_from_a_cache() {
    let runner = Runner::new().release(BINARY);
    assert!(runner.run("install", &[]).status.success());
    let foreign = "#!/bin/sh\necho foreign\n";
    let list = format!("{}  {FILE}\n", sum(foreign));
    for (name, text) in [("bin/slugproof", foreign), ("SHA256SUMS", &list), ("bin/SHA256SUMS", &list)] {
        fs::write(runner.path("installed").join(name), text).expect("the file is written");
    }
    let output = runner.run("install", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains(&format!("accepted ones: {}", sum(BINARY))), "{}", text(&output));
    assert!(!runner.path("installed/bin/slugproof").exists());
    assert_eq!(runner.file("path"), "");
}

/// Nothing compares an installed wheel with a checksum, so only pip gives one.
#[test]
fn wheel_is_never_taken_from_a_cache() {
    let action = action();
    let steps: Vec<&str> = action.split("\n    - ").filter(|step| step.contains("uses: actions/cache@")).collect();
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert!(steps[0].starts_with("if: inputs.install == 'binary'\n"), "{}", steps[0]);

    let runner = Runner::new();
    let foreign = runner.path("installed/bin/slugproof");
    for (pip, expected) in [("exit 0", 0), ("exit 1", 2)] {
        runner.program("python3", &format!("#!/bin/sh\necho \"$@\" >>\"$TMPDIR/runs\"\n{pip}\n"));
        fs::create_dir_all(foreign.parent().expect("a directory")).expect("the directory is created");
        fs::write(&foreign, BINARY).expect("the file is written");
        let output = runner.run("install", &[("SLUGPROOF_INSTALL", "wheel"), ("SLUGPROOF_SHA256", &"0".repeat(64))]);
        assert_eq!(output.status.code(), Some(expected), "{}", text(&output));
        assert!(!foreign.exists(), "{pip}");
        assert_eq!(runner.file("path").is_empty(), expected != 0, "{pip}");
    }
    assert_eq!(runner.file("runs").lines().count(), 2);
}

#[test]
fn binary_with_another_checksum_is_refused() {
    let sum = sum(BINARY);
    let other = "0".repeat(64);
    // Upper case and line breaks are accepted.
    let accepted = format!("{other}\n{}\n", sum.to_uppercase());
    let runner = Runner::new().release(BINARY);
    assert!(runner.run("install", &[("SLUGPROOF_SHA256", &accepted)]).status.success());
    let prefix = &sum[..63];
    for refused in [other.as_str(), prefix, "a"] {
        // The file from the cache is checked, too, and does not stay.
        let output = runner.run("install", &[("SLUGPROOF_SHA256", refused)]);
        assert_eq!(output.status.code(), Some(2), "{refused}");
        assert!(text(&output).contains("which is not among the accepted ones"), "{}", text(&output));
        assert!(!runner.path("installed/bin/slugproof").exists(), "{refused}");
    }
}

#[test]
fn incomplete_release_is_refused() {
    let runner = Runner::new();
    assert!(text(&runner.run("install", &[])).contains(&format!("cannot download {FILE}")));
    let runner = Runner::new().release(BINARY);
    fs::remove_file(runner.path("release/SHA256SUMS")).expect("the file can be removed");
    let output = runner.run("install", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("cannot download SHA256SUMS"), "{}", text(&output));
    let runner = Runner::new().release(BINARY);
    // A list of other files.
    fs::write(runner.path("release/SHA256SUMS"), format!("{}  x{FILE}\n", sum(BINARY))).expect("the file is written");
    let output = runner.run("install", &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("accepted ones: none"), "{}", text(&output));
}

#[test]
fn wheel_is_installed_by_version_and_checksum() {
    let runner = Runner::new();
    // pip would use the network.
    runner.program("python3", "#!/bin/sh\nprintf '<%s>' \"$@\"\ncat \"$TMPDIR/installed/requirements.txt\"\n");
    let variables = [("SLUGPROOF_INSTALL", "wheel"), ("SLUGPROOF_VERSION", "1.2.3"), ("SLUGPROOF_SHA256", "AB\ncd")];
    let output = text(&runner.run("install", &[&variables[..], &[("SLUGPROOF_URL", "")]].concat()));
    assert!(output.contains("<--only-binary><:all:>"), "{output}");
    assert!(output.ends_with("slugproof==1.2.3 --hash=sha256:ab --hash=sha256:cd"), "{output}");
    assert!(!output.contains("--find-links"), "{output}");
    let output = text(&runner.run("install", &variables));
    assert!(output.contains("<--no-index><--find-links><file:///"), "{output}");
}

#[test]
fn nothing_is_compiled() {
    let action = action();
    for word in ["cargo ", "rustup", "--path cli"] {
        assert!(!action.contains(word), "{word}");
    }
}

#[test]
fn run_passes_on_the_command_and_its_exit_code() {
    let runner = Runner::new();
    runner.program("slugproof", BINARY);
    for (command, arguments, sarif, expected) in [
        ("", "", "", "\n<lint><--output=github>\n"),
        ("", "", "a b.sarif", "\n<lint><--output=github><--output=sarif=a b.sarif>\n"),
        ("lint", "", "", "<lint><--output=human><--output=github>\n"),
        (
            "  check   --no-config ",
            "a b\n\n*\n",
            "x",
            "<check><--output=human><--output=github><--output=sarif=x><--no-config><a b><*>\n",
        ),
        ("prove $(touch x) *", "; touch x", "", "<prove><$(touch><x)><*><; touch x>\n"),
    ] {
        let output = runner
            .run("run", &[("SLUGPROOF_COMMAND", command), ("SLUGPROOF_ARGS", arguments), ("SLUGPROOF_SARIF", sarif)]);
        assert_eq!((text(&output).as_str(), output.status.code()), (expected, Some(0)), "{command}");
        assert!(!runner.path("x").exists(), "{command}");
    }
    assert_eq!(runner.run("run", &[("SLUGPROOF_COMMAND", "fail")]).status.code(), Some(3));
    let output = runner.run("run", &[("SLUGPROOF_COMMAND", "prove"), ("SLUGPROOF_SARIF", "x")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("the input `sarif` needs the command"), "{}", text(&output));
}

#[test]
fn bare_command_has_the_worst_exit_code() {
    let codes = [(0, 0, 0), (1, 1, 1), (3, 3, 3), (1, 2, 2), (3, 2, 2), (2, 0, 2), (1, 3, 1), (0, 1, 1), (0, 3, 3)];
    for (all, lint, expected) in codes {
        let runner = Runner::new();
        runner.program("slugproof", &format!("#!/bin/sh\n[ \"$1\" = lint ] && exit {lint}\nexit {all}\n"));
        assert_eq!(runner.run("run", &[]).status.code(), Some(expected), "{all} {lint}");
    }
}

#[test]
fn upload_hides_the_token_from_other_processes() {
    let runner = Runner::new();
    runner.program("curl", "#!/bin/sh\nprintf '<%s>' \"$@\" >\"$TMPDIR/arguments\"\ncat >\"$TMPDIR/input\"\n");
    assert!(text(&runner.run("upload", &[("SLUGPROOF_SARIF", "out.sarif")])).contains("no report was written"));
    fs::write(runner.path("out.sarif"), "{\"runs\": []}").expect("the file is written");
    let token = "token-for-this-test";
    let variables = [("SLUGPROOF_SARIF", "out.sarif"), ("SLUGPROOF_TOKEN", token)];
    let output = runner.run("upload", &variables);
    assert!(output.status.success(), "{}", text(&output));
    assert!(!runner.file("arguments").contains(token) && !text(&output).contains(token));
    assert!(runner.file("arguments").contains("<https://forge.example/api/repos/acme/bots/code-scanning/sarifs>"));
    assert_eq!(runner.file("input"), format!("header = \"Authorization: Bearer {token}\"\n"));
    let request: serde_json::Value = serde_json::from_str(&runner.file("slugproof-sarif.json")).expect("JSON");
    assert_eq!((&request["ref"], &request["commit_sha"]), (&"refs/pull/7/merge".into(), &"abc".into()));
    let report = Command::new("bash")
        .args(["-c", "base64 -d <<<\"$1\" | gzip -d", "-", request["sarif"].as_str().expect("a text")])
        .output()
        .expect("bash runs");
    assert_eq!(text(&report), "{\"runs\": []}");
    let quoted = [&variables[..], &[("GITHUB_REF", "refs/heads/a\",\"x\":\"")]].concat();
    assert_eq!(runner.run("upload", &quoted).status.code(), Some(2));
}

/// A runner of a forge: a directory with its files and programs.
struct Runner(TempDir);

impl Runner {
    fn new() -> Self {
        let runner = Self(tempfile::tempdir().expect("a temporary directory"));
        fs::create_dir(runner.path("programs")).expect("the directory is created");
        runner
    }

    /// Writes a release with this binary.
    fn release(self, binary: &str) -> Self {
        fs::create_dir(self.path("release")).expect("the directory is created");
        fs::write(self.path("release").join(FILE), binary).expect("the file is written");
        let mut list = format!("{}  slugproof-x86_64-pc-windows-msvc.exe\n", "1".repeat(64));
        let _ = writeln!(list, "{}  {FILE}", sum(binary));
        fs::write(self.path("release/SHA256SUMS"), list).expect("the file is written");
        self
    }

    /// Puts a script on the PATH.
    fn program(&self, name: &str, script: &str) {
        let path = self.path("programs").join(name);
        fs::write(&path, script).expect("the file is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file exists");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The text of a file that a script writes.
    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs the script of a step as a runner does, on Linux, with these variables in addition.
    fn run(&self, id: &str, variables: &[(&str, &str)]) -> Output {
        for name in ["output", "path"] {
            fs::write(self.path(name), "").expect("the file is written");
        }
        let directory = self.0.path().display();
        let path = std::env::var("PATH").expect("PATH is set");
        let mut bash = Command::new("bash");
        bash.args(["--posix", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &script(id)])
            .current_dir(&self.0)
            .env_clear()
            .env("PATH", format!("{directory}/programs:{path}"))
            .env("TMPDIR", self.0.path())
            .envs([("RUNNER_OS", "Linux"), ("RUNNER_ARCH", "X64"), ("GITHUB_REPOSITORY", "acme/bots")])
            .envs([("GITHUB_REF", "refs/pull/7/merge"), ("GITHUB_SHA", "abc")])
            .env("GITHUB_API_URL", "https://forge.example/api")
            .env("RUNNER_TEMP", self.0.path())
            .env("GITHUB_OUTPUT", self.path("output"))
            .env("GITHUB_PATH", self.path("path"))
            .env("SLUGPROOF_INSTALL", "binary")
            .env("SLUGPROOF_HOME", root())
            .env("SLUGPROOF_TARGET", "x86_64-unknown-linux-musl")
            .env("SLUGPROOF_DIRECTORY", self.path("installed"))
            .env("SLUGPROOF_URL", format!("file://{}", self.path("release").display()))
            .envs(variables.iter().copied());
        bash.output().expect("bash runs")
    }
}

/// The script of a step of action.yml.
fn script(id: &str) -> String {
    steps::script("action.yml", id)
}

fn action() -> String {
    fs::read_to_string(root().join("action.yml")).expect("the action is readable")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The SHA-256 checksum of a text, in hexadecimal.
fn sum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
