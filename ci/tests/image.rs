//! The Dockerfile, read as text: no Docker is needed, and none runs it here.

use std::fs;
use std::path::Path;

/// The instructions that the Dockerfile may have. None of them runs a program or uses the network.
const INSTRUCTIONS: [&str; 6] = ["FROM", "ARG", "COPY", "WORKDIR", "USER", "ENTRYPOINT"];

#[test]
fn image_has_no_base_that_can_change() {
    assert_eq!(all("FROM"), [["scratch"]], "a base image would need a digest");
    for words in instructions() {
        assert!(INSTRUCTIONS.contains(&words[0].as_str()), "{words:?}");
    }
}

#[test]
fn image_does_not_run_as_root() {
    let users = all("USER");
    let [user] = users.as_slice() else { panic!("{users:?}") };
    // A name would need the file /etc/passwd, which the image lacks.
    let ids: Vec<u32> = user[0].split(':').map(|id| id.parse().expect("a number")).collect();
    assert!(ids.len() == 2 && ids.iter().all(|id| *id >= 1000), "{ids:?}");
}

#[test]
fn binary_is_that_of_the_release() {
    let arguments = all("ARG");
    let [target] = arguments.as_slice() else { panic!("{arguments:?}") };
    let target = target[0].strip_prefix("TARGET=").expect("the image is for one target");
    assert!(target.ends_with("-unknown-linux-musl"), "the binary of {target} needs a C library");
    let release = read(".github/workflows/release.yml");
    assert!(release.contains(&format!("{{target: {target}, ")), "{target} is not a target of the release");
    let copies = all("COPY");
    let binary = copies.iter().find(|words| words.last().is_some_and(|to| to == "/slugproof")).expect("a binary");
    // A downloaded file cannot be run.
    assert_eq!(binary[..2], ["--chmod=755", "dist/slugproof-${TARGET}"]);
    // A list, because an image without a shell cannot split a text.
    assert_eq!(all("ENTRYPOINT"), [["[\"/slugproof\"]"]]);
    let command = format!("cargo ci packages binary --profile dist --target {target} --out dist\n");
    for file in ["Dockerfile", "docs/install.md"] {
        assert!(read(file).contains(&command), "{file} should say `{command}`");
    }
}

/// The context of the build has only the files that are copied.
#[test]
fn context_is_what_is_copied() {
    let ignored = read(".dockerignore");
    let patterns: Vec<&str> = ignored.lines().filter(|line| !line.starts_with('#')).collect();
    let (first, kept) = patterns.split_first().expect("patterns");
    assert_eq!(*first, "*");
    let kept: Vec<&str> = kept.iter().map(|line| line.strip_prefix('!').expect("an exception")).collect();
    let mut copied = 0;
    for words in all("COPY") {
        let sources = words[..words.len() - 1].iter().filter(|word| !word.starts_with("--"));
        for source in sources {
            copied += 1;
            let top = source.split('/').next().unwrap_or_default();
            assert!(kept.contains(&top), "{source}");
            assert!(top == "dist" || root().join(source).is_file(), "{source}");
        }
    }
    assert_eq!(copied, kept.len(), "{kept:?}");
    assert!(read(".gitignore").lines().any(|line| line == "/dist"), "dist would be committed");
}

/// The arguments of each instruction of a kind.
fn all(kind: &str) -> Vec<Vec<String>> {
    instructions().into_iter().filter(|words| words[0] == kind).map(|words| words[1..].to_vec()).collect()
}

/// The words of each instruction. Comments are left out; no instruction is continued on another line.
fn instructions() -> Vec<Vec<String>> {
    let text = read("Dockerfile");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            assert!(!line.ends_with('\\'), "{line}");
            line.split_whitespace().map(str::to_owned).collect()
        })
        .collect()
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
