//! Expansion of file patterns such as `tests/*.sh` to the files of the repository.

use super::super::files::{ResolvedPath, joined};
use super::super::patterns::{Part, Pattern};
use super::super::syntax::{Piece, PieceKind, Word};
use super::Interpreter;
use slug_value::Text;

/// Maximum files to which one pattern is expanded.
const FILES: usize = 256;

impl Interpreter<'_> {
    /// The files that a word matches, as words; the word itself if it is not a pattern or matches no file.
    pub(crate) fn globbed(&mut self, word: Word) -> Vec<Word> {
        let unquoted: String = word
            .pieces
            .iter()
            .filter_map(|piece| match &piece.kind {
                PieceKind::Literal(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        // A bracket that is not closed stands for itself, as in the name of the command `[`.
        let has_range = unquoted.split_once('[').is_some_and(|(_, rest)| rest.contains(']'));
        let has_glob = has_range || unquoted.contains(['*', '?']);
        if !has_glob || word.assignment().is_some() {
            return vec![word];
        }
        let Pattern::Known(parts) = self.pattern(&word) else { return vec![word] };
        let names: Vec<&[Part]> = parts.split(|part| *part == Part::Character('/')).collect();
        // The directories in which the next name is searched, as written.
        let mut paths: Vec<String> = vec![String::new()];
        for (index, name) in names.iter().enumerate() {
            let pattern = Pattern::Known(name.to_vec());
            let mut next: Vec<String> = Vec::new();
            for path in &paths {
                let extended = |name: &str| if index == 0 { name.to_owned() } else { format!("{path}/{name}") };
                match pattern.literal() {
                    Some(literal) => next.push(extended(&literal)),
                    None => next.extend(self.names_in(path, index == 0, &pattern).iter().map(|name| extended(name))),
                }
            }
            if next.len() > FILES {
                return vec![word];
            }
            paths = next;
        }
        paths.retain(|path| self.may_exist(path));
        if paths.is_empty() && self.state.options.nullglob.can_be_true {
            // The word may be removed, but files that are made at run time may match.
            let pieces = vec![Piece { kind: PieceKind::AnsiQuoted(None), span: word.span.clone() }];
            return vec![Word { pieces, span: word.span }];
        }
        if paths.is_empty() {
            return vec![word];
        }
        paths.sort();
        paths.into_iter().map(|path| self.value_word(Text::known(path), &word.span)).collect()
    }

    /// The names in a directory that match a pattern. The files of targets are assumed to exist.
    fn names_in(&self, path: &str, is_relative: bool, pattern: &Pattern) -> Vec<String> {
        let path = if is_relative { "." } else { path };
        let ResolvedPath::Repository(directory) = ResolvedPath::of(path, self.state.directory.as_deref()) else {
            return Vec::new();
        };
        let mut names = self.files.list(&directory);
        for target in self.targets.iter().filter(|target| !target.contains(' ')) {
            let target = joined("", target);
            let below = match directory.as_str() {
                "" => Some(target.as_str()),
                _ => target.strip_prefix(&directory).and_then(|rest| rest.strip_prefix('/')),
            };
            names.extend(below.and_then(|rest| rest.split('/').next()).map(str::to_owned));
        }
        let is_hidden = |name: &String| name.starts_with('.') && pattern.matches(".") != Some(true);
        names.retain(|name| pattern.matches(name) == Some(true) && !is_hidden(name));
        names.sort();
        names.dedup();
        names
    }

    /// Whether a path leads to a file of the repository or to a target.
    fn may_exist(&self, path: &str) -> bool {
        let ResolvedPath::Repository(path) = ResolvedPath::of(path, self.state.directory.as_deref()) else {
            return false;
        };
        let is_target = |target: &&str| joined("", target) == path;
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", &path));
        self.targets.iter().any(is_target) || self.files.list(directory).iter().any(|it| it == name)
    }
}
