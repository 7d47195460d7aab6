//! Checks the links of the built site: files and anchors.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// A message for each link of the HTML files that leads to no file or anchor of the site. `pages` has their texts by
/// their paths; `exists` says which other files the site has.
pub fn broken_links(pages: &BTreeMap<PathBuf, String>, exists: impl Fn(&Path) -> bool) -> Vec<String> {
    let attributes: BTreeMap<&Path, Attributes<'_>> =
        pages.iter().map(|(path, text)| (path.as_path(), attributes(text))).collect();
    let mut problems = Vec::new();
    for (path, page) in &attributes {
        for link in &page.links {
            let is_external = link.split(['/', '#', '?']).next().unwrap_or_default().contains(':');
            if is_external || link.starts_with("//") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { path.to_path_buf() } else { join(path, file) };
            let problem = match attributes.get(file.as_path()) {
                Some(target) if anchor.is_empty() || target.ids.contains(anchor) => continue,
                Some(_) => "no element has this id",
                None if exists(&file) => continue,
                None => "no such file",
            };
            problems.push(format!("{}: `{link}`: {problem}", path.display()));
        }
    }
    problems
}

#[derive(Default)]
struct Attributes<'a> {
    /// The values of `href` and `src`.
    links: BTreeSet<&'a str>,
    ids: BTreeSet<&'a str>,
}

/// Reads the attributes of the tags. Scripts and comments are skipped.
fn attributes(text: &str) -> Attributes<'_> {
    let mut found = Attributes::default();
    let mut rest = text;
    while let Some((_, tag)) = rest.split_once('<') {
        if let Some(comment) = tag.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        let mut pieces = tag.split('"');
        while let (Some(name), Some(value)) = (pieces.next(), pieces.next()) {
            match name.split_whitespace().next_back() {
                Some("href=" | "src=") => drop(found.links.insert(value)),
                Some("id=") => drop(found.ids.insert(value)),
                _ => {}
            }
        }
        let end = ["script", "style"].into_iter().find(|name| tag.split_whitespace().next() == Some(name));
        rest = end.and_then(|name| Some(after.split_once(&format!("</{name}"))?.1)).unwrap_or(after);
    }
    found
}

/// The file to which a link leads from a page.
fn join(page: &Path, link: &str) -> PathBuf {
    let mut path = page.parent().map(Path::to_path_buf).unwrap_or_default();
    for component in Path::new(link).components() {
        match component {
            Component::ParentDir => drop(path.pop()),
            Component::CurDir => {}
            other => path.push(other),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let pages = [("index.html", "<h1 id=\"top\">"), ("a/b.html", text)];
        let pages = pages.map(|(path, text)| (PathBuf::from(path), text.to_owned())).into();
        broken_links(&pages, |path| path == Path::new("style.css"))
    }

    #[test]
    fn correct_links_are_accepted() {
        for target in
            ["../index.html", "../index.html#top", "#own", "b.html#own", "../style.css", "https://a.example/b"]
        {
            assert_eq!(problems(&format!("<p id=\"own\"><a class=\"x\" href=\"{target}\">")), [""; 0], "{target}");
        }
    }

    #[test]
    fn broken_links_are_found() {
        for target in ["index.html", "../index.html#own", "#top", "../other.css", "b.md"] {
            assert_eq!(problems(&format!("<p id=\"own\">text <a\nhref=\"{target}\">")).len(), 1, "{target}");
            assert_eq!(problems(&format!("<img alt=\"a = b\" src=\"{target}\">")).len(), 1, "{target}");
        }
    }

    #[test]
    fn scripts_comments_and_text_have_no_links() {
        assert_eq!(problems("<script>'<a href=\"x\">'</script><!-- <a href=\"x\"> -->&lt;a href=\"x\"&gt;"), [""; 0]);
        assert_eq!(problems("<script>1</script><!-- <b> --><a href=\"x\">").len(), 1);
    }
}
