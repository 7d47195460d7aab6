//! Conditions from groups of values.

use slug_resolver::policy::{Condition, Test};

use super::mask::Mask;
use super::table::Table;

/// The shortest condition that holds for the groups `needed` and for no group outside `allowed`.
pub(super) fn condition(table: &Table<'_>, needed: Mask, allowed: Mask) -> Condition {
    let mut condition = Condition::default();
    for (axis, test) in table.tests(needed, allowed) {
        match (&table.axes[axis].variable, test) {
            (Some(name), test) => condition.variables.push((name.clone(), test)),
            (None, Test::Value(membership)) => condition.runtime = Some(membership),
            (None, Test::Set | Test::Unset | Test::Host(_)) => {}
        }
    }
    condition
}

/// The length of a condition as it is written.
pub(super) fn condition_length(condition: &Condition) -> usize {
    let tests = condition.variables.iter().map(|(_, test)| match test {
        Test::Value(membership) => 1 + membership.texts().len(),
        Test::Set | Test::Unset | Test::Host(_) => 2,
    });
    tests.sum::<usize>() + condition.runtime.as_ref().map_or(0, |runtime| 1 + runtime.texts().len())
}
