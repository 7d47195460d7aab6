//! Generates a test case from a stream of choices.
//!
//! Random testing and fuzzing share this generator; they differ in the source of the
//! choices: random numbers, or the bytes of a fuzz input. The first option of every choice
//! is the simplest, and every part draws a fixed number of choices, so that a case shrinks
//! by lowering choices towards zero without shifting its other parts. A test measures the
//! coverage of the generator.

use std::collections::BTreeMap;
use std::sync::Arc;

use arbitrary::Unstructured;
use slug_resolver::policy::{
    Action, Condition, Creates, Harness, InjectMode, Membership, Pick, PickRule, SecretsEffect, SecretsRule, Source,
    Test,
};
use slug_resolver::registry::{Arm, PLATFORM, Pattern, Protocol, Runtime};
use slug_resolver::{AuthEnv, Billing, Code, Policy, PolicyDocument, Provider, Registry, RegistryDocument};

use crate::case::TestCase;
use crate::dataset::Dataset;
use crate::policy_v1::{DispatchEntry, KeyedModel, PlatformPath, PolicyV1, SecretsEntry};
use crate::reference::variable_names;

/// The number of choices that [`case`] draws.
pub const CHOICES: usize = 1024;

/// A stream of choices; after its end, every choice is the first option.
pub struct Choices<'c>(&'c [u16]);

impl<'c> Choices<'c> {
    /// Reads choices from numbers.
    #[must_use]
    pub fn new(numbers: &'c [u16]) -> Self {
        Self(numbers)
    }

    /// The number of remaining choices.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.len()
    }

    /// A number below `bound`; zero for a `bound` of zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        (usize::from(first) * bound) >> 16
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) + 1 == n
    }

    fn of<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.below(options.len())]
    }

    /// A subset of `options` in any rotation, forwards or backwards. Draws one choice for each
    /// option and two more.
    fn some_of<T: Copy>(&mut self, options: &[T]) -> Vec<T> {
        let turn = self.below(options.len());
        let backwards = self.one_in(3);
        let turned = options[turn..].iter().chain(&options[..turn]);
        let mut chosen: Vec<T> = turned.filter(|_| self.one_in(2)).copied().collect();
        if backwards {
            chosen.reverse();
        }
        chosen
    }
}

const PROVIDERS: [&str; 8] = [PLATFORM, "acme", "acme-eu", "zeta", "Platform", "höhe", " acme", "omega"];

/// Patterns that overlap on purpose: anchored and unanchored, case-sensitive and
/// case-insensitive, with characters whose case folds out of ASCII.
const PATTERNS: [&str; 16] = [
    "^acme[:/]",
    "^m-",
    "m",
    "(?i)^m-",
    "^platform/",
    "^(m-1|m-2)$",
    ".",
    "(?i)k",
    "^[a-z]+[:/]",
    r"\d$",
    "^ζ",
    r"\bm\b",
    "(?i)^acme",
    "(ab|a)*-9",
    r"^\pL{1,4}-[0-9]+$",
    "^m-1$|^K",
];

/// Model ids: one in several spellings, ids that only a pattern matches, and ids that can never
/// be chosen because a model is trimmed and an id is not.
const IDS: [&str; 14] = [
    "m-1",
    "acme/m-1",
    "acme:m-1",
    "M-1",
    "m-2",
    "platform/m-1",
    "k-1",
    "\u{212a}-1",
    "ζ-9",
    "m-1 ",
    "zz",
    "abaab-9",
    "m-1\nm-2",
    "1",
];

/// Few ids, so that several arms withdraw the same one.
const WITHDRAWN: [&str; 3] = ["m-1", "zz", "1"];

const BLANKS: [&str; 4] = [" ", "\t\n", "\u{a0}", "\u{2003}\u{85}"];

/// Names of secrets; the last one begins with the first, but is a different name.
const SECRETS: [&str; 6] = ["ACME_KEY", "ACME_TOKEN", "ZETA_KEY", "PLATFORM_TOKEN", "SHARED_KEY", "ACME_KEY_EU"];

const RUNTIMES: [&str; 4] = ["agent", "studio", "Agent", "agent "];

/// Runtimes that are never in a registry.
const STRANGE_RUNTIMES: [&str; 3] = ["", "nowhere", "agënt"];

const KEYS: [&str; 4] = ["KEY_A", "KEY_B", "KEY_C", "KEY_D"];

/// A case from a stream of choices.
#[must_use]
pub fn case(choices: &mut Choices<'_>) -> TestCase {
    let registry = registry(choices);
    case_for_dataset(&dataset(registry, choices), choices)
}

/// A dataset with a policy of either version.
#[must_use]
pub fn dataset(registry: Registry, choices: &mut Choices<'_>) -> Arc<Dataset> {
    let is_v1 = !choices.one_in(2);
    let (v1, policy) = (policy_v1(choices), policy(choices));
    if is_v1 {
        Dataset::with_policy_v1(registry, v1).expect("the vocabulary makes only valid policies")
    } else {
        Dataset::new(registry, policy)
    }
}

/// A case from a fuzz input.
#[must_use]
pub fn case_of(bytes: &[u8]) -> TestCase {
    let (numbers, text) = input(bytes);
    let mut case = case(&mut Choices::new(&numbers));
    if !text.is_empty() {
        // A spelling outside the vocabulary.
        case.variables.insert("MODEL".to_owned(), text.to_owned());
    }
    case
}

/// A large registry from a fuzz input, and a model that is probably not in it.
#[must_use]
pub fn large_registry_of(bytes: &[u8]) -> (Registry, &str) {
    let (numbers, text) = input(bytes);
    (enlarged(&registry(&mut Choices::new(&numbers))), text)
}

/// The choices of a fuzz input, and the rest of it as text; empty if the rest is not UTF-8.
fn input(bytes: &[u8]) -> (Vec<u16>, &str) {
    let mut bytes = Unstructured::new(bytes);
    // A single remaining byte is text, not half a choice.
    let choice = |_| if bytes.len() < 2 { None } else { bytes.arbitrary().ok() };
    let numbers = (0..CHOICES).map_while(choice).collect();
    (numbers, std::str::from_utf8(bytes.take_rest()).unwrap_or_default())
}

/// The number of copies of the generated catalogue in a large registry.
const COPIES: usize = 4;

/// The registry with copies of its catalogue and its arms under other names.
fn enlarged(registry: &Registry) -> Registry {
    let mut document = registry.document();
    for copy in 1..COPIES {
        document.providers.extend(registry.providers().iter().cloned().map(|mut provider| {
            provider.name = format!("{}-{copy}", provider.name);
            provider.upstream_vendor = None;
            provider
        }));
        for (runtime, original) in document.runtimes.iter_mut().zip(registry.runtimes()) {
            runtime.arms.extend(original.arms.iter().cloned().map(|mut arm| {
                arm.provider = format!("{}-{copy}", arm.provider);
                arm.models.iter_mut().for_each(|model| *model = format!("{model}-{copy}"));
                arm
            }));
        }
    }
    Registry::new(document).expect("a copy under another name is valid")
}

/// A registry from a stream of choices.
#[must_use]
pub fn registry(choices: &mut Choices<'_>) -> Registry {
    let mut names = choices.some_of(&PROVIDERS);
    if names.is_empty() {
        names.push(PLATFORM);
    }
    let catalogue: Vec<Provider> = PROVIDERS.iter().map(|name| provider(name, choices)).collect();
    let find = |name: &&str| catalogue.iter().find(|provider| provider.name == **name).cloned();
    let providers: Vec<Provider> = names.iter().filter_map(find).collect();

    let mut runtimes = Vec::new();
    for name in RUNTIMES {
        let order = choices.some_of(&PROVIDERS);
        let display_name = choices.one_in(8).then(|| "Agent: \"one\"".to_owned());
        let arms: Vec<Arm> = PROVIDERS.iter().map(|provider| arm(provider, choices)).collect();
        let native = |name: &&str| arms.iter().find(|arm| arm.provider == **name && names.contains(name)).cloned();
        let arms: Vec<Arm> = order.iter().filter_map(native).collect();
        if !arms.is_empty() {
            runtimes.push(Runtime { name: name.to_owned(), display_name, arms });
        }
    }
    if runtimes.is_empty() {
        let arm = Arm { provider: providers[0].name.clone(), ..Arm::default() };
        runtimes.push(Runtime { name: RUNTIMES[0].to_owned(), arms: [arm].into(), ..Runtime::default() });
    }
    let words = |code: Code| (code, format!("PLATFORM: {}", code.as_str()));
    let platform_error = Code::ALL.into_iter().filter(|_| choices.one_in(8)).map(words).collect();
    let document = RegistryDocument { platform_error, providers, runtimes };
    Registry::new(document).expect("the vocabulary makes only valid registries")
}

fn provider(name: &str, choices: &mut Choices<'_>) -> Provider {
    let pattern = choices.of(&PATTERNS);
    let mut auth_env = choices.some_of(&SECRETS);
    auth_env.truncate(3);
    let spare = choices.of(&SECRETS);
    let is_keyless = choices.one_in(8);
    if auth_env.is_empty() {
        auth_env.push(spare);
    }
    let alone = |names: &[&'static str]| names.iter().map(|name| vec![*name]).collect::<Vec<_>>();
    let items = match (choices.below(4), auth_env.as_slice()) {
        _ if is_keyless => Vec::new(),
        (3, [first, second, rest @ ..]) => [vec![vec![*first, *second]], alone(rest)].concat(),
        (2, [rest @ .., second, last]) => [alone(rest), vec![vec![*second, *last]]].concat(),
        (_, names) => alone(names),
    };
    let credentials = AuthEnv::of_items(items.iter().map(|item| owned(item)));
    let alias = choices.of(&IDS);
    let has_aliases = choices.one_in(4);
    let has_pattern = !choices.one_in(8);
    let pattern = Pattern::new(pattern).expect("the vocabulary holds valid patterns");
    let mut provider = Provider::new(name, credentials, if has_pattern { pattern } else { Pattern::none() });
    provider.display_name = choices.one_in(2).then(|| "A \"provider\": #1".to_owned());
    provider.protocol = choices.of(&[None, Some(Protocol::Openai), Some(Protocol::Anthropic)]);
    provider.auth_mode = choices.of(&[None, None, Some("key"), Some("none")]).map(str::to_owned);
    provider.billing = choices.of(&[None, None, None, None, Some(Billing::Byok), Some(Billing::Platform)]);
    provider.base_url_template = choices.one_in(4).then(|| "https://api.example/{region}".to_owned());
    provider.auth_token_env = choices.one_in(4).then(|| auth_env[0].to_owned());
    provider.model_aliases = if has_aliases { owned(&[alias]) } else { Vec::new() };
    provider.upstream_vendor = choices.one_in(4).then(|| name.to_owned());
    provider.vendor_logo = choices.one_in(8).then(|| "yes".to_owned());
    provider.deprecated = choices.one_in(8).then_some(true);
    provider
}

fn arm(provider: &str, choices: &mut Choices<'_>) -> Arm {
    let count = choices.of(&[0, 1, 2, 3]);
    let models = [choices.of(&IDS), choices.of(&IDS), choices.of(&IDS)];
    let withdrawn = choices.of(&WITHDRAWN);
    let has_withdrawn = choices.one_in(2) && !models[..count].contains(&withdrawn);
    Arm {
        provider: provider.to_owned(),
        models: owned(&models[..count]),
        withdrawn_models: if has_withdrawn { owned(&[withdrawn]) } else { Vec::new() },
    }
}

/// A policy of version 1 from a stream of choices.
#[must_use]
pub fn policy_v1(choices: &mut Choices<'_>) -> PolicyV1 {
    let platform = PlatformPath {
        var: "LLM_PATH".to_owned(),
        value: choices.of(&["platform", "byok", "true", "é"]).to_owned(),
        model: "PLATFORM_MODEL".to_owned(),
        fallback: choices.of(&IDS).to_owned(),
    };
    let fallback = choices.of(&IDS);
    let mut document = PolicyV1::new("random", "RUNTIME", "MODEL");
    let has_platform = !choices.one_in(8);
    document.platform = has_platform.then_some(platform);
    document.fallback = (!choices.one_in(8)).then(|| fallback.to_owned());
    let order = choices.some_of(&KEYS);
    let entries = KEYS.map(|key| secrets_entry(key, choices));
    document.secrets = order.iter().filter_map(|key| entries.iter().find(|entry| entry.key == *key).cloned()).collect();
    for runtime in ["agent", "variant", "studio"] {
        let keys = choices.some_of(&KEYS);
        let models = [choices.of(&IDS), choices.of(&IDS), choices.of(&IDS), choices.of(&IDS)];
        let keyed =
            keys.iter().zip(models).map(|(key, model)| KeyedModel { key: (*key).to_owned(), model: model.to_owned() });
        let model = choices.of(&IDS).to_owned();
        if choices.one_in(2) {
            document.dispatch.push(DispatchEntry { runtimes: owned(&[runtime]), keyed: keyed.collect(), model });
        }
    }
    let defaults = defaults(choices);
    let is_read = |name: &&str| has_platform || !["LLM_PATH", "PLATFORM_MODEL"].contains(name);
    document.defaults = defaults.into_iter().filter(|(name, _)| is_read(&name.as_str())).collect();
    document.templates = templates(choices);
    document.harness = if choices.one_in(4) { owned(&["tests/run.sh"]) } else { Vec::new() };
    document
}

fn defaults(choices: &mut Choices<'_>) -> BTreeMap<String, String> {
    let defaults = [
        ("LLM_PATH", choices.of(&["platform", "byok", "other"])),
        ("MODEL", choices.of(&IDS)),
        ("PLATFORM_MODEL", choices.of(&IDS)),
        ("RUNTIME", "agent"),
    ];
    let kept = defaults.into_iter().zip([3, 12, 6, 2]).filter(|(_, odds)| choices.one_in(*odds));
    kept.map(|((name, value), _)| (name.to_owned(), value.to_owned())).collect()
}

fn templates(choices: &mut Choices<'_>) -> BTreeMap<String, String> {
    let template = choices.of(&RUNTIMES).to_owned();
    if choices.one_in(2) { BTreeMap::from([("variant".to_owned(), template)]) } else { BTreeMap::new() }
}

/// The hosts that conditions name.
const HOSTS: [&str; 2] = ["api.acme.example", "API.Zeta.example"];

/// The texts with which conditions compare `SWITCH`; two of them are words of the format.
const SWITCHES: [&str; 4] = ["on", "set", "unset", "é"];

/// Texts of rules that need care when they are written.
const MODEL_TEXTS: [&str; 3] = ["none", "$MODEL", "a$b"];

/// A policy from a stream of choices, with every form of rules.
#[must_use]
pub fn policy(choices: &mut Choices<'_>) -> Policy {
    let mut document = PolicyDocument::new("random", "RUNTIME", "");
    let always = Condition::default();
    document.runtime = match choices.below(4) {
        0 => document.runtime,
        1 => {
            let on_switch = Condition::default().and("SWITCH", Test::Value(Membership::OneOf(owned(&["on"]))));
            let sources = [Source::Variable("RUNTIME".to_owned()), Source::Text("agent".to_owned())];
            let named = PickRule::when("switched", on_switch, [Source::Text("studio".to_owned())]);
            vec![named, PickRule { name: None, when: always.clone(), pick: Pick::FirstOf(sources.into()) }]
        }
        2 => {
            let rule = PickRule::when("keyed", always.and("KEY_A", Test::Unset), [Source::Text("agent".to_owned())]);
            vec![rule]
        }
        _ => Vec::new(),
    };
    document.runtimes = match choices.below(6) {
        4 => owned(&["agent"]),
        5 => owned(&["agent", "studio", "variant", "Agent"]),
        _ => Vec::new(),
    };
    for _ in 0..4 {
        let rule = pick_rule(choices);
        if choices.one_in(2) {
            document.model.push(rule);
        }
    }
    document.model.remove(0);
    let fallback = choices.of(&IDS);
    if !choices.one_in(4) {
        document.model.push(PickRule::always("fallback", [Source::Text(fallback.to_owned())]));
    }
    document.inject = choices.of(&[InjectMode::First, InjectMode::Every]);
    let order = choices.some_of(&KEYS);
    let rules = KEYS.map(|key| secrets_rule(key, choices));
    for key in order {
        document.secrets.extend(KEYS.iter().position(|known| *known == key).map(|index| rules[index].clone()));
    }
    let mut platform = SecretsRule::platform(condition(choices));
    let places = [0, 1, 2].map(|place| [(place, None), (place, None), (place, Some("KEY_A")), (place, Some("KEY_B"))]);
    let (place, key) = choices.of(places.as_flattened());
    platform.key = key.map(str::to_owned);
    if choices.one_in(2) {
        document.secrets.insert(place.min(document.secrets.len()), platform);
    }
    let first = condition(choices);
    // No other rule reads this variable, so a fix edits it only to keep the condition from holding.
    let second = condition(choices).and("SKIP", Test::Value(Membership::OneOf(owned(&["1"]))));
    let has_first = choices.one_in(8);
    let has_second = choices.one_in(2);
    let unless = [(first, has_first), (second, has_second)];
    let unless = unless.into_iter().filter_map(|(condition, is_kept)| is_kept.then_some(condition)).collect();
    document.creates = Creates { unless };
    document.defaults = defaults(choices);
    document.empty_is_set =
        ["KEY_A", "SWITCH", "PLATFORM_MODEL"].into_iter().filter(|_| choices.one_in(4)).map(str::to_owned).collect();
    document.templates = templates(choices);
    document.harness = match choices.below(8) {
        6 => vec![Harness::from("tests/run.sh")],
        7 => {
            let inputs =
                [("model", "MODEL"), ("key", "KEY_A")].map(|(input, name)| (input.to_owned(), name.to_owned()));
            vec![Harness::Action(Action { uses: "owner/action".to_owned(), inputs: inputs.into() })]
        }
        _ => Vec::new(),
    };
    Policy::new(made_valid(document)).expect("only valid policies are made")
}

fn pick_rule(choices: &mut Choices<'_>) -> PickRule {
    let when = condition(choices);
    let id = choices.of(&IDS).to_owned();
    let awkward = choices.of(&MODEL_TEXTS).to_owned();
    let text = Source::Text(if choices.one_in(8) { awkward } else { id });
    let variable = |name: &str| Source::Variable(name.to_owned());
    let pick = match choices.below(8) {
        0 | 1 => Pick::FirstOf(vec![text]),
        2 | 3 => Pick::FirstOf(vec![variable("MODEL")]),
        4 => Pick::FirstOf(vec![variable("PLATFORM_MODEL"), text]),
        5 => Pick::FirstOf(vec![variable("PLATFORM_MODEL"), variable("MODEL")]),
        6 => Pick::FirstOf(vec![variable("PLATFORM_MODEL")]),
        _ => Pick::Nothing,
    };
    let name = choices.of(&[None, Some("override"), Some("rule two")]);
    PickRule { name: name.map(str::to_owned), when, pick }
}

fn condition(choices: &mut Choices<'_>) -> Condition {
    let runtimes = [
        None,
        None,
        Some(Membership::OneOf(owned(&["agent"]))),
        Some(Membership::OneOf(owned(&["agent", "variant"]))),
        Some(Membership::NoneOf(owned(&["studio"]))),
    ];
    let mut condition = Condition { runtime: runtimes[choices.below(5)].clone(), variables: Vec::new() };
    for _ in 0..2 {
        let key = choices.of(&KEYS);
        let switch = choices.of(&SWITCHES);
        let host = choices.of(&HOSTS);
        let path = choices.of(&["platform", "byok"]);
        let presence = if choices.one_in(2) { Test::Set } else { Test::Unset };
        let (name, test) = match choices.below(12) {
            0..=2 => continue,
            3 | 4 => ("LLM_PATH", Test::Value(Membership::OneOf(owned(&[path])))),
            5 => ("SWITCH", Test::Value(Membership::OneOf(owned(&[switch])))),
            6 => ("SWITCH", Test::Value(Membership::OneOf(owned(&["on", switch])))),
            7 => ("SWITCH", Test::Value(Membership::NoneOf(owned(&[switch])))),
            8 => ("BASE_URL", Test::Host(host.to_owned())),
            9 | 10 => (key, presence),
            _ => ("SWITCH", presence),
        };
        if condition.variables.iter().all(|(tested, _)| tested != name) {
            condition.variables.push((name.to_owned(), test));
        }
    }
    condition
}

fn secrets_rule(key: &str, choices: &mut Choices<'_>) -> SecretsRule {
    let when = condition(choices);
    let SecretsEntry { inject, .. } = secrets_entry(key, choices);
    let inject = if choices.one_in(4) { owned(&[key]) } else { inject };
    let is_keyed = !choices.one_in(6);
    let has_condition = choices.one_in(3);
    SecretsRule {
        name: choices.one_in(4).then(|| "a rule".to_owned()),
        key: is_keyed.then(|| key.to_owned()),
        when: if has_condition { when } else { Condition::default() },
        effect: SecretsEffect::Inject(inject),
    }
}

/// Removes what the reader refuses: tests that fail always, what follows a rule that always applies,
/// defaults of variables that no rule reads, and runtimes that `runtimes` does not have.
fn made_valid(mut document: PolicyDocument) -> PolicyDocument {
    let PolicyDocument { runtime, model, secrets, creates, defaults, runtimes, inject, .. } = &mut document;
    let is_possible = |condition: &mut Condition| {
        condition.variables.retain(|(name, test)| *test != Test::Unset || !defaults.contains_key(name));
        let admits = |runtimes: &Membership| runtimes.texts().iter().any(|runtime| runtime != "studio");
        if !runtimes.is_empty() && condition.runtime.as_ref().is_some_and(|membership| !admits(membership)) {
            condition.runtime = None;
        }
    };
    for rule in runtime.iter_mut().chain(model.iter_mut()) {
        is_possible(&mut rule.when);
    }
    for rule in secrets.iter_mut() {
        is_possible(&mut rule.when);
        rule.when.variables.retain(|(name, _)| Some(name) != rule.key.as_ref());
    }
    creates.unless.iter_mut().for_each(is_possible);
    creates.unless.retain(|condition| !condition.is_empty());
    let is_text = |pick: &Pick| match pick {
        Pick::Nothing => true,
        Pick::FirstOf(sources) => sources.iter().any(|source| matches!(source, Source::Text(_))),
    };
    let is_listed = |source: &Source| match source {
        Source::Text(name) => runtimes.is_empty() || runtimes.contains(name),
        Source::Variable(_) => true,
    };
    runtime.retain(|rule| !matches!(&rule.pick, Pick::FirstOf(sources) if !sources.iter().all(is_listed)));
    if let Some(end) = model.iter().position(|rule| rule.when.is_empty() && is_text(&rule.pick)) {
        model.truncate(end + 1);
    }
    if let Some(end) = runtime.iter().position(|rule| rule.when.is_empty() && is_text(&rule.pick)) {
        runtime.truncate(end + 1);
    }
    let ends = |rule: &SecretsRule| {
        let is_last = *inject == InjectMode::First || rule.effect == SecretsEffect::Platform;
        rule.key.is_none() && rule.when.is_empty() && is_last
    };
    if let Some(end) = secrets.iter().position(ends) {
        secrets.truncate(end + 1);
    }
    let read: Vec<String> = variable_names(&document).into_iter().map(str::to_owned).collect();
    document.defaults.retain(|name, _| read.contains(name));
    document.empty_is_set.retain(|name| read.contains(name));
    for entry in &mut document.harness {
        if let Harness::Action(action) = entry {
            action.inputs.retain(|_, name| read.contains(name));
        }
    }
    document
}

fn secrets_entry(key: &str, choices: &mut Choices<'_>) -> SecretsEntry {
    let mut inject = choices.some_of(&SECRETS);
    inject.truncate(2);
    inject.push(choices.of(&SECRETS));
    SecretsEntry { key: key.to_owned(), inject: owned(&inject) }
}

/// A case for a dataset from a stream of choices.
#[must_use]
pub fn case_for_dataset(dataset: &Arc<Dataset>, choices: &mut Choices<'_>) -> TestCase {
    let known = &dataset.registry.runtimes()[choices.below(dataset.registry.runtimes().len())].name;
    let variant = dataset.policy.document().templates.keys().next().unwrap_or(known);
    let strange = choices.of(&STRANGE_RUNTIMES);
    let runtime = choices.of(&[known.as_str(), known, known, variant, variant, strange]);
    let mut case = TestCase::new(dataset, runtime);

    let blank = choices.of(&BLANKS);
    let id = choices.of(&IDS);
    let slug = choices.of(&[id, id, id, id, id, blank]);
    let other = choices.of(&IDS);
    let named = dataset.policy.variable("LLM_PATH").map(|path| dataset.policy.value_classes(path).texts);
    let path_value = named.and_then(|texts| texts.into_iter().next()).unwrap_or_else(|| "platform".to_owned());
    let path = choices.of(&[path_value.as_str(), &path_value, "byok", "Platform"]);
    let switch = choices.of(&["on", "set", "off", "é"]);
    let urls = [
        "https://api.acme.example/v1",
        "https://user@API.ACME.example:443",
        "http://api.zeta.example?x",
        "https://proxy.example/api.acme.example",
        "acme",
    ];
    let url = choices.of(&urls);
    let variables = [
        ("MODEL", slug, 3),
        ("LLM_PATH", path, 2),
        ("PLATFORM_MODEL", other, 3),
        ("SWITCH", switch, 2),
        ("BASE_URL", url, 2),
        ("RUNTIME", "studio", 6),
        ("UNREAD", "1", 4),
    ];
    for (name, value, odds) in variables {
        // One choice in `odds` sets the variable; half as many set it to the empty string.
        match 2 * odds - choices.below(2 * odds) {
            1 | 2 => drop(case.variables.insert(name.to_owned(), value.to_owned())),
            3 => drop(case.variables.insert(name.to_owned(), String::new())),
            _ => {}
        }
    }
    for key in KEYS {
        match choices.below(8) {
            5.. => drop(case.variables.insert(key.to_owned(), "1".to_owned())),
            4 => drop(case.variables.insert(key.to_owned(), String::new())),
            _ => {}
        }
    }
    let ambient = choices.some_of(&SECRETS);
    if choices.one_in(4) {
        case.ambient = owned(&ambient);
    }
    if choices.one_in(2) {
        case.variables.insert("SKIP".to_owned(), "1".to_owned());
    }
    case
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
