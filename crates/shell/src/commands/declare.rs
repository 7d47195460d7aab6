//! `export`, `declare` and other commands that take assignments as arguments.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::array::{Array, SPLIT};
use super::super::interpreter::{BRACES, Interpreter, own_spans};
use super::super::state::{Attribute, EXPORT_UNKNOWN, Export, Variable};
use super::super::syntax::{Piece, PieceKind, Span, Word, is_name};
use super::{is_dynamic, span_of_name};
use slug_value::{AbstractValue, Text};

/// An argument of `export` or `env`.
pub(super) enum Pair {
    /// `NAME=value`
    Assigns(String, Text),
    /// `NAME+=value`, which only a declaration of the shell understands.
    Appends(String, Text),
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
        let makes_array = match command != "export" && self.runs_in_bash {
            true if option('A') && !option('a') => Some(Array::Associative(BTreeMap::new())),
            true if option('a') && !option('A') => Some(Array::of([])),
            _ => None,
        };
        let is_array = command != "export" && (option('a') || option('A'));
        let is_converted = command != "export" && (option('c') || is_array && makes_array.is_none());
        let is_read_only = command == "readonly" || (command != "export" && option('r'));
        let attribute = match (option('u'), option('l'), option('i')) {
            _ if command == "export" => None,
            _ if is_converted || arguments.iter().any(removes_attribute) => Some(Attribute::Other),
            (false, false, false) => None,
            (true, false, false) => Some(Attribute::Uppercase),
            (false, true, false) => Some(Attribute::Lowercase),
            (false, false, true) if self.runs_in_bash => Some(Attribute::Integer),
            _ => Some(Attribute::Other),
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
                let name = &assignment.name;
                let may_be_local = self.state.maybe_local.contains(name);
                let is_hidden = is_local && !self.state.locals.contains_key(name);
                let is_new = is_hidden && !may_be_local;
                self.prepare(name, is_local, attribute);
                let is_element = assignment.subscript.is_some();
                if is_hidden && (assignment.appends || is_element) {
                    // The new variable starts without the value that it hides.
                    let is_empty = is_new && self.runs_in_bash;
                    let value = if is_empty { Text::empty() } else { Text::unknown(HIDES_ANOTHER) };
                    self.set_value_of_local(name, value);
                    if is_empty && (is_element || assignment.value.array().is_some()) {
                        self.make_array(name, &Array::of([]), true, &assignment.name_span);
                    }
                }
                if let Some(array) = &makes_array {
                    let is_replaced = assignment.value.array().is_some() && !assignment.appends;
                    self.make_array(name, array, is_new || is_replaced, &assignment.name_span);
                }
                let may_be_array = makes_array.is_some()
                    || self.state.arrays.contains_key(name)
                    || self.state.attributes.get(name) == Some(&Attribute::Other);
                let is_text = !is_element && assignment.value.array().is_none();
                if may_be_array && is_text && may_be_elements(&self.expand(&assignment.value)) {
                    self.forget_array(name, assignment.name_span.clone());
                } else {
                    self.assign(&assignment, export);
                }
                // A shell expands braces in arguments, but not in an assignment before a command.
                if assignment.value.pieces.iter().any(may_open_brace) {
                    self.set_variable(&assignment.name, Text::unknown(BRACES), assignment.name_span.clone(), export);
                }
                if is_read_only {
                    self.state.attributes.insert(assignment.name, Attribute::ReadOnly);
                }
                continue;
            }
            // `export` and `readonly` take no elements.
            let takes_elements = !matches!(command, "export" | "readonly");
            if let Some(name) = self.element_in_quotes(word).filter(|_| takes_elements) {
                self.prepare(&name, is_local, attribute);
                if matches!(makes_array, Some(Array::Associative(_))) {
                    self.state.set_any_attribute(&name);
                }
                self.forget_array(&name, word.span.clone());
                if is_read_only {
                    self.state.attributes.insert(name, Attribute::ReadOnly);
                }
                continue;
            }
            match self.pair(word) {
                pair @ (Pair::Assigns(..) | Pair::Appends(..)) => {
                    let appends = matches!(pair, Pair::Appends(..));
                    let (Pair::Assigns(name, mut value) | Pair::Appends(name, mut value)) = pair else { continue };
                    let span = span_of_name(word, &name);
                    let may_be_hidden = is_local && !self.state.locals.contains_key(&name);
                    self.prepare(&name, is_local, attribute);
                    if appends {
                        let old = if may_be_hidden { Text::unknown(HIDES_ANOTHER) } else { self.look_up(&name) };
                        value = self.appended(&name, old, value, &span);
                    }
                    // The text may be the elements in parentheses.
                    if makes_array.is_some() || self.state.arrays.contains_key(&name) && may_be_elements(&value) {
                        self.forget_array(&name, span);
                    } else {
                        self.set_variable(&name, value, span, export);
                    }
                    if is_read_only {
                        self.state.attributes.insert(name, Attribute::ReadOnly);
                    }
                }
                // A local variable is unset at first.
                Pair::Names(name) if is_local && is_name(&name) => {
                    let is_new = !self.state.locals.contains_key(&name) && !self.state.maybe_local.contains(&name);
                    let hidden = self.state.variables.get(&name);
                    // A command gets the variable that it hides, and other shells copy its value.
                    let may_be_seen = !self.runs_in_bash || hidden.is_some_and(|it| it.export != Export::No);
                    let value = match is_new && !may_be_seen {
                        true => Text::empty(),
                        false => self.look_up(&name).or(Text::empty()),
                    };
                    self.make_local(&name);
                    self.set_variable(&name, value, word.span.clone(), export);
                    self.add_attribute(&name, attribute);
                    if let Some(array) = &makes_array {
                        self.make_array(&name, array, is_new, &word.span);
                    }
                }
                Pair::Names(name) if is_name(&name) => {
                    self.add_attribute(&name, attribute);
                    if is_converted {
                        self.set_variable(&name, Text::empty(), word.span.clone(), None);
                    } else if let Some(array) = &makes_array {
                        self.make_array(&name, array, false, &word.span);
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

    /// Sets the value of a variable that has become local, which is exported or not like the one that it hides.
    fn set_value_of_local(&mut self, name: &str, value: Text) {
        let unknown = if self.state.others_unknown.is_some() { Export::Maybe } else { Export::No };
        let export = self.state.variables.get(name).map_or(unknown, |variable| variable.export);
        self.state.variables.insert(name.to_owned(), Variable { value, export, assigned: None });
    }

    /// Makes a variable local and gives it an attribute, before it is assigned.
    fn prepare(&mut self, name: &str, is_local: bool, attribute: Option<Attribute>) {
        if is_local {
            self.make_local(name);
        }
        self.add_attribute(name, attribute);
    }

    /// Gives a variable an attribute.
    fn add_attribute(&mut self, name: &str, attribute: Option<Attribute>) {
        let Some(attribute) = attribute else { return };
        match self.state.attributes.get(name) {
            Some(Attribute::ReadOnly) => {}
            Some(before) if *before == attribute => {}
            None if attribute != Attribute::Other => {
                self.state.attributes.insert(name.to_owned(), attribute);
            }
            _ => self.state.set_any_attribute(name),
        }
    }

    /// Makes a variable an array of the kind of an empty array. `is_empty` says that it has no elements yet, or that an
    /// assignment replaces them.
    fn make_array(&mut self, name: &str, empty: &Array, is_empty: bool, span: &Span) {
        if matches!(self.state.attributes.get(name), Some(Attribute::Other | Attribute::ReadOnly)) {
            return;
        }
        let is_associative = matches!(empty, Array::Associative(_));
        let is_unset = self.state.others_unknown.is_none() && !self.state.variables.contains_key(name);
        if is_dynamic(name) {
            return self.forget_array(name, span.clone());
        }
        let before = self.array_before(name);
        match self.state.arrays.get(name).map(|array| &**array) {
            None if is_empty => drop(self.state.arrays.insert(name.to_owned(), Rc::new(empty.clone()))),
            None if is_unset => self.set_array(name, empty.clone(), span.clone()),
            None => match before {
                Array::Indexed(elements) if is_associative => match elements.get(&0) {
                    Some(first) => self.set_array(name, empty.clone().with_first(first.clone()), span.clone()),
                    None => self.state.set_any_attribute(name),
                },
                Array::Unknown if is_associative => self.state.set_any_attribute(name),
                before => self.set_array(name, before, span.clone()),
            },
            Some(array) if matches!(array, Array::Associative(_)) == is_associative => {}
            // A shell converts no array to the other kind.
            Some(_) => self.state.set_any_attribute(name),
        }
    }

    /// Changes whether a variable is exported.
    fn change_export(&mut self, name: &str, hides: bool, exports: bool) {
        if !hides && !exports {
            return;
        }
        let is_array = self.state.arrays.get(name).map(|array| **array != Array::Unknown);
        let may_be_array = is_array.is_some() || self.state.attributes.get(name) == Some(&Attribute::Other);
        let is_in_function = !self.active_functions.is_empty();
        match self.state.variables.get_mut(name) {
            // If the call of the function assigns the variable, commands see the exported one that it hides.
            Some(variable) if hides && is_in_function => {
                variable.value = Text::unknown(EXPORT_UNKNOWN);
                variable.export = Export::Maybe;
            }
            // A shell never exports an array.
            Some(_) if exports && is_array == Some(true) => {}
            Some(variable) if exports && may_be_array => variable.export = Export::Maybe,
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

    /// The name of the array in a word `"NAME[key]=value"`.
    fn element_in_quotes(&mut self, word: &Word) -> Option<String> {
        let texts = self.argument(word);
        if texts.iter().any(is_split) {
            return None;
        }
        let mut known = String::new();
        for text in texts {
            known.push_str(text.single()?);
            if let Some((name, _)) = known.split_once('[') {
                return Some(name.to_owned()).filter(|name| is_name(name));
            }
        }
        None
    }

    /// Whether `export` and similar commands certainly accept a word. `declare -f NAME` asks for a function.
    pub(super) fn is_declared(&mut self, word: &Word) -> bool {
        word.assignment().is_some()
            || match self.pair(word) {
                Pair::Assigns(..) | Pair::Appends(..) => true,
                Pair::Names(name) => is_name(&name),
                Pair::Option => word.literal().is_some_and(|option| !option.contains(['f', 'F', 'p'])),
                Pair::Unknown => false,
            }
    }

    /// Interprets an argument after the expansions of the shell.
    pub(super) fn pair(&mut self, word: &Word) -> Pair {
        if word.literal().is_some_and(|word| word.starts_with(['-', '+'])) {
            return Pair::Option;
        }
        let texts = self.argument(word);
        if texts.iter().any(is_split) {
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
                let value = Text::known(value.to_owned());
                let name = name.trim_end_matches('+').to_owned();
                Pair::Appends(name, rest.into_iter().fold(value, Text::followed_by))
            }
            _ if !rest.is_empty() => Pair::Unknown,
            _ => Pair::Names(known),
        }
    }
}

/// Whether a value may be several words.
fn is_split(text: &Text) -> bool {
    matches!(&text.values, AbstractValue::Any) && text.reasons.contains(SPLIT)
}

/// Why the value to which an assignment adds is unknown.
const HIDES_ANOTHER: &str = "a local variable may hide another";

/// Whether the value of an array may be elements in parentheses.
fn may_be_elements(text: &Text) -> bool {
    match &text.values {
        AbstractValue::OneOf(texts) => texts.iter().any(|text| text.starts_with('(')),
        _ => true,
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
