//! Each limit is exact: input at the limit is read, and input above it is rejected.

use slug_resolver::registry::{Arm, Pattern, Runtime};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Provider, Registry, RegistryDocument, limits, yaml};

type Read = fn(usize) -> Result<(), String>;

/// A description of each limit, the limit, and a function that reads a document of a given size.
const LIMITS: [(&str, usize, Read); 18] = [
    ("bytes in a document", limits::DOCUMENT_BYTES, |bytes| document(&format!("a: {}", "b".repeat(bytes - 3)))),
    ("levels of nesting in flow", limits::DEPTH, |depth| document(&nested("[", "x", "]", depth))),
    ("levels of nesting in block", limits::DEPTH, |depth| document(&nested("- ", "x", "", depth))),
    ("anchors", limits::ANCHORS, |anchors| document(&repeated(anchors, |number| format!("&a{number} x")))),
    ("aliases", limits::ALIASES, |aliases| document(&format!("[&a x, {}]", repeated(aliases, |_| "*a".into())))),
    ("secrets that a provider accepts", limits::AUTH_ENV, |secrets| {
        let names = (0..secrets).map(|number| format!("KEY_{number}")).collect::<Vec<_>>();
        registry([Provider::new("p", names, pattern("^p")?)].into())
    }),
    ("key variables", limits::KEY_VARIABLES, |keys| {
        policy("secrets", &repeated(keys, |number| format!("{{key: K{number}, inject: [S]}}")))
    }),
    ("key variables in conditions", limits::KEY_VARIABLES, |keys| {
        rules("model", &repeated(keys, |number| format!("{{when: {{K{number}: set}}, use: m}}")))
    }),
    ("variables that rules for the model use", limits::TEXT_VARIABLES, |texts| {
        rules("model", &format!("[{{use: {}}}]", repeated(texts, |number| format!("$V{number}"))))
    }),
    ("variables that conditions compare", limits::TEXT_VARIABLES, |texts| {
        let compared = |number| format!("{{when: {{V{number}: x}}, inject: [S]}}");
        rules("model: [], secrets", &repeated(texts, compared))
    }),
    // One of the variables decides the model, the others only the runtime.
    ("variables that rules for the runtime use", limits::TEXT_VARIABLES, |texts| {
        let sources = repeated(texts, |number| format!("$V{number}"));
        rules("model", &format!("[{{use: $V0}}], runtime: [{{use: {sources}}}]"))
    }),
    ("names that a policy injects", limits::INJECTED_NAMES, |names| {
        let injects = |number| format!("{{key: K, when: {{V: x}}, inject: [S{number}, S0]}}");
        rules("model: [], secrets", &repeated(names, injects))
    }),
    // The rest of the policy has 23 values, including mapping keys.
    ("values in a policy", limits::POLICY_NODES, |nodes| policy("harness", &repeated(nodes - 23, |_| "h".into()))),
    ("ids of a registry", limits::MODELS, |ids| {
        let ids = repeated(ids, |number| format!("m{number}"));
        let registry = format!(
            "{{schema_version: 1, providers: [{{name: p, display_name: P, protocol: openai, auth_mode: k, \
             auth_env: [K], model_prefix_match: ^p}}], runtimes: {{agent: {{providers: [{{name: p, models: \
             {ids}}}]}}}}}}"
        );
        Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).map(drop).map_err(|error| error.to_string())
    }),
    ("bytes in a model id", limits::SLUG_BYTES, |bytes| {
        let registry = format!(
            "{{schema_version: 1, providers: [{{name: p, auth_env: [K]}}], runtimes: {{agent: {{providers: \
             [{{name: p, models: [m, {}]}}]}}}}}}",
            "i".repeat(bytes)
        );
        Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).map(drop).map_err(|error| error.to_string())
    }),
    ("bytes in a pattern", limits::PATTERN_BYTES, |bytes| pattern(&"b".repeat(bytes)).map(drop)),
    ("size of a pattern", limits::PATTERN_SIZE, |size| pattern(&sized(size)).map(drop)),
    ("size of all patterns", limits::PATTERNS_SIZE, |size| {
        let full = (0..size / limits::PATTERN_SIZE).map(|_| limits::PATTERN_SIZE);
        let sizes = full.chain(Some(size % limits::PATTERN_SIZE).filter(|size| *size > 0)).enumerate();
        let provider =
            |(number, size)| Ok(Provider::new(&format!("p{number}"), vec!["K".into()], pattern(&sized(size))?));
        registry(sizes.map(provider).collect::<Result<_, String>>()?)
    }),
];

#[test]
fn limits_accept_exact_size_and_reject_more() {
    for (what, limit, read) in LIMITS {
        assert_eq!(read(limit), Ok(()), "{limit} {what}");
        let error = read(limit + 1).expect_err(what);
        assert!(
            error.contains(&format!("{} MiB", limit >> 20)) || error.contains(&limit.to_string()),
            "{what}: {error}"
        );
    }
}

/// The position counts the names as they are written: unsorted, and with repetitions.
#[test]
fn limit_on_injected_names_reports_the_written_position() {
    let names = (0..limits::INJECTED_NAMES).rev().map(|number| format!("S{number:03}")).collect::<Vec<_>>();
    let inject = format!("[Z, Z, {}]", names.join(", "));
    let error = rules("model: [], secrets", &format!("[{{inject: {inject}}}]")).expect_err("there is one too many");
    let position = limits::INJECTED_NAMES + 1;
    assert!(error.contains(&format!("`secrets[0].inject[{position}]`: a policy injects at most")), "{error}");
}

/// The limit applies to the size of the registry when it is written back, also with very short lines.
#[test]
fn registry_with_short_lines_reaches_byte_limit() {
    let read = |aliases: usize, name: usize| {
        // The overhead of each line is at its maximum: without quotes the texts would be numbers.
        let aliases = repeated(aliases, |_| "'1'".to_owned());
        let registry = format!(
            "{{schema_version: 1, providers: [{{name: p, display_name: {}, protocol: openai, auth_mode: k, \
             auth_env: [K], model_prefix_match: ^p, model_aliases: {aliases}}}], runtimes: {{agent: \
             {{providers: [{{name: p, models: [m]}}]}}}}}}",
            "P".repeat(name),
        );
        Registry::from_yaml(registry.as_bytes(), UnknownFields::Deny).map_err(|error| error.to_string())
    };
    let bytes = |aliases: usize| read(aliases, 1).expect("the registry is short").to_yaml().len();
    let line = bytes(2) - bytes(1);
    let left = limits::REGISTRY_BYTES - bytes(1);
    let (aliases, name) = (1 + left / line, 1 + left % line);
    assert_eq!(read(aliases, name).map(|registry| registry.to_yaml().len()), Ok(limits::REGISTRY_BYTES));
    let error = read(aliases, name + 1).unwrap_err();
    assert!(error.contains(&limits::REGISTRY_BYTES.to_string()), "{error}");
}

/// The size of a pattern counts automaton positions with repetitions expanded.
#[test]
fn pattern_size_expands_repetitions() {
    for (source, size) in [
        ("a", 1),
        ("abc", 3),
        ("é", 2),
        ("^", 1),
        ("[a-cx]", 2),
        ("(?-u:[a-cx])", 2),
        ("(ab)", 2),
        ("[a-c]x[d-f]", 3),
        ("[a-c]x|[d-f]y", 4),
        ("[a-c]{3}", 4),
        ("(?:[a-c]x){3}", 7),
        ("[a-c]{2,5}", 6),
        ("[a-c]?", 2),
        ("[a-c]*", 2),
        ("[a-c]{4,}", 6),
        ("[a-c]{0}x", 1),
    ] {
        assert_eq!(pattern(source).map(|pattern| pattern.size()), Ok(size), "{source}");
    }
}

fn document(text: &str) -> Result<(), String> {
    yaml::read(text.as_bytes()).map(drop).map_err(|error| error.to_string())
}

fn registry(providers: Vec<Provider>) -> Result<(), String> {
    let arms = vec![Arm { provider: providers[0].name.clone(), ..Arm::default() }];
    let runtimes = vec![Runtime { name: "agent".into(), arms, ..Runtime::default() }];
    Registry::new(RegistryDocument { providers, runtimes, ..RegistryDocument::default() })
        .map(drop)
        .map_err(|error| error.to_string())
}

fn policy(field: &str, value: &str) -> Result<(), String> {
    let policy = format!(
        "{{schema_version: 1, name: n, runtime: R, override: O, platform: {{var: V, value: v, model: M, \
         fallback: x}}, fallback: x, {field}: {value}}}"
    );
    Policy::from_yaml(policy.as_bytes()).map(drop).map_err(|error| error.to_string())
}

fn rules(field: &str, value: &str) -> Result<(), String> {
    let policy = format!("{{schema_version: 2, name: n, {field}: {value}}}");
    Policy::from_yaml(policy.as_bytes()).map(drop).map_err(|error| error.to_string())
}

fn pattern(source: &str) -> Result<Pattern, String> {
    Pattern::new(source).map_err(|error| error.to_string())
}

/// Returns a pattern of the given size.
fn sized(size: usize) -> String {
    if size == 1 { "b".into() } else { format!("[b-d]{{{}}}", size - 1) }
}

fn nested(open: &str, inner: &str, close: &str, depth: usize) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

fn repeated(count: usize, item: impl Fn(usize) -> String) -> String {
    format!("[{}]", (0..count).map(item).collect::<Vec<_>>().join(", "))
}

/// A list of n items counts as n + 2 nodes: its beginning and its end are nodes.
#[test]
fn alias_expansion_exceeding_limit_is_rejected() {
    let read = |items: usize, aliases: usize| {
        let text = format!("a: &a [{}]\nb: [{}]", "x, ".repeat(items), "*a, ".repeat(aliases));
        yaml::read(text.as_bytes()).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(read(limits::ALIAS_NODES / limits::ALIASES - 2, limits::ALIASES), Ok(()));
    let error = read(limits::ALIAS_NODES / limits::ALIASES - 1, limits::ALIASES).unwrap_err();
    assert_eq!(
        error,
        "line 2, column 3965: the document has more nodes repeated by aliases than the limit of 100000; simplify it"
    );
}
