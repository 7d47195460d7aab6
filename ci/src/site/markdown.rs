//! Reads the links and the anchors of a Markdown page.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{BrokenLink, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd};

/// What the checks need of a page.
#[derive(Default)]
pub struct Page {
    pub links: Vec<Link>,
    /// The names that a link can have after `#`.
    pub anchors: BTreeSet<String>,
    /// References without a definition, which a forge shows as plain text: line and text.
    pub undefined: Vec<(usize, String)>,
    /// Headings that an earlier one under the same heading equals, which hides one of two sections: line and text.
    pub repeated: Vec<(usize, String)>,
}

/// A link or an image.
pub struct Link {
    /// The target as written, such as `lint.md#fixes`.
    pub target: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The bytes of the link, from `[` or `!` to `)`.
    pub range: Range<usize>,
    pub is_image: bool,
}

impl Link {
    /// The source of the link's text, and the bytes of its target. `None` if the target is written elsewhere, as
    /// in `[text][name]`.
    pub fn parts<'a>(&self, source: &'a str) -> Option<(&'a str, Range<usize>)> {
        let written = &source[self.range.clone()];
        let start = written.rfind(&format!("]({}", self.target))?;
        let text = &written[written.find('[')? + 1..start];
        let target = self.range.start + start + 2;
        Some((text, target..target + self.target.len()))
    }

    /// True if the target has a scheme, such as `mailto:`, or a host.
    pub fn is_external(&self) -> bool {
        let before_path = self.target.split(['/', '#', '?']).next().unwrap_or_default();
        before_path.contains(':') || self.target.starts_with("//")
    }

    /// The path of the target, which is empty for the page itself, and the anchor.
    pub fn path_and_anchor(&self) -> (&str, Option<&str>) {
        self.target.split_once('#').map_or((&self.target, None), |(path, anchor)| (path, Some(anchor)))
    }
}

/// Reads a page.
pub fn parse(source: &str) -> Page {
    let mut page = Page::default();
    let mut undefined = Vec::new();
    let on_undefined = |link: BrokenLink<'_>| {
        if matches!(link.link_type, LinkType::Reference | LinkType::Collapsed) {
            undefined.push((line_of(source, link.span.start), source[link.span].to_owned()));
        }
        None::<(CowStr<'_>, CowStr<'_>)>
    };
    let parser = Parser::new_with_broken_link_callback(source, Options::ENABLE_TABLES, Some(on_undefined));
    let mut heading: Option<String> = None;
    // The headings above the current one, and itself.
    let mut path: Vec<(HeadingLevel, String)> = Vec::new();
    let mut paths = BTreeSet::new();
    let mut uses = BTreeMap::new();
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(tag @ (Tag::Link { .. } | Tag::Image { .. })) => {
                let is_image = matches!(tag, Tag::Image { .. });
                let (Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = tag else { continue };
                let line = line_of(source, range.start);
                page.links.push(Link { target: dest_url.into_string(), line, range, is_image });
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(text) | Event::Code(text) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&text);
                }
            }
            Event::End(TagEnd::Heading(level)) => {
                let heading = heading.take().unwrap_or_default();
                path.retain(|(above, _)| *above < level);
                path.push((level, heading.trim().to_lowercase()));
                if !paths.insert(path.clone()) {
                    page.repeated.push((line_of(source, range.start), heading.clone()));
                }
                let anchor = anchor(&heading);
                let count = uses.entry(anchor.clone()).or_insert(0);
                page.anchors.insert(if *count == 0 { anchor } else { format!("{anchor}-{count}") });
                *count += 1;
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                page.anchors
                    .extend(html.split(" id=\"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.into())));
            }
            _ => {}
        }
    }
    page.undefined = undefined;
    page
}

/// The anchor that forges and mdBook give a heading.
fn anchor(heading: &str) -> String {
    let heading = heading.trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The number of the line, counted from 1, that contains a byte.
fn line_of(source: &str, offset: usize) -> usize {
    source[..offset].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(source: &str) -> Vec<String> {
        parse(source).links.into_iter().map(|link| link.target).collect()
    }

    #[test]
    fn links_are_found_outside_of_code() {
        assert_eq!(targets("[a](a.md) ![b](b.svg)"), ["a.md", "b.svg"]);
        assert_eq!(targets("| [c](c.md) |\n| --- |\n| [d](<d.md>) |\n"), ["c.md", "d.md"]);
        assert_eq!(targets("`[x](x.md)`\n\n```sh\n[y](y.md)\n```\n"), [""; 0]);
        assert_eq!(targets("[a][b] and [b]\n\n[b]: b.md"), ["b.md", "b.md"]);
    }

    #[test]
    fn headings_have_the_anchors_of_forges() {
        let source = "# Two `code` words\n## What's *this*?\n## Twice\n## Twice\n<p id=\"own\">\n\n\
                      ## a_b: `--c`, d\nTitle\n===\n";
        let expected = ["a_b---c-d", "own", "title", "twice", "twice-1", "two-code-words", "whats-this"];
        assert_eq!(parse(source).anchors.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn repeated_headings_are_found() {
        let repeated = |source: &str| parse(source).repeated;
        assert_eq!(repeated("# A\n\n## B\n### C\n## D\n### C\n```sh\n# A\n```\n"), []);
        assert_eq!(repeated("# A\n\n## B\n### C\n## D\n## B\n"), [(6, "B".to_owned())]);
        assert_eq!(repeated("# A\n## B `x`\n### C\n### D\n### c\n"), [(5, "c".to_owned())]);
        assert_eq!(repeated("# A\n## B `x`\nB x\n---\n"), [(3, "B x".to_owned())]);
        // The parts of a repeated section are repeated, too.
        assert_eq!(repeated("## B\n### C\n## B\n### C\n").len(), 2);
    }

    #[test]
    fn reference_without_definition_is_found() {
        let page = parse("line\n[text][name] [is text] [a]\n\n[a]: a.md\n");
        assert_eq!(page.undefined, [(2, "[text][name]".to_owned())]);
    }

    #[test]
    fn parts_of_a_link_are_text_and_target() {
        let source = "see [the `]` *page*](a.md#b \"title\") and [x][y]\n\n[y]: y.md";
        let page = parse(source);
        let (text, target) = page.links[0].parts(source).expect("the target is written in the link");
        assert_eq!((text, &source[target]), ("the `]` *page*", "a.md#b"));
        assert!(page.links[1].parts(source).is_none());
    }
}
