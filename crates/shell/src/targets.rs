//! Finds the names of targets in a text.

use super::syntax::Span;

/// Finds the file names of targets in a text, whatever the directory before them, and the names of their modules.
/// Returns the index of the target and the span of the name.
pub fn find_targets<'t>(text: &'t str, targets: &'t [&'t str]) -> impl Iterator<Item = (usize, Span)> + 't {
    targets.iter().enumerate().flat_map(move |(target, path)| {
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        let is_inside = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '.');
        let module = module_name(path).map(|name| (name, true));
        [Some((name, false)), module].into_iter().flatten().flat_map(move |(name, is_module)| {
            let is_whole_name = move |span: &Span| {
                let before = &text[..span.start];
                // An import runs no module.
                let is_run = !is_module || before.ends_with(['"', '\'']) || before.trim_end().ends_with("-m");
                is_run && !before.ends_with(is_inside) && !text[span.end..].starts_with(is_inside)
            };
            let spans: Vec<Span> = text.match_indices(&name).map(|(at, name)| at..at + name.len()).collect();
            spans.into_iter().filter(is_whole_name).map(move |span| (target, span))
        })
    })
}

/// The name of the module of Python in a file, if the file is in a directory: `a.b` for `a/b.py`. A name without a dot
/// may be any word.
#[must_use]
pub fn module_name(path: &str) -> Option<String> {
    let path = path.trim_start_matches("./").strip_suffix(".py")?;
    let path = path.strip_suffix("/__main__").unwrap_or(path);
    (path.contains('/') && !path.contains(char::is_whitespace)).then(|| path.replace('/', "."))
}

/// The lines of a file that are comments.
pub fn comments(text: &str, base: usize) -> Vec<Span> {
    let mut start = base;
    let mut spans = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//") {
            spans.push(start..start + line.len());
        }
        start += line.len();
    }
    spans
}
