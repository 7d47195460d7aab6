//! Generated data: realistic model ids, and registries of any size.
//!
//! The output depends only on the arguments: no function reads a clock, and the pseudo-random
//! numbers have a fixed seed. So every run and every machine measures the same data.

use std::fmt::Write as _;

use slug_resolver::policy::{Condition, Membership, PickRule, SecretsRule, Source, Test};
use slug_resolver::registry::{Arm, Pattern, Protocol, Provider, Runtime};
use slug_resolver::{PolicyDocument, RegistryDocument};

/// Vendors of models, and the names of their model families.
const FAMILIES: [(&str, &str); 16] = [
    ("anthropic", "claude"),
    ("openai", "gpt"),
    ("google", "gemini"),
    ("meta-llama", "llama"),
    ("qwen", "qwen"),
    ("mistralai", "mistral"),
    ("deepseek", "deepseek"),
    ("moonshot", "kimi"),
    ("zai", "glm"),
    ("minimax", "MiniMax-M"),
    ("xai", "grok"),
    ("cohere", "command"),
    ("nvidia", "nemotron"),
    ("microsoft", "phi"),
    ("xiaomi", "mimo"),
    ("arcee", "trinity"),
];

/// Suffixes that distinguish the models of one version.
const TIERS: [&str; 12] = [
    "",
    "-mini",
    "-pro",
    "-flash",
    "-large",
    "-small",
    "-turbo",
    "-instruct",
    "-coder",
    "-thinking",
    "-vision",
    "-lite",
];

/// Separators between the vendor and the model. An id with the empty separator has no vendor.
const SEPARATORS: [&str; 3] = ["", "/", ":"];

/// Number of versions: 1.0 to 9.9.
const VERSION_COUNT: usize = 90;

/// The id with index `n` in an infinite sequence of distinct ids.
///
/// Adjacent ids differ in the model family. The first 51,840 ids have a version, as in
/// `qwen:qwen-2.5-coder`; the later ones also have a release date.
#[must_use]
pub fn model_id(n: usize) -> String {
    // The digits of `n` in a mixed radix select the parts of the id.
    let mut rest = n;
    let mut take_digit = |base: usize| {
        let digit = rest % base;
        rest /= base;
        digit
    };
    let (vendor, family) = FAMILIES[take_digit(FAMILIES.len())];
    let separator = SEPARATORS[take_digit(SEPARATORS.len())];
    let tier = TIERS[take_digit(TIERS.len())];
    let version = take_digit(VERSION_COUNT);
    let vendor = if separator.is_empty() { "" } else { vendor };
    let mut id = format!("{vendor}{separator}{family}-{}.{}{tier}", version / 10 + 1, version % 10);
    if let Some(days) = rest.checked_sub(1) {
        let (year, month, day) = (2023 + days / (12 * 28), days / 28 % 12 + 1, days % 28 + 1);
        write!(id, "-{year}-{month:02}-{day:02}").expect("a string can be written to");
    }
    id
}

/// The first `count` ids of the sequence.
#[must_use]
pub fn model_ids(count: usize) -> Vec<String> {
    (0..count).map(model_id).collect()
}

/// Indexes below `count` in pseudo-random order: the order in which a benchmark asks its questions.
///
/// The list repeats the indexes `0..count` until its length is at least `min_len`; every repetition
/// has another order. One fixed order would train the branch predictor, and ascending indexes would
/// read memory sequentially, which helps the prefetcher.
#[must_use]
pub fn shuffled_indexes(count: usize, min_len: usize) -> Vec<usize> {
    // The pseudo-random numbers come from SplitMix64, which scrambles the bits of a counter.
    let mut counter = 0_u64;
    let mut next = || {
        counter = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = counter;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    };
    let mut order = Vec::new();
    while order.len() < min_len {
        let start = order.len();
        order.extend(0..count);
        for last in (1..count).rev() {
            let bound = u64::try_from(last + 1).expect("a length fits");
            let other = usize::try_from(next() % bound).expect("the remainder fits");
            order.swap(start + last, start + other);
        }
    }
    order
}

/// The size of a registry.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Number of providers, including the platform.
    pub providers: usize,
    /// Number of runtimes. The listed ids are distributed evenly over them. Each provider except the
    /// platform has an arm in exactly one runtime.
    pub runtimes: usize,
    /// Number of listed ids. Each id is in the `models` of exactly one [`Arm`].
    pub ids: usize,
}

/// The name of the runtime with index `n`.
#[must_use]
pub fn runtime_name(n: usize) -> String {
    format!("runtime-{n}")
}

/// The name of the provider with index `n`; provider 0 is the platform.
#[must_use]
pub fn provider_name(n: usize) -> String {
    if n == 0 { slug_resolver::registry::PLATFORM.to_owned() } else { format!("vendor-{n}") }
}

/// The secret that the provider with index `n` accepts.
fn secret_name(n: usize) -> String {
    if n == 0 { "PLATFORM_USAGE_TOKEN".to_owned() } else { format!("VENDOR_{n}_API_KEY") }
}

/// An id that no arm lists. Only the pattern of the provider with index `n` matches it.
#[must_use]
pub fn unlisted_id(n: usize) -> String {
    format!("{}/{}", provider_name(n), model_id(n))
}

/// A registry of the given size. The last [`Arm`] of every runtime routes to the platform.
#[must_use]
pub fn registry(size: Size) -> RegistryDocument {
    let mut runtimes: Vec<Runtime> = (0..size.runtimes)
        .map(|runtime| {
            let vendors = (1..size.providers).filter(|provider| provider % size.runtimes == runtime);
            let arms = vendors.chain([0]).map(|n| Arm { provider: provider_name(n), ..Arm::default() });
            Runtime { name: runtime_name(runtime), arms: arms.collect(), ..Runtime::default() }
        })
        .collect();
    for n in 0..size.ids {
        let arms = &mut runtimes[n % size.runtimes].arms;
        let arm = n / size.runtimes % arms.len();
        arms[arm].models.push(model_id(n));
    }
    RegistryDocument { providers: (0..size.providers).map(provider).collect(), runtimes, ..RegistryDocument::default() }
}

/// A registry with one runtime whose arms share ids, as the arms of resellers do: each provider except the
/// platform lists 30 ids, and the next provider lists 20 of them too. So an id has up to three arms, and the
/// number of different sets of arms grows with the number of providers.
#[must_use]
pub fn sharing_registry(providers: usize) -> RegistryDocument {
    let listed = |n: usize| (10 * n..10 * n + 30).map(model_id).collect();
    let vendor = |n: usize| Arm { provider: provider_name(n), models: listed(n), ..Arm::default() };
    let platform = Arm { provider: provider_name(0), models: vec![unlisted_id(0)], ..Arm::default() };
    let arms = (1..providers).map(vendor).chain([platform]).collect();
    let runtimes = vec![Runtime { name: runtime_name(0), arms, ..Runtime::default() }];
    RegistryDocument { providers: (0..providers).map(provider).collect(), runtimes, ..RegistryDocument::default() }
}

fn provider(n: usize) -> Provider {
    let name = provider_name(n);
    let pattern = Pattern::new(&format!("^{name}[-/]")).expect("a name is a valid pattern");
    let mut provider = Provider::new(&name, vec![secret_name(n)], pattern);
    provider.display_name = Some(format!("Vendor {n}"));
    provider.protocol = Some(if n.is_multiple_of(2) { Protocol::Anthropic } else { Protocol::Openai });
    provider.base_url_template = Some(format!("https://{name}.example/v1"));
    provider
}

/// A policy for a generated registry.
///
/// The policy injects the secrets of three providers. Its only dispatch entry applies to the first
/// runtime and to the runtime `variant`, whose template is the first runtime.
///
/// The registry must have at least three providers in addition to the platform, and each arm of its first
/// runtime must list an id.
#[must_use]
pub fn policy(registry: &RegistryDocument) -> PolicyDocument {
    let first = &registry.runtimes[0];
    let listed = |arm: usize| first.arms[arm % first.arms.len()].models[0].clone();
    let key = |n: usize| format!("CI_{}", secret_name(n));
    let variable = |name: &str| Source::Variable(name.to_owned());
    let on_platform = Condition::default().and("LLM_PATH", Test::Value(Membership::OneOf(vec!["platform".to_owned()])));
    let dispatched = Condition::for_runtimes(vec![first.name.clone(), "variant".to_owned()]);
    let keyed =
        |n: usize| PickRule::when("keyed", dispatched.clone().and(&key(n), Test::Set), [Source::Text(listed(n))]);
    let platform_model = [variable("PLATFORM_MODEL"), Source::Text(listed(first.arms.len() - 1))];
    let mut policy = PolicyDocument::new("generated", "RUNTIME", "");
    policy.model = vec![
        PickRule::always("override", [variable("MODEL")]),
        PickRule::when("platform", on_platform.clone(), platform_model),
        keyed(1),
        keyed(2),
        PickRule::when("default", dispatched, [Source::Text(listed(0))]),
        PickRule::always("fallback", [Source::Text(listed(1))]),
    ];
    let keys = (1..4).map(|n| SecretsRule::keyed(&key(n), [secret_name(n)]));
    policy.secrets = [SecretsRule::platform(on_platform)].into_iter().chain(keys).collect();
    policy.templates.insert("variant".to_owned(), first.name.clone());
    policy
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use slug_resolver::{Credentials, Policy, Registry, Rejection};

    use super::*;

    #[test]
    fn ids_are_distinct_and_realistic() {
        let ids: HashSet<String> = model_ids(200_000).into_iter().collect();
        assert_eq!(ids.len(), 200_000);
        assert_eq!(model_id(0), "claude-1.0");
        assert_eq!(model_id(16 + 1), "openai/gpt-1.0");
        assert_eq!(model_id(2 * 16 + 4 + 48 * 8 + 48 * 12 * 15), "qwen:qwen-2.5-coder");
        assert_eq!(model_id(51_840 * 337), "claude-1.0-2024-01-01");
    }

    #[test]
    fn shuffled_indexes_repeat_every_index_equally_often() {
        let order = shuffled_indexes(50, 999);
        assert_eq!(order, shuffled_indexes(50, 999));
        assert_eq!(order.len(), 1_000);
        let blocks: HashSet<&[usize]> = order.chunks(50).collect();
        assert_eq!(blocks.len(), 20);
        for block in blocks {
            assert_eq!(block.iter().collect::<HashSet<_>>().len(), 50);
            let unmoved = block.iter().enumerate().filter(|(index, item)| index == *item).count();
            assert!(unmoved < 10, "{unmoved} of 50 kept their position");
        }
    }

    #[test]
    fn arms_share_two_thirds_of_their_ids() {
        let document = sharing_registry(20);
        let ids: Vec<&String> = document.runtimes[0].arms.iter().flat_map(|arm| &arm.models).collect();
        assert_eq!((document.providers.len(), ids.len()), (20, 19 * 30 + 1));
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 18 * 10 + 30 + 1);
        Policy::new(policy(&document)).expect("a generated policy is valid");
        Registry::new(document).expect("a generated registry is valid");
    }

    #[test]
    fn registries_have_the_given_size_and_derive_every_id() {
        let size = Size { providers: 30, runtimes: 5, ids: 300 };
        let document = registry(size);
        let listed: usize =
            document.runtimes.iter().flat_map(|runtime| &runtime.arms).map(|arm| arm.models.len()).sum();
        assert_eq!((document.providers.len(), document.runtimes.len(), listed), (30, 5, 300));

        let policy = Policy::new(policy(&document)).expect("a generated policy is valid");
        assert_eq!(policy.key_variables().count(), 3);
        let registry = Registry::new(document).expect("a generated registry is valid");
        let no_credentials = Credentials::default();
        for n in 0..size.ids {
            let derived = registry.derive(&runtime_name(n % 5), &model_id(n), &no_credentials);
            assert!(derived.is_ok(), "{}: {derived:?}", model_id(n));
        }
        for n in 1..size.providers {
            let derived = registry.derive(&runtime_name(n % 5), &unlisted_id(n), &no_credentials);
            assert_eq!(derived.map(|provider| provider.name.as_str()), Ok(provider_name(n).as_str()));
            let in_other_runtime = registry.derive(&runtime_name((n + 1) % 5), &unlisted_id(n), &no_credentials);
            assert_eq!(in_other_runtime, Err(Rejection::UnregisteredModel));
        }
    }
}
