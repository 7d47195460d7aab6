//! Programs that add words to the command that they start: `find`, `xargs` and `parallel`.

use super::super::array::SPLIT;
use super::super::changed::FoundFiles;
use super::super::files::ResolvedPath;
use super::super::interpreter::Interpreter;
use super::super::syntax::{Piece, PieceKind, Word};
use slug_value::Text;
use std::borrow::Cow;

impl Interpreter<'_> {
    /// Interprets the actions of `find` that start commands. `options` are the words until the first `-exec`, and
    /// `rest` is what follows.
    pub(super) fn actions_of_find<'w>(&mut self, options: &[Word], rest: &'w [Word]) {
        let ends = |word: &Word| matches!(word.literal().as_deref(), Some(";" | "+"));
        let split = |action: &'w [Word]| action.split_at(action.iter().position(ends).unwrap_or(action.len()));
        let (actions, others): (Vec<&[Word]>, Vec<&[Word]>) = rest.split(is_action_of_find).map(split).unzip();
        let tests: Vec<Word> = options[1..].iter().chain(others.into_iter().flatten()).cloned().collect();
        let found = self.found_by_find(&tests);
        for action in actions {
            self.with_found(found.clone(), |it| it.command_with_added("find", options, action));
        }
    }

    /// Interprets a command to which a program adds the paths of some files.
    fn with_found(&mut self, found: Vec<FoundFiles>, command: impl FnOnce(&mut Self)) {
        let before = self.found.replace(found);
        command(self);
        self.found = before;
    }

    /// Interprets a command that a program starts, which may add words that are not known, as `xargs` does.
    pub(super) fn command_with_added(&mut self, command: &str, options: &[Word], words: &[Word]) {
        let mut words = words.to_vec();
        if let Some(mark) = replaced_mark(command, options) {
            // It may be several words.
            let added = Text::unknown(format!("`{command}` adds it")).with_reason(SPLIT);
            let placeholder = self.placeholder_of(added.clone());
            let mut has_mark = false;
            for word in &mut words {
                for piece in pieces_of(&mut word.pieces) {
                    let Some(text) = piece.literal().filter(|text| text.contains(&mark)) else { continue };
                    piece.kind = PieceKind::SingleQuoted(text.replace(&mark, &placeholder));
                    has_mark = true;
                }
            }
            if !has_mark && command != "find" {
                let span = options[0].span.clone();
                words.push(self.value_word(added, &span));
            }
        }
        match command {
            "exec" => drop(self.call_of_exec(&words)),
            "parallel" | "xargs" => {
                let anywhere = self.found_in(&[Some(".".to_owned())], &[], false);
                self.with_found(anywhere, |it| drop(it.command_of_words(&words)));
            }
            _ => drop(self.command_of_words(&words)),
        }
    }

    /// The files that `find` finds with some arguments, in each directory in which it searches.
    pub(super) fn found_by_find(&mut self, arguments: &[Word]) -> Vec<FoundFiles> {
        let texts: Vec<Option<String>> =
            arguments.iter().map(|word| self.expand_again(word).single().cloned()).collect();
        let text = |index: usize| texts.get(index).and_then(Option::as_deref);
        let mut first = 0;
        while let Some(option) = text(first).filter(|it| ["-D", "-H", "-L", "-P"].contains(it) || it.starts_with("-O"))
        {
            first += if option == "-D" { 2 } else { 1 };
        }
        let begins_test = |text: &str| text.starts_with('-') || matches!(text, "(" | "!");
        let count = (first..texts.len()).take_while(|index| !text(*index).is_some_and(begins_test)).count();
        let (places, tests) = texts[first.min(texts.len())..].split_at(count);
        let here = [Some(".".to_owned())];
        let is_choice = |test: &Option<String>| test.as_deref().is_some_and(|test| CHOICES.contains(&test));
        self.found_in(
            if places.is_empty() { &here } else { places },
            &names_of_find(tests),
            tests.iter().any(is_choice),
        )
    }

    /// The files in some directories whose names match one of some patterns. In a directory that is not known, only
    /// names that are known count.
    fn found_in(&self, directories: &[Option<String>], names: &[String], are_chosen: bool) -> Vec<FoundFiles> {
        let anywhere = || (!names.is_empty()).then(String::new);
        let directory = |path: &Option<String>| {
            let Some(path) = path else { return anywhere() };
            match ResolvedPath::of(path, self.state.directory.as_deref()) {
                ResolvedPath::Repository(directory) => Some(directory),
                ResolvedPath::Elsewhere if self.state.directory.is_none() && !path.starts_with('/') => anywhere(),
                ResolvedPath::Elsewhere => None,
            }
        };
        let found = |directory| FoundFiles { directory, names: names.to_vec(), are_chosen };
        if directories.len() > PLACES {
            return vec![found(String::new())];
        }
        directories.iter().filter_map(directory).map(found).collect()
    }
}

/// The tests of `find` that choose files by their names or paths.
const CHOICES: [&str; 8] = ["-iname", "-ipath", "-iregex", "-name", "-path", "-regex", "-samefile", "-wholename"];

/// Maximum directories of one `find`. With more, it searches the whole repository.
const PLACES: usize = 32;

/// Patterns of names: the name of each file that `find` finds matches at least one; empty if any name is possible.
fn names_of_find(tests: &[Option<String>]) -> Vec<String> {
    let is_or = |test: &Option<String>| matches!(test.as_deref(), Some("-o" | "-or" | ","));
    let mut names = Vec::new();
    for alternative in tests.split(is_or) {
        // With `-prune`, nothing is found.
        if alternative.last().is_some_and(|test| test.as_deref() == Some("-prune")) {
            continue;
        }
        let is_negated = |at: usize| at > 0 && matches!(alternative[at - 1].as_deref(), Some("!" | "-not"));
        let negates_group = (0..alternative.len()).any(|at| is_negated(at) && alternative[at].as_deref() == Some("("));
        let is_name = |at: &usize| alternative[*at].as_deref() == Some("-name") && !is_negated(*at);
        let positions = (0..alternative.len()).filter(is_name);
        let values: Option<Vec<String>> = positions.map(|at| alternative.get(at + 1).cloned().flatten()).collect();
        // A backslash has another meaning in the pattern.
        let is_known = |values: &Vec<String>| !values.is_empty() && values.iter().all(|value| !value.contains('\\'));
        match values.filter(is_known) {
            Some(values) if !negates_group => names.extend(values),
            _ => return Vec::new(),
        }
    }
    names
}

/// The pieces of a word, also those in double quotes.
fn pieces_of(pieces: &mut [Piece]) -> Vec<&mut Piece> {
    let mut flat = Vec::new();
    for piece in pieces {
        match piece {
            Piece { kind: PieceKind::DoubleQuoted(pieces), .. } => flat.extend(pieces_of(pieces)),
            piece => flat.push(piece),
        }
    }
    flat
}

/// Whether an argument of `find` is an action that runs the words after it.
pub(super) fn is_action_of_find(word: &Word) -> bool {
    word.literal().is_some_and(|word| matches!(word.as_ref(), "-exec" | "-execdir" | "-ok" | "-okdir"))
}

/// The mark that a program replaces by words of its own in the command that it starts, if it adds such words.
fn replaced_mark(command: &str, options: &[Word]) -> Option<String> {
    let named = options.iter().enumerate().find_map(|(index, option)| {
        let option = option.literal()?;
        let is_cluster = |text: &str| text.starts_with('-') && !text.starts_with("--");
        let cluster = option.split_once('I').filter(|(before, _)| is_cluster(before)).map(|(_, mark)| mark);
        match cluster.or_else(|| option.strip_prefix("--replace="))? {
            "" => options.get(index + 1)?.literal().map(Cow::into_owned),
            mark => Some(mark.to_owned()),
        }
    });
    match command {
        "find" => Some("{}".to_owned()),
        "parallel" | "xargs" => Some(named.unwrap_or_else(|| "{}".to_owned())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::names_of_find;

    #[test]
    fn names_of_find_are_those_of_every_alternative() {
        for (tests, expected) in [
            ("", &[][..]),
            ("-name *.sh", &["*.sh"]),
            ("-type f -name *.sh -size +1k", &["*.sh"]),
            ("( -name a -o -name b )", &["a", "b"]),
            ("( -name a -o -type f )", &[]),
            ("-name a -o -name b -o -type f", &[]),
            ("-name a -name b -o -type f", &[]),
            ("-path x -prune -o -name a", &["a"]),
            ("-name a ! -path x", &["a"]),
            ("-name a -not -name b", &["a"]),
            ("! -name a", &[]),
            ("-not -name a", &[]),
            ("! ( -name a )", &[]),
            ("-iname a", &[]),
            ("-name a\\*", &[]),
            ("-name", &[]),
        ] {
            let tests: Vec<Option<String>> = tests.split_whitespace().map(|word| Some(word.to_owned())).collect();
            assert_eq!(names_of_find(&tests), expected, "{tests:?}");
        }
        assert!(names_of_find(&[Some("-name".to_owned()), None]).is_empty());
    }
}
