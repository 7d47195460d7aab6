//! Whether a text mentions a name.

/// True if a text has a name as a whole word.
pub(super) fn mentions_word(text: &str, name: &str) -> bool {
    mentions_word_after(text, name, |_| true)
}

/// True if a text has a name as a whole word after a text that fits.
pub(super) fn mentions_word_after(text: &str, name: &str, fits: impl Fn(&str) -> bool) -> bool {
    let is_inside = |c: char| c == '_' || c.is_ascii_alphanumeric();
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_inside) && !after.starts_with(is_inside) && fits(before)
    })
}

/// True if a text has a name as a whole word on a line that is not a comment.
pub(super) fn mentions_in_code(text: &str, name: &str) -> bool {
    let is_comment = |line: &str| line.trim_start().starts_with(['#', ';']) || line.trim_start().starts_with("//");
    text.contains(name) && text.lines().any(|line| mentions_word(line, name) && !is_comment(line))
}

/// True if a text has a name other than as the target of an assignment or as a variable of the repository.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let is_inside = |c: char| c == '_' || c.is_ascii_alphanumeric();
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let sign = after.trim_start_matches(['"', '\'', ' ']);
        let is_set = after.starts_with("+=")
            || after.starts_with("<<")
            || sign.starts_with("?=")
            || sign.starts_with(['=', ':']) && !sign.starts_with("==");
        let is_expanded = before.ends_with("${");
        let is_of_repository = before.ends_with("vars.");
        let line = before.rsplit('\n').next().unwrap_or_default();
        let is_comment = line.trim_start().starts_with('#');
        !before.ends_with(is_inside)
            && !after.starts_with(is_inside)
            && (is_expanded || !is_set)
            && !is_comment
            && !is_of_repository
    })
}
