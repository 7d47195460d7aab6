//! Arrays: their elements in expansions, and assignments to them.

use std::rc::Rc;

use super::super::arithmetic::{Numbers, may_assign};
use super::super::array::{Array, SPLIT, UNKNOWN_ELEMENTS, may_be_list};
use super::super::commands::is_dynamic;
use super::super::state::{Attribute, Export, Variable, substituted};
use super::super::syntax::{Operation, Parameter, Piece, PieceKind, Span, Word};
use super::Interpreter;
use super::expansion::{COMPUTED, fields_of, has_braces, length};
use super::references::{Prefix, Reference, Subscript, has_list};
use slug_value::{AbstractValue, Text, Tristate};

/// The index or key of an element.
#[derive(Debug)]
pub(crate) enum Key {
    Index(Numbers),
    Name(Text),
    /// It is not known whether it is an index or a key.
    Unknown,
}

impl Key {
    /// Whether it may be an index below 0.
    fn may_be_negative(&self) -> bool {
        match self {
            Self::Index(Numbers::OneOf(numbers)) => numbers.iter().any(|number| *number < 0),
            Self::Index(Numbers::Unknown) | Self::Unknown => true,
            Self::Name(_) => false,
        }
    }
}

/// The part of a list that `:offset` and `:offset:length` keep, if both are known.
struct Slice {
    offset: i64,
    length: Option<i64>,
}

impl Interpreter<'_> {
    /// The value of an expansion with a subscript, or of a part of the arguments; `None` for other expansions.
    pub(super) fn reference(&mut self, parameter: &Parameter, span: &Span) -> Option<Text> {
        if matches!((parameter.name.as_str(), &parameter.operation), ("@" | "*", Operation::None)) {
            return None;
        }
        let reference = Reference::of(parameter)?;
        let Subscript::One(pieces) = &reference.subscript else {
            return Some(match (reference.prefix, self.list_of(&reference, span)) {
                (Prefix::Length, Some(texts)) => Text::known(texts.len().to_string()),
                (Prefix::Length, None) => Text::non_empty(UNKNOWN_ELEMENTS),
                (_, None) => Text::unknown(UNKNOWN_ELEMENTS),
                (_, Some(texts)) => {
                    let separator = match reference.subscript {
                        Subscript::Joined => self.first_separator(),
                        _ => Some(" ".to_owned()),
                    };
                    match separator {
                        Some(separator) => joined(texts, &separator),
                        None => Text::unknown(UNKNOWN_ELEMENTS),
                    }
                }
            });
        };
        let key = self.key_of(&reference.name, pieces, span);
        let (value, is_set) = self.element(&reference.name, &key);
        let is_unset = self.state.options.nounset.can_be_true && !matches!(reference.rest, Operation::Alternative(..));
        // An index before the first element is an error, which ends the shell as a failing command does.
        let is_before_first = self.state.options.errexit.can_be_true && key.may_be_negative();
        if is_set.can_be_false && (is_unset || is_before_first) {
            self.end_shell(Tristate::NEVER);
        }
        Some(match (reference.prefix, &reference.rest) {
            (Prefix::Length, _) => length(value),
            // The value is the name of another variable.
            (Prefix::Keys, _) => Text::unknown(COMPUTED),
            (_, Operation::None) => value,
            (_, Operation::Other(pieces)) => self.transformed(value, pieces),
            (_, Operation::Alternative(operator, pieces)) => {
                let before = self.copy();
                let other = self.fragments(pieces).into_iter().fold(Text::empty(), Text::followed_by);
                self.join_with(before);
                if operator.ends_with('?') {
                    self.end_shell(Tristate::NEVER);
                    return Some(value);
                }
                if operator.ends_with('=') {
                    self.set_element(&reference.name, Key::Unknown, Text::unknown(COMPUTED), span.clone());
                }
                self.alternative(operator, value, is_set, other)
            }
        })
    }

    /// Evaluates the operators `-`, `=` and `+` on a value of which it may be known whether it is set.
    fn alternative(&mut self, operator: &str, value: Text, is_set: Tristate, other: Text) -> Text {
        let replaces = operator.ends_with('+');
        match is_set {
            _ if operator.starts_with(':') => substituted(operator, value, other),
            Tristate { can_be_false: false, .. } => {
                if replaces {
                    other
                } else {
                    value
                }
            }
            Tristate { can_be_true: false, .. } => {
                if replaces {
                    Text::empty()
                } else {
                    other
                }
            }
            _ => substituted(operator, value, other),
        }
    }

    /// The first character of `IFS`, which joins elements; `None` if it is not known.
    fn first_separator(&self) -> Option<String> {
        Some(self.separators()?.chars().next().map(String::from).unwrap_or_default())
    }

    /// The elements or keys to which an expansion of a whole array or of the arguments leads; `None` if they are not
    /// known.
    fn list_of(&mut self, reference: &Reference, span: &Span) -> Option<Vec<Text>> {
        let texts = match reference.prefix {
            _ if reference.name == "@" => self.state.arguments.clone(),
            prefix => self.elements(&reference.name, prefix == Prefix::Keys),
        };
        self.spend(texts.as_ref().map_or(0, Vec::len) / 16 + 1);
        if texts.is_none() && self.state.options.nounset.can_be_true {
            self.end_shell(Tristate::NEVER);
        }
        match &reference.rest {
            Operation::None => texts,
            Operation::Alternative(operator, pieces) => {
                let texts = texts?;
                // Whether `:+` counts an empty element differs.
                let is_set = match texts.as_slice() {
                    [] => false,
                    [only] if operator.starts_with(':') && !only.values.is_never_absent() => return None,
                    _ => true,
                };
                match (operator.trim_start_matches(':'), is_set) {
                    ("-", true) => Some(texts),
                    ("+", false) => Some(Vec::new()),
                    ("-", false) | ("+", true) => {
                        self.exact_fields(&Word { pieces: pieces.clone(), span: span.clone() })
                    }
                    _ => None,
                }
            }
            Operation::Other(pieces) => {
                let is_indexed =
                    matches!(self.state.arrays.get(&reference.name).map(|it| &**it), Some(Array::Indexed(_)));
                match self.slice(pieces, span) {
                    Some(slice) if reference.name == "@" => part_of_arguments(texts?, &slice),
                    Some(slice) if is_indexed => self.part_of_array(&reference.name, &slice),
                    _ => {
                        self.fragments(pieces);
                        None
                    }
                }
            }
        }
    }

    /// All elements of a variable, or their indices or keys.
    fn elements(&mut self, name: &str, keys: bool) -> Option<Vec<Text>> {
        match self.state.arrays.get(name) {
            Some(array) if keys => array.keys(),
            Some(array) => array.texts(),
            None => {
                let value = self.scalar(name)?;
                match value.values.is_never_absent() {
                    true if keys => Some(vec![Text::known("0".to_owned())]),
                    true => Some(vec![value]),
                    false => None,
                }
            }
        }
    }

    /// The value of a variable that is certainly no array.
    fn scalar(&self, name: &str) -> Option<Text> {
        let may_be_array = !self.runs_in_bash
            || is_dynamic(name)
            || self.state.others_unknown.is_some()
            || self.state.arrays.contains_key(name)
            || self.state.attributes.get(name) == Some(&Attribute::Other);
        self.state.variables.get(name).filter(|_| !may_be_array).map(|variable| variable.value.clone())
    }

    /// The part that `:offset:length` keeps, if the pieces are one and its numbers are known.
    fn slice(&mut self, pieces: &[Piece], span: &Span) -> Option<Slice> {
        let (Piece { kind: PieceKind::Literal(first), .. }, _) = pieces.split_first()? else { return None };
        if !first.starts_with(':') || pieces.iter().any(|piece| piece.literal().is_some_and(|text| text.contains('?')))
        {
            return None;
        }
        let mut parts: Vec<Vec<Piece>> = Vec::new();
        for piece in pieces {
            let PieceKind::Literal(text) = &piece.kind else {
                parts.last_mut()?.push(piece.clone());
                continue;
            };
            for (index, part) in text.split(':').enumerate() {
                if index > 0 {
                    parts.push(Vec::new());
                }
                if !part.is_empty() {
                    let kind = PieceKind::Literal(part.to_owned());
                    parts.last_mut()?.push(Piece { kind, span: piece.span.clone() });
                }
            }
        }
        let mut numbers = Vec::new();
        for part in &parts {
            let text = self.expression_text(part);
            numbers.push(self.index(&text, span).single()?);
        }
        match numbers.as_slice() {
            [offset] => Some(Slice { offset: *offset, length: None }),
            [offset, length] if *length >= 0 => Some(Slice { offset: *offset, length: Some(*length) }),
            _ => None,
        }
    }

    /// The elements of an indexed array from an index.
    fn part_of_array(&self, name: &str, slice: &Slice) -> Option<Vec<Text>> {
        let array = self.state.arrays.get(name)?;
        let Array::Indexed(elements) = &**array else { return None };
        let offset = match slice.offset {
            offset if offset < 0 => match array.index(offset) {
                Some(offset) => offset,
                None => return Some(Vec::new()),
            },
            offset => offset,
        };
        let kept = elements.range(offset..).map(|(_, text)| text.clone());
        Some(kept.take(slice.length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(0))).collect())
    }

    /// The texts of a piece that becomes several words or none: `$@`, `${name[@]}` and their parts. `None` for another
    /// piece, or if the texts are not known.
    fn list_of_piece(&mut self, piece: &Piece, is_in_quotes: bool) -> Option<Vec<Text>> {
        let PieceKind::Parameter(parameter) = &piece.kind else { return None };
        let reference = Reference::of(parameter).filter(|reference| reference.is_list(is_in_quotes))?;
        self.list_of(&reference, &piece.span)
    }

    /// Expands the arrays and arguments in a word: each element begins a word. `None` if the word has none.
    pub(super) fn spliced(&mut self, word: &Word) -> Option<Vec<Word>> {
        if !word.pieces.iter().any(has_list) || word.assignment().is_some() {
            return None;
        }
        let mut fields: Vec<Vec<Piece>> = vec![Vec::new()];
        for piece in &word.pieces {
            match &piece.kind {
                PieceKind::DoubleQuoted(inner) if has_list(piece) => {
                    for piece in inner {
                        match self.list_of_piece(piece, true) {
                            Some(texts) => self.add_values(texts, &word.span, &mut fields),
                            None => {
                                let kind = PieceKind::DoubleQuoted(vec![piece.clone()]);
                                add(&mut fields, Piece { kind, span: piece.span.clone() });
                            }
                        }
                    }
                }
                _ => match self.list_of_piece(piece, false) {
                    Some(texts) => {
                        let texts = texts.into_iter().flat_map(|text| self.split_value(text)).collect();
                        self.add_values(texts, &word.span, &mut fields);
                    }
                    None => add(&mut fields, piece.clone()),
                },
            }
        }
        fields.retain(|pieces| !pieces.is_empty());
        Some(fields.into_iter().map(|pieces| Word { pieces, span: word.span.clone() }).collect())
    }

    /// Adds values to fields, of which each but the first begins one.
    fn add_values(&mut self, texts: Vec<Text>, span: &Span, fields: &mut Vec<Vec<Piece>>) {
        for (index, text) in texts.into_iter().enumerate() {
            if index > 0 {
                fields.push(Vec::new());
            }
            let piece = self.value_piece(text, span);
            add(fields, piece);
        }
    }

    /// The words to which a shell splits a value that is not in quotes.
    fn split_value(&self, text: Text) -> Vec<Text> {
        let is_known = matches!(text.values, AbstractValue::OneOf(_));
        if is_known && self.is_one_field(&text) {
            return vec![text];
        }
        let known = text.single().filter(|text| !text.contains(['*', '?', '[']));
        match known.zip(self.separators()).and_then(|(text, separators)| fields_of(text, separators)) {
            Some((_, parts, _)) => parts.into_iter().map(|part| Text::known(part.to_owned())).collect(),
            None if is_known => vec![Text::unknown(SPLIT)],
            None => vec![text],
        }
    }

    /// The words to which a shell expands a word, if their number is certain.
    pub(super) fn exact_fields(&mut self, word: &Word) -> Option<Vec<Text>> {
        // Files that are made at run time may match a pattern too.
        let is_pattern =
            |piece: &Piece| matches!(&piece.kind, PieceKind::Literal(text) if text.contains(['*', '?', '[']));
        let has_pattern = word.pieces.iter().any(is_pattern);
        let words = self.words(std::slice::from_ref(word));
        let mut all = Some(Vec::new());
        for word in words {
            let texts = self.exact_field(&word);
            all = all.zip(texts).map(|(mut all, texts)| {
                all.extend(texts);
                all
            });
        }
        all.filter(|_| !has_pattern)
    }

    /// The same for a word whose lists are expanded. The whole word is expanded in any case.
    fn exact_field(&mut self, word: &Word) -> Option<Vec<Text>> {
        let first = word.pieces.first().map(|piece| &piece.kind);
        let mut is_exact = !matches!(first, Some(PieceKind::Literal(text)) if text.starts_with('~'));
        let mut whole = Text::empty();
        for piece in &word.pieces {
            let texts = self.fragments(std::slice::from_ref(piece));
            let text = texts.iter().cloned().fold(Text::empty(), Text::followed_by);
            match &piece.kind {
                PieceKind::Parameter(_) | PieceKind::Command(_) if word.pieces.len() == 1 => {
                    let fields = self.split_value(text.clone());
                    let is_known = matches!(text.values, AbstractValue::OneOf(_));
                    return Some(fields).filter(|fields| is_known && !fields.contains(&Text::unknown(SPLIT)));
                }
                PieceKind::Parameter(_) | PieceKind::Command(_) => {
                    is_exact &= matches!(text.values, AbstractValue::OneOf(_)) && self.is_one_field(&text);
                }
                PieceKind::Literal(literal) => {
                    // A shell splits the text of an expression of the workflow too.
                    let is_known =
                        |text: &Text| matches!(text.values, AbstractValue::OneOf(_)) && self.is_one_field(text);
                    is_exact &= !has_braces(literal) && texts.iter().all(is_known);
                }
                PieceKind::DoubleQuoted(_) => is_exact &= !has_list(piece) && !texts.iter().any(may_be_list),
                PieceKind::Array(_) => is_exact = false,
                _ => {}
            }
            whole = whole.followed_by(text);
        }
        is_exact.then(|| vec![whole])
    }

    /// Whether the subscript of a variable is a key of an associative array, which a shell does not evaluate; `None`
    /// if that is not known.
    pub(super) fn kind_of_key(&self, name: &str) -> Option<bool> {
        match self.state.arrays.get(name).map(|array| &**array) {
            Some(Array::Associative(_)) => Some(true),
            _ if self.state.attributes.get(name) == Some(&Attribute::Other) || !self.runs_in_bash => None,
            _ => Some(false),
        }
    }

    /// The index or key in the brackets after a name.
    pub(crate) fn key_of(&mut self, name: &str, pieces: &[Piece], span: &Span) -> Key {
        match self.kind_of_key(name) {
            Some(true) => Key::Name(self.fragments(pieces).into_iter().fold(Text::empty(), Text::followed_by)),
            Some(false) => {
                let text = self.expression_text(pieces);
                Key::Index(self.index(&text, span))
            }
            None => {
                let text = self.expression_text(pieces);
                if may_assign(&text.text) {
                    self.havoc("the index of an array may set it");
                }
                Key::Unknown
            }
        }
    }

    /// The possible values of an element, and whether it is set.
    pub(crate) fn element(&self, name: &str, key: &Key) -> (Text, Tristate) {
        let unknown = || (Text::unknown(UNKNOWN_ELEMENTS), Tristate::UNKNOWN);
        let array = self.state.arrays.get(name).map(|array| &**array);
        let found: Vec<(Text, Tristate)> = match (array, key) {
            (Some(array @ Array::Indexed(elements)), Key::Index(Numbers::OneOf(numbers))) => {
                let indices = numbers.iter().map(|number| array.index(*number));
                let Some(indices) = indices.collect::<Option<Vec<i64>>>() else { return unknown() };
                indices.iter().map(|index| found(elements.get(index))).collect()
            }
            (Some(Array::Associative(elements)), Key::Name(Text { values: AbstractValue::OneOf(names), .. })) => {
                names.iter().map(|name| found(elements.get(name))).collect()
            }
            (_, Key::Index(numbers)) if numbers.single() == Some(0) => {
                let value = self.look_up(name);
                let is_set = if value.values.is_never_absent() { Tristate::ALWAYS } else { Tristate::UNKNOWN };
                return (value, is_set);
            }
            (None, Key::Index(Numbers::OneOf(numbers))) if numbers.iter().all(|number| *number > 0) => {
                if self.scalar(name).is_none() {
                    return unknown();
                }
                vec![found(None)]
            }
            _ => return unknown(),
        };
        let reason = "the index of an array is not known";
        let both =
            |one: (Text, Tristate), other: (Text, Tristate)| (one.0.or(other.0).with_reason(reason), one.1.or(other.1));
        found.into_iter().reduce(both).unwrap_or_else(unknown)
    }

    /// The array that a variable is before an assignment to one of its elements.
    pub(crate) fn array_before(&self, name: &str) -> Array {
        match self.state.arrays.get(name) {
            Some(array) => Array::clone(array),
            None => match self.scalar(name) {
                Some(value) if value.values.is_never_absent() => Array::of([value]),
                _ => Array::Unknown,
            },
        }
    }

    /// Sets an element of an array.
    pub(crate) fn set_element(&mut self, name: &str, key: Key, value: Text, assigned: Span) {
        let value = self.converted(name, value, &assigned);
        let mut array = self.array_before(name);
        match (&mut array, &key) {
            (Array::Indexed(_), Key::Index(numbers)) => {
                let index = numbers.single().and_then(|number| array.index(number));
                match (index, &mut array) {
                    (Some(index), Array::Indexed(elements)) => drop(elements.insert(index, value)),
                    _ => {
                        // A negative index before the first element is an error.
                        self.discard_here();
                        return self.forget_array(name, assigned);
                    }
                }
            }
            (Array::Associative(elements), Key::Name(text)) if text.single().is_some_and(|it| !it.is_empty()) => {
                elements.insert(text.single().cloned().unwrap_or_default(), value);
            }
            (Array::Unknown, Key::Index(numbers)) if numbers.single().is_some_and(|number| number >= 0) => {
                let first = if numbers.single() == Some(0) { value } else { self.look_up(name) };
                self.set_array(name, Array::Unknown, assigned.clone());
                // The element 0 is the value of the name.
                return self.set_variable(name, first, assigned, None);
            }
            _ => return self.forget_array(name, assigned),
        }
        self.set_array(name, array, assigned);
    }

    /// Makes a variable an array with unknown elements.
    pub(crate) fn forget_array(&mut self, name: &str, assigned: Span) {
        if matches!(self.state.arrays.get(name).map(|it| &**it), Some(Array::Associative(_))) {
            self.state.forget_elements(name);
        }
        self.set_array(name, Array::Unknown, assigned);
    }

    /// Makes a variable an array.
    pub(crate) fn set_array(&mut self, name: &str, array: Array, assigned: Span) {
        let array = if is_dynamic(name) { Array::Unknown } else { array };
        if is_dynamic(name) {
            // The assignment of some of them is an error.
            self.discard_here();
        }
        let attribute = self.state.attributes.get(name);
        if !self.runs_in_bash && attribute != Some(&Attribute::ReadOnly) {
            self.state.set_any_attribute(name);
        }
        let attribute = self.state.attributes.get(name);
        if !self.runs_in_bash || matches!(attribute, Some(Attribute::Other | Attribute::ReadOnly)) {
            return self.set_variable(name, Text::unknown(UNKNOWN_ELEMENTS), assigned, None);
        }
        self.spend(array.len() + 1);
        self.state.arrays.insert(name.to_owned(), Rc::new(array));
        if !self.state.arrays[name].is_small() {
            self.state.forget_elements(name);
        }
        let (value, export) = match self.state.arrays.get(name).map(|array| &**array) {
            Some(array @ (Array::Indexed(_) | Array::Associative(_))) => (array.first(), Export::No),
            Some(Array::Unknown) | None => (Text::unknown(UNKNOWN_ELEMENTS), Export::Maybe),
        };
        self.state.maybe_unset.remove(name);
        self.note_assigned(name, &value, Some(&assigned));
        self.state.variables.insert(name.to_owned(), Variable { value, export, assigned: Some(assigned) });
    }

    /// Interprets `name=(…)` and `name+=(…)`.
    pub(crate) fn assign_array(&mut self, name: &str, words: &[Word], appends: bool, assigned: Span) {
        let elements: Vec<Element> = words.iter().map(|word| self.element_of(name, word)).collect();
        let is_associative = self.kind_of_key(name) == Some(true);
        let before = self.array_before(name);
        let array = match (appends, is_associative) {
            (true, _) => Some(before),
            (false, true) => Some(Array::Associative(std::collections::BTreeMap::new())),
            (false, false) => Some(Array::of([])),
        };
        let array = array.and_then(|array| self.with_elements(name, array, elements, &assigned));
        match array {
            Some(array) => self.set_array(name, array, assigned),
            None => self.forget_array(name, assigned),
        }
    }

    /// The element that a word in `name=(…)` is.
    fn element_of(&mut self, name: &str, word: &Word) -> Element {
        match word.element() {
            Some((subscript, appends, value)) => {
                let key = self.key_of(name, &subscript, &word.span);
                let text = self.expand(&value);
                let is_home = value.unquoted_literal().is_some_and(|text| text.starts_with('~'));
                let text = if is_home { Text::unknown(COMPUTED) } else { text };
                Element::Keyed(key, text, appends)
            }
            None => Element::Fields(self.exact_fields(word)),
        }
    }

    /// An array with more elements; `None` if they are not known.
    fn with_elements(&mut self, name: &str, mut array: Array, elements: Vec<Element>, span: &Span) -> Option<Array> {
        let mut pairs: Vec<Text> = Vec::new();
        let mut next = array.index(-1).map_or(0, |last| last + 1);
        for element in elements {
            match (&mut array, element) {
                (Array::Indexed(_), Element::Keyed(Key::Index(numbers), value, false)) => {
                    let index = array.index(numbers.single()?)?;
                    let value = self.converted(name, value, span);
                    let Array::Indexed(elements) = &mut array else { return None };
                    elements.insert(index, value);
                    next = index.checked_add(1)?;
                }
                (Array::Indexed(elements), Element::Fields(texts)) => {
                    for text in texts? {
                        elements.insert(next, self.converted(name, text, span));
                        next = next.checked_add(1)?;
                    }
                }
                (Array::Associative(elements), Element::Keyed(Key::Name(key), value, false)) => {
                    let key = key.single().filter(|key| !key.is_empty())?.clone();
                    elements.insert(key, self.converted(name, value, span));
                }
                (Array::Associative(_), Element::Fields(texts)) => pairs.extend(texts?),
                _ => return None,
            }
        }
        if let (Array::Associative(elements), [_, ..]) = (&mut array, pairs.as_slice()) {
            // Without brackets, keys and values alternate.
            let (keys, []) = pairs.as_chunks::<2>() else { return None };
            for [key, value] in keys {
                let key = key.single().filter(|key| !key.is_empty())?.clone();
                elements.insert(key, self.converted(name, value.clone(), span));
            }
        }
        Some(array)
    }

    /// Interprets `unset` of an element.
    pub(crate) fn unset_element(&mut self, name: &str, subscript: &str, span: &Span) {
        let piece = Piece { kind: PieceKind::Literal(subscript.to_owned()), span: span.clone() };
        let key = self.key_of(name, &[piece], span);
        let mut array = self.array_before(name);
        match (&mut array, &key) {
            (Array::Indexed(_), Key::Index(numbers)) if self.state.arrays.contains_key(name) => {
                let index = numbers.single().and_then(|number| array.index(number));
                match (index, &mut array) {
                    (Some(index), Array::Indexed(elements)) => drop(elements.remove(&index)),
                    _ => return self.forget_array(name, span.clone()),
                }
            }
            (Array::Associative(elements), Key::Name(text)) if !matches!(subscript, "@" | "*") => match text.single() {
                Some(key) => drop(elements.remove(key)),
                None => return self.forget_array(name, span.clone()),
            },
            _ => return self.forget_array(name, span.clone()),
        }
        self.set_array(name, array, span.clone());
    }
}

/// A word in `name=(…)`.
enum Element {
    /// `[key]=value` or `[key]+=value`
    Keyed(Key, Text, bool),
    /// Other words; `None` if their number is not known.
    Fields(Option<Vec<Text>>),
}

fn add(fields: &mut Vec<Vec<Piece>>, piece: Piece) {
    match fields.last_mut() {
        Some(field) => field.push(piece),
        None => fields.push(vec![piece]),
    }
}

/// An element and whether it is set.
fn found(element: Option<&Text>) -> (Text, Tristate) {
    match element {
        Some(text) => (text.clone(), Tristate::ALWAYS),
        None => (Text::empty(), Tristate::NEVER),
    }
}

/// The texts with a separator between them.
fn joined(texts: Vec<Text>, separator: &str) -> Text {
    let separated = |all: Text, next: Text| all.followed_by(Text::known(separator.to_owned())).followed_by(next);
    texts.into_iter().reduce(separated).unwrap_or_else(Text::empty)
}

/// The arguments from a number, where 0 is the path of the script.
fn part_of_arguments(arguments: Vec<Text>, slice: &Slice) -> Option<Vec<Text>> {
    let offset = match slice.offset {
        0 => return None,
        offset if offset < 0 => i64::try_from(arguments.len()).ok()?.checked_add(offset).filter(|at| *at >= 0)?,
        offset => offset - 1,
    };
    let kept = arguments.into_iter().skip(usize::try_from(offset).ok()?);
    Some(kept.take(slice.length.map_or(usize::MAX, |length| usize::try_from(length).unwrap_or(0))).collect())
}
