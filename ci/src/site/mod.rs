//! `cargo ci site`: builds the documentation site with mdBook and checks its links.
//!
//! docs/SUMMARY.md lists the pages. Each is copied with its links rewritten: pages outside docs are part of the site,
//! and other files of the repository are on the forge.

mod html;
mod links;
mod markdown;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::checkout;
use crate::failure::{Context, Result, error, finding};
use crate::process::Process;
use crate::tools;
use links::{Repository, Target};
use markdown::Link;

/// The table of contents of the site.
const SUMMARY: &str = "docs/SUMMARY.md";

/// Build the documentation site and check its links
#[derive(clap::Args)]
pub struct Arguments {
    /// URL of the repository on a forge, for links to files. The default is the repository of the workflow run; without
    /// one, a link to a file becomes plain text with the path
    #[arg(long, value_name = "URL")]
    repository: Option<String>,
}

pub fn run(arguments: &Arguments) -> Result {
    let repository = Repository::read()?;
    let broken = repository.broken_links();
    if !broken.is_empty() {
        return finding(format!("{}\n{} links lead nowhere; correct them", broken.join("\n"), broken.len()));
    }
    let repeated = repository.repeated_headings();
    if !repeated.is_empty() {
        return finding(repeated.join("\n"));
    }
    tools::ensure_cargo_tool("mdbook")?;
    let url = arguments.repository.clone().or_else(|| {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(format!("{}/{}", variable("GITHUB_SERVER_URL")?, variable("GITHUB_REPOSITORY")?))
    });
    let dir = checkout::target_dir()?.join("site");
    checkout::remove(&dir)?;
    let site = Site { pages: pages(&repository)?, repository: &repository, url };
    for name in ["book.toml", "site.css"] {
        checkout::write(dir.join(name), &checkout::read(Path::new("ci/site").join(name))?)?;
    }
    let mut assets = BTreeSet::new();
    for path in site.pages.iter().map(String::as_str).chain([SUMMARY]) {
        let text = site.rewritten(path, &mut assets)?;
        checkout::write(dir.join("src").join(site_path(path)), &text)?;
    }
    for asset in assets {
        let copy = dir.join("src").join(site_path(&asset));
        fs::create_dir_all(copy.parent().unwrap_or(&dir)).context(|| format!("cannot create {}", copy.display()))?;
        fs::copy(&asset, &copy).context(|| format!("cannot copy {asset}"))?;
    }
    Process::new("mdbook").arg("build").arg(&dir).run()?;
    let output = dir.join("book");
    let broken = broken_links_of_site(&output)?;
    if !broken.is_empty() {
        return finding(format!("{}\n{} links of the site lead nowhere", broken.join("\n"), broken.len()));
    }
    println!("the site is {}", output.join("index.html").display());
    Ok(())
}

/// The paths of the pages that the table of contents lists.
fn pages(repository: &Repository) -> Result<BTreeSet<String>> {
    let Some((_, summary)) = repository.pages.get(SUMMARY) else {
        return error(format!("{SUMMARY} is missing; restore it"));
    };
    let targets = summary.links.iter().map(|link| match repository.target(SUMMARY, link) {
        Target::File(path) if repository.pages.contains_key(&path) => Ok(path),
        _ => error(format!("{SUMMARY}:{}: `{}` is not a page; correct the link", link.line, link.target)),
    });
    targets.collect()
}

/// The path in the site of a file of the repository.
fn site_path(path: &str) -> String {
    let path = path.strip_prefix("docs/").unwrap_or(path);
    // mdBook gives a directory the page index.html.
    path.strip_suffix("README.md").map_or_else(|| path.to_owned(), |directory| format!("{directory}index.md"))
}

/// The path from one page of the site to another file.
fn relative(from: &str, to: &str) -> String {
    let common = from.bytes().zip(to.bytes()).take_while(|(a, b)| a == b).count();
    let common = from[..common].rfind('/').map_or(0, |end| end + 1);
    format!("{}{}", "../".repeat(from[common..].matches('/').count()), &to[common..])
}

struct Site<'a> {
    /// Paths in the repository.
    pages: BTreeSet<String>,
    repository: &'a Repository,
    /// Where links to files of the repository lead, if that is known.
    url: Option<String>,
}

impl Site<'_> {
    /// The text of a page with the links that it has in the site. Adds the files that the page shows or links and that
    /// the site therefore needs to `assets`.
    fn rewritten(&self, path: &str, assets: &mut BTreeSet<String>) -> Result<String> {
        let Some((source, page)) = self.repository.pages.get(path) else {
            return error(format!("{path} is missing; correct {SUMMARY}"));
        };
        let mut text = source.clone();
        // From the end, so that positions before a link stay valid.
        let mut links: Vec<&Link> = page.links.iter().collect();
        links.sort_by_key(|link| std::cmp::Reverse(link.range.start));
        for link in links {
            let (target, is_directory) = match self.repository.target(path, link) {
                Target::External | Target::Missing => continue,
                Target::File(target) => (target, false),
                Target::Directory(target) => (target, true),
            };
            let (shown, range) = match link.parts(source) {
                Some(parts) => parts,
                None => return error(format!("{path}:{}: write the target inside the link", link.line)),
            };
            let anchor = link.path_and_anchor().1.map_or(String::new(), |anchor| format!("#{anchor}"));
            // A page that the site does not have, such as the table of contents, is a file of the repository.
            let is_page = self.repository.pages.contains_key(&target);
            let is_asset = !is_directory && !is_page && (link.is_image || target.starts_with("docs/"));
            if self.pages.contains(&target) || is_asset {
                let to = relative(&site_path(path), &site_path(&target));
                text.replace_range(range, &format!("{to}{anchor}"));
                if !self.pages.contains(&target) {
                    assets.insert(target);
                }
            } else if let Some(url) = &self.url {
                let kind = if is_directory { "tree" } else { "blob" };
                text.replace_range(range, &format!("{url}/{kind}/HEAD/{target}"));
            } else {
                let is_path = shown.trim_matches('`').trim_end_matches('/') == target;
                let shown = if is_path { shown.to_owned() } else { format!("{shown} (`{target}`)") };
                text.replace_range(link.range.clone(), &shown);
            }
        }
        Ok(text)
    }
}

/// The links of the built site that lead nowhere.
fn broken_links_of_site(output: &Path) -> Result<Vec<String>> {
    let mut pages = BTreeMap::new();
    let mut directories = vec![output.to_owned()];
    while let Some(directory) = directories.pop() {
        for path in checkout::entries(&directory)? {
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|end| end == "html") && !path.ends_with("404.html") {
                let relative = path.strip_prefix(output).map_or_else(|_| PathBuf::new(), Path::to_owned);
                pages.insert(relative, checkout::read(&path)?);
            }
        }
    }
    Ok(html::broken_links(&pages, |path| output.join(path).exists()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_path_leads_from_page_to_page() {
        assert_eq!(relative("lint.md", "ci.md"), "ci.md");
        assert_eq!(relative("a/index.md", "ci.md"), "../ci.md");
        assert_eq!(relative("lint.md", "a/index.md"), "a/index.md");
        assert_eq!(relative("a/b/c.md", "a/d.md"), "../d.md");
        assert_eq!(relative("ab.md", "ac.md"), "ac.md");
    }

    /// Every page in docs is part of the site, and each link of a page can be rewritten.
    #[test]
    fn site_has_every_page_of_docs() {
        checkout::enter().expect("the checkout exists");
        let repository = Repository::read().expect("the pages are readable");
        let pages = pages(&repository).expect("the table of contents lists pages");
        for path in repository.pages.keys().filter(|path| path.starts_with("docs/") && *path != SUMMARY) {
            assert!(pages.contains(path), "{SUMMARY} does not list {path}; add it");
        }
        for url in [None, Some("https://forge.example/o/slugproof".to_owned())] {
            let site = Site { pages: pages.clone(), repository: &repository, url };
            let mut assets = BTreeSet::new();
            for path in &pages {
                let text = site.rewritten(path, &mut assets).expect("each link has its target in it");
                let left = markdown::parse(&text).links.into_iter().find(|link| link.target.starts_with("../resolver"));
                assert!(left.is_none(), "{path} links to a file that the site does not have");
            }
            assert!(assets.contains("docs/concepts.svg"), "{assets:?}");
            assert!(assets.iter().all(|asset| !asset.ends_with(".md")), "a copy would replace a page: {assets:?}");
        }
    }
}
