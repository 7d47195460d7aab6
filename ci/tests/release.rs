//! `cargo ci release` and the scripts of the release workflow, with other programs instead of curl, cargo, npm and gh:
//! what is sent and published, and what other processes can see.
#![cfg(unix)]

mod steps;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// The secret of each test.
const TOKEN: &str = "token-for-this-test";

/// Writes its arguments to a line of `requests`, and the texts of the files in them and of its input to `sent`.
/// Answers with the file `releases` to the question for them, else with an id, an identity and a token.
const CURL: &str = r#"#!/bin/sh
echo "$*" >>"$TMPDIR/requests"
for word; do
  case $word in
  @- | -) cat >>"$TMPDIR/sent" ;;
  @*) cat "${word#@}" >>"$TMPDIR/sent"; echo >>"$TMPDIR/sent" ;;
  esac
done
case "$*" in
*"--request DELETE"*) ;;
*"--request GET"*/releases*) cat "$TMPDIR/releases" 2>/dev/null || echo '[]' ;;
*) echo '{"id": 7, "value": "identity", "token": "short-lived"}' ;;
esac
"#;

/// A workspace of two crates and a tool. The registry has the crates in the file `published`.
const CARGO: &str = r#"#!/bin/sh
echo "$* with $CARGO_REGISTRY_TOKEN" >>"$TMPDIR/cargo"
case $1 in
metadata) echo '{"packages": [
  {"name": "slug-a", "version": "1.0.0", "publish": null}, {"name": "tool", "version": "1.0.0", "publish": []},
  {"name": "slug-b", "version": "1.0.0", "publish": null}]}' ;;
info) [ "$PWD" = "$TMPDIR" ] && grep -qx "$3" "$TMPDIR/published" ;;
esac
"#;

/// The variables of the job that publishes crates.
const IDENTITY: [(&str, &str); 3] = [
    ("TOKEN_URL", "https://registry.example/tokens"),
    ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://forge.example/identity?v=1"),
    ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", TOKEN),
];

#[test]
fn identity_is_exchanged_for_the_token_of_cargo() {
    let job = Job::new();
    job.program("cargo", CARGO);
    let output = job.script("unpublished", &IDENTITY);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!(job.file("unpublished"), "--package=slug-a\n--package=slug-b\n");
    let output = job.script("crates", &IDENTITY);
    assert!(output.status.success(), "{}", text(&output));
    let requests = job.file("requests");
    let requests: Vec<&str> = requests.lines().collect();
    assert_eq!(requests.len(), 2, "{requests:?}");
    assert!(requests[0].ends_with(" https://forge.example/identity?v=1&audience=registry.example"), "{requests:?}");
    assert!(requests[1].contains("--data-binary @-") && requests[1].ends_with(" https://registry.example/tokens"));
    let sent = job.file("sent");
    assert_eq!(sent.matches(TOKEN).count(), 1, "the registry must not get the token of the forge: {sent}");
    assert!(sent.contains("{\"jwt\":\"identity\"}"), "{sent}");
    let cargo = job.file("cargo");
    let with_token: Vec<&str> = cargo.lines().filter(|line| !line.ends_with(" with ")).collect();
    let publish = "publish --locked --no-verify --package=slug-a --package=slug-b with short-lived";
    assert_eq!(with_token, [publish], "only one command has the token");
    job.expect_hidden(&output, &[TOKEN, "short-lived", "identity\""]);
}

#[test]
fn published_crates_are_skipped() {
    let job = Job::new();
    job.program("cargo", CARGO);
    for (published, unpublished, requests) in
        [("slug-a@1.0.0\nslug-b@0.9.0\n", "--package=slug-b\n", 2), ("slug-a@1.0.0\nslug-b@1.0.0\n", "", 2)]
    {
        fs::write(job.0.path().join("published"), published).expect("the file is written");
        assert!(job.script("unpublished", &IDENTITY).status.success());
        assert_eq!(job.file("unpublished"), unpublished);
        let output = job.script("crates", &IDENTITY);
        assert!(output.status.success(), "{}", text(&output));
        assert_eq!(job.file("requests").lines().count(), requests, "{published}");
    }
    let cargo = job.file("cargo");
    let published: Vec<&str> = cargo.lines().filter(|line| line.starts_with("publish ")).collect();
    assert_eq!(published, ["publish --locked --no-verify --package=slug-b with short-lived"]);
}

#[test]
fn failed_exchange_publishes_nothing() {
    for answer in ["exit 22", "echo '{}'", "echo not JSON"] {
        let job = Job::new();
        job.program("cargo", CARGO);
        job.program("curl", &format!("#!/bin/sh\n{answer}\n"));
        assert!(job.script("unpublished", &IDENTITY).status.success());
        assert!(!job.script("crates", &IDENTITY).status.success(), "{answer}");
        assert!(!job.file("cargo").contains("publish"), "{answer}");
    }
}

#[test]
fn token_is_sent_only_encrypted() {
    for url in ["http://registry.example/tokens", "https://", ""] {
        let job = Job::new();
        let output = job.script("crates", &[IDENTITY[1], IDENTITY[2], ("TOKEN_URL", url)]);
        assert_eq!(output.status.code(), Some(2), "{url}");
        assert!(text(&output).contains("CRATES_TOKEN_URL should be the https URL"), "{}", text(&output));
        assert_eq!(job.file("requests"), "");
    }
}

/// The package that depends on the others is last, and packages of an earlier run are skipped.
#[test]
fn published_npm_packages_are_skipped() {
    let job = Job::new();
    let npm = "#!/bin/sh\necho \"$*\" >>\"$TMPDIR/npm\"\n\
               case \"$*\" in *linux-x64@1.2.3*) echo 1.2.3 ;; view*) exit 1 ;; esac\n";
    job.program("npm", npm);
    fs::create_dir(job.0.path().join("dist")).expect("the directory is created");
    for name in ["slugproof-1.2.3.tgz", "slugproof-linux-x64-1.2.3.tgz", "slugproof-win32-x64-1.2.3.tgz"] {
        fs::write(job.0.path().join("dist").join(name), "").expect("the file is written");
    }
    let output = job.script("npm", &[("TAG", "v1.2.3")]);
    assert!(output.status.success(), "{}", text(&output));
    let npm = job.file("npm");
    let published: Vec<&str> = npm.lines().filter_map(|line| line.strip_prefix("publish ")).collect();
    assert_eq!(
        published,
        ["--access public ./dist/slugproof-win32-x64-1.2.3.tgz", "--access public ./dist/slugproof-1.2.3.tgz"]
    );
    assert!(npm.contains("view slugproof@1.2.3 version\n"), "{npm}");
}

/// A second run replaces the files of a draft, and lets the files of a visible release stay.
#[test]
fn begun_release_is_continued() {
    for (state, begun, created, expected) in [
        ("draft", "echo draft", false, "state=draft\n"),
        ("visible", "echo visible", false, "state=visible\n"),
        ("missing", "echo 'release not found' >&2; exit 1", true, "state=draft\n"),
    ] {
        let job = Job::new();
        let view = format!("case $2 in view) {begun} ;; *) echo \"$*\" >>\"$TMPDIR/gh\" ;; esac");
        job.program("gh", &format!("#!/bin/sh\n{view}\n"));
        let output = job.script("release", &[("TAG", "v1.2.3")]);
        assert!(output.status.success(), "{state}: {}", text(&output));
        assert_eq!(job.file("gh").contains("release create v1.2.3 --draft --verify-tag"), created, "{state}");
        assert_eq!(job.file("output"), expected, "{state}");
    }
}

#[test]
fn variable_that_is_missing_is_named() {
    let job = Job::new();
    let output = job.run(&["upload", "v1.0.0", ".", "--notes", "CHANGELOG.md"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("`TOKEN` is missing or empty"), "{}", text(&output));
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
            "GET /releases?limit=50",
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

/// A second run replaces the files of a draft, and lets those of a visible release stay.
#[test]
fn begun_release_on_gitea_is_continued() {
    let begun = |draft: bool| {
        format!(
            r#"[{{"id": 8, "tag_name": "v0.9.0", "draft": true, "assets": []}},
        {{"id": 7, "tag_name": "v1.0.0", "draft": {draft}, "assets": [{{"id": 5}}, {{"id": 6}}]}}]"#
        )
    };
    for (draft, expected) in [(true, &["GET", "DELETE", "DELETE", "POST", "POST", "PATCH"][..]), (false, &["GET"])] {
        let job = Job::new();
        fs::write(job.0.path().join("releases"), begun(draft)).expect("the file is written");
        let dist = job.0.path().join("dist");
        fs::create_dir(&dist).expect("the directory is created");
        for name in ["slugproof-a", "SHA256SUMS"] {
            fs::write(dist.join(name), name).expect("the file is written");
        }
        let dist = dist.to_str().expect("the path is UTF-8");
        let notes = concat!(env!("CARGO_MANIFEST_DIR"), "/../CHANGELOG.md");
        let output = job.run(&["upload", "v1.0.0", dist, "--notes", notes], &[("TOKEN", TOKEN)]);
        assert!(output.status.success(), "{}", text(&output));
        let requests = job.file("requests");
        let method = |line: &str| line.split_once("--request ")?.1.split(' ').next().map(str::to_owned);
        assert_eq!(requests.lines().filter_map(method).collect::<Vec<_>>(), expected, "{requests}");
        assert_eq!(requests.contains("/releases/7/assets/6\n"), draft, "{requests}");
        assert!(!requests.contains("/releases/8"), "{requests}");
    }
}

#[test]
fn unsigned_release_is_refused() {
    let job = Job::new();
    let dist = job.0.path().join("dist");
    fs::create_dir(&dist).expect("the directory is created");
    for name in ["slugproof-a", "slugproof-b", "slugproof-b.sigstore.json"] {
        fs::write(dist.join(name), "x").expect("the file is written");
    }
    let output = job.run(&["sums", dist.to_str().expect("the path is UTF-8")], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains(" slugproof-a.sigstore.json"), "{}", text(&output));
    assert!(!text(&output).contains("slugproof-b.sigstore.json"), "{}", text(&output));
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
        command
            .env_remove("TOKEN")
            .env("PATH", format!("{}/programs:{path}", self.0.path().display()))
            .env("TMPDIR", self.0.path())
            .env("GITHUB_API_URL", "https://forge.example/api")
            .env("GITHUB_REPOSITORY", "acme/bots")
            .envs(variables.iter().copied());
        command.output().expect("the command runs")
    }

    /// Runs the script of a step of the release workflow.
    fn script(&self, id: &str, variables: &[(&str, &str)]) -> Output {
        let path = std::env::var("PATH").expect("PATH is set");
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c"])
            .arg(steps::script(".github/workflows/release.yml", id))
            .current_dir(&self.0)
            .env_clear()
            .env("PATH", format!("{}/programs:{path}", self.0.path().display()))
            .env("TMPDIR", self.0.path())
            .env("RUNNER_TEMP", self.0.path())
            .env("GITHUB_OUTPUT", self.0.path().join("output"))
            .envs(variables.iter().copied());
        bash.output().expect("bash runs")
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
