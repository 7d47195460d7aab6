//! Every code that a finding can have, with what it means and who reports it.

use slug_resolver::{Code, Warning};

/// What a code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The code as it is written.
    pub code: &'static str,
    /// What it means, in one sentence without a final stop.
    pub meaning: &'static str,
    /// The commands that report it.
    pub reported_by: &'static [&'static str],
}

/// A place that says too little to be judged, or a question too large to be decided.
pub const UNDECIDED: &str = "undecided";
/// A file that cannot be opened or is no YAML.
pub const UNREADABLE_FILE: &str = "unreadable-file";
/// A file that sets variables of a policy and calls no script that one describes.
pub const UNKNOWN_HARNESS: &str = "unknown-harness";
/// An entry of slugproof.yaml that accepts nothing.
pub const UNUSED_ACCEPT: &str = "unused-accept";
/// A suppression that does not say why.
pub const SUPPRESSION_WITHOUT_REASON: &str = "suppression-without-reason";
/// A suppression of something that is not there.
pub const UNUSED_SUPPRESSION: &str = "unused-suppression";
/// A suppression of a code that does not exist.
pub const UNKNOWN_SUPPRESSION: &str = "unknown-suppression";
/// A comment that is addressed to slugproof and says nothing it understands.
pub const MALFORMED_SUPPRESSION: &str = "malformed-suppression";
/// A registry that breaks a rule of its format.
pub const INVALID_REGISTRY: &str = "invalid-registry";
/// A policy that breaks a rule of its format.
pub const INVALID_POLICY: &str = "invalid-policy";
/// A slugproof.yaml that breaks a rule of its format.
pub const INVALID_CONFIG: &str = "invalid-config";
/// Two arms of one runtime answer for the same ids.
pub const OVERLAPPING_PATTERNS: &str = "overlapping-patterns";
/// An arm that is never chosen.
pub const UNREACHABLE_ARM: &str = "unreachable-arm";
/// An id that its own provider's pattern passes over.
pub const UNMATCHED_LISTED_ID: &str = "unmatched-listed-id";
/// A key that the platform accepts and another vendor issued.
pub const PLATFORM_LISTS_VENDOR_KEY: &str = "platform-lists-vendor-key";
/// A model of a policy that no runtime has.
pub const UNREGISTERED_POLICY_MODEL: &str = "unregistered-policy-model";
/// A runtime of a policy that the registry does not have.
pub const UNREGISTERED_POLICY_RUNTIME: &str = "unregistered-policy-runtime";

const LINT: &[&str] = &["lint"];
const CHECK: &[&str] = &["check"];
const BOTH: &[&str] = &["lint", "check"];

const OWN: [Rule; 17] = [
    rule(UNDECIDED, "neither right nor wrong could be shown", BOTH),
    rule(UNREADABLE_FILE, "a file cannot be opened, is no YAML, or is not of a known kind", BOTH),
    rule(UNKNOWN_HARNESS, "a file sets variables of a policy, and no step calls a script that one describes", LINT),
    rule(UNUSED_ACCEPT, "an `accept` entry of slugproof.yaml accepts nothing", LINT),
    rule(SUPPRESSION_WITHOUT_REASON, "a suppression does not say why, so it suppresses nothing", BOTH),
    rule(UNUSED_SUPPRESSION, "a suppression suppresses nothing", BOTH),
    rule(UNKNOWN_SUPPRESSION, "a suppression names a code that does not exist", BOTH),
    rule(MALFORMED_SUPPRESSION, "a comment is addressed to slugproof and is no suppression", BOTH),
    rule(INVALID_REGISTRY, "a registry breaks a rule of its format", CHECK),
    rule(INVALID_POLICY, "a policy breaks a rule of its format", CHECK),
    rule(INVALID_CONFIG, "a slugproof.yaml breaks a rule of its format", CHECK),
    rule(OVERLAPPING_PATTERNS, "the patterns of two arms of one runtime match the same unlisted id", CHECK),
    rule(UNREACHABLE_ARM, "no model and no credentials choose an arm", CHECK),
    rule(UNMATCHED_LISTED_ID, "an arm lists an id that its provider's pattern does not match", CHECK),
    rule(PLATFORM_LISTS_VENDOR_KEY, "the platform's provider accepts a key that another vendor issued", CHECK),
    rule(UNREGISTERED_POLICY_MODEL, "a policy picks a model that no runtime which could use it registers", CHECK),
    rule(UNREGISTERED_POLICY_RUNTIME, "a policy dispatches a runtime that the registry does not have", CHECK),
];

/// The codes of findings about suppressions, which cannot be suppressed.
const ABOUT_SUPPRESSIONS: [&str; 4] =
    [SUPPRESSION_WITHOUT_REASON, UNUSED_SUPPRESSION, UNKNOWN_SUPPRESSION, MALFORMED_SUPPRESSION];

const fn rule(code: &'static str, meaning: &'static str, reported_by: &'static [&'static str]) -> Rule {
    Rule { code, meaning, reported_by }
}

/// Every rule: the contradictions, in the order of the pipeline, then the others.
pub fn rules() -> impl Iterator<Item = Rule> {
    let crossing = Warning::CrossVendorCredential;
    let contradictions = Code::ALL.into_iter().map(|code| rule(code.as_str(), code.meaning(), LINT));
    contradictions.chain([rule(crossing.as_str(), crossing.meaning(), LINT)]).chain(OWN)
}

/// The rule of a code.
#[must_use]
pub fn find(code: &str) -> Option<Rule> {
    rules().find(|rule| rule.code == code)
}

/// Whether findings with this code can be suppressed by a comment.
#[must_use]
pub fn can_be_suppressed(code: &str) -> bool {
    !ABOUT_SUPPRESSIONS.contains(&code)
}

/// What the documentation says of a code, in one line.
#[must_use]
pub fn paragraph(code: &str) -> Option<String> {
    let (_, after) = DOCUMENTATION.split_once(&format!("### `{code}`\n"))?;
    let lines = after.lines().take_while(|line| !line.starts_with('#'));
    Some(lines.map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" "))
}

const DOCUMENTATION: &str = include_str!("../../data/codes.md");
