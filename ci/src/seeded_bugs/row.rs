//! The results of the engines for one bug: a row of the table, stored as JSON between runs.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::checkout;
use crate::failure::{Context, Result};
use crate::seeded_bugs::engine::{Engine, Hit};

/// A bug, and the result of each engine.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub bug: String,
    /// True if the bug is in a crate outside the resolver, so that only the other tests search for it.
    pub is_outside_resolver: bool,
    pub cells: Vec<(Engine, Option<Hit>)>,
}

impl Row {
    /// Whether `cargo test` finds the bug.
    pub fn is_found_by_tests(&self) -> bool {
        self.finders().any(|engine| engine != Engine::Fuzz)
    }

    /// True if `cargo test` and two of the first four engines find the bug. If not every engine
    /// searched, or the bug is outside the resolver, any engine is enough.
    pub fn is_found_well_enough(&self) -> bool {
        if self.is_outside_resolver || self.cells.len() < Engine::ALL.len() {
            return self.finders().next().is_some();
        }
        self.is_found_by_tests() && self.finders().filter(|&engine| engine != Engine::Others).count() >= 2
    }

    fn finders(&self) -> impl Iterator<Item = Engine> {
        self.cells.iter().filter(|(_, hit)| hit.is_some()).map(|&(engine, _)| engine)
    }

    /// Writes the row to a file.
    pub fn write(&self, file: &Path) -> Result {
        let text = serde_json::to_string(self).context(|| format!("cannot write the row of `{}`", self.bug))?;
        checkout::write(file, &text)
    }

    /// Reads a stored row.
    pub fn read(file: &Path) -> Result<Self> {
        let row = serde_json::from_str(&checkout::read(file)?);
        row.context(|| format!("cannot read {}; remove it", file.display()))
    }
}

/// The row as Markdown.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| {} |", self.bug)?;
        for (_, hit) in &self.cells {
            match hit {
                Some(Hit { found_by, seconds, progress: Some(progress) }) => {
                    write!(f, " {found_by}, {seconds:.1} s, {progress} |")?;
                }
                Some(Hit { found_by, seconds, progress: None }) => write!(f, " {found_by}, {seconds:.1} s |")?,
                None => write!(f, " – |")?,
            }
        }
        write!(f, " {} |", if self.is_found_by_tests() { "yes" } else { "no" })
    }
}

/// The header of the table: two lines.
pub fn header(engines: &[Engine]) -> String {
    let titles: String = engines.iter().map(|engine| format!(" {} |", engine.title())).collect();
    format!("| bug |{titles} `cargo test` |\n| --- |{} --- |", " --- |".repeat(engines.len()))
}

/// The number of bugs that each engine found, in one sentence.
pub fn summary(engines: &[Engine], rows: &[Row]) -> String {
    let found = |engine: Engine| rows.iter().filter(|row| row.finders().any(|finder| finder == engine)).count();
    let counts: String =
        engines.iter().map(|&engine| format!(", {} found {}", engine.title(), found(engine))).collect();
    format!("Of {} bugs{counts}.", rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(found: &[Engine]) -> Row {
        let hit = Hit { found_by: "agreement".to_owned(), seconds: 0.25, progress: Some("case 5".to_owned()) };
        let cells = Engine::ALL.into_iter().map(|engine| (engine, found.contains(&engine).then(|| hit.clone())));
        Row { bug: "first-wins".to_owned(), is_outside_resolver: false, cells: cells.collect() }
    }

    #[test]
    fn bug_needs_two_engines_and_a_test() {
        use Engine::{Exhaustive, Fuzz, Others, Properties};
        assert!(row(&[Properties, Fuzz]).is_found_well_enough());
        assert!(row(&[Properties, Exhaustive]).is_found_well_enough());
        assert!(!row(&[Properties, Others]).is_found_well_enough(), "the other tests do not count as an engine");
        assert!(!row(&[Fuzz]).is_found_well_enough(), "`cargo test` does not find the bug");
        assert!(!row(&[]).is_found_well_enough());
        let outside = |found: &[Engine]| Row { is_outside_resolver: true, ..row(found) };
        assert!(outside(&[Others]).is_found_well_enough() && !outside(&[]).is_found_well_enough());
        let fuzz_only = |found: &[Engine]| Row { cells: row(found).cells.split_off(3)[..1].to_vec(), ..row(found) };
        assert!(fuzz_only(&[Fuzz]).is_found_well_enough());
        assert!(!fuzz_only(&[]).is_found_well_enough());
    }

    #[test]
    fn row_survives_being_written_and_read() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("rows/first-wins.json");
        let row = row(&[Engine::Witnesses, Engine::Others]);
        row.write(&file).unwrap();
        assert_eq!(Row::read(&file).unwrap(), row);
        assert_eq!(
            row.to_string(),
            "| first-wins | – | – | agreement, 0.2 s, case 5 | – | agreement, 0.2 s, case 5 | yes |"
        );
    }

    #[test]
    fn summary_counts_each_engine() {
        let engines = [Engine::Properties, Engine::Others];
        let rows = [row(&[Engine::Properties]), row(&[Engine::Properties, Engine::Others])];
        assert_eq!(summary(&engines, &rows), "Of 2 bugs, properties found 2, other tests found 1.");
        assert_eq!(header(&engines), "| bug | properties | other tests | `cargo test` |\n| --- | --- | --- | --- |");
    }
}
