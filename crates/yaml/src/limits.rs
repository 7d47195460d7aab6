//! What a reader takes, and how much of it.

/// What a reader takes for YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever matches on it wants to know of a third")]
pub enum Dialect {
    /// One text has one meaning. Scalars are those of the core schema of YAML 1.2; tags
    /// outside it, merge keys, and words that YAML 1.1 reads differently are refused.
    Strict,
    /// What forges accept: every scalar is text, tags say nothing, merge keys are applied.
    Lenient,
}

/// What a reader refuses to take. Exceeding a limit is an ordinary error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever reads sets every limit")]
pub struct Limits {
    /// Bytes in the text.
    pub bytes: usize,
    /// Bytes in all scalars and tags, aliases expanded.
    pub scalar_bytes: usize,
    /// Levels of nesting, in flow and in block style.
    pub depth: usize,
    /// Scalars, lists and mappings, aliases expanded.
    pub nodes: usize,
    /// Anchors.
    pub anchors: usize,
    /// Uses of anchors.
    pub aliases: usize,
    /// Nodes under all anchors, one under several counted for each; the end of a list or
    /// mapping counts as well.
    pub anchor_nodes: usize,
    /// Nodes that all aliases together expand to; in the strict dialect the end of a list or
    /// mapping counts as well.
    pub alias_nodes: usize,
}

/// One of the [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is one for each limit")]
#[expect(missing_docs, reason = "see the fields of `Limits`")]
pub enum Limit {
    Bytes,
    Depth,
    Nodes,
    Anchors,
    Aliases,
    AnchorNodes,
    AliasNodes,
}
