use slug_testkit::linting::{File, Finding, Linter, Location, check_linting};

use crate::assert_rejected;

/// A linter that finds every line `BAD name`, with a patch that deletes it; the function alters each finding.
struct Stub(fn(&mut Finding, &[File<'_>], usize));

impl Linter for Stub {
    fn lint(&self, files: &[File<'_>]) -> Vec<Finding> {
        let mut found = Vec::new();
        for (number, file) in files.iter().enumerate() {
            for (start, _) in file.text.match_indices("BAD ") {
                let mut finding = finding(file, start);
                (self.0)(&mut finding, files, number);
                found.push(finding);
            }
        }
        found
    }

    fn neighbour(&self) -> &'static str {
        "BAD neighbour\n"
    }
}

fn finding(file: &File<'_>, start: usize) -> Finding {
    let end = file.text[start..].find('\n').map_or(file.text.len(), |length| start + length);
    let name = &file.text[start + 4..end];
    let location = |from| Location { range: from..end, text: Some(file.text[from..end].to_owned()) };
    Finding {
        code: "bad".to_owned(),
        about: name.to_owned(),
        caret: location(start + 4),
        locations: vec![location(start)],
        variable: Some(name.to_owned()),
        shown: format!("{} {start} {name}", file.path),
        patch: Some((format!("delete {name}"), file.text.replacen(&file.text[start..end], "", 1))),
    }
}

const TEXT: &str = "good\nBAD one\nBAD two\n";

#[test]
fn check_linting_counts_the_findings_of_a_correct_linter() {
    assert_eq!(check_linting(&Stub(|_, _, _| {}), TEXT), Ok(2));
    assert_eq!(check_linting(&Stub(|_, _, _| {}), "good\n"), Ok(0));
}

#[test]
fn check_linting_rejects_wrong_findings() {
    type Wrong = fn(&mut Finding, &[File<'_>], usize);
    let wrong: [(Wrong, &str); 8] = [
        (|finding, _, _| finding.locations[0].text = None, "which is not in the file"),
        (|finding, _, _| finding.caret.text = None, "which is not in the file"),
        (|finding, _, _| finding.variable = Some("other".to_owned()), "and not at \"other\""),
        (|finding, files, _| finding.patch = Some(("none".to_owned(), files[0].text.to_owned())), "the patch `none`"),
        (
            |finding, _, _| {
                let (title, text) = finding.patch.take().expect("every finding has one");
                finding.patch = Some((title, text + "BAD three\n"));
            },
            "the patch `delete one`",
        ),
        (|finding, _, number| finding.shown += &number.to_string(), "the order of the files"),
        (|finding, files, _| finding.shown += &files.len().to_string(), "a file of another repository"),
        (
            |finding, files, _| finding.shown = if files.len() > 1 { "all" } else { "one" }.to_owned(),
            "a file of another",
        ),
    ];
    for (change, message) in wrong {
        assert_rejected(check_linting(&Stub(change), TEXT), message);
    }
}
