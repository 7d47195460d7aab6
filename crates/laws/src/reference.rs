//! The reference resolver: the specification as code, slow and obvious.
//!
//! It shares only the types with the resolver: it has no [`Env`](slug_resolver::Env), no
//! index, no hash map and no automaton. Variables are looked up by name where the
//! specification names them, arms are scanned in order, and a pattern is matched by
//! computing the positions at which it can end. If the two disagree, one of them is wrong
//! about the specification.

use std::collections::{BTreeMap, BTreeSet};

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use slug_resolver::policy::{
    Condition, InjectMode, Membership, Pick, PickRule, SecretsEffect, SecretsRule, Source, Test,
};
use slug_resolver::registry::{Arm, PLATFORM};
use slug_resolver::verdict::Warnings;
use slug_resolver::{
    AuthEnv, Billing, BillingPath, Code, Kind, NameSubset, Outcome, Policy, PolicyDocument, Provider, Registry,
    Rejection, Resolution, Warning, limits,
};

use crate::work;

/// Variables by name, as in the environment of a process.
pub type Variables = BTreeMap<String, String>;

/// Resolves one question.
#[must_use]
pub fn resolve<'a>(
    registry: &'a Registry,
    policy: &'a Policy,
    runtime: &'a str,
    variables: &'a Variables,
    ambient: &'a [String],
) -> Resolution<'a> {
    let names = variable_names(policy.document());
    resolve_by(registry, policy, runtime, variables, ambient, names.into_iter(), |runtime, model, present| {
        derive(registry, runtime, model, present)
    })
}

/// Like [`resolve`], but `names` are the [variables that the policy reads](variable_names), and `derive` finds
/// the provider of a model on a runtime with the present credentials.
pub(crate) fn resolve_by<'a>(
    registry: &'a Registry,
    policy: &'a Policy,
    runtime: &'a str,
    variables: &'a Variables,
    ambient: &'a [String],
    names: impl Iterator<Item = &'a str>,
    derive: impl FnOnce(&str, &str, &[&str]) -> Result<&'a Provider, Rejection>,
) -> Resolution<'a> {
    let document = policy.document();
    let picked = select(document, runtime, variables);
    let slug = picked.slug;
    let (path, injected) = inject(document, runtime, variables);
    let nothing = Resolution {
        runtime,
        slug,
        rule: picked.rule.map(|index| label(policy, index)),
        decided_by: picked.decided_by,
        path,
        injected: NameSubset::of(policy.injectable(), |name| injected.contains(name)),
        provider: None,
        withdrawn_by: None,
        billing: None,
        verdict: Kind::Nothing,
        code: None,
        outcome: Outcome::Nothing,
        needs: AuthEnv::NONE,
        accepted_by: NameSubset::default(),
        warnings: Warnings::default(),
        shadowed: NameSubset::default(),
    };
    if !creates(document, runtime, variables) {
        return nothing;
    }
    let present: Vec<&str> = injected.iter().copied().chain(ambient.iter().map(String::as_str)).collect();

    let lookup_name = document.templates.get(runtime).map_or(runtime, String::as_str);
    let derived = derive(lookup_name, slug, &present);
    let provider = derived.ok();
    let byok = provider.filter(|provider| !platform_pays(provider));
    let accepted: Vec<&str> = byok.map_or_else(Vec::new, |provider| accepted(provider, &present));

    let code = match derived {
        Err(Rejection::ModelRequired) => Some(Code::ModelRequired),
        Err(Rejection::UnknownRuntime) => Some(Code::UnknownRuntime),
        Err(Rejection::UnregisteredModel) => Some(Code::UnregisteredModel),
        Err(Rejection::AmbiguousModel) => Some(Code::AmbiguousModel),
        Err(Rejection::WithdrawnModel) => Some(Code::WithdrawnModel),
        Ok(provider) if platform_pays(provider) => {
            if injected.is_empty() {
                None
            } else {
                Some(Code::PlatformModelWithTenantKey)
            }
        }
        Ok(provider) if is_met(provider, &present) => None,
        Ok(_) if path == BillingPath::Platform => Some(Code::PlatformPathByokModel),
        Ok(_) if injected.is_empty() => Some(Code::MissingCredential),
        Ok(_) => Some(Code::WrongCredential),
    };

    let shadowed = shadowed(document, runtime, variables, names);
    let mut warnings = Vec::new();
    if let Some(provider) = provider
        && !accepted.is_empty()
        && accepted.iter().all(|name| belongs_to_another(registry, provider, name))
    {
        warnings.push(Warning::CrossVendorCredential);
    }
    if !shadowed.is_empty() {
        warnings.push(Warning::ShadowedVariable);
    }

    Resolution {
        provider,
        withdrawn_by: match derived {
            Err(Rejection::WithdrawnModel) => withdrawn_by(registry, lookup_name, slug.trim()),
            _ => None,
        },
        billing: provider.map(|provider| if platform_pays(provider) { Billing::Platform } else { Billing::Byok }),
        verdict: if code.is_none() { Kind::Coherent } else { Kind::Contradiction },
        code,
        outcome: match (code, provider) {
            (None, _) => Outcome::Online,
            (Some(_), Some(_)) => Outcome::Failed,
            (Some(_), None) => Outcome::Rejected,
        },
        needs: byok.map_or(AuthEnv::NONE, |provider| &provider.auth_env),
        accepted_by: byok.map_or_else(NameSubset::default, |provider| {
            NameSubset::of(provider.auth_env.names(), |name| accepted.contains(&name))
        }),
        warnings: warnings.into_iter().collect(),
        shadowed: NameSubset::of(policy.variable_names(), |name| shadowed.contains(&name)),
        ..nothing
    }
}

/// Like [`resolve`], but a key variable that is present and empty holds no credential.
#[must_use]
pub fn resolve_with_empty_keys<'a>(
    registry: &'a Registry,
    policy: &'a Policy,
    runtime: &'a str,
    variables: &'a Variables,
    ambient: &'a [String],
) -> Resolution<'a> {
    let resolution = resolve(registry, policy, runtime, variables, ambient);
    checked(resolution, policy, variables, ambient)
}

/// The resolution of variables, or the failure if the provider needs the secret of an empty key.
pub(crate) fn checked<'a>(
    resolution: Resolution<'a>,
    policy: &'a Policy,
    variables: &'a Variables,
    ambient: &'a [String],
) -> Resolution<'a> {
    let Some(provider) = resolution.provider.filter(|provider| !platform_pays(provider)) else { return resolution };
    let is_empty_key = |name: &&str| {
        let is_key = policy.variable(name).is_some_and(|variable| policy.is_key(variable));
        is_key && variables.get(*name).is_some_and(String::is_empty)
    };
    let document = policy.document();
    let mut present: Vec<&str> = ambient.iter().map(String::as_str).collect();
    for rule in secrets_rules(document, resolution.runtime, variables) {
        let set = rule.when.variables.iter().filter(|(_, test)| *test == Test::Set).map(|(name, _)| name);
        let mut tested = rule.key.iter().chain(set).map(String::as_str);
        if !tested.any(|name| is_empty_key(&name)) {
            present.extend(rule.injected().iter().map(String::as_str));
        }
    }
    if resolution.code.is_some() || is_met(provider, &present) {
        return resolution;
    }
    let is_kept = |warning: &Warning| *warning != Warning::CrossVendorCredential;
    Resolution {
        verdict: Kind::Contradiction,
        code: Some(Code::MissingCredential),
        outcome: Outcome::Failed,
        accepted_by: NameSubset::default(),
        warnings: resolution.warnings.iter().filter(is_kept).collect(),
        ..resolution
    }
}

/// The value of a variable, else its default. An empty variable is unset, unless the policy
/// counts it as set.
pub(crate) fn value<'a>(policy: &'a PolicyDocument, variables: &'a Variables, name: &str) -> Option<&'a str> {
    let counts = |value: &&String| !value.is_empty() || policy.empty_is_set.iter().any(|known| known == name);
    let set = variables.get(name).filter(counts);
    set.or_else(|| policy.defaults.get(name)).map(String::as_str)
}

/// Whether a condition holds.
pub(crate) fn holds(policy: &PolicyDocument, condition: &Condition, runtime: &str, variables: &Variables) -> bool {
    if let Some(runtimes) = &condition.runtime
        && !is_member(runtimes, Some(runtime))
    {
        return false;
    }
    condition.variables.iter().all(|(name, test)| test_holds(test, value(policy, variables, name)))
}

/// Whether a test of a variable holds for a value; `None` is an unset variable.
pub(crate) fn test_holds(test: &Test, value: Option<&str>) -> bool {
    match test {
        Test::Set => value.is_some(),
        Test::Unset => value.is_none(),
        Test::Value(membership) => is_member(membership, value),
        Test::Host(host) => value.and_then(host_of).is_some_and(|found| found.to_lowercase() == host.to_lowercase()),
    }
}

fn is_member(membership: &Membership, value: Option<&str>) -> bool {
    match membership {
        Membership::OneOf(texts) => value.is_some_and(|value| texts.iter().any(|text| text == value)),
        Membership::NoneOf(texts) => value.is_none_or(|value| texts.iter().all(|text| text != value)),
    }
}

/// The host of a URL: the text between `://` and the path, without user name and port.
fn host_of(url: &str) -> Option<&str> {
    let start = url.find("://")?;
    if start == 0 || !url[..start].bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
        return None;
    }
    let rest = &url[start + 3..];
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let after_user = rest[..end].rfind('@').map_or(0, |at| at + 1);
    let address = &rest[after_user..end];
    let bracketed = if address.starts_with('[') { address.find(']') } else { None };
    let host = match bracketed {
        Some(close) => &address[..close + 1],
        None => &address[..address.find(':').unwrap_or(address.len())],
    };
    if host.is_empty() { None } else { Some(host) }
}

/// A slug and the reason for it.
pub(crate) struct Picked<'a> {
    pub(crate) slug: &'a str,
    /// The index of the rule that applied.
    pub(crate) rule: Option<usize>,
    pub(crate) decided_by: Option<&'a str>,
    /// The variable that holds the slug.
    pub(crate) held_by: Option<&'a str>,
}

/// The text that a rule picks, and the variable that holds it; `None` if the rule does not apply.
fn pick<'a>(
    policy: &'a PolicyDocument,
    rule: &'a PickRule,
    runtime: &str,
    variables: &'a Variables,
) -> Option<(&'a str, Option<&'a str>)> {
    if !holds(policy, &rule.when, runtime, variables) {
        return None;
    }
    let Pick::FirstOf(sources) = &rule.pick else { return Some(("", None)) };
    for source in sources {
        match source {
            Source::Text(text) => return Some((text, None)),
            Source::Variable(name) => {
                if let Some(text) = value(policy, variables, name) {
                    return Some((text, Some(name)));
                }
            }
        }
    }
    None
}

/// Picks the slug by the first rule that applies.
pub(crate) fn select<'a>(policy: &'a PolicyDocument, runtime: &str, variables: &'a Variables) -> Picked<'a> {
    for (index, rule) in policy.model.iter().enumerate() {
        let Some((slug, held_by)) = pick(policy, rule, runtime, variables) else { continue };
        let mut tested = rule.when.variables.iter().map(|(name, _)| name.as_str());
        let decided_by = held_by.or_else(|| tested.find(|name| value(policy, variables, name).is_some()));
        return Picked { slug, rule: Some(index), decided_by, held_by };
    }
    Picked { slug: "", rule: None, decided_by: None, held_by: None }
}

/// The runtime that the environment names, if it names one.
#[must_use]
pub fn runtime<'a>(policy: &'a PolicyDocument, variables: &'a Variables) -> Option<&'a str> {
    if policy.runtime.is_empty() && policy.runtimes.len() == 1 {
        return Some(&policy.runtimes[0]);
    }
    policy.runtime.iter().find_map(|rule| pick(policy, rule, "", variables)).map(|(runtime, _)| runtime)
}

/// The output name of a rule. The text is borrowed from the policy, which has it ready.
fn label(policy: &Policy, index: usize) -> &str {
    match &policy.document().model[index].name {
        Some(name) => name,
        None => policy.model_labels().nth(index).unwrap_or_default(),
    }
}

/// The path, and the names of the injected secrets.
pub(crate) fn inject<'a>(
    policy: &'a PolicyDocument,
    runtime: &str,
    variables: &Variables,
) -> (BillingPath, BTreeSet<&'a str>) {
    let rules = secrets_rules(policy, runtime, variables);
    let ends = rules.iter().any(|rule| rule.effect == SecretsEffect::Platform);
    let path = if ends { BillingPath::Platform } else { BillingPath::Byok };
    (path, rules.into_iter().flat_map(SecretsRule::injected).map(String::as_str).collect())
}

/// The rules for secrets that count: the first that applies, or every one up to one for the platform.
fn secrets_rules<'a>(policy: &'a PolicyDocument, runtime: &str, variables: &Variables) -> Vec<&'a SecretsRule> {
    let mut counting = Vec::new();
    for rule in &policy.secrets {
        let is_keyed = rule.key.as_ref().is_none_or(|key| value(policy, variables, key).is_some());
        if !is_keyed || !holds(policy, &rule.when, runtime, variables) {
            continue;
        }
        counting.push(rule);
        if policy.inject == InjectMode::First || rule.effect == SecretsEffect::Platform {
            break;
        }
    }
    counting
}

/// Whether the harness creates a workspace.
pub(crate) fn creates(policy: &PolicyDocument, runtime: &str, variables: &Variables) -> bool {
    !policy.creates.unless.iter().any(|condition| holds(policy, condition, runtime, variables))
}

/// Finds the provider of a model among the credentials that are present, by scanning.
///
/// # Errors
///
/// See [`Rejection`].
pub fn derive<'a>(
    registry: &'a Registry,
    runtime: &str,
    model: &str,
    present: &[&str],
) -> Result<&'a Provider, Rejection> {
    let model = model.trim();
    if model.is_empty() {
        return Err(Rejection::ModelRequired);
    }
    let Some(runtime) = registry.runtimes().iter().find(|known| known.name == runtime) else {
        return Err(Rejection::UnknownRuntime);
    };
    let provider_of = |arm: &Arm| registry.providers().iter().find(|provider| provider.name == arm.provider);
    let lists = |arm: &&Arm| arm.models.iter().any(|listed| listed == model);
    let matches = |provider: &&Provider| is_matched(provider, model);
    let listing = runtime.arms.iter().filter(lists).filter_map(provider_of).collect();
    let matching = || runtime.arms.iter().filter_map(provider_of).filter(matches).collect();
    let is_withdrawn = runtime.arms.iter().any(|arm| arm.withdrawn_models.iter().any(|id| id == model));
    choose(listing, is_withdrawn, matching, present)
}

/// The provider of the first arm that has withdrawn a model.
fn withdrawn_by<'a>(registry: &'a Registry, runtime: &str, model: &str) -> Option<&'a Provider> {
    let runtime = registry.runtimes().iter().find(|known| known.name == runtime)?;
    let arm = runtime.arms.iter().find(|arm| arm.withdrawn_models.iter().any(|id| id == model))?;
    registry.providers().iter().find(|provider| provider.name == arm.provider)
}

/// Whether the platform pays for the models of a provider.
#[must_use]
pub fn platform_pays(provider: &Provider) -> bool {
    provider.billing.map_or(provider.name == PLATFORM, |billing| billing == Billing::Platform)
}

/// The names of every item of `auth_env` that is present as a whole, in the order of the provider.
#[must_use]
pub fn accepted<'a>(provider: &'a Provider, present: &[&str]) -> Vec<&'a str> {
    let count = provider.auth_env.names().len();
    work::spend(80 + 2 * (count * (count + present.len())) as u64);
    let items: Vec<Vec<&str>> = provider.auth_env.items().map(|item| item.iter().collect()).collect();
    let whole: Vec<&Vec<&str>> = items.iter().filter(|item| item.iter().all(|name| present.contains(name))).collect();
    let names = provider.auth_env.names().iter().map(String::as_str);
    names.filter(|name| whole.iter().any(|item| item.contains(name))).collect()
}

/// Whether the credentials that are present are enough for a provider, or it needs none.
#[must_use]
pub fn is_met(provider: &Provider, present: &[&str]) -> bool {
    let needs_none = !platform_pays(provider) && provider.auth_env.items().len() == 0;
    needs_none || !accepted(provider, present).is_empty()
}

/// Chooses the provider of a model from the providers whose arms list it and the providers whose
/// patterns match it, both in declared order. Patterns do not decide about a withdrawn model.
///
/// # Errors
///
/// See [`Rejection`].
pub(crate) fn choose<'a>(
    listing: Vec<&'a Provider>,
    is_withdrawn: bool,
    matching: impl FnOnce() -> Vec<&'a Provider>,
    present: &[&str],
) -> Result<&'a Provider, Rejection> {
    let meets = |provider: &&Provider| is_met(provider, present);
    let met: Vec<&Provider> = listing.iter().copied().filter(meets).collect();
    match (listing.as_slice(), met.as_slice()) {
        ([_, ..], [only]) => return Ok(only),
        ([first, ..], _) => return Ok(first),
        ([], _) if is_withdrawn => return Err(Rejection::WithdrawnModel),
        ([], _) => {}
    }
    let matching = matching();
    let met: Vec<&Provider> = matching.iter().copied().filter(meets).collect();
    match (matching.as_slice(), met.as_slice()) {
        ([], _) => Err(Rejection::UnregisteredModel),
        ([only], _) | (_, [only]) => Ok(only),
        _ => Err(Rejection::AmbiguousModel),
    }
}

/// Returns true for a credential that another provider names first and this provider does not.
fn belongs_to_another(registry: &Registry, provider: &Provider, credential: &str) -> bool {
    let issues = |other: &Provider| match other.auth_env.items().next() {
        Some(first_item) => first_item.iter().any(|name| name == credential),
        None => false,
    };
    !issues(provider) && registry.providers().iter().any(issues)
}

/// The variables that a policy reads, without duplicates: first those whose value matters, in the
/// order of the rules for the model, the secrets and the creation; then those of which only the
/// presence matters, in the order of the rules for secrets, the model, the creation and the
/// runtime; last those whose value matters to rules for the runtime only.
#[must_use]
pub fn variable_names(policy: &PolicyDocument) -> Vec<&str> {
    let model: Vec<Read<'_>> = policy.model.iter().flat_map(reads_of_pick).collect();
    let secrets: Vec<Read<'_>> = policy.secrets.iter().flat_map(reads_of_secrets).collect();
    let creates: Vec<Read<'_>> = policy.creates.unless.iter().flat_map(reads_of).collect();
    let runtime: Vec<Read<'_>> = policy.runtime.iter().flat_map(reads_of_pick).collect();
    let all = [&model[..], &secrets, &creates, &runtime].concat();
    let is_text = |name: &str| all.iter().any(|(read, by_value)| *read == name && *by_value);
    let texts = [&model[..], &secrets, &creates].concat().into_iter().filter(|(name, _)| is_text(name));
    let keys = [&secrets[..], &model, &creates, &runtime].concat().into_iter().filter(|(name, _)| !is_text(name));
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in texts.chain(keys).chain(runtime.iter().copied()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A variable that a rule reads, and whether its value matters.
type Read<'a> = (&'a str, bool);

fn reads_of(condition: &Condition) -> Vec<Read<'_>> {
    let by_value = |test: &Test| !matches!(test, Test::Set | Test::Unset);
    condition.variables.iter().map(|(name, test)| (name.as_str(), by_value(test))).collect()
}

fn reads_of_pick(rule: &PickRule) -> Vec<Read<'_>> {
    let mut reads = reads_of(&rule.when);
    if let Pick::FirstOf(sources) = &rule.pick {
        for source in sources {
            if let Source::Variable(name) = source {
                reads.push((name, true));
            }
        }
    }
    reads
}

fn reads_of_secrets(rule: &SecretsRule) -> Vec<Read<'_>> {
    rule.key.iter().map(|key| (key.as_str(), false)).chain(reads_of(&rule.when)).collect()
}

fn shadowed<'a>(
    policy: &PolicyDocument,
    runtime: &str,
    variables: &Variables,
    names: impl Iterator<Item = &'a str>,
) -> Vec<&'a str> {
    let outcome = |variables: &Variables| {
        let injected = inject(policy, runtime, variables).1;
        (select(policy, runtime, variables).slug.to_owned(), injected, creates(policy, runtime, variables))
    };
    let before = outcome(variables);
    let is_inert = |name: &&str| {
        let counts = |value: &&String| !value.is_empty() || policy.empty_is_set.iter().any(|known| known == name);
        let Some(set) = variables.get(*name).filter(counts) else { return false };
        if policy.defaults.get(*name) == Some(set) {
            return false;
        }
        let mut removed = variables.clone();
        removed.remove(*name);
        outcome(&removed) == before
    };
    names.filter(is_inert).collect()
}

/// Returns true if a provider has a pattern and the pattern matches a model of a valid length.
#[must_use]
pub fn is_matched(provider: &Provider, model: &str) -> bool {
    let pattern = &provider.model_prefix_match;
    model.len() <= limits::SLUG_BYTES && !pattern.as_str().is_empty() && is_found_in(pattern.hir(), model)
}

/// Returns true if a pattern matches anywhere in a text.
#[must_use]
pub fn is_found_in(pattern: &Hir, text: &str) -> bool {
    is_found_from(pattern, text, &everywhere(text))
}

/// All positions at which a match may begin.
pub(crate) fn everywhere(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

/// Returns true if a pattern matches a text at one of these ascending start positions.
pub(crate) fn is_found_from(pattern: &Hir, text: &str, begins: &[usize]) -> bool {
    !ends(pattern, text, begins).is_empty()
}

/// The positions at which a pattern can end if it begins at one of the given positions. Both
/// lists ascend without duplicates.
fn ends(pattern: &Hir, text: &str, begins: &[usize]) -> Vec<usize> {
    let starts = begins.iter().copied();
    match pattern.kind() {
        // No start positions, no matches.
        _ if begins.is_empty() => Vec::new(),
        HirKind::Empty => begins.to_vec(),
        // Only the first position can be the start.
        HirKind::Look(Look::Start) => starts.take_while(|&at| at == 0).collect(),
        HirKind::Look(look) => starts.filter(|&at| look_holds(*look, text, at)).collect(),
        HirKind::Literal(literal) => {
            starts.filter(|&at| text.as_bytes()[at..].starts_with(&literal.0)).map(|at| at + literal.0.len()).collect()
        }
        HirKind::Class(class) => starts.filter_map(|at| after_class(class, text, at)).collect(),
        HirKind::Capture(capture) => ends(&capture.sub, text, begins),
        HirKind::Concat(parts) => match parts.split_first() {
            Some((first, rest)) => {
                rest.iter().fold(ends(first, text, begins), |begins, part| ends(part, text, &begins))
            }
            None => begins.to_vec(),
        },
        HirKind::Alternation(parts) => parts.iter().fold(Vec::new(), |all, part| union(all, ends(part, text, begins))),
        HirKind::Repetition(repetition) => {
            let mut reached = begins.to_vec();
            for _ in 0..repetition.min {
                let next = ends(&repetition.sub, text, &reached);
                // Further rounds would yield the same positions.
                if next == reached {
                    break;
                }
                reached = next;
            }
            let mut all = reached;
            for _ in repetition.min..repetition.max.unwrap_or(u32::MAX) {
                let more = union(all.clone(), ends(&repetition.sub, text, &all));
                if more == all {
                    break;
                }
                all = more;
            }
            all
        }
    }
}

fn union(mut one: Vec<usize>, other: Vec<usize>) -> Vec<usize> {
    one.extend(other);
    one.sort_unstable();
    one.dedup();
    one
}

fn after_class(class: &Class, text: &str, at: usize) -> Option<usize> {
    match class {
        Class::Unicode(class) => {
            let next = text[at..].chars().next()?;
            let listed = class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&next));
            listed.then(|| at + next.len_utf8())
        }
        Class::Bytes(class) => {
            let next = *text.as_bytes().get(at)?;
            let listed = class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&next));
            listed.then_some(at + 1)
        }
    }
}

fn look_holds(look: Look, text: &str, at: usize) -> bool {
    let before = || text[..at].chars().next_back();
    let after = || text[at..].chars().next();
    let ascii = |character: Option<char>| character.is_some_and(|c| c == '_' || c.is_ascii_alphanumeric());
    let unicode = |character: Option<char>| character.is_some_and(regex_syntax::is_word_character);
    match look {
        Look::Start => at == 0,
        Look::End => at == text.len(),
        Look::StartLF => before().is_none_or(|c| c == '\n'),
        Look::EndLF => after().is_none_or(|c| c == '\n'),
        Look::StartCRLF => match before() {
            None | Some('\n') => true,
            Some('\r') => after() != Some('\n'),
            Some(_) => false,
        },
        Look::EndCRLF => match after() {
            None | Some('\r') => true,
            Some('\n') => before() != Some('\r'),
            Some(_) => false,
        },
        Look::WordAscii => ascii(before()) != ascii(after()),
        Look::WordAsciiNegate => ascii(before()) == ascii(after()),
        Look::WordUnicode => unicode(before()) != unicode(after()),
        Look::WordUnicodeNegate => unicode(before()) == unicode(after()),
        Look::WordStartAscii => !ascii(before()) && ascii(after()),
        Look::WordEndAscii => ascii(before()) && !ascii(after()),
        Look::WordStartUnicode => !unicode(before()) && unicode(after()),
        Look::WordEndUnicode => unicode(before()) && !unicode(after()),
        Look::WordStartHalfAscii => !ascii(before()),
        Look::WordEndHalfAscii => !ascii(after()),
        Look::WordStartHalfUnicode => !unicode(before()),
        Look::WordEndHalfUnicode => !unicode(after()),
    }
}
