//! The size limits of the readers.
//!
//! Every limit is far above the needs of a real registry and far below what
//! could exhaust a small machine. Exceeding a limit is an ordinary
//! [`ReadError`](crate::yaml::ReadError).

/// Maximum bytes in one document.
pub const DOCUMENT_BYTES: usize = 16 << 20;

/// Maximum levels of nesting, in flow and in block style.
pub const DEPTH: usize = 32;

/// Maximum levels of nesting in JSON.
pub const JSON_DEPTH: usize = 100;

/// Maximum number of scalars, lists and mappings in one document, with aliases expanded.
pub const NODES: usize = 2_000_000;

/// Maximum number of anchors in one document.
pub const ANCHORS: usize = 1_000;

/// Maximum number of aliases (uses of anchors) in one document.
pub const ALIASES: usize = 1_000;

/// Maximum number of nodes that all aliases of one document together expand to.
pub const ALIAS_NODES: usize = 100_000;

/// The limits of one YAML document.
pub const DOCUMENT: slug_yaml::Limits = slug_yaml::Limits {
    bytes: DOCUMENT_BYTES,
    scalar_bytes: DOCUMENT_BYTES,
    depth: DEPTH,
    nodes: NODES,
    anchors: ANCHORS,
    aliases: ALIASES,
    anchor_nodes: ALIAS_NODES,
    alias_nodes: ALIAS_NODES,
};

/// Maximum bytes in the source of one model pattern.
pub const PATTERN_BYTES: usize = 4 << 10;

/// Maximum size of one model pattern, in automaton positions with its repetitions
/// expanded: `a{3}b` is 4, `[a-cx]` is 2 (one for each range).
pub const PATTERN_SIZE: usize = 8_000;

/// Maximum size of all model patterns of one registry together, in the unit of [`PATTERN_SIZE`].
pub const PATTERNS_SIZE: usize = 200_000;

/// Maximum bytes of a model id. A registry with a longer id is refused, and no pattern matches a
/// longer slug, so that one search takes time in proportion to the patterns.
pub const SLUG_BYTES: usize = 1_000;

/// Maximum number of secrets that one provider accepts.
pub const AUTH_ENV: usize = 100;

/// Maximum number of key variables in one policy.
pub const KEY_VARIABLES: usize = 64;

/// Maximum number of variables in one policy whose value matters: a condition compares it or a
/// rule uses it.
pub const TEXT_VARIABLES: usize = 16;

/// Maximum number of different names that the rules of one policy inject.
pub const INJECTED_NAMES: usize = 128;

/// Maximum number of rules of one policy, each counted once for every runtime that a condition names and
/// to which it can apply.
pub const POLICY_STEPS: usize = 200_000;

/// Maximum number of ids that the arms of one registry list; an id counts once for each arm
/// that lists it.
pub const MODELS: usize = 400_000;

/// Maximum bytes of one registry when it is written back with one value per line. Below
/// [`DOCUMENT_BYTES`], so that a test case that contains the registry can be written as well.
pub const REGISTRY_BYTES: usize = 12 << 20;

/// Maximum bytes in the name of one rule, which every message about the rule repeats.
pub const RULE_NAME_BYTES: usize = 200;

/// Maximum bytes of one policy when it is written back.
pub const POLICY_BYTES: usize = 1 << 20;

/// Maximum number of values in one policy, including mapping keys. Enough for several hundred
/// runtimes with their own models.
pub const POLICY_NODES: usize = 10_000;

/// Maximum number of slugs that a fix can set a variable to.
pub const FIX_SLUGS: usize = 100;

/// Maximum number of other spellings of a slug that are tried as a fix.
pub const FIX_SPELLINGS: usize = 1_000;

/// Maximum number of other spellings of a slug that are tried together with other edits.
pub const FIX_RESPELLINGS: usize = 10;

/// Maximum number of combinations of edits that are tried to find the fixes of one contradiction.
pub const FIX_DECISIONS: usize = 20_000;

/// Maximum number of edits in one fix. A contradiction that needs more edits is reported without a fix.
pub const FIX_EDITS: usize = 3;
