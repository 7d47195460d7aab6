//! The findings of commands other than `conform` about policies and their functions.

use slug_resolver::Policy;

use crate::codes::{Entry, MISSING_FUNCTION, UNCONFORMED};
use crate::data::PolicyFile;
use crate::exit::Failure;
use crate::findings::{Coverage, Report};
use crate::render::shown;

use super::findings;
use super::state::Conformity;

/// Says in a report of another command whether policies conform, unless `conform` runs as well. If that is
/// denied, the functions are asked, and each policy that is not proved is a finding.
///
/// # Errors
///
/// A function cannot be asked, or the file of a policy cannot be read any more.
pub fn report(
    report: &mut Report,
    policies: &[PolicyFile],
    conformity: &mut Conformity<'_>,
    denied: &[&'static Entry],
    with_conform: bool,
) -> Result<(), Failure> {
    if with_conform {
        return Ok(());
    }
    if !is_denied(denied) {
        let is_missing = report.findings.iter().any(|finding| finding.code == &MISSING_FUNCTION);
        let can_compare = report.coverage != Coverage::Nothing && !is_missing;
        report.notices.extend(not_compared(policies).filter(|_| can_compare));
        return Ok(());
    }
    for file in policies {
        let state = conformity.state(&file.policy)?;
        match state.problem() {
            Some(_) => findings::add_unconformed(report, file, &state)?,
            None => report.notices.push(conforms(&file.policy)),
        }
    }
    Ok(())
}

/// The sentence about a policy that conforms.
pub fn conforms(policy: &Policy) -> String {
    format!("the policy `{}` matches its function", shown(policy.name()))
}

/// One sentence about policies whose functions a command does not run; `None` if none names a function.
pub fn not_compared(policies: &[PolicyFile]) -> Option<String> {
    let policies = policies.iter().map(|file| &file.policy);
    let (named, unnamed): (Vec<&Policy>, Vec<&Policy>) =
        policies.partition(|policy| policy.document().function.is_some());
    let list = |policies: &[&Policy]| {
        let names: Vec<String> = policies.iter().map(|policy| format!("`{}`", shown(policy.name()))).collect();
        names.join(", ")
    };
    if named.is_empty() {
        return None;
    }
    let functions = if named.len() == 1 { "its function" } else { "their functions" };
    let others = match unnamed.len() {
        0 => String::new(),
        1 => format!("; {} names none", list(&unnamed)),
        _ => format!("; {} name none", list(&unnamed)),
    };
    Some(format!("`slugproof conform` compares {} with {functions}; this command does not{others}", list(&named)))
}

/// Whether policies that do not conform count as errors.
pub fn is_denied(denied: &[&'static Entry]) -> bool {
    denied.contains(&&UNCONFORMED)
}
