//! What the readers refuse to take, in one place.
//!
//! Every limit is far above what a real registry needs and far below what
//! could exhaust a small machine; exceeding one is an ordinary
//! [`ReadError`](crate::yaml::ReadError).

/// Bytes in one document.
pub const DOCUMENT_BYTES: usize = 16 << 20;

/// Levels of nesting, in flow and in block style.
pub const DEPTH: usize = 32;

/// Levels of nesting in JSON.
pub const JSON_DEPTH: usize = 100;

/// Scalars, lists and mappings in one document, aliases expanded.
pub const NODES: usize = 2_000_000;

/// Anchors in one document.
pub const ANCHORS: usize = 1_000;

/// Uses of anchors in one document.
pub const ALIASES: usize = 1_000;

/// Nodes that all aliases of one document together may expand to.
pub const ALIAS_NODES: usize = 100_000;

/// What one YAML document may hold.
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

/// Bytes in one model pattern as written.
pub const PATTERN_BYTES: usize = 4 << 10;

/// Size of one model pattern, in automaton positions with its repetitions
/// written out: `a{3}b` is 4, `[a-cx]` is 2 (one for each range).
pub const PATTERN_SIZE: usize = 20_000;

/// Size of all model patterns of one registry together, in the same unit.
pub const PATTERNS_SIZE: usize = 200_000;

/// Secrets that one provider accepts.
pub const AUTH_ENV: usize = 100;

/// Key variables in one policy.
pub const KEY_VARIABLES: usize = 64;

/// Ids that the arms of one registry list, one that several list counted again.
pub const MODELS: usize = 500_000;

/// Bytes of one registry as it is written anew, one value a line: no more than leave room
/// for the case that holds it.
pub const REGISTRY_BYTES: usize = 12 << 20;

/// Bytes of one policy as it is written anew.
pub const POLICY_BYTES: usize = 1 << 20;

/// Values in one policy as written, keys included: several hundred runtimes with models of their own.
pub const POLICY_NODES: usize = 10_000;

/// Slugs that a fix may choose from.
pub const FIX_SLUGS: usize = 100;

/// Combinations of edits that are tried to find the fixes of one contradiction.
pub const FIX_DECISIONS: usize = 20_000;

/// Edits in one offered fix. A contradiction that needs more is explained, not mended.
pub const FIX_EDITS: usize = 3;
