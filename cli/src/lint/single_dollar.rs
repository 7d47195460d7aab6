//! References of a Makefile that `make` reads differently from a shell: `$NAME` is the variable `N` and the text `AME`.

use slug_workflow::scripts::SourceFile;

use super::linter::Linter;
use super::slips::is_built_in;
use crate::codes::LIKELY_SLIP;
use crate::findings::{Finding, SourceId, Span};

/// The most references of a Makefile that are reported.
const REFERENCES: usize = 20;

impl Linter<'_> {
    /// The findings about a Makefile: a name after one `$` that a policy, the system, a workflow, the Makefile or a
    /// recipe has for a variable. `is_set` says whether a workflow sets a variable.
    pub(super) fn single_dollars(
        &self,
        file: &SourceFile,
        source: SourceId,
        is_set: impl Fn(&str) -> bool,
    ) -> Vec<Finding> {
        let text = &*file.text;
        let mut findings: Vec<Finding> = Vec::new();
        // Another file may set the variable of one letter.
        let includes = |line: &str| ["include ", "-include ", "sinclude "].iter().any(|word| line.starts_with(word));
        if text.lines().any(includes) {
            return findings;
        }
        for (at, name) in references(text) {
            let (letter, rest) = name.split_at(1);
            let is_known = self.names.contains(name) || is_built_in(name) || is_set(name) || assigns(text, name);
            if !is_known || assigns(text, letter) || is_set(letter) || findings.len() == REFERENCES {
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

/// The names of several characters after one `$`, outside comments of the Makefile, each with the byte of the `$`.
fn references(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut line_start, mut is_comment) = (0, false);
    for line in text.split_inclusive('\n') {
        // A comment in a recipe is one of the shell: `make` expands it.
        let comment = match line.starts_with('\t') {
            _ if is_comment => Some(0),
            true => None,
            false => line.find('#'),
        };
        let code = &line[..comment.unwrap_or(line.len())];
        is_comment = comment.is_some() && line.trim_end_matches(['\r', '\n']).ends_with('\\');
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

/// Whether a Makefile or one of its recipes assigns a variable: by `=`, as that of a loop, or by `define` or `read`.
fn assigns(text: &str, name: &str) -> bool {
    let is_inside = |c: char| c == '_' || c.is_ascii_alphanumeric();
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let sign = after.trim_start_matches([' ', '\t']).trim_start_matches([':', '+', '?', '!']);
        let is_word = !before.ends_with(is_inside) && !before.ends_with('$') && !after.starts_with(is_inside);
        let follows = |word: &str| before.trim_end_matches([' ', '\t']).ends_with(word) && !before.ends_with(word);
        is_word && (sign.starts_with('=') || ["foreach", "for", "define", "read", "read -r"].into_iter().any(follows))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_one_sign() {
        let text =
            "A = $KEY $$KEY $$$KEY $(KEY) ${KEY} $@ $X # $OUT\n# $KEY \\\n$KEY\nx: ## $OUT\n\tB=$é$KEY_2 c # $IN\n";
        let names: Vec<&str> = references(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["KEY", "KEY", "KEY_2", "IN"]);
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
            ("\tK=a b", true),
            ("K\t= a", true),
            ("\tfor K in a b; do", true),
            ("$(foreach K,a b,$K)", true),
            ("define K", true),
            ("\techo $K", false),
            ("\techo $$K=", false),
            ("before K", false),
        ] {
            assert_eq!(assigns(text, "K"), is_assigned, "{text}");
        }
    }
}
