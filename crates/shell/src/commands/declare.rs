//! `export`, `declare` and their kin, which take assignments as arguments.

use super::super::interpreter::{Interpreter, SPLIT, own_spans};
use super::super::state::{Export, Variable};
use super::super::syntax::{Word, is_name};
use slug_value::{Can, Text};

/// What an argument of `export` or `env` says.
pub(super) enum Pair {
    /// `NAME=value`
    Assigns(String, Text),
    /// A word without `=`.
    Names(String),
    /// An option.
    Option,
    /// A word of which only a shell knows what it says.
    Unknown,
}

impl Interpreter<'_> {
    pub(super) fn declare(&mut self, command: &str, arguments: &[Word]) {
        let option = |sign: char| {
            let options = arguments.iter().filter_map(Word::literal).filter(|word| word.starts_with('-'));
            options.into_iter().any(|word| word.contains(sign))
        };
        let hides = (command == "export" && option('n'))
            || arguments.iter().any(|word| word.literal().is_some_and(|it| it.starts_with('+') && it.contains('x')));
        let exports = (command == "export" && !hides) || (command != "export" && option('x'));
        if command != "export" && option('n') {
            arguments.iter().for_each(|word| drop(self.expand(word)));
            return self.havoc(&format!("`{command} -n` gives a variable another name"));
        }
        let is_converted = command != "export" && ['i', 'l', 'u'].into_iter().any(option);
        for word in arguments {
            let export = exports.then_some(Export::Yes);
            if let Some(assignment) = word.assignment() {
                self.store(&own_spans(std::slice::from_ref(word)), false);
                self.assign(&assignment, export);
                if is_converted {
                    let why = format!("`{command}` changes what is assigned");
                    self.give(&assignment.name, Text::unknown(why), assignment.name_span, export);
                }
                continue;
            }
            match self.pair(word) {
                Pair::Assigns(name, value) => {
                    let value = if is_converted { Text::unknown(format!("`{command}` changes it")) } else { value };
                    let start = super::start_of(word);
                    self.give(&name, value, start..start + name.len(), export);
                }
                // A variable of a function begins unset.
                Pair::Names(name)
                    if self.in_function && is_name(&name) && !matches!(command, "export" | "readonly") =>
                {
                    let value = self.look_up(&name).or(Text::empty());
                    self.give(&name, value, word.span.clone(), export);
                }
                Pair::Names(name) => self.mark(&name, hides, exports),
                Pair::Option => {}
                Pair::Unknown => self.havoc(&format!("`{command}` may set it")),
            }
        }
    }

    /// Changes whether a variable is exported.
    fn mark(&mut self, name: &str, hides: bool, exports: bool) {
        if !hides && !exports {
            return;
        }
        self.note_export(name);
        match self.state.variables.get_mut(name) {
            Some(variable) => variable.export = if hides { Export::No } else { Export::Yes },
            None if exports => {
                let value = self.look_up(name);
                let variable = Variable { value, export: Export::Yes, assigned: None };
                self.state.variables.insert(name.to_owned(), variable);
            }
            None => {}
        }
    }

    /// A function that exports a variable, or hides it, does so at any time.
    fn note_export(&mut self, name: &str) {
        if self.in_function {
            self.note_assigned(name);
        }
    }

    /// What an argument says once the shell has expanded it.
    pub(super) fn pair(&mut self, word: &Word) -> Pair {
        if word.literal().is_some_and(|word| word.starts_with(['-', '+'])) {
            return Pair::Option;
        }
        let splits = |text: &Text| matches!(&text.can, Can::BeAnything) && text.why.contains(SPLIT);
        let texts = self.argument(word);
        if texts.iter().any(splits) {
            return Pair::Unknown;
        }
        let mut texts = texts.into_iter();
        let Some(first) = texts.next() else { return Pair::Names(String::new()) };
        let Some(known) = first.single() else { return Pair::Unknown };
        // The texts of several pieces may be known.
        let mut known = known.clone();
        let mut rest: Vec<Text> = texts.collect();
        while let Some(next) = rest.first().and_then(Text::single).filter(|_| !known.contains('=')) {
            known.push_str(next);
            rest.remove(0);
        }
        match known.split_once('=') {
            Some((name, value)) if is_name(name) => {
                let value = Text::known(value.to_owned());
                Pair::Assigns(name.to_owned(), rest.into_iter().fold(value, Text::followed_by))
            }
            Some((name, value)) if name.strip_suffix('+').is_some_and(is_name) => {
                let name = name.trim_end_matches('+');
                let value = self.look_up(name).followed_by(Text::known(value.to_owned()));
                Pair::Assigns(name.to_owned(), rest.into_iter().fold(value, Text::followed_by))
            }
            _ if !rest.is_empty() => Pair::Unknown,
            _ => Pair::Names(known),
        }
    }
}
