//! Results of an exhaustive run: broken laws, gaps, and counts that must add up.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use slug_resolver::{AuthEnv, Code, Resolution, Variable};

use crate::case::TestCase;
use crate::counts::{Counts, OutcomeKind};
use crate::enumeration::{Enumeration, TestPoint};
use crate::implementation::Implementation;
use crate::law::{Law, LawContext, Violation};
use crate::laws::AGREEMENT;
use crate::values::values_when_set;
use crate::work;

/// The results of an exhaustive run over some cases; two results can be [merged](Proof::merge).
#[derive(Default)]
pub struct Proof {
    /// The number of cases checked against every law.
    pub evaluated: usize,
    /// The number of slug cases whose answers were compared with the reference.
    pub compared: usize,
    /// The number of concrete combinations that the cases represent.
    pub covered: u128,
    /// The outcomes of the combinations.
    pub counts: Counts,
    /// The first case that breaks a law.
    pub broken: Option<Broken>,
    reachable: BTreeMap<Contradiction, BTreeMap<VariableSet, NumberedGap>>,
}

/// A case that breaks a law.
pub struct Broken {
    /// Its number in the enumeration.
    pub number: usize,
    /// The law.
    pub law: &'static Law,
    /// The description of the violation.
    pub violation: Violation,
    /// The case.
    pub case: TestCase,
}

/// The identity of a contradiction: two cases with the same runtime, code and slug reach the
/// same one. The slug is omitted if a variable holds it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Contradiction {
    code: Code,
    runtime: String,
    slug: Option<String>,
}

/// The names of the variables that are set.
type VariableSet = BTreeSet<String>;

/// A gap with the number of its first case in the enumeration.
#[derive(Clone)]
struct NumberedGap {
    number: usize,
    gap: Gap,
}

/// A gap: a contradiction that is reachable without an override, by an environment that names its runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The runtime.
    pub runtime: String,
    /// The code of the contradiction.
    pub code: Code,
    /// A smallest set of variables that leads to the contradiction, with one value each.
    pub set: BTreeMap<String, String>,
    /// The variable that holds the slug, if any.
    pub slug_in: Option<String>,
    /// The number of assignments of exactly these variables that lead to the contradiction: one
    /// for each slug, if a variable holds the slug.
    pub cases: usize,
    /// The slug that these values select.
    pub slug: String,
    /// The provider of the slug, if any.
    pub provider: Option<String>,
    /// The secrets that the provider needs.
    pub needs: AuthEnv,
}

/// Maximum environments in which a runtime is looked for.
pub const NAMING: usize = 10_000;

/// Returns true if an environment that names the runtime of a case, or names none, has a property that the case
/// has: a variable may decide both the runtime and the model. A variable that the case does not set may have any
/// value. If there are more than [`NAMING`] environments, one may name the runtime.
pub fn can_name_runtime(case: &TestCase, has: impl Fn(&TestCase) -> bool) -> bool {
    let policy = &case.dataset.policy;
    let is_set = |variable: &Variable| case.variables.contains_key(policy.variable_name(*variable));
    let mut free = policy.runtime_variables().filter(|variable| !is_set(variable));
    let decides = |variable: Variable| policy.deciding_variables().any(|deciding| deciding == variable);
    if !policy.runtime_variables().any(decides) || free.any(|variable| policy.is_slug_variable(variable)) {
        return true;
    }
    let mut cases = vec![case.clone()];
    for variable in policy.runtime_variables() {
        let name = policy.variable_name(variable);
        // A value in the class of the runtime's name stands for that name.
        let mut values = vec![case.runtime.clone()];
        if !is_set(&variable) {
            values.extend(values_when_set(policy, variable));
        }
        let with_value = |case: &TestCase| values.iter().map(|value| case.with(name, value)).collect::<Vec<_>>();
        cases = cases.iter().flat_map(|case| [vec![case.clone()], with_value(case)].concat()).collect();
        if cases.len() > NAMING {
            return true;
        }
    }
    cases.iter().any(|other| {
        let names_runtime = other.env().runtime().is_none_or(|runtime| runtime == case.runtime);
        names_runtime && has(other)
    })
}

impl Proof {
    /// Runs one check of an enumeration: checks every law on a case, or compares a slug case.
    pub fn check(&mut self, implementation: &dyn Implementation, enumeration: &Enumeration, number: usize) {
        if let Some(point) = enumeration.get(number) {
            self.examine(implementation, number, &point);
        } else if let Some(slug_case) =
            number.checked_sub(enumeration.len()).and_then(|index| enumeration.slug_case(index))
        {
            self.compare(implementation, number, &slug_case);
        }
    }

    /// Checks every law on one case of an enumeration.
    pub fn examine(&mut self, implementation: &dyn Implementation, number: usize, point: &TestPoint) {
        let context = LawContext::new(implementation, &point.case);
        work::spend(point.case.dataset.units().case + point.similar_ids);
        self.evaluated += 1;
        self.covered += point.covers;
        let answer = point.case.with_empty_keys(context.resolution);
        self.counts.add(&point.case.runtime, OutcomeKind::of_resolution(&answer), point.covers);
        if let Err((law, violation)) = context.check_all() {
            self.keep_first(Broken { number, law, violation, case: point.case.clone() });
        }
        if !point.overridden && point.known_runtime {
            self.note_contradiction(implementation, number, point, &answer);
        }
    }

    /// Notes the contradiction of one case of an enumeration, without checking any law.
    pub fn note(&mut self, implementation: &dyn Implementation, number: usize, point: &TestPoint) {
        if !point.overridden && point.known_runtime {
            self.note_contradiction(implementation, number, point, &implementation.answer(&point.case));
        }
    }

    /// Compares the answer to one slug case of an enumeration with the answer of the reference.
    pub fn compare(&mut self, implementation: &dyn Implementation, number: usize, slug_case: &TestCase) {
        work::spend(slug_case.dataset.units().resolution);
        self.compared += 1;
        if let Err(violation) = (AGREEMENT.check)(&LawContext::new(implementation, slug_case)) {
            self.keep_first(Broken { number, law: &AGREEMENT, violation, case: slug_case.clone() });
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
        for (contradiction, sets) in other.reachable {
            for (names, reached) in sets {
                self.keep_first_gap(contradiction.clone(), names, reached);
            }
        }
    }

    /// The gaps that `counts` accepts: for each contradiction, the smallest sets of variables
    /// that lead to it. Sorted by code, then by the set variables, then in the order of the
    /// enumeration.
    #[must_use]
    pub fn gaps(&self, counts: impl Fn(&Gap) -> bool) -> Vec<Gap> {
        let mut smallest: Vec<&NumberedGap> = Vec::new();
        for sets in self.reachable.values() {
            let sets: Vec<(&VariableSet, &NumberedGap)> =
                sets.iter().filter(|(_, reached)| counts(&reached.gap)).collect();
            let minimal = |names: &VariableSet| {
                !sets.iter().any(|(other, _)| other.len() < names.len() && other.is_subset(names))
            };
            smallest.extend(sets.iter().filter(|(names, _)| minimal(names)).map(|(_, reached)| *reached));
        }
        smallest.sort_by_key(|NumberedGap { number, gap }| {
            (gap.code, gap.set.len(), gap.set.keys().collect::<Vec<_>>(), *number)
        });
        smallest.into_iter().map(|reached| reached.gap.clone()).collect()
    }

    fn keep_first(&mut self, broken: Broken) {
        if self.broken.as_ref().is_none_or(|first| broken.number < first.number) {
            self.broken = Some(broken);
        }
    }

    /// Notes the contradiction of a case if an environment that names the runtime of the case, or names none, has the
    /// same.
    fn note_contradiction(
        &mut self,
        implementation: &dyn Implementation,
        number: usize,
        point: &TestPoint,
        answer: &Resolution<'_>,
    ) {
        let case = &point.case;
        let is_same = |other: &TestCase| {
            let other = implementation.answer(other);
            (other.code, other.slug) == (answer.code, answer.slug)
        };
        let Some(code) = answer.code.filter(|_| can_name_runtime(case, is_same)) else { return };
        let gap = Gap {
            runtime: case.runtime.clone(),
            code,
            set: case.variables.clone(),
            slug_in: point.slug_in.clone(),
            cases: point.slugs,
            slug: answer.slug.to_owned(),
            provider: answer.provider.map(|provider| provider.name.clone()),
            needs: answer.needs.clone(),
        };
        let slug = gap.slug_in.is_none().then(|| answer.slug.to_owned());
        let contradiction = Contradiction { code, runtime: case.runtime.clone(), slug };
        self.keep_first_gap(contradiction, case.variables.keys().cloned().collect(), NumberedGap { number, gap });
    }

    /// Keeps the first case of the enumeration among the cases with the same variables.
    fn keep_first_gap(&mut self, contradiction: Contradiction, names: VariableSet, new: NumberedGap) {
        let sets = self.reachable.entry(contradiction).or_default();
        match sets.get_mut(&names) {
            None => drop(sets.insert(names, new)),
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
