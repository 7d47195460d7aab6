//! Completeness of fixes: the offered fixes are exactly the fixes that an exhaustive search finds.
//!
//! The law on fixes checks the offered fixes and single edits; this check tries every set
//! of edits, which takes too long to do for every case.

use slug_resolver::policy::PickRule;
use slug_resolver::{Code, Edit, Kind, Policy, Resolution, Variable, Warning, limits};

use crate::law::{LawContext, Violation, ensure};
use crate::laws::{apply, changes_runtime_alone, covers, is_respelling};
use crate::reference;
use crate::secret::SECRET_PLACEHOLDER;
use crate::spelling;

/// Checks that the fixes are the smallest sets of edits that make the case consistent, each
/// with the first values that do so. The law `fix-keeps-vendor` checks their order.
///
/// # Errors
///
/// The violated property.
pub fn check_completeness(context: &LawContext<'_>) -> Result<(), Violation> {
    let policy = &context.case.dataset.policy;
    let fixes = context.fixes();
    let mut found: Vec<Vec<Edit>> = fixes.iter().map(|fix| masked(policy, &fix.edits)).collect();
    let mut expected = Vec::new();
    for moves_keys in [false, true] {
        if context.resolution.code.is_none() || !expected.is_empty() {
            break;
        }
        let accepts = |resolution: &Resolution<'_>| {
            resolution.verdict == Kind::Coherent
                && (moves_keys || !resolution.warnings.contains(Warning::CrossVendorCredential))
        };
        for size in 1..=limits::FIX_EDITS {
            try_all(context, &accepts, &options(context, size), &mut Vec::new(), size, &mut expected);
            if size == 1 {
                let alone = changes_runtime_alone(context).into_iter().map(|edit| vec![edit]).collect::<Vec<_>>();
                try_all(context, &accepts, &alone, &mut Vec::new(), size, &mut expected);
            }
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
fn options(context: &LawContext<'_>, size: usize) -> Vec<Options> {
    let case = context.case;
    let policy = &case.dataset.policy;
    let document = policy.document();
    let template = policy.template_of(&case.runtime);
    let runtime = case.dataset.registry.runtime(template);
    let arms = || runtime.iter().flat_map(|runtime| &runtime.arms);
    let mut listed: Vec<String> = arms().filter_map(|arm| arm.models.first()).cloned().collect();
    if size == 1 {
        listed.extend(arms().flat_map(|arm| arm.models.iter().skip(1)).cloned());
    }
    listed.truncate(limits::FIX_SLUGS);
    let picked = reference::select(document, &case.runtime, &case.variables);
    let is_served = !matches!(context.resolution.code, Some(Code::UnregisteredModel | Code::WithdrawnModel));
    let mut slugs = Vec::new();
    if picked.held_by.is_some() {
        let spellings = case.dataset.spellings(template, picked.slug);
        slugs = match size {
            1 => spellings.ids.clone(),
            _ if is_served => Vec::new(),
            _ => spellings.ids[..spellings.listed.min(limits::FIX_RESPELLINGS)].to_vec(),
        };
    }
    if size == 1 && !is_served {
        spelling::sort_by_similarity(&mut listed, picked.slug);
    }
    slugs.extend(listed);

    let is_runtime_open = context.implementation.runtime(case) == Some(&case.runtime);
    let of = |variable: Variable| {
        let name = policy.variable_name(variable);
        let tests_runtime = |rule: &PickRule| rule.when.variables.iter().any(|(tested, _)| tested == name);
        let selects_runtime = is_runtime_open && document.runtime.iter().any(tests_runtime);
        if !policy.deciding_variable_names().any(|deciding| deciding == name) && !selects_runtime {
            return Vec::new();
        }
        let set = case.set_to(name);
        let mut edits: Vec<Edit> = set.map(|_| Edit::Unset(name.into())).into_iter().collect();
        if policy.is_key(variable) {
            edits.extend(set.is_none().then(|| Edit::Set(name.into(), SECRET_PLACEHOLDER.into())));
            return edits;
        }
        let default = document.defaults.get(name);
        let value = set.or(default);
        let mut values: Vec<&str> = Vec::new();
        if policy.is_slug_variable(variable) {
            values.extend(slugs.iter().map(String::as_str));
        }
        let classes = policy.value_classes(variable);
        values.extend(classes.texts.iter().map(String::as_str).filter(|text| value.is_none_or(|value| value != text)));
        let is_other = |value: &str| {
            let host = value.split("://").nth(1).unwrap_or_default().split('/').next().unwrap_or_default();
            let is_named =
                classes.texts.iter().any(|text| text == value) || value.is_empty() && policy.is_set_if_empty(variable);
            !is_named && !classes.hosts.iter().any(|known| host.eq_ignore_ascii_case(known))
        };
        // A value is needed only if unsetting the variable would leave a text that a rule names.
        if default.is_some_and(|default| !is_other(default)) && !value.is_some_and(|value| is_other(value)) {
            values.extend(["byok", "tenant", "other"].into_iter().find(|value| is_other(value)));
        }
        edits.extend(values.into_iter().map(|value| Edit::Set(name.into(), value.into())));
        // Another spelling of the slug is tried before another model.
        edits.sort_by_key(|edit| matches!(edit, Edit::Set(..)) && !is_respelling(context, edit));
        edits
    };
    let names = case.dataset.variable_names();
    names.iter().filter_map(|name| policy.variable(name)).map(of).collect()
}

/// Applies every set of `more` edits of further variables to the case, with the edits `made`. Adds
/// each set that makes the case consistent and contains no smaller fix.
fn try_all(
    context: &LawContext<'_>,
    accepts: &dyn Fn(&Resolution<'_>) -> bool,
    options: &[Options],
    made: &mut Vec<Edit>,
    more: usize,
    found: &mut Vec<Vec<Edit>>,
) {
    let is_made = |edit: &Edit| made.iter().any(|other| covers(context, edit, other));
    if found.iter().any(|fix| fix.iter().all(is_made)) {
        return;
    }
    if more == 0 {
        let case = apply(context, made);
        if accepts(&context.implementation.resolve(&case)) {
            found.push(made.clone());
        }
        return;
    }
    for (position, edits) in options.iter().enumerate() {
        for edit in edits {
            made.push(edit.clone());
            try_all(context, accepts, &options[position + 1..], made, more - 1, found);
            made.pop();
        }
    }
}

/// The edits with the value of every secret masked: this check ignores which secret a fix names.
fn masked(policy: &Policy, edits: &[Edit]) -> Vec<Edit> {
    let mask = |edit: &Edit| match (edit, policy.variable(edit.variable())) {
        (Edit::Set(name, _), Some(variable)) if policy.is_key(variable) => {
            Edit::Set(name.clone(), SECRET_PLACEHOLDER.into())
        }
        _ => edit.clone(),
    };
    edits.iter().map(mask).collect()
}
