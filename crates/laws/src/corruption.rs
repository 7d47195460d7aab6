//! Corruption of documents: one is taken apart, spoiled in one place, and written again.
//!
//! What a reader must refuse differs from place to place; that is data, below.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use slug_resolver::yaml::{self, FieldPath, Node, ReadError, Value};
use slug_resolver::{Policy, Registry, RegistryDocument, limits};

use crate::secret::CANARY;

/// A document with more bytes is not spoiled: with a part of it doubled it might meet a
/// limit first, and a mistake in a small one is refused alike.
const MOST_BYTES: usize = 1 << 20;

/// A document taken apart.
pub(crate) struct Parts {
    root: Node,
    spots: Vec<Spot>,
    bytes: usize,
}

impl Parts {
    pub(crate) fn of(name: &str, text: &str) -> Result<Self, ReadError> {
        let root = yaml::read(text.as_bytes())?;
        let mut spots = Vec::new();
        walk(&root, Spot { shape: name.to_owned(), place: FieldPath::default(), path: Vec::new() }, &mut spots);
        Ok(Self { root, spots, bytes: text.len() })
    }

    /// The beginning of a registry: one mistake in it is like one in the whole, and sooner read.
    pub(crate) fn of_registry(registry: &Registry) -> Result<Self, ReadError> {
        let RegistryDocument { mut providers, mut runtimes } = registry.document();
        runtimes.truncate(2);
        for runtime in &mut runtimes {
            runtime.arms.truncate(3);
            runtime.arms.iter_mut().for_each(|arm| arm.models.truncate(3));
        }
        let arms = || runtimes.iter().flat_map(|runtime| &runtime.arms);
        providers.retain(|provider| arms().any(|arm| arm.provider == provider.name));
        let beginning = Registry::new(RegistryDocument { providers, runtimes });
        Self::of("registry", &beginning.expect("arms of a valid registry and their providers make one").to_yaml())
    }

    pub(crate) fn of_policy(policy: &Policy) -> Result<Self, ReadError> {
        Self::of("policy", &policy.to_yaml())
    }

    /// The document, spoiled in one place; `choice` says how and where. None where it is too large.
    pub(crate) fn spoiled(&self, choice: &mut Choice) -> Option<Spoiled> {
        let Self { root, spots, bytes } = self;
        if *bytes > MOST_BYTES {
            return None;
        }
        let first = choice.below(WAYS.len() + WHOLE.len());
        if let Some((what, spoil)) = first.checked_sub(WAYS.len()).map(|whole| WHOLE[whole]) {
            let text = spoil(&slug_yaml::write(&Written(root)));
            return Some(Spoiled { what, text, place: FieldPath::default() });
        }
        // Not every value can be spoiled in every way: then the next one that can, or in the next way.
        let (spot, turn) = (choice.below(spots.len()), choice.below(usize::MAX));
        let mut ways = WAYS[first..].iter().chain(&WAYS[..first]);
        let spots = || spots[spot..].iter().chain(&spots[..spot]);
        let spoil = |way: Way| spots().find_map(|spot| Some((spot, way(spot, spot.value(root), turn)?)));
        let (what, (spot, (value, place))) =
            ways.find_map(|(what, way)| Some((*what, spoil(*way)?))).expect("a value can be of another kind");
        let mut root = root.clone();
        replace(&mut root, &spot.path, value);
        Some(Spoiled { what, text: slug_yaml::write(&Written(&root)), place })
    }
}

/// A document with one mistake in it.
pub(crate) struct Spoiled {
    pub(crate) what: &'static str,
    pub(crate) text: String,
    /// Where it is to be refused.
    pub(crate) place: FieldPath,
}

/// What stands in a place once it is spoiled, and where that is to be refused; none where
/// a value cannot be spoiled in this way. The number chooses among its parts.
type Way = fn(&Spot, &Value, usize) -> Option<(Value, FieldPath)>;

/// The ways of spoiling one value.
const WAYS: [(&str, Way); 9] = [
    ("a key that is there twice", |spot, value, turn| {
        let Value::Mapping(entries) = value else { return None };
        let again = some(entries, turn)?.clone();
        let place = spot.place.clone().key(text(&again.0)?);
        Some((Value::Mapping([entries.clone(), [again].into()].concat()), place))
    }),
    ("a field that nobody knows", |spot, value, _| {
        let Value::Mapping(entries) = value else { return None };
        let unknown = (node(Value::String("unheard_of".to_owned())), node(Value::Null));
        let place = spot.place.clone().key("unheard_of");
        (!spot.holds_names()).then(|| (Value::Mapping([entries.clone(), [unknown].into()].concat()), place))
    }),
    ("a required field that is missing", |spot, value, turn| {
        let Value::Mapping(entries) = value else { return None };
        let required = |(key, _): &&(Node, Node)| text(key).is_some_and(|name| !is_optional(&spot.field(name)));
        let required: Vec<_> = entries.iter().filter(required).collect();
        let missing = some(&required, turn).filter(|_| !spot.holds_names())?;
        let left = entries.iter().filter(|(key, _)| text(key) != text(&missing.0)).cloned().collect();
        Some((Value::Mapping(left), spot.place.clone()))
    }),
    ("an item that is nothing", |spot, value, turn| {
        let Value::Sequence(items) = value else { return None };
        let at = turn % (items.len() + 1);
        let items = [&items[..at], &[node(Value::Null)], &items[at..]].concat();
        Some((Value::Sequence(items), spot.place.clone().index(at)))
    }),
    ("an entry that is there twice", |spot, value, turn| {
        let Value::Sequence(items) = value else { return None };
        let (_, told_by) = UNIQUE.iter().find(|(shape, _)| *shape == spot.shape)?;
        let at = turn % items.len();
        let items = [&items[..=at], &items[at..]].concat();
        Some((Value::Sequence(items), told_by(spot.place.clone().index(at + 1))))
    }),
    ("a vendor of two providers", |spot, value, turn| {
        let Value::Sequence(items) = value else { return None };
        let has_vendor = |item: &&Node| spot.shape == "registry.providers" && field(item, "upstream_vendor").is_some();
        let vendors: Vec<&Node> = items.iter().filter(has_vendor).collect();
        let Value::Mapping(mut other) = some(&vendors, turn)?.value.clone() else { return None };
        let name = other.iter_mut().find(|(key, _)| text(key) == Some("name"))?;
        name.1.value = Value::String(format!("{}, too", text(&name.1)?));
        let place = spot.place.clone().index(items.len()).key("upstream_vendor");
        Some((Value::Sequence([items.clone(), [node(Value::Mapping(other))].into()].concat()), place))
    }),
    ("a value of another kind", |spot, value, turn| {
        let kinds: &[Value] = match value {
            Value::String(_) => {
                &[Value::Integer("7".to_owned()), Value::Boolean(true), Value::Null, Value::Sequence(Vec::new())]
            }
            Value::Sequence(_) => &[Value::String("word".to_owned()), Value::Null, Value::Mapping(Vec::new())],
            Value::Integer(_) => &[Value::String("1".to_owned()), Value::Integer("2".to_owned())],
            _ => &[Value::String("true".to_owned()), Value::Integer("7".to_owned()), Value::Null],
        };
        Some((some(kinds, turn)?.clone(), spot.place.clone()))
    }),
    ("nothing where something is required", |spot, value, _| {
        let nothing = match value {
            Value::String(_) => Value::String(String::new()),
            Value::Sequence(_) => Value::Sequence(Vec::new()),
            Value::Mapping(_) => Value::Mapping(Vec::new()),
            _ => return None,
        };
        let may_be_empty = is_optional(&spot.shape) || MAY_BE_EMPTY.contains(&spot.shape.as_str());
        (!may_be_empty).then(|| (nothing, spot.place.clone()))
    }),
    ("a text that means nothing here", |spot, _, _| {
        let (_, wrong) = WRONG.iter().find(|(shape, _)| *shape == spot.shape)?;
        Some((Value::String((*wrong).to_owned()), spot.place.clone()))
    }),
];

type WgapWay = fn(&str) -> String;

/// The ways of spoiling a document that are no matter of one value.
const WHOLE: [(&str, WgapWay); 3] = [
    ("a second document", |text| format!("{text}---\n{text}")),
    ("too deep a nesting", |text| {
        // The document itself is a level more.
        format!("{text}unheard_of: {}{}\n", "[".repeat(limits::DEPTH), "]".repeat(limits::DEPTH))
    }),
    ("too many aliases", |text| format!("{text}unheard_of: [&a x{}]\n", ", *a".repeat(limits::ALIASES + 1))),
];

/// Mappings whose keys are names.
const NAMED: [&str; 4] = ["registry.runtimes", "policy.defaults", "policy.templates", "question.env"];

/// What may be missing, and empty too.
const OPTIONAL: [&str; 16] = [
    "registry.providers[].base_url_template",
    "registry.providers[].base_url_anthropic",
    "registry.providers[].auth_token_env",
    "registry.providers[].model_aliases",
    "registry.providers[].upstream_vendor",
    "registry.providers[].vendor_logo",
    "registry.providers[].deprecated",
    "registry.runtimes.*.providers[].models",
    "policy.harness",
    "policy.defaults",
    "policy.secrets",
    "policy.dispatch",
    "policy.dispatch[].keyed",
    "policy.templates",
    "question.env",
    "question.ambient",
];

/// What must be there and may be empty.
const MAY_BE_EMPTY: [&str; 3] = ["question.runtime", "question.env.*", "question.ambient[]"];

/// From the place of an entry to that of what tells it apart.
type ToldBy = fn(FieldPath) -> FieldPath;

/// Lists in which no two entries may be alike.
const UNIQUE: [(&str, ToldBy); 5] = [
    ("registry.providers", |entry| entry.key("name")),
    ("registry.runtimes.*.providers", |entry| entry.key("name")),
    ("policy.secrets", |entry| entry.key("key")),
    ("policy.dispatch", |entry| entry.key("runtimes").index(0)),
    ("policy.dispatch[].keyed", |entry| entry.key("key")),
];

/// Texts that some places must refuse. Where the name of a variable or a secret belongs,
/// people paste the secret.
const WRONG: [(&str, &str); 11] = [
    ("registry.providers[].protocol", "grpc"),
    ("registry.providers[].model_prefix_match", "(m"),
    ("registry.runtimes.*.providers[].name", "nobody"),
    ("registry.providers[].auth_env[]", "KEY=canary-5f1c9e"),
    ("policy.secrets[].inject[]", "KEY=canary-5f1c9e"),
    ("policy.secrets[].key", CANARY),
    ("policy.dispatch[].keyed[].key", CANARY),
    ("policy.runtime", CANARY),
    ("policy.override", CANARY),
    ("policy.platform.var", CANARY),
    ("policy.platform.model", CANARY),
];

/// A value in a document.
struct Spot {
    /// Its place without names and numbers: `registry.runtimes.*.providers[].name`.
    shape: String,
    place: FieldPath,
    /// The way to it, by the number of each child.
    path: Vec<usize>,
}

impl Spot {
    fn holds_names(&self) -> bool {
        NAMED.contains(&self.shape.as_str())
    }

    /// The shape of a field.
    fn field(&self, name: &str) -> String {
        let name = if self.holds_names() { "*" } else { name };
        format!("{}.{name}", self.shape)
    }

    fn value<'n>(&self, root: &'n Node) -> &'n Value {
        let child = |node: &'n Node, number: &usize| match &node.value {
            Value::Sequence(items) => &items[*number],
            Value::Mapping(entries) => &entries[*number].1,
            _ => node,
        };
        &self.path.iter().fold(root, child).value
    }

    fn child(&self, shape: String, place: FieldPath, number: usize) -> Self {
        Self { shape, place, path: [&self.path[..], &[number]].concat() }
    }
}

fn is_optional(shape: &str) -> bool {
    OPTIONAL.contains(&shape)
}

/// The values of a document.
fn walk(root: &Node, spot: Spot, spots: &mut Vec<Spot>) {
    match &root.value {
        Value::Sequence(items) => {
            for (number, item) in items.iter().enumerate() {
                let place = spot.place.clone().index(number);
                walk(item, spot.child(format!("{}[]", spot.shape), place, number), spots);
            }
        }
        Value::Mapping(entries) => {
            for (number, (key, value)) in entries.iter().enumerate() {
                let name = text(key).unwrap_or_default();
                walk(value, spot.child(spot.field(name), spot.place.clone().key(name), number), spots);
            }
        }
        _ => {}
    }
    spots.push(spot);
}

/// Puts a value in the place that a path leads to.
fn replace(node: &mut Node, path: &[usize], value: Value) {
    match (&mut node.value, path) {
        (Value::Sequence(items), [number, rest @ ..]) => replace(&mut items[*number], rest, value),
        (Value::Mapping(entries), [number, rest @ ..]) => replace(&mut entries[*number].1, rest, value),
        (old, _) => *old = value,
    }
}

fn node(value: Value) -> Node {
    Node::from(value)
}

fn text(node: &Node) -> Option<&str> {
    if let Value::String(text) = &node.value { Some(text) } else { None }
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Value::Mapping(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| text(key) == Some(name)).map(|(_, value)| value)
}

fn some<T>(items: &[T], turn: usize) -> Option<&T> {
    items.get(turn.checked_rem(items.len())?)
}

/// A tree as the document that it was read from, or was made to be.
struct Written<'n>(&'n Node);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.value {
            Value::Null => serializer.serialize_unit(),
            Value::Boolean(value) => serializer.serialize_bool(*value),
            Value::Integer(number) => serializer.serialize_i64(number.parse().map_err(S::Error::custom)?),
            Value::Float(text) | Value::String(text) => serializer.serialize_str(text),
            Value::Sequence(items) => serializer.collect_seq(items.iter().map(Written)),
            Value::Mapping(entries) => {
                serializer.collect_map(entries.iter().map(|(key, value)| (Written(key), Written(value))))
            }
        }
    }
}

/// Numbers that follow from a case, so that it is always spoiled alike.
pub(crate) struct Choice(u64);

impl Choice {
    pub(crate) fn new(number: u64) -> Self {
        Self(number)
    }

    /// A number below `bound`, another one each time.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // Knuth's generator, of which the upper bits are good.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }
}
