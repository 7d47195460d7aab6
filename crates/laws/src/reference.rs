//! The reference resolver: the specification as code, slow and obvious.
//!
//! It shares only the types with the resolver: it has no [`Env`](slug_resolver::Env), no
//! index, no hash map and no automaton. Variables are looked up by name where the
//! specification names them, arms are scanned in order, and a pattern is matched by
//! computing the positions at which it can end. If the two disagree, one of them is wrong
//! about the specification.

use std::collections::BTreeMap;

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use slug_resolver::registry::{Arm, PLATFORM};
use slug_resolver::{
    AuthEnv, Billing, BillingPath, Code, Kind, NameSubset, Outcome, Policy, PolicyDocument, Provider, Registry,
    Rejection, Resolution, Rule, Warning,
};

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
    resolve_by(registry, policy, runtime, variables, ambient, |runtime, model, present| {
        derive(registry, runtime, model, present)
    })
}

/// Like [`resolve`], but `derive` finds the provider of a model on a runtime with the present
/// credentials.
pub(crate) fn resolve_by<'a>(
    registry: &'a Registry,
    policy: &'a Policy,
    runtime: &'a str,
    variables: &'a Variables,
    ambient: &'a [String],
    derive: impl FnOnce(&str, &str, &[&str]) -> Result<&'a Provider, Rejection>,
) -> Resolution<'a> {
    let document = policy.document();
    let (slug, rule, decided_by) = select(document, runtime, variables);
    let injected = inject(document, variables);
    let path = if on_platform_path(document, variables) { BillingPath::Platform } else { BillingPath::Byok };
    let present: Vec<&str> = injected.iter().chain(ambient).map(String::as_str).collect();

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

    let shadowed = shadowed(document, runtime, variables);
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
        runtime,
        slug,
        rule,
        decided_by,
        path,
        injected,
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
    }
}

/// The value of a variable, else its default; an empty variable is unset.
fn value<'a>(policy: &'a PolicyDocument, variables: &'a Variables, name: &str) -> Option<&'a str> {
    let set = variables.get(name).filter(|value| !value.is_empty());
    set.or_else(|| policy.defaults.get(name)).map(String::as_str)
}

fn on_platform_path(policy: &PolicyDocument, variables: &Variables) -> bool {
    value(policy, variables, &policy.platform.var) == Some(&policy.platform.value)
}

fn select<'a>(policy: &'a PolicyDocument, runtime: &str, variables: &'a Variables) -> (&'a str, Rule, Option<&'a str>) {
    if let Some(slug) = value(policy, variables, &policy.override_var) {
        return (slug, Rule::Override, Some(&policy.override_var));
    }
    if on_platform_path(policy, variables) {
        return match value(policy, variables, &policy.platform.model) {
            Some(slug) => (slug, Rule::Platform, Some(&policy.platform.model)),
            None => (&policy.platform.fallback, Rule::Platform, Some(&policy.platform.var)),
        };
    }
    for entry in &policy.dispatch {
        if !entry.runtimes.iter().any(|name| name == runtime) {
            continue;
        }
        for keyed in &entry.keyed {
            if value(policy, variables, &keyed.key).is_some() {
                return (&keyed.model, Rule::Keyed, Some(&keyed.key));
            }
        }
        return (&entry.model, Rule::Default, None);
    }
    (&policy.fallback, Rule::Fallback, None)
}

fn inject<'a>(policy: &'a PolicyDocument, variables: &Variables) -> &'a [String] {
    if on_platform_path(policy, variables) {
        return &[];
    }
    for entry in &policy.secrets {
        if value(policy, variables, &entry.key).is_some() {
            return &entry.inject;
        }
    }
    &[]
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
    let first_of = |other: &Provider| other.auth_env.names().first().is_some_and(|name| name == credential);
    !first_of(provider) && registry.providers().iter().any(first_of)
}

/// The variables that a policy reads, without duplicates, in the order of consultation; the runtime variable is last.
#[must_use]
pub fn variable_names(policy: &PolicyDocument) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let text_variables = [&policy.override_var, &policy.platform.var, &policy.platform.model];
    let secret_keys = policy.secrets.iter().map(|entry| &entry.key);
    let model_keys = policy.dispatch.iter().flat_map(|entry| &entry.keyed).map(|keyed| &keyed.key);
    for name in text_variables.into_iter().chain(secret_keys).chain(model_keys).chain([&policy.runtime]) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn shadowed<'a>(policy: &'a PolicyDocument, runtime: &str, variables: &Variables) -> Vec<&'a str> {
    let mut names = variable_names(policy);
    let outcome = |variables: &Variables| {
        (String::from(select(policy, runtime, variables).0), inject(policy, variables).to_vec())
    };
    names.retain(|name| {
        let Some(set) = variables.get(*name).filter(|value| !value.is_empty()) else { return false };
        if policy.defaults.get(*name) == Some(set) {
            return false;
        }
        let mut removed = variables.clone();
        removed.remove(*name);
        outcome(&removed) == outcome(variables)
    });
    names
}

/// Returns true if a provider has a pattern and the pattern matches a model.
#[must_use]
pub fn is_matched(provider: &Provider, model: &str) -> bool {
    let pattern = &provider.model_prefix_match;
    !pattern.as_str().is_empty() && is_found_in(pattern.hir(), model)
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
        HirKind::Look(look) => starts.filter(|&at| look_matches(*look, text, at)).collect(),
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

fn look_matches(look: Look, text: &str, at: usize) -> bool {
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
