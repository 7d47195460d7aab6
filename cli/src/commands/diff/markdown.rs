//! The comparison as Markdown, for a comment on a pull request: a table to read in ten seconds, then details.

use std::fmt::Write as _;

use slug_redact::without_credentials;

use super::human::{also, details, given};
use super::policies::presence;
use super::report::{Cause, Kind, Place, Report};
use crate::render::{counted, printable};

/// Maximum bytes of a comment on a forge.
pub const COMMENT_BYTES: usize = 64 * 1024;

/// The bytes that are kept for the sentence about what is left out.
const RESERVED_BYTES: usize = 512;

/// Maximum rows of the table; the details have the others.
const ROWS: usize = 10;

/// Renders the whole comparison, as far as it fits a comment.
pub fn render(report: &Report) -> String {
    let fails = report.changes.iter().any(|cause| report.counts(cause));
    let mark = if fails || !report.unreadable.is_empty() { "❌" } else { "✅" };
    let mut text = format!("### {mark} slugproof diff: {}\n\n", escaped(&report.verdict()));
    let _ = writeln!(text, "{} → {}\n", code(&report.base), code(&report.head));
    let mut page = Page { text, left_out: 0 };
    if !report.changes.is_empty() {
        page.add("| | place | change |\n| --- | --- | --- |\n");
        for cause in report.changes.iter().take(ROWS) {
            page.add(&row(report, cause));
        }
        let more = report.changes.len().saturating_sub(ROWS);
        if more > 0 {
            page.add(&format!("| | | and {}, below |\n", counted(more as u64, "more cause")));
        }
        page.add("\n");
    }
    for policy in &report.policies {
        page.add(&format!("- {}\n", escaped(&presence(policy))));
    }
    for file in &report.unreadable {
        page.add(&format!("- cannot read {}\n", escaped(file)));
    }
    for notice in report.notices.iter().chain(&given(report)) {
        page.add(&format!("- {}\n", escaped(notice)));
    }
    for kind in Kind::ALL {
        let items: Vec<String> = report.of_kind(kind).map(item).collect();
        page.fold(kind.heading(), &items);
    }
    let registry: Vec<String> =
        report.registry.iter().map(|change| format!("- {}\n", escaped(&change.line()))).collect();
    page.fold("differences of the registries", &registry);
    let undecided: Vec<String> = report.undecided.iter().map(|reason| format!("- {}\n", escaped(reason))).collect();
    page.fold("undecided", &undecided);
    page.finish()
}

/// A text that fits a comment.
struct Page {
    text: String,
    /// The number of parts that did not fit.
    left_out: usize,
}

impl Page {
    fn fits(&self, text: &str) -> bool {
        self.text.len() + text.len() + RESERVED_BYTES <= COMMENT_BYTES
    }

    fn add(&mut self, text: &str) {
        if self.fits(text) {
            self.text.push_str(text);
        } else {
            self.left_out += 1;
        }
    }

    /// Adds a folded list with as many items as fit.
    fn fold(&mut self, heading: &str, items: &[String]) {
        const END: &str = "\n</details>\n";
        if items.is_empty() {
            return;
        }
        let mut part = format!("\n<details><summary>{heading} ({})</summary>\n\n", items.len());
        let mut left = items.len();
        for item in items {
            if !self.fits(&format!("{part}{item}{END}")) {
                break;
            }
            part.push_str(item);
            left -= 1;
        }
        self.left_out += left;
        if left < items.len() {
            self.text.push_str(&part);
            self.text.push_str(END);
        }
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let what = counted(self.left_out as u64, "item");
            let _ = write!(
                self.text,
                "\n{what} left out, because a comment has at most {} kB; `slugproof diff --output json` has all.\n",
                COMMENT_BYTES / 1024
            );
        }
        self.text
    }
}

fn place(place: Option<&Place>) -> String {
    place.map_or("embedded".to_owned(), |place| code(&format!("{}:{}", place.path, place.line)))
}

fn row(report: &Report, cause: &Cause) -> String {
    let mark = match cause.kind {
        _ if report.counts(cause) => "❌",
        Kind::NewPayer => "💳",
        Kind::NewProvider | Kind::OtherCode | Kind::Warning => "⚠️",
        Kind::Undecided => "❔",
        Kind::Appears => "❌",
        Kind::Starts | Kind::Stops => "ℹ️",
        Kind::Disappears => "✅",
    };
    format!("| {mark} | {} | {} |\n", place(cause.place.as_ref()), escaped(&cause.summary))
}

fn item(cause: &Cause) -> String {
    let mut text = format!("- {}: {}\n", place(cause.place.as_ref()), escaped(&cause.summary));
    let _ = writeln!(text, "  - {}", escaped(&details(cause)));
    for transition in cause.transitions.iter().skip(1) {
        let _ = writeln!(text, "  - {}", escaped(&also(transition)));
    }
    if !cause.reached_by.is_empty() {
        let places: Vec<String> = cause.reached_by.iter().map(|call| place(Some(call))).collect();
        let _ = writeln!(text, "  - called at {}", places.join(", "));
    }
    text
}

/// A text without a meaning in Markdown or HTML, on one line. Credentials are masked.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in printable(&without_credentials(text)).chars() {
        match c {
            '\n' => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '@' | '$' | '!' => escaped.extend(['\\', c]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A text as code. Credentials are masked.
fn code(text: &str) -> String {
    let text = printable(&without_credentials(text)).replace('\n', " ").replace('|', "\\|");
    let fence = "`".repeat(text.split(|c| c != '`').map(str::len).max().unwrap_or(0) + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}
