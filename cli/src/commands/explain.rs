//! `explain`: what a code means, why it matters and how to fix it.

use std::fmt::Write as _;

use anstyle::Style;
use serde::Serialize;

use crate::args::{ExplainArgs, ExplainFormat};
use crate::codes::{self, Command, Entry, GROUPS, Level, Page};
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::render::{BAD, FAINT, GOOD, HEAD, WARN, escape_keeping_styles, wrapped};
use crate::sink::{self, Renders};
use crate::suggest::did_you_mean;

/// Runs `explain`.
pub fn run(args: &ExplainArgs, output: &mut Output) -> Result<Exit, Failure> {
    let entry = args.code.as_deref().map(find).transpose()?;
    sink::write(&Explanation(entry), &sink::requested(&args.output, None)?, output)?;
    Ok(Exit::Clean)
}

/// The explanation of one code, or the list of all.
struct Explanation(Option<&'static Entry>);

impl Renders<ExplainFormat> for Explanation {
    fn styled(&self) -> String {
        escape_keeping_styles(&self.0.map_or_else(list, explanation))
    }

    fn render(&self, format: ExplainFormat) -> String {
        match format {
            ExplainFormat::Human => self.styled(),
            ExplainFormat::Json => json(self.0),
            ExplainFormat::Markdown => self.0.map_or_else(document, |entry| chapter(entry, 1)),
        }
    }

    fn summary(&self) -> String {
        match self.0 {
            Some(entry) => format!("{}: {}\n", entry.id, entry.meaning),
            None => codes::entries().map(|entry| format!("{}\n", entry.id)).collect(),
        }
    }
}

fn find(id: &str) -> Result<&'static Entry, Failure> {
    codes::find(id).ok_or_else(|| {
        let known = codes::entries().map(|entry| entry.id);
        let help = did_you_mean(id, known, "`slugproof explain` lists the codes");
        Failure::new(format!("unknown code `{id}`; {help}"))
    })
}

/// Lists every code with its meaning, by topic.
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
    let _ = writeln!(text, "{FAINT}`slugproof explain CODE` shows an example and the fix{FAINT:#}");
    text
}

/// Renders the page of a code for people.
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

/// Renders Markdown for a terminal. Paragraphs are wrapped. Fenced blocks stay unindented and
/// unchanged, because the output of commands in them has the full width.
fn rendered(markdown: &str) -> String {
    let mut text = String::new();
    for (index, part) in markdown.split("```").enumerate() {
        if index % 2 == 1 {
            let (_language, block) = part.split_once('\n').unwrap_or_default();
            text.push_str(block);
            continue;
        }
        let indent = |line: &str| if line.starts_with(codes::ITEM) { "    " } else { "  " };
        let broken = codes::paragraphs(part).map(|paragraph| {
            let lines = paragraph.lines().map(|line| wrapped(line, "  ", indent(line)) + "\n");
            lines.collect::<String>()
        });
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

/// Renders one code, or all codes, as JSON.
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
    serde_json::to_string_pretty(&answer).expect("the result is strings and lists") + "\n"
}

const INTRODUCTION: &str = "\
# Codes

<!-- Generated by `slugproof explain --output markdown` from cli/src/codes.rs and cli/data/codes. -->

Codes are stable: scripts may rely on them. `slugproof explain CODE` prints a chapter of
this page, and `slugproof explain` lists all codes. The level says whether a finding makes
the command exit 1: errors and warnings do, notes never do, and `undecided` does under
`--strict`.
";

/// Renders docs/codes.md.
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

/// Renders one code as Markdown; `level` is the level of its heading.
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
