//! A document is valid by the schema of its format if and only if the reader accepts it, except for what no
//! schema can express.

use std::collections::BTreeSet;
use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value as Json;
use slug_resolver::yaml::format::{Field, Format, Shape};
use slug_resolver::yaml::{self, Cursor, Node, UnknownFields, Value};
use slug_resolver::{Policy, Registry, policy, registry};

use super::{Unknown, all_mappings, json, json_schema, mappings, markdown, words_of};
use crate::config::Config;
use crate::config_format;

/// A registry with every field of the format.
const REGISTRY: &str = "
schema_version: 1
platform_error: {missing-credential: MISSING, unregistered-model: UNKNOWN}
providers:
  - name: acme
    display_name: Acme
    protocol: openai
    auth_mode: api_key
    billing: byok
    auth_env: [ACME_KEY, [ACME_ID, ACME_SECRET]]
    model_prefix_match: ^acme/
    base_url_template: https://acme.example
    base_url_anthropic: https://acme.example/anthropic
    auth_token_env: ACME_TOKEN
    model_aliases: [acme-latest]
    upstream_vendor: acme
    vendor_logo: acme.svg
    deprecated: false
  - {name: platform, model_prefix_match: ^platform/}
runtimes:
  agent:
    display_name: Agent
    providers:
      - {name: acme, models: [m-1, m-2], withdrawn_models: [m-0]}
      - {name: platform}
";

/// A policy of version 1 with every field of the format.
const POLICY_1: &str = "
schema_version: 1
name: nightly
harness: [nightly.sh, {uses: acme/agent, inputs: {model: MODEL}}]
function: {source: [lib.sh], model: pick_model, secrets: pick_secrets}
runtime: RUNTIME
defaults: {RUNTIME: agent}
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PLATFORM_MODEL, fallback: platform/m-2}
secrets: [{key: KEY, inject: [ACME_KEY]}]
dispatch: [{runtimes: [agent], keyed: [{key: KEY, model: m-1}], model: m-0}]
fallback: m-0
templates: {variant: agent}
";

/// A policy of version 2 with every field of the format except `extends`.
const POLICY_2: &str = "
schema_version: 2
name: nightly
harness: [nightly.sh, {uses: acme/agent, inputs: {model: MODEL}}]
function: {source: lib.sh, model: pick_model, secrets: pick_secrets}
runtime: [{name: given, when: {MODE: set}, use: $RUNTIME}, {use: agent}]
runtimes: [agent, other]
defaults: {LLM_PATH: own}
empty_is_set: [EMPTY]
templates: {variant: agent}
creates: {unless: [{SKIP: set}]}
inject: every
model:
  - {name: override, when: {runtime: {not: other}, EMPTY: set}, use: [$MODEL, m-2]}
  - {when: {runtime: [agent], URL: {host: acme.example}, LEVEL: [low, high], KIND: {not: [x, y]}}, use: m-1}
  - {use: none}
secrets:
  - {name: platform, when: {LLM_PATH: platform}, path: platform}
  - {key: KEY, when: {LLM_PATH: {not: own}}, inject: [ACME_KEY]}
";

/// A policy that inherits.
const HEIR: &str = "{schema_version: 2, name: heir, extends: full-saas}";

/// Two files that have every field of slugproof.yaml together.
const CONFIGS: [&str; 2] = [
    "
schema_version: 1
registry: providers.yaml
registries: {source: providers.yaml, deployed: deployed.yaml}
unknown_fields: deny
policies: [nightly.yaml, full-saas]
harness_policy: nightly
workflows: ['ci/*.yml']
vars: {MODEL: m-1}
absent_vars: [OTHER]
absent_secrets: [KEY]
deny: [cross-vendor-credential]
pins:
  - {files: ['tests/*.json'], runtime: .runtime, model: .model, required_env: .env}
  - {files: a.json, runtime: agent, models: '.models[]'}
invariants:
  - never: {billing: platform, provider: [acme], model: m-1, rule: {not: override}}
    policy: nightly
    runtime: {not: [agent]}
    when: {event: pull_request, job: e2e, workflow: [nightly.yml], MODEL: unset, URL: {host: acme.example}}
    reason: forks must not spend credits
  - always: {path: {not: [platform]}, billing: [byok, platform]}
expect:
  - {name: default, policy: nightly, runtime: agent, env: {MODEL: m-1, KEY: set}, slug: m-1, provider: acme}
  - {env: {LLM_PATH: platform}, code: platform-path-byok-model}
accept:
  - {code: missing-credential, reason: intended, workflow: a.yml, job: e2e}
  - {code: missing-credential, reason: intended, policy: nightly, runtime: agent, set: [MODEL], unset: [KEY]}
",
    "{schema_version: 1, allow_unknown_fields: false, known_secrets: [KEY]}",
];

/// What only a reader can see, by a part of its message, and why no schema can. The list is exact: each entry is
/// met, and every refusal that the schema does not share is in it.
const READER_ONLY: [(&str, &str); 35] = [
    ("not a valid path of a field", "a path of a field has a grammar"),
    ("no provider is named", "a name refers to another part of the file"),
    ("the policy does not read", "a variable refers to the rules"),
    ("no runtime in `runtimes` meets this condition", "a condition refers to `runtimes`"),
    ("the field `runtimes` does not have", "a rule refers to `runtimes`"),
    ("an empty variable counts as unset", "whether a value can be empty depends on `empty_is_set`"),
    ("the required field `auth_env` is missing", "the name and `billing` of a provider decide whether it needs one"),
    ("not the name of an action", "the name of an action has a grammar"),
    ("unknown field", "only a reader can tell whether a field of a registry looks misspelt"),
    ("a text is always available, so the entries after it", "the form of an item decides whether others may follow"),
    ("no embedded policy has this name", "the names of embedded policies and files are not part of the format"),
    ("always applies, so this rule can never apply", "whether a rule always applies depends on its condition"),
    ("`$` needs the name of a variable after it", "a text with `$` has a grammar"),
    ("this runtime already has an arm for provider", "names must differ"),
    ("duplicate provider name", "names must differ"),
    ("duplicate upstream vendor", "vendors must differ"),
    ("is in this group already", "names must differ"),
    ("not a host name", "a host has a grammar"),
    ("the condition always holds, so nothing is ever created", "the conditions of other fields may be empty"),
    ("already has another role in this policy", "a variable refers to other fields"),
    ("already has a dispatch entry", "runtimes must differ"),
    ("has size", "the size of a pattern depends on its repetitions"),
    ("does not compile", "a pattern has a grammar"),
    ("accepts more than", "the names of groups count together"),
    ("a runtime is always set", "a text must not be one of two words"),
    ("picks no runtime", "`none` has another meaning in rules for the model"),
    ("is compared or used elsewhere in this policy", "a variable refers to other fields"),
    ("a rule for the runtime cannot depend on the runtime", "a condition may test it elsewhere"),
    ("variables whose value matters", "variables of all rules count together"),
    ("key variables", "variables of all rules count together"),
    ("is a secret, so a policy must not contain its value", "a variable refers to other fields"),
    ("has a default, so the condition can never hold", "a condition refers to `defaults`"),
    ("cannot be part of a longer text", "a text with `$` has a grammar"),
    ("already selects a model, which always wins", "keys must differ"),
    ("already has an entry, which always wins", "keys must differ"),
];

/// The file formats with a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Registry(UnknownFields),
    Policy,
    Config,
}

impl Kind {
    const ALL: [Self; 4] =
        [Self::Registry(UnknownFields::Deny), Self::Registry(UnknownFields::DenyMisspelt), Self::Policy, Self::Config];

    fn format(self) -> &'static Format {
        match self {
            Self::Registry(_) => &registry::FORMAT,
            Self::Policy => &policy::FORMAT,
            Self::Config => &config_format::FORMAT,
        }
    }

    fn schema(self) -> Compiled {
        let unknown = if self == Self::Registry(UnknownFields::Deny) { Unknown::Denied } else { Unknown::AsRead };
        Compiled::new(json_schema(self.format(), unknown))
    }

    /// Documents that have every field of the format together.
    fn samples(self) -> Vec<&'static str> {
        match self {
            Self::Registry(_) => vec![REGISTRY],
            Self::Policy => vec![POLICY_1, POLICY_2, HEIR],
            Self::Config => CONFIGS.to_vec(),
        }
    }

    fn read(self, root: &Node) -> Result<(), String> {
        let at = Cursor::root(root);
        match self {
            Self::Registry(unknown) => {
                Registry::from_node(at, unknown).map(drop).map_err(|error| error.message().to_owned())
            }
            Self::Policy => Policy::from_node(at).map(drop).map_err(|error| error.message().to_owned()),
            Self::Config => {
                Config::decode(root.clone(), Path::new("slugproof.yaml")).map(drop).map_err(|error| error.message)
            }
        }
    }
}

struct Compiled(Schemas, SchemaIndex);

impl Compiled {
    fn new(schema: Json) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("http://localhost/schema.json", schema).expect("the schema is valid");
        let index = compiler.compile("http://localhost/schema.json", &mut schemas).expect("the schema compiles");
        Self(schemas, index)
    }

    fn accepts(&self, node: &Node) -> Result<(), String> {
        self.0.validate(&json(node), self.1).map_err(|error| error.to_string())
    }
}

/// Compares reader and schema, and returns the entry of [`READER_ONLY`] that the document meets.
fn compare(kind: Kind, schema: &Compiled, root: &Node, what: &str) -> Result<Option<usize>, String> {
    match (kind.read(root), schema.accepts(root)) {
        (Ok(()), Ok(())) | (Err(_), Err(_)) => Ok(None),
        (Ok(()), Err(error)) => Err(format!("{kind:?}, {what}: the schema alone refuses it: {error}")),
        (Err(error), Ok(())) => match READER_ONLY.iter().position(|(part, _)| error.contains(part)) {
            // The schema has every other unknown field.
            Some(_) if error.starts_with("unknown field") && kind != Kind::Registry(UnknownFields::DenyMisspelt) => {
                Err(format!("{kind:?}, {what}: the schema accepts an unknown field: {error}"))
            }
            Some(entry) => Ok(Some(entry)),
            None => Err(format!("{kind:?}, {what}: the reader alone refuses it: {error}")),
        },
    }
}

fn parse(text: &str) -> Node {
    yaml::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Values of every shape, and the words of the format.
fn probes(format: &'static Format) -> Vec<Node> {
    let fixed = "[null, true, 1, 2.5, '', ' ', \"\\t\\n\\u3000\\u200b\", x, a b, A=B, 1x, '$X', $, set, none, \
                 platform, [], [x], [x, x], [''], [null], [[]], [[x]], [{}], {}, {x: y}, {x: 1}, {not: x}, \
                 {not: []}, {host: x}, {host: ''}, [A=B], [[A=B]]]";
    let mut probes = parse(fixed).items().to_vec();
    let mut words: BTreeSet<&str> = BTreeSet::new();
    for field in all_mappings(format).iter().flat_map(|mapping| mapping.fields) {
        // The first and the last one, because there are many codes.
        let of_field = words_of(&field.shape);
        words.extend(of_field.iter().take(1).chain(of_field.last()).copied());
    }
    probes.extend(words.into_iter().map(|word| Node::from(Value::String(word.to_owned()))));
    probes
}

/// Every document that one change makes of a document: a value replaced, an entry or an item removed, an entry
/// added or renamed.
fn changed(node: &Node, probes: &[Node]) -> Vec<(String, Node)> {
    let mut all: Vec<(String, Node)> =
        probes.iter().map(|probe| (format!("= {}", json(probe)), probe.clone())).collect();
    let with = |value: Value| Node { value, ..node.clone() };
    match &node.value {
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                let replace = |new: Option<Node>| {
                    let rest = items[index + 1..].iter().cloned();
                    with(Value::Sequence(items[..index].iter().cloned().chain(new).chain(rest).collect()))
                };
                let inner = changed(item, probes).into_iter();
                all.extend(inner.map(|(what, item)| (format!("[{index}]{what}"), replace(Some(item)))));
                all.push((format!("- [{index}]"), replace(None)));
            }
        }
        Value::Mapping(entries) => {
            let key = |name: String| Node::from(Value::String(name));
            for (index, (name, value)) in entries.iter().enumerate() {
                let replace = |new: Option<(Node, Node)>| {
                    let rest = entries[index + 1..].iter().cloned();
                    with(Value::Mapping(entries[..index].iter().cloned().chain(new).chain(rest).collect()))
                };
                let text = name.text().unwrap_or_default();
                let inner = changed(value, probes).into_iter();
                all.extend(inner.map(|(what, value)| (format!(".{text}{what}"), replace(Some((name.clone(), value))))));
                all.push((format!("- .{text}"), replace(None)));
                all.push((format!("~ .{text}"), replace(Some((key(format!("{text}x")), value.clone())))));
            }
            let added = |name: &str| {
                let new = (key(name.to_owned()), Node::from(Value::String("x".to_owned())));
                with(Value::Mapping(entries.iter().cloned().chain([new]).collect()))
            };
            all.extend(["extra", "", "A=B"].map(|name| (format!("+ .{name}"), added(name))));
        }
        _ => {}
    }
    all
}

/// The reader knows every word that a schema allows.
#[test]
fn reader_accepts_every_word() {
    for field in ["deny", "accept"] {
        let field = config_format::ROOT.field(field).expect("the format has the field");
        let shapes = mappings(&field.shape).into_iter().flat_map(|mapping| mapping.fields).map(|field| &field.shape);
        let words: BTreeSet<&str> = shapes.chain([&field.shape]).flat_map(words_of).collect();
        assert!(words.len() >= 10, "{words:?}");
        for word in words {
            let entry = if field.name == "deny" { word.to_owned() } else { format!("{{code: {word}, reason: why}}") };
            let root = parse(&format!("{{schema_version: 1, {}: [{entry}]}}", field.name));
            assert_eq!(Kind::Config.read(&root), Ok(()), "{word}");
        }
    }
    let codes: Vec<String> = slug_resolver::Code::ALL.iter().map(|code| format!("{}: TEXT", code.as_str())).collect();
    let texts = format!("platform_error: {{{}}}", codes.join(", "));
    let all = REGISTRY.replace("platform_error: {missing-credential: MISSING, unregistered-model: UNKNOWN}", &texts);
    assert!(all.contains(&texts));
    assert_eq!(Kind::Registry(UnknownFields::Deny).read(&parse(&all)), Ok(()));
}

/// The document with another value at a path, which is a list of entries and items.
fn replaced(node: &Node, path: &[usize], value: &Node) -> Node {
    let Some((first, rest)) = path.split_first() else { return value.clone() };
    let mut node = node.clone();
    match &mut node.value {
        Value::Sequence(items) => items[*first] = replaced(&items[*first], rest, value),
        Value::Mapping(entries) => entries[*first].1 = replaced(&entries[*first].1, rest, value),
        _ => unreachable!("a path leads through lists and mappings"),
    }
    node
}

/// The place of each field and of each item of a list in a sample: its path, and its field.
fn places(shape: &Shape, name: &str, node: &Node, path: &[usize], found: &mut Vec<(Vec<usize>, String)>) {
    if !path.is_empty() {
        found.push((path.to_vec(), name.to_owned()));
    }
    let below = |index| [path, &[index]].concat();
    match (&node.value, shape) {
        (_, Shape::AnyOf(shapes)) => {
            let fits = |shape: &&Shape| match shape {
                Shape::List(_) | Shape::SomeList(_) => matches!(node.value, Value::Sequence(_)),
                Shape::Mapping(mapping) => match &node.value {
                    Value::Mapping(entries) => {
                        let is_known = |name: &Node| name.text().is_some_and(|name| mapping.field(name).is_some());
                        entries.iter().all(|(name, _)| is_known(name))
                    }
                    _ => false,
                },
                _ => false,
            };
            if let Some(shape) = shapes.iter().find(fits) {
                found.pop();
                places(shape, name, node, path, found);
            }
        }
        (Value::Sequence(items), Shape::List(item) | Shape::SomeList(item)) => {
            items.iter().enumerate().for_each(|(index, node)| places(item, name, node, &below(index), found));
        }
        (Value::Mapping(entries), Shape::Mapping(mapping)) => {
            for (index, (key, value)) in entries.iter().enumerate() {
                let key = key.text().unwrap_or_default();
                match (mapping.field(key), mapping.others) {
                    (Some(field), _) => {
                        let name = format!("{}.{key}", mapping.name);
                        places(&field.shape, &name, value, &below(index), found);
                    }
                    (None, Some(others)) => places(others.value, mapping.name, value, &below(index), found),
                    (None, None) => {}
                }
            }
        }
        _ => {}
    }
}

/// What a reader can say about a right example because of other parts of the document, by a part of its message.
const ELSEWHERE: [&str; 12] = [
    "no provider is named",
    "duplicate provider name",
    "already has an arm for provider",
    "the required field `auth_env` is missing",
    "unknown field `override`",
    "the policy does not read",
    "the field `runtimes` does not have",
    "no embedded policy has this name",
    "always applies, so this rule can never apply",
    "a text is always available, so the entries after it",
    "has a value in `vars`",
    "cannot be both set and unset",
];

/// A wrong value in any place of the samples gets an error with an example, and the reader accepts the document
/// with that example.
#[test]
fn wrong_type_in_any_field_gets_a_right_example() {
    let mut wrong = Vec::new();
    for kind in [Kind::Registry(UnknownFields::Deny), Kind::Policy, Kind::Config] {
        let mut tried = BTreeSet::new();
        for sample in kind.samples() {
            let root = parse(sample);
            let version = root.get("schema_version").and_then(|version| json(version).as_u64()).unwrap_or_default();
            let mapping = kind.format().versions[usize::try_from(version).expect("it is small") - 1];
            let mut found = Vec::new();
            places(&Shape::Mapping(mapping), "", &root, &[], &mut found);
            for (path, name) in found {
                for probe in parse("[1, [], {}, x]").items() {
                    let Err(error) = kind.read(&replaced(&root, &path, probe)) else { continue };
                    if !error.starts_with("expected ") {
                        continue;
                    }
                    tried.insert(name.clone());
                    let example = error.rsplit('`').nth(1).unwrap_or_default();
                    let value = example.strip_prefix("- ").unwrap_or(example);
                    let is_key = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
                    let value = value.split_once(": ").filter(|(key, _)| is_key(key)).map_or(value, |(_, value)| value);
                    let read = yaml::read(value.as_bytes()).map_err(|error| error.to_string());
                    let result = read.and_then(|value| kind.read(&replaced(&root, &path, &value)));
                    if let Err(refused) = result
                        && !ELSEWHERE.iter().any(|part| refused.contains(part))
                    {
                        wrong.push(format!("{kind:?} {name} {path:?} = {}: {error}\n    {refused}", json(probe)));
                    }
                }
            }
        }
        for mapping in all_mappings(kind.format()) {
            let names = mapping.fields.iter().map(|field| format!("{}.{}", mapping.name, field.name));
            wrong.extend(names.filter(|name| !tried.contains(name)).map(|name| format!("{kind:?}: {name} not tried")));
            let is_mute = |field: &&Field| field.example().contains("text");
            wrong.extend(mapping.fields.iter().filter(is_mute).map(|field| format!("{}: no example", field.name)));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Every change of every sample is accepted by both reader and schema, or by neither, or is listed. So is every
/// document of the repository.
#[test]
fn schema_and_reader_agree() {
    let mut met = BTreeSet::new();
    let mut wrong = Vec::new();
    let kinds = Kind::ALL.map(|kind| (kind, kind.schema()));
    let documents = documents();
    assert!(documents.len() > 100, "only {} documents", documents.len());
    for (name, of_document, root) in &documents {
        for (kind, schema) in kinds.iter().filter(|(kind, _)| std::ptr::eq(kind.format(), *of_document)) {
            match compare(*kind, schema, root, name) {
                Ok(entry) => met.extend(entry),
                Err(error) => wrong.push(error),
            }
        }
    }
    for (kind, schema) in &kinds {
        let probes = probes(kind.format());
        for sample in kind.samples() {
            let root = parse(sample);
            assert_eq!(kind.read(&root), Ok(()), "{sample}");
            for (what, node) in [(String::new(), root.clone())].into_iter().chain(changed(&root, &probes)) {
                match compare(*kind, schema, &node, &what) {
                    Ok(entry) => met.extend(entry),
                    Err(error) => wrong.push(error),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    for (index, (part, reason)) in READER_ONLY.iter().enumerate() {
        assert!(met.contains(&index), "no document meets `{part}` ({reason})");
    }
}

/// The samples have every field of every mapping, so that the comparison above is about all of them.
#[test]
fn samples_have_every_field() {
    for kind in [Kind::Registry(UnknownFields::Deny), Kind::Policy, Kind::Config] {
        let samples: Vec<Json> = kind.samples().into_iter().map(|sample| json(&parse(sample))).collect();
        for mapping in all_mappings(kind.format()) {
            for field in mapping.fields {
                let has = |sample: &Json| sample.to_string().contains(&format!("\"{}\":", field.name));
                assert!(samples.iter().any(has), "{kind:?}: no sample has `{}` of `{}`", field.name, mapping.name);
            }
        }
    }
}

/// Each mapping of a format has its own name, by which the schema refers to it.
#[test]
fn mappings_have_different_names() {
    for kind in Kind::ALL {
        let all = all_mappings(kind.format());
        let below =
            all.iter().filter(|mapping| !kind.format().versions.iter().any(|root| std::ptr::eq(*root, **mapping)));
        let names: Vec<&str> = below.map(|mapping| mapping.name).collect();
        let different: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(names.len(), different.len(), "{names:?}");
    }
}

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The files below a directory of the repository.
fn files(directory: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut left = vec![repository().join(directory)];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(path.read_dir().expect("it is readable").map(|entry| entry.expect("it is readable").path()));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).expect("it is readable")));
        }
    }
    assert!(!found.is_empty(), "{directory} is empty");
    found
}

/// The documents of the repository that are YAML, each with its name and its format.
fn documents() -> Vec<(String, &'static Format, Node)> {
    let mut found: Vec<(String, &'static Format, Node)> = Vec::new();
    let of_format: [(&str, &'static Format); 6] = [
        ("resolver/tests/registries", &registry::FORMAT),
        ("fuzz/seeds/registry_yaml", &registry::FORMAT),
        ("fuzz/regressions/registry_yaml", &registry::FORMAT),
        ("resolver/data/policies", &policy::FORMAT),
        ("fuzz/seeds/policy_yaml", &policy::FORMAT),
        ("fuzz/regressions/policy_yaml", &policy::FORMAT),
    ];
    for (directory, format) in of_format {
        let read = files(directory).into_iter().filter_map(|(name, bytes)| Some((name, yaml::read(&bytes).ok()?)));
        found.extend(read.map(|(name, root)| (name, format, root)));
    }
    for (name, bytes) in files("proptest-regressions/witnesses") {
        let root = yaml::read(&bytes).expect("a witness is YAML");
        found.extend(root.get("registry").map(|root| (name.clone(), &registry::FORMAT, root.clone())));
        found.extend(root.get("policy").map(|root| (name, &policy::FORMAT, root.clone())));
    }
    // The kind of the other files follows from their fields.
    for (name, bytes) in files("examples") {
        let Some(root) = yaml::read(&bytes).ok().filter(|root| root.get("schema_version").is_some()) else { continue };
        let is_registry = root.get("runtimes").is_some() && root.get("providers").is_some();
        let other = if root.get("name").is_some() { &policy::FORMAT } else { &config_format::FORMAT };
        found.push((name, if is_registry { &registry::FORMAT } else { other }, root));
    }
    found
}

/// The tables of docs/formats.md are the output of `slugproof schema FILE --output markdown`.
#[test]
fn formats_page_has_generated_tables() {
    let page = std::fs::read_to_string(repository().join("docs/formats.md")).expect("it is readable");
    for kind in [Kind::Registry(UnknownFields::Deny), Kind::Policy, Kind::Config] {
        let start = format!("<!-- Generated by `slugproof schema {} --output markdown`. -->\n\n", kind.format().name);
        let (_, rest) = page.split_once(&start).unwrap_or_else(|| panic!("the page has no `{start}`"));
        let (shown, _) = rest.split_once("\n<!-- End of the generated tables. -->").expect("the tables end");
        assert_eq!(shown, markdown(kind.format()), "replace the tables of docs/formats.md");
    }
}
