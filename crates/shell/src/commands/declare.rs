//! `export`, `declare` and other commands that take assignments as arguments.

use super::super::interpreter::{BRACES, Interpreter, SPLIT, own_spans};
use super::super::state::{Attribute, Export, Variable};
use super::super::syntax::{Piece, PieceKind, Word, is_name};
use slug_value::{AbstractValue, Text};

/// An argument of `export` or `env`.
pub(super) enum Pair {
    /// `NAME=value`
    Assigns(String, Text),
    /// A word without `=`.
    Names(String),
    /// An option.
    Option,
    /// A word whose expansion is not known.
    Unknown,
}

impl Interpreter<'_> {
    /// Interprets `export`, `declare`, `typeset`, `local` or `readonly`.
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
            return self.havoc(&format!("`{command} -n` makes a variable an alias of another"));
        }
        let is_local = !self.active_functions.is_empty() && !matches!(command, "export" | "readonly") && !option('g');
        let is_converted = command != "export" && ['a', 'A', 'c', 'i'].into_iter().any(option);
        let is_read_only = command == "readonly" || (command != "export" && option('r'));
        let attribute = match (option('u'), option('l')) {
            _ if command == "export" => None,
            _ if is_converted => Some(Attribute::Other),
            (false, false) if arguments.iter().any(removes_attribute) => Some(Attribute::Other),
            (false, false) => None,
            // A function restores the attributes of the variables that it hides.
            _ if is_local => Some(Attribute::Other),
            (true, false) => Some(Attribute::Uppercase),
            (false, true) => Some(Attribute::Lowercase),
            (true, true) => Some(Attribute::Other),
        };
        if exports && option('f') {
            for name in arguments.iter().filter_map(Word::literal) {
                self.export_function(&name);
            }
        }
        for word in arguments {
            let export = exports.then_some(Export::Yes);
            if let Some(assignment) = word.assignment() {
                self.store(&own_spans(std::slice::from_ref(word)), false);
                self.prepare(&assignment.name, is_local, attribute);
                self.assign(&assignment, export);
                // A shell expands braces in arguments, but not in an assignment before a command.
                if assignment.value.pieces.iter().any(may_open_brace) {
                    self.set_variable(&assignment.name, Text::unknown(BRACES), assignment.name_span.clone(), export);
                }
                if is_read_only {
                    self.state.attributes.insert(assignment.name, Attribute::ReadOnly);
                }
                continue;
            }
            match self.pair(word) {
                Pair::Assigns(name, value) => {
                    let start = super::start_of(word);
                    self.prepare(&name, is_local, attribute);
                    self.set_variable(&name, value, start..start + name.len(), export);
                    if is_read_only {
                        self.state.attributes.insert(name, Attribute::ReadOnly);
                    }
                }
                // A local variable is unset at first.
                Pair::Names(name) if is_local && is_name(&name) => {
                    let value = self.look_up(&name).or(Text::empty());
                    self.prepare(&name, true, attribute);
                    self.set_variable(&name, value, word.span.clone(), export);
                }
                Pair::Names(name) if is_name(&name) => {
                    self.prepare(&name, false, attribute);
                    if is_converted {
                        self.set_variable(&name, Text::empty(), word.span.clone(), None);
                    }
                    if is_read_only {
                        self.state.attributes.insert(name.clone(), Attribute::ReadOnly);
                    }
                    self.change_export(&name, hides, exports);
                }
                Pair::Names(name) => self.change_export(&name, hides, exports),
                Pair::Option => {}
                Pair::Unknown => {
                    let reason = format!("`{command}` may set it");
                    self.note_all_assigned(&reason, &word.span);
                    self.havoc(&reason);
                }
            }
        }
    }

    /// Makes a variable local and gives it an attribute, before it is assigned.
    fn prepare(&mut self, name: &str, is_local: bool, attribute: Option<Attribute>) {
        if is_local {
            self.make_local(name);
        }
        let attribute = match (self.state.attributes.get(name), attribute) {
            (Some(Attribute::ReadOnly), _) => Attribute::ReadOnly,
            (None, Some(attribute)) => attribute,
            (Some(before), Some(attribute)) if *before == attribute && !is_local => attribute,
            // A local variable has no attribute of the variable that it hides.
            (Some(_), Some(_)) => Attribute::Other,
            (Some(_), None) if is_local => Attribute::Other,
            (_, None) => return,
        };
        self.state.attributes.insert(name.to_owned(), attribute);
    }

    /// Changes whether a variable is exported.
    fn change_export(&mut self, name: &str, hides: bool, exports: bool) {
        if !hides && !exports {
            return;
        }
        match self.state.variables.get_mut(name) {
            // A shell never exports an array.
            Some(variable) if exports && self.state.attributes.get(name) == Some(&Attribute::Other) => {
                variable.export = Export::Maybe;
            }
            Some(variable) => {
                if exports && variable.export != Export::Yes && !variable.value.values.is_never_absent() {
                    self.state.maybe_unset.insert(name.to_owned());
                }
                variable.export = if hides { Export::No } else { Export::Yes };
            }
            None if exports => {
                let value = self.look_up(name);
                self.state.maybe_unset.insert(name.to_owned());
                let variable = Variable { value, export: Export::Yes, assigned: None };
                self.state.variables.insert(name.to_owned(), variable);
            }
            None => {}
        }
    }

    /// Interprets an argument after the expansions of the shell.
    pub(super) fn pair(&mut self, word: &Word) -> Pair {
        if word.literal().is_some_and(|word| word.starts_with(['-', '+'])) {
            return Pair::Option;
        }
        let splits = |text: &Text| matches!(&text.values, AbstractValue::Any) && text.reasons.contains(SPLIT);
        let texts = self.argument(word);
        if texts.iter().any(splits) {
            return Pair::Unknown;
        }
        let mut texts = texts.into_iter();
        let Some(first) = texts.next() else { return Pair::Names(String::new()) };
        let Some(known) = first.single() else { return Pair::Unknown };
        // Join the known texts up to the first `=`.
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

/// Whether a word is an option that takes an attribute from a variable, as `+u` does.
fn removes_attribute(word: &Word) -> bool {
    word.literal().is_some_and(|word| word.starts_with('+') && word.contains(['a', 'A', 'c', 'i', 'l', 'r', 'u']))
}

/// Whether a piece may open braces that a shell expands to several words.
fn may_open_brace(piece: &Piece) -> bool {
    matches!(&piece.kind, PieceKind::Literal(text) if text.contains('{'))
}
