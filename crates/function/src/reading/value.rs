//! The texts that a variable of a script can hold, in terms of the environment.

use std::collections::BTreeSet;
use std::rc::Rc;

/// Where a text comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Runtime,
    /// `IFS` of the shell that calls the function.
    Separators,
    /// A variable of the environment.
    Variable(String),
}

impl Source {
    /// The source of the value that a variable has before any command assigns it.
    pub fn of_variable(name: &str) -> Self {
        if name == "IFS" { Self::Separators } else { Self::Variable(name.to_owned()) }
    }
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Literal(String),
    /// The value as it is.
    Verbatim(Source),
    /// Anything that the script computes from these values; a constant if there are none.
    Derived(BTreeSet<Source>),
    /// A number that no variable decides, such as the status of a command.
    Number,
}

/// A concatenation; no two literals are neighbours, and no literal is empty.
pub(super) type Text = Vec<Part>;

/// The texts that a variable can hold. Copies share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    texts: Rc<BTreeSet<Text>>,
    /// Whether the texts were too long to be kept.
    is_too_long: bool,
}

/// The most alternatives of one value. A value with more becomes a derived one.
const ALTERNATIVES: usize = 256;

/// The most parts of one text.
const PARTS: usize = 64;

/// The most bytes of the known parts of all alternatives. A value with more becomes a derived one, and the reader
/// does not follow it.
const BYTES: usize = 256 * 1024;

impl Default for Value {
    /// The empty text.
    fn default() -> Self {
        Self::of(Vec::new())
    }
}

impl Value {
    pub fn literal(text: &str) -> Self {
        Self::of(if text.is_empty() { Vec::new() } else { vec![Part::Literal(text.to_owned())] })
    }

    pub fn source(source: Source) -> Self {
        Self::of(vec![Part::Verbatim(source)])
    }

    pub fn derived(sources: BTreeSet<Source>) -> Self {
        Self::of(vec![Part::Derived(sources)])
    }

    /// A number that is computed from these values.
    pub fn number(sources: BTreeSet<Source>) -> Self {
        if sources.is_empty() { Self::of(vec![Part::Number]) } else { Self::derived(sources) }
    }

    pub fn of(text: Text) -> Self {
        Self { texts: Rc::new([text].into()), is_too_long: false }
    }

    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.texts.iter()
    }

    /// Whether the value was too long to be kept.
    pub fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    /// The bytes of the known parts of all alternatives.
    pub fn bytes(&self) -> usize {
        let parts = self.texts.iter().flatten();
        parts.map(|part| if let Part::Literal(text) = part { text.len() } else { 0 }).sum()
    }

    pub fn union(mut self, other: &Self) -> Self {
        self.is_too_long |= other.is_too_long;
        if self.texts != other.texts {
            Rc::make_mut(&mut self.texts).extend(other.texts.iter().cloned());
        }
        self.bounded()
    }

    pub fn concat(&self, other: &Self) -> Self {
        let is_too_long = self.is_too_long || other.is_too_long;
        let bytes = self.bytes() * other.texts.len() + other.bytes() * self.texts.len();
        if bytes > BYTES || self.texts.len() * other.texts.len() > ALTERNATIVES {
            let sources = self.sources().union(&other.sources()).cloned().collect();
            return Self { is_too_long: is_too_long || bytes > BYTES, ..Self::derived(sources) };
        }
        let pairs = self.texts.iter().flat_map(|left| other.texts.iter().map(move |right| joined(left, right)));
        Self { texts: Rc::new(pairs.collect()), is_too_long }.bounded()
    }

    fn bounded(mut self) -> Self {
        // Several computed texts are one that is computed from all of their sources.
        let is_computed = |text: &&Text| matches!(text.as_slice(), [Part::Derived(_)]);
        if self.texts.iter().filter(is_computed).count() > 1 {
            let texts = Rc::make_mut(&mut self.texts);
            let sources = texts.iter().filter(is_computed).flatten().flat_map(Part::sources).collect();
            texts.retain(|text| !is_computed(&text));
            texts.insert(vec![Part::Derived(sources)]);
        }
        let is_long = |text: &Text| text.len() > PARTS;
        let is_too_long = self.is_too_long || self.bytes() > BYTES;
        if is_too_long && !self.is_too_long || self.texts.len() > ALTERNATIVES || self.texts.iter().any(is_long) {
            return Self { is_too_long, ..Self::derived(self.sources()) };
        }
        self
    }

    /// Applies a function to every text.
    pub fn map(&self, change: impl Fn(&Text) -> Text) -> Self {
        Self { texts: Rc::new(self.texts.iter().map(change).collect()), is_too_long: self.is_too_long }
    }

    /// Keeps the texts that a function accepts; `None` if there are none.
    pub fn filter(&self, accepts: impl Fn(&Text) -> bool) -> Option<Self> {
        let texts: BTreeSet<Text> = self.texts.iter().filter(|text| accepts(text)).cloned().collect();
        (!texts.is_empty()).then_some(Self { texts: Rc::new(texts), is_too_long: self.is_too_long })
    }

    pub fn sources(&self) -> BTreeSet<Source> {
        self.texts.iter().flatten().flat_map(Part::sources).collect()
    }

    /// All texts, if they are known.
    pub fn literals(&self) -> Option<Vec<String>> {
        self.texts.iter().map(literal).collect()
    }

    /// Whether a known part of a text contains a word that can be the name of a variable, as in a calculation.
    pub fn has_name(&self) -> bool {
        !self.names().is_empty()
    }

    /// The words in known parts of the texts that can be names of variables.
    pub fn names(&self) -> BTreeSet<&str> {
        let known = self
            .texts
            .iter()
            .flatten()
            .filter_map(|part| if let Part::Literal(text) = part { Some(text) } else { None });
        let words = known.flat_map(|text| text.split(|next: char| next != '_' && !next.is_ascii_alphanumeric()));
        words.filter(|word| slug_shell::is_name(word)).collect()
    }

    /// The only text, if it is known.
    pub fn sole_literal(&self) -> Option<String> {
        if self.texts.len() == 1 { self.texts.first().and_then(literal) } else { None }
    }

    /// Whether every text is empty, or none is; `None` if that depends.
    pub fn is_empty(&self) -> Option<bool> {
        let mut all = self.texts.iter().map(|text| {
            let has_literal = text.iter().any(|part| matches!(part, Part::Literal(_)));
            if text.is_empty() { Some(true) } else { has_literal.then_some(false) }
        });
        let first = all.next()??;
        all.all(|other| other == Some(first)).then_some(first)
    }
}

impl Part {
    pub fn sources(&self) -> BTreeSet<Source> {
        match self {
            Self::Literal(_) | Self::Number => BTreeSet::new(),
            Self::Verbatim(source) => [source.clone()].into(),
            Self::Derived(sources) => sources.clone(),
        }
    }
}

/// The text, if it is known.
pub(super) fn literal(text: &Text) -> Option<String> {
    match text.as_slice() {
        [] => Some(String::new()),
        [Part::Literal(text)] => Some(text.clone()),
        _ => None,
    }
}

fn joined(left: &Text, right: &Text) -> Text {
    let mut text = left.clone();
    for part in right {
        match (text.last_mut(), part) {
            (Some(Part::Literal(before)), Part::Literal(after)) => before.push_str(after),
            (Some(Part::Derived(before)), Part::Verbatim(_) | Part::Derived(_) | Part::Number) => {
                before.extend(part.sources());
            }
            (Some(Part::Number), Part::Number) => {}
            _ => text.push(part.clone()),
        }
    }
    text
}

/// A text without its last newlines.
pub(super) fn without_newlines(text: &Text) -> Text {
    let mut text = text.clone();
    if let Some(Part::Literal(last)) = text.last_mut() {
        last.truncate(last.trim_end_matches('\n').len());
        if last.is_empty() {
            text.pop();
        }
    }
    text
}
