//! The environments in which function and policy are compared.

mod covering;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use slug_resolver::{Env, Policy};

use crate::case::Case;
use crate::pattern::{Pattern, Position};
use crate::reading::{Comparisons, Reading};

/// The values of each variable that the policy or the function distinguishes.
#[derive(Clone, Debug, Default)]
pub struct Space {
    /// The runtimes. Empty if variables of the environment name the runtime.
    pub runtimes: Vec<String>,
    /// Whether the runtime, as an argument, can change an answer of the function.
    pub is_runtime_read: bool,
    /// Texts that resemble a runtime and belong to the class of the last one.
    pub runtime_near_misses: Vec<String>,
    /// The variables, sorted by name.
    pub dimensions: Vec<Dimension>,
    /// The variables with patterns that overlap in so many ways that some classes may be missing.
    pub incomplete: Vec<String>,
}

/// One variable of a [`Space`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dimension {
    /// The name of the variable.
    pub name: String,
    /// One value of each class: unset (`None`), empty, each text that is compared, members and near
    /// non-members of patterns, and a text that is compared with nothing. The empty text is missing if
    /// it is in the class of unset.
    pub values: Vec<Option<String>>,
    /// Texts that resemble a compared text and belong to the class of the last value, and the empty text
    /// if it is in the class of unset. They test that the function compares as its syntax tree shows.
    pub near_misses: Vec<String>,
    /// Whether only the presence of the value matters to the policy, so that it can be a secret.
    pub is_key: bool,
    /// Whether the policy reads the variable.
    pub is_read_by_policy: bool,
    /// Whether the variable can change an answer of the function.
    pub is_read_by_function: bool,
}

/// The test cases for a [`Space`]: one of each class or a covering sample, and near misses.
#[derive(Clone, Debug, Default)]
pub struct TestSuite {
    /// One case of each class, or a covering sample of the classes; the smallest environments come first.
    pub cases: Vec<Case>,
    /// Cases with one near miss each, in every pair of values of the other variables.
    pub near_misses: Vec<Case>,
    /// The number of classes.
    pub classes: u128,
    /// Whether `cases` is a sample.
    pub is_sampled: bool,
}

/// The use of one value by policy and function.
#[derive(Default)]
struct Uses {
    texts: BTreeSet<String>,
    patterns: Vec<Pattern>,
    is_split: bool,
}

impl Uses {
    fn add(&mut self, comparisons: &Comparisons) {
        self.texts.extend(comparisons.texts.iter().cloned());
        self.patterns.extend(comparisons.patterns.iter().filter_map(|source| Pattern::parse(source)));
        self.is_split |= comparisons.is_split;
    }

    /// The classes by which patterns match.
    fn class(&self, text: &str) -> Vec<bool> {
        self.patterns.iter().map(|pattern| pattern.matches(text)).collect()
    }

    /// One value of each class except the empty text; the last one is compared with nothing. `fresh`
    /// is such a value unless a pattern matches it. The flag is false if classes may be missing.
    fn values(&self, fresh: &str) -> (Vec<String>, bool) {
        let mut values: Vec<String> = self.texts.iter().filter(|text| !text.is_empty()).cloned().collect();
        let (mut members, is_complete) = self.members();
        let is_known = |text: &str| self.texts.contains(text);
        let fresh: Vec<String> = ["", "x-", "X", "zz-", "9"]
            .iter()
            .map(|prefix| format!("{prefix}{fresh}"))
            .filter(|text| !is_known(text))
            .collect();
        let is_other = |text: &&String| self.class(text).iter().all(|matches| !matches);
        let other = fresh.iter().find(is_other).cloned();
        let last = other.or_else(|| members.get(&vec![false; self.patterns.len()]).cloned());
        let last = last.unwrap_or_else(|| fresh[0].clone());
        members.remove(&self.class(&last));
        let mut others: Vec<String> = members.into_values().collect();
        others.sort_by_key(|text| (text.len(), text.clone()));
        values.extend(others);
        if self.is_split {
            values.push(format!("!  {last}"));
        }
        values.push(last);
        (values, is_complete)
    }

    /// The shortest text of each class that is none of the compared texts.
    fn members(&self) -> (HashMap<Vec<bool>, String>, bool) {
        const STATES: usize = 20_000;
        let mut members = HashMap::new();
        if self.patterns.is_empty() {
            return (members, true);
        }
        let mut alphabet: BTreeSet<char> = self.patterns.iter().flat_map(Pattern::characters).collect();
        // A character that no pattern names.
        alphabet.extend(('a'..='z').chain('0'..='9').find(|other| !alphabet.contains(other)));
        let start: Vec<Position> = self.patterns.iter().map(Pattern::start).collect();
        // A text that is compared belongs to no class, so its beginnings are states of their own.
        let beginning = |text: &str| self.texts.iter().any(|known| known.starts_with(text)).then(|| text.to_owned());
        let mut seen: HashSet<(Vec<Position>, Option<String>)> = [(start.clone(), Some(String::new()))].into();
        let mut queue: VecDeque<(Vec<Position>, String)> = [(start, String::new())].into();
        while let Some((positions, text)) = queue.pop_front() {
            for character in &alphabet {
                let next = self.patterns.iter().zip(&positions).map(|(pattern, at)| pattern.after(at, *character));
                let next: Vec<Position> = next.collect();
                let text = format!("{text}{character}");
                if !self.texts.contains(&text) {
                    let class = self.patterns.iter().zip(&next).map(|(pattern, at)| pattern.accepts(at)).collect();
                    members.entry(class).or_insert_with(|| text.clone());
                }
                if seen.len() >= STATES {
                    return (members, false);
                }
                if seen.insert((next.clone(), beginning(&text))) {
                    queue.push_back((next, text));
                }
            }
        }
        (members, true)
    }

    /// Texts that resemble a compared text and are in the class of `last`.
    fn near_misses(&self, last: &str) -> Vec<String> {
        let class = self.class(last);
        let literals = self.patterns.iter().flat_map(|pattern| pattern.literals().into_iter().max_by_key(String::len));
        let resembled: BTreeSet<String> = self.texts.iter().cloned().chain(literals).collect();
        let mut near = BTreeSet::new();
        for text in resembled.iter().filter(|text| !text.is_empty()) {
            let mut shorter = text.clone();
            shorter.pop();
            near.extend([text.to_uppercase(), text.to_lowercase(), shorter, format!("{text}x"), format!("x{text}")]);
        }
        near.retain(|text| !text.is_empty() && !self.texts.contains(text) && text != last && self.class(text) == class);
        near.into_iter().collect()
    }
}

/// A text that nobody compares with, another one for each variable, given by its position. The text does not contain
/// the name of the variable, which can look like a key.
fn fresh(variable: usize) -> String {
    format!("other-{variable}")
}

impl Space {
    /// The classes of a policy and a function. Without a policy, the function alone decides.
    #[must_use]
    pub fn of(policy: Option<&Policy>, registry_runtimes: &[String], reading: &Reading) -> Self {
        let mut uses: BTreeMap<String, (Uses, bool, bool)> = BTreeMap::new();
        for (name, comparisons) in &reading.variables {
            let (entry, distinguishes_unset, is_key) = uses.entry(name.clone()).or_default();
            entry.add(comparisons);
            *distinguishes_unset |= comparisons.distinguishes_unset;
            *is_key = entry.texts.is_empty() && entry.patterns.is_empty() && !comparisons.is_printed;
        }
        let mut runtime = Uses::default();
        runtime.add(&reading.runtime);
        let mut runtimes: Vec<String> = Vec::new();
        let mut scope: &[String] = registry_runtimes;
        if let Some(policy) = policy {
            let listed = &policy.document().runtimes;
            scope = if listed.is_empty() { registry_runtimes } else { listed };
            runtimes.extend(scope.iter().cloned());
            runtime.texts.extend(policy.runtimes().map(str::to_owned));
        } else {
            runtimes.extend(scope.iter().cloned());
        }
        runtime.texts.extend(scope.iter().cloned());
        let names_runtime = policy.is_some_and(|policy| !policy.document().runtime.is_empty());
        if let Some(policy) = policy {
            for variable in policy.all_variables() {
                let name = policy.variable_name(variable);
                let (entry, distinguishes_unset, is_key) = uses.entry(name.to_owned()).or_default();
                let classes = policy.value_classes(variable);
                entry.texts.extend(classes.texts);
                entry.texts.extend(policy.default_of(variable).map(str::to_owned));
                for host in &classes.hosts {
                    entry.texts.insert(format!("https://{host}"));
                    entry.texts.insert(format!("https://{host}/v1"));
                    entry.texts.insert(format!("https://{host}.invalid"));
                }
                *distinguishes_unset |= policy.is_set_if_empty(variable);
                *is_key = policy.is_key(variable);
            }
            for variable in policy.runtime_variables().filter(|variable| !policy.is_key(*variable)) {
                if let Some((entry, ..)) = uses.get_mut(policy.variable_name(variable)) {
                    entry.texts.extend(runtime.texts.iter().cloned());
                    entry.patterns.extend(runtime.patterns.iter().cloned());
                    entry.is_split |= runtime.is_split;
                }
            }
        }
        let is_runtime_read = reading.runtime != Comparisons::default();
        let mut space = Self { is_runtime_read, ..Self::default() };
        if !names_runtime {
            let (values, is_complete) = runtime.values("other-runtime");
            space.runtime_near_misses = runtime.near_misses(values.last().map_or("", String::as_str));
            // Those in scope come first, in their order.
            runtimes.extend(values.into_iter().filter(|value| !scope.contains(value)));
            space.runtimes = runtimes;
            if !is_complete {
                space.incomplete.push("RUNTIME".to_owned());
            }
        }
        for (position, (name, (mut entry, distinguishes_unset, is_key))) in uses.into_iter().enumerate() {
            entry.patterns.dedup();
            let (values, is_complete) = entry.values(&fresh(position));
            if !is_complete {
                space.incomplete.push(name.clone());
            }
            let mut near_misses = entry.near_misses(values.last().map_or("", String::as_str));
            let mut classes = vec![None];
            if distinguishes_unset {
                classes.push(Some(String::new()));
            } else {
                near_misses.insert(0, String::new());
            }
            classes.extend(values.into_iter().map(Some));
            let is_read_by_policy = policy.is_some_and(|policy| policy.variable(&name).is_some());
            let is_read_by_function = reading.variables.contains_key(&name);
            space.dimensions.push(Dimension {
                name,
                values: classes,
                near_misses,
                is_key,
                is_read_by_policy,
                is_read_by_function,
            });
        }
        space
    }

    /// The number of classes.
    #[must_use]
    pub fn classes(&self) -> u128 {
        let counts = self.dimensions.iter().map(|dimension| dimension.values.len() as u128);
        counts.fold(self.runtimes.len().max(1) as u128, u128::saturating_mul)
    }

    /// The test cases. If there are more classes than the budget, these are all small environments that
    /// fit into half of it, and rows with every pair of values, and every triple of values of variables
    /// that the policy reads.
    #[must_use]
    pub fn test_suite(&self, policy: Option<&Policy>, budget: usize) -> TestSuite {
        let classes = self.classes();
        let is_sampled = classes > budget as u128;
        let counts = self.counts();
        let rows = if is_sampled {
            let is_read: Vec<bool> =
                [true].into_iter().chain(self.dimensions.iter().map(|one| one.is_read_by_policy)).collect();
            let mut rows = covering::small(&counts, budget / 2);
            let mut seen: HashSet<Vec<usize>> = rows.iter().cloned().collect();
            let covering = covering::rows(&counts, &is_read, budget - rows.len());
            rows.extend(covering.into_iter().filter(|row| seen.insert(row.clone())));
            rows
        } else {
            covering::small(&counts, budget)
        };
        let mut suite = TestSuite { classes, is_sampled, ..TestSuite::default() };
        suite.cases = rows.iter().map(|row| self.case(policy, row, None)).collect();
        let pairs = covering::rows(&counts, &vec![false; counts.len()], budget);
        let of_runtime = self.runtime_near_misses.iter().map(|near_miss| (0, near_miss));
        let of_variables = self.dimensions.iter().enumerate();
        let of_variables =
            of_variables.flat_map(|(index, one)| one.near_misses.iter().map(move |near| (index + 1, near)));
        let replacements: Vec<(usize, &String)> = of_runtime.chain(of_variables).collect();
        let mut seen = HashSet::new();
        // Each near miss is asked in some rows, even if there are too many for all.
        for row in &pairs {
            for (column, near_miss) in &replacements {
                if suite.near_misses.len() >= budget {
                    return suite;
                }
                let case = self.case(policy, row, Some((*column, near_miss)));
                if seen.insert(case.clone()) {
                    suite.near_misses.push(case);
                }
            }
        }
        suite
    }

    /// The number of values of the runtime, then of each variable.
    fn counts(&self) -> Vec<usize> {
        let variables = self.dimensions.iter().map(|dimension| dimension.values.len());
        [self.runtimes.len().max(1)].into_iter().chain(variables).collect()
    }

    /// The case with these values, the one of a column perhaps replaced.
    fn case(&self, policy: Option<&Policy>, row: &[usize], instead: Option<(usize, &str)>) -> Case {
        let mut variables = Vec::new();
        for (index, dimension) in self.dimensions.iter().enumerate() {
            let value = match instead {
                Some((replaced, text)) if replaced == index + 1 => Some(text),
                _ => dimension.values[row[index + 1]].as_deref(),
            };
            variables.extend(value.map(|value| (dimension.name.clone(), value.to_owned())));
        }
        let near_miss = instead.filter(|(replaced, _)| *replaced == 0).map(|(_, text)| text.to_owned());
        let runtime = near_miss.or_else(|| self.runtimes.get(row[0]).cloned());
        let runtime =
            runtime.unwrap_or_else(|| policy.map(|policy| runtime_of(policy, &variables)).unwrap_or_default());
        Case { runtime, variables }
    }
}

/// The runtime that a policy derives from an environment; empty if there is none.
#[must_use]
pub fn runtime_of(policy: &Policy, variables: &[(String, String)]) -> String {
    let env = Env::read(policy, variables.iter().map(|(name, value)| (name, value.as_str())));
    env.runtime().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(texts: &[&str], patterns: &[&str]) -> Uses {
        Uses {
            texts: texts.iter().map(|text| (*text).to_owned()).collect(),
            patterns: patterns.iter().map(|source| Pattern::parse(source).expect("is supported")).collect(),
            is_split: false,
        }
    }

    #[test]
    fn values_have_a_member_of_every_intersection() {
        for (texts, patterns) in [
            (vec![], vec!["plat*", "*form"]),
            (vec!["plat"], vec!["plat*"]),
            (vec!["platform", "x"], vec!["plat*", "*form", "?*-[a-c]"]),
            (vec!["gpt"], vec!["gpt*", "*gpt", "*"]),
            (vec![], vec!["*beta*", "gpt-[!4]*"]),
        ] {
            let uses = uses(&texts, &patterns);
            let (values, is_complete) = uses.values("other-variable");
            assert!(is_complete);
            let classes: HashSet<Vec<bool>> =
                values.iter().filter(|value| !uses.texts.contains(*value)).map(|value| uses.class(value)).collect();
            // Every text of up to three of these parts is in the class of a value.
            let mut words = vec![String::new()];
            for _ in 0..3 {
                let parts = ["plat", "form", "gpt", "beta", "a", "x", "-", "4"];
                let longer = words.iter().flat_map(|word| parts.map(|part| format!("{word}{part}")));
                words = longer.collect();
                for word in words.iter().filter(|word| !uses.texts.contains(*word)) {
                    assert!(classes.contains(&uses.class(word)), "{word} {patterns:?} {values:?}");
                }
            }
        }
    }

    #[test]
    fn near_misses_are_in_the_last_class() {
        let uses = uses(&["platform"], &["claude*"]);
        let (values, _) = uses.values("other-variable");
        let near = uses.near_misses(&values[values.len() - 1]);
        for text in ["PLATFORM", "platfor", "platformx", "xplatform", "claud"] {
            assert!(near.contains(&text.to_owned()), "{text} {near:?}");
        }
        assert!(near.iter().all(|text| !text.starts_with("claude")));
    }
}
