//! Positions of values: a reader of the text in the span of a value returns the same value.

use proptest::prelude::*;
use slug_yaml::{Limits, Node, Style, Value, read};

const LIMITS: Limits = Limits {
    bytes: 10_000,
    scalar_bytes: 10_000,
    depth: 16,
    nodes: 1_000,
    anchors: 10,
    aliases: 10,
    anchor_nodes: 100,
    alias_nodes: 100,
};

fn node(text: &str) -> Node {
    read(text.as_bytes(), &LIMITS).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

/// Returns the value with default positions and styles, so that only the content is compared.
fn without_positions(node: &Node) -> Value {
    match &node.value {
        Value::Sequence(items) => Value::Sequence(items.iter().map(|item| without_positions(item).into()).collect()),
        Value::Mapping(entries) => {
            let entry = |(key, value): &(Node, Node)| (without_positions(key).into(), without_positions(value).into());
            Value::Mapping(entries.iter().map(entry).collect())
        }
        scalar => scalar.clone(),
    }
}

/// The node and all nodes inside it, keys included, in pre-order.
fn descendants(node: &Node) -> Vec<&Node> {
    let inside: Vec<&Node> = match &node.value {
        Value::Sequence(items) => items.iter().collect(),
        Value::Mapping(entries) => entries.iter().flat_map(|(key, value)| [key, value]).collect(),
        _ => Vec::new(),
    };
    std::iter::once(node).chain(inside.into_iter().flat_map(descendants)).collect()
}

/// Reads the text in the span of a value as a separate document.
fn read_alone(text: &str, node: &Node) -> Value {
    let written = &text[node.span.clone()];
    let line_start = text[..node.span.start].rfind('\n').map_or(0, |newline| newline + 1);
    let indent: String = text[line_start..node.span.start].chars().map(|_| ' ').collect();
    let alone = match (&node.value, node.style) {
        (Value::Null, _) => {
            assert!(["", "~", "null"].contains(&written), "{written:?}");
            return Value::Null;
        }
        // The span of a block scalar begins after its header.
        (Value::String(_), Style::Block) => {
            let header = text[..node.span.start].rfind(['|', '>']).expect("a block scalar has a header");
            let header = text[header..].lines().next().expect("a header is one line");
            format!("{header}\n{indent}{written}")
        }
        _ => format!("{indent}{written}"),
    };
    without_positions(&read(alone.as_bytes(), &LIMITS).unwrap_or_else(|error| panic!("{alone:?} of {text:?}: {error}")))
}

/// A value and the style in which to write it.
#[derive(Clone, Debug)]
enum Shape {
    Scalar(&'static str),
    /// The header and the lines of a block scalar.
    Block(&'static str, Vec<&'static str>),
    Sequence(Style, Vec<Shape>),
    Mapping(Style, Vec<Shape>),
}

/// The text of scalars of every type, plain and quoted.
const SCALARS: [&str; 15] = [
    "a",
    "b c",
    "é𝄞",
    "3.10",
    "-0x1F",
    "true",
    "~",
    "",
    "'it''s'",
    "\"x\\ty # z\"",
    "''",
    "a#b",
    "-x",
    "http://x/y",
    "\"a: [b]\"",
];

fn shapes() -> impl Strategy<Value = Shape> {
    let style = || prop_oneof![Just(Style::Block), Just(Style::Flow)];
    let lines = prop::collection::vec(prop::sample::select(vec!["x", "  y z", "# no comment", "- é"]), 0..3);
    let block = (prop::sample::select(vec!["|", "|-", ">", ">-"]), lines)
        .prop_map(|(header, more)| Shape::Block(header, [vec!["first"], more].concat()));
    let scalar = prop::sample::select(SCALARS.to_vec()).prop_map(Shape::Scalar);
    prop_oneof![4 => scalar, 1 => block].prop_recursive(4, 24, 4, move |inner| {
        let children = prop::collection::vec(inner, 1..4);
        (style(), any::<bool>(), children).prop_map(|(style, is_mapping, children)| {
            if is_mapping { Shape::Mapping(style, children) } else { Shape::Sequence(style, children) }
        })
    })
}

impl Shape {
    /// Writes the value in flow style. A block scalar becomes a quoted string. An empty scalar becomes
    /// `~`, because a list in flow style cannot contain an empty item.
    fn flow(&self) -> String {
        match self {
            Self::Scalar("") => "~".to_owned(),
            Self::Scalar(text) => (*text).to_owned(),
            Self::Block(_, lines) => format!("\"{}\"", lines.join("\\n")),
            Self::Sequence(_, items) => {
                format!("[{}]", items.iter().map(Self::flow).collect::<Vec<_>>().join(", "))
            }
            Self::Mapping(_, values) => {
                let entry = |(number, value): (usize, &Self)| format!("k{number}: {}", value.flow());
                format!("{{{}}}", values.iter().enumerate().map(entry).collect::<Vec<_>>().join(" , "))
            }
        }
    }

    /// Writes the value after a key or a dash. A collection in block style and the lines of a block
    /// scalar begin on a new line; any other value is on the same line.
    fn block(&self, indent: usize, newline: &str) -> String {
        let pad = " ".repeat(indent);
        match self {
            Self::Scalar("") => format!(" # nothing{newline}"),
            Self::Scalar(text) => format!("  {text} # comment{newline}"),
            Self::Block(header, lines) => {
                let lines: String = lines.iter().map(|line| format!("{pad}{line}{newline}")).collect();
                format!(" {header}{newline}{lines}")
            }
            Self::Sequence(Style::Block, items) => {
                let items = items.iter().map(|item| format!("{pad}-{}", item.block(indent + 2, newline)));
                format!(" # below{newline}{}", items.collect::<String>())
            }
            Self::Mapping(Style::Block, values) => {
                let entry = |(number, value): (usize, &Self)| {
                    // A list may have the same indentation as its key.
                    let is_list = matches!(value, Self::Sequence(Style::Block, _));
                    let value_indent = if is_list && number % 2 == 1 { indent } else { indent + 2 };
                    format!("{pad}k{number}:{}", value.block(value_indent, newline))
                };
                format!("{newline}{newline}{}", values.iter().enumerate().map(entry).collect::<String>())
            }
            collection => format!(" {} # comment{newline}", collection.flow()),
        }
    }

    fn document(&self, newline: &str) -> String {
        format!("root:{}", self.block(2, newline))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_in_span_has_the_same_value(
        shape in shapes(),
        newline in prop::sample::select(vec!["\n", "\r\n"]),
        has_byte_order_mark in any::<bool>(),
    ) {
        let text = format!("{}{}", if has_byte_order_mark { "\u{feff}" } else { "" }, shape.document(newline));
        let root = node(&text);
        for node in descendants(&root) {
            let (alone, written) = (read_alone(&text, node), &text[node.span.clone()]);
            prop_assert_eq!(alone, without_positions(node), "{:?} in {:?}", written, text);
            prop_assert_eq!(node.highlight_span().start, node.span.start);
            prop_assert!(node.highlight_span().end <= node.span.end);
        }
    }
}

#[test]
fn each_node_has_its_style() {
    let root = node("a: b\n'c': |\n  d\ne: [f]\ng:\n- {h: i}\n");
    let styles: Vec<Style> = descendants(&root).iter().map(|node| node.style).collect();
    use Style::{Block, Flow, Plain, Quoted};
    assert_eq!(styles, [Block, Plain, Plain, Quoted, Block, Plain, Flow, Plain, Plain, Block, Flow, Plain, Plain]);
}

/// `read` gives every node of an alias the span of the alias. `read_lenient` keeps the spans of the
/// anchored value.
#[test]
fn alias_span_depends_on_the_reader() {
    let text = "a: &x {b: [c]}\nd: *x\n";
    let texts_in_spans = |root: &Node| {
        let (_, alias) = &root.entries()[1];
        assert_eq!(without_positions(alias), without_positions(&root.entries()[0].1));
        let spans: Vec<&str> = descendants(alias).iter().map(|node| &text[node.span.clone()]).collect();
        spans.join(" ")
    };
    assert_eq!(texts_in_spans(&node(text)), "*x *x *x *x");
    assert_eq!(texts_in_spans(&slug_yaml::read_lenient(text, &LIMITS).unwrap()), "{b: [c]} b [c] c");
}

#[test]
fn span_of_collection_includes_an_omitted_last_value() {
    for (text, expected) in
        [("a:\n  b:\n\n# end\nc: d\n", "b:"), ("a:\n-  # end\nc: d\n", "-  # end"), ("a:\n- b\n-\n", "- b\n-")]
    {
        let root = node(text);
        assert_eq!(&text[root.entries()[0].1.span.clone()], expected, "{text:?}");
    }
}
