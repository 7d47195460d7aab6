//! The documentation matches the behaviour of `slugproof`.

use std::collections::BTreeSet;
use std::path::Path;

use slug_laws::LAWS;
use slug_laws::difference::DIFF_IS_EXACT;

use crate::console;
use crate::run::{Scratch, slugproof};

fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The paths of the README and the pages of docs, except docs/codes.md. The tests in explain.rs run
/// the examples of docs/codes.md.
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
            let (directory, outputs) = console::run(session, scratch);
            scratch = directory;
            checked += outputs.len();
        }
    }
    assert!(checked >= 7, "only {checked} examples were found");
}

/// The YAML files that docs/formats.md shows form a project in which `slugproof` finds no problem.
#[test]
fn files_of_formats_page_form_a_consistent_project() {
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
    let step = "{run: tests/e2e/nightly.sh, env: {ACME_KEY: '${{ secrets.ACME_KEY }}'}}";
    let workflow = format!("on: push\njobs:\n  e2e:\n    runs-on: ubuntu-latest\n    steps: [{step}]\n");
    scratch = scratch.file("tests/e2e/nightly.sh", "#!/bin/sh\n").file(".github/workflows/e2e.yml", workflow);
    let output = slugproof([]).dir(&scratch).run();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    assert!(output.stdout.contains("(accepted: "), "{}", output.stdout);
}

#[test]
fn laws_page_lists_every_law() {
    let page = document("docs/laws.md");
    let of_pairs = format!("| `{}` | {} |", DIFF_IS_EXACT.id, DIFF_IS_EXACT.statement);
    assert!(page.contains(&of_pairs), "{of_pairs}");
    for law in LAWS {
        assert!(page.contains(&format!("| `{}` | {} |", law.id, law.statement)), "`{}`: {}", law.id, law.statement);
    }
    assert_eq!(
        page.lines().filter(|line| line.starts_with("| `") && LAWS.iter().any(|law| line.contains(law.id))).count(),
        LAWS.len()
    );
}

/// The rows of a tab-separated file, without empty lines and comments. Each `|` is escaped as in a
/// Markdown table.
fn rows(name: &str) -> Vec<Vec<String>> {
    let text = document(name).replace('|', "\\|");
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Each row of expected.tsv is in docs/hostile.md, with its exit code and message.
#[test]
fn hostile_page_has_every_expected_row() {
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
        let messages: &[&str] = if message == "-" { &["accepted", "nothing"] } else { &[&format!("`` {message} ``")] };
        let is_row = |(section, name, rest): &(&str, &str, &str)| {
            // A section is about a reader (`row`) or about a sink (`column`).
            let has_name = (*section, *name) == (row, column) || (*section, *name) == (column, row);
            let has_message = messages.iter().any(|message| rest.starts_with(&format!("{exit} | {message} | ")));
            has_name && (has_message || rest.contains(" | not run: "))
        };
        assert!(shown.iter().any(is_row), "{row}, {column} is not in docs/hostile.md; run `cargo ci hostile`");
    }
}

#[test]
fn help_shows_examples() {
    insta::assert_snapshot!(slugproof(["--help"]).run().stdout);
    for command in
        ["prove", "resolve", "derive", "pick", "lint", "diagnose", "check", "conform", "import", "schema", "lsp"]
    {
        let help = slugproof([command, "--help"]).run();
        assert_eq!((help.code, help.stderr.as_str()), (0, ""));
        assert!(help.stdout.contains("Example"), "`{command} --help` shows no example");
    }
}

#[test]
fn completions_and_manual_pages_are_generated() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = slugproof(["completions", shell]).run();
        assert!(output.code == 0 && output.stdout.contains("resolve"), "{shell}");
        let asks = output.stdout.contains("complete runtimes") || output.stdout.contains("complete \"$names\"");
        assert_eq!(asks, ["bash", "zsh", "fish"].contains(&shell), "{shell}");
    }
    let zsh = slugproof(["completions", "zsh"]).run().stdout;
    assert!(zsh.matches("\n_slugproof() {").count() == 1 && zsh.contains("\n_slugproof_options() {"), "{zsh}");
    let page = slugproof(["man"]).run();
    assert!(page.code == 0 && page.stdout.contains(".TH slugproof 1"), "{}", page.stdout);
    let scratch = Scratch::new("man");
    assert_eq!(slugproof(["man", "--dir", "share/man1"]).dir(&scratch).run().code, 0);
    let pages = std::fs::read_dir(scratch.0.join("share/man1")).expect("the directory is readable");
    let mut names = Vec::new();
    for page in pages {
        let page = page.expect("the directory is readable");
        let name = page.file_name().into_string().expect("file names are UTF-8");
        if !name.ends_with(".1") {
            continue;
        }
        names.push(name);
        let text = std::fs::read_to_string(page.path()).expect("the page is readable");
        for section in ["EXIT STATUS", "FILES", "ENVIRONMENT", "SEE ALSO"] {
            assert_eq!(text.matches(&format!(".SH \"{section}\"")).count(), 1, "{names:?}");
        }
        assert!(text.contains("FORCE_COLOR") && text.contains("slugproof.yaml"), "{names:?}");
        // A page refers to others, and not to itself.
        let own = names.last().expect("a name").strip_suffix(".1").expect("a page").replace('-', "\\-");
        assert!(text.contains(".BR slugproof") && !text.contains(&format!(".BR {own} (1)")), "{own}");
    }
    assert!(names.contains(&"slugproof-prove.1".to_owned()) && !names.contains(&"slugproof-complete.1".to_owned()));
}

/// The names of the words that bash offers after these words.
#[cfg(unix)]
fn completed(scratch: &Scratch, words: &[&str]) -> Vec<String> {
    let script = slugproof(["completions", "bash"]).run().stdout;
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let directory = Path::new(env!("CARGO_BIN_EXE_slugproof")).parent().expect("a directory").display();
    let call = format!(
        "{script}\nPATH={directory}:$PATH\nCOMP_WORDS=({})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
         COMP_LINE=\"${{COMP_WORDS[*]}}\"\nCOMP_POINT=${{#COMP_LINE}}\n\
         _slugproof_names slugproof \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\n\
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" ")
    );
    let output = std::process::Command::new("bash").args(["-c", &call]).current_dir(&scratch.0).output();
    let output = output.expect("bash runs");
    let text = String::from_utf8(output.stdout).expect("the output is UTF-8");
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_runtimes_policies_and_codes() {
    let scratch = Scratch::new("completions")
        .file("slugproof.yaml", "schema_version: 1\nregistry: r.yaml\npolicies: [p.yaml]\n")
        .file(
            "r.yaml",
            "schema_version: 1\nproviders: [{name: acme, auth_env: [ACME_KEY]}]\n\
             runtimes: {coder: {providers: [{name: acme, models: [m]}]}, \
             writer: {providers: [{name: acme, models: [m]}]}}\n",
        )
        .file("p.yaml", "schema_version: 2\nname: nightly\nmodel: [{use: m}]\nsecrets: [{key: ACME_KEY}]\n");
    let complete = |words: &[&str]| completed(&scratch, words);
    assert_eq!(complete(&["slugproof", "resolve", "--runtime", ""]), ["coder", "writer"]);
    assert_eq!(complete(&["slugproof", "-q", "pick", "c"]), ["coder"]);
    assert_eq!(complete(&["slugproof", "prove", "--policy", "n"]), ["nightly"]);
    assert_eq!(complete(&["slugproof", "lint", "--deny", "cross"]), ["cross-vendor-credential"]);
    assert_eq!(complete(&["slugproof", "explain", "missing-c"]), ["missing-credential"]);
    // Everything else is completed as before.
    assert_eq!(complete(&["slugproof", "prove", "--brute"]), ["--brute-force"]);
    assert_eq!(complete(&["slugproof", "conf"]), ["conform"]);
    // A file that cannot be read completes nothing, and shows no error.
    let broken = Scratch::new("completions-broken").file("slugproof.yaml", "schema_version: [");
    assert_eq!(completed(&broken, &["slugproof", "resolve", "--runtime", ""]), [""; 0]);
}
