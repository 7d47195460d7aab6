//! The paths of fields in a YAML or JSON file, such as `.models[].id`.

use std::fmt;

use slug_yaml::{Node, Value};

/// The path of a field: `.name` selects a field of a mapping, `[]` every item of a list, `[0]` one
/// item, and `.*` every field. A name with other characters than letters, digits, `_` and `-` stands
/// in quotes, as in `."a.b"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldQuery {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Field(String),
    EveryField,
    Item(usize),
    EveryItem,
}

/// A text that is not a valid path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidQuery;

impl fmt::Display for InvalidQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a valid path of a field; write one such as `.runtime`, `.models[].id` or `.\"a.b\"`")
    }
}

impl FieldQuery {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// The text is not a path.
    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (segment, after) = Segment::parse(rest).ok_or(InvalidQuery)?;
            segments.push(segment);
            rest = after;
        }
        if segments.is_empty() { Err(InvalidQuery) } else { Ok(Self { segments }) }
    }

    /// The values that the path selects, in the order of the document.
    #[must_use]
    pub fn select<'n>(&self, root: &'n Node) -> Vec<&'n Node> {
        self.segments
            .iter()
            .fold(vec![root], |nodes, segment| nodes.into_iter().flat_map(|node| segment.select(node)).collect())
    }

    /// Returns true if a document lacks what the path names. The items of an empty list and the fields of an empty
    /// mapping are not missing, although the path selects none.
    #[must_use]
    pub fn is_missing(&self, root: &Node) -> bool {
        let mut nodes = vec![root];
        for segment in &self.segments {
            let selected: Vec<&Node> = nodes.iter().flat_map(|node| segment.select(node)).collect();
            if selected.is_empty() {
                return !nodes.into_iter().any(|node| segment.selects_every(node));
            }
            nodes = selected;
        }
        false
    }

    /// The path that was probably meant in a document in which this path selects nothing: the first field that the
    /// document does not have is replaced by a similar one. `closest` returns the name that is most similar to a name.
    /// None if no field is similar, or if the path selects something.
    #[must_use]
    pub fn meant(&self, root: &Node, closest: impl Fn(&str, &[&str]) -> Option<String>) -> Option<String> {
        let mut nodes = vec![root];
        for (index, segment) in self.segments.iter().enumerate() {
            let selected: Vec<&Node> = nodes.iter().flat_map(|node| segment.select(node)).collect();
            if selected.is_empty() {
                let Segment::Field(name) = segment else { return None };
                let entries = nodes.iter().flat_map(|node| node.entries());
                let known: Vec<&str> = entries.filter_map(|(name, _)| name.text()).collect();
                let mut segments = self.segments.clone();
                segments[index] = Segment::Field(closest(name, &known)?);
                return Some(segments.iter().map(Segment::to_string).collect());
            }
            nodes = selected;
        }
        None
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) if name.chars().all(is_of_name) => write!(f, ".{name}"),
            Self::Field(name) => write!(f, ".\"{name}\""),
            Self::EveryField => f.write_str(".*"),
            Self::Item(index) => write!(f, "[{index}]"),
            Self::EveryItem => f.write_str("[]"),
        }
    }
}

/// Returns true for a character of a name without quotes.
fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '-'
}

impl Segment {
    fn parse(text: &str) -> Option<(Self, &str)> {
        if let Some(rest) = text.strip_prefix('[') {
            let (index, rest) = rest.split_once(']')?;
            let segment = if index.is_empty() { Self::EveryItem } else { Self::Item(index.parse().ok()?) };
            return Some((segment, rest));
        }
        let rest = text.strip_prefix('.')?;
        if let Some(rest) = rest.strip_prefix('*') {
            return Some((Self::EveryField, rest));
        }
        if let Some(rest) = rest.strip_prefix('"') {
            let (name, rest) = rest.split_once('"')?;
            return Some((Self::Field(name.to_owned()), rest));
        }
        let end = rest.find(|c: char| !is_of_name(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        (!name.is_empty()).then(|| (Self::Field(name.to_owned()), rest))
    }

    /// Returns true if the segment selects all parts of the node, however many these are.
    fn selects_every(&self, node: &Node) -> bool {
        matches!((self, &node.value), (Self::EveryItem, Value::Sequence(_)) | (Self::EveryField, Value::Mapping(_)))
    }

    fn select<'n>(&self, node: &'n Node) -> Vec<&'n Node> {
        match (self, &node.value) {
            (Self::Field(name), _) => node.get(name).into_iter().collect(),
            (Self::EveryField, Value::Mapping(entries)) => entries.iter().map(|(_, value)| value).collect(),
            (Self::Item(index), Value::Sequence(items)) => items.get(*index).into_iter().collect(),
            (Self::EveryItem, Value::Sequence(items)) => items.iter().collect(),
            _ => Vec::new(),
        }
    }
}
