//! Tests of the command line: output, messages and exit codes.

mod bad_input;
mod batch;
mod canary;
mod cases;
mod certificate;
mod check;
mod check_slips;
mod config;
mod conform;
mod console;
mod corpus;
// The features of workflows need bash.
#[cfg(unix)]
mod covering;
mod diagnose;
mod diagnose_properties;
mod diff;
mod diff_law;
mod documents;
mod expectations;
mod explain;
// Links, modes, pipes and signals.
#[cfg(unix)]
mod files;
mod findings;
mod forms;
mod import;
mod init;
mod invariants;
mod lint;
mod lint_calls;
mod lint_fixes;
mod lint_forge;
// Compares with a real bash.
#[cfg(unix)]
mod lint_properties;
mod lint_scripts;
mod lint_slips;
mod lsp;
mod messages;
mod near_misses;
mod pages;
mod pick;
mod pins;
mod policies;
mod prove;
mod registries;
mod registry_forms;
mod resolve;
mod run;
mod secrets;
