//! Compares every pin, and the other findings of `lint`.

use std::collections::BTreeMap;

use super::policies::{kind_of, summary};
use super::report::{Cause, Kind, Place, Subject, Told, Transition};
use super::side::{Pin, PlacedFinding, Side};
use crate::codes::Level;
use crate::render::shown;

/// Compares the pins of both sides: by file, runtime and model, whatever line they are on; a pin whose model is
/// edited, by its file and runtime.
pub fn compare(before: &Side, after: &Side) -> Vec<Cause> {
    type Part = fn(&Pin) -> (&str, &str, &str);
    let parts: [Part; 2] =
        [|pin| (&pin.place.0, &pin.answer.runtime, &pin.answer.model), |pin| (&pin.place.0, &pin.answer.runtime, "")];
    let mut old: Vec<&Pin> = before.pins.iter().collect();
    let mut new: Vec<&Pin> = after.pins.iter().collect();
    let mut pairs: Vec<(Option<&Pin>, Option<&Pin>)> = Vec::new();
    for part in parts {
        let mut by_part: BTreeMap<_, Vec<&Pin>> = BTreeMap::new();
        // The last is the first of the file.
        old.iter().rev().for_each(|pin| by_part.entry(part(pin)).or_default().push(pin));
        let mut found = Vec::new();
        new.retain(|pin| match by_part.get_mut(&part(pin)).and_then(Vec::pop) {
            Some(partner) => {
                found.push(partner);
                pairs.push((Some(partner), Some(pin)));
                false
            }
            None => true,
        });
        old.retain(|pin| !found.iter().any(|known| std::ptr::eq(*known, *pin)));
    }
    pairs.extend(old.into_iter().map(|pin| (Some(pin), None)));
    pairs.extend(new.into_iter().map(|pin| (None, Some(pin))));
    let mut causes: Vec<Cause> = pairs.into_iter().filter_map(|pair| cause((before, after), pair)).collect();
    causes.sort_by(|one, other| (&one.place, &one.summary).cmp(&(&other.place, &other.summary)));
    causes.dedup();
    causes
}

fn told(side: &Side, pin: Option<&Pin>) -> Told {
    let Some(Pin { place, answer }) = pin else { return Told { note: Some("no pin"), ..Told::default() } };
    let is_accepted = answer.code.is_some_and(|code| side.is_suppressed(code.as_str(), place));
    let code = answer.code.filter(|_| !is_accepted).map(|code| code.as_str().to_owned());
    Told {
        model: Some(answer.model.clone()),
        note: match (&code, &answer.provider) {
            _ if is_accepted => Some("accepted"),
            (None, None) => Some("the credentials decide"),
            _ => None,
        },
        code,
        provider: answer.provider.clone(),
        payer: answer.payer,
    }
}

fn cause((before, after): (&Side, &Side), (old, new): (Option<&Pin>, Option<&Pin>)) -> Option<Cause> {
    let shown_pin = new.or(old)?;
    let (was, is) = (told(before, old), told(after, new));
    let key = |told: &Told| Told { model: None, ..told.clone() };
    let is_told = match (old, new) {
        (Some(_), Some(_)) => key(&was) != key(&is) && is.note != Some("accepted"),
        // A pin that is new or gone is told if it fails.
        (Some(_), None) => was.code.is_some(),
        (None, _) => is.code.is_some(),
    };
    let kind = kind_of(&was, &is);
    // Which provider serves it depends on more than the file.
    if !is_told || matches!(kind, Kind::Starts | Kind::Stops) {
        return None;
    }
    let runtime = shown_pin.answer.runtime.clone();
    let transition =
        Transition { kind, runtimes: vec![shown(&runtime)], environment: String::new(), before: was, after: is };
    Some(Cause {
        kind,
        summary: summary(&transition),
        subject: Subject::Pin { runtime },
        place: Some(shown_pin.place.clone().into()),
        transitions: vec![transition],
        reached_by: Vec::new(),
    })
}

/// Compares the other findings of both sides: by file, code and subject.
pub fn compare_findings(before: &Side, after: &Side) -> Vec<Cause> {
    let key =
        |placed: &PlacedFinding| (placed.place.0.clone(), placed.finding.code.id, placed.finding.stable_subject());
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    before.findings.iter().for_each(|finding| *counts.entry(key(finding)).or_default() += 1);
    let mut causes = Vec::new();
    for finding in &after.findings {
        match counts.get_mut(&key(finding)).filter(|count| **count > 0) {
            Some(count) => *count -= 1,
            None => causes.push(finding_cause(finding, true)),
        }
    }
    for finding in before.findings.iter().rev() {
        if let Some(count) = counts.get_mut(&key(finding)).filter(|count| **count > 0) {
            *count -= 1;
            causes.push(finding_cause(finding, false));
        }
    }
    causes
}

fn finding_cause(placed: &PlacedFinding, appears: bool) -> Cause {
    let PlacedFinding { place, finding } = placed;
    let kind = match (appears, finding.level) {
        (false, _) => Kind::Disappears,
        (true, Level::Error) => Kind::Appears,
        (true, Level::Undecided) => Kind::Undecided,
        (true, _) => Kind::Warning,
    };
    let code = finding.code.id.to_owned();
    let told = |is: bool| match is {
        true => Told { code: Some(code.clone()), ..Told::default() },
        false => Told { note: Some("not found"), ..Told::default() },
    };
    let text = Some(&finding.primary.text).filter(|text| !text.is_empty());
    let text = text.map(|text| format!(": {text}")).unwrap_or_default();
    Cause {
        kind,
        summary: format!("{code}: {}{text}", finding.title),
        transitions: vec![Transition {
            kind,
            runtimes: Vec::new(),
            environment: String::new(),
            before: told(!appears),
            after: told(appears),
        }],
        subject: Subject::Finding { code },
        place: Some(Place::from(place.clone())),
        reached_by: Vec::new(),
    }
}
