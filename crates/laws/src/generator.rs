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
use slug_resolver::policy::{DispatchEntry, KeyedModel, PlatformPath, SecretsEntry};
use slug_resolver::registry::{Arm, PLATFORM, Pattern, Protocol, Runtime};
use slug_resolver::{AuthEnv, Billing, Policy, PolicyDocument, Provider, Registry, RegistryDocument};

use crate::case::TestCase;
use crate::dataset::Dataset;

/// The number of choices that [`case`] draws.
pub const CHOICES: usize = 768;

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
    fn below(&mut self, bound: usize) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        (usize::from(first) * bound) >> 16
    }

    fn one_in(&mut self, n: usize) -> bool {
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
    let policy = policy(choices);
    question(&Dataset::new(registry, policy), choices)
}

/// A case from a fuzz input.
#[must_use]
pub fn case_of(bytes: &[u8]) -> TestCase {
    let (numbers, text) = input(bytes);
    let mut case = case(&mut Choices::new(&numbers));
    if !text.is_empty() {
        // A spelling outside the vocabulary.
        let name = case.dataset.policy.document().override_var.clone();
        case.variables.insert(name, text.to_owned());
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
    Registry::new(RegistryDocument { providers, runtimes }).expect("the vocabulary makes only valid registries")
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
    let is_group = choices.one_in(4);
    let items = match auth_env.as_slice() {
        _ if is_keyless => Vec::new(),
        [first, second, rest @ ..] if is_group => {
            [vec![*first, *second]].into_iter().chain(rest.iter().map(|name| vec![*name])).collect()
        }
        names => names.iter().map(|name| vec![*name]).collect(),
    };
    let credentials = AuthEnv::of_items(items.iter().map(|item| owned(item)));
    let alias = choices.of(&IDS);
    let has_aliases = choices.one_in(4);
    let has_pattern = !choices.one_in(8);
    let pattern = Pattern::new(pattern).expect("the vocabulary holds valid patterns");
    let mut provider = Provider::new(name, credentials, if has_pattern { pattern } else { Pattern::none() });
    provider.display_name = choices.one_in(2).then(|| "A \"provider\": #1".to_owned());
    provider.protocol = choices.of(&[None, Some(Protocol::Openai), Some(Protocol::Anthropic)]);
    provider.auth_mode = choices.one_in(2).then(|| "key".to_owned());
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

/// A policy from a stream of choices.
#[must_use]
pub fn policy(choices: &mut Choices<'_>) -> Policy {
    let platform = PlatformPath {
        var: "LLM_PATH".to_owned(),
        value: choices.of(&["platform", "byok", "true", "é"]).to_owned(),
        model: "PLATFORM_MODEL".to_owned(),
        fallback: choices.of(&IDS).to_owned(),
    };
    let fallback = choices.of(&IDS);
    let mut document = PolicyDocument::new("random", "RUNTIME", "MODEL", platform, fallback);
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
    let defaults = [
        ("LLM_PATH", choices.of(&["platform", "byok", "other"])),
        ("MODEL", choices.of(&IDS)),
        ("PLATFORM_MODEL", choices.of(&IDS)),
        ("RUNTIME", "agent"),
    ];
    let kept = defaults.into_iter().zip([3, 12, 6, 2]).filter(|(_, odds)| choices.one_in(*odds));
    document.defaults = kept.map(|((name, value), _)| (name.to_owned(), value.to_owned())).collect();
    let template = choices.of(&RUNTIMES).to_owned();
    if choices.one_in(2) {
        document.templates = BTreeMap::from([("variant".to_owned(), template)]);
    }
    document.harness = if choices.one_in(4) { owned(&["tests/run.sh"]) } else { Vec::new() };
    Policy::new(document).expect("the vocabulary makes only valid policies")
}

fn secrets_entry(key: &str, choices: &mut Choices<'_>) -> SecretsEntry {
    let mut inject = choices.some_of(&SECRETS);
    inject.truncate(2);
    inject.push(choices.of(&SECRETS));
    SecretsEntry { key: key.to_owned(), inject: owned(&inject) }
}

/// A question about a dataset from a stream of choices.
#[must_use]
pub fn question(dataset: &Arc<Dataset>, choices: &mut Choices<'_>) -> TestCase {
    let known = &dataset.registry.runtimes()[choices.below(dataset.registry.runtimes().len())].name;
    let variant = dataset.policy.document().templates.keys().next().unwrap_or(known);
    let strange = choices.of(&STRANGE_RUNTIMES);
    let runtime = choices.of(&[known.as_str(), known, known, variant, variant, strange]);
    let mut case = TestCase::new(dataset, runtime);

    let blank = choices.of(&BLANKS);
    let id = choices.of(&IDS);
    let slug = choices.of(&[id, id, id, id, id, blank]);
    let other = choices.of(&IDS);
    let path_value = dataset.policy.document().platform.value.as_str();
    let path = choices.of(&[path_value, path_value, "byok", "Platform"]);
    let variables = [
        ("MODEL", slug, 3),
        ("LLM_PATH", path, 2),
        ("PLATFORM_MODEL", other, 3),
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
    case
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
