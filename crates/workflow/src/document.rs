//! The syntax tree of a workflow file: YAML values with their byte ranges.
//!
//! Every scalar is text; the caller decides whether `3.10` or `yes` is a number or a
//! string. The reader rejects files that GitHub and Gitea reject, and limits the size of
//! a tree so that a hostile file cannot exhaust memory.

use std::collections::HashMap;

use slug_value::folded;
use slug_yaml::{Limit, Limits, Problem, byte_size};

pub use slug_yaml::{Node, Style, Value};

/// Maximum bytes of one file: twice what a forge accepts.
pub const FILE_BYTES: usize = 1 << 20;

/// Maximum levels of nesting.
pub const DEPTH: usize = 64;

/// Maximum nodes that all aliases of one file together expand to.
pub const ALIAS_NODES: usize = 20_000;

/// Maximum nodes that all anchors of one file together hold. Nodes of nested anchors count once
/// for each anchor around them.
pub const ANCHOR_NODES: usize = 200_000;

/// Maximum bytes of all scalars of one file, with aliases expanded.
pub const TEXT_BYTES: usize = 16 << 20;

const LIMITS: Limits = Limits {
    bytes: FILE_BYTES,
    scalar_bytes: TEXT_BYTES,
    depth: DEPTH,
    // Never reached: the bytes of a file and the nodes of aliases have their own limits.
    nodes: FILE_BYTES + ALIAS_NODES,
    anchors: FILE_BYTES,
    aliases: FILE_BYTES,
    anchor_nodes: ANCHOR_NODES,
    alias_nodes: ALIAS_NODES,
};

/// The error of a file that was rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The byte offset of the error.
    pub byte: usize,
    /// The problem and its remedy: lower case, without a final full stop.
    pub message: String,
}

/// Parses the text of a file.
///
/// # Errors
///
/// Fails if the text is not YAML, is empty, has more than one document, repeats a key in
/// one mapping, or exceeds a limit of this module.
pub fn read(text: &str) -> Result<Node, Unreadable> {
    let root = slug_yaml::read_lenient(text, &LIMITS)
        .map_err(|error| Unreadable { byte: error.span.start, message: message(&error.problem) })?;
    refuse_keys_that_differ_in_case(&root)?;
    Ok(root)
}

/// A forge compares the keys of a mapping without regard to case.
fn refuse_keys_that_differ_in_case(node: &Node) -> Result<(), Unreadable> {
    let mut keys: HashMap<String, &str> = HashMap::new();
    for (key, _) in node.entries() {
        let name = key.text().unwrap_or_default();
        if let Some(first) = keys.insert(folded(name), name).filter(|_| node.entries().len() > 1) {
            let [first, name] = [first, name].map(|name| name.chars().take(80).collect::<String>());
            let message = format!(
                "the keys `{first}` and `{name}` differ only in case; forges refuse the file, so keep one of the two"
            );
            return Err(Unreadable { byte: key.span.start, message });
        }
    }
    let values = node.entries().iter().map(|(_, value)| value);
    node.items().iter().chain(values).try_for_each(refuse_keys_that_differ_in_case)
}

/// Visits each scalar of a tree, with the keys from the root of the tree to it; `*` stands for an item of a list.
pub(super) fn each_text<'n>(root: &'n Node, visit: &mut dyn FnMut(&[&'n str], &'n Node)) {
    visit_texts(root, &mut Vec::new(), visit);
}

fn visit_texts<'n>(node: &'n Node, path: &mut Vec<&'n str>, visit: &mut dyn FnMut(&[&'n str], &'n Node)) {
    let entries = node.entries().iter().map(|(key, value)| (key.text().unwrap_or_default(), value));
    for (key, value) in entries.chain(node.items().iter().map(|item| ("*", item))) {
        path.push(key);
        visit_texts(value, path, visit);
        path.pop();
    }
    if node.text().is_some() {
        visit(path, node);
    }
}

/// The error message for an author of workflows.
fn message(problem: &Problem) -> String {
    match problem {
        Problem::Empty => "the file is empty; write a workflow or remove it".to_owned(),
        Problem::SecondDocument => "a second document begins here; a workflow file has one document".to_owned(),
        Problem::RecursiveAlias => "the alias refers to a value that contains it; write the values out".to_owned(),
        Problem::Exceeds(Limit::Bytes, FILE_BYTES) => {
            format!("the file is larger than {}; no forge runs it, so split it up", byte_size(FILE_BYTES))
        }
        Problem::Exceeds(Limit::Depth, most) => {
            format!("the file has more than {most} levels of nesting; no workflow needs that many, so simplify it")
        }
        Problem::Exceeds(Limit::AliasNodes, most) => {
            format!("the aliases up to here expand to more than {most} values; write them out")
        }
        Problem::Exceeds(Limit::AnchorNodes, most) => {
            format!("the anchors up to here hold more than {most} values; remove some of them")
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
    fn scalars_are_text_with_byte_ranges() {
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
    fn keys_without_a_common_upper_case_are_read() {
        for text in ["{ı: 1, I: 2, i_: 3}", "{ß: 1, SS: 2}", "[{a: 1}, {A: 2}]"] {
            assert!(read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn alias_expands_to_anchored_value() {
        let text = "a: &a {X: 1, Y: 2}\nb: *a\nc:\n  <<: *a\n  Y: 3\n";
        let root = read(text).unwrap();
        assert_eq!(root.get("b"), root.get("a"));
        let merged = root.get("c").unwrap();
        assert_eq!(merged.get("Y").unwrap().text(), Some("3"));
        assert_eq!(text_of(text, merged.get("X").unwrap()), "1");
        assert_eq!(text_of(text, root.get("a").unwrap()), "{X: 1, Y: 2}");
    }

    #[test]
    fn files_that_forges_reject_are_rejected() {
        let bomb = |width: usize| {
            let levels = (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); width].join(", ")));
            format!("a0: &a0 [{}]\n{}", ["x"; 9].join(", "), levels.collect::<String>())
        };
        for (text, byte, part) in [
            ("", 0, "empty"),
            ("a: 1\na: 2\n", 5, "duplicate key `a`"),
            ("env: {KEY: 1, Key: 2}\n", 13, "the keys `KEY` and `Key` differ only in case"),
            ("a: [{b: {é: 1, É: 2}}]\n", 14, "differ only in case"),
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
        assert!(read(&"a".repeat(FILE_BYTES + 1)).unwrap_err().message.contains("is larger than 1 MiB"));
    }
}
