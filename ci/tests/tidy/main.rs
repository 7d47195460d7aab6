//! Checks the text of the project, in code, tests, help and pages, against the rules of style.

mod rules;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use rules::{RULES, Rule};

/// Maximum length of a line of code, in characters. A test checks it because rustfmt leaves long
/// comments and strings unchanged.
const MAX_LINE_CHARS: usize = 120;

/// Maximum length of README.md, in words.
const MAX_README_WORDS: usize = 1200;

/// Path prefixes of files that are not checked. Some of these files quote text from elsewhere. A
/// program generates the others, and the source of the program is checked instead.
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
                if pattern.is_match(line) && !is_exempt(&path, rule) {
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
        let lines = text.lines().enumerate().filter(|(_, line)| line.chars().count() > MAX_LINE_CHARS);
        long.extend(lines.map(|(number, _)| format!("{path}:{}", number + 1)));
    }
    assert!(long.is_empty(), "these lines have more than {MAX_LINE_CHARS} characters: {long:?}");
}

/// The README stays short; details belong in docs.
#[test]
fn readme_is_short() {
    let text = fs::read_to_string(root().join("README.md")).expect("README.md is UTF-8");
    let words = text.split_whitespace().count();
    assert!(words <= MAX_README_WORDS, "README.md has {words} words; move something to docs/");
}

#[test]
fn each_rule_rejects_only_its_bad_example() {
    for rule in RULES {
        let pattern = pattern(rule);
        assert!(pattern.is_match(rule.bad), "`{}` does not match `{}`", rule.pattern, rule.bad);
        assert!(!pattern.is_match(rule.good), "`{}` matches `{}`", rule.pattern, rule.good);
    }
}

fn pattern(rule: &Rule) -> Regex {
    Regex::new(rule.pattern).expect("each pattern is a regular expression")
}

fn is_exempt(path: &str, rule: &Rule) -> bool {
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
