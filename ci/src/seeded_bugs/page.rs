//! Renders docs/seeded-bugs.md.

use std::fmt::Write as _;

use crate::seeded_bugs::engine::Engine;
use crate::seeded_bugs::row::{self, Row};

/// The path of the page.
pub const FILE: &str = "docs/seeded-bugs.md";

/// The text above the table.
const INTRODUCTION: &str = include_str!("introduction.md");

/// The page: the introduction, the table, a summary, and the description of each bug.
pub fn render(engines: &[Engine], rows: &[Row], patches: &[String], summary: &str) -> String {
    let mut page = format!("{INTRODUCTION}\n{}\n", row::header(engines));
    for row in rows {
        let _ = writeln!(page, "{row}");
    }
    let _ = write!(page, "\n{summary}\n\n## The bugs\n\n");
    for (row, patch) in rows.iter().zip(patches) {
        let _ = writeln!(page, "{}", item(&row.bug, patch));
    }
    page
}

/// The list item of a bug: its name, and the first line of its patch, which describes it.
fn item(bug: &str, patch: &str) -> String {
    format!("- `{bug}`: {}", patch.lines().next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{FILE, INTRODUCTION, item};
    use crate::checkout;
    use crate::seeded_bugs::patch;

    #[test]
    fn page_has_the_introduction_and_every_bug() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let page = checkout::read(root.join(FILE)).unwrap();
        assert!(page.starts_with(INTRODUCTION), "{FILE} has another introduction; copy it there");
        let items: Vec<&str> = page.lines().skip_while(|line| *line != "## The bugs").skip(2).collect();
        let patches = checkout::entries(&root.join(patch::DIR)).unwrap();
        let expected = patches
            .iter()
            .map(|patch| item(&patch.file_stem().unwrap().to_string_lossy(), &checkout::read(patch).unwrap()));
        assert_eq!(items, expected.collect::<Vec<_>>(), "run `cargo ci seeded-bugs`");
    }
}
