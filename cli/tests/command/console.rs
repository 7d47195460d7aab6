//! Runs the console sessions of Markdown documents.
//!
//! trycmd does not fit these sessions: it takes files from directories next to the document
//! instead of `$ cat`, and expects the exit code in the output.

use crate::run::{Scratch, slugproof};

/// Runs a session in an empty directory and returns what its commands printed.
///
/// `$ cat FILE` creates the file; `$ slugproof …` must print the text after it, in which a
/// line `…` stands for omitted lines. A `\` at the end of a line continues the command.
pub fn run(session: &str, scratch: Scratch) -> (Scratch, Vec<String>) {
    let mut scratch = scratch;
    let mut printed = Vec::new();
    for step in format!("\n{session}").split("\n$ ").skip(1) {
        let step = step.replace("\\\n", " ");
        let (command, shown) = step.split_once('\n').unwrap_or((&step, ""));
        let mut words = command.split_whitespace();
        match words.next() {
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

/// The sessions of a document, which are its `console` blocks.
pub fn sessions(document: &str) -> Vec<&str> {
    let blocks = document.split("```console\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default()).collect()
}

fn assert_shown(command: &str, shown: &str, printed: &str) {
    let mut rest = printed;
    for part in shown.split("…\n") {
        let part = part.trim_end();
        let at = rest.find(part).unwrap_or_else(|| panic!("`{command}` does not print\n{part}\nbut\n{printed}"));
        rest = &rest[at + part.len()..];
    }
}
