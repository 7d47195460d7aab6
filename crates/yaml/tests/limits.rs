//! Limits: each is tested at its value and at one more, and with hostile documents.

use slug_yaml::{Limit, Limits, Problem, read, read_lenient};

const LIMITS: Limits = Limits {
    bytes: 1_000,
    scalar_bytes: 100,
    depth: 4,
    nodes: 30,
    anchors: 3,
    aliases: 5,
    anchor_nodes: 12,
    alias_nodes: 10,
};

/// Builds a text that counts as this much against a limit.
type Text = fn(usize) -> String;

/// Each limit, its value, and texts that reach it.
fn texts() -> Vec<(Limit, usize, Text)> {
    vec![
        (Limit::Bytes, LIMITS.bytes, |count| format!("a #{}", "c".repeat(count - 3))),
        (Limit::Bytes, LIMITS.scalar_bytes, |count| "c".repeat(count)),
        (Limit::Bytes, LIMITS.scalar_bytes / 10, |count| {
            format!("[&a {}, *a, {}]", "c".repeat(50), "c".repeat(10 * count - 100))
        }),
        (Limit::Depth, LIMITS.depth, |count| format!("{}a{}", "[".repeat(count), "]".repeat(count))),
        (Limit::Depth, LIMITS.depth, |count| format!("{}a", "- ".repeat(count))),
        (Limit::Depth, LIMITS.depth, |count| format!("- &a [b]\n{}*a", "- ".repeat(count - 1))),
        (Limit::Nodes, LIMITS.nodes, |count| "- a\n".repeat(count - 1)),
        (Limit::Anchors, LIMITS.anchors, |count| (0..count).map(|id| format!("- &a{id} b\n")).collect()),
        (Limit::Aliases, LIMITS.aliases, |count| format!("- &a b\n{}", "- *a\n".repeat(count))),
        (Limit::AnchorNodes, LIMITS.anchor_nodes, |count| format!("- &a\n{}", "  - b\n".repeat(count - 2))),
        (Limit::AliasNodes, LIMITS.alias_nodes, |count| format!("- &a [{}]\n- *a\n", "b, ".repeat(count - 2))),
    ]
}

#[test]
fn limit_allows_its_value_and_rejects_more() {
    for (number, (limit, most, text)) in texts().into_iter().enumerate() {
        let refused = |count| {
            let text = text(count);
            match read_lenient(&text, &LIMITS) {
                Ok(_) => None,
                Err(error) => Some((error.problem, error.span.start)),
            }
        };
        let strict = |count| read(text(count).as_bytes(), &LIMITS).map(|_| ()).map_err(|error| error.message);
        assert_eq!(strict(most), Ok(()), "case {number}");
        let message = strict(most + 1).expect_err("the text exceeds the limit by one");
        let names_limit = message.contains("than the limit of") || message.contains("is larger than");
        assert!(names_limit, "case {number}: {message}");
        // In the lenient dialect, the end of a list does not count as a node that an alias repeats, and
        // values with aliases may have twice as many levels.
        let is_strict_only = limit == Limit::AliasNodes || limit == Limit::Depth && text(most).contains('*');
        if !is_strict_only {
            assert_eq!(refused(most), None, "case {number}");
            let (problem, byte) = refused(most + 1).expect("the text exceeds the limit by one");
            assert!(matches!(problem, Problem::Exceeds(found, _) if found == limit), "case {number}: {problem:?}");
            assert!(byte <= text(most + 1).len());
        }
    }
}

/// Deep, long and exponentially growing documents are rejected before the tree is built.
#[test]
fn hostile_documents_are_rejected_early() {
    let limits = Limits {
        bytes: 1 << 20,
        scalar_bytes: 1 << 20,
        depth: 32,
        nodes: 100_000,
        anchors: 1_000,
        aliases: 1_000,
        anchor_nodes: 100_000,
        alias_nodes: 100_000,
    };
    let bomb = (1..10).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let uses = vec![format!("*a{}", level - 1); 9].join(", ");
        format!("{text}a{level}: &a{level} [{uses}]\n")
    });
    let long = format!("- &a {}\n{}", "x".repeat(500_000), "- *a\n".repeat(900));
    let nested: String = (0..30).map(|depth| format!("{}- &a{depth}\n", " ".repeat(depth))).collect();
    let flat = "[a, ".repeat(100_000);
    for text in
        [bomb, long, "[".repeat(500_000), "{a: ".repeat(100_000), "- ".repeat(300_000), "? ".repeat(300_000), flat]
    {
        assert!(read(text.as_bytes(), &limits).is_err(), "{}", &text[..40]);
        assert!(read_lenient(&text, &limits).is_err(), "{}", &text[..40]);
    }
    assert!(read(nested.as_bytes(), &limits).is_ok());
}

#[test]
fn alias_inside_its_own_value_is_rejected() {
    for text in ["&a [*a]", "a: &a {b: *a}", "- &a\n  - b: *a\n"] {
        assert_eq!(read_lenient(text, &LIMITS).unwrap_err().problem, Problem::RecursiveAlias, "{text}");
    }
    assert!(matches!(read_lenient("a: *a", &LIMITS).unwrap_err().problem, Problem::Syntax(_)));
}

/// Nodes are counted after merging: a key that the mapping already has adds nothing.
#[test]
fn merge_bomb_within_limits_stays_small() {
    let limits = Limits {
        nodes: 1_000,
        scalar_bytes: 10_000,
        aliases: 1_000,
        alias_nodes: 1_000,
        anchors: 20,
        anchor_nodes: 1_000,
        ..LIMITS
    };
    let bomb = (1..10).fold("a0: &a0 {k: v}\n".to_owned(), |text, level| {
        let uses = vec![format!("*a{}", level - 1); 9].join(", ");
        format!("{text}a{level}: &a{level}\n  <<: [{uses}]\n")
    });
    let root = read_lenient(&bomb, &limits).expect("each mapping has one entry after merging");
    assert!(root.entries().iter().all(|(_, value)| value.entries().len() == 1));
}

/// Block style and flow style are counted separately, as forges do.
#[test]
fn lenient_depth_counts_each_style_separately() {
    let text = |flow: usize| format!("a:\n  b:\n    {}c{}\n", "[".repeat(flow), "]".repeat(flow));
    assert!(read_lenient(&text(LIMITS.depth), &LIMITS).is_ok());
    let error = read_lenient(&text(LIMITS.depth + 1), &LIMITS).unwrap_err();
    assert_eq!(error.problem, Problem::Exceeds(Limit::Depth, LIMITS.depth));
    assert!(read(text(LIMITS.depth).as_bytes(), &LIMITS).is_err());
}
