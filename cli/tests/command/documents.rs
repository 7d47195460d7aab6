//! The documentation matches the command.

use std::collections::BTreeSet;
use std::path::Path;

use slug_laws::LAWS;

use crate::console;
use crate::run::{Scratch, slugproof};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The README and the pages of docs, except docs/codes.md: `explain::` runs its examples one
/// by one.
fn pages() -> Vec<String> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").read_dir().expect("docs is readable");
    let names = docs.map(|entry| entry.expect("docs is readable").file_name().to_string_lossy().into_owned());
    let pages = names.filter(|name| name.ends_with(".md") && name != "codes.md").map(|name| format!("docs/{name}"));
    pages.chain(["README.md".to_owned()]).collect()
}

/// Every `$ slugproof …` of a console block prints the output that the block shows. A file
/// that a block creates exists for the later blocks of the page.
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

/// The files in the README form a project that `prove` accepts.
#[test]
fn documented_files_form_a_passing_project() {
    let page = document("docs/formats.md");
    let mut scratch = Scratch::new("formats");
    let mut files = 0;
    for block in page.split("```yaml\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let name = block
            .strip_prefix("# ")
            .and_then(|rest| rest.lines().next())
            .expect("each block starts with its file name");
        scratch = scratch.file(name, block);
        files += 1;
    }
    assert_eq!(files, 3);
    let finished = slugproof([]).dir(&scratch).run();
    assert_eq!((finished.code, finished.stderr.as_str()), (0, ""), "{}", finished.stdout);
    assert!(finished.stdout.contains("(accepted: "), "{}", finished.stdout);
}

#[test]
fn laws_page_lists_every_law() {
    let page = document("docs/laws.md");
    for law in LAWS {
        assert!(page.contains(&format!("| `{}` | {} |", law.id, law.statement)), "`{}`: {}", law.id, law.statement);
    }
    assert_eq!(
        page.lines().filter(|line| line.starts_with("| `") && LAWS.iter().any(|law| line.contains(law.id))).count(),
        LAWS.len()
    );
}

/// The rows of a tab-separated file, without empty lines and comments.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = document(name).replace('|', "\\|");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// docs/hostile.md shows the current rows of expected.tsv.
#[test]
fn hostile_page_matches_the_table() {
    let page = document("docs/hostile.md");
    let mut shown = BTreeSet::new();
    let mut section = "";
    for line in page.lines() {
        section = line.strip_prefix("### ").unwrap_or(section);
        if let Some((name, rest)) = line.strip_prefix("| ").and_then(|line| line.split_once(" | ")) {
            shown.insert((section, name, rest));
        }
    }
    for row in rows("cli/tests/hostile/expected.tsv") {
        let [row, column, exit, message] = &row[..] else { panic!("{row:?}") };
        let answers: &[&str] = if message == "-" { &["accepted", "nothing"] } else { &[&format!("`` {message} ``")] };
        let is_row = |(section, name, rest): &(&str, &str, &str)| {
            let is_here = (*section, *name) == (row, column) || (*section, *name) == (column, row);
            let is_answer = answers.iter().any(|answer| rest.starts_with(&format!("{exit} | {answer} | ")));
            is_here && (is_answer || rest.contains(" | not run: "))
        };
        assert!(shown.iter().any(is_row), "{row}, {column} is not in docs/hostile.md; run `cargo ci hostile`");
    }
}

#[test]
fn help_shows_examples() {
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
        let finished = slugproof(["completions", shell]).run();
        assert!(finished.code == 0 && finished.stdout.contains("resolve"), "{shell}");
    }
    let page = slugproof(["man"]).run();
    assert!(page.code == 0 && page.stdout.contains(".TH slugproof 1"), "{}", page.stdout);
    let scratch = Scratch::new("man");
    assert_eq!(slugproof(["man", "--dir", "."]).dir(&scratch).run().code, 0);
    assert!(scratch.0.join("slugproof-prove.1").is_file());
}
