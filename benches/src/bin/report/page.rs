//! The page: the template `benches/page.md` with the numbers filled in.

use slug_bench::results::SharingProof;

use crate::machine::Machine;
use crate::targets::TargetResult;

/// Fills the placeholders of the template: `{{targets}}`, `{{comparisons}}`, `{{machine}}`,
/// `{{rounds}}`, `{{sharing}}`, and `{{ID}}` for the median of a target.
///
/// # Errors
///
/// If the template has an unknown or unclosed placeholder.
pub fn fill(
    template: &str,
    machine: &Machine,
    rounds: usize,
    results: &[TargetResult],
    sharing: &str,
) -> Result<String, String> {
    let mut page = String::new();
    let mut rest = template;
    while let Some((text, more)) = rest.split_once("{{") {
        let (name, after) = more.split_once("}}").ok_or("a `{{` in page.md is not closed")?;
        page += text;
        match name {
            "targets" => page += &table(results.iter().filter(|row| row.reached.is_some())),
            "comparisons" => page += &table(results.iter().filter(|row| row.reached.is_none())),
            "machine" => page += &format!("{}, {} cores, {}", machine.processor, machine.cores, machine.rustc),
            "rounds" => page += &rounds.to_string(),
            "sharing" => page += sharing,
            id => {
                let row = results.iter().find(|row| row.id == id);
                page += &number(row.ok_or_else(|| format!("page.md names `{id}`, which is not a target"))?.median);
            }
        }
        rest = after;
    }
    Ok(page + rest)
}

/// The lines around the table of the registries whose arms share ids.
const SHARING: [&str; 2] =
    ["<!-- The table is written by `cargo ci bench --sharing`. -->\n\n", "\n<!-- The end of the table. -->\n"];

/// Replaces the table of the registries whose arms share ids in a page.
///
/// # Errors
///
/// If the page does not have the lines around the table.
pub fn with_sharing(page: &str, table: &str) -> Result<String, String> {
    let [start, end] = SHARING;
    let parts = page.split_once(start).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    let (before, after) = parts.ok_or("the page has no table that begins and ends with the expected lines")?;
    Ok([before, start, table, end, after].concat())
}

/// The table of the registries whose arms share ids. The first row is the unit of the times.
pub fn sharing_table(proofs: &[SharingProof]) -> String {
    let mut table = String::from(
        "| providers | ids | cases for all laws | compared slugs | combinations | CPU time |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for proof in proofs {
        let SharingProof { providers, ids, cases, compared, combinations, cpu_seconds } = proof;
        let counts = [*providers as f64, *ids as f64, *cases as f64, *compared as f64, *combinations as f64];
        let cells = counts.map(number).join(" | ");
        table += &format!("| {cells} | {:.1} |\n", cpu_seconds / proofs[0].cpu_seconds);
    }
    table
}

/// The rows as a Markdown table with aligned columns.
pub fn table<'a>(rows: impl Iterator<Item = &'a TargetResult>) -> String {
    let header = ["what", "target", "min", "median", "max", "reached"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(header).chain(rows.map(row)).collect();
    // Comparisons have no target, so their empty columns are omitted.
    let columns = (0..6).filter(|&column| rows[1..].iter().any(|row| !row[column].is_empty()));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let columns: Vec<(usize, usize)> = columns.map(|column| (column, width(column))).collect();
    let mut table = String::new();
    for (index, row) in rows.iter().enumerate() {
        for &(column, width) in &columns {
            let cell = &row[column];
            table += &if is_numeric(column) { format!("| {cell:>width$} ") } else { format!("| {cell:<width$} ") };
        }
        table += "|\n";
        if index == 0 {
            for &(column, width) in &columns {
                let line = "-".repeat(width - usize::from(is_numeric(column)));
                table += &format!("| {line}{} ", if is_numeric(column) { ":" } else { "" });
            }
            table += "|\n";
        }
    }
    table
}

fn is_numeric(column: usize) -> bool {
    (1..5).contains(&column)
}

fn row(row: &TargetResult) -> [String; 6] {
    let bound = match (row.at_most, row.at_least) {
        (Some(bound), _) => format!("≤ {}", number(bound)),
        (_, Some(bound)) => format!("≥ {}", number(bound)),
        _ => String::new(),
    };
    let value = |value| format!("{}{}", if row.timed_out { "> " } else { "" }, number(value));
    let reached = match row.reached {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "",
    };
    [row.what.to_owned(), bound, value(row.min), value(row.median), value(row.max), reached.to_owned()]
}

/// A number with enough digits to compare it with a target, grouped by thousands.
pub fn number(value: f64) -> String {
    let decimals = match value {
        value if value < 10.0 => 3,
        value if value < 1_000.0 => 1,
        _ => 0,
    };
    let text = format!("{value:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_and_grouped() {
        let written = [1.0, 1.5, 2.204, 12.34, 123.0, 500_000.0].map(number);
        assert_eq!(written, ["1", "1.5", "2.204", "12.3", "123", "500,000"]);
    }

    #[test]
    fn table_is_renewed_in_the_page() {
        let template = include_str!("../../../page.md");
        let page = with_sharing(template, "| table |\n").expect("the template has the lines around the table");
        assert_eq!(page, template.replace("{{sharing}}", "| table |\n"));
        assert!(with_sharing("a page", "").is_err());
    }

    /// Filling the page requires all measurements; its placeholders can be checked without them.
    #[test]
    fn page_has_only_known_placeholders() {
        let page = include_str!("../../../page.md");
        let known = |name: &str| {
            ["targets", "comparisons", "machine", "rounds", "sharing"].contains(&name)
                || crate::targets::TARGETS.iter().any(|target| target.id == name)
        };
        let names: Vec<&str> = page.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()).collect();
        assert!(names.len() >= 4 && names.iter().all(|name| known(name)), "{names:?}");
    }
}
