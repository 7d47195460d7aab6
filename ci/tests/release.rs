//! `cargo ci release` with a program instead of curl: what is sent, and what other processes can see.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The secret of each test.
const TOKEN: &str = "token-for-this-test";

/// Writes its arguments to a line of `requests` and the texts of the files in them to `sent`, and answers with
/// an id, an identity and a token.
const CURL: &str = r#"#!/bin/sh
echo "$*" >>"$TMPDIR/requests"
for word; do case $word in @*) cat "${word#@}" >>"$TMPDIR/sent"; echo >>"$TMPDIR/sent" ;; esac; done
echo '{"id": 7, "value": "identity", "token": "short-lived"}'
"#;

#[test]
fn identity_is_exchanged_for_the_token_of_cargo() {
    let job = Job::new();
    job.program("cargo", "#!/bin/sh\necho \"$* with $CARGO_REGISTRY_TOKEN\" >>\"$TMPDIR/published\"\n");
    let output = job.run(
        &["crates"],
        &[
            ("TOKEN_URL", "https://registry.example/tokens"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://forge.example/identity?v=1"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", TOKEN),
        ],
    );
    assert!(output.status.success(), "{}", text(&output));
    let requests = job.file("requests");
    let requests: Vec<&str> = requests.lines().collect();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests[0].contains("--request GET"), "{requests:?}");
    assert!(requests[0].ends_with(" https://forge.example/identity?v=1&audience=registry.example"), "{requests:?}");
    assert!(requests[1].contains("--request POST") && requests[1].ends_with(" https://registry.example/tokens"));
    let sent = job.file("sent");
    assert_eq!(sent.matches(TOKEN).count(), 1, "the registry must not get the token of the forge: {sent}");
    assert!(sent.contains("{\"jwt\":\"identity\"}"), "{sent}");
    assert_eq!(job.file("published"), "publish --workspace --locked with short-lived\n");
    job.expect_hidden(&output, &[TOKEN, "short-lived", "identity\""]);
}

#[test]
fn token_is_sent_only_encrypted() {
    let job = Job::new();
    let output = job.run(&["crates"], &[("TOKEN_URL", "http://registry.example/tokens")]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("should be the https URL"), "{}", text(&output));
    assert_eq!(job.file("requests"), "");
}

#[test]
fn variable_that_is_missing_is_named() {
    let job = Job::new();
    let output = job.run(&["crates"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("`TOKEN_URL` is missing or empty"), "{}", text(&output));
}

#[test]
fn tag_of_another_version_makes_no_release() {
    let job = Job::new();
    let output = job.run(&["notes", "v99.0.0"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("the tag `v99.0.0` should be `v"), "{}", text(&output));
}

#[test]
fn release_is_visible_once_it_has_every_file() {
    let job = Job::new();
    let dist = job.0.path().join("dist");
    fs::create_dir(&dist).expect("the directory is created");
    for name in ["slugproof-a", "slugproof-b.whl", "SHA256SUMS"] {
        fs::write(dist.join(name), name).expect("the file is written");
    }
    let notes = job.0.path().join("notes.md");
    fs::write(&notes, "- one \"change\"\n").expect("the file is written");
    let [dist, notes] = [&dist, &notes].map(|path| path.to_str().expect("the path is UTF-8"));
    let output = job.run(&["upload", "v1.0.0", dist, "--notes", notes], &[("TOKEN", TOKEN)]);
    assert!(output.status.success(), "{}", text(&output));
    let requests = job.file("requests");
    let shown = |line: &str| {
        let (_, method) = line.split_once("--request ").expect("the request has a method");
        let url = line.split("/acme/bots").nth(1).expect("the request is about the repository");
        format!("{} {url}", method.split(' ').next().unwrap_or_default())
    };
    assert_eq!(
        requests.lines().map(shown).collect::<Vec<_>>(),
        [
            "POST /releases",
            "POST /releases/7/assets?name=slugproof-a",
            "POST /releases/7/assets?name=slugproof-b.whl",
            "POST /releases/7/assets?name=SHA256SUMS",
            "PATCH /releases/7",
        ]
    );
    assert!(requests.contains(&format!("--form attachment=@{dist}/slugproof-a ")), "{requests}");
    let sent = job.file("sent");
    assert!(sent.contains("\"body\":\"- one \\\"change\\\"\\n\",\"draft\":true"), "{sent}");
    assert!(sent.trim_end().ends_with("{\"draft\":false}"), "{sent}");
    job.expect_hidden(&output, &[TOKEN]);
}

#[test]
fn incomplete_release_is_refused() {
    let job = Job::new();
    fs::create_dir(job.0.path().join("dist")).expect("the directory is created");
    fs::write(job.0.path().join("dist/slugproof-x86_64-apple-darwin"), "x").expect("the file is written");
    let dist = job.0.path().join("dist");
    let output = job.run(&["sums", dist.to_str().expect("the path is UTF-8")], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("slugproof-aarch64-apple-darwin,"), "{}", text(&output));
    assert!(!text(&output).contains("slugproof-x86_64-apple-darwin,"), "{}", text(&output));
    assert!(!dist.join("SHA256SUMS").exists());
}

/// A job of a forge: a directory with its programs and files.
struct Job(TempDir);

impl Job {
    fn new() -> Self {
        let job = Self(tempfile::tempdir().expect("a temporary directory"));
        fs::create_dir(job.0.path().join("programs")).expect("the directory is created");
        job.program("curl", CURL);
        job
    }

    /// Puts a script on the PATH.
    fn program(&self, name: &str, script: &str) {
        let path = self.0.path().join("programs").join(name);
        fs::write(&path, script).expect("the file is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file exists");
    }

    /// The text of a file that a script writes.
    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap_or_default()
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let path = std::env::var("PATH").expect("PATH is set");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ci"));
        command.arg("release").args(arguments).current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
        for name in ["TOKEN", "TOKEN_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"] {
            command.env_remove(name);
        }
        if self.0.path().join("programs/cargo").exists() {
            command.env("CARGO", self.0.path().join("programs/cargo"));
        }
        command
            .env("PATH", format!("{}/programs:{path}", self.0.path().display()))
            .env("TMPDIR", self.0.path())
            .env("GITHUB_API_URL", "https://forge.example/api")
            .env("GITHUB_REPOSITORY", "acme/bots")
            .envs(variables.iter().copied());
        command.output().expect("the command runs")
    }

    /// Checks that neither the log nor the arguments of a process have a secret.
    fn expect_hidden(&self, output: &Output, secrets: &[&str]) {
        for secret in secrets {
            assert!(!text(output).contains(secret), "{secret}: {}", text(output));
            assert!(!self.file("requests").contains(secret), "{secret}: {}", self.file("requests"));
        }
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
