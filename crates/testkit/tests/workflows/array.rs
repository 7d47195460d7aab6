//! Covering arrays: few rows in which every feasible combination of some values of some factors occurs.

use std::collections::BTreeSet;

/// A property with its values.
pub struct Factor {
    pub name: &'static str,
    pub values: &'static [&'static str],
}

/// A value, or none yet, for each factor.
pub type Partial = [Option<usize>];

/// A combination: pairs of a factor and one of its values, in the order of the factors.
pub type Combination = Vec<(usize, usize)>;

/// The distance between the first combinations of two arrays; a prime.
const STRIDE: usize = 7_919;

/// Factors, and what their values exclude.
pub struct Model {
    pub factors: &'static [Factor],
    /// Whether a choice of some values breaks no rule. It must hold for every part of an allowed choice.
    pub allows: fn(&Partial) -> bool,
}

impl Model {
    /// Rows in which every feasible combination of `strength` values occurs. Each row starts with a combination that
    /// is missing and takes for each other factor the value that adds the most. The same model and number have the
    /// same rows; another number starts with other combinations.
    pub fn array(&self, strength: usize, number: usize) -> Vec<Vec<usize>> {
        let mut missing = self.feasible_combinations(strength);
        let mut rows = Vec::new();
        while !missing.is_empty() {
            let start = number.wrapping_mul(STRIDE) % missing.len();
            let Some(first) = missing.iter().nth(start).cloned() else { break };
            let mut row = self.empty();
            first.iter().for_each(|(factor, value)| row[*factor] = Some(*value));
            for factor in 0..self.factors.len() {
                if row[factor].is_none() {
                    row[factor] = self.best_value(&row, factor, &missing, rows.len() + number);
                }
            }
            let row: Vec<usize> = row.into_iter().flatten().collect();
            missing.retain(|combination| !is_in(combination, &row));
            rows.push(row);
        }
        rows
    }

    /// The value of a factor that completes the most missing combinations of a row that can be finished. Among equal
    /// ones, `turn` decides.
    fn best_value(&self, row: &Partial, factor: usize, missing: &BTreeSet<Combination>, turn: usize) -> Option<usize> {
        let count = self.factors[factor].values.len();
        let mut row = row.to_vec();
        let mut gain = vec![0; count];
        for combination in missing {
            let Some((_, value)) = combination.iter().find(|(other, _)| *other == factor) else { continue };
            if combination.iter().all(|(other, value)| *other == factor || row[*other] == Some(*value)) {
                gain[*value] += 1;
            }
        }
        let candidates = (0..count).map(|step| (step + turn) % count).filter(|value| {
            row[factor] = Some(*value);
            self.is_feasible(&row)
        });
        candidates.collect::<Vec<_>>().into_iter().rev().max_by_key(|value| gain[*value])
    }

    /// Every combination of `strength` values that some allowed row has.
    pub fn feasible_combinations(&self, strength: usize) -> BTreeSet<Combination> {
        let mut all: Vec<Combination> = vec![Vec::new()];
        for (factor, Factor { values, .. }) in self.factors.iter().enumerate() {
            let longer = all.iter().filter(|combination| combination.len() < strength);
            let longer: Vec<Combination> = longer
                .flat_map(|it| (0..values.len()).map(move |value| [&it[..], &[(factor, value)]].concat()))
                .collect();
            all.extend(longer);
        }
        let is_feasible = |combination: &Combination| {
            let mut row = self.empty();
            combination.iter().for_each(|(factor, value)| row[*factor] = Some(*value));
            combination.len() == strength && self.is_feasible(&row)
        };
        all.into_iter().filter(is_feasible).collect()
    }

    /// Whether some choice of the other values makes an allowed row.
    pub fn is_feasible(&self, row: &Partial) -> bool {
        if !(self.allows)(row) {
            return false;
        }
        let Some(open) = row.iter().position(Option::is_none) else { return true };
        let mut row = row.to_vec();
        (0..self.factors[open].values.len()).any(|value| {
            row[open] = Some(value);
            self.is_feasible(&row)
        })
    }

    fn empty(&self) -> Vec<Option<usize>> {
        vec![None; self.factors.len()]
    }
}

/// Whether a row has all values of a combination.
pub fn is_in(combination: &Combination, row: &[usize]) -> bool {
    combination.iter().all(|(factor, value)| row[*factor] == *value)
}

/// The rows of a small model are compared with those of a search that tries everything.
#[test]
fn array_covers_every_feasible_combination_of_a_small_model() {
    const FACTORS: [Factor; 4] = [
        Factor { name: "a", values: &["0", "1", "2"] },
        Factor { name: "b", values: &["0", "1"] },
        Factor { name: "c", values: &["0", "1", "2"] },
        Factor { name: "d", values: &["0", "1"] },
    ];
    // Together, the two rules exclude `a = 0` with `c = 2`, which neither excludes alone.
    fn allows(row: &Partial) -> bool {
        let is = |factor: usize, value: usize| row[factor] == Some(value);
        !(is(0, 0) && is(1, 0) || is(1, 1) && is(2, 2))
    }
    let model = Model { factors: &FACTORS, allows };
    let sizes = FACTORS.map(|factor| factor.values.len());
    let all: Vec<Vec<usize>> = (0..sizes.iter().product())
        .map(|mut number| {
            let digit = |size: &usize| {
                let digit = number % size;
                number /= size;
                digit
            };
            sizes.iter().map(digit).collect()
        })
        .collect();
    let is_allowed = |row: &Vec<usize>| allows(&row.iter().copied().map(Some).collect::<Vec<_>>());
    let allowed: Vec<&Vec<usize>> = all.iter().filter(|row| is_allowed(row)).collect();
    for (strength, number) in (1..=4).flat_map(|strength| (0..3).map(move |number| (strength, number))) {
        let rows = model.array(strength, number);
        assert!(rows.iter().all(|row| allowed.contains(&row)), "{rows:?}");
        let mut feasible = BTreeSet::new();
        for row in &allowed {
            for chosen in 0..1_usize << row.len() {
                let factors = (0..row.len()).filter(|factor| chosen >> factor & 1 == 1);
                let combination: Combination = factors.map(|factor| (factor, row[factor])).collect();
                if combination.len() == strength {
                    assert!(rows.iter().any(|row| is_in(&combination, row)), "{combination:?} is missing");
                    feasible.insert(combination);
                }
            }
        }
        assert_eq!(model.feasible_combinations(strength), feasible);
        assert!(rows.len() <= allowed.len() && (strength > 2 || rows.len() < allowed.len() / 2), "{}", rows.len());
    }
}
