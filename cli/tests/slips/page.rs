//! Renders docs/slips.md.

use std::fmt::Write as _;

use crate::Row;
use crate::results::Outcome;
use crate::slips::{Kind, Thing};
use crate::tool::Answer;

/// The text above the tables.
const INTRODUCTION: &str = include_str!("introduction.md");

/// The page: the method, a table of kinds, a table of things, and the slips that matter and are not found.
pub fn render(rows: &[Row], share: usize) -> String {
    let which = if share == 1 { "every slip".to_owned() } else { format!("one slip of {share}") };
    let mut page = format!("{INTRODUCTION}\nThe tables below count {which}.\n\n## By kind of slip\n\n");
    let kinds = Kind::ALL.map(|kind| (kind.label(), rows.iter().filter(move |row| row.slip.kind == kind).collect()));
    page += &table("slip", &kinds, rows);
    page += "\n## By damaged thing\n\n";
    let things = Thing::ALL.map(|it| (it.label(), rows.iter().filter(move |row| row.slip.thing == it).collect()));
    page += &table("thing", &things, rows);
    page += "\n## By file\n\n";
    let files = ["workflow or action", "script", "policy", "registry", "slugproof.yaml"];
    let files = files.map(|file| (file, rows.iter().filter(move |row| file_of(&row.slip.path) == file).collect()));
    page += &table("file", &files, rows);
    page += "\n## Slips that matter and are not found\n\n";
    let silent: Vec<&Row> =
        rows.iter().filter(|row| row.outcome.reason.is_some() && row.outcome.answer == Answer::Silent).collect();
    for row in &silent {
        let Row { repository, slip, .. } = row;
        let _ = writeln!(
            page,
            "- {repository}, `{}`, line {}: {}: {}",
            slip.path,
            slip.line,
            slip.kind.label(),
            slip.change
        );
    }
    page
}

fn file_of(path: &str) -> &'static str {
    match path {
        "slugproof.yaml" => "slugproof.yaml",
        path if path.starts_with(".github/") => "workflow or action",
        path if path.starts_with("config/p") && path.ends_with("policy.yaml") => "policy",
        "policies/start-bot.yaml" | "catalogue/agent.yaml" => "policy",
        path if path.ends_with(".yaml") => "registry",
        _ => "script",
    }
}

fn table(head: &str, groups: &[(&str, Vec<&Row>)], all: &[Row]) -> String {
    let mut table = format!(
        "| {head} | matter | error | warning | undecided | silent | found | do not matter | false error | false \
         warning | undecided |\n| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n"
    );
    let all = ("**all**", all.iter().collect::<Vec<&Row>>());
    for (name, rows) in groups.iter().chain([&all]) {
        let count = |matters: bool, answer: Answer| {
            rows.iter().filter(|row| row.outcome.reason.is_some() == matters && row.outcome.answer == answer).count()
        };
        let [error, warning, undecided, silent] =
            [Answer::Error, Answer::Warning, Answer::Undecided, Answer::Silent].map(|answer| count(true, answer));
        let matter = error + warning + undecided + silent;
        let found = match matter {
            0 => "–".to_owned(),
            _ => format!("{:.1} %", (matter - silent) as f64 * 100.0 / matter as f64),
        };
        let [false_error, false_warning, open] =
            [Answer::Error, Answer::Warning, Answer::Undecided].map(|answer| count(false, answer));
        let others = rows.len() - matter;
        let _ = writeln!(
            table,
            "| {name} | {matter} | {error} | {warning} | {undecided} | {silent} | {found} | {others} | {false_error} | \
             {false_warning} | {open} |"
        );
    }
    table
}

/// A line about a row, for a list.
pub fn line(row: &Row) -> String {
    let Row { repository, slip, outcome: Outcome { reason, answer, said } } = row;
    let reason = reason.as_deref().unwrap_or("-");
    let (path, line) = (&slip.path, slip.line);
    let said = said.join(" | ");
    format!(
        "{answer:?}\t{:?}\t{:?}\t{repository}/{path}:{line}\t{}\t{reason}\t{said}\n",
        slip.kind, slip.thing, slip.change
    )
}

/// All rows, as tab-separated text.
pub fn list(rows: &[Row]) -> String {
    rows.iter().map(line).collect()
}
