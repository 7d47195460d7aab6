//! Console sessions of Markdown documents, run.
//!
//! trycmd would do this too, but not for these sessions: it takes files from directories
//! beside the document instead of `$ cat`, and wants the exit code in what is shown.

use crate::run::{Scratch, slugproof};

/// Runs a session in an empty directory and returns what its commands printed.
///
/// `$ cat FILE` makes the file; `$ slugproof …` has to print what follows it, where a line
/// `…` stands for lines that are left out. A command goes on behind a `\` at the end of its
/// line.
pub fn run(session: &str, scratch: Scratch) -> (Scratch, Vec<String>) {
    let mut scratch = scratch;
    let mut printed = Vec::new();
    for step in format!("\n{session}").split("\n$ ").skip(1) {
        let step = step.replace("\\\n", " ");
        let (command, shown) = step.split_once('\n').unwrap_or((&step, ""));
        let mut words = command.split_whitespace();
        match words.next() {
            Some("cat") => {
                let name = words.next().expect("`cat` names a file");
                scratch = scratch.file(name, format!("{}\n", shown.trim_end()));
            }
            Some("slugproof") => {
                let ended = slugproof(words).dir(&scratch).run();
                let text = format!("{}{}", ended.stdout, ended.stderr);
                assert_shown(command, shown, &text);
                printed.push(text);
            }
            other => panic!("{other:?} in a console session"),
        }
    }
    (scratch, printed)
}

/// The sessions of a document: its `console` blocks.
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
