//! Runs the console sessions of Markdown documents.
//!
//! trycmd does not fit these sessions: it takes files from directories next to the document
//! instead of `$ cat`, and expects the exit code in the output.

use std::path::Path;

use crate::run::{Scratch, slugproof};

/// Runs a session in an empty directory and returns what its commands printed.
///
/// `$ cd DIR` copies a directory of this repository; `$ cat FILE` creates the file; `$ slugproof …` must
/// print the text after it, in which a line `…` stands for omitted lines. A `\` at the end of a line
/// continues the command.
pub fn run(session: &str, scratch: Scratch) -> (Scratch, Vec<String>) {
    let mut scratch = scratch;
    let mut printed = Vec::new();
    for step in format!("\n{session}").split("\n$ ").skip(1) {
        let step = step.replace("\\\n", " ");
        let (command, shown) = step.split_once('\n').unwrap_or((&step, ""));
        let mut words = command.split_whitespace();
        match words.next() {
            Some("cd") => scratch = with_files_of(words.next().expect("`cd` has a directory"), scratch),
            Some("cat") => {
                let name = words.next().expect("`cat` has a file name");
                scratch = scratch.file(name, format!("{}\n", shown.trim_end()));
            }
            Some("slugproof") => {
                let output = slugproof(words).dir(&scratch).run();
                let text = format!("{}{}", output.stdout, output.stderr);
                assert_shown(command, shown, &text);
                printed.push(text);
            }
            other => panic!("{other:?} in a console session"),
        }
    }
    (scratch, printed)
}

/// Copies the text files of a directory of this repository.
fn with_files_of(directory: &str, scratch: Scratch) -> Scratch {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(directory);
    let mut scratch = scratch;
    let mut directories = vec![top.clone()];
    while let Some(directory) = directories.pop() {
        for entry in directory.read_dir().unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
            let path = entry.expect("the directory is readable").path();
            if path.is_dir() {
                directories.push(path);
            } else {
                let name = path.strip_prefix(&top).expect("the file is in the directory");
                let text = std::fs::read_to_string(&path).expect("the file is text");
                scratch = scratch.file(&name.to_string_lossy(), text);
            }
        }
    }
    scratch
}

/// The sessions of a document, which are its `console` blocks.
pub fn sessions(document: &str) -> Vec<&str> {
    let blocks = document.split("```console\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default()).collect()
}

fn assert_shown(command: &str, shown: &str, printed: &str) {
    let mut rest = printed;
    for part in format!("{shown}\n").split("…\n") {
        let (is_whole, part) = (part.ends_with('\n'), part.trim_end());
        // Only `…` omits the rest of a line.
        let ends =
            |at: &usize| !is_whole || rest[at + part.len()..].lines().next().unwrap_or_default().trim().is_empty();
        let at = rest.match_indices(part).map(|(at, _)| at).find(ends);
        let at = at.unwrap_or_else(|| panic!("`{command}` does not print\n{part}\nbut\n{printed}"));
        rest = &rest[at + part.len()..];
    }
}
