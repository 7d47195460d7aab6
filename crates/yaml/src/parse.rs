//! Builds the tree in one pass over the events of the parser, and checks limits and keys in the
//! same pass.

use std::collections::{HashMap, HashSet};
use std::mem::{Discriminant, discriminant};
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, StructureStyle, Tag};

use crate::error::{ParseError, Problem};
use crate::limits::{Dialect, Limit, Limits};
use crate::merge::is_merge_key;
use crate::path::FieldPath;
use crate::scalar::{self, Type};
use crate::tree::{LineCol, Node, Style, Value};

/// Reads one document.
pub(crate) fn parse(text: &str, dialect: Dialect, limits: &Limits) -> Result<Node, ParseError> {
    let mut builder = Builder::new(text, dialect, limits);
    for event in Parser::new_from_str_with_options(text, options(dialect, limits)) {
        let (event, span) = event.map_err(|error| builder.scan_error(&error))?;
        let end = span.end.byte_offset().unwrap_or_default();
        let position = builder.position(span.start);
        let end = end.clamp(position.span.start, text.len());
        builder.event(event, Position { span: position.span.start..end, ..position })?;
    }
    builder.finish()
}

fn options(dialect: Dialect, limits: &Limits) -> Options {
    let mut options = Options::default();
    options.flow_nesting_limit = limits.depth;
    options.block_nesting_limit = match dialect {
        // One more than the limit, so that `Builder` reports an excess first, where it begins.
        Dialect::Strict => options.block_nesting_limit.max(limits.depth + 1),
        Dialect::Lenient => limits.depth,
    };
    options.set_emit_comments(false);
    options
}

/// The position of a node in the text.
#[derive(Clone, Debug)]
struct Position {
    line_col: LineCol,
    span: Range<usize>,
}

impl Position {
    fn of(node: &Node) -> Self {
        Self { line_col: node.line_col, span: node.span.clone() }
    }

    fn error(self, problem: Problem) -> ParseError {
        let Self { line_col, span } = self;
        ParseError { problem, line_col, span, path: FieldPath::default() }
    }
}

/// A partly built tree.
struct Builder<'a> {
    text: &'a str,
    dialect: Dialect,
    limits: &'a Limits,
    /// Collections that have begun and not ended.
    open: Vec<Open>,
    root: Option<Node>,
    /// Strict dialect: the path to the value of each anchor.
    anchor_paths: HashMap<usize, ChildPath>,
    /// Lenient dialect: a copy of the value of each anchor, because merging can move or drop values.
    anchor_values: HashMap<usize, Node>,
    /// The number of open collections that have an anchor.
    open_anchors: usize,
    counts: Counts,
    documents: usize,
    /// The error of the first scalar that is valid YAML but rejected.
    bad_scalar: Option<ParseError>,
    /// The error of the first key that is valid YAML but rejected.
    bad_key: Option<ParseError>,
}

/// The amounts that have been read so far and are limited.
#[derive(Clone, Copy, Default)]
struct Counts {
    scalar_bytes: usize,
    nodes: usize,
    anchors: usize,
    aliases: usize,
    anchor_nodes: usize,
    alias_nodes: usize,
}

struct Open {
    position: Position,
    style: Style,
    is_mapping: bool,
    /// The id of its anchor, or 0.
    anchor: usize,
    /// Items, or alternating keys and values.
    children: Vec<Node>,
    /// The byte at which the last child ends.
    end: usize,
    keys: HashSet<Key>,
}

/// A key for comparison with other keys: `1` and `"1"` differ.
type Key = (Discriminant<Value>, String);

/// The path to a value from the root: the index of the child in each collection.
type ChildPath = Vec<usize>;

impl<'a> Builder<'a> {
    fn new(text: &'a str, dialect: Dialect, limits: &'a Limits) -> Self {
        Self {
            text,
            dialect,
            limits,
            open: Vec::new(),
            root: None,
            anchor_paths: HashMap::new(),
            anchor_values: HashMap::new(),
            open_anchors: 0,
            counts: Counts::default(),
            documents: 0,
            bad_scalar: None,
            bad_key: None,
        }
    }

    fn event(&mut self, event: Event<'_>, position: Position) -> Result<(), ParseError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count_node(&position, text.len(), tag.as_deref(), anchor)?;
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                let value = match self.dialect {
                    Dialect::Strict => self.typed(&position, &text, style, tag.as_deref())?,
                    Dialect::Lenient => Value::String(text.into_owned()),
                };
                let is_string = matches!(Type::of(tag.as_deref()), Type::String | Type::NonSpecific);
                let style = if is_string && style == Style::Plain { Style::Quoted } else { style };
                self.count_under_anchors(&position, 1, usize::from(anchor != 0))?;
                let end = self.end_of_scalar(&position);
                let Position { line_col, span } = position;
                self.complete(Node { line_col, span, style, value }, end, anchor);
                Ok(())
            }
            Event::SequenceStart(style, anchor, tag) => self.begin(position, style, anchor, tag.as_deref(), false),
            Event::MappingStart(style, anchor, tag) => self.begin(position, style, anchor, tag.as_deref(), true),
            Event::SequenceEnd | Event::MappingEnd => {
                self.count_under_anchors(&position, 1, 0)?;
                let Some(open) = self.open.pop() else { return Ok(()) };
                let anchor = open.anchor;
                self.open_anchors -= usize::from(anchor != 0);
                let mut node = open.close(position.span.end);
                if self.dialect == Dialect::Lenient {
                    node.merge();
                }
                let end = node.span.end;
                self.complete(node, end, anchor);
                Ok(())
            }
            Event::Alias(anchor) => self.add_alias(position, anchor),
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 { Err(position.error(Problem::SecondDocument)) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    fn finish(self) -> Result<Node, ParseError> {
        let root = self.root.ok_or_else(|| ParseError::at_start(Problem::Empty))?;
        if self.dialect == Dialect::Strict && root.value == Value::Null {
            return Err(ParseError::at_start(Problem::Empty));
        }
        // Bad scalars and keys come last: invalid YAML anywhere in the text is the more basic error.
        self.bad_scalar.or(self.bad_key).map_or(Ok(root), Err)
    }

    /// The value of a scalar in the strict dialect.
    fn typed(&mut self, position: &Position, text: &str, style: Style, tag: Option<&Tag>) -> Result<Value, ParseError> {
        let (tagged, is_plain) = (Type::of(tag), style == Style::Plain);
        if !tagged.fits_scalar(text, self.expects_key()) {
            return Err(position.clone().error(unsupported(tag)));
        }
        if self.expects_key() && text == "<<" && (tagged == Type::Merge || tagged == Type::Untagged && is_plain) {
            return Err(position.clone().error(Problem::MergeKey));
        }
        // In YAML 1.1 this `?` marks a key and is not part of the scalar.
        let is_in_flow = || self.open.iter().any(|open| open.style == Style::Flow);
        if is_plain && text.starts_with('?') && self.bad_scalar.is_none() && is_in_flow() {
            self.bad_scalar = Some(position.clone().error(Problem::QuestionMark));
        }
        scalar::resolve(text.into(), is_plain, tagged)
            .map_err(|why| position.clone().error(Problem::Syntax(why.to_owned())))
    }

    fn begin(
        &mut self,
        position: Position,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&Tag>,
        is_mapping: bool,
    ) -> Result<(), ParseError> {
        check(&position, Limit::Depth, self.open.len() + 1, self.depth())?;
        self.count_node(&position, 0, tag, anchor)?;
        if self.dialect == Dialect::Strict && !Type::of(tag).fits_collection(is_mapping) {
            return Err(position.error(unsupported(tag)));
        }
        if self.expects_key() {
            self.note_bad_key(&position, Problem::CompositeKey(if is_mapping { "a mapping" } else { "a list" }), None);
        }
        self.open_anchors += usize::from(anchor != 0);
        self.count_under_anchors(&position, 1, 0)?;
        self.open.push(Open {
            end: position.span.end,
            position,
            style: if style == StructureStyle::Flow { Style::Flow } else { Style::Block },
            is_mapping,
            anchor,
            children: Vec::new(),
            keys: HashSet::new(),
        });
        Ok(())
    }

    /// Adds a copy of the value of an anchor.
    fn add_alias(&mut self, position: Position, anchor: usize) -> Result<(), ParseError> {
        let counts = Counts { aliases: self.counts.aliases + 1, ..self.counts };
        check(&position, Limit::Aliases, counts.aliases, self.limits.aliases)?;
        let Some(value) = self.value_of(anchor) else {
            return Err(position.error(Problem::RecursiveAlias));
        };
        // Check the limits before copying.
        let size = value.measure();
        let events = size.nodes + size.collections;
        let counts = Counts {
            alias_nodes: counts.alias_nodes + if self.dialect == Dialect::Strict { events } else { size.nodes },
            nodes: counts.nodes + size.nodes,
            scalar_bytes: counts.scalar_bytes + size.bytes,
            anchor_nodes: counts.anchor_nodes + events * self.open_anchors,
            ..counts
        };
        check(&position, Limit::AnchorNodes, counts.anchor_nodes, self.limits.anchor_nodes)?;
        check(&position, Limit::AliasNodes, counts.alias_nodes, self.limits.alias_nodes)?;
        check(&position, Limit::Nodes, counts.nodes, self.limits.nodes)?;
        check(&position, Limit::Depth, self.open.len() + size.depth, self.depth())?;
        check(&position, Limit::Bytes, counts.scalar_bytes, self.limits.scalar_bytes)?;

        let mut node = value.clone();
        self.counts = counts;
        if self.dialect == Dialect::Strict {
            if self.expects_key() && is_merge_key(&node) {
                return Err(position.error(Problem::MergeKey));
            }
            node.set_position(position.line_col, &position.span);
        }
        self.complete(node, position.span.end, 0);
        Ok(())
    }

    /// The value of an anchor, if it has been read completely.
    fn value_of(&self, anchor: usize) -> Option<&Node> {
        match self.dialect {
            Dialect::Strict => self.value_at(self.anchor_paths.get(&anchor)?),
            Dialect::Lenient => self.anchor_values.get(&anchor),
        }
    }

    /// The value at the end of a path, if it has been read completely.
    fn value_at(&self, path: &[usize]) -> Option<&Node> {
        for (depth, child) in path.iter().enumerate() {
            let open = self.open.get(depth)?;
            if let Some(node) = open.children.get(*child) {
                return path[depth + 1..].iter().try_fold(node, |node, child| node.child(*child));
            }
        }
        None
    }

    /// Adds a complete value to the innermost open collection. `end` is the byte at which the value
    /// ends, `anchor` the id of its anchor or 0.
    fn complete(&mut self, node: Node, end: usize, anchor: usize) {
        if anchor != 0 && self.dialect == Dialect::Lenient {
            self.anchor_values.insert(anchor, node.clone());
        }
        if self.expects_key() {
            self.check_key(&node);
        }
        let text = self.text;
        match self.open.last_mut() {
            Some(open) => {
                if open.children.is_empty() && !open.is_mapping && open.style == Style::Block {
                    open.start_at_dash(text, node.span.start);
                }
                open.children.push(node);
                open.end = end;
            }
            None => self.root = Some(node),
        }
    }

    /// The maximum depth, block and flow style together. In the lenient dialect the parser limits each
    /// style separately, so the sum, with aliases expanded, may be twice the limit.
    fn depth(&self) -> usize {
        match self.dialect {
            Dialect::Strict => self.limits.depth,
            Dialect::Lenient => 2 * self.limits.depth,
        }
    }

    /// Whether the next value is a key.
    fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.is_mapping && open.children.len().is_multiple_of(2))
    }

    fn check_key(&mut self, node: &Node) {
        let Some(name) = node.value.as_key() else {
            return self.note_bad_key(
                &Position::of(node),
                Problem::CompositeKey(node.value.kind_of_collection()),
                None,
            );
        };
        if self.dialect == Dialect::Lenient && is_merge_key(node) {
            return;
        }
        let Some(open) = self.open.last_mut() else { return };
        if !open.keys.insert((discriminant(&node.value), name.clone())) {
            self.note_bad_key(&Position::of(node), Problem::DuplicateKey(name.clone()), Some(&name));
        }
    }

    fn note_bad_key(&mut self, position: &Position, problem: Problem, name: Option<&str>) {
        if self.bad_key.is_some() {
            return;
        }
        let mut path = FieldPath::default();
        for outer in &self.open[..self.open.len() - 1] {
            path = match outer.children.last() {
                Some(key) if outer.is_mapping => path.key(&key.value.as_key().unwrap_or_default()),
                _ => path.index(outer.children.len()),
            };
        }
        let path = name.into_iter().fold(path, FieldPath::key);
        self.bad_key = Some(ParseError { path, ..position.clone().error(problem) });
    }

    /// Counts a node that is not an alias. In the strict dialect, records the path of its anchor.
    fn count_node(
        &mut self,
        position: &Position,
        bytes: usize,
        tag: Option<&Tag>,
        anchor: usize,
    ) -> Result<(), ParseError> {
        self.counts.nodes += 1;
        check(position, Limit::Nodes, self.counts.nodes, self.limits.nodes)?;
        self.counts.scalar_bytes += bytes + tag.map_or(0, |tag| tag.handle().len() + tag.suffix().len());
        check(position, Limit::Bytes, self.counts.scalar_bytes, self.limits.scalar_bytes)?;
        if anchor != 0 {
            self.counts.anchors += 1;
            check(position, Limit::Anchors, self.counts.anchors, self.limits.anchors)?;
            if self.dialect == Dialect::Strict {
                self.anchor_paths.insert(anchor, self.open.iter().map(|open| open.children.len()).collect());
            }
        }
        Ok(())
    }

    /// Counts events once for each open collection with an anchor, and once for each of `more` anchors.
    fn count_under_anchors(&mut self, position: &Position, events: usize, more: usize) -> Result<(), ParseError> {
        self.counts.anchor_nodes += events * (self.open_anchors + more);
        check(position, Limit::AnchorNodes, self.counts.anchor_nodes, self.limits.anchor_nodes)
    }

    /// The byte at which a scalar ends. The parser reports an omitted scalar at the indicator before
    /// it (`:`, `-` or `?`); such a scalar ends after the indicator.
    fn end_of_scalar(&self, position: &Position) -> usize {
        let Range { start, end } = position.span;
        let is_omitted = start == end && self.text[start..].starts_with([':', '-', '?']);
        end + usize::from(is_omitted)
    }

    /// Converts a position of the parser and moves it back to a character boundary.
    fn position(&self, marker: granit_parser::Marker) -> Position {
        let byte = marker.byte_offset().unwrap_or_default().min(self.text.len());
        let byte = (0..=byte).rev().find(|byte| self.text.is_char_boundary(*byte)).unwrap_or_default();
        Position { line_col: LineCol { line: marker.line() as u64, column: marker.col() as u64 + 1 }, span: byte..byte }
    }

    fn scan_error(&self, error: &ScanError) -> ParseError {
        let problem = match error.kind() {
            // The scanner reads ahead, so in flow style it finds excess depth before `Builder` does.
            ErrorKind::RecursionLimitExceeded => Problem::Exceeds(Limit::Depth, self.limits.depth),
            ErrorKind::UnknownAnchor => Problem::Syntax("alias references unknown anchor".to_owned()),
            _ => Problem::Syntax(error.info().trim_end_matches('.').to_owned()),
        };
        let Position { line_col, span: Range { start, .. } } = self.position(*error.marker());
        let line = self.text[start..].split(['\n', '\r']).next().unwrap_or_default().trim_end();
        Position { line_col, span: start..start + line.len() }.error(problem)
    }
}

fn check(position: &Position, limit: Limit, count: usize, most: usize) -> Result<(), ParseError> {
    if count <= most { Ok(()) } else { Err(position.clone().error(Problem::Exceeds(limit, most))) }
}

fn unsupported(tag: Option<&Tag>) -> Problem {
    Problem::Syntax(format!("unsupported tag `{}`", tag.map(Tag::original).unwrap_or_default()))
}

impl Open {
    /// Moves the start of a block list to its first dash. If the list has the same indentation as its
    /// key, the parser reports the start of the first item instead, which is byte `first`.
    fn start_at_dash(&mut self, text: &str, first: usize) {
        let start = &mut self.position.span.start;
        if first == *start || !text[*start..].starts_with('-') {
            *start = dash_before(text, *start).unwrap_or(*start);
        }
    }

    fn close(self, end: usize) -> Node {
        let Self { position: Position { line_col, span }, style, is_mapping, children, end: last, .. } = self;
        // The parser ends a block collection at the next line; the span ends with the last child.
        let end = if style == Style::Block && !children.is_empty() { last.min(end) } else { end };
        let value = if is_mapping {
            let mut children = children.into_iter();
            Value::Mapping(std::iter::from_fn(|| Some((children.next()?, children.next()?))).collect())
        } else {
            Value::Sequence(children)
        };
        Node { line_col, span: span.start..end.max(span.start), style, value }
    }
}

/// The byte of the dash that begins the text of a line before byte `position`: on the same line, or on
/// an earlier one if only comments and blank lines are in between.
fn dash_before(text: &str, position: usize) -> Option<usize> {
    let mut end = position;
    loop {
        let line = text[..end].rfind('\n').map_or(0, |newline| newline + 1);
        let written = text[line..end].trim_start();
        if written.starts_with('-') {
            return Some(end - written.len());
        }
        if line == 0 || !written.is_empty() && !written.starts_with('#') {
            return None;
        }
        end = line - 1;
    }
}
