//! Compares every call of a harness.

use std::collections::{BTreeMap, BTreeSet};

use super::policies::{kind_of, summary};
use super::report::{Cause, Kind, Place, Subject, Told, Transition};
use super::side::Side;
use crate::lint::answers::{CallAnswers, CallId, PlacedAnswer};
use crate::lint::evaluate::{CallAnswer, CallResult};
use crate::render::shown;

/// The changes of calls.
#[derive(Default)]
pub struct Calls {
    /// The changes.
    pub causes: Vec<Cause>,
    /// Why changes may be missing.
    pub undecided: BTreeSet<String>,
}

/// What is known of an environment of a call.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    /// The answer.
    Told(Told),
    /// A contradiction that is accepted.
    Accepted,
    /// It depends on a value that is not known.
    Unknown,
    /// The side has the call, but not the environment.
    Impossible,
    /// The side lacks the call.
    Absent,
}

/// A change of one call in one environment.
struct CallChange<'s> {
    id: &'s CallId,
    before: Known,
    after: Known,
    /// The answer that has the place: after the change, unless it is gone.
    shown: Option<&'s PlacedAnswer>,
    place: Place,
}

/// Compares the calls of both sides. A call that picks what its policy names belongs to the change of the policy.
pub fn compare(before: &Side, after: &Side, policies: &mut [Cause]) -> Calls {
    let mut calls = Calls::default();
    let mut changes = Vec::new();
    for (old, new) in matched(&before.calls, &after.calls) {
        changes.extend(changes_of((before, old), (after, new), &mut calls.undecided));
    }
    let mut by_cause: BTreeMap<(Place, Kind, Known, Known), Vec<CallChange<'_>>> = BTreeMap::new();
    for change in changes {
        let Some(kind) = kind(&change.before, &change.after) else { continue };
        let of_policy = policies.iter_mut().find(|cause| is_of_policy(&change, kind, cause));
        if let Some(cause) = of_policy {
            if !cause.reached_by.contains(&change.place) {
                cause.reached_by.push(change.place);
            }
            continue;
        }
        by_cause
            .entry((change.place.clone(), kind, change.before.clone(), change.after.clone()))
            .or_default()
            .push(change);
    }
    calls.causes = by_cause.into_iter().map(|((place, kind, ..), changes)| cause(place, kind, &changes)).collect();
    calls
}

type Calling<'s> = Option<(&'s CallId, &'s CallAnswers)>;

/// The calls of both sides that are the same one: by workflow, job, step and harness; a step that has another name
/// or text is found by its job and harness.
fn matched<'s>(
    before: &'s BTreeMap<CallId, CallAnswers>,
    after: &'s BTreeMap<CallId, CallAnswers>,
) -> Vec<(Calling<'s>, Calling<'s>)> {
    type Part = fn(&CallId) -> CallId;
    let parts: [Part; 3] = [
        CallId::clone,
        |id| CallId { policy: String::new(), ..id.clone() },
        |id| CallId { policy: String::new(), step: String::new(), number: 0, ..id.clone() },
    ];
    let mut old: Vec<(&CallId, &CallAnswers)> = before.iter().collect();
    let mut new: Vec<(&CallId, &CallAnswers)> = after.iter().collect();
    let mut pairs = Vec::new();
    for part in parts {
        new.retain(|call| match old.iter().position(|(id, _)| part(id) == part(call.0)) {
            Some(position) => {
                pairs.push((Some(old.remove(position)), Some(*call)));
                false
            }
            None => true,
        });
    }
    pairs.extend(old.into_iter().map(|call| (Some(call), None)));
    pairs.extend(new.into_iter().map(|call| (None, Some(call))));
    pairs
}

static NO_ENVIRONMENTS: BTreeMap<String, PlacedAnswer> = BTreeMap::new();

/// The changes of one call.
fn changes_of<'s>(
    (before, old): (&Side, Calling<'s>),
    (after, new): (&Side, Calling<'s>),
    undecided: &mut BTreeSet<String>,
) -> Vec<CallChange<'s>> {
    let Some((id, call)) = new.or(old) else { return Vec::new() };
    let reasons = |call: Calling<'_>| call.map_or(0, |(_, call)| call.undecided.len());
    let mut changes = Vec::new();
    if let (Some((_, new)), true) = (new, reasons(new) > 0) {
        let place = Place::from(new.place.clone());
        if old.is_some() && reasons(old) > 0 {
            let why = new.undecided.iter().next().cloned().unwrap_or_default();
            undecided.insert(format!("{}:{}: {why}", place.path, place.line));
        } else {
            let before = old.map_or(Known::Absent, |_| Known::Told(Told::default()));
            changes.push(CallChange { id, before, after: Known::Unknown, shown: None, place });
        }
    }
    let environments = |call: Calling<'s>| call.map(|(_, call)| &call.environments);
    let one = environments(old).unwrap_or(&NO_ENVIRONMENTS);
    let two = environments(new).unwrap_or(&NO_ENVIRONMENTS);
    let mut pairs: Vec<(Option<&PlacedAnswer>, Option<&PlacedAnswer>)> = Vec::new();
    let (mut gone, mut added) = (Vec::new(), Vec::new());
    for (key, answer) in one {
        match two.get(key) {
            Some(other) => pairs.push((Some(answer), Some(other))),
            None => gone.push(answer),
        }
    }
    added.extend(two.iter().filter(|(key, _)| !one.contains_key(*key)).map(|(_, answer)| answer));
    let was_undecided = reasons(old) > 0;
    let known_at = |side: &Side, calling: Calling<'_>, answer: Option<&PlacedAnswer>| match answer {
        Some(answer) => known(side, answer),
        None if calling.is_some() => Known::Impossible,
        None => Known::Absent,
    };
    let known_before = |answer: Option<&PlacedAnswer>| match answer {
        None if was_undecided => Known::Unknown,
        answer => known_at(before, old, answer),
    };
    let mut add = |(one, two): (Option<&'s PlacedAnswer>, Option<&'s PlacedAnswer>)| {
        let (before, after) = (known_before(one), known_at(after, new, two));
        if before != after {
            let shown = two.or(one);
            let place = shown.map_or(&call.place, |answer| &answer.place).clone().into();
            changes.push(CallChange { id, before, after, shown, place });
        }
    };
    for pair in pairs {
        if pair.0.is_some_and(|it| it.answer.result == CallResult::Unknown)
            && pair.1.is_some_and(|it| it.answer.result == CallResult::Unknown)
        {
            undecided.insert(unknown_on_both_sides(id, call));
        }
        add(pair);
    }
    // Environments that differ in a value of the workflow are compared with each other as a whole.
    let states = |side: &Side, answers: &[&'s PlacedAnswer]| -> BTreeMap<Known, &'s PlacedAnswer> {
        answers.iter().rev().map(|answer| (without_model(known(side, answer)), *answer)).collect()
    };
    let (gone, added) = (states(before, &gone), states(after, &added));
    let mut lost = gone.iter().filter(|(state, _)| !added.contains_key(state)).map(|(_, answer)| *answer).peekable();
    let any = lost.peek().copied().or(gone.values().next().copied());
    for (_, answer) in added.iter().filter(|(state, _)| !gone.contains_key(state)) {
        add((lost.next().or(any), Some(answer)));
    }
    lost.for_each(|answer| add((Some(answer), None)));
    changes
}

fn unknown_on_both_sides(id: &CallId, call: &CallAnswers) -> String {
    let (path, line) = &call.place;
    format!("{path}:{line}: job {} depends on a value that is not known on both sides", shown(&id.job))
}

/// What is known, for comparison: the model itself makes no difference.
fn without_model(known: Known) -> Known {
    match known {
        Known::Told(told) => Known::Told(Told { model: None, ..told }),
        known => known,
    }
}

fn known(side: &Side, PlacedAnswer { answer, place, .. }: &PlacedAnswer) -> Known {
    match answer.result {
        CallResult::Unknown => Known::Unknown,
        CallResult::Accepted => Known::Accepted,
        CallResult::Fails(code) if side.is_suppressed(code, place) => Known::Accepted,
        _ => Known::Told(told(answer)),
    }
}

fn told(answer: &CallAnswer) -> Told {
    Told {
        model: Some(answer.slug.clone()).filter(|slug| !slug.is_empty()),
        code: match answer.result {
            CallResult::Fails(code) => Some(code.to_owned()),
            _ => None,
        },
        provider: answer.provider.clone(),
        payer: answer.provider.as_ref().map(|_| if answer.is_platform { "platform" } else { "byok" }),
        note: (answer.result == CallResult::Nothing).then_some("nothing is created"),
    }
}

/// The kind of a change, or `None` for one that nobody has to know.
fn kind(before: &Known, after: &Known) -> Option<Kind> {
    let fails = |known: &Known| matches!(known, Known::Told(told) if told.code.is_some());
    match (without_model(before.clone()), without_model(after.clone())) {
        (before, after) if before == after => None,
        (_, Known::Accepted) => None,
        (_, Known::Unknown) => Some(Kind::Undecided),
        (Known::Told(before), Known::Told(after)) => Some(kind_of(&before, &after)),
        (_, after) if fails(&after) => Some(Kind::Appears),
        (before, Known::Impossible | Known::Absent) if fails(&before) => Some(Kind::Disappears),
        _ => None,
    }
}

/// Returns true if a call picks a text of its policy, and the change of the policy tells about it.
fn is_of_policy(change: &CallChange<'_>, kind: Kind, cause: &Cause) -> bool {
    let (Subject::Policy { policy, .. }, Some(shown)) = (&cause.subject, change.shown) else { return false };
    let tells = |transition: &Transition| match &change.after {
        Known::Told(after) => transition.kind == kind && transition.after == *after,
        _ => false,
    };
    *policy == change.id.policy && !shown.answer.is_given && cause.transitions.iter().any(tells)
}

fn cause(place: Place, kind: Kind, changes: &[CallChange<'_>]) -> Cause {
    let distinct = |of: &dyn Fn(&CallChange<'_>) -> Option<String>| -> Vec<String> {
        changes.iter().filter_map(of).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let first = &changes[0];
    let told = |known: &Known| match known {
        Known::Told(told) => told.clone(),
        Known::Accepted => Told { note: Some("accepted"), ..Told::default() },
        Known::Unknown => Told { note: Some("undecided"), ..Told::default() },
        Known::Impossible => Told { note: Some("not possible"), ..Told::default() },
        Known::Absent => Told { note: Some("no call"), ..Told::default() },
    };
    let transition = Transition {
        kind,
        runtimes: distinct(&|change| Some(shown(&change.shown?.answer.runtime)).filter(|it| it != "\"\"")),
        environment: first.shown.map_or(String::new(), |answer| answer.origin.clone()),
        before: told(&first.before),
        after: told(&first.after),
    };
    Cause {
        kind,
        summary: summary(&transition),
        subject: Subject::Call {
            workflow: first.id.workflow.clone(),
            jobs: distinct(&|change| Some(change.id.job.clone())),
            steps: distinct(&|change| Some(change.id.step.clone())),
            harness: first.id.harness.clone(),
            policies: distinct(&|change| Some(change.id.policy.clone())),
        },
        place: Some(place),
        transitions: vec![transition],
        reached_by: Vec::new(),
    }
}
