//! Paths of fields.

use slug_pins::FieldQuery;
use slug_resolver::yaml::read;

const DOCUMENT: &str = "a: 1\nb:\n  c: [x, y]\n  d.e: z\nmodels:\n  - {id: m1}\n  - {id: m2}\n  - {name: m3}\n";

fn select(path: &str) -> Vec<String> {
    let root = read(DOCUMENT.as_bytes()).expect("the document is valid");
    let query = FieldQuery::parse(path).expect("the path is valid");
    query.select(&root).iter().map(|node| DOCUMENT[node.span.clone()].to_owned()).collect()
}

#[test]
fn path_selects_values_in_order() {
    assert_eq!(select(".a"), ["1"]);
    assert_eq!(select(".b.c[]"), ["x", "y"]);
    assert_eq!(select(".b.c[1]"), ["y"]);
    assert_eq!(select(".b.\"d.e\""), ["z"]);
    assert_eq!(select(".models[].id"), ["m1", "m2"]);
    assert_eq!(select(".*.c[0]"), ["x"]);
    assert_eq!(select(".missing.c[]"), [""; 0]);
}

#[test]
fn invalid_path_is_refused() {
    for path in ["", "a", ".", "..a", ".a[", ".a[x]", ".a b", ".\"a", ".a]", "$.a", ".[]x"] {
        assert!(FieldQuery::parse(path).is_err(), "{path}");
    }
}

#[test]
fn empty_list_or_mapping_is_not_missing() {
    let root = read(b"{all: [], some: [{id: a}], by: {}, text: x}").expect("the document is valid");
    for (path, expected) in [
        (".all[].id", false),
        (".by.*", false),
        (".some[].id", false),
        (".some[].name", true),
        (".all[0].id", true),
        (".none[].id", true),
        (".text[]", true),
        (".by.a", true),
    ] {
        let query = FieldQuery::parse(path).expect("the path is valid");
        assert_eq!(query.is_missing(&root), expected, "{path}");
    }
}
