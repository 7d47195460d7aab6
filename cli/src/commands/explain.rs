//! `explain`: what a code means, why it matters and how to fix it.

use std::fmt::Write as _;

use anstyle::Style;
use serde::Serialize;

use crate::args::{ExplainArgs, ExplainFormat};
use crate::codes::{self, Command, Entry, GROUPS, Level, Page};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::{BAD, FAINT, GOOD, HEAD, WARN, wrapped};
use crate::suggest::did_you_mean;

/// Runs `explain`.
pub fn run(args: &ExplainArgs, output: &mut Output) -> Result<Exit, Failure> {
    let entry = args.code.as_deref().map(find).transpose()?;
    match args.format {
        ExplainFormat::Human => output.human(&entry.map_or_else(list, explanation))?,
        ExplainFormat::Json => output.raw(&json(entry))?,
        ExplainFormat::Markdown => output.raw(&entry.map_or_else(document, |entry| chapter(entry, 1)))?,
    }
    Ok(Exit::Clean)
}

fn find(id: &str) -> Result<&'static Entry, Failure> {
    codes::find(id).ok_or_else(|| {
        let known = codes::entries().map(|entry| entry.id);
        let help = did_you_mean(id, known, "`slugproof explain` lists the codes");
        Failure::new(format!("no code is called `{id}`; {help}"))
    })
}

/// Every code with its meaning, by topic.
fn list() -> String {
    let mut text = String::new();
    for group in GROUPS {
        let _ = writeln!(text, "{HEAD}{}{HEAD:#}", wrapped(group.title, "", ""));
        for entry in group.entries {
            let (level, style) = (entry.level.as_str(), style(entry.level));
            let line = wrapped(&format!("{level:9}  {}: {}", entry.id, entry.meaning), "  ", "             ");
            let line = line.replacen(level, &format!("{style}{level}{style:#}"), 1);
            let _ = writeln!(text, "{line}");
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{FAINT}`slugproof explain CODE` has an example of a code and its fix{FAINT:#}");
    text
}

/// One code at length.
fn explanation(entry: &Entry) -> String {
    let (level, style) = (entry.level.as_str(), style(entry.level));
    let heading = wrapped(&format!("{level}[{}]: {}", entry.id, entry.meaning), "", "  ");
    let mut text = heading.replacen(']', &format!("]{style:#}"), 1);
    let _ = writeln!(text, "\n{FAINT}reported by {}{FAINT:#}", names(entry.commands));
    for (title, body) in entry.page().sections() {
        let _ = writeln!(text, "\n{HEAD}{title}{HEAD:#}");
        text.push_str(&rendered(body));
    }
    format!("{style}{text}")
}

/// Markdown for a terminal: paragraphs are broken to its width, and a fenced block stays as
/// it is, at the margin, because what a command prints is as wide as the terminal.
fn rendered(markdown: &str) -> String {
    let mut text = String::new();
    for (index, part) in markdown.split("```").enumerate() {
        if index % 2 == 1 {
            let (_language, block) = part.split_once('\n').unwrap_or_default();
            text.push_str(block);
            continue;
        }
        let broken = codes::paragraphs(part).map(|paragraph| wrapped(&paragraph, "  ", "  ") + "\n");
        text.push_str(&broken.collect::<Vec<_>>().join("\n"));
    }
    text
}

fn style(level: Level) -> Style {
    match level {
        Level::Error => BAD,
        Level::Warning | Level::Undecided => WARN,
        Level::Note => GOOD,
    }
}

fn names(commands: &[Command]) -> String {
    commands.iter().map(|command| command.as_str()).collect::<Vec<_>>().join(", ")
}

#[derive(Serialize)]
struct Answer {
    schema_version: u8,
    codes: Vec<Form>,
}

#[derive(Serialize)]
struct Form {
    code: &'static str,
    level: Level,
    commands: &'static [Command],
    meaning: &'static str,
    #[serde(flatten)]
    page: Page,
}

/// One code, or all of them.
fn json(entry: Option<&'static Entry>) -> String {
    let form = |entry: &'static Entry| Form {
        code: entry.id,
        level: entry.level,
        commands: entry.commands,
        meaning: entry.meaning,
        page: entry.page(),
    };
    let codes = entry.map_or_else(|| codes::entries().map(form).collect(), |entry| vec![form(entry)]);
    let answer = Answer { schema_version: 1, codes };
    serde_json::to_string_pretty(&answer).expect("an answer is strings and lists") + "\n"
}

const INTRODUCTION: &str = "\
# Codes

<!-- Made by `slugproof explain --format markdown` from cli/src/codes.rs and cli/data/codes. -->

Codes are stable: scripts may rely on them. `slugproof explain CODE` prints a chapter of
this page, and `slugproof explain` lists all codes. The level says how much a finding
weighs: an error or a warning counts, a note never does, and `undecided` counts under
`--strict`.
";

/// docs/codes.md.
fn document() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("\n| code | level | reported by | meaning |\n| --- | --- | --- | --- |\n");
    for Entry { id, level, commands, meaning, .. } in codes::entries() {
        let level = level.as_str();
        let _ = writeln!(text, "| [`{id}`](#{id}) | {level} | {} | {meaning} |", names(commands));
    }
    for group in GROUPS {
        let _ = write!(text, "\n## {}\n\n{}\n", group.title, textwrap::fill(group.intro, 90));
        group.entries.iter().for_each(|entry| text.push_str(&format!("\n{}", chapter(entry, 3))));
    }
    text
}

/// One code in Markdown, with a heading of a level.
fn chapter(entry: &Entry, level: usize) -> String {
    let Entry { id, meaning, commands, .. } = entry;
    format!(
        "{} `{id}`\n\n{}: {meaning}. Reported by {}.\n\n{}",
        "#".repeat(level),
        capitalized(entry.level.as_str()),
        names(commands),
        entry.page().markdown(level + 1)
    )
}

fn capitalized(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}
