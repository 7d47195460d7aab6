//! Models match patterns as in the reference, also if the fast automaton gives up.

use slug_laws::generator::large_registry_of;
use slug_laws::reference::{self, is_found_in};
use slug_laws::{Implementation, RealResolver, lookup};
use slug_resolver::registry::overlap::Overlaps;
use slug_resolver::registry::{Arm, PLATFORM, Pattern, Runtime};
use slug_resolver::{Credentials, NameSubset, Provider, Registry, RegistryDocument, Rejection, limits};

use crate::strategy::{fixed_numbers, fuzz_input};

const RUNTIME: &str = "agent";

fn provider(name: &str, pattern: &str) -> Provider {
    Provider::new(name, vec![format!("{name}_KEY")], Pattern::new(pattern).expect("the pattern compiles"))
}

/// A registry with one name-only arm for each pattern.
fn registry(patterns: &[String]) -> Registry {
    let providers: Vec<Provider> =
        patterns.iter().enumerate().map(|(number, pattern)| provider(&format!("p{number}"), pattern)).collect();
    let arms = providers.iter().map(|provider| Arm { provider: provider.name.clone(), ..Arm::default() }).collect();
    let runtimes = vec![Runtime { name: RUNTIME.to_owned(), arms, ..Runtime::default() }];
    Registry::new(RegistryDocument { providers, runtimes, ..RegistryDocument::default() })
        .expect("the registry is valid")
}

/// Compares both resolvers on a model, with each provider's key in turn.
fn assert_agrees(registry: &Registry, model: &str) {
    for provider in registry.providers() {
        let credentials = Credentials { injected: NameSubset::of(provider.auth_env.names(), |_| true), ambient: &[] };
        let found = registry.derive(RUNTIME, model, &credentials);
        let expected = reference::derive(registry, RUNTIME, model, &[&provider.auth_env.names()[0]]);
        assert_eq!(found, expected, "{model:?} with {:?}", provider.auth_env);
    }
}

#[test]
fn non_ascii_word_boundaries_match_as_in_reference() {
    // A word boundary next to a non-ASCII character needs more than one byte, so the fast automaton gives up.
    let patterns = [r"\bmodel", r"\b\u{436}", r"l\b", r"\B.", "é$", r"(?-u:\b)m"].map(str::to_owned);
    let registry = registry(&patterns);
    for model in ["model", "émodel", "é model", "ж", "жж", "ж model é", "modelé", "m", "é"] {
        assert_agrees(&registry, model);
    }
    assert!(registry.derive(RUNTIME, "жж", &Credentials::default()).is_err());
}

#[test]
fn pattern_matches_no_slug_above_the_limit() {
    let registry = registry(&["^a".to_owned(), "a$".to_owned()]);
    let credentials =
        Credentials { injected: NameSubset::of(registry.providers()[0].auth_env.names(), |_| true), ambient: &[] };
    for (bytes, is_matched) in [(limits::SLUG_BYTES, true), (limits::SLUG_BYTES + 1, false)] {
        let slug = "a".repeat(bytes);
        assert_eq!(registry.derive(RUNTIME, &slug, &credentials).is_ok(), is_matched, "{bytes}");
        assert_agrees(&registry, &slug);
    }
}

#[test]
fn empty_matches_never_split_a_character() {
    let registry = registry(&["x*", r"\B", "(?:)", "é*$", r"(?-u:\B)"].map(str::to_owned));
    for model in ["é", "ж-ж", "a", "aé", "éé"] {
        assert_agrees(&registry, model);
    }
    // With a single pattern, the only match may be after a character that it must not split.
    for pattern in [r"(?-u:\B)", r"(?-u:\B)-?"].map(str::to_owned) {
        let registry = self::registry(&[pattern]);
        for model in ["aééb", "aжжb", "a日本b", "aéééb", "aéb", "é", "ab"] {
            assert_agrees(&registry, model);
        }
    }
}

#[test]
fn ids_exceeding_the_state_cache_match_correctly() {
    // Each id needs states that no other id needs, until the automaton gives up.
    let patterns: Vec<String> = (0..60).map(|n| format!("(a|b){{{n}}}[{}-z].*(c|d){{{n}}}$", 'b')).collect();
    let registry = registry(&patterns);
    let mut state = 7_u32;
    for length in 0..60 {
        let id: String = (0..length * 5)
            .map(|_| {
                state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
                ['a', 'b', 'c', 'd', 'z'][(state >> 16) as usize % 5]
            })
            .collect();
        let matching =
            registry.providers().iter().filter(|provider| is_found_in(provider.model_prefix_match.hir(), &id)).count();
        let found = registry.derive(RUNTIME, &id, &Credentials::default());
        match matching {
            _ if id.is_empty() => assert_eq!(found, Err(Rejection::ModelRequired)),
            0 => assert_eq!(found, Err(Rejection::UnregisteredModel), "{id}"),
            1 => assert!(found.is_ok(), "{id}"),
            _ => assert_eq!(found, Err(Rejection::AmbiguousModel), "{id}"),
        }
    }
}

#[test]
fn listed_id_with_surrounding_whitespace_is_unreachable() {
    let mut document = Registry::embedded().document();
    let arm = &mut document.runtimes[0].arms[0];
    arm.models = vec![" padded ".to_owned(), "plain".to_owned(), "plain".to_owned()];
    let owner = arm.provider.clone();
    let runtime = document.runtimes[0].name.clone();
    let registry = Registry::new(document).expect("the registry is unusual but valid");
    let derive = |model: &str| registry.derive(&runtime, model, &Credentials::default()).map(|found| &found.name);
    assert_eq!(derive(" plain\n"), Ok(&owner));
    for model in [" padded ", "padded"] {
        assert_eq!(derive(model), Err(Rejection::UnregisteredModel), "{model:?}");
    }
    assert!(registry.provider(PLATFORM).is_some());
}

#[test]
fn threads_sharing_a_registry_agree() {
    let registry = Registry::embedded();
    let ids: Vec<String> = (0..200).map(|number| format!("kimi-{number}-{}", "x".repeat(number % 17))).collect();
    let name = |id: &str| registry.derive("claude-code", id, &Credentials::default()).map(|found| found.name.as_str());
    let expected: Vec<_> = ids.iter().map(|id| name(id)).collect();
    assert!(expected.iter().all(|found| *found == Ok("kimi-coding")), "{expected:?}");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| assert!(ids.iter().map(|id| name(id)).eq(expected.iter().copied()))));
        }
    });
}

#[test]
fn runtimes_of_any_number_are_found_by_name() {
    let many: Vec<String> = (0..100).map(|number| format!("runtime-{}", number * number)).collect();
    let many: Vec<String> = many.into_iter().chain((0..300).map(|number| format!("r{number:03}"))).collect();
    for count in [1, 2, 9, 100, 254, 255, 256, 257, 400] {
        let providers = vec![provider("p", "^m")];
        let arms = vec![Arm { provider: "p".to_owned(), ..Arm::default() }];
        let runtime = |name: &String| Runtime { name: name.clone(), arms: arms.clone(), ..Runtime::default() };
        let runtimes = many[..count].iter().map(runtime).collect();
        let registry = Registry::new(RegistryDocument { providers, runtimes, ..RegistryDocument::default() })
            .expect("the registry is valid");
        assert_eq!(registry.runtimes().len(), count);
        for (number, name) in many.iter().enumerate() {
            let found = registry.handle(name).map(|handle| &handle.runtime().name);
            assert_eq!(found, (number < count).then_some(name), "{name} of {count}");
        }
        assert!(registry.handle("runtime-").is_none() && registry.handle("").is_none());
    }
}

#[test]
fn runtimes_with_long_names_are_found() {
    let names: Vec<String> = ["a", "z", "é"].iter().flat_map(|sign| (1..700).map(|count| sign.repeat(count))).collect();
    let arms = vec![Arm { provider: "p".to_owned(), ..Arm::default() }];
    let (known, unknown): (Vec<_>, Vec<_>) = names.iter().enumerate().partition(|(number, _)| number % 7 == 0);
    let runtimes = known
        .iter()
        .map(|(_, name)| Runtime { name: (*name).clone(), arms: arms.clone(), ..Runtime::default() })
        .collect();
    let document = RegistryDocument { providers: vec![provider("p", "^m")], runtimes, ..RegistryDocument::default() };
    let registry = Registry::new(document).expect("the registry is valid");
    for (_, name) in known {
        assert_eq!(registry.handle(name).map(|handle| &handle.runtime().name), Some(name));
    }
    for (_, name) in unknown {
        assert!(registry.handle(name).is_none(), "{name}");
    }
}

/// A resolver that alters the results of lookups.
struct AlteredLookup {
    found: for<'r> fn(Result<&'r Provider, Rejection>) -> Result<&'r Provider, Rejection>,
    overlaps: fn(Overlaps) -> Overlaps,
}

impl Implementation for AlteredLookup {
    fn derive<'r>(
        &self,
        registry: &'r Registry,
        runtime: &str,
        model: &str,
        injected: &[String],
    ) -> Result<&'r Provider, Rejection> {
        (self.found)(RealResolver.derive(registry, runtime, model, injected))
    }

    fn overlaps(&self, patterns: &[&Pattern]) -> Overlaps {
        (self.overlaps)(RealResolver.overlaps(patterns))
    }
}

const RIGHT: AlteredLookup = AlteredLookup { found: |found| found, overlaps: |overlaps| overlaps };

#[test]
fn lookup_check_rejects_wrong_lookups() {
    let wrong = [
        (
            "a blank model is unregistered",
            AlteredLookup {
                found: |found| match found {
                    Err(Rejection::ModelRequired) => Err(Rejection::UnregisteredModel),
                    found => found,
                },
                ..RIGHT
            },
        ),
        (
            "an unregistered model is ambiguous",
            AlteredLookup {
                found: |found| match found {
                    Err(Rejection::UnregisteredModel) => Err(Rejection::AmbiguousModel),
                    found => found,
                },
                ..RIGHT
            },
        ),
        (
            "the sets of patterns are missing",
            AlteredLookup {
                overlaps: |mut overlaps| {
                    overlaps.witnesses.clear();
                    overlaps
                },
                ..RIGHT
            },
        ),
        (
            "a witness is not trimmed",
            AlteredLookup {
                overlaps: |mut overlaps| {
                    overlaps.witnesses.values_mut().for_each(|witness| witness.push(' '));
                    overlaps
                },
                ..RIGHT
            },
        ),
        (
            "all sets of patterns have the same witness",
            AlteredLookup {
                overlaps: |mut overlaps| {
                    overlaps.witnesses.values_mut().for_each(|witness| *witness = "zz".to_owned());
                    overlaps
                },
                ..RIGHT
            },
        ),
    ];
    let undecided = AlteredLookup { overlaps: |_| Overlaps::default(), ..RIGHT };
    let mut rejected = vec![0; wrong.len()];
    for numbers in fixed_numbers(8) {
        let bytes = fuzz_input(&numbers, "model");
        let (registry, model) = large_registry_of(&bytes);
        assert_eq!(model, "model");
        for right in [&RIGHT, &undecided] {
            assert_eq!(lookup::check_lookup(right, &registry, model), Ok(()));
        }
        for (rejected, (_, wrong)) in rejected.iter_mut().zip(&wrong) {
            *rejected += usize::from(lookup::check_lookup(wrong, &registry, model).is_err());
        }
    }
    for (rejected, (what, _)) in rejected.iter().zip(&wrong) {
        assert!(*rejected > 0, "accepted for all 8 registries: {what}");
    }
}
