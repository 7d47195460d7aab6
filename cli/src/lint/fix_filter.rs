//! Drops fixes that would spoil another case: a matrix row, an event or a policy of the same step.

use std::collections::BTreeSet;

use super::calls::Evaluated;
use super::evaluate::{Failure, resolves_call, spoils_call};
use super::explain::{Group, PolicyCall, Problem};
use super::linter::Linter;
use slug_resolver::{Edit, Fix, Registry};
use slug_workflow::environment::Setting;

impl Evaluated<'_> {
    /// Drops the fixes that spoil another case of the same step, and the fixes that do not resolve every
    /// case of their finding.
    pub(super) fn drop_spoiling_fixes(&mut self, linter: &Linter<'_>) {
        let fine = std::mem::take(&mut self.fine);
        for group in self.groups.iter_mut() {
            let Problem::Failure(failure) = &group.problem else { continue };
            let spoils = |fix: &&Fix| {
                let is_concerned = |call: &&PolicyCall<'_>| linter.concerns(fix, &group.first, call);
                let mut same_step = fine.iter().filter(|call| is_same_step(group, call)).filter(is_concerned);
                match edits_matrix_value(fix, &group.first) {
                    // The row has a wrong model, so the row is what to change.
                    true if failure.provider.is_none() => false,
                    true if !linter.creates_secret_of_row(fix, group) => {
                        same_step.any(|call| is_other_row(group, call))
                    }
                    true => false,
                    false => same_step.any(|call| linter.spoils(fix, group.first.policy.name(), call)),
                }
            };
            let (spoiling, kept): (Vec<&Fix>, Vec<&Fix>) = failure.fixes.iter().partition(spoils);
            let resolves_all = |fix: &&&Fix| group.others.iter().all(|call| linter.resolves(fix, call));
            let fixes: Vec<Fix> = kept.iter().filter(resolves_all).copied().cloned().collect();
            let has_spoiling_fixes = !spoiling.is_empty();
            let chosen = &group.first.site.invocation.chosen;
            let is_same_choice = |call: &PolicyCall<'_>| call.site.invocation.chosen == *chosen;
            let fix_of_choice = spoiling.iter().filter(resolves_all).find(|fix| {
                let mut of_choice = fine.iter().filter(|call| is_same_step(group, call) && is_same_choice(call));
                fixes.is_empty()
                    && !chosen.is_empty()
                    && group.others.iter().all(is_same_choice)
                    && !of_choice.any(|call| linter.spoils(fix, group.first.policy.name(), call))
            });
            let fix_of_choice = fix_of_choice.map(|fix| Fix::clone(fix));
            let misplaced = misplaced(linter.registry, group, failure);
            let fixes = if misplaced.is_some() { moving_the_secret(fixes, failure) } else { fixes };
            let cases = || [&group.first].into_iter().chain(&group.others);
            let rows: BTreeSet<String> = cases().map(|call| call.site.row.clone()).collect();
            let is_fine = fine.iter().any(|call| is_same_step(group, call) && rows.contains(&call.site.row));
            let is_closed = has_spoiling_fixes && !is_fine && !rows.contains("");
            group.failing_rows = if is_closed { rows } else { BTreeSet::new() };
            group.fix_of_choice = fix_of_choice;
            (group.has_spoiling_fixes, group.misplaced) = (has_spoiling_fixes, misplaced);
            if let Problem::Failure(failure) = &mut group.problem {
                failure.fixes = fixes;
            }
        }
        self.fine = fine;
    }
}

/// The key variable that takes a secret of the slug's provider, and the name of this secret, if the
/// variable injects it under a name that the provider does not accept.
fn misplaced(registry: &Registry, group: &Group<'_>, failure: &Failure) -> Option<(String, String)> {
    let provider = registry.provider(failure.provider.as_deref()?)?;
    let accepts = |name: &str| provider.auth_env.names().iter().any(|accepted| accepted == name);
    let vendor: Vec<String> = [provider.name.as_str(), &failure.slug].into_iter().filter_map(first_word).collect();
    let names_vendor = |name: &str| {
        let words: Vec<String> = name.split('_').map(str::to_lowercase).collect();
        vendor.iter().any(|vendor| words.contains(vendor))
    };
    failure.injected_by.iter().find_map(|(variable, secrets)| {
        let secret = group.first.secret(variable)?;
        let is_of_vendor = accepts(&secret) || names_vendor(&secret);
        let is_elsewhere = secrets.iter().all(|name| !accepts(name) && !names_vendor(name));
        (is_of_vendor && is_elsewhere).then(|| (variable.clone(), secret))
    })
}

/// The first word of an id or a name, in lower case.
fn first_word(text: &str) -> Option<String> {
    let word = text.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
    (word.len() > 2).then(|| word.to_lowercase())
}

/// The fixes if a secret of the slug's provider is in another vendor's variable: fixes that set a
/// variable of the provider come first, and fixes that send the secret to the other vendor are
/// dropped.
fn moving_the_secret(fixes: Vec<Fix>, failure: &Failure) -> Vec<Fix> {
    let keeps = |fix: &Fix| failure.provider.as_deref() == Some(&*fix.provider) && fix.slug == failure.slug;
    let is_moved = |fix: &Fix| keeps(fix) && fix.edits.iter().any(|edit| matches!(edit, Edit::Set(..)));
    if fixes.iter().any(is_moved) { fixes.into_iter().filter(keeps).collect() } else { fixes }
}

/// True if a fix edits a variable that takes a value of the matrix: the edit would change every row.
pub(super) fn edits_matrix_value(fix: &Fix, call: &PolicyCall<'_>) -> bool {
    fix.edits.iter().any(|edit| {
        let setting = call.site.env.variables.get(edit.variable());
        setting.is_some_and(is_by_row)
    })
}

/// True for a variable that takes a value of the matrix.
fn is_by_row(setting: &Setting<'_>) -> bool {
    setting.origin.text().is_some_and(|value| value.contains("matrix."))
}

/// True for a call of another row of the matrix by the same policy.
fn is_other_row(group: &Group<'_>, call: &PolicyCall<'_>) -> bool {
    call.policy.name() == group.first.policy.name() && call.site.row != group.first.site.row
}

fn is_same_step(group: &Group<'_>, call: &PolicyCall<'_>) -> bool {
    call.source == group.first.source
        && group
            .calls
            .iter()
            .any(|(path, job, step)| *path == call.path && job == call.job && *step == call.site.step.number)
}

impl Linter<'_> {
    /// True if a fix only creates absent secrets that the expression of an `env` entry or input selects by the
    /// matrix row: no row without the secret changes.
    pub(super) fn creates_secret_of_row(&self, fix: &Fix, group: &Group<'_>) -> bool {
        fix.edits.iter().all(|edit| {
            let setting = group.first.site.env.variables.get(edit.variable());
            let by_row = setting.is_some_and(is_by_row);
            let secret = group.first.secret(edit.variable());
            by_row && matches!(edit, Edit::Set(..)) && secret.is_some_and(|secret| !self.declared.has_secret(&secret))
        })
    }

    /// True if a fix of another case, by this policy, leads to a contradiction in a call, or to
    /// another model of the same policy.
    fn spoils(&self, fix: &Fix, policy: &str, call: &PolicyCall<'_>) -> bool {
        let value = |name: &str| call.possible(name);
        spoils_call(self.registry, call.policy, value, fix, call.policy.name() == policy)
    }

    /// True if a fix resolves the contradiction of a call.
    fn resolves(&self, fix: &Fix, call: &PolicyCall<'_>) -> bool {
        resolves_call(self.registry, call.policy, |name| call.possible(name), fix)
    }
}
