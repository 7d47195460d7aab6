//! Checks of a valid registry.

use std::collections::{BTreeMap, BTreeSet};

use regex_automata::meta::Regex;
use slug_redact::is_credential;
use slug_resolver::registry::{Pattern, Runtime};
use slug_resolver::yaml::{Cursor, FieldPath};
use slug_resolver::{Provider, Registry, RegistryDocument};

use crate::codes::{self, Level};
use crate::findings::{Finding, Sources, Span};
use crate::render::{can_be_seen_in_word, counted, shown};

use super::arms::{Arms, Shared};
use super::document::Document;

/// The maximum number of runtimes whose patterns are compared. Further ones are reported as
/// undecided.
const RUNTIMES: usize = 100;

/// The maximum number of overlapping pairs of providers reported for a registry.
const PAIRS: usize = 1_000;

/// The maximum number of ids that a finding shows.
const IDS: usize = 5;

/// Returns the findings of a registry, and a note if there are more overlaps than shown.
pub(super) fn check(sources: &Sources, document: &Document, registry: &Registry) -> (Vec<Finding>, Option<String>) {
    let check = RegistryCheck { sources, document, registry };
    let compared = registry.runtimes().iter().take(RUNTIMES);
    let runtimes: Vec<Arms<'_>> = compared.map(|runtime| Arms::of(registry, runtime)).collect();
    let (mut findings, note) = check.overlaps(&runtimes);
    for arms in &runtimes {
        findings.extend(check.undecided(arms));
        findings.extend(check.unreachable(arms));
    }
    findings.extend(check.uncompared());
    findings.extend(check.unmatched());
    findings.extend(check.vendor_keys());
    findings.extend(check.invalid_secret_names());
    findings.extend(check.unknown_fields());
    findings.extend(check.duplicate_models());
    findings.extend(check.invisible_characters());
    (findings, note)
}

struct RegistryCheck<'a> {
    sources: &'a Sources,
    document: &'a Document,
    registry: &'a Registry,
}

/// For each pair of providers (indexes in the catalogue), the runtimes that have both, with the
/// numbers of the two arms and a shared id.
type Overlapping<'r, 'a> = BTreeMap<(usize, usize), Vec<(&'a Arms<'r>, (usize, usize), Shared)>>;

impl RegistryCheck<'_> {
    /// Returns one finding for each overlapping pair of providers, however many runtimes have
    /// both, and a note if there are more pairs than shown.
    fn overlaps(&self, runtimes: &[Arms<'_>]) -> (Vec<Finding>, Option<String>) {
        let mut pairs = Overlapping::new();
        let mut all = true;
        let catalogue: BTreeMap<&str, usize> =
            self.registry.providers().iter().enumerate().map(|(id, provider)| (provider.name.as_str(), id)).collect();
        for arms in runtimes {
            let (found, complete) = arms.pairs(PAIRS);
            all &= complete;
            for ((first, second), shared) in found {
                let id = |arm: usize| (catalogue[arms.providers[arm].name.as_str()], arm);
                let (earlier, later) = (id(first).min(id(second)), id(first).max(id(second)));
                let pair = (earlier.0, later.0);
                if pairs.len() < PAIRS || pairs.contains_key(&pair) {
                    pairs.entry(pair).or_default().push((arms, (earlier.1, later.1), shared));
                } else {
                    all = false;
                }
            }
        }
        let path = &self.sources.get(self.document.source).path;
        let note = format!("`{path}` has more overlaps than the {PAIRS} shown; fix some and check again");
        let findings = pairs.into_iter().map(|(pair, overlaps)| self.overlap(pair, &overlaps));
        (findings.collect(), (!all).then_some(note))
    }

    fn overlap(&self, (earlier, later): (usize, usize), overlaps: &[(&Arms<'_>, (usize, usize), Shared)]) -> Finding {
        let providers = self.registry.providers();
        let (first, second) = (&providers[earlier].name, &providers[later].name);
        let key = |(_, _, shared): &&(&Arms<'_>, _, Shared)| (shared.witness.chars().count(), shared.witness.clone());
        let (arms, (first_arm, second_arm), shared) = overlaps.iter().min_by_key(key).expect("a pair has an overlap");
        let witness = shown(&shared.witness);
        let decided = decision(arms, shared);
        let level = if decided.is_some() { Level::Warning } else { Level::Error };
        let title = format!("the patterns of `{first}` and `{second}` match the same model ids");
        let runtime = shown(&arms.runtime.name);
        let mut finding = Finding::new(&codes::OVERLAPPING_PATTERNS, self.pattern(later), title)
            .with_level(level)
            .with_primary_text(format!("matches `{witness}`"))
            .with_label(self.pattern(earlier), format!("matches `{witness}` too"))
            .with_label(self.arm(arms.runtime, *first_arm), format!("arm of `{runtime}`"))
            .with_label(self.arm(arms.runtime, *second_arm), format!("arm of `{runtime}`"))
            .with_subject("first", first)
            .with_subject("second", second);
        let names: Vec<&str> = overlaps.iter().map(|(arms, ..)| arms.runtime.name.as_str()).collect();
        finding.notes.push(format!("both are arms of {}; no arm of `{runtime}` lists `{witness}`", listed(&names)));
        let others: Vec<&str> = others(arms, shared, &[*first_arm, *second_arm]);
        if !others.is_empty() {
            finding.notes.push(format!("the patterns of {} match it too", listed(&others)));
        }
        finding.notes.push(decided.unwrap_or_else(|| {
            "no credentials can select one of them, so the id is always `ambiguous-model`".to_owned()
        }));
        finding.with_help("make one pattern narrower, or list the affected ids under the arm that should serve them")
    }

    fn undecided(&self, arms: &Arms<'_>) -> Option<Finding> {
        let runtime = &arms.runtime.name;
        let span = self.document.key_span(self.sources, &FieldPath::default().key("runtimes").key(runtime));
        let title = format!("could not decide which patterns overlap on `{}`", shown(runtime));
        let finding = Finding::new(&codes::UNDECIDED, span, title)
            .with_note("there are too many arms, or their patterns are too large or use Unicode word boundaries")
            .with_help("simplify the patterns, or write `(?-u:\\b)` for `\\b`")
            .with_subject("runtime", runtime);
        (!arms.is_complete()).then_some(finding)
    }

    /// Returns a finding if some runtimes were not compared.
    fn uncompared(&self) -> Option<Finding> {
        let left = self.registry.runtimes().len().checked_sub(RUNTIMES).filter(|left| *left > 0)?;
        let span = self.document.key_span(self.sources, &FieldPath::default().key("runtimes"));
        let title = format!("the patterns of {} were not compared", counted(left as u64, "runtime"));
        let note = format!("only the first {RUNTIMES} runtimes are compared; more would take too long");
        Some(
            Finding::new(&codes::UNDECIDED, span, title)
                .with_note(note)
                .with_help("check parts of the registry, each with fewer runtimes")
                .with_subject("runtimes", "the rest"),
        )
    }

    fn unreachable(&self, arms: &Arms<'_>) -> Vec<Finding> {
        // An arm that lists no id may still name ids that its provider has withdrawn.
        let is_record = |arm: &usize| {
            let arm = &arms.runtime.arms[*arm];
            arm.models.is_empty() && !arm.withdrawn_models.is_empty()
        };
        let numbers = 0..arms.providers.len();
        numbers
            .filter(|arm| arms.is_reachable(*arm) == Some(false) && !is_record(arm))
            .map(|arm| self.unreachable_arm(arms, arm))
            .collect()
    }

    fn unreachable_arm(&self, arms: &Arms<'_>, arm: usize) -> Finding {
        let (runtime, provider) = (&arms.runtime.name, &arms.providers[arm].name);
        let title = format!("no model and no credentials select `{provider}` on `{}`", shown(runtime));
        let span = self.arm(arms.runtime, arm);
        let mut finding = Finding::new(&codes::UNREACHABLE_ARM, span, title)
            .with_primary_text("this arm is never selected")
            .with_subject("runtime", runtime)
            .with_subject("provider", provider);
        let models = &arms.runtime.arms[arm].models;
        if models.iter().any(|id| id.trim() != id) {
            finding.notes.push("no request selects an id with white space around it".to_owned());
        }
        if models.iter().any(|id| id.trim() == id) {
            let why = "an earlier arm also lists each id of this arm, and no credentials select this arm instead";
            finding.notes.push(why.to_owned());
        }
        finding.notes.push(match arms.matched_by(arm) {
            None if arms.providers[arm].model_prefix_match.is_none() => "its provider has no pattern".to_owned(),
            None => "each id that its pattern matches is listed by some arm".to_owned(),
            Some(shared) => format!(
                "its pattern matches `{}`, but so does the pattern of {}, and the arm has no credential of its own",
                shown(&shared.witness),
                listed(&others(arms, &shared, &[arm]))
            ),
        });
        finding.with_help("remove the arm, or give it ids or a credential of its own")
    }

    /// Returns one note for each arm that lists ids which its provider's pattern does not match.
    fn unmatched(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let searches: BTreeMap<&str, (usize, Regex)> = self
            .registry
            .providers()
            .iter()
            .enumerate()
            .map(|(id, provider)| (provider.name.as_str(), (id, search(&provider.model_prefix_match))))
            .collect();
        for runtime in self.registry.runtimes() {
            for (number, arm) in runtime.arms.iter().enumerate() {
                let (id, pattern) = &searches[arm.provider.as_str()];
                // Without a pattern, a provider serves listed ids only, as intended.
                let has_pattern = !self.registry.providers()[*id].model_prefix_match.is_none();
                let is_unmatched = |(_, model): &(usize, &String)| has_pattern && !pattern.is_match(model.as_str());
                let ids: Vec<_> = arm.models.iter().enumerate().filter(is_unmatched).collect();
                findings.extend(self.unmatched_arm(runtime, number, *id, &ids));
            }
        }
        findings
    }

    fn unmatched_arm(&self, runtime: &Runtime, arm: usize, id: usize, ids: &[(usize, &String)]) -> Option<Finding> {
        let provider = &self.registry.providers()[id].name;
        let span = |model: usize| self.document.span(self.sources, &arm_at(runtime, arm).key("models").index(model));
        let ((first, _), rest) = ids.split_first()?;
        let title = format!("`{provider}` lists {} that its pattern does not match", counted(ids.len() as u64, "id"));
        let mut finding = Finding::new(&codes::UNMATCHED_LISTED_ID, span(*first), title)
            .with_primary_text("not matched")
            .with_subject("runtime", &runtime.name)
            .with_subject("provider", provider);
        for (model, _) in rest.iter().take(IDS - 1) {
            finding = finding.with_label(span(*model), "");
        }
        finding = finding.with_label(self.pattern(id), "the pattern");
        let left = ids.len().saturating_sub(IDS);
        if left > 0 {
            finding.notes.push(format!("not shown: {}", counted(left as u64, "more id")));
        }
        let why = "a listed id needs no pattern; on a runtime that does not list it, this provider does not serve it";
        Some(finding.with_note(why))
    }

    /// The entries of `auth_env` that are not valid environment variable names. An entry that looks
    /// like a credential is masked.
    fn invalid_secret_names(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (id, provider) in self.registry.providers().iter().enumerate() {
            let items: Vec<Vec<&str>> = provider.auth_env.items().map(|item| item.iter().collect()).collect();
            for name in provider.auth_env.names().iter().filter(|name| !is_variable_name(name) || is_credential(name)) {
                let item = items.iter().position(|item| item.contains(&name.as_str())).unwrap_or_default();
                let field = FieldPath::default().key("providers").index(id).key("auth_env").index(item);
                let span = self.document.span(self.sources, &field);
                let looks_secret = is_credential(name);
                let title = match looks_secret {
                    true => format!("an entry of `auth_env` of `{}` looks like a credential", shown(&provider.name)),
                    false => format!("`{}` is not a valid environment variable name", shown(name)),
                };
                let help = match looks_secret {
                    true => "write the name of the variable that holds the secret; if this is a real key, revoke it",
                    false => "write the name of the variable that holds the secret: letters, digits and underscores",
                };
                findings.push(
                    Finding::new(&codes::INVALID_SECRET_NAME, span, title)
                        .with_primary_text("not a valid name")
                        .with_help(help)
                        .with_subject("provider", &provider.name),
                );
            }
        }
        findings
    }

    /// The fields that the format does not define, each name once.
    fn unknown_fields(&self) -> Vec<Finding> {
        let unknown = RegistryDocument::unknown_fields(Cursor::root(&self.document.root)).unwrap_or_default();
        let mut by_name: BTreeMap<String, Vec<FieldPath>> = BTreeMap::new();
        for path in unknown {
            by_name.entry(path.name().unwrap_or_default().to_owned()).or_default().push(path);
        }
        let finding = |(name, paths): (String, Vec<FieldPath>)| {
            let title = match paths.len() {
                1 => format!("the format does not define the field `{}`", shown(&name)),
                count => format!("the format does not define the field `{}`, which occurs {count} times", shown(&name)),
            };
            Finding::new(&codes::UNKNOWN_FIELD, self.document.key_span(self.sources, &paths[0]), title)
                .with_primary_text("ignored")
                .with_note("`unknown_fields: deny` in slugproof.yaml makes every unknown field an error")
                .with_subject("field", &name)
        };
        by_name.into_iter().map(finding).collect()
    }

    /// Returns one finding for each id that an arm lists, or has withdrawn, more than once.
    fn duplicate_models(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for runtime in self.registry.runtimes() {
            for (number, arm) in runtime.arms.iter().enumerate() {
                for (field, ids) in [("models", &arm.models), ("withdrawn_models", &arm.withdrawn_models)] {
                    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
                    let mut reported = BTreeSet::new();
                    for (position, id) in ids.iter().enumerate() {
                        let known = *first.entry(id).or_insert(position);
                        if known == position || !reported.insert(id) {
                            continue;
                        }
                        let list = arm_at(runtime, number).key(field);
                        let span = |index| self.document.span(self.sources, &list.clone().index(index));
                        let provider = &arm.provider;
                        let title = format!("`{field}` of `{}` has the id `{}` twice", shown(provider), shown(id));
                        findings.push(
                            Finding::new(&codes::DUPLICATE_MODEL, span(position), title)
                                .with_primary_text("has no effect")
                                .with_label(span(known), "the same id")
                                .with_help("remove one of the two, or correct the id that was meant")
                                .with_subject("runtime", &runtime.name)
                                .with_subject("provider", provider)
                                .with_subject("model", id),
                        );
                    }
                }
            }
        }
        findings
    }

    /// Returns an error for each id with white space around it, which equals no requested model, because that is
    /// trimmed; and a warning for each other id with a character that cannot be seen.
    fn invisible_characters(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for runtime in self.registry.runtimes() {
            for (number, arm) in runtime.arms.iter().enumerate() {
                for (field, ids) in [("models", &arm.models), ("withdrawn_models", &arm.withdrawn_models)] {
                    let is_plain = |id: &str| id.trim() == id && id.chars().all(can_be_seen_in_word);
                    for (position, id) in ids.iter().enumerate().filter(|(_, id)| !is_plain(id)) {
                        let path = arm_at(runtime, number).key(field).index(position);
                        let (level, what, effect, help) = match id.trim() == id {
                            false => (
                                Level::Error,
                                "has white space around it",
                                "never matches",
                                "remove the white space: a requested model is trimmed before it is compared",
                            ),
                            true => (
                                Level::Warning,
                                "has a character that cannot be seen",
                                "selected by an equal text only",
                                "remove the character, unless the id of the provider has it",
                            ),
                        };
                        let title = format!("the id `{}` of `{}` {what}", shown(id), shown(&arm.provider));
                        findings.push(
                            Finding::new(&codes::INVISIBLE_CHARACTER, self.document.span(self.sources, &path), title)
                                .with_level(level)
                                .with_primary_text(effect)
                                .with_help(help)
                                .with_subject("runtime", &runtime.name)
                                .with_subject("provider", &arm.provider)
                                .with_subject("model", id),
                        );
                    }
                }
            }
        }
        findings
    }

    /// Returns a finding for each key of another vendor that the platform's provider accepts.
    fn vendor_keys(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (id, platform) in self.registry.providers().iter().enumerate().filter(|(_, it)| it.is_platform()) {
            for item in platform.auth_env.items() {
                let issued = |key| Some((key, self.registry.issuer(key, platform).filter(|it| !it.is_platform())?));
                // One name of a group is enough.
                let found = item.iter().find_map(issued);
                findings.extend(found.map(|(key, issuer)| self.vendor_key(id, key, issuer)));
            }
        }
        findings
    }

    fn vendor_key(&self, platform: usize, key: &str, issuer: &Provider) -> Finding {
        let vendor = &issuer.name;
        // The item of `auth_env` that mentions the key first.
        let name = |id: usize| {
            let mut items = self.registry.providers()[id].auth_env.items();
            let item = items.position(|item| item.contains(key)).unwrap_or_default();
            self.document
                .span(self.sources, &FieldPath::default().key("providers").index(id).key("auth_env").index(item))
        };
        let platform_name = &self.registry.providers()[platform].name;
        let title = format!("the provider `{platform_name}` accepts the key of `{vendor}`");
        let issuer = self.registry.providers().iter().position(|provider| provider.name == *vendor).unwrap_or_default();
        Finding::new(&codes::PLATFORM_LISTS_VENDOR_KEY, name(platform), title)
            .with_primary_text(format!("the key of `{vendor}`"))
            .with_label(name(issuer), format!("the first key of `{vendor}`"))
            .with_note(format!(
                "if the injected key decides between providers, a tenant's key of `{vendor}` would select \
                 `{platform_name}`, and the platform would pay"
            ))
            .with_help(format!("remove `{key}` from the `auth_env` of `{platform_name}`"))
            .with_subject("key", key)
    }

    fn pattern(&self, provider: usize) -> Span {
        self.document
            .span(self.sources, &FieldPath::default().key("providers").index(provider).key("model_prefix_match"))
    }

    fn arm(&self, runtime: &Runtime, arm: usize) -> Span {
        self.document.span(self.sources, &arm_at(runtime, arm).key("name"))
    }
}

fn arm_at(runtime: &Runtime, arm: usize) -> FieldPath {
    FieldPath::default().key("runtimes").key(&runtime.name).key("providers").index(arm)
}

/// Describes which credentials select which provider of an id; `None` if no credentials can.
fn decision(arms: &Arms<'_>, shared: &Shared) -> Option<String> {
    let id = shown(&shared.witness);
    let decided = |arm: &usize| {
        let own = arms.own_credentials(*arm, &shared.arms);
        let provider = &arms.providers[*arm].name;
        match own.first()?.as_str() {
            "" => Some(format!("without a credential, `{id}` goes to `{provider}`")),
            _ => Some(format!("with {} alone, `{id}` goes to `{provider}`", own.join(" or "))),
        }
    };
    let decided: Vec<String> = shared.arms.iter().filter_map(decided).collect();
    let decided = (!decided.is_empty()).then(|| decided.join("; "))?;
    let others = match shared.arms.iter().any(|arm| arms.providers[*arm].is_keyless()) {
        true => "with other credentials",
        false => "with no key or with keys of several providers",
    };
    Some(format!("{decided}; {others}, `{id}` is rejected as `ambiguous-model`"))
}

/// The providers of the arms that match an id, except the arms in `but`.
fn others<'r>(arms: &Arms<'r>, shared: &Shared, but: &[usize]) -> Vec<&'r str> {
    shared.arms.iter().filter(|arm| !but.contains(arm)).map(|arm| arms.providers[*arm].name.as_str()).collect()
}

/// A list of quoted names, limited to [`IDS`].
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().take(IDS).map(|name| format!("`{}`", shown(name))).collect();
    let more = match names.len().saturating_sub(IDS) {
        0 => String::new(),
        left => format!(" and {left} more"),
    };
    quoted.join(", ") + &more
}

fn is_variable_name(name: &str) -> bool {
    let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
    !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(is_word)
}

fn search(pattern: &Pattern) -> Regex {
    let config = Regex::config().nfa_size_limit(None);
    let builder = Regex::builder().configure(config).build_from_hir(pattern.hir());
    builder.expect("the pattern is part of a valid registry")
}
