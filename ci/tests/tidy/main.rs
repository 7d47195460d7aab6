//! Checks the text of the project, in code, tests, help and pages, against the rules of style.

mod rules;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use rules::{RULES, Rule};

/// Maximum length of a line of code, in characters. rustfmt does not shorten comments and strings.
const LINE: usize = 120;

/// Templates of pages in docs. Their links are relative to docs, so they are not checked here.
const TEMPLATES: [&str; 3] = ["benches/page.md", "ci/src/seeded_bugs/introduction.md", "cli/data/"];

/// Maximum length of README.md, in words.
const README_WORDS: usize = 1200;

/// Beginnings of the paths of unchecked files. These quote other texts, or a program writes them and
/// the text in that program is checked.
const UNCHECKED: [&str; 11] = [
    "ci/bugs/",
    "ci/tests/tidy/rules.rs",
    "cli/tests/data/sarif-2.1.0.schema.json",
    "docs/benchmarks.md",
    "docs/coverage.md",
    "docs/hostile.md",
    "docs/mutants.md",
    "docs/public-api.txt",
    "docs/seeded-bugs.md",
    "fuzz/regressions/",
    "fuzz/seeds/",
];

#[test]
fn text_follows_every_rule() {
    let rules: Vec<(Regex, &Rule)> = RULES.iter().map(|rule| (pattern(rule), rule)).collect();
    let mut problems = Vec::new();
    for path in text_files() {
        let text = fs::read_to_string(root().join(&path)).expect("text files are UTF-8");
        for (number, line) in text.lines().enumerate() {
            for (pattern, rule) in &rules {
                if pattern.is_match(line) && !is_exception(rule, &path) {
                    problems.push(format!("{path}:{}: {}\n    {}", number + 1, rule.advice, line.trim()));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} lines break a rule of style:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn lines_of_code_fit_the_width() {
    let mut long = Vec::new();
    for path in text_files().filter(|path| path.ends_with(".rs")) {
        let text = fs::read_to_string(root().join(&path)).expect("source files are UTF-8");
        let lines = text.lines().enumerate().filter(|(_, line)| line.chars().count() > LINE);
        long.extend(lines.map(|(number, _)| format!("{path}:{}", number + 1)));
    }
    assert!(long.is_empty(), "these lines have more than {LINE} characters: {long:?}");
}

/// Relative links of pages lead to files that exist.
#[test]
fn links_lead_to_files() {
    let link = Regex::new(r"\]\(([^)#:\s]+)(#[^)]*)?\)").expect("the pattern is a regular expression");
    let mut broken = Vec::new();
    let mut checked = 0;
    for path in text_files()
        .filter(|path| path.ends_with(".md") && !TEMPLATES.iter().any(|template| path.starts_with(template)))
    {
        let text = fs::read_to_string(root().join(&path)).expect("pages are UTF-8");
        let file = root().join(&path);
        for found in link.captures_iter(&text) {
            checked += 1;
            if !file.parent().expect("a file is in a directory").join(&found[1]).exists() {
                broken.push(format!("{path}: {}", &found[1]));
            }
        }
    }
    assert!(checked > 40, "only {checked} links were found");
    assert!(broken.is_empty(), "these links lead nowhere: {broken:?}");
}

/// The README stays short; details belong in docs.
#[test]
fn readme_is_short() {
    let text = fs::read_to_string(root().join("README.md")).expect("README.md is UTF-8");
    let words = text.split_whitespace().count();
    assert!(words <= README_WORDS, "README.md has {words} words; move something to docs/");
}

#[test]
fn each_rule_rejects_its_example_only() {
    for rule in RULES {
        let pattern = pattern(rule);
        assert!(pattern.is_match(rule.bad), "`{}` does not match `{}`", rule.pattern, rule.bad);
        assert!(!pattern.is_match(rule.good), "`{}` matches `{}`", rule.pattern, rule.good);
    }
}

fn pattern(rule: &Rule) -> Regex {
    Regex::new(rule.pattern).expect("each pattern is a regular expression")
}

fn is_exception(rule: &Rule, path: &str) -> bool {
    rule.except.contains(&path)
}

/// The checked text files of the project, relative to its root.
fn text_files() -> impl Iterator<Item = String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let listed = String::from_utf8(listed.expect("git lists the files").stdout).expect("paths are UTF-8");
    let paths: Vec<String> = listed.lines().map(ToOwned::to_owned).collect();
    assert!(paths.len() > 100, "git lists only {} files", paths.len());
    paths.into_iter().filter(|path| {
        let is_text =
            [".rs", ".md", ".txt", ".toml", ".yml", ".yaml", ".snap", ".tsv"].iter().any(|end| path.ends_with(end));
        is_text && !UNCHECKED.iter().any(|start| path.starts_with(start)) && root().join(path).exists()
    })
}

fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    Path::new(&manifest).join("..")
}
