//! Programs that add words to the command that they start: `find`, `xargs` and `parallel`.

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
            let added = Text::unknown(format!("`{command}` adds it"));
            let placeholder = self.placeholder_of(added.clone());
            let mut has_mark = false;
            for word in &mut words {
                let Some(text) = word.literal().filter(|text| text.contains(&mark)) else { continue };
                let kind = PieceKind::SingleQuoted(text.replace(&mark, &placeholder));
                word.pieces = vec![Piece { kind, span: word.span.clone() }];
                has_mark = true;
            }
            if !has_mark && command != "find" {
                let span = options[0].span.clone();
                words.push(self.value_word(added, &span));
            }
        }
        match command {
            "exec" => drop(self.call_of_exec(&words)),
            "parallel" | "xargs" => {
                let anywhere = self.found_in(&[".".to_owned()], &[]);
                self.with_found(anywhere, |it| drop(it.command_of_words(&words)));
            }
            _ => drop(self.command_of_words(&words)),
        }
    }

    /// The files that `find` finds with some arguments, in each directory in which it searches.
    pub(super) fn found_by_find(&mut self, arguments: &[Word]) -> Vec<FoundFiles> {
        let texts: Vec<Option<String>> =
            arguments.iter().map(|word| self.expand_again(word).single().cloned()).collect();
        let is_before = |text: &&Option<String>| matches!(text.as_deref(), Some("-H" | "-L" | "-P"));
        let begins_test = |text: &str| text.starts_with('-') || matches!(text, "(" | "!");
        let places = texts.iter().skip_while(is_before).take_while(|text| !text.as_deref().is_some_and(begins_test));
        let places: Vec<Option<String>> = places.cloned().collect();
        let directories = if places.is_empty() { vec![".".to_owned()] } else { places.into_iter().flatten().collect() };
        self.found_in(&directories, &names_of_find(&texts))
    }

    /// The files of the repository in some directories whose names match one of some patterns.
    fn found_in(&self, directories: &[String], names: &[String]) -> Vec<FoundFiles> {
        let directory = |path: &String| match ResolvedPath::of(path, self.state.directory.as_deref()) {
            ResolvedPath::Repository(directory) => Some(FoundFiles { directory, names: names.to_vec() }),
            ResolvedPath::Elsewhere => None,
        };
        directories.iter().filter_map(directory).collect()
    }
}

/// The patterns of which the name of each file that `find` finds matches one; empty if any name is possible.
fn names_of_find(arguments: &[Option<String>]) -> Vec<String> {
    let count = |names: &[&str]| arguments.iter().flatten().filter(|text| names.contains(&text.as_str())).count();
    let is_name = |pair: &&[Option<String>]| pair[0].as_deref() == Some("-name");
    let names: Option<Vec<String>> =
        arguments.windows(2).filter(is_name).map(|pair| pair[1].clone().filter(|name| !name.contains('\\'))).collect();
    let names = names.unwrap_or_default();
    // With `-o`, the alternatives may be other tests.
    let alternatives = count(&["-o", "-or", ","]);
    let is_certain = count(&["!", "-not"]) == 0 && (alternatives == 0 || alternatives + 1 == names.len());
    if is_certain { names } else { Vec::new() }
}

/// Whether an argument of `find` is an action that runs the words after it.
pub(super) fn is_action_of_find(word: &Word) -> bool {
    word.literal().is_some_and(|word| matches!(word.as_ref(), "-exec" | "-execdir" | "-ok" | "-okdir"))
}

/// The mark that a program replaces by words of its own in the command that it starts, if it adds such words.
fn replaced_mark(command: &str, options: &[Word]) -> Option<String> {
    let named = options.iter().enumerate().find_map(|(index, option)| {
        let option = option.literal()?;
        match option.strip_prefix("-I").or_else(|| option.strip_prefix("--replace="))? {
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
        for (arguments, expected) in [
            (".", &[][..]),
            (". -name *.sh", &["*.sh"]),
            (". -type f -name *.sh -size +1k", &["*.sh"]),
            (". ( -name a -o -name b )", &["a", "b"]),
            (". ( -name a -o -type f )", &[]),
            (". -name a -o -name b -o -type f", &[]),
            (". ! -name a", &[]),
            (". -not -name a", &[]),
            (". -iname a", &[]),
            (". -name a\\*", &[]),
            (". -name", &[]),
        ] {
            let arguments: Vec<Option<String>> = arguments.split(' ').map(|word| Some(word.to_owned())).collect();
            assert_eq!(names_of_find(&arguments), expected, "{arguments:?}");
        }
        assert!(names_of_find(&[Some("-name".to_owned()), None]).is_empty());
    }
}
