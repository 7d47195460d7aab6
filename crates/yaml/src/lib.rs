//! Reading YAML: bytes to a tree of positioned nodes, within limits.
//!
//! Every file format of this workspace is decoded from this tree, so every
//! rejection can name its place: the path of the field, the line, the column.
//! The parser is `serde-saphyr`, set to YAML 1.2 scalars and to the budgets of
//! [`Limits`]; what it accepts is checked once more here for duplicate keys,
//! which need both a path and a position.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{DuplicateKeyPolicy, MergeKeyPolicy, MessageFormatter, NonFiniteFloatPolicy, Spanned};

/// What a reader refuses to take. Exceeding a limit is an ordinary [`ReadError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever reads sets every limit")]
pub struct Limits {
    /// Bytes in the document.
    pub bytes: usize,
    /// Levels of nesting, in flow and in block style.
    pub depth: usize,
    /// Scalars, lists and mappings, aliases expanded.
    pub nodes: usize,
    /// Anchors.
    pub anchors: usize,
    /// Uses of anchors.
    pub aliases: usize,
    /// Nodes that all aliases together may expand to.
    pub alias_nodes: usize,
}

/// A position in a text: line and column, both counted from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a line and a column are all there is to it")]
pub struct Mark {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1, in characters.
    pub column: u64,
}

/// One value of a document and where it begins. An alias begins where it is
/// used, not where its anchor is.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "another reader may build a tree of its own")]
pub struct Node {
    /// Where the value begins.
    pub mark: Mark,
    /// What it is.
    pub value: Value,
}

/// A YAML value under the YAML 1.2 core schema: `yes` is a string, `1` is not.
///
/// Beyond that schema, `0b101` counts as a number too: what looks like one is refused
/// where a string belongs.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the kinds are those of YAML")]
pub enum Value {
    /// `null`, `~`, or nothing at all.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// An integer, in decimal.
    Integer(String),
    /// A number with a fraction or an exponent, or one that is not finite, as it would be printed.
    Float(String),
    /// A string.
    String(String),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping, in the order written; keys may repeat until [`read`] has checked them.
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// The node and every one inside it, keys included, each before those inside it.
    fn descendants(&self) -> Vec<&Self> {
        let mut nodes = Vec::new();
        let mut left = Vec::from([self]);
        while let Some(node) = left.pop() {
            nodes.push(node);
            match &node.value {
                Value::Sequence(items) => left.extend(items.iter().rev()),
                Value::Mapping(entries) => left.extend(entries.iter().rev().flat_map(|(key, value)| [value, key])),
                _ => {}
            }
        }
        nodes
    }
}

/// Reads one document.
///
/// # Errors
///
/// Text that is not UTF-8 or not YAML or that readers of YAML 1.1 and 1.2 would read
/// differently, more than one document, a duplicate key anywhere, and any
/// breach of the limits.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Node, ReadError> {
    let text = utf8(bytes)?;
    if text.len() > limits.bytes {
        return Err(ReadError::whole(format!(
            "the document has more bytes than the limit of {}; split it or drop what is not needed",
            limits.bytes
        )));
    }
    reject_old_line_breaks(text)?;
    let node: Node =
        serde_saphyr::from_str_with_options(text, options(limits)).map_err(|error| parse_error(&error, limits))?;
    if matches!(node.value, Value::Null) {
        return Err(ReadError::whole(EMPTY.to_owned()));
    }
    reject_bare_question_marks(text, &node)?;
    At::root(&node).reject_duplicate_keys()?;
    Ok(node)
}

fn utf8(bytes: &[u8]) -> Result<&str, ReadError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(ReadError::whole("the text is UTF-16; save it as UTF-8".to_owned()));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        ReadError::behind(valid, "the text is not UTF-8 from here on; save it as UTF-8".to_owned())
    })
}

/// Line breaks in YAML 1.1 and plain characters in YAML 1.2: readers of the one and of
/// the other would read different strings, and nobody could see why.
const OLD_LINE_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

fn reject_old_line_breaks(text: &str) -> Result<(), ReadError> {
    let Some(at) = text.find(OLD_LINE_BREAKS) else { return Ok(()) };
    let found = u32::from(text[at..].chars().next().unwrap_or_default());
    let message = format!(
        "the character U+{found:04X} is a line break to some readers and none to others; take it out, or write \"\\u{found:04X}\" in double quotes"
    );
    Err(ReadError::behind(&text[..at], message))
}

/// In a flow collection a word such as `?a` is a key without its question mark in
/// YAML 1.1, and a string with it in YAML 1.2.
fn reject_bare_question_marks(text: &str, root: &Node) -> Result<(), ReadError> {
    if !text.contains('?') {
        return Ok(());
    }
    let is_suspect = |node: &&Node| matches!(&node.value, Value::String(text) if text.starts_with('?'));
    let is_collection = |node: &&Node| matches!(node.value, Value::Sequence(_) | Value::Mapping(_));
    let nodes = root.descendants();
    if !nodes.iter().any(is_suspect) {
        return Ok(());
    }
    let marks = nodes.iter().filter(|node| is_suspect(node) || is_collection(node)).map(|node| node.mark);
    let signs = signs_at(text, marks.collect());
    let has_sign = |node: &&Node, expected: &[char]| signs.get(&node.mark).is_some_and(|sign| expected.contains(sign));
    for flow in nodes.iter().filter(|node| is_collection(node) && has_sign(node, &['[', '{'])) {
        // Where the string is quoted, its quotes stand in place of the question mark.
        if let Some(bare) = flow.descendants().iter().find(|node| is_suspect(node) && has_sign(node, &['?'])) {
            let message =
                "a word that begins with `?` is a string to some readers and a key to others; put it in quotes";
            return Err(ReadError { mark: Some(bare.mark), place: Place::default(), message: message.to_owned() });
        }
    }
    Ok(())
}

/// The characters that stand at some places of a text.
fn signs_at(text: &str, mut marks: Vec<Mark>) -> HashMap<Mark, char> {
    marks.sort_unstable();
    marks.dedup();
    let mut marks = marks.into_iter().peekable();
    let mut signs = HashMap::new();
    let mut here = Mark { line: 1, column: 1 };
    // A byte-order mark stands in no column.
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(sign) = rest.next() {
        if let Some(mark) = marks.next_if_eq(&here) {
            signs.insert(mark, sign);
        }
        let breaks = sign == '\n' || sign == '\r' && rest.peek() != Some(&'\n');
        here = if breaks { Mark { line: here.line + 1, column: 1 } } else { Mark { column: here.column + 1, ..here } };
    }
    signs
}

fn options(limits: &Limits) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: Some(limits.bytes),
            max_depth: limits.depth,
            flow_nesting_limit: limits.depth,
            max_documents: 1,
            max_nodes: limits.nodes,
            max_events: 2 * limits.nodes,
            max_total_scalar_bytes: limits.bytes,
            max_anchors: limits.anchors,
            max_aliases: limits.aliases,
            max_recorded_anchor_events: limits.alias_nodes,
            // The limits above are absolute; a catalogue may well use one anchor often.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: alias_limits(limits),
        // Found again below, where the path is known.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // A merge key is YAML 1.1: half the readers ignore it, so it is refused, not guessed.
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        // An application's own tag could mean anything; guessing is not reading.
        reject_unsupported_tags: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

fn alias_limits(limits: &Limits) -> serde_saphyr::options::AliasLimits {
    let mut aliases = serde_saphyr::options::AliasLimits::default();
    aliases.max_total_replayed_events = limits.alias_nodes;
    aliases.max_replay_stack_depth = limits.depth;
    aliases
}

fn parse_error(error: &serde_saphyr::Error, limits: &Limits) -> ReadError {
    let mark = |location: serde_saphyr::Location| Mark { line: location.line(), column: location.column() };
    ReadError { mark: error.location().map(mark), place: Place::default(), message: parse_message(error, limits) }
}

fn parse_message(error: &serde_saphyr::Error, limits: &Limits) -> String {
    match error {
        serde_saphyr::Error::MergeKeyNotAllowed { .. } => {
            "merge keys (`<<`) are not part of YAML 1.2; write the fields out".to_owned()
        }
        serde_saphyr::Error::Budget { breach, .. } => breach_message(breach, limits),
        serde_saphyr::Error::AliasReplayLimitExceeded { .. } => {
            exceeds("nodes that aliases stand for", limits.alias_nodes)
        }
        serde_saphyr::Error::AliasError { error, .. } => parse_message(error, limits),
        _ => {
            let message = serde_saphyr::DefaultMessageFormatter.format_message(error);
            // The scanner looks ahead, so in flow style it is the first to see the depth.
            if message.contains("recursion limit exceeded") {
                return breach_message(&BudgetBreach::Depth { depth: limits.depth }, limits);
            }
            // The parser speaks of types in Rust that could hold such a thing.
            if message.contains("recursive references require") {
                return "not readable as YAML: an alias stands inside what it stands for; write the values out"
                    .to_owned();
            }
            format!("not readable as YAML: {}", message.trim_end_matches('.'))
        }
    }
}

const EMPTY: &str = "the document is empty; is this the right file?";
const SECOND_DOCUMENT: &str = "a second document begins here; keep one document in a file";

fn breach_message(breach: &BudgetBreach, limits: &Limits) -> String {
    let (what, limit) = match breach {
        BudgetBreach::Documents { .. } => return SECOND_DOCUMENT.to_owned(),
        BudgetBreach::Depth { .. } => ("levels of nesting", limits.depth),
        BudgetBreach::Anchors { .. } => ("anchors", limits.anchors),
        BudgetBreach::Aliases { .. } => ("aliases", limits.aliases),
        BudgetBreach::RecordedAnchorEvents { .. } => ("nodes under anchors", limits.alias_nodes),
        BudgetBreach::Events { .. } | BudgetBreach::Nodes { .. } => ("nodes", limits.nodes),
        _ => ("bytes", limits.bytes),
    };
    exceeds(what, limit)
}

fn exceeds(what: &str, limit: usize) -> String {
    format!("the document has more {what} than the limit of {limit}; simplify it")
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        let (line, column) = (spanned.referenced.line(), spanned.referenced.column());
        Ok(Self { mark: Mark { line, column }, value: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Sequence(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key()? {
            entries.push((key, access.next_value()?));
        }
        Ok(Value::Mapping(entries))
    }
}

impl Value {
    /// The value as a key of a mapping, if it can be one: what tells it from other values of its kind.
    fn as_key(&self) -> Option<String> {
        match self {
            Self::String(text) | Self::Integer(text) | Self::Float(text) => Some(text.clone()),
            Self::Boolean(value) => Some(value.to_string()),
            Self::Null => Some("null".to_owned()),
            Self::Sequence(_) | Self::Mapping(_) => None,
        }
    }

    fn kind(&self) -> String {
        match self {
            Self::Null => "nothing (null)".to_owned(),
            Self::Boolean(value) => format!("the boolean `{value}`"),
            Self::Integer(text) => format!("the number `{text}`"),
            Self::Float(_) => "a number".to_owned(),
            Self::String(_) => "a string".to_owned(),
            Self::Sequence(_) => "a list".to_owned(),
            Self::Mapping(_) => "a mapping".to_owned(),
        }
    }
}

/// Whether a field that the format does not know is refused or passed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there are two")]
pub enum UnknownFields {
    /// Refused: a typo must not pass.
    #[default]
    Deny,
    /// Passed over: registries in the field carry more than this crate reads.
    Allow,
}

/// A path into a document, such as `runtimes.codex.providers[1].name`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place(Vec<OwnedStep>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum OwnedStep {
    Key(String),
    Index(usize),
}

impl Place {
    /// This place, one key deeper.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.push(OwnedStep::Key(key.to_owned()));
        self
    }

    /// This place, one list index deeper.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(OwnedStep::Index(index));
        self
    }

    /// Where this place begins in a document, or the deepest part of it that is there.
    #[must_use]
    pub fn mark(&self, root: &Node) -> Mark {
        let mut node = root;
        for step in &self.0 {
            let next = match (step, &node.value) {
                (OwnedStep::Index(index), Value::Sequence(items)) => items.get(*index),
                (OwnedStep::Key(key), Value::Mapping(entries)) => entries
                    .iter()
                    .find(|(name, _)| matches!(&name.value, Value::String(name) if name == key))
                    .map(|(_, value)| value),
                _ => None,
            };
            let Some(next) = next else { break };
            node = next;
        }
        node.mark
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                OwnedStep::Index(index) => write!(f, "[{index}]")?,
                OwnedStep::Key(key) => {
                    let dot = if depth == 0 { "" } else { "." };
                    let key = quoted(key);
                    let key = key.trim_matches('`');
                    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-/…".contains(c));
                    if plain { write!(f, "{dot}{key}")? } else { write!(f, "{dot}{key:?}")? }
                }
            }
        }
        Ok(())
    }
}

/// Why a document was refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "readers of other formats refuse in the same words")]
pub struct ReadError {
    /// The position, where one is known.
    pub mark: Option<Mark>,
    /// The path of the field; empty for the document as a whole.
    pub place: Place,
    /// What is wrong and what to do about it: lower case, no final stop.
    pub message: String,
}

impl ReadError {
    /// An error about the document as a whole, which is said to stand at its beginning.
    fn whole(message: String) -> Self {
        Self::behind("", message)
    }

    /// An error about what comes after a part of the text.
    fn behind(text: &str, message: String) -> Self {
        let line_start = text.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text.matches('\n').count() as u64 + 1;
        let column = text[line_start..].chars().count() as u64 + 1;
        Self { mark: Some(Mark { line, column }), place: Place::default(), message }
    }
}

/// Bytes of a line besides its text at the most, and of one byte of text in an escape.
const LINE_BYTES: usize = 32;
const ESCAPE_BYTES: usize = 6;

/// Characters of one message that are shown from its beginning and from its end: a long
/// one repeats input, and says what to do last.
const SHOWN: (usize, usize) = (600, 300);

/// A message without the middle of a long one.
#[must_use]
pub fn readable(message: String) -> String {
    let (first, last) = SHOWN;
    let Some((end, _)) = message.char_indices().nth(first) else { return message };
    match message[end..].char_indices().rev().nth(last) {
        None => message,
        Some((start, _)) => format!("{}…{}", &message[..end], &message[end + start..]),
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Mark { line, column }) = self.mark {
            write!(f, "line {line}, column {column}: ")?;
        }
        if self.place != Place::default() {
            write!(f, "`{}`: ", self.place)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ReadError {}

/// A node together with the way to it: what a decoder holds.
#[derive(Clone, Copy)]
pub struct At<'n> {
    node: &'n Node,
    way: Option<(&'n At<'n>, Step<'n>)>,
}

/// One entry of a mapping.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Entry<'n> {
    /// The key.
    pub name: &'n str,
    /// Where the key stands.
    pub key: At<'n>,
    /// The value.
    pub value: At<'n>,
}

#[derive(Clone, Copy)]
enum Step<'n> {
    Key(&'n str),
    Index(usize),
}

impl<'n> At<'n> {
    /// The whole document.
    #[must_use]
    pub fn root(node: &'n Node) -> Self {
        Self { node, way: None }
    }

    /// Where it begins.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.node.mark
    }

    /// An error here.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> ReadError {
        ReadError { mark: Some(self.node.mark), place: self.place(), message: readable(message.into()) }
    }

    /// How many values there are from here inwards, keys included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.node.descendants().len()
    }

    /// Refuses what would be too long to be read once it is written anew: one value a line,
    /// with quotes and escapes, is longer than a list in brackets.
    ///
    /// # Errors
    ///
    /// When more bytes are written than the limit allows.
    pub fn check_written(&self, what: &str, limit: usize, write: impl FnOnce() -> String) -> Result<(), ReadError> {
        let nodes = self.node.descendants();
        let text = |node: &&Node| if let Value::String(text) = &node.value { text.len() } else { 0 };
        let at_most = nodes.len() * LINE_BYTES + nodes.iter().map(text).sum::<usize>() * ESCAPE_BYTES;
        if at_most <= limit {
            return Ok(());
        }
        let written = write().len();
        if written <= limit {
            return Ok(());
        }
        Err(self.error(format!(
            "the {what} has {written} bytes when it is written one value a line, more than the limit of {limit}; drop what is not needed"
        )))
    }

    /// The string here.
    ///
    /// # Errors
    ///
    /// Anything that YAML reads as something else.
    pub fn string(&self) -> Result<&'n str, ReadError> {
        match &self.node.value {
            Value::String(text) => Ok(text),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {
                Err(self.error(format!("expected a string, found {}; put it in quotes", self.node.value.kind())))
            }
            Value::Null => Err(self.error("expected a string, found nothing (null); write a value or take it out")),
            other => Err(self.error(format!("expected a string, found {}", other.kind()))),
        }
    }

    /// The boolean here.
    ///
    /// # Errors
    ///
    /// Anything else; `yes` and `on` are strings.
    pub fn boolean(&self) -> Result<bool, ReadError> {
        match &self.node.value {
            Value::Boolean(value) => Ok(*value),
            other => Err(self.error(format!("expected `true` or `false`, found {}", other.kind()))),
        }
    }

    /// The items of the list here.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn items(&'n self) -> Result<impl ExactSizeIterator<Item = At<'n>>, ReadError> {
        match &self.node.value {
            Value::Sequence(items) => Ok(items
                .iter()
                .enumerate()
                .map(move |(index, node)| At { node, way: Some((self, Step::Index(index))) })),
            other => Err(self.error(format!("expected a list, found {}", other.kind()))),
        }
    }

    /// The strings of the list here.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn strings(&self) -> Result<Vec<String>, ReadError> {
        self.items()?.map(|item| item.string().map(ToOwned::to_owned)).collect()
    }

    /// The entries of the mapping here, in the order written.
    ///
    /// # Errors
    ///
    /// Anything else, and a key that is not a string.
    pub fn entries(&'n self) -> Result<Vec<Entry<'n>>, ReadError> {
        match &self.node.value {
            Value::Mapping(entries) => entries
                .iter()
                .map(|(key, value)| {
                    let name = At { node: key, way: self.way }.string()?;
                    let way = Some((self, Step::Key(name)));
                    Ok(Entry { name, key: At { node: key, way }, value: At { node: value, way } })
                })
                .collect(),
            other => Err(self.error(format!("expected a mapping, found {}", other.kind()))),
        }
    }

    /// The mapping here as fields of a known set.
    ///
    /// # Errors
    ///
    /// Anything else, a field outside `required` and `optional` unless `unknown`
    /// allows it, and `required` ones that are missing.
    pub fn fields(
        &'n self,
        required: &[&str],
        optional: &[&str],
        unknown: UnknownFields,
    ) -> Result<Fields<'n>, ReadError> {
        let entries = self.entries()?;
        let known = &[required, optional].concat();
        if unknown == UnknownFields::Deny
            && let Some(Entry { name, key, .. }) = entries.iter().find(|entry| !known.contains(&entry.name))
        {
            return Err(key.error(format!("unknown field {}; {}", quoted(name), suggestion(name, known))));
        }
        let there = |name: &&str| entries.iter().any(|entry| entry.name == *name);
        match *required.iter().copied().filter(|name| !there(name)).collect::<Vec<_>>() {
            [] => Ok(Fields { at: *self, entries }),
            [name] => Err(self.error(format!("the required field `{name}` is missing; add it"))),
            ref names => Err(self.error(format!("the required fields {} are missing; add them", quoted_list(names)))),
        }
    }

    fn place(&self) -> Place {
        match self.way {
            None => Place::default(),
            Some((parent, Step::Key(key))) => parent.place().key(key),
            Some((parent, Step::Index(index))) => parent.place().index(index),
        }
    }

    fn reject_duplicate_keys(&self) -> Result<(), ReadError> {
        match &self.node.value {
            Value::Sequence(_) => self.items()?.try_for_each(|item| item.reject_duplicate_keys()),
            Value::Mapping(entries) => {
                let mut seen = HashSet::new();
                for (key, value) in entries {
                    let Some(name) = key.value.as_key() else {
                        let message = format!("a key cannot be {}; write a single value", key.value.kind());
                        return Err(At { node: key, way: self.way }.error(message));
                    };
                    let way = Some((self, Step::Key(&name)));
                    if !seen.insert((std::mem::discriminant(&key.value), name.clone())) {
                        let message = format!("duplicate key {}; keep one of the two", quoted(&name));
                        return Err(At { node: key, way }.error(message));
                    }
                    At { node: value, way }.reject_duplicate_keys()?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The fields of one mapping.
pub struct Fields<'n> {
    at: At<'n>,
    entries: Vec<Entry<'n>>,
}

impl<'n> Fields<'n> {
    /// A field that must be there.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn required(&self, name: &str) -> Result<At<'n>, ReadError> {
        self.optional(name).ok_or_else(|| self.at.error(format!("the required field `{name}` is missing; add it")))
    }

    /// A field that may be there.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<At<'n>> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| entry.value)
    }

    /// The field `schema_version`, which must be there and be 1.
    ///
    /// # Errors
    ///
    /// When it is missing or anything else.
    pub fn schema_version_1(&self) -> Result<(), ReadError> {
        let version = self.required("schema_version")?;
        match &version.node.value {
            Value::Integer(text) if text == "1" => Ok(()),
            other => Err(version.error(format!("expected schema version 1, found {}", other.kind()))),
        }
    }
}

/// The known name that was probably meant, else all of them.
fn suggestion(name: &str, known: &[&str]) -> String {
    let name = name.get(..QUOTED).unwrap_or(name);
    let nearest = known.iter().max_by(|a, b| strsim::jaro_winkler(name, a).total_cmp(&strsim::jaro_winkler(name, b)));
    match nearest {
        Some(nearest) if strsim::jaro_winkler(name, nearest) > 0.85 => format!("did you mean `{nearest}`?"),
        _ => {
            format!("the fields here are {}", quoted_list(known))
        }
    }
}

fn quoted_list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    quoted.join(", ")
}

/// Characters of the input that one message repeats.
const QUOTED: usize = 80;

/// Input in backticks, cut where it would drown the message.
#[must_use]
pub fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        None => format!("`{text}`"),
        Some((end, _)) => format!("`{}…`", &text[..end]),
    }
}

/// Why a document that was read was refused, and where: a [`ReadError`] before
/// it is known which text the place belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(ReadError);

impl Invalid {
    /// A refusal at a path; [`Invalid::located`] finds out where that is.
    #[must_use]
    pub fn at(place: Place, message: impl Into<String>) -> Self {
        Self(ReadError { mark: None, place, message: readable(message.into()) })
    }

    /// The error with its place counted from further out, for a document inside another.
    #[must_use]
    pub fn under(self, outer: &At<'_>) -> Self {
        let Self(mut error) = self;
        let mut place = outer.place();
        place.0.append(&mut error.place.0);
        Self(ReadError { place, ..error })
    }

    /// The error with its position in the document it came from.
    #[must_use]
    pub fn located(self, root: &Node) -> ReadError {
        let Self(error) = self;
        ReadError { mark: error.mark.or_else(|| Some(error.place.mark(root))), ..error }
    }
}

impl From<ReadError> for Invalid {
    fn from(error: ReadError) -> Self {
        Self(error)
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Invalid {}

/// Writes a value as YAML that [`read`] reads back.
///
/// # Panics
///
/// On a value that YAML cannot hold. Documents are made of strings, lists and mappings.
#[must_use]
pub fn write(value: &impl serde::Serialize) -> String {
    serde_saphyr::to_string(value).expect("documents are made of strings, lists and mappings, which YAML can hold")
}
