//! The errors of the readers: each says what is wrong, where it is, and what to do.

use std::time::{Duration, SystemTime};

use slug_laws::Witness;
use slug_resolver::policy::{Condition, PickRule, Source, Test};
use slug_resolver::registry::{Pattern, RegistryDocument};
use slug_resolver::yaml::{self, UnknownFields};
use slug_resolver::{Policy, PolicyDocument, Registry, limits};

const REGISTRY: &str = r#"schema_version: 1
providers:
  - name: acme
    display_name: Acme
    protocol: openai
    auth_mode: key
    auth_env: [ACME_KEY]
    model_prefix_match: "^acme/"
    upstream_vendor: acme
  - name: platform
    display_name: Platform
    protocol: anthropic
    auth_mode: key
    auth_env: [USAGE_TOKEN]
    model_prefix_match: "^platform/"
runtimes:
  agent:
    providers:
      - name: acme
        models: [m-1, m-2]
      - name: platform
"#;

fn read(text: &str) -> Result<Registry, String> {
    Registry::from_yaml(text.as_bytes(), UnknownFields::Deny).map_err(|error| error.to_string())
}

/// Replaces one text in a template. Panics if the template does not contain it.
fn edited(template: &str, from: &str, to: &str) -> String {
    assert!(template.contains(from), "{from:?} is not in the template");
    template.replacen(from, to, 1)
}

#[test]
fn invalid_registries_report_place_and_advice() {
    let cases = [
        (
            "schema_version: 1\n",
            "",
            "line 1, column 1: the required field `schema_version` is missing; add `schema_version: 1`",
        ),
        (
            "version: 1",
            "version: 2",
            "line 1, column 17: `schema_version`: expected schema version 1, found the number `2`; write \
             `schema_version: 1`, or use a version of slugproof that knows it",
        ),
        (
            "version: 1",
            "version: '1'",
            "line 1, column 17: `schema_version`: expected schema version 1, found a string; write `schema_version: \
             1`, or use a version of slugproof that knows it",
        ),
        (
            "    auth_env: [ACME_KEY]\n",
            "",
            "line 3, column 5: `providers[0]`: the required field `auth_env` is missing; list the secrets that \
             the provider accepts, or write `auth_env: []` if it needs none",
        ),
        (
            "    auth_env: [ACME_KEY]\n",
            "    auth_env: null\n",
            "line 3, column 5: `providers[0]`: the required field `auth_env` is missing; list the secrets that \
             the provider accepts, or write `auth_env: []` if it needs none",
        ),
        (
            "    protocol: openai\n",
            "    protocol: openai\n    billing: nobody\n",
            "line 6, column 14: `providers[0].billing`: unknown billing `nobody`; write `platform` or `byok`",
        ),
        (
            "display_name: Acme",
            "display_name: ''",
            "line 4, column 19: `providers[0].display_name`: the value is empty; write one",
        ),
        (
            "[ACME_KEY]",
            "[[]]",
            "line 7, column 16: `providers[0].auth_env[0]`: is an empty group; name the secrets that belong together",
        ),
        (
            "[ACME_KEY]",
            "[OTHER, [ACME_ID, ACME_KEY, ACME_ID]]",
            "line 7, column 43: `providers[0].auth_env[1][2]`: `ACME_ID` is in this group already; write it once",
        ),
        (
            "[ACME_KEY]",
            "[[ACME_ID, null]]",
            "line 7, column 26: `providers[0].auth_env[0][1]`: expected a string, found nothing (null); write a \
             value, as in `- ACME_KEY`, or delete it",
        ),
        (
            "models: [m-1, m-2]",
            "models: [m-1, m-2]\n        withdrawn_models: [m-0, m-2]",
            "line 21, column 33: `runtimes.agent.providers[0].withdrawn_models[1]`: `m-2` is in `models` of this arm \
             too; remove it from one of the two",
        ),
        (
            "[ACME_KEY]",
            &format!("[{}]", (0..101).map(|number| format!("KEY_{number}")).collect::<Vec<_>>().join(", ")),
            "line 7, column 15: `providers[0].auth_env`: accepts more than 100 secrets; remove the unused ones",
        ),
        (
            "'^acme/'",
            "''",
            "line 8, column 25: `providers[0].model_prefix_match`: is empty, which would match every model; \
             write a pattern",
        ),
        (
            "name: platform\n    d",
            "name: acme\n    d",
            "line 10, column 11: `providers[1].name`: duplicate provider name `acme`; rename one of the two",
        ),
        (
            "    protocol: openai\n",
            "    protocol: openai\n    protocol: openai\n",
            "line 6, column 5: `providers[0].protocol`: duplicate key `protocol`; keep one of the two",
        ),
        (
            "'^platform/'\n",
            "'^p'\n    upstream_vendor: acme\n",
            "line 16, column 22: `providers[1].upstream_vendor`: duplicate upstream vendor `acme`; a vendor \
             belongs to one provider",
        ),
        (
            "'^acme/'",
            "'(acme'",
            "line 8, column 25: `providers[0].model_prefix_match`: pattern `(acme` does not compile: unclosed \
             group, at character 1; correct it",
        ),
        (
            "'^acme/'",
            "'(a{100}){1000}'",
            "line 8, column 25: `providers[0].model_prefix_match`: pattern `(a{100}){1000}` has size 101001 \
             with repetitions expanded, more than the limit of 8000; shorten them",
        ),
        (
            "openai",
            "grpc",
            "line 5, column 15: `providers[0].protocol`: unknown protocol `grpc`; write `openai` or `anthropic`",
        ),
        (
            "auth_mode",
            "auth_mod",
            "line 6, column 5: `providers[0].auth_mod`: unknown field `auth_mod`; did you mean `auth_mode`?",
        ),
        (
            "name: acme\n    d",
            "name: 1\n    d",
            "line 3, column 11: `providers[0].name`: expected a string, found the number `1`; put it in quotes, as \
             in `name: \"acme\"`",
        ),
        (
            "name: acme\n    d",
            "name: 3.10\n    d",
            "line 3, column 11: `providers[0].name`: expected a string, found a number; put it in quotes, as in \
             `name: \"acme\"`",
        ),
        (
            "name: acme\n    d",
            "name: true\n    d",
            "line 3, column 11: `providers[0].name`: expected a string, found the boolean `true`; put it in quotes, \
             as in `name: \"acme\"`",
        ),
        (
            "name: acme\n    d",
            "name:\n    d",
            "line 3, column 9: `providers[0].name`: expected a string, found nothing (null); write a value, as in \
             `name: acme`, or delete it",
        ),
        (
            "name: acme\n    d",
            "name: !mine acme\n    d",
            "line 3, column 17: not readable as YAML: unsupported tag `!mine`",
        ),
        (
            "[ACME_KEY]",
            "[ACME_KEY, ~]",
            "line 7, column 26: `providers[0].auth_env[1]`: expected a string, found nothing (null); write a value, \
             as in `- ACME_KEY`, or delete it",
        ),
        (
            "[m-1, m-2]",
            "[m-1, '']",
            "line 20, column 23: `runtimes.agent.providers[0].models[1]`: the value is empty; write one",
        ),
        (
            "- name: acme\n        m",
            "- name: nobody\n        m",
            "line 19, column 15: `runtimes.agent.providers[0].name`: no provider is named `nobody`; add it to \
             `providers` or correct the name",
        ),
        (
            "      - name: platform",
            "      - name: acme",
            "line 21, column 15: `runtimes.agent.providers[1].name`: this runtime already has an arm for \
             provider `acme`; merge the two",
        ),
        (
            "runtimes:\n",
            "runtimes:\n  bare:\n    providers: []\n",
            "line 18, column 16: `runtimes.bare.providers`: the runtime has no arms; give it a provider or remove it",
        ),
        (
            "runtimes:\n",
            "runtimes:\n  agent: {providers: [{name: acme}]}\n",
            "line 18, column 3: `runtimes.agent`: duplicate key `agent`; keep one of the two",
        ),
        (
            "runtimes:\n",
            "extra: &x {a: 1}\nmerged:\n  <<: *x\nruntimes:\n",
            "line 18, column 3: merge keys (`<<`) are not part of YAML 1.2; write the fields out",
        ),
        ("[m-1, m-2]", "[m-1, m-2", "line 21, column 13: not readable as YAML: illegal placement of ':' indicator"),
        ("[m-1, m-2]", "*models", "line 20, column 17: not readable as YAML: alias references unknown anchor"),
    ];
    let template = REGISTRY.replace('"', "'");
    read(&template).expect("the template is valid");
    for (from, to, message) in cases {
        assert_eq!(read(&edited(&template, from, to)).unwrap_err(), message, "with {to:?} for {from:?}");
    }
}

#[test]
fn invalid_documents_report_place_and_advice() {
    let cases: [(Vec<u8>, &str); 11] = [
        (b"".to_vec(), "line 1, column 1: the document is empty; is this the right file?"),
        (b"# nothing\n".to_vec(), "line 1, column 1: the document is empty; is this the right file?"),
        (
            b"- a\n".to_vec(),
            "line 1, column 1: expected a mapping, found a list; write its fields, as in `{schema_version: 1, \
             providers: [{name: acme, auth_env: [ACME_KEY]}], runtimes: {agent: {providers: [{name: acme}]}}}`",
        ),
        (
            format!("{REGISTRY}---\n{REGISTRY}").into_bytes(),
            "line 22, column 1: a second document begins here; keep one document in a file",
        ),
        (b"a: \xff".to_vec(), "line 1, column 4: the text is not UTF-8 from here on; save it as UTF-8"),
        (b"\xff\xfea\0".to_vec(), "line 1, column 1: the text is UTF-16; save it as UTF-8"),
        (b"a: \0".to_vec(), "line 1, column 4: not readable as YAML: unexpected character: `\\u{0}'"),
        (
            b"1: a\n".to_vec(),
            "line 1, column 1: expected a string, found the number `1`; put it in quotes, as in `\"1\"`",
        ),
        (
            b"schema_version: 1\nproviders: []\nruntimes: {}\n".to_vec(),
            "line 2, column 12: `providers`: there are no providers; a registry needs at least one",
        ),
        (
            edited(REGISTRY, &REGISTRY[REGISTRY.find("  agent").unwrap()..], "  {}\n").into_bytes(),
            "line 17, column 3: `runtimes`: there are no runtimes; a registry needs at least one",
        ),
        (
            vec![b'#'; limits::DOCUMENT_BYTES + 1],
            "line 1, column 1: the document is larger than 16 MiB; split it or drop what is \
             not needed",
        ),
    ];
    for (bytes, message) in cases {
        let error = Registry::from_yaml(&bytes, UnknownFields::Deny).unwrap_err().to_string();
        assert_eq!(error, message, "{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(80)]));
    }
}

#[test]
fn unusual_valid_registries_are_read() {
    let plain = read(REGISTRY).expect("the template is valid");
    for same in [
        format!("\u{feff}{REGISTRY}"),
        REGISTRY.replace('\n', "\r\n"),
        format!("%YAML 1.2\n---\n{REGISTRY}...\n"),
        edited(REGISTRY, "[m-1, m-2]", "[m-1, !!str m-2, ]"),
        edited(&edited(REGISTRY, "[m-1,", "[&id m-1,"), "upstream_vendor: acme", "upstream_vendor: acme # *id"),
    ] {
        assert_eq!(read(&same), Ok(plain.clone()), "{same}");
    }
    let yes = REGISTRY.replace("name: acme", "name: yes");
    assert_eq!(read(&yes).expect("`yes` is a string").providers()[0].name, "yes");
    let shared = edited(&edited(REGISTRY, "[ACME_KEY]", "&keys [ACME_KEY]"), "[USAGE_TOKEN]", "*keys");
    assert_eq!(read(&shared).expect("aliases are allowed").providers()[1].auth_env.names(), ["ACME_KEY"]);
}

#[test]
fn unknown_fields_are_read_only_if_allowed() {
    let extra = edited(REGISTRY, "schema_version: 1", "schema_version: 1\nowner: someone");
    assert!(read(&extra).is_err());
    let allowed = Registry::from_yaml(extra.as_bytes(), UnknownFields::Allow).expect("allowed");
    assert_eq!(Ok(allowed), read(REGISTRY));
    for owner in ["{2024: x, ~: y, true: z}", "{1: x, '1': y}"] {
        let odd = edited(&extra, "someone", owner);
        assert!(Registry::from_yaml(odd.as_bytes(), UnknownFields::Allow).is_ok(), "{owner}");
    }
    for owner in ["{1: x, 1: y}", "{[a]: 1, [a]: 2}", "{? {a: 1, a: 2} : 1}"] {
        let twice = edited(&extra, "someone", owner);
        assert!(Registry::from_yaml(twice.as_bytes(), UnknownFields::Allow).is_err(), "{owner}");
    }
    let twice = edited(&extra, "owner: someone", "owner: {a: 1, a: 2}");
    let error = Registry::from_yaml(twice.as_bytes(), UnknownFields::Allow).unwrap_err().to_string();
    assert_eq!(error, "line 2, column 15: `owner.a`: duplicate key `a`; keep one of the two");
}

/// Two versions of YAML are in use. Documents that they read differently are rejected.
#[test]
fn ambiguous_yaml_is_rejected() {
    let cases = [
        (
            "a: \u{e9}\nb: x\u{2028}y",
            "line 2, column 5: the character U+2028 is a line break to some readers and none to others; take it \
             out, or write \"\\u2028\" in double quotes",
        ),
        (
            "a: x\u{85}",
            "line 1, column 5: the character U+0085 is a line break to some readers and none to others; take it \
             out, or write \"\\u0085\" in double quotes",
        ),
        (
            "a: &x [b, &y ?c]",
            "line 1, column 14: a word that begins with `?` is a string to some readers and a key to others; \
             put it in quotes",
        ),
        (
            "- &x\n  [{?c: d}]",
            "line 2, column 5: a word that begins with `?` is a string to some readers and a key to others; put \
             it in quotes",
        ),
        (
            "[?c: d]",
            "line 1, column 2: a word that begins with `?` is a string to some readers and a key to others; put \
             it in quotes",
        ),
        (
            "{a: b, ?c: d}",
            "line 1, column 8: a word that begins with `?` is a string to some readers and a key to others; put \
             it in quotes",
        ),
        (
            "\u{feff}a: b\r\nc: [x,\r\n ?d]",
            "line 3, column 2: a word that begins with `?` is a string to some readers and a key to others; put \
             it in quotes",
        ),
        (
            "\u{feff}[?a]",
            "line 1, column 2: a word that begins with `?` is a string to some readers and a key to others; put \
             it in quotes",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(yaml::read(text.as_bytes()).unwrap_err().to_string(), message, "{text:?}");
    }
    for text in
        ["a: \"\\u2028\"", "[\"?a\", '?b', x?]", "? a\n: b", "a: |\n  ?x", "a: ?x\n?b: [c]", "- ?x", "- [a]\n- ?x"]
    {
        assert!(yaml::read(text.as_bytes()).is_ok(), "{text}");
    }
}

/// Each document is rejected early, before it uses much time or memory.
#[test]
fn hostile_documents_exceed_a_limit() {
    let bomb = (1..10).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let uses = vec![format!("*a{}", level - 1); 9].join(", ");
        format!("{text}a{level}: &a{level} [{uses}]\n")
    });
    let cases = [
        (
            "[".repeat(100_000),
            "line 1, column 33: the document has more levels of nesting than the limit of 32; simplify it",
        ),
        (
            "{a: ".repeat(100_000),
            "line 1, column 129: the document has more levels of nesting than the limit of 32; simplify it",
        ),
        (
            (0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
            "line 33, column 33: the document has more levels of nesting than the limit of 32; simplify it",
        ),
        (bomb, "line 6, column 20: the document has more nodes under anchors than the limit of 100000; simplify it"),
        (
            format!("a: &a x\nb: [{}]", "*a, ".repeat(100_000)),
            "line 2, column 4005: the document has more aliases than the limit of 1000; simplify it",
        ),
        (
            (0..2_000).map(|id| format!("a{id}: &a{id} x\n")).collect(),
            "line 1001, column 15: the document has more anchors than the limit of 1000; simplify it",
        ),
        (
            "- x\n".repeat(limits::NODES + 1),
            "line 2000000, column 3: the document has more nodes than the limit of 2000000; simplify it",
        ),
    ];
    for (text, message) in cases {
        let began = processor_time();
        assert_eq!(read(&text).unwrap_err(), message, "{}", &text[..40]);
        assert!(processor_time().saturating_sub(began).as_secs() < 10, "{message} took too long");
    }
}

/// Returns the processor time of this thread, which does not depend on the load of the machine. If the
/// system does not provide it, returns the time of day.
pub fn processor_time() -> Duration {
    let used = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let used = used.and_then(|used| used.split(' ').next()?.parse().ok()).map(Duration::from_nanos);
    used.unwrap_or_else(|| SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
}

#[test]
fn patterns_together_exceed_a_limit() {
    let mut document: RegistryDocument = Registry::embedded().document();
    let template = document.providers[0].clone();
    for number in 0.. {
        let mut provider = template.clone();
        provider.name = format!("copy-{number}");
        provider.upstream_vendor = None;
        provider.model_prefix_match = Pattern::new("^[a-z]{7000}$").expect("below the limit of one");
        document.providers.push(provider);
        if document.providers.len() > 60 {
            break;
        }
    }
    let error = Registry::new(document).unwrap_err().to_string();
    assert!(error.contains("more than the limit of 200000 for one registry"), "{error}");
}

/// A document that is read has no duplicate keys, but a document built in code can have them.
#[test]
fn duplicate_runtime_in_built_document_is_rejected() {
    let document = Registry::embedded().document();
    for runtime in &document.runtimes {
        let mut document = document.clone();
        document.runtimes.push(runtime.clone());
        let name = &runtime.name;
        let error = Registry::new(document).unwrap_err().to_string();
        assert_eq!(error, format!("`runtimes.{name}`: duplicate runtime `{name}`; merge the two"));
    }
}

const POLICY: &str = "schema_version: 1
name: mine
runtime: RUNTIME
defaults: {LLM_PATH: platform}
override: MODEL
platform: {var: LLM_PATH, value: platform, model: PLATFORM_MODEL, fallback: p/m}
secrets:
  - {key: KEY_A, inject: [A]}
  - {key: KEY_B, inject: [B, A]}
dispatch:
  - {runtimes: [agent], keyed: [{key: KEY_A, model: m-1}], model: m-2}
fallback: m-3
templates: {variant: agent}
";

#[test]
fn large_policies_exceed_a_limit() {
    let read = |text: &str| Policy::from_yaml(text.as_bytes()).map(|_| ()).map_err(|error| error.to_string());
    let many = |count: usize| {
        let runtimes: Vec<String> = (0..count).map(|number| format!("r{number}")).collect();
        edited(POLICY, "[agent]", &format!("[{}]", runtimes.join(", ")))
    };
    assert_eq!(read(&many(limits::POLICY_NODES - 100)), Ok(()));
    assert_eq!(
        read(&many(limits::POLICY_NODES)).unwrap_err(),
        "line 1, column 1: the policy has more values than the limit of 10000; simplify it"
    );
    let long = |count: usize| edited(POLICY, "fallback: m-3", &format!("fallback: \"{}\"", "\t".repeat(count)));
    assert_eq!(read(&long(limits::POLICY_BYTES / 2 - 1_000)), Ok(()));
    // A tab is one character in the input and two when it is written back.
    let error = read(&long(limits::POLICY_BYTES / 2)).unwrap_err();
    assert!(error.contains("bytes when written with one value per line, more than the limit of 1048576"), "{error}");
}

/// The error of an invalid pattern is one line and gives the position of the wrong character.
#[test]
fn invalid_patterns_report_character() {
    for (wrong, at) in [("(", 0), ("[", 0), (r"\p{nope}", 0), (r"(?-u:\xff)", 5), ("(?z)", 2), ("b{2,1}", 1)] {
        for before in ["", "a", "éé"] {
            let error = Pattern::new(&format!("{before}{wrong}")).unwrap_err().to_string();
            let suffix = format!(", at character {}; correct it", before.chars().count() + at + 1);
            assert!(error.ends_with(&suffix) && !error.contains('\n'), "{error}");
        }
    }
}

/// A long quote from the input is shortened, so the problem and the advice stay visible.
#[test]
fn long_messages_are_shortened_in_the_middle() {
    let pattern = format!("({}", "a".repeat(4_000));
    let error = read(&edited(REGISTRY, "\"^acme/\"", &pattern)).unwrap_err();
    assert!(error.starts_with("line 8, column 25: `providers[0].model_prefix_match`: pattern `(aaa"), "{error}");
    assert!(error.ends_with("aaa` does not compile: unclosed group, at character 1; correct it"), "{error}");
    assert!(error.chars().count() < 1_000, "{error}");
}

/// The error of an unknown field suggests a similar field, or else lists all known fields.
#[test]
fn unknown_field_suggests_known_fields() {
    let fields = |document: &str| {
        let names = document.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name.to_owned());
        names.filter(|name| !name.contains(['{', ' '])).collect::<Vec<_>>()
    };
    let known = fields(POLICY);
    assert!(known.len() > 5, "{known:?}");
    let refusal = |name: &str| {
        let policy = format!("{name}: 1\n{POLICY}");
        Policy::from_yaml(policy.as_bytes()).expect_err(name).to_string()
    };
    for name in &known {
        for (position, _) in name.char_indices().skip(2) {
            let misspelt = format!("{}{}", &name[..position], &name[position - 1..]);
            let refusal = refusal(&misspelt);
            assert!(refusal.ends_with(&format!("did you mean `{name}`?")), "{misspelt}: {refusal}");
        }
    }
    // The similarity of the second to `name` is just below the threshold.
    for name in ["unheard_of", "namezzzzzzzzzzzz"] {
        let refusal = refusal(name);
        let (_, list) = refusal.split_once("the known fields are ").expect("no field is similar");
        let listed: Vec<&str> = list.split(", ").collect();
        assert!(known.iter().all(|name| listed.contains(&&*format!("`{name}`"))), "{refusal}");
    }
}

#[test]
fn invalid_policies_report_place_and_advice() {
    let cases = [
        ("override: MODEL\n", "", "line 1, column 1: the required field `override` is missing; add it"),
        ("overrid", "overide", "line 5, column 1: `overidee`: unknown field `overidee`; did you mean `override`?"),
        ("name: mine", "name: ''", "line 2, column 7: `name`: the value is empty; write one"),
        (
            "override: MODEL",
            "override: LLM_PATH",
            "line 6, column 17: `platform.var`: `LLM_PATH` already has another role in this policy; use another \
             variable",
        ),
        (
            "override: MODEL",
            "override: MY-MODEL",
            "line 5, column 11: `override`: not a valid variable name; use letters, digits, `_` and `.`",
        ),
        (
            "{key: KEY_A, i",
            "{key: MODEL, i",
            "line 8, column 11: `secrets[0].key`: `MODEL` already has another role in this policy, so slugproof would \
             print the secret; use a separate variable for it",
        ),
        (
            "KEY_B",
            "KEY_A",
            "line 9, column 11: `secrets[1].key`: `KEY_A` already has an entry, which always wins; merge the two",
        ),
        ("[B, A]", "[]", "line 9, column 26: `secrets[1].inject`: the list is empty; name at least one"),
        (
            "[B, A]",
            "[B, ~]",
            "line 9, column 30: `secrets[1].inject[1]`: expected a string, found nothing (null); write a value, as \
             in `- ACME_KEY`, or delete it",
        ),
        (
            "[agent], k",
            "[agent, agent], k",
            "line 11, column 24: `dispatch[0].runtimes[1]`: runtime `agent` already has a dispatch entry; keep \
             one of the two",
        ),
        (
            "m-1}]",
            "m-1}, {key: KEY_A, model: m-4}]",
            "line 11, column 65: `dispatch[0].keyed[1].key`: `KEY_A` already selects a model, which always \
             wins; keep one of the two",
        ),
        (
            "{LLM_PATH: platform}",
            "{LLM_PTH: platform}",
            "line 4, column 21: `defaults.LLM_PTH`: the policy does not read `LLM_PTH`; did you mean `LLM_PATH`?",
        ),
        (
            "{LLM_PATH: platform}",
            "{KEY_A: abc}",
            "line 4, column 19: `defaults.KEY_A`: `KEY_A` is a secret, so a policy must not contain its value; remove \
             the default",
        ),
        (
            "fallback: m-3",
            "fallback: 3",
            "line 12, column 11: `fallback`: expected a string, found the number `3`; put it in quotes, as in \
             `fallback: \"acme-small\"`",
        ),
    ];
    Policy::from_yaml(POLICY.as_bytes()).expect("the template is valid");
    for (from, to, message) in cases {
        let error = Policy::from_yaml(edited(POLICY, from, to).as_bytes()).unwrap_err().to_string();
        assert_eq!(error, message, "with {to:?} for {from:?}");
    }
}

/// A policy of version 2. The line of each field matters to the tests below.
const RULES: &str = "schema_version: 2
name: mine
runtime: RUNTIME
runtimes: [agent, variant]
defaults: {LLM_PATH: platform}
creates: {unless: [{SKIP: '1'}]}
model:
  - {name: override, use: $MODEL}
  - {when: {LLM_PATH: platform, runtime: agent}, use: [$PLATFORM_MODEL, p/m]}
  - {use: m-3}
inject: first
secrets:
  - {when: {LLM_PATH: platform}, path: platform}
  - {key: KEY_A, inject: [A]}
  - {key: KEY_B}
";

fn read_rules(from: &str, to: &str) -> Result<Policy, String> {
    Policy::from_yaml(edited(RULES, from, to).as_bytes()).map_err(|error| error.to_string())
}

/// The condition of the second rule for the model, which the tests replace.
const WHEN: &str = "{LLM_PATH: platform, runtime: agent}";

#[test]
fn invalid_rules_report_place_and_advice() {
    let cases = [
        (
            "schema_version: 2",
            "schema_version: 3",
            "line 1, column 17: `schema_version`: expected schema version 1 or 2, found the number `3`; write \
             `schema_version: 2`, or use a version of slugproof that knows it",
        ),
        ("name: mine\n", "", "line 1, column 1: the required field `name` is missing; add it"),
        ("model:\n", "models:\n", "line 7, column 1: `models`: unknown field `models`; did you mean `model`?"),
        (
            "inject: first\n",
            "overide: MODEL\n",
            "line 11, column 1: `overide`: unknown field `overide`; the known fields are `name`, \
             `schema_version`, `extends`, `harness`, `function`, `runtime`, `runtimes`, `defaults`, `empty_is_set`, \
             `templates`, `creates`, `inject`, `secrets`, `model`",
        ),
        (
            "creates: {unless",
            "creates: {when",
            "line 6, column 11: `creates.when`: unknown field `when`; the known fields are `unless`",
        ),
        (
            ", use: $MODEL}",
            ", uses: $MODEL}",
            "line 8, column 22: `model[0].uses`: unknown field `uses`; did you mean `use`?",
        ),
        (
            "{key: KEY_B}",
            "{kee: KEY_B}",
            "line 15, column 6: `secrets[2].kee`: unknown field `kee`; the known fields are `name`, `key`, \
             `when`, `path`, `inject`",
        ),
        (
            "runtime: RUNTIME",
            "harness: [{uses: action}]",
            "line 3, column 18: `harness[0].uses`: not the name of an action; write `owner/repository`, `./directory` \
             or `docker://image`",
        ),
        (
            "runtime: RUNTIME",
            "harness: [{uses: a/b, inputs: {model: MODLE}}]",
            "line 3, column 39: `harness[0].inputs.model`: the policy does not read `MODLE`; did you mean `MODEL`?",
        ),
        (
            "runtime: RUNTIME",
            "harness: [x, {use: a/b}]",
            "line 3, column 15: `harness[1].use`: unknown field `use`; did you mean `uses`?",
        ),
        ("runtime: RUNTIME", "harness: ['']", "line 3, column 11: `harness[0]`: the value is empty; write one"),
        (", use: $MODEL}", "}", "line 8, column 5: `model[0]`: the required field `use` is missing; add it"),
        (
            "{use: m-3}",
            "m-3",
            "line 10, column 5: `model[2]`: expected a mapping, found a string; write its fields, \
         as in `- {use: acme-large}`",
        ),
        ("inject: first", "inject: all", "line 11, column 9: `inject`: unknown mode; write `first` or `every`"),
        (
            "path: platform}\n",
            "path: byok}\n",
            "line 13, column 40: `secrets[0].path`: unknown path; write `platform`, or remove the field to inject the \
             tenant's keys",
        ),
        (
            WHEN,
            "{LLM_PATH: unset}",
            "line 9, column 23: `model[1].when.LLM_PATH`: `LLM_PATH` has a default, so the condition can never \
             hold; remove the default or the test",
        ),
        (
            "{LLM_PATH: platform}, path",
            "{LLM_PATH: unset}, path",
            "line 13, column 23: `secrets[0].when.LLM_PATH`: `LLM_PATH` has a default, so the condition can \
             never hold; remove the default or the test",
        ),
        (
            "{SKIP: '1'}",
            "{LLM_PATH: unset}",
            "line 6, column 31: `creates.unless[0].LLM_PATH`: `LLM_PATH` has a default, so the condition can \
             never hold; remove the default or the test",
        ),
        (
            "runtime: RUNTIME",
            "runtime: [{when: {LLM_PATH: unset}, use: agent}]",
            "line 3, column 29: `runtime[0].when.LLM_PATH`: `LLM_PATH` has a default, so the condition can \
             never hold; remove the default or the test",
        ),
        (
            WHEN,
            "{runtime: nobody}",
            "line 9, column 22: `model[1].when.runtime`: no runtime in `runtimes` meets this condition, so it can \
             never hold; correct one of the two",
        ),
        (
            WHEN,
            "{runtime: {not: [variant, agent]}}",
            "line 9, column 22: `model[1].when.runtime`: no runtime in `runtimes` meets this condition, so it can \
             never hold; correct one of the two",
        ),
        (
            "{LLM_PATH: platform}, path",
            "{runtime: [nobody, other]}, path",
            "line 13, column 22: `secrets[0].when.runtime`: no runtime in `runtimes` meets this condition, so it can \
             never hold; correct one of the two",
        ),
        (
            "{SKIP: '1'}",
            "{runtime: nobody}",
            "line 6, column 30: `creates.unless[0].runtime`: no runtime in `runtimes` meets this condition, so it can \
             never hold; correct one of the two",
        ),
        (
            "{use: m-3}",
            "{use: m-3}\n  - {use: m-4}",
            "line 11, column 5: `model[3]`: `model[2]` always applies, so this rule can never apply; move it up or \
             delete it",
        ),
        (
            "{name: override, use: $MODEL}",
            "{use: none}",
            "line 9, column 5: `model[1]`: `model[0]` always applies, so this rule can never apply; move it up or \
             delete it",
        ),
        (
            "{name: override, use: $MODEL}",
            "{use: [$MODEL, m-4]}",
            "line 9, column 5: `model[1]`: `model[0]` always applies, so this rule can never apply; move it up or \
             delete it",
        ),
        (
            "{key: KEY_A, inject",
            "{inject",
            "line 15, column 5: `secrets[2]`: `secrets[1]` always applies, so this rule can never apply; move it up or \
             delete it",
        ),
        (
            "inject: first\nsecrets:\n",
            "inject: every\nsecrets:\n  - {path: platform}\n",
            "line 14, column 5: `secrets[1]`: `secrets[0]` always applies, so this rule can never apply; move it up or \
             delete it",
        ),
        (
            "runtime: RUNTIME",
            "runtime: [{use: agent}, {use: $RUNTIME}]",
            "line 3, column 25: `runtime[1]`: `runtime[0]` always applies, so this rule can never apply; move it up or \
             delete it",
        ),
        (
            "{SKIP: '1'}",
            "{}",
            "line 6, column 20: `creates.unless[0]`: the condition always holds, so nothing is ever created; \
             add a test",
        ),
        (
            "key: KEY_A",
            "key: LLM_PATH",
            "line 14, column 11: `secrets[1].key`: the value of `LLM_PATH` is compared or used elsewhere in \
             this policy, so slugproof would print the secret; use a separate variable for it",
        ),
        (
            "key: KEY_A",
            "key: MODEL",
            "line 14, column 11: `secrets[1].key`: the value of `MODEL` is compared or used elsewhere in this \
             policy, so slugproof would print the secret; use a separate variable for it",
        ),
        (
            "{SKIP: '1'}",
            "{KEY_A: {host: a.example}}",
            "line 14, column 11: `secrets[1].key`: the value of `KEY_A` is compared or used elsewhere in this \
             policy, so slugproof would print the secret; use a separate variable for it",
        ),
        (
            "{key: KEY_B}",
            "{key: KEY_B, when: {KEY_B: set}}",
            "line 15, column 32: `secrets[2].when.KEY_B`: `key` already requires this variable to be set; remove `key` \
             or this test",
        ),
        (
            "{LLM_PATH: platform}\n",
            "{KEY_A: abc}\n",
            "line 5, column 19: `defaults.KEY_A`: `KEY_A` is a secret, so a policy must not contain its value; remove \
             the default",
        ),
        (
            "{LLM_PATH: platform}\n",
            "{LLM_PTH: platform}\n",
            "line 5, column 21: `defaults.LLM_PTH`: the policy does not read `LLM_PTH`; did you mean `LLM_PATH`?",
        ),
        (
            "defaults:",
            "empty_is_set: [KEY_C]\ndefaults:",
            "line 5, column 16: `empty_is_set[0]`: the policy does not read this variable; did you mean `KEY_B`?",
        ),
        (
            "{key: KEY_B}",
            "{path: platform, inject: [A]}",
            "line 15, column 30: `secrets[2].inject`: nothing is injected on the platform path; remove `path` or \
             `inject`",
        ),
        (
            "{key: KEY_B}",
            "{when: {KEY_B: set}}",
            "line 15, column 5: `secrets[2]`: the rule has no effect; add `inject`, `key` or `path: platform`",
        ),
        ("[A]", "[]", "line 14, column 26: `secrets[1].inject`: the list is empty; name at least one"),
        (
            "[A]",
            "[A, 'A=canary']",
            "line 14, column 30: `secrets[1].inject[1]`: `A=…` is not the name of a secret; write the name \
             alone, and never the value",
        ),
        (
            "[$PLATFORM_MODEL, p/m]",
            "[p/m, $PLATFORM_MODEL]",
            "line 9, column 56: `model[1].use[0]`: a text is always available, so the entries after it are never used; \
             put it last",
        ),
        (
            "[$PLATFORM_MODEL, p/m]",
            "[]",
            "line 9, column 55: `model[1].use`: the list is empty; write a model, `$VARIABLE` or `none`",
        ),
        (
            "[$PLATFORM_MODEL, p/m]",
            "[$PLATFORM_MODEL, '']",
            "line 9, column 73: `model[1].use[1]`: the value is empty; write one",
        ),
        ("$MODEL}", "'${MODEL}'}", "line 8, column 27: `model[0].use`: a variable has no braces here; write `$MODEL`"),
        (
            "$MODEL}",
            "$}",
            "line 8, column 27: `model[0].use`: `$` needs the name of a variable after it; write `$$` for a dollar \
             sign",
        ),
        (
            "$MODEL}",
            "$1}",
            "line 8, column 27: `model[0].use`: `$` needs the name of a variable after it; write `$$` for a dollar \
             sign",
        ),
        (
            "$MODEL}",
            "$MODEL-x}",
            "line 8, column 27: `model[0].use`: `$` needs the name of a variable after it; write `$$` for a dollar \
             sign",
        ),
        (
            "$MODEL}",
            "acme/$MODEL}",
            "line 8, column 27: `model[0].use`: `$VARIABLE` cannot be part of a longer text; use it alone, or write \
             `$$` for a dollar sign",
        ),
        (
            "[$PLATFORM_MODEL, p/m]",
            "[$PLATFORM_MODEL, p$]",
            "line 9, column 73: `model[1].use[1]`: `$VARIABLE` cannot be part of a longer text; use it alone, or write \
             `$$` for a dollar sign",
        ),
        (
            "use: m-3",
            "use: 3",
            "line 10, column 11: `model[2].use`: expected a string, found the number `3`; put it in quotes, as in \
             `use: \"acme-large\"`",
        ),
        (WHEN, "{LLM_PATH: []}", "line 9, column 23: `model[1].when.LLM_PATH`: the list is empty; name at least one"),
        (
            WHEN,
            "{LLM_PATH: {not: []}}",
            "line 9, column 29: `model[1].when.LLM_PATH.not`: the list is empty; name at least one",
        ),
        (
            WHEN,
            "{LLM_PATH: ''}",
            "line 9, column 23: `model[1].when.LLM_PATH`: an empty variable counts as unset, so no value is the empty \
             text; write `set` or `unset`",
        ),
        (
            WHEN,
            "{LLM_PATH: {nt: platform}}",
            "line 9, column 23: `model[1].when.LLM_PATH`: unknown test; write `set`, `unset`, a text, a list of \
             texts, `{not: …}` or `{host: …}`",
        ),
        (
            WHEN,
            "{LLM_PATH: {host: a.example, not: x}}",
            "line 9, column 41: `model[1].when.LLM_PATH.not`: unknown field `not`; the known fields are `host`",
        ),
        (
            WHEN,
            "{LLM_PATH: {host: https://a.example/}}",
            "line 9, column 30: `model[1].when.LLM_PATH.host`: not a host name; write it without scheme, port and path",
        ),
        (
            WHEN,
            "{LLM_PATH: {host: 'a.example:443'}}",
            "line 9, column 30: `model[1].when.LLM_PATH.host`: not a host name; write it without scheme, port and path",
        ),
        (
            WHEN,
            "{LLM_PATH: {host: ''}}",
            "line 9, column 30: `model[1].when.LLM_PATH.host`: not a host name; write it without scheme, port and path",
        ),
        (
            WHEN,
            "{LLM_PATH: true}",
            "line 9, column 23: `model[1].when.LLM_PATH`: expected a string, found the boolean `true`; put it in \
             quotes, as in `\"set\"`",
        ),
        (
            WHEN,
            "{LLM-PATH: x}",
            "line 9, column 23: `model[1].when.LLM-PATH`: not a valid variable name; use letters, digits, `_` \
             and `.`",
        ),
        (
            WHEN,
            "{LLM_PATH: x, LLM_PATH: y}",
            "line 9, column 26: `model[1].when.LLM_PATH`: duplicate key `LLM_PATH`; keep one of the two",
        ),
        (
            WHEN,
            "{runtime: set}",
            "line 9, column 22: `model[1].when.runtime`: a runtime is always set; write `[set]` for its name",
        ),
        (WHEN, "{runtime: []}", "line 9, column 22: `model[1].when.runtime`: the list is empty; name at least one"),
        (
            WHEN,
            "[LLM_PATH]",
            "line 9, column 12: `model[1].when`: expected a mapping, found a list; write its \
         fields, as in `when: {MODE: set}`",
        ),
        ("name: override", "name: ''", "line 8, column 12: `model[0].name`: the value is empty; write one"),
        (
            "runtime: RUNTIME",
            "runtime: RUNTIME\nfunction: {source: [], model: pick}",
            "line 4, column 20: `function.source`: the list is empty; name at least one",
        ),
        (
            "runtime: RUNTIME",
            "runtime: RUNTIME\nfunction: {source: ['', lib.sh], model: pick}",
            "line 4, column 21: `function.source[0]`: the value is empty; write one",
        ),
        (
            "runtime: RUNTIME",
            "runtime: RUNTIME\nfunction: {source: lib.sh, model: ''}",
            "line 4, column 35: `function.model`: the value is empty; write one",
        ),
        (
            "runtime: RUNTIME",
            "runtime: RUNTIME\nfunction: {source: lib.sh, model: pick, secrets: ''}",
            "line 4, column 50: `function.secrets`: the value is empty; write one",
        ),
        (
            "runtime: RUNTIME",
            "runtime: RUNTIME\nfunction: {model: pick}",
            "line 4, column 11: `function`: the required field `source` is missing; add it",
        ),
        (
            "runtime: RUNTIME",
            "runtime: [{use: none}]",
            "line 3, column 17: `runtime[0].use`: `none` picks no runtime; name a runtime, or write `[none]` if its \
             name is `none`",
        ),
        (
            "runtime: RUNTIME",
            "runtime: [{when: {runtime: agent}, use: agent}]",
            "line 3, column 28: `runtime[0].when.runtime`: a rule for the runtime cannot depend on the runtime; \
             test a variable",
        ),
        (
            "runtime: RUNTIME",
            "runtime: []",
            "line 3, column 10: `runtime`: the list is empty; add a rule or delete the field",
        ),
        (
            "runtime: RUNTIME",
            "runtime: $RUNTIME",
            "line 3, column 10: `runtime`: not a valid variable name; use letters, digits, `_` and `.`",
        ),
        (
            "runtime: RUNTIME",
            "runtime: [{use: [$RUNTIME, nobody]}]",
            "line 3, column 28: `runtime[0].use[1]`: the field `runtimes` does not have `nobody`; add it there or \
             correct the rule",
        ),
        (
            "runtime: RUNTIME",
            "runtime: [{when: {SKIP: '1'}, use: nobody}, {use: $RUNTIME}]",
            "line 3, column 36: `runtime[0].use`: the field `runtimes` does not have `nobody`; add it there or \
             correct the rule",
        ),
        (
            "{LLM_PATH: platform}\ncreates",
            "{LLM_PATH: platform, RUNTIME: nobody}\ncreates",
            "line 5, column 41: `defaults.RUNTIME`: the field `runtimes` does not have `nobody`; add it there or \
             correct the default",
        ),
        ("[agent, variant]", "[agent, '']", "line 4, column 19: `runtimes[1]`: the value is empty; write one"),
        (
            "runtime: RUNTIME",
            "extends: nobody",
            "line 3, column 10: `extends`: no embedded policy has this name; write `full-saas` or \
             `reconciler`",
        ),
    ];
    Policy::from_yaml(RULES.as_bytes()).expect("the template is valid");
    for (from, to, message) in cases {
        assert_eq!(read_rules(from, to).unwrap_err(), message, "with {to:?} for {from:?}");
    }
}

/// Each of these is next to a form that is refused.
#[test]
fn unusual_valid_rules_are_read() {
    let valid = [
        ("inject: first", "inject: every\nempty_is_set: [KEY_A]"),
        ("inject: first\nsecrets:\n", "inject: every\nsecrets:\n  - {inject: [ALWAYS]}\n"),
        ("{key: KEY_A, inject", "{when: {KEY_A: set}, inject"),
        ("{key: KEY_A, inject", "{key: KEY_A, when: {KEY_B: unset}, inject"),
        ("path: platform}\n", "inject: [ALWAYS]}\n"),
        ("runtime: RUNTIME\nruntimes: [agent, variant]", "runtime: [{use: [none]}]\nruntimes: [agent, none]"),
        ("runtime: RUNTIME\nruntimes: [agent, variant]\n", "runtime: [{use: [nobody]}]\n"),
        ("{LLM_PATH: platform}\ncreates", "{LLM_PATH: platform, RUNTIME: variant}\ncreates"),
        ("runtime: RUNTIME", "runtime: [{when: {LLM_PATH: {not: x}}, use: agent}, {use: $RUNTIME}]"),
        ("runtime: RUNTIME\n", ""),
        ("defaults:", "empty_is_set: [LLM_PATH]\ndefaults:"),
        ("m-3", "[none]"),
        ("m-3", "$$MODEL$$"),
        ("m-3", "none"),
        (WHEN, "{LLM_PATH: [set]}"),
        (WHEN, "{LLM_PATH: {not: set}}"),
        (WHEN, "{LLM_PATH: set, OTHER: unset}"),
        (WHEN, "{LLM_PATH: {host: '[::1]'}}"),
        (WHEN, "{runtime: {not: agent}}"),
        (WHEN, "{inputs.model: x}"),
        ("creates: {unless: [{SKIP: '1'}]}", "creates: {unless: []}"),
    ];
    for (from, to) in valid {
        let text = edited(RULES, from, to);
        let policy = Policy::from_yaml(text.as_bytes()).unwrap_or_else(|error| panic!("{error}:\n{text}"));
        assert_eq!(Policy::from_yaml(policy.to_yaml().as_bytes()), Ok(policy), "{text}");
    }
}

#[test]
fn long_rule_name_is_rejected() {
    let named = |length| read_rules("name: override", &format!("name: {}", "n".repeat(length)));
    assert!(named(limits::RULE_NAME_BYTES).is_ok());
    let error = named(2_000_000).unwrap_err();
    assert_eq!(
        error,
        "line 8, column 12: `model[0].name`: the name has 2000000 bytes, more than the limit of 200; shorten it"
    );
    let error = read_rules("{key: KEY_B}", &format!("{{key: KEY_B, name: {}}}", "n".repeat(201))).unwrap_err();
    assert!(error.starts_with("line 15, column 24: `secrets[2].name`: the name has 201 bytes"), "{error}");
}

#[test]
fn policy_exceeding_key_limit_is_rejected() {
    let secrets: String =
        (0..=limits::KEY_VARIABLES).map(|key| format!("  - {{key: KEY_{key}, inject: [A]}}\n")).collect();
    let policy = edited(POLICY, "  - {key: KEY_A, inject: [A]}\n  - {key: KEY_B, inject: [B, A]}\n", &secrets);
    let error = Policy::from_yaml(policy.as_bytes()).unwrap_err().to_string();
    assert_eq!(error, "line 72, column 11: `secrets[64].key`: a policy has at most 64 key variables; split the policy");
}

/// A document that is read has no duplicate keys, but a document built in code can have them.
#[test]
fn repeated_test_in_built_document_is_rejected() {
    let mut document = PolicyDocument::new("mine", "RUNTIME", "m");
    document.model[0].when = Condition::default().and("A", Test::Set).and("B", Test::Set).and("A", Test::Unset);
    let error = Policy::new(document).unwrap_err().to_string();
    assert_eq!(error, "`model[0].when.A`: the condition already tests this variable; merge the two");
}

/// A policy takes the fields of another one, except the fields that it gives itself.
#[test]
fn extending_policy_takes_other_fields() {
    let base = Policy::embedded("full-saas").expect("ships with the crate");
    let text = "schema_version: 2\nname: weak\nextends: full-saas\nmodel: [{use: $WEAK_MODEL}]\n";
    let policy = Policy::from_yaml(text.as_bytes()).expect("the document is valid");
    let mut expected = base.document().clone();
    expected.name = "weak".to_owned();
    let variable = Source::Variable("WEAK_MODEL".to_owned());
    expected.model = vec![PickRule { name: None, ..PickRule::always("", [variable]) }];
    assert_eq!(policy.document(), &expected);

    // A field of the base has no place in the document.
    let text = "schema_version: 2\nname: weak\nextends: full-saas\nmodel: [{use: $E2E_OPENAI_API_KEY}]\n";
    let error = Policy::from_yaml(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        error,
        "line 3, column 10: `extends`: `secrets[4].key` of `full-saas`: the value of `E2E_OPENAI_API_KEY` is compared \
         or used elsewhere in this policy, so slugproof would print the secret; use a separate variable for it"
    );

    // What the base gives is checked together with the fields of the extending policy.
    let text = "schema_version: 2\nname: weak\nextends: full-saas\ndefaults: {E2E_OTHER: x}\n";
    let error = Policy::from_yaml(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        error,
        "line 4, column 23: `defaults.E2E_OTHER`: the policy does not read `E2E_OTHER`; did you mean `E2E_RUNTIME`?"
    );
}

/// A policy takes over only what is said about variables that its own rules read.
#[test]
fn extending_policy_drops_what_no_rule_reads() {
    let base = "schema_version: 2\nname: base\nruntime: RUNTIME\ndefaults: {RUNTIME: agent, LLM_PATH: byok}\n\
                empty_is_set: [KEY_A, KEY_B]\nmodel: [{when: {LLM_PATH: byok}, use: m}]\n\
                secrets: [{key: KEY_A}, {key: KEY_B}]\n";
    let base = Policy::from_yaml(base.as_bytes()).expect("the document is valid");
    let read = |fields: &str| {
        let text = format!("schema_version: 2\nname: other\nextends: base\n{fields}");
        let root = yaml::read(text.as_bytes()).expect("the text is YAML");
        let mut find = |_: &str| Ok(base.document().clone());
        Policy::from_node_extending(yaml::Cursor::root(&root), &mut find).map_err(|error| error.to_string())
    };
    let policy = read("secrets: [{key: KEY_B}, {key: KEY_C}]\nmodel: [{use: m}]\n").expect("the document is valid");
    assert_eq!(policy.document().empty_is_set, ["KEY_B"]);
    assert_eq!(policy.document().defaults.keys().collect::<Vec<_>>(), ["RUNTIME"]);
    // What the policy itself says has to be about a variable that it reads.
    let error = read("secrets: [{key: KEY_B}]\nempty_is_set: [KEY_A]\n").unwrap_err();
    assert!(error.contains("`empty_is_set[0]`: the policy does not read this variable"), "{error}");
}

#[test]
fn embedded_data_are_read_back_equal() {
    let registry = Registry::embedded();
    assert_eq!(read(&registry.to_yaml()), Ok(registry));
    for policy in Policy::all_embedded() {
        assert_eq!(Policy::from_yaml(policy.to_yaml().as_bytes()), Ok(policy));
    }
}

#[test]
fn invalid_witnesses_report_place_and_advice() {
    let inline = format!(
        "schema_version: 1\nregistry:\n{}policy: full-saas\nruntime: agent\n",
        edited(REGISTRY, "name: platform\n    d", "name: acme\n    d")
            .lines()
            .map(|line| format!("  {line}\n"))
            .collect::<String>()
    );
    let cases = [
        (
            "schema_version: 1\nlaw: no-such\nregistry: embedded\npolicy: full-saas\nruntime: r\n".to_owned(),
            "line 2, column 6: `law`: no law is called `no-such`; `slugproof prove --laws` lists them",
        ),
        (
            "schema_version: 1\nregistry: mine\npolicy: full-saas\nruntime: r\n".to_owned(),
            "line 2, column 11: `registry`: no registry is called `mine`; write `embedded` or the registry itself",
        ),
        (
            inline,
            "line 12, column 13: `registry.providers[1].name`: duplicate provider name `acme`; rename one of the two",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(Witness::from_yaml(text.as_bytes()).unwrap_err().to_string(), message);
    }
}
