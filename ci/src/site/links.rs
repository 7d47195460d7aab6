//! Checks the links of the Markdown files: pages, anchors and files of the repository.

use std::collections::{BTreeMap, BTreeSet};

use super::markdown::{self, Link, Page};
use crate::checkout;
use crate::failure::Result;

/// Prefixes of Markdown files that are parts of a page in docs. Their links are relative to docs, and are checked in
/// that page.
const TEMPLATES: [&str; 4] =
    ["benches/page.md", "ci/src/seeded_bugs/introduction.md", "cli/data/", "cli/tests/slips/introduction.md"];

/// The files of the repository, and its pages, by their paths.
#[derive(Default)]
pub struct Repository {
    files: BTreeSet<String>,
    directories: BTreeSet<String>,
    pub pages: BTreeMap<String, (String, Page)>,
}

/// What a link leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// Another host; never checked.
    External,
    /// The path of a file.
    File(String),
    /// The path of a directory, empty for the root.
    Directory(String),
    Missing,
}

impl Repository {
    /// Reads the checkout in the current directory.
    pub fn read() -> Result<Self> {
        let mut repository = Self::default();
        for file in checkout::files(&[])? {
            let path = file.to_string_lossy().replace('\\', "/");
            let is_page = path.ends_with(".md") && !TEMPLATES.iter().any(|template| path.starts_with(template));
            let source = if is_page { Some(checkout::read(&file)?) } else { None };
            repository.add(path, source);
        }
        Ok(repository)
    }

    /// Adds a file, with its source if it is a page.
    fn add(&mut self, path: String, source: Option<String>) {
        let ends = path.match_indices('/').map(|(end, _)| path[..end].to_owned());
        self.directories.extend(ends.chain([String::new()]));
        if let Some(source) = source {
            let page = markdown::parse(&source);
            self.pages.insert(path.clone(), (source, page));
        }
        self.files.insert(path);
    }

    /// What a link of a page leads to.
    pub fn target(&self, page: &str, link: &Link) -> Target {
        if link.is_external() {
            return Target::External;
        }
        let (path, _) = link.path_and_anchor();
        match if path.is_empty() { Some(page.to_owned()) } else { join(page, path) } {
            Some(path) if self.files.contains(&path) => Target::File(path),
            Some(path) if self.directories.contains(&path) => Target::Directory(path),
            _ => Target::Missing,
        }
    }

    /// A message for each link that leads nowhere.
    pub fn broken_links(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (path, (_, page)) in &self.pages {
            for link in &page.links {
                if let Some(problem) = self.problem(path, link) {
                    problems.push(format!("{path}:{}: `{}`: {problem}", link.line, link.target));
                }
            }
            let undefined = page.undefined.iter();
            problems.extend(
                undefined.map(|(line, text)| format!("{path}:{line}: `{text}`: the reference has no definition")),
            );
        }
        problems
    }

    /// A message for each heading that repeats one of the same section.
    pub fn repeated_headings(&self) -> Vec<String> {
        let repeated = self.pages.iter().flat_map(|(path, (_, page))| {
            let message = move |(line, heading): &(usize, String)| {
                format!("{path}:{line}: `{heading}`: this section has the heading already; merge both parts")
            };
            page.repeated.iter().map(message)
        });
        repeated.collect()
    }

    fn problem(&self, page: &str, link: &Link) -> Option<String> {
        let target = self.target(page, link);
        let anchor = link.path_and_anchor().1;
        match (&target, anchor) {
            (Target::External, _) | (Target::File(_) | Target::Directory(_), None) => None,
            (Target::Missing, _) => Some("no such file or directory; paths are relative to the page".to_owned()),
            (Target::Directory(_), Some(_)) => Some("a directory has no anchors".to_owned()),
            (Target::File(path), Some(anchor)) => match self.pages.get(path) {
                Some((_, page)) if page.anchors.contains(anchor) => None,
                Some(_) => Some(format!("no heading of {path} has the anchor `{anchor}`")),
                None => Some("only pages have anchors".to_owned()),
            },
        }
    }
}

/// The path to which a relative link of a page leads. `None` if it leaves the repository, is absolute, or contains an
/// empty segment.
fn join(page: &str, link: &str) -> Option<String> {
    let mut segments: Vec<&str> = page.split('/').collect();
    segments.pop();
    for segment in link.strip_suffix('/').unwrap_or(link).split('/') {
        match segment {
            "" => return None,
            "." => {}
            ".." => drop(segments.pop()?),
            name => segments.push(name),
        }
    }
    Some(segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_of_the_repository_differ() {
        checkout::enter().expect("the checkout exists");
        let repository = Repository::read().expect("the pages are readable");
        assert!(repository.pages.len() > 20, "only {} pages were found", repository.pages.len());
        assert_eq!(repository.repeated_headings(), [""; 0]);
    }

    /// The problems of the page docs/a.md with this text, in a small repository.
    fn problems(source: &str) -> Vec<String> {
        let mut repository = Repository::default();
        repository.add("README.md".into(), Some("# Start here\n".into()));
        repository.add("src/lib.rs".into(), None);
        repository.add("docs/b.md".into(), Some("# B\n## Two words\n## Two words\n".into()));
        repository.add("docs/a.md".into(), Some(source.into()));
        repository.broken_links()
    }

    #[test]
    fn correct_links_are_accepted() {
        let targets = [
            "b.md",
            "./b.md#two-words",
            "b.md#two-words-1",
            "../README.md#start-here",
            "../src/lib.rs",
            "../src",
            "../src/",
            "..",
            "#own",
            "a.md#own",
            "https://example.com/x#y",
            "mailto:a@example.com",
        ];
        for target in targets {
            assert_eq!(problems(&format!("# Own\n[x]({target})\n")), [""; 0], "{target}");
        }
    }

    #[test]
    fn broken_links_and_anchors_are_found() {
        let targets = [
            "c.md",
            "B.md",
            "../b.md",
            "docs/b.md",
            "/docs/b.md",
            "../../README.md",
            "../README.md#start",
            "b.md#Two-words",
            "b.md#two-words-2",
            "b.md#",
            "#other",
            "../src/lib.rs#L1",
            "../src#x",
            "..//README.md",
        ];
        for target in targets {
            let found = problems(&format!("# Own\n\n[x]({target})\n"));
            assert_eq!(found.len(), 1, "{target}");
            assert!(found[0].starts_with(&format!("docs/a.md:3: `{target}`: ")), "{}", found[0]);
        }
        assert_eq!(problems("![picture](missing.svg)").len(), 1);
        assert_eq!(problems("| [x](c.md) |\n| --- |\n| [y](d.md) |").len(), 2);
        assert_eq!(problems("[x][y]\n\n[y]: c.md").len(), 1);
        assert_eq!(problems("[x][y]").len(), 1);
    }

    #[test]
    fn links_in_code_are_ignored() {
        assert_eq!(problems("`[x](c.md)`\n\n```md\n[x](c.md)\n```\n\n    [x](c.md)\n"), [""; 0]);
    }

    /// Every link of every Markdown file of the repository.
    #[test]
    fn links_of_the_repository_lead_somewhere() {
        checkout::enter().expect("the checkout exists");
        let repository = Repository::read().expect("the pages are readable");
        let links: usize = repository.pages.values().map(|(_, page)| page.links.len()).sum();
        assert!(links > 150, "only {links} links were found");
        let broken = repository.broken_links();
        assert!(broken.is_empty(), "{} links lead nowhere:\n{}", broken.len(), broken.join("\n"));
    }
}
