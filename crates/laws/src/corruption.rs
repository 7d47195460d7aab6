//! Corruption of documents: puts one error into a valid document and expects a refusal at that field.
//!
//! The tables below list what a reader must refuse in each field.

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use slug_resolver::yaml::{self, FieldPath, Node, ReadError, Value};
use slug_resolver::{Policy, Registry, RegistryDocument, limits};

use crate::policy_v1::PolicyV1;
use crate::secret::CANARY;

/// Size in bytes above which a document is not corrupted: doubling a part of it could exceed a
/// limit of the reader first, and an error in a small document is refused in the same way.
const MOST_BYTES: usize = 1 << 20;

/// A parsed document with the locations of its values.
pub(crate) struct LocatedDocument {
    root: Node,
    locations: Vec<Location>,
    bytes: usize,
}

impl LocatedDocument {
    pub(crate) fn of(name: &str, text: &str) -> Result<Self, ReadError> {
        let root = yaml::read(text.as_bytes())?;
        let mut locations = Vec::new();
        let whole = Location {
            shape: name.to_owned(),
            path: FieldPath::default(),
            indexes: Vec::new(),
            is_test_with_empty: false,
        };
        let with_empty: Vec<&str> = match field(&root, "empty_is_set").map(|names| &names.value) {
            Some(Value::Sequence(names)) => names.iter().filter_map(self::text).collect(),
            _ => Vec::new(),
        };
        collect_locations(&root, whole, &with_empty, &mut locations);
        Ok(Self { root, locations, bytes: text.len() })
    }

    /// The first entries of a registry: an error in them equals one in the whole, and they are read faster.
    pub(crate) fn of_registry(registry: &Registry) -> Result<Self, ReadError> {
        let RegistryDocument { mut providers, mut runtimes, platform_error } = registry.document();
        runtimes.truncate(2);
        for runtime in &mut runtimes {
            runtime.arms.truncate(3);
            for arm in &mut runtime.arms {
                arm.models.truncate(3);
                arm.withdrawn_models.truncate(3);
            }
        }
        let arms = || runtimes.iter().flat_map(|runtime| &runtime.arms);
        providers.retain(|provider| arms().any(|arm| arm.provider == provider.name));
        let beginning = Registry::new(RegistryDocument { platform_error, providers, runtimes });
        Self::of("registry", &beginning.expect("arms of a valid registry with their providers are valid").to_yaml())
    }

    pub(crate) fn of_policy(policy: &Policy) -> Result<Self, ReadError> {
        Self::of("policy", &policy.to_yaml())
    }

    pub(crate) fn of_policy_v1(policy: &PolicyV1) -> Result<Self, ReadError> {
        Self::of("policy_1", &policy.to_yaml())
    }

    /// The document with one error; `choice` selects the error and its location. Returns `None` if the document is
    /// too large.
    pub(crate) fn corrupt(&self, choice: &mut Choice) -> Option<Corrupted> {
        let Self { root, locations, bytes } = self;
        if *bytes > MOST_BYTES {
            return None;
        }
        let first = choice.below(CORRUPTIONS.len() + DOCUMENT_CORRUPTIONS.len());
        if let Some((what, corrupt)) = first.checked_sub(CORRUPTIONS.len()).map(|whole| DOCUMENT_CORRUPTIONS[whole]) {
            let text = corrupt(&slug_yaml::write(&Written(root)));
            return Some(Corrupted { what, text, path: FieldPath::default() });
        }
        // Not every corruption applies to every value: try the next value, then the next corruption.
        let (location, turn) = (choice.below(locations.len()), choice.below(usize::MAX));
        let mut corruptions = CORRUPTIONS[first..].iter().chain(&CORRUPTIONS[..first]);
        let locations = || locations[location..].iter().chain(&locations[..location]);
        let corrupt = |corruption: Corruption| {
            locations().find_map(|location| Some((location, corruption(location, location.value(root), turn)?)))
        };
        let (what, (location, (value, path))) = corruptions
            .find_map(|(what, corruption)| Some((*what, corrupt(*corruption)?)))
            .expect("the type of every value can be changed");
        let mut root = root.clone();
        replace(&mut root, &location.indexes, value);
        Some(Corrupted { what, text: slug_yaml::write(&Written(&root)), path })
    }
}

impl LocatedDocument {
    /// The document with every absent optional field as null. Returns `None` if it is too large.
    pub(crate) fn with_nulls(&self) -> Option<String> {
        if self.bytes > MOST_BYTES {
            return None;
        }
        let mut root = self.root.clone();
        for location in &self.locations {
            let Value::Mapping(entries) = location.value(&self.root) else { continue };
            let is_here = |name: &str| entries.iter().any(|(key, _)| text(key) == Some(name));
            let prefix = format!("{}.", location.shape);
            let names = OPTIONAL.iter().filter_map(|shape| shape.strip_prefix(&prefix));
            let absent = names.filter(|name| !name.contains(['.', '[']) && !is_here(name));
            let nulls = absent.map(|name| (node(Value::String(name.to_owned())), node(Value::Null)));
            // Nulls come last, so the indexes of the other locations stay valid.
            append(&mut root, &location.indexes, nulls.collect());
        }
        Some(slug_yaml::write(&Written(&root)))
    }

    /// The document as it is.
    pub(crate) fn text(&self) -> String {
        slug_yaml::write(&Written(&self.root))
    }
}

/// A document with one error.
pub(crate) struct Corrupted {
    pub(crate) what: &'static str,
    pub(crate) text: String,
    /// The field at which it must be refused.
    pub(crate) path: FieldPath,
}

/// Returns the corrupted value and the field at which it must be refused, or `None` if the
/// corruption does not apply to the value. The number selects one of its parts.
type Corruption = fn(&Location, &Value, usize) -> Option<(Value, FieldPath)>;

/// Corruptions of one value.
const CORRUPTIONS: [(&str, Corruption); 9] = [
    ("a duplicate key", |location, value, turn| {
        let Value::Mapping(entries) = value else { return None };
        let again = some(entries, turn)?.clone();
        let path = location.path.clone().key(text(&again.0)?);
        Some((Value::Mapping([entries.clone(), [again].into()].concat()), path))
    }),
    ("an unknown field", |location, value, _| {
        let Value::Mapping(entries) = value else { return None };
        let unknown = (node(Value::String("unheard_of".to_owned())), node(Value::Null));
        let path = location.path.clone().key("unheard_of");
        (!location.holds_names()).then(|| (Value::Mapping([entries.clone(), [unknown].into()].concat()), path))
    }),
    ("a missing required field", |location, value, turn| {
        let Value::Mapping(entries) = value else { return None };
        let required = |(key, _): &&(Node, Node)| text(key).is_some_and(|name| !is_optional(&location.field(name)));
        let required: Vec<_> = entries.iter().filter(required).collect();
        let missing = some(&required, turn).filter(|_| !location.holds_names())?;
        let left = entries.iter().filter(|(key, _)| text(key) != text(&missing.0)).cloned().collect();
        Some((Value::Mapping(left), location.path.clone()))
    }),
    ("a null item", |location, value, turn| {
        let Value::Sequence(items) = value else { return None };
        let at = turn % (items.len() + 1);
        let items = [&items[..at], &[node(Value::Null)], &items[at..]].concat();
        Some((Value::Sequence(items), location.path.clone().index(at)))
    }),
    ("a duplicate entry", |location, value, turn| {
        let Value::Sequence(items) = value else { return None };
        let (_, key_path) = UNIQUE.iter().find(|(shape, _)| *shape == location.shape)?;
        let at = turn % items.len();
        let items = [&items[..=at], &items[at..]].concat();
        Some((Value::Sequence(items), key_path(location.path.clone().index(at + 1))))
    }),
    ("one vendor in two providers", |location, value, turn| {
        let Value::Sequence(items) = value else { return None };
        let has_vendor =
            |item: &&Node| location.shape == "registry.providers" && field(item, "upstream_vendor").is_some();
        let vendors: Vec<&Node> = items.iter().filter(has_vendor).collect();
        let Value::Mapping(mut other) = some(&vendors, turn)?.value.clone() else { return None };
        let name = other.iter_mut().find(|(key, _)| text(key) == Some("name"))?;
        name.1.value = Value::String(format!("{}, too", text(&name.1)?));
        let path = location.path.clone().index(items.len()).key("upstream_vendor");
        Some((Value::Sequence([items.clone(), [node(Value::Mapping(other))].into()].concat()), path))
    }),
    ("a value of another type", |location, value, turn| {
        let kinds: &[Value] = match value {
            Value::String(_) => {
                &[Value::Integer("7".to_owned()), Value::Boolean(true), Value::Null, Value::Sequence(Vec::new())]
            }
            Value::Sequence(_) => &[Value::String("word".to_owned()), Value::Null, Value::Mapping(Vec::new())],
            Value::Integer(_) => &[Value::String("1".to_owned()), Value::Integer("3".to_owned())],
            _ => &[Value::String("true".to_owned()), Value::Integer("7".to_owned()), Value::Null],
        };
        // A null optional field of a registry counts as absent, and a text is an item of `auth_env` as a group is.
        let is_allowed = |kind: &&Value| match kind {
            Value::Null => is_optional(&location.shape) && location.shape.starts_with("registry."),
            Value::String(_) => MAY_BE_TEXT.contains(&location.shape.as_str()),
            _ => false,
        };
        let kinds: Vec<&Value> = kinds.iter().filter(|kind| !is_allowed(kind)).collect();
        Some(((*some(&kinds, turn)?).clone(), location.path.clone()))
    }),
    ("an empty value where one is required", |location, value, _| {
        let nothing = match value {
            Value::String(_) => Value::String(String::new()),
            Value::Sequence(_) => Value::Sequence(Vec::new()),
            Value::Mapping(_) => Value::Mapping(Vec::new()),
            _ => return None,
        };
        let shape = location.shape.as_str();
        let may_be_empty = is_optional(shape) && !NOT_EMPTY.contains(&shape)
            || MAY_BE_EMPTY.contains(&shape)
            || location.is_test_with_empty && matches!(value, Value::String(_));
        (!may_be_empty).then(|| (nothing, location.path.clone()))
    }),
    ("an invalid text", |location, _, _| {
        let (_, wrong) = INVALID.iter().find(|(shape, _)| *shape == location.shape)?;
        Some((Value::String((*wrong).to_owned()), location.path.clone()))
    }),
];

type DocumentCorruption = fn(&str) -> String;

/// Corruptions of a whole document.
const DOCUMENT_CORRUPTIONS: [(&str, DocumentCorruption); 3] = [
    ("a second document", |text| format!("{text}---\n{text}")),
    ("too deep a nesting", |text| {
        // The document itself is one level.
        format!("{text}unheard_of: {}{}\n", "[".repeat(limits::DEPTH), "]".repeat(limits::DEPTH))
    }),
    ("too many aliases", |text| format!("{text}unheard_of: [&a x{}]\n", ", *a".repeat(limits::ALIASES + 1))),
];

/// Mappings whose keys are names.
const KEYED_BY_NAME: [&str; 12] = [
    "registry.platform_error",
    "registry.runtimes",
    "policy_1.defaults",
    "policy_1.templates",
    "policy.defaults",
    "policy.templates",
    "policy.harness[].inputs",
    "policy.runtime[].when",
    "policy.model[].when",
    "policy.secrets[].when",
    "policy.creates.unless[]",
    "question.env",
];

/// Values that may be a text instead of a list or a mapping.
const MAY_BE_TEXT: [&str; 14] = [
    "policy_1.function.source",
    "policy.function.source",
    "policy.harness[]",
    "registry.providers[].auth_env[]",
    "policy.runtime",
    "policy.runtime[].use",
    "policy.runtime[].when.*",
    "policy.model[].use",
    "policy.model[].when.*",
    "policy.model[].when.*.not",
    "policy.secrets[].when.*",
    "policy.secrets[].when.*.not",
    "policy.creates.unless[].*",
    "policy.creates.unless[].*.not",
];

/// Fields that may be missing, null or empty, except [`NOT_EMPTY`].
const OPTIONAL: [&str; 50] = [
    "registry.platform_error",
    "registry.providers[].display_name",
    "registry.providers[].protocol",
    "registry.providers[].auth_mode",
    "registry.providers[].billing",
    // Required of a provider that the tenant pays for.
    "registry.providers[].auth_env",
    "registry.providers[].model_prefix_match",
    "registry.providers[].base_url_template",
    "registry.providers[].base_url_anthropic",
    "registry.providers[].auth_token_env",
    "registry.providers[].model_aliases",
    "registry.providers[].upstream_vendor",
    "registry.providers[].vendor_logo",
    "registry.providers[].deprecated",
    "registry.runtimes.*.display_name",
    "registry.runtimes.*.providers[].models",
    "registry.runtimes.*.providers[].withdrawn_models",
    "policy_1.harness",
    "policy_1.platform",
    "policy_1.fallback",
    "policy_1.defaults",
    "policy_1.secrets",
    "policy_1.dispatch",
    "policy_1.dispatch[].keyed",
    "policy_1.templates",
    "policy_1.function",
    "policy_1.function.secrets",
    "policy.function",
    "policy.function.secrets",
    "policy.harness",
    "policy.harness[].inputs",
    "policy.runtime",
    "policy.runtime[].name",
    "policy.runtime[].when",
    "policy.runtimes",
    "policy.defaults",
    "policy.empty_is_set",
    "policy.templates",
    "policy.creates",
    "policy.model[].name",
    "policy.model[].when",
    "policy.inject",
    "policy.secrets",
    "policy.secrets[].name",
    "policy.secrets[].key",
    "policy.secrets[].when",
    "policy.secrets[].path",
    "policy.secrets[].inject",
    "question.env",
    "question.ambient",
];

/// Optional fields that are not empty if they are present.
const NOT_EMPTY: [&str; 20] = [
    "policy_1.function",
    "policy_1.function.secrets",
    "policy.function",
    "policy.function.secrets",
    "policy_1.platform",
    "policy_1.fallback",
    "policy.runtime",
    "policy.runtime[].name",
    "policy.creates",
    "policy.model[].name",
    "policy.inject",
    "policy.secrets[].name",
    "policy.secrets[].key",
    "policy.secrets[].path",
    "policy.secrets[].inject",
    "registry.providers[].display_name",
    "registry.providers[].protocol",
    "registry.providers[].auth_mode",
    "registry.providers[].billing",
    "registry.providers[].model_prefix_match",
];

/// Values that are required and may be empty.
const MAY_BE_EMPTY: [&str; 13] = [
    "question.runtime",
    "question.env.*",
    "question.ambient[]",
    "policy.model",
    "policy.creates.unless",
    // Refused at the list if it has one item, which can also be written without the list.
    "policy.runtime[].when.*[]",
    "policy.model[].when.*[]",
    "policy.model[].use[]",
    "policy.secrets[].when.*[]",
    "policy.creates.unless[].*[]",
    "policy.model[].when.*.not[]",
    "policy.secrets[].when.*.not[]",
    "policy.creates.unless[].*.not[]",
];

/// Maps the path of an entry to the path of the field that must be unique.
type KeyPath = fn(FieldPath) -> FieldPath;

/// Lists whose entries must be unique.
const UNIQUE: [(&str, KeyPath); 5] = [
    ("registry.providers", |entry| entry.key("name")),
    ("registry.runtimes.*.providers", |entry| entry.key("name")),
    ("policy_1.secrets", |entry| entry.key("key")),
    ("policy_1.dispatch", |entry| entry.key("runtimes").index(0)),
    ("policy_1.dispatch[].keyed", |entry| entry.key("key")),
];

/// Texts that some fields must refuse. People paste a secret where its name or the name of a
/// variable belongs.
const INVALID: [(&str, &str); 23] = [
    ("registry.providers[].protocol", "grpc"),
    ("registry.providers[].model_prefix_match", "(m"),
    ("registry.runtimes.*.providers[].name", "nobody"),
    ("registry.providers[].billing", "nobody"),
    ("registry.providers[].auth_env[]", "KEY=canary-5f1c9e"),
    ("registry.providers[].auth_env[][]", "KEY=canary-5f1c9e"),
    ("policy_1.secrets[].inject[]", "KEY=canary-5f1c9e"),
    ("policy_1.secrets[].key", CANARY),
    ("policy_1.dispatch[].keyed[].key", CANARY),
    ("policy_1.runtime", CANARY),
    ("policy_1.override", CANARY),
    ("policy_1.platform.var", CANARY),
    ("policy_1.platform.model", CANARY),
    ("policy.secrets[].inject[]", "KEY=canary-5f1c9e"),
    ("policy.secrets[].key", CANARY),
    ("policy.secrets[].path", "byok"),
    ("policy.inject", "all"),
    ("policy.harness[].uses", "no action"),
    ("policy.harness[].inputs.*", CANARY),
    ("policy.runtime", CANARY),
    ("policy.empty_is_set[]", CANARY),
    ("policy.model[].use", "$no name"),
    ("policy.model[].use[]", "one dollar $"),
];

/// A value in a document.
struct Location {
    /// Its path without names and numbers: `registry.runtimes.*.providers[].name`.
    shape: String,
    path: FieldPath,
    /// The index of the child at each level.
    indexes: Vec<usize>,
    /// Whether it is a test, or a part of one, of a variable for which an empty text is a value.
    is_test_with_empty: bool,
}

impl Location {
    fn holds_names(&self) -> bool {
        KEYED_BY_NAME.contains(&self.shape.as_str())
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
        &self.indexes.iter().fold(root, child).value
    }

    fn child(&self, shape: String, path: FieldPath, number: usize) -> Self {
        let indexes = [&self.indexes[..], &[number]].concat();
        Self { shape, path, indexes, is_test_with_empty: self.is_test_with_empty }
    }
}

fn is_optional(shape: &str) -> bool {
    OPTIONAL.contains(&shape)
}

/// Collects the locations of all values of a document. An empty text is a value of the variables `with_empty`.
fn collect_locations(root: &Node, location: Location, with_empty: &[&str], locations: &mut Vec<Location>) {
    match &root.value {
        Value::Sequence(items) => {
            for (number, item) in items.iter().enumerate() {
                let path = location.path.clone().index(number);
                let item_at = location.child(format!("{}[]", location.shape), path, number);
                collect_locations(item, item_at, with_empty, locations);
            }
        }
        Value::Mapping(entries) => {
            for (number, (key, value)) in entries.iter().enumerate() {
                let name = text(key).unwrap_or_default();
                let mut entry = location.child(location.field(name), location.path.clone().key(name), number);
                entry.is_test_with_empty |= is_condition(&location.shape) && with_empty.contains(&name);
                collect_locations(value, entry, with_empty, locations);
            }
        }
        _ => {}
    }
    locations.push(location);
}

fn is_condition(shape: &str) -> bool {
    shape.ends_with(".when") || shape == "policy.creates.unless[]"
}

/// Replaces the value at the location that the child indexes give.
fn replace(node: &mut Node, indexes: &[usize], value: Value) {
    match (&mut node.value, indexes) {
        (Value::Sequence(items), [number, rest @ ..]) => replace(&mut items[*number], rest, value),
        (Value::Mapping(entries), [number, rest @ ..]) => replace(&mut entries[*number].1, rest, value),
        (old, _) => *old = value,
    }
}

/// Adds entries to the mapping at the location that the child indexes give.
fn append(node: &mut Node, indexes: &[usize], added: Vec<(Node, Node)>) {
    match (&mut node.value, indexes) {
        (Value::Sequence(items), [number, rest @ ..]) => append(&mut items[*number], rest, added),
        (Value::Mapping(entries), [number, rest @ ..]) => append(&mut entries[*number].1, rest, added),
        (Value::Mapping(entries), []) => entries.extend(added),
        _ => {}
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

/// Serializes a tree as a document.
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

/// Pseudo-random numbers seeded by a case, so that the same case is always corrupted in the same way.
pub(crate) struct Choice(u64);

impl Choice {
    pub(crate) fn new(number: u64) -> Self {
        Self(number)
    }

    /// The next number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // Knuth's linear congruential generator; only its upper bits are good.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }
}
