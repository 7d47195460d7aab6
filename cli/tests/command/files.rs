//! Tests how `lint` and `check` treat files: the parts of a fixed file that stay, and files that are never overwritten.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::{Scratch, slugproof};

/// A workflow whose model `--fix` deletes.
const WRONG: &str = "on: push
jobs:
  a:
    env:
      E2E_RUNTIME: claude-code
      E2E_MINIMAX_API_KEY: ${{ secrets.KEY }}
      E2E_MODEL_SLUG: minimax:none
    steps:
      - run: bash tests/e2e/test_staging_full_saas.sh
";

fn fixed() -> String {
    WRONG.replace("      E2E_MODEL_SLUG: minimax:none\n", "")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the file exists")
}

#[test]
fn fix_keeps_mode_owner_and_links() {
    let scratch = Scratch::new("files-kept").file("a.yml", WRONG).file("b.yml", WRONG).file("c.yml", WRONG);
    let at = |name: &str| scratch.0.join(name);
    fs::set_permissions(at("a.yml"), fs::Permissions::from_mode(0o640)).expect("the mode can be set");
    // Only a privileged user can give a file to another one.
    let owner = std::os::unix::fs::chown(at("a.yml"), Some(12_345), Some(12_346)).is_ok().then_some((12_345, 12_346));
    fs::hard_link(at("b.yml"), at("hard")).expect("links are supported");
    symlink("c.yml", at("soft.yml")).expect("links are supported");
    let output = slugproof(["lint", "--fix", "a.yml", "b.yml", "soft.yml"]).dir(&scratch).run();
    assert_eq!(output.code, 0, "{}", output.snapshot());
    for name in ["a.yml", "b.yml", "hard", "c.yml", "soft.yml"] {
        assert_eq!(read(&at(name)), fixed(), "{name}");
    }
    let metadata = |name: &str| fs::metadata(at(name)).expect("the file exists");
    assert_eq!(metadata("a.yml").mode() & 0o7777, 0o640);
    if let Some(owner) = owner {
        assert_eq!((metadata("a.yml").uid(), metadata("a.yml").gid()), owner);
    }
    assert_eq!((metadata("b.yml").ino(), metadata("b.yml").nlink()), (metadata("hard").ino(), 2));
    assert!(fs::symlink_metadata(at("soft.yml")).expect("the link exists").is_symlink());
}

/// The command reads `a.yml`, then waits for the pipe `z.yml`, while the file changes.
#[test]
fn fix_leaves_changed_file_alone() {
    let scratch = Scratch::new("files-changed").file("a.yml", WRONG).file("b.yml", WRONG);
    let pipe = scratch.0.join("z.yml");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there").success());
    let directory = Scratch(scratch.0.clone());
    let run = thread::spawn(move || slugproof(["lint", "--fix", "a.yml", "b.yml", "z.yml"]).dir(&directory).run());
    // Opening the pipe waits until the command opens it, after the other files.
    let writer = fs::OpenOptions::new().write(true).open(&pipe).expect("the pipe exists");
    let changed = format!("# edited\n{WRONG}");
    fs::write(scratch.0.join("a.yml"), &changed).expect("the file can be written");
    drop(writer);
    let output = run.join().expect("the command ends");
    assert_eq!(output.code, 2, "{}", output.snapshot());
    let message =
        "error: `a.yml` changed since it was read, so it is left alone; run the command again; written: `b.yml`";
    assert!(output.stderr.contains(message), "{}", output.snapshot());
    assert_eq!((read(&scratch.0.join("a.yml")), read(&scratch.0.join("b.yml"))), (changed, fixed()));
}

/// The same for a file that is gone: the others are written, and the message names them.
#[test]
fn message_names_the_files_that_were_written() {
    let scratch = Scratch::new("files-partly").file("a.yml", WRONG).file("b.yml", WRONG).file("c.yml", WRONG);
    let pipe = scratch.0.join("z.yml");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is there").success());
    let directory = Scratch(scratch.0.clone());
    let args = ["lint", "--fix", "a.yml", "b.yml", "c.yml", "z.yml"];
    let run = thread::spawn(move || slugproof(args).dir(&directory).run());
    let writer = fs::OpenOptions::new().write(true).open(&pipe).expect("the pipe exists");
    fs::remove_file(scratch.0.join("b.yml")).expect("the file exists");
    drop(writer);
    let output = run.join().expect("the command ends");
    assert_eq!(output.code, 2, "{}", output.snapshot());
    assert!(
        output.stderr.contains("`b.yml`") && output.stderr.contains("; written: `a.yml`, `c.yml`\n"),
        "{}",
        output.snapshot()
    );
    assert!(!scratch.0.join("b.yml").exists());
}

const REGISTRY: &str = "schema_version: 1
providers: [{name: acme, auth_env: [ACME_API_KEY]}]
runtimes: {agent: {providers: [{name: acme, models: [ac-1]}]}}
";

const BASE: &str = "schema_version: 2
name: base
runtimes: [agent]
model: [{use: ac-1}]
secrets: [{key: ACME_API_KEY}]
";

/// Every file that a command reads, under its own name, another spelling and through links.
#[test]
fn output_never_overwrites_an_input() {
    let text = "on: push\njobs:\n  a:\n    steps: [{run: bash ci/wrap.sh}, {run: ./ci/post.py out.json}]\n  \
                b:\n    uses: ./.github/workflows/called.yml\n";
    let scratch = Scratch::new("files-inputs")
        .file("slugproof.yaml", "schema_version: 1\nregistry: providers.yaml\npolicies: [policy.yaml]\n")
        .file("providers.yaml", REGISTRY)
        .file("fixtures/pin.json", "{\"runtime\": \"agent\", \"model\": \"ac-1\"}\n")
        .file("policy.yaml", "schema_version: 2\nextends: base.yaml\nname: own\nharness: [ci/eval.sh]\n")
        .file("base.yaml", BASE)
        .file("ci/wrap.sh", "bash ci/eval.sh\n")
        .file("ci/eval.sh", "true\n")
        .file(".github/workflows/w.yml", text)
        .file(".github/workflows/called.yml", "on: workflow_call\njobs:\n  a:\n    steps: [{run: x}]\n");
    let at = |name: &str| scratch.0.join(name);
    let inputs = |command: &str| match command {
        "lint" | "" => vec![
            "slugproof.yaml",
            "providers.yaml",
            "policy.yaml",
            "base.yaml",
            "ci/wrap.sh",
            ".github/workflows/w.yml",
            ".github/workflows/called.yml",
            "fixtures/pin.json",
        ],
        _ => vec!["slugproof.yaml", "providers.yaml", "policy.yaml", "base.yaml"],
    };
    // The bare command has no word.
    let run_with = |command: &str, args: &[&str]| {
        let command = Some(command).filter(|command| !command.is_empty());
        slugproof(command.into_iter().chain(args.iter().copied())).dir(&scratch).run()
    };
    for command in ["lint", "check", ""] {
        for input in inputs(command) {
            for link in ["hard.json", "soft.json"] {
                let _ = fs::remove_file(at(link));
            }
            fs::hard_link(at(input), at("hard.json")).expect("links are supported");
            symlink(input, at("soft.json")).expect("links are supported");
            let before = read(&at(input));
            let absolute = at(input).display().to_string();
            let dotted = format!("./ci/../{input}");
            for path in [input, &absolute, &dotted, "hard.json", "soft.json"] {
                let output = format!("json={path}");
                let baselines = [&["--baseline", path][..], &["--baseline", path, "--write-baseline"]];
                let baselines = baselines.into_iter().filter(|_| !command.is_empty());
                for args in [&["--output", output.as_str()][..]].into_iter().chain(baselines) {
                    let run = run_with(command, args);
                    assert!(run.code == 2 && run.stderr.contains("also an input"), "{args:?}: {}", run.snapshot());
                    assert_eq!(read(&at(input)), before, "{args:?}");
                }
            }
        }
        for link in ["hard.json", "soft.json"] {
            fs::remove_file(at(link)).expect("the link exists");
        }
        // An earlier output is overwritten.
        for _ in 0..2 {
            let run = run_with(command, &["--output", "json=out.json"]);
            assert!(run.code < 2, "{}", run.snapshot());
        }
    }
    // Nothing is fixed if the report cannot be written.
    let fixable = Scratch::new("files-unfixed").file("a.yml", WRONG);
    let run = slugproof(["lint", "--fix", "a.yml", "--output", "json=./a.yml"]).dir(&fixable).run();
    assert_eq!((run.code, read(&fixable.0.join("a.yml"))), (2, WRONG.to_owned()));
}

/// A run that a signal ends, at a moment when it writes files, leaves each file whole and no other file.
#[test]
fn signal_leaves_no_temporary_file() {
    const FILES: usize = 40;
    for round in 0..6 {
        let mut scratch = Scratch::new("files-signal");
        for number in 0..FILES {
            scratch = scratch.file(&format!(".github/workflows/{number}.yml"), WRONG);
        }
        let directory = scratch.0.join(".github/workflows");
        let mut child = Command::new(env!("CARGO_BIN_EXE_slugproof"))
            .args(["lint", "--fix"])
            .current_dir(&scratch.0)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command is built");
        let entries = || fs::read_dir(&directory).expect("the directory exists").flatten();
        let is_temporary = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with(".slugproof-");
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(20)
            && !entries().any(|entry| is_temporary(&entry.file_name()))
            && child.try_wait().expect("the command is a child").is_none()
        {}
        let signal = if round % 2 == 0 { "-TERM" } else { "-INT" };
        let _ = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
        let _ = child.wait();
        let names: Vec<_> = entries().map(|entry| entry.file_name()).collect();
        assert!(names.len() == FILES && !names.iter().any(|name| is_temporary(name)), "{names:?}");
        for name in names {
            let text = read(&directory.join(name));
            assert!(text == WRONG || text == fixed(), "{text}");
        }
    }
}
