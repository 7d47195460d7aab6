//! References of a Makefile that `make` reads otherwise than a shell: `$NAME` is the variable `N` and the text `AME`.

use slug_workflow::scripts::SourceFile;

use super::linter::Linter;
use super::mentions::mentions_word;
use crate::codes::LIKELY_SLIP;
use crate::findings::{Finding, SourceId, Span};

/// The most references of a Makefile that are reported.
const REFERENCES: usize = 20;

impl Linter<'_> {
    /// The findings about a Makefile: a name of a policy, of an `env` or of a variable of the Makefile after one `$`.
    pub(super) fn single_dollars(
        &self,
        file: &SourceFile,
        source: SourceId,
        is_set: impl Fn(&str) -> bool,
    ) -> Vec<Finding> {
        let text = &*file.text;
        let mut findings: Vec<Finding> = Vec::new();
        for (at, name) in references(text) {
            let (letter, rest) = name.split_at(1);
            let is_known = self.names.contains(name) || is_set(name) || assigns(text, name);
            if !is_known || assigns(text, letter) || findings.len() == REFERENCES {
                continue;
            }
            let range = file.base + at..file.base + at + 1 + name.len();
            let title = format!("`make` reads `${name}` as the variable `{letter}` and the text `{rest}`");
            findings.push(
                Finding::new(&LIKELY_SLIP, Span { source, range }, title)
                    .with_help(format!("write `$({name})`, or in a recipe `$${name}` for the shell"))
                    .with_subject("variable", name),
            );
        }
        findings
    }
}

/// The names of several characters after one `$`, outside comments, each with the byte of the `$`.
fn references(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut line_start = 0;
    for line in text.split_inclusive('\n') {
        let code = if line.trim_start().starts_with('#') { "" } else { line };
        let mut at = 0;
        while let Some(sign) = code[at..].find('$').map(|sign| at + sign) {
            let rest = &code[sign + 1..];
            let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            if end > 1 && rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
                found.push((line_start + sign, &rest[..end]));
            }
            // `$$` is a `$` for the shell.
            let is_double = rest.starts_with('$');
            at = sign + if is_double { 2 } else { 1 };
        }
        line_start += line.len();
    }
    found
}

/// Whether a Makefile assigns a variable.
fn assigns(text: &str, name: &str) -> bool {
    text.lines().filter(|line| !line.starts_with('\t')).any(|line| {
        line.split_once('=').is_some_and(|(before, _)| {
            mentions_word(before, name) && before.trim_end_matches([':', '+', '?', '!', ' ']).ends_with(name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_one_sign() {
        let text = "A = $KEY $$KEY $$$KEY $(KEY) ${KEY} $@ $X # $REST\n# $KEY\nx:\n\tB=$é$KEY_2 c\n";
        let names: Vec<&str> = references(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["KEY", "KEY", "REST", "KEY_2"]);
        assert_eq!(references("ab $CD")[0].0, 3);
        assert_eq!(references("x\ny $CD")[0].0, 4);
    }

    #[test]
    fn assignment_of_a_makefile_is_found() {
        for (text, is_assigned) in [
            ("K = a", true),
            ("K := a", true),
            ("export K ?= a", true),
            ("a: K += b", true),
            ("KEY = a", false),
            ("A = K", false),
            ("\tK=a b", false),
        ] {
            assert_eq!(assigns(text, "K"), is_assigned, "{text}");
        }
    }
}
