//! A workflow file as it is laid out: a tree of values, each with the bytes it stands on.
//!
//! Every scalar is text: whether `3.10` or `yes` is a number or a word is for
//! whoever asks. What GitHub and Gitea refuse is refused here as well, within
//! limits that no hostile file can stretch.

use slug_yaml::{Limit, Limits, Problem};

pub use slug_yaml::{Node, Style, Value};

/// Bytes of one file: twice what a forge accepts.
pub const FILE_BYTES: usize = 1 << 20;

/// Levels of nesting.
pub const DEPTH: usize = 64;

/// Nodes that all aliases of one file together may stand for.
pub const ALIAS_NODES: usize = 20_000;

/// Nodes that all anchors of one file together may hold, one inside another counted again.
pub const ANCHOR_NODES: usize = 200_000;

/// Bytes of all texts of one file, aliases expanded.
pub const TEXT_BYTES: usize = 16 << 20;

const LIMITS: Limits = Limits {
    bytes: FILE_BYTES,
    scalar_bytes: TEXT_BYTES,
    depth: DEPTH,
    // A file has no more bytes than that, and aliases have a limit of their own.
    nodes: FILE_BYTES + ALIAS_NODES,
    anchors: FILE_BYTES,
    aliases: FILE_BYTES,
    anchor_nodes: ANCHOR_NODES,
    alias_nodes: ALIAS_NODES,
};

/// Why a file was refused, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The byte at which it went wrong.
    pub byte: usize,
    /// What is wrong and what to do: lower case, without a final stop.
    pub message: String,
}

/// Reads a file.
///
/// # Errors
///
/// Text that is not YAML, more than one document, none, a key given twice in one
/// mapping, and any breach of the limits above.
pub fn read(text: &str) -> Result<Node, Unreadable> {
    slug_yaml::read_lenient(text, &LIMITS)
        .map_err(|error| Unreadable { byte: error.span.start, message: message(&error.problem) })
}

/// What is wrong with a file, in the words of whoever writes workflows.
fn message(problem: &Problem) -> String {
    match problem {
        Problem::Empty => "the file is empty; write a workflow or remove it".to_owned(),
        Problem::SecondDocument => "a second document begins here; a workflow is one document".to_owned(),
        Problem::RecursiveAlias => "the alias stands inside what it stands for; write the values out".to_owned(),
        Problem::Exceeds(Limit::Bytes, FILE_BYTES) => {
            format!("the file has more bytes than the limit of {FILE_BYTES}; no forge runs it, so split it up")
        }
        Problem::Exceeds(Limit::Depth, most) => {
            format!("the file has more than {most} levels of nesting; no workflow needs as many, so simplify it")
        }
        Problem::Exceeds(Limit::AliasNodes, most) => {
            format!("the aliases up to here stand for more than {most} values; write them out")
        }
        Problem::Exceeds(Limit::AnchorNodes, most) => {
            format!("the anchors up to here hold more than {most} values; take some of them out")
        }
        Problem::DuplicateKey(name) => {
            let name: String = name.chars().take(80).collect();
            format!("duplicate key `{name}`; forges refuse the file, so keep one of the two")
        }
        problem => problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of<'t>(text: &'t str, node: &Node) -> &'t str {
        &text[node.span.clone()]
    }

    #[test]
    fn scalars_stay_text_and_stand_where_they_are_written() {
        let text = "\u{feff}on: push\r\nenv:\r\n  A: 3.10 # a comment\r\n  B: yes\r\n  C: \"x\\ty\"\r\n  D:\r\n";
        let root = read(text).unwrap();
        let env = root.get("env").unwrap();
        let shown: Vec<(&str, &str, &str)> = env
            .entries()
            .iter()
            .map(|(key, value)| (text_of(text, key), value.text().unwrap(), text_of(text, value)))
            .take(3)
            .collect();
        assert_eq!(shown, [("A", "3.10", "3.10"), ("B", "yes", "yes"), ("C", "x\ty", "\"x\\ty\"")]);
        assert!(env.get("D").unwrap().is_null());
        assert_eq!(root.get("on").unwrap().text(), Some("push"));
    }

    #[test]
    fn an_alias_stands_for_what_is_written_elsewhere() {
        let text = "a: &a {X: 1, Y: 2}\nb: *a\nc:\n  <<: *a\n  Y: 3\n";
        let root = read(text).unwrap();
        assert_eq!(root.get("b"), root.get("a"));
        let merged = root.get("c").unwrap();
        assert_eq!(merged.get("Y").unwrap().text(), Some("3"));
        assert_eq!(text_of(text, merged.get("X").unwrap()), "1");
        assert_eq!(text_of(text, root.get("a").unwrap()), "{X: 1, Y: 2}");
    }

    #[test]
    fn what_forges_refuse_is_refused() {
        let bomb = |width: usize| {
            let levels = (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); width].join(", ")));
            format!("a0: &a0 [{}]\n{}", ["x"; 9].join(", "), levels.collect::<String>())
        };
        for (text, byte, part) in [
            ("", 0, "empty"),
            ("a: 1\na: 2\n", 5, "duplicate key `a`"),
            ("a: 1\n---\nb: 2\n", 5, "second document"),
            ("a: [\n", 5, "YAML"),
            ("[a]: 1\n", 0, "a key cannot be"),
            ("a: &a [*a]\n", 7, "alias"),
            (&"[".repeat(5000), 64, "levels of nesting"),
            (&"- ".repeat(5000), 128, "levels of nesting"),
            (&format!("a: {}", "- ".repeat(5000)), 3, "YAML"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message.contains(part), "{error:?}");
            assert!(error.byte.abs_diff(byte) <= 2 || part == "YAML", "{error:?}");
        }
        assert!(read(&bomb(9)).unwrap_err().message.contains("more than 20000 values"));
        assert!(read(&"a".repeat(FILE_BYTES + 1)).unwrap_err().message.contains("limit"));
    }
}
