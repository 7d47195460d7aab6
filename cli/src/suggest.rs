//! What a misspelt name was probably meant to be.

use slug_resolver::Policy;

/// Bytes beyond which a name is not compared with others.
const NAME_BYTES: usize = 1_000;

/// The known names most like a name, if any is like it at all.
pub fn closest_matches<'n>(name: &str, known: impl Iterator<Item = &'n str>, most: usize) -> Vec<&'n str> {
    // Spellings that differ only in a separator or in case should be found before anything else.
    let folded = |text: &str| text.to_lowercase().replace([':', '/', '_', ' '], "-");
    let likeness = |other: &str| strsim::jaro_winkler(&folded(name), &folded(other)).max(tail_likeness(name, other));
    // What is longer than any name is nobody's misspelling, and would take long to compare.
    let known: Vec<(f64, &str)> =
        known.filter(|_| name.len() <= NAME_BYTES).map(|other| (likeness(other), other)).collect();
    let best = known.iter().map(|(likeness, _)| *likeness).fold(0.88, f64::max);
    let mut near: Vec<&str> =
        known.iter().filter(|(likeness, _)| *likeness > best - 0.001).map(|(_, name)| *name).collect();
    near.dedup();
    near.truncate(most);
    near
}

/// The known name most like a name, if any is like it at all.
pub fn closest_match<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    closest_matches(name, known, 1).first().copied()
}

/// The variable of a policy that another name was probably meant to be.
pub fn closest_variable<'p>(policy: &'p Policy, name: &str) -> Option<&'p str> {
    closest_match(name, policy.all_variables().map(|variable| policy.variable_name(variable)))
}

/// The question whether a known name was meant, or what to do where none is like the name given.
pub fn did_you_mean<'n>(name: &str, known: impl Iterator<Item = &'n str>, otherwise: &str) -> String {
    closest_match(name, known).map_or(otherwise.to_owned(), |near| format!("did you mean `{near}`?"))
}

/// How alike two ids are in what follows their vendor prefix.
fn tail_likeness(name: &str, other: &str) -> f64 {
    let tail = |text: &str| text.rsplit([':', '/']).next().unwrap_or_default().to_lowercase();
    if tail(name).is_empty() { 0.0 } else { strsim::jaro_winkler(&tail(name), &tail(other)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_spellings_of_an_id_are_near() {
        let listed = ["sonnet", "MiniMax-M2.7", "minimax/MiniMax-M2.7", "gpt-5.5"];
        let near = closest_matches("minimax:MiniMax-M2.7", listed.into_iter(), 3);
        assert_eq!(near, ["MiniMax-M2.7", "minimax/MiniMax-M2.7"]);
    }
}
