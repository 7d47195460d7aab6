//! The one shell of every HTML page: a static file without scripts and external resources.
//!
//! A command fills a [`Page`] with [sections](Section) of markup that [`maud`] escapes. The page adds the heading,
//! when and from what it was made, a list of contents, and [filters](Filters) that need only CSS. To add a
//! page, render items with the class of each filter that keeps them ([`Tags`]), put wide tables into [`wide`]
//! and long text into [`folded`], and say with [`Room`] what a page leaves out.

mod filter;
mod room;
mod stamp;
mod text;

use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

use crate::codes::Entry;
use crate::render::{counted, grouped};

pub use filter::{Filters, Tags};
pub use room::Room;
pub use stamp::Stamp;
use text::rich;
pub use text::{block, name, prose, value};

/// Forbids scripts and external resources.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const STYLE: &str = include_str!("../../data/page.css");

/// How something ended: the colour of a text and the sign before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It fails.
    Bad,
    /// It neither fails nor passes, or is only a warning.
    Open,
    /// It passes.
    Good,
    /// It says nothing about success.
    Plain,
}

impl Sign {
    /// The class of an element with this sign.
    pub fn class(self) -> &'static str {
        match self {
            Self::Bad => "bad",
            Self::Open => "open",
            Self::Good => "good",
            Self::Plain => "plain",
        }
    }

    /// The sign and its text.
    pub fn with(self, text: impl Render) -> Markup {
        let mark = match self {
            Self::Bad => "✗ ",
            Self::Open => "! ",
            Self::Good => "✓ ",
            Self::Plain => "",
        };
        html! { span class={ "sign " (self.class()) } { (mark) (text) } }
    }
}

/// A page before it is rendered.
pub struct Page {
    /// The command, such as `slugproof lint`.
    pub command: String,
    /// The heading.
    pub title: String,
    /// The results in one line each; the first has the largest letters.
    pub results: Vec<(Sign, String)>,
    /// Facts about the run: a word and its value.
    pub facts: Vec<(&'static str, Markup)>,
    /// The filters of the items in the sections.
    pub filters: Filters,
    /// The contents, failures first.
    pub sections: Vec<Section>,
}

/// A part of a page with a heading.
pub struct Section {
    /// The anchor: letters, digits and hyphens, on no other section.
    pub id: String,
    /// The heading.
    pub title: String,
    /// How what the section shows ended.
    pub sign: Sign,
    /// The filters that keep the section; empty if all do.
    pub tags: Tags,
    /// The content.
    pub body: Markup,
}

impl Page {
    /// Renders the page, with the revision and the time of [`Stamp::now`].
    pub fn render(self) -> String {
        let stamp = Stamp::now();
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    // Without this, text that escaped the template could load and run resources.
                    meta http-equiv="Content-Security-Policy" content=(CONTENT_SECURITY_POLICY);
                    meta name="referrer" content="no-referrer";
                    meta name="color-scheme" content="light dark";
                    // Without this, a browser requests an icon.
                    link rel="icon" href="data:,";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) (PreEscaped(self.filters.rules())) }
                }
                body {
                    a class="skip" href="#main" { "Skip to the results" }
                    header {
                        p class="command" { code { (self.command) } }
                        h1 { (self.title) }
                        @if !self.results.is_empty() {
                            ul class="results" {
                                @for (sign, text) in &self.results { li { (sign.with(prose(text))) } }
                            }
                        }
                        dl class="facts" {
                            @if let Some(revision) = &stamp.revision {
                                dt { "revision" } dd { code { (revision) } " (HEAD)" }
                            }
                            dt { "time" } dd { (stamp.time) }
                            dt { "version" } dd { "slugproof " (env!("CARGO_PKG_VERSION")) }
                            @for (word, value) in &self.facts { dt { (word) } dd { (value) } }
                        }
                    }
                    (self.filters.controls())
                    @if self.sections.len() > 1 {
                        nav aria-label="Contents" {
                            ul {
                                @for section in &self.sections {
                                    li class=(section.tags) {
                                        a href={ "#" (section.id) } { (section.sign.with(name(&section.title))) }
                                    }
                                }
                            }
                        }
                    }
                    main id="main" tabindex="-1" {
                        @for section in &self.sections {
                            section id=(section.id) class=(section.tags) aria-labelledby={ (section.id) "-title" } {
                                h2 id={ (section.id) "-title" } { (section.sign.with(name(&section.title))) }
                                (section.body)
                            }
                        }
                    }
                    footer { p { "One static file: it runs no script and loads nothing." } }
                }
            }
        };
        page.into_string() + "\n"
    }
}

/// A table that scrolls inside the page if it is too wide. The label says what it shows.
pub fn wide(label: &str, table: Markup) -> Markup {
    html! { div class="wide" tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// Details that the reader opens.
pub fn folded(summary: impl Render, body: Markup) -> Markup {
    html! { details { summary { (summary) } (body) } }
}

/// A command that the reader can copy.
pub fn command(text: &str) -> Markup {
    html! { pre class="command" tabindex="0" { code { (text) } } }
}

/// The explanation of a code, to open. Links lead to `#code-ID`.
pub fn explanation(code: &Entry, tags: &Tags) -> Markup {
    html! {
        details class=(tags) {
            summary { code { (code.id) } ": " (prose(code.meaning)) }
            // A link into closed details opens them.
            div class="explanation" id={ "code-" (code.id) } {
                @for (title, text) in code.page().sections() { h3 { (title) } (rich(text)) }
            }
        }
    }
}

/// A sentence about items that a page leaves out; nothing if it has all.
pub fn left_out(shown: usize, all: usize, noun: &str, advice: &str) -> Markup {
    let left = all.saturating_sub(shown);
    html! {
        @if left > 0 {
            p class="left-out" {
                (Sign::Open.with(format!("{} of {} left out", grouped(left as u128), counted(all as u128, noun))))
                ": " (prose(advice)) "."
            }
        }
    }
}
