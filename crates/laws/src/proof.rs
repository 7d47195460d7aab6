//! What an exhaustive run found: broken laws, gaps, and counts that must add up.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use slug_resolver::{Code, Resolution};

use crate::case::TestCase;
use crate::counts::{Counts, OutcomeKind};
use crate::enumeration::{Enumeration, TestPoint};
use crate::implementation::Implementation;
use crate::law::{Law, LawContext, Violation};
use crate::laws::AGREEMENT;

/// The findings of an exhaustive run over some cases; those of two runs [merge](Proof::merge).
#[derive(Default)]
pub struct Proof {
    /// Cases put to every law.
    pub evaluated: usize,
    /// Questions compared with the reference.
    pub compared: usize,
    /// Concrete combinations that they stand for.
    pub covered: u128,
    /// What the combinations come to.
    pub counts: Counts,
    /// The first case that breaks a law.
    pub broken: Option<Broken>,
    reachable: BTreeMap<Contradiction, BTreeMap<Names, Reached>>,
}

/// A case that breaks a law.
pub struct Broken {
    /// The step of the enumeration.
    pub number: usize,
    /// The law.
    pub law: &'static Law,
    /// How it is broken.
    pub violation: Violation,
    /// The case.
    pub case: TestCase,
}

/// What makes two cases reach the same contradiction: the runtime, the code, and the
/// slug, unless a variable holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Contradiction {
    code: Code,
    runtime: String,
    slug: Option<String>,
}

/// The names of the variables that are set.
type Names = BTreeSet<String>;

#[derive(Clone)]
struct Reached {
    number: usize,
    gap: Gap,
}

/// A contradiction that is reachable without an override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The runtime.
    pub runtime: String,
    /// The contradiction.
    pub code: Code,
    /// A smallest set of variables that leads there, with one value each.
    pub set: BTreeMap<String, String>,
    /// The variable that holds the slug, where one does.
    pub slug_in: Option<String>,
    /// How many ways of setting exactly these variables lead there: one for each slug,
    /// where a variable holds one.
    pub cases: usize,
    /// The slug that is picked with those values.
    pub slug: String,
    /// The provider that answers for it, where there is one.
    pub provider: Option<String>,
    /// The secrets of which that provider needs any one.
    pub needs: Vec<String>,
}

impl Proof {
    /// Takes one step of a enumeration: examines a case or compares a question.
    pub fn step(&mut self, implementation: &dyn Implementation, enumeration: &Enumeration, number: usize) {
        if let Some(point) = enumeration.get(number) {
            self.examine(implementation, number, &point);
        } else if let Some(question) =
            number.checked_sub(enumeration.len()).and_then(|question| enumeration.question(question))
        {
            self.compare(implementation, number, &question);
        }
    }

    /// Puts one case of a enumeration to a implementation and checks every law.
    pub fn examine(&mut self, implementation: &dyn Implementation, number: usize, point: &TestPoint) {
        let context = LawContext::new(implementation, &point.case);
        self.evaluated += 1;
        self.covered += point.covers;
        self.counts.add(&point.case.runtime, OutcomeKind::of_resolution(&context.resolution), point.covers);
        if let Err((law, violation)) = context.check_all() {
            self.keep_first(Broken { number, law, violation, case: point.case.clone() });
        }
        if !point.overridden && point.known_runtime {
            self.note_contradiction(number, point, &context.resolution);
        }
    }

    /// Compares the answer to one question of a enumeration with the reference's.
    pub fn compare(&mut self, implementation: &dyn Implementation, number: usize, question: &TestCase) {
        self.compared += 1;
        if let Err(violation) = (AGREEMENT.check)(&LawContext::new(implementation, question)) {
            self.keep_first(Broken { number, law: &AGREEMENT, violation, case: question.clone() });
        }
    }

    /// Adds the findings of another run.
    pub fn merge(&mut self, other: Self) {
        self.evaluated += other.evaluated;
        self.compared += other.compared;
        self.covered += other.covered;
        self.counts.merge(other.counts);
        if let Some(broken) = other.broken {
            self.keep_first(broken);
        }
        for (contradiction, ways) in other.reachable {
            for (names, reached) in ways {
                self.keep_reached(contradiction.clone(), names, reached);
            }
        }
    }

    /// The gaps for which `counts` holds: for each contradiction the smallest sets of
    /// variables among them. Sorted by code, then by what is set, then in the order
    /// of the enumeration.
    #[must_use]
    pub fn gaps(&self, counts: impl Fn(&Gap) -> bool) -> Vec<Gap> {
        let mut smallest: Vec<&Reached> = Vec::new();
        for ways in self.reachable.values() {
            let ways: Vec<(&Names, &Reached)> = ways.iter().filter(|(_, reached)| counts(&reached.gap)).collect();
            let minimal =
                |names: &Names| !ways.iter().any(|(other, _)| other.len() < names.len() && other.is_subset(names));
            smallest.extend(ways.iter().filter(|(names, _)| minimal(names)).map(|(_, reached)| *reached));
        }
        smallest.sort_by_key(|Reached { number, gap }| {
            (gap.code, gap.set.len(), gap.set.keys().collect::<Vec<_>>(), *number)
        });
        smallest.into_iter().map(|reached| reached.gap.clone()).collect()
    }

    fn keep_first(&mut self, broken: Broken) {
        if self.broken.as_ref().is_none_or(|first| broken.number < first.number) {
            self.broken = Some(broken);
        }
    }

    fn note_contradiction(&mut self, number: usize, point: &TestPoint, resolution: &Resolution<'_>) {
        let Some(code) = resolution.code else { return };
        let case = &point.case;
        let platform_model = &case.dataset.policy.document().platform.model;
        let gap = Gap {
            runtime: case.runtime.clone(),
            code,
            set: case.variables.clone(),
            slug_in: resolution
                .decided_by
                .filter(|name| *name == platform_model && case.variables.contains_key(*name))
                .map(str::to_owned),
            cases: point.slugs,
            slug: resolution.slug.to_owned(),
            provider: resolution.provider.map(|provider| provider.name.clone()),
            needs: resolution.needs.to_vec(),
        };
        let slug = gap.slug_in.is_none().then(|| resolution.slug.to_owned());
        let contradiction = Contradiction { code, runtime: case.runtime.clone(), slug };
        self.keep_reached(contradiction, case.variables.keys().cloned().collect(), Reached { number, gap });
    }

    /// Of several cases with the same variables, the first of the enumeration is shown.
    fn keep_reached(&mut self, contradiction: Contradiction, names: Names, new: Reached) {
        let ways = self.reachable.entry(contradiction).or_default();
        match ways.get_mut(&names) {
            None => drop(ways.insert(names, new)),
            Some(known) => {
                let cases = known.gap.cases + new.gap.cases;
                if new.number < known.number {
                    *known = new;
                }
                known.gap.cases = cases;
            }
        }
    }
}
