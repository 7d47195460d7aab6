//! What the documents say is what the command does.

use std::collections::BTreeSet;
use std::path::Path;

use slug_laws::LAWS;

use crate::console;
use crate::run::{Scratch, slugproof};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The README and the pages of docs, without docs/codes.md: `explain::` runs the examples of
/// that, each by itself.
fn pages() -> Vec<String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").read_dir().expect("docs is readable");
    let names = docs.map(|entry| entry.expect("docs is readable").file_name().to_string_lossy().into_owned());
    let pages = names.filter(|name| name.ends_with(".md") && name != "codes.md").map(|name| format!("docs/{name}"));
    pages.chain(["README.md".to_owned()]).collect()
}

/// Every `$ slugproof …` of a console block prints what the block shows, and a file that is
/// shown is there for the blocks of its page that follow.
#[test]
fn console_blocks_show_real_output() {
    let mut checked = 0;
    for page in pages() {
        let text = document(&page);
        let mut scratch = Scratch::new(&format!("console-{}", page.replace('/', "-")));
        for session in console::sessions(&text) {
            let (after, printed) = console::run(session, scratch);
            scratch = after;
            checked += printed.len();
        }
    }
    assert!(checked >= 7, "only {checked} examples were found");
}

/// The files that the README shows make a project that proves clean.
#[test]
fn the_readmes_files_work_together() {
    let readme = document("README.md");
    let mut scratch = Scratch::new("readme");
    let mut files = 0;
    for block in readme.split("```yaml\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let name = block.strip_prefix("# ").and_then(|rest| rest.lines().next()).expect("each begins with its name");
        scratch = scratch.file(name, block);
        files += 1;
    }
    assert_eq!(files, 3);
    let ended = slugproof([]).dir(&scratch).run();
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    assert!(ended.stdout.contains("(accepted: "), "{}", ended.stdout);
}

#[test]
fn the_readme_lists_every_law() {
    let readme = document("README.md");
    for law in LAWS {
        assert!(readme.contains(&format!("| `{}` | {} |", law.id, law.statement)), "`{}`: {}", law.id, law.statement);
    }
    assert_eq!(
        readme.lines().filter(|line| line.starts_with("| `") && LAWS.iter().any(|law| line.contains(law.id))).count(),
        LAWS.len()
    );
}

/// The lines of a table in a file, each in its fields.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = document(name).replace('|', "\\|");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// A page that a script wrote is of the table or the files that it reads as they are now.
#[test]
fn generated_pages_are_of_what_is_here() {
    let page = document("docs/hostile.md");
    let mut shown = BTreeSet::new();
    let mut section = "";
    for line in page.lines() {
        section = line.strip_prefix("### ").unwrap_or(section);
        if let Some((name, rest)) = line.strip_prefix("| ").and_then(|line| line.split_once(" | ")) {
            shown.insert((section, name, rest));
        }
    }
    for cell in rows("cli/tests/hostile/expected.tsv") {
        let [row, column, exit, message] = &cell[..] else { panic!("{cell:?}") };
        let said: &[&str] = if message == "-" { &["accepted", "nothing"] } else { &[&format!("`` {message} ``")] };
        let is_it = |(section, name, rest): &(&str, &str, &str)| {
            let is_here = (*section, *name) == (row, column) || (*section, *name) == (column, row);
            let is_so = said.iter().any(|said| rest.starts_with(&format!("{exit} | {said} | ")));
            is_here && (is_so || rest.contains(" | not run: "))
        };
        assert!(shown.iter().any(is_it), "run `cargo ci hostile`: {row}, {column} is not on its page");
    }
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!(slugproof(["--help"]).run().stdout);
    for command in ["prove", "resolve", "derive", "pick", "lint", "diagnose", "check"] {
        let help = slugproof([command, "--help"]).run();
        assert_eq!((help.code, help.stderr.as_str()), (0, ""));
        assert!(help.stdout.contains("Example"), "`{command} --help` shows no example");
    }
}

#[test]
fn completions_and_manual_pages_are_generated() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = slugproof(["completions", shell]).run();
        assert!(ended.code == 0 && ended.stdout.contains("resolve"), "{shell}");
    }
    let page = slugproof(["man"]).run();
    assert!(page.code == 0 && page.stdout.contains(".TH slugproof 1"), "{}", page.stdout);
    let scratch = Scratch::new("man");
    assert_eq!(slugproof(["man", "--dir", "."]).dir(&scratch).run().code, 0);
    assert!(scratch.0.join("slugproof-prove.1").is_file());
}
