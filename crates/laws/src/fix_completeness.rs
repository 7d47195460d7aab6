//! Completeness of fixes: the offered fixes are exactly the fixes that an exhaustive search finds.
//!
//! The law on fixes checks the offered fixes and single edits; this check tries every set
//! of edits, which takes too long to do for every case.

use std::slice::from_ref;

use slug_resolver::{Edit, Policy, Variable, limits};

use crate::case::TestCase;
use crate::law::{LawContext, Violation, ensure};
use crate::laws::{apply, kind};
use crate::secret::SET;

/// Checks that the fixes are the smallest sets of edits that make the case consistent, each
/// with the first values that do so, and that they are in the recommended order.
///
/// # Errors
///
/// The violated property.
pub fn check_completeness(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = &context.case.dataset.policy;
    let fixes = context.fixes();
    let mut found: Vec<Vec<Edit>> = fixes.iter().map(|fix| masked(policy, &fix.edits)).collect();
    let rank = |edits: &Vec<Edit>| {
        let added = || edits.iter().filter(|edit| matches!(edit, Edit::Set(..)));
        let overrides = added().any(|edit| edit.variable() == policy.document().override_var);
        (edits.len(), added().count(), overrides)
    };
    ensure!(found.is_sorted_by_key(rank), "the fixes are not in the recommended order: {fixes:?}");

    let mut expected = Vec::new();
    if context.resolution.code.is_some() {
        for size in 1..=limits::FIX_EDITS {
            try_all(context, &options(context.case, size), &mut Vec::new(), context.case, size, &mut expected);
        }
    }
    let text = |edits: &Vec<Edit>| format!("{edits:?}");
    found.sort_by_key(text);
    expected.sort_by_key(text);
    ensure!(found == expected, "the smallest fixes are {expected:?}; offered are {found:?}");
    Ok(())
}

/// The possible edits of one variable, in the order in which they are tried.
type Options = Vec<Edit>;

/// The possible edits of each variable, for sets of `size` edits.
fn options(case: &TestCase, size: usize) -> Vec<Options> {
    let policy = &case.dataset.policy;
    let platform = &policy.document().platform;
    let runtime = case.dataset.registry.runtime(policy.template_of(&case.runtime));
    let arms = || runtime.iter().flat_map(|runtime| &runtime.arms);
    let mut slugs: Vec<&String> = arms().filter_map(|arm| arm.models.first()).collect();
    if size == 1 {
        slugs.extend(arms().flat_map(|arm| arm.models.iter().skip(1)));
    }
    slugs.truncate(limits::FIX_SLUGS);

    let of = |variable: Variable| {
        let name = policy.variable_name(variable);
        let default = policy.document().defaults.get(name);
        let set = case.set_to(name);
        let value = set.or(default);
        let elsewhere = if platform.value == "byok" { "tenant" } else { "byok" };
        let values: Vec<&str> = match variable {
            Variable::Override | Variable::PlatformModel => slugs.iter().map(|slug| slug.as_str()).collect(),
            Variable::Path if value != Some(&platform.value) => [platform.value.as_str()].into(),
            // A value is needed only if unsetting the variable would select the platform path.
            Variable::Path if default == Some(&platform.value) => [elsewhere].into(),
            Variable::Key(_) => [SET].into(),
            Variable::Path | Variable::Runtime => Vec::new(),
        };
        let unset = set.map(|_| Edit::Unset(name.into()));
        unset.into_iter().chain(values.into_iter().map(|value| Edit::Set(name.into(), value.into()))).collect()
    };
    let names = case.dataset.variable_names();
    names
        .iter()
        .filter_map(|name| policy.variable(name))
        .filter(|variable| *variable != Variable::Runtime)
        .map(of)
        .collect()
}

/// Applies every set of `more` edits of further variables to `case`, to which the edits `made`
/// are already applied. Adds each set that makes the case consistent and contains no smaller fix.
fn try_all(
    context: &LawContext<'_>,
    options: &[Options],
    made: &mut Vec<Edit>,
    case: &TestCase,
    more: usize,
    found: &mut Vec<Vec<Edit>>,
) {
    let is_made = |edit: &Edit| made.iter().any(|other| kind(edit) == kind(other));
    if found.iter().any(|fix| fix.iter().all(is_made)) {
        return;
    }
    if more == 0 {
        if context.implementation.resolve(case).code.is_none() {
            found.push(made.clone());
        }
        return;
    }
    for (position, edits) in options.iter().enumerate() {
        for edit in edits {
            let case = apply(case, from_ref(edit));
            made.push(edit.clone());
            try_all(context, &options[position + 1..], made, &case, more - 1, found);
            made.pop();
        }
    }
}

/// The edits with the value of every secret masked: this check ignores which secret a fix names.
fn masked(policy: &Policy, edits: &[Edit]) -> Vec<Edit> {
    let mask = |edit: &Edit| match (edit, policy.variable(edit.variable())) {
        (Edit::Set(name, _), Some(Variable::Key(_))) => Edit::Set(name.clone(), SET.into()),
        _ => edit.clone(),
    };
    edits.iter().map(mask).collect()
}
