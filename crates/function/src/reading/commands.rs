//! The names of the commands that are understood.

/// The commands whose arguments are assignments.
pub(super) const DECLARATIONS: [&str; 5] = ["local", "declare", "typeset", "export", "readonly"];

/// The commands that are understood.
const KNOWN: [&str; 21] = [
    ":", "true", "false", "echo", "printf", "read", "test", "[", "shift", "set", "shopt", "return", "exit", "break",
    "continue", "unset", "command", "builtin", "type", "cat", "jq",
];

/// Whether a name is that of a command that is understood.
pub(super) fn is_known(name: &str) -> bool {
    KNOWN.contains(&name) || DECLARATIONS.contains(&name)
}
