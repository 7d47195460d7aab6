//! Compares what policies pick, in every environment.

use std::collections::BTreeMap;

use slug_laws::Dataset;
use slug_laws::RealResolver;
use slug_laws::comparison::{self, Answer, Change, Payer, State};
use slug_laws::enumeration::Enumeration;
use slug_laws::proof::Proof;
use slug_resolver::Code;

use super::report::{Cause, Kind, Place, PolicyPresence, Subject, Told, Transition};
use super::side::{PlacedPolicy, Side};
use crate::config::Accept;
use crate::render::{counted, shown};

/// The changes of policies.
#[derive(Default)]
pub struct Policies {
    /// The changes.
    pub causes: Vec<Cause>,
    /// Changes of environments in which a variable gives a model about which the registries differ.
    pub given: Vec<Cause>,
    /// The policies that only one side has.
    pub presence: Vec<PolicyPresence>,
    /// Why changes may be missing.
    pub undecided: Vec<String>,
}

/// Compares the policies of both sides by name.
pub fn compare(before: &Side, after: &Side) -> Policies {
    let mut found = Policies::default();
    for old in &before.policies {
        let name = old.policy.name();
        if after.policy(name).is_none() {
            found.presence.push(PolicyPresence { policy: name.to_owned(), is_added: false, gaps: 0 });
        }
    }
    for new in &after.policies {
        let name = new.policy.name();
        let dataset = Dataset::new(after.registry.clone(), new.policy.clone());
        let Some(old) = before.policy(name) else {
            let gaps = gaps(&dataset);
            found.presence.push(PolicyPresence { policy: name.to_owned(), is_added: true, gaps });
            continue;
        };
        let compared = comparison::compare(&Dataset::new(before.registry.clone(), old.policy.clone()), &dataset);
        let of_policy = |reason: &String| format!("policy {}: {reason}", shown(name));
        found.undecided.extend(compared.undecided.iter().map(of_policy));
        let changes = compared.changes.into_iter().filter(|change| !is_accepted(after, name, change));
        let (given, own): (Vec<Change>, Vec<Change>) = changes.partition(|change| change.given_by.is_some());
        found.causes.extend(causes(own, [old, new]));
        found.given.extend(causes(given, [old, new]));
    }
    found
}

/// Separates from changes of models that variables give those of a payer or a provider that `--deny` names, even if a
/// contradiction appears or disappears with it.
pub fn denied(given: Vec<Cause>, denied: &[Kind]) -> (Vec<Cause>, Vec<Cause>) {
    let denied_kind = |transition: &Transition| {
        let (old, new) = (&transition.before, &transition.after);
        let is_other = old.provider.as_ref()? != new.provider.as_ref()?;
        let kind = if old.payer == new.payer { Kind::NewProvider } else { Kind::NewPayer };
        let is_change = is_other || kind == Kind::NewPayer;
        let is_denied = denied.contains(&kind) || (is_other && denied.contains(&Kind::NewProvider));
        (is_change && is_denied).then_some(kind)
    };
    let (mut listed, mut others) = (Vec::new(), Vec::new());
    for cause in given {
        let (told, left): (Vec<_>, Vec<_>) =
            cause.transitions.iter().cloned().partition(|transition| denied_kind(transition).is_some());
        let kinds = told.iter().filter_map(denied_kind).collect::<Vec<_>>().into_iter();
        let told = told.into_iter().zip(kinds).map(|(transition, kind)| Transition { kind, ..transition }).collect();
        listed.extend(with_transitions(&cause, told));
        others.extend(with_transitions(&cause, left));
    }
    (listed, others)
}

/// A cause with some of its transitions; `None` without any.
fn with_transitions(cause: &Cause, mut transitions: Vec<Transition>) -> Option<Cause> {
    transitions.sort_by_key(|transition| transition.kind);
    let first = transitions.first()?;
    Some(Cause { kind: first.kind, summary: summary(first), transitions, ..cause.clone() })
}

/// Returns true if slugproof.yaml accepts the contradiction of a change; an entry about a job counts for calls.
fn is_accepted(after: &Side, policy: &str, change: &Change) -> bool {
    let Some(code) = change.after.code else { return false };
    let accepts = after.config.iter().flat_map(|config| &config.accept);
    let is_set = |name: &str| change.variables.contains_key(name);
    let covers = |accept: &Accept| accept.covers(policy, &change.after.runtime, code.into(), is_set);
    accepts.filter(|accept| !accept.is_scoped()).any(covers)
}

/// The number of contradictions of a policy that are reachable without an override.
fn gaps(dataset: &std::sync::Arc<Dataset>) -> usize {
    let enumeration = Enumeration::new(dataset);
    let mut proof = Proof::default();
    for number in 0..enumeration.len() {
        if let Some(point) = enumeration.get(number) {
            proof.note(&RealResolver, number, &point);
        }
    }
    proof.gaps(|_| true).len()
}

/// What distinguishes causes: the place, the models before and after the change, and whether a contradiction
/// disappears: it is not listed under one that appears.
type Key = (Option<Place>, String, String, bool);

/// Groups changes of one policy by cause.
fn causes(changes: Vec<Change>, [old, new]: [&PlacedPolicy; 2]) -> Vec<Cause> {
    let mut by_cause: BTreeMap<Key, Vec<Change>> = BTreeMap::new();
    for change in changes {
        let (side, answer) = match change.after.state {
            State::Created => (new, &change.after),
            _ => (old, &change.before),
        };
        let slug = if answer.slug_in.is_some() { "" } else { answer.slug.as_str() };
        let place = side.place(answer.rule.as_deref(), slug).map(Place::from);
        let disappears = kind_of(&told(&change.before), &told(&change.after)) == Kind::Disappears;
        let key = (place, model_of(&change.before), model_of(&change.after), disappears);
        by_cause.entry(key).or_default().push(change);
    }
    by_cause.into_iter().map(|((place, ..), changes)| cause(place, changes, new.policy.name())).collect()
}

/// The model of an answer, or the variable that gives it.
fn model_of(answer: &Answer) -> String {
    match &answer.slug_in {
        Some(name) => format!("${name}"),
        None => answer.slug.clone(),
    }
}

fn cause(place: Option<Place>, changes: Vec<Change>, policy: &str) -> Cause {
    let mut transitions: Vec<Transition> = Vec::new();
    for change in &changes {
        let (before, after) = (told(&change.before), told(&change.after));
        let names = [&change.before, &change.after].map(|answer| match answer.runtime.as_str() {
            "" => "no runtime".to_owned(),
            name => shown(name),
        });
        let [old, new] = &names;
        let runtime = if old == new { new.clone() } else { format!("{new} (before: {old})") };
        let environment = environment(&change.variables);
        match transitions.iter_mut().find(|known| (&known.before, &known.after) == (&before, &after)) {
            Some(known) => {
                if !known.runtimes.contains(&runtime) {
                    known.runtimes.push(runtime);
                }
            }
            None => transitions.push(Transition {
                kind: kind_of(&before, &after),
                runtimes: vec![runtime],
                environment,
                before,
                after,
            }),
        }
    }
    transitions.iter_mut().for_each(|transition| transition.runtimes.sort());
    // The changes are sorted by the size of their environment.
    transitions.sort_by_key(|transition| transition.kind);
    let kind = transitions.first().map_or(Kind::OtherCode, |transition| transition.kind);
    let rule = changes.first().and_then(|change| change.after.rule.clone().or(change.before.rule.clone()));
    let summary = transitions.first().map(summary).unwrap_or_default();
    let subject = Subject::Policy { policy: policy.to_owned(), rule };
    Cause { kind, subject, place, summary, transitions, reached_by: Vec::new() }
}

/// The variables of an environment in one line.
fn environment(variables: &BTreeMap<String, String>) -> String {
    match variables.len() {
        0 => "nothing set".to_owned(),
        _ => {
            let set = variables.iter().map(|(name, value)| format!("{name}={}", shown(value)));
            set.collect::<Vec<_>>().join(" ")
        }
    }
}

fn told(answer: &Answer) -> Told {
    Told {
        model: Some(model_of(answer)).filter(|model| !model.is_empty()),
        code: answer.code.map(|code| code.as_str().to_owned()),
        provider: answer.provider.clone(),
        payer: answer.billing.map(|payer| match payer {
            Payer::Platform => "platform",
            Payer::Byok => "byok",
        }),
        note: match answer.state {
            State::Unused => Some("the policy is not used with the runtime"),
            State::Nothing => Some("nothing is created"),
            State::Created => None,
        },
    }
}

/// The kind of a change from one answer to another.
pub fn kind_of(before: &Told, after: &Told) -> Kind {
    match (&before.code, &after.code) {
        (None, Some(_)) => Kind::Appears,
        (Some(_), None) => Kind::Disappears,
        (Some(_), Some(_)) => Kind::OtherCode,
        (None, None) if before.provider.is_none() => Kind::Starts,
        (None, None) if after.provider.is_none() => Kind::Stops,
        (None, None) if before.payer != after.payer => Kind::NewPayer,
        (None, None) => Kind::NewProvider,
    }
}

/// An answer in a few words; with the payer if `names_payer` says so.
fn words(told: &Told, names_payer: bool) -> String {
    match (&told.code, &told.provider) {
        (Some(code), _) => code.clone(),
        (None, Some(provider)) => match told.payer.filter(|_| names_payer) {
            Some("platform") => format!("{}, which the platform pays", shown(provider)),
            Some(_) => format!("{}, which the tenant pays", shown(provider)),
            None => shown(provider),
        },
        (None, None) => told.note.unwrap_or("no provider").to_owned(),
    }
}

/// A change in one line: the model, the runtimes, and the answers.
pub fn summary(transition: &Transition) -> String {
    let Transition { kind, runtimes, before, after, .. } = transition;
    let names_payer = *kind == Kind::NewPayer;
    let model = match (&before.model, &after.model) {
        (Some(old), Some(new)) if old != new => format!("{} instead of {}", shown(new), shown(old)),
        (_, Some(model)) | (Some(model), None) => shown(model),
        (None, None) => "no model".to_owned(),
    };
    let on = match runtimes.as_slice() {
        [] => String::new(),
        [one, two, three, rest @ ..] if !rest.is_empty() => {
            format!(" on {one}, {two}, {three} and {} more", rest.len())
        }
        runtimes => format!(" on {}", runtimes.join(", ")),
    };
    // Nobody could use a runtime before the registry had it.
    let is_new = before.code.as_deref() == Some(Code::UnknownRuntime.as_str());
    let before = if is_new { "no known runtime".to_owned() } else { words(before, names_payer) };
    format!("{model}{on}: {before} → {}", words(after, names_payer))
}

/// The sentence about a policy that only one side has.
pub fn presence(policy: &PolicyPresence) -> String {
    let name = shown(&policy.policy);
    match (policy.is_added, policy.gaps) {
        (false, _) => format!("policy {name} was removed"),
        (true, 0) => format!("policy {name} is new; no contradiction is reachable without an override"),
        (true, gaps) => format!("policy {name} is new, with {}; see `slugproof prove`", counted(gaps as u64, "gap")),
    }
}
