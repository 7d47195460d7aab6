//! The page on the seeded bugs.

use std::fmt::Write as _;

use crate::seeded_bugs::engine::Engine;
use crate::seeded_bugs::row::{self, Row};

/// Where the page is.
pub const FILE: &str = "docs/teeth.md";

/// What stands above the table.
const INTRODUCTION: &str = include_str!("introduction.md");

/// The page: the introduction, the table, a sentence of summary, and what each bug is.
pub fn render(engines: &[Engine], rows: &[Row], descriptions: &[String], summary: &str) -> String {
    let mut page = format!("{INTRODUCTION}\n{}\n", row::header(engines));
    for row in rows {
        let _ = writeln!(page, "{row}");
    }
    let _ = write!(page, "\n{summary}\n\n## The bugs\n\n");
    for (row, description) in rows.iter().zip(descriptions) {
        let _ = writeln!(page, "- `{}`: {description}", row.bug);
    }
    page
}
