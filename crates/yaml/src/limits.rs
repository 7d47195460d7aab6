//! The dialects of YAML that are read, and the limits on a document.

/// A dialect of YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a match must handle every dialect")]
pub enum Dialect {
    /// The core schema of YAML 1.2. Other tags, merge keys, and words with another meaning in
    /// YAML 1.1 are rejected, so every document has one meaning.
    Strict,
    /// The dialect of forges: every scalar is text, tags are ignored, merge keys are applied.
    Lenient,
}

/// The largest document that is read. Exceeding a limit is an ordinary error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a caller sets every limit")]
pub struct Limits {
    /// Bytes of the text.
    pub bytes: usize,
    /// Bytes of all scalars and tags, with aliases expanded.
    pub scalar_bytes: usize,
    /// Levels of nesting, in flow style and in block style.
    pub depth: usize,
    /// Number of scalars, lists and mappings, with aliases expanded.
    pub nodes: usize,
    /// Number of anchors.
    pub anchors: usize,
    /// Number of aliases.
    pub aliases: usize,
    /// Number of nodes under anchors. A node under several anchors counts once for each, and the
    /// end of a list or mapping counts as a node.
    pub anchor_nodes: usize,
    /// Number of nodes that all aliases together repeat. In the strict dialect the end of a list
    /// or mapping counts as a node.
    pub alias_nodes: usize,
}

/// One of the [`Limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "each limit has one")]
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
