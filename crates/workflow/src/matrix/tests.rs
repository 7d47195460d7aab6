use github_actions_expressions::Evaluation;
use proptest::prelude::*;
use proptest::sample::select;

use super::{CELLS, ROWS, Row, Rows, rows};
use crate::document;
use crate::expression::Contexts;
use slug_value::Value;

/// Contexts in which only the input `list` is known.
struct FewInputs;

impl Contexts for FewInputs {
    fn look_up(&self, path: &[String]) -> Value {
        match path {
            [context, name] if context == "inputs" && name == "list" => {
                Value::known(Evaluation::String("[1, 2]".into()))
            }
            _ => Value::unknown("nothing is known"),
        }
    }
}

fn expanded(yaml: &str) -> Result<Vec<Row>, String> {
    match rows(Some(&document::read(yaml).unwrap()), &FewInputs) {
        Rows::Unknown(why) => Err(why),
        Rows::Known(rows) => Ok(rows),
        Rows::Some(rows, _, why) => Err(format!("{why}, in addition to {rows:?}")),
    }
}

/// A cell with its type; `?` if it is not known.
fn kind_and_text(value: &Value) -> String {
    value.single().map_or("?".to_owned(), |value| format!("{value:?}"))
}

fn shown(yaml: &str) -> Vec<String> {
    expanded(yaml).map_or_else(|why| vec![why], |rows| rows.iter().map(shown_row).collect())
}

fn shown_row(row: &Row) -> String {
    let text = |value: &Value| value.single().map_or("?".to_owned(), |value| value.sema().to_string());
    row.iter().map(|(k, v)| format!("{k}={}", text(v))).collect::<Vec<_>>().join(" ")
}

#[test]
fn example_of_github_docs_expands_as_documented() {
    let yaml = "
            fruit: [apple, pear]
            animal: [cat, dog]
            include:
              - color: green
              - {color: pink, animal: cat}
              - {fruit: apple, shape: circle}
              - fruit: banana
              - {fruit: banana, animal: cat}";
    assert_eq!(
        shown(yaml),
        [
            "animal=cat color=pink fruit=apple shape=circle",
            "animal=dog color=green fruit=apple shape=circle",
            "animal=cat color=pink fruit=pear",
            "animal=dog color=green fruit=pear",
            "fruit=banana",
            "animal=cat fruit=banana",
        ]
    );
}

#[test]
fn cell_type_follows_yaml_notation() {
    for (text, expected) in [
        ("1", "Number(1.0)"),
        ("'1'", "String(\"1\")"),
        ("3.10", "Number(3.1)"),
        ("0x10", "Number(16.0)"),
        ("'3.10'", "String(\"3.10\")"),
        ("3.5", "Number(3.5)"),
        ("true", "Boolean(true)"),
        ("True", "Boolean(true)"),
        ("TRUE", "Boolean(true)"),
        ("\"true\"", "String(\"true\")"),
        ("false", "Boolean(false)"),
        ("False", "Boolean(false)"),
        ("FALSE", "Boolean(false)"),
        ("yes", "String(\"yes\")"),
        ("~", "Null"),
        ("", "Null"),
        ("''", "String(\"\")"),
        ("[1, x]", "Array([Number(1.0), String(\"x\")])"),
        ("{k: [~]}", "Object({\"k\": Array([Null])})"),
        ("${{ fromJSON(inputs.list)[1] }}", "Number(2.0)"),
        ("v${{ fromJSON(inputs.list)[1] }}", "String(\"v2\")"),
        ("${{ vars.x }}", "?"),
        ("[1, '${{ vars.x }}']", "?"),
        ("{k: '${{ vars.x }}'}", "?"),
        ("{'${{ insert }}': {k: 1}}", "?"),
    ] {
        let cells = [format!("a:\n  - {text}"), format!("include:\n  - a: {text}")];
        for yaml in cells {
            let found = expanded(&yaml).unwrap();
            assert_eq!(found.iter().map(|row| kind_and_text(&row["a"])).collect::<Vec<_>>(), [expected], "{yaml}");
        }
    }
}

#[test]
fn unknown_matrix_has_a_reason() {
    const COMPUTED: &str = "the matrix is computed at run time";
    assert_eq!(rows(None, &FewInputs), Rows::Known(vec![Row::new()]));
    assert_eq!(shown("a: ${{ fromJSON(inputs.list) }}"), ["a=1", "a=2"]);
    assert_eq!(shown("a: [1]\ninclude: ''\nexclude: ''"), ["a=1"]);
    let literal = r#"${{ fromJSON('{"a":[1,"1e3",null],"include":[{"a":1,"b":true}]}') }}"#;
    assert_eq!(shown(literal), ["a=1 b=true", "a=1e3", "a="]);
    for (yaml, why) in [
        ("${{ fromJSON(needs.x.outputs.y) }}", COMPUTED),
        ("${{ inputs.list }}", COMPUTED),
        ("${{ fromJSON(inputs.list) }}", COMPUTED),
        ("a: [1]\n${{ insert }}: {b: [2]}", COMPUTED),
        ("a: {b: 1}", "the matrix has a mapping where a list is expected"),
        ("a: [1]\nexclude: ['${{ fromJSON(vars.x) }}']", "`exclude` of the matrix is computed at run time"),
        ("a: ['${{ vars.x }}']\nexclude: [{a: 1}]", "`a` of the matrix is not known"),
    ] {
        assert_eq!(shown(yaml), [why], "{yaml}");
    }
}

#[test]
fn computed_part_of_a_matrix_leaves_the_rest_known() {
    let partial = |yaml: &str| match rows(Some(&document::read(yaml).unwrap()), &FewInputs) {
        Rows::Some(rows, open, why) => {
            assert_eq!(why, "`include` of the matrix is computed at run time");
            assert_eq!(open, rows.iter().filter(|row| row.contains_key("a") && !row.contains_key("b")).count());
            rows.iter().map(shown_row).collect::<Vec<_>>()
        }
        other => vec![format!("{other:?}")],
    };
    const JSON: &str = r#"${{ fromJSON('[{"a":1,"b":2},{"a":3}]') }}"#;
    assert_eq!(shown("a: ${{ fromJSON(vars.x) }}"), ["a=?"]);
    assert_eq!(shown("a: ${{ inputs.list }}\nb: [1, 2]\nexclude: [{b: 1}]\ninclude: [{b: 2, c: 3}]"), ["a=? b=2 c=3"]);
    assert_eq!(shown(&format!("a: [1]\ninclude: {JSON}")), ["a=1 b=2", "a=3"]);
    assert_eq!(shown(&format!("a: [1, 3]\nexclude: {}", JSON.replace("b\":2", "a\":1"))), ["a="; 0]);
    assert_eq!(shown(r#"include: ['${{ fromJSON(''{"a":1}'') }}']"#), ["a=1"]);
    for (yaml, expected) in [
        ("include: ${{ fromJSON(vars.x) }}", &[][..]),
        ("include: [{a: 1, '${{ insert }}': {b: 2}}]", &[]),
        ("a: [1]\ninclude: ${{ fromJSON(vars.x) }}", &["a=1"]),
        ("a: [1, 2]\nexclude: [{a: 1}]\ninclude: ${{ fromJSON(vars.x) }}", &["a=2"]),
        // The last entry may change `b`, but not the row that another entry adds.
        ("a: [1]\ninclude: [{a: 1, b: 2}, {a: 3, b: 4}, '${{ fromJSON(vars.x) }}']", &["a=1", "a=3 b=4"]),
        ("a: [1]\ninclude: [x, {b: 2}]", &["a=1"]),
    ] {
        assert_eq!(partial(yaml), expected, "{yaml}");
    }
}

fn list(count: usize) -> String {
    format!("[{}]", (0..count).map(|number| number.to_string()).collect::<Vec<_>>().join(", "))
}

#[test]
fn matrix_expands_up_to_its_limits() {
    let count = |yaml: &str| expanded(yaml).map(|rows| rows.len());
    let too_many = |what: &str| Err(format!("the {what}"));
    let square = format!("a: {}\nb: {}\n", list(100), list(100));
    assert_eq!(count(&square), Ok(ROWS));
    let odd = format!("a: {}\nb: {}\n", list(73), list(137));
    assert_eq!(count(&odd), too_many("matrix has 10001 rows, more than 10000"));

    let with_singles =
        |singles: usize| square.clone() + &(0..singles).map(|number| format!("k{number}: [0]\n")).collect::<String>();
    assert_eq!(count(&with_singles(CELLS / ROWS - 2)), Ok(ROWS));
    assert_eq!(count(&with_singles(CELLS / ROWS - 1)), too_many("rows of the matrix have more than 1000000 cells"));

    let included = |rows: usize| format!("include:\n{}", "- {a: 1}\n".repeat(rows));
    assert_eq!(count(&included(ROWS)), Ok(ROWS));
    assert_eq!(count(&included(ROWS + 1)), too_many("matrix has more than 10000 rows"));

    let compared = Err("`include` and `exclude` of the matrix need more than 1000000 comparisons".to_owned());
    let entries = |key: &str, count: usize, entry: &str| format!("{key}:\n{}", format!("- {entry}\n").repeat(count));
    let thousand = format!("a: {}\n", list(1_000));
    // An entry of `exclude` costs one comparison per row. An entry of `include` costs one plus
    // its number of keys, per row that `exclude` keeps.
    let both = |excluded: usize, included: usize| {
        thousand.clone() + &entries("exclude", excluded, "{b: 0}") + &entries("include", included, "{a: x}")
    };
    assert_eq!(count(&(thousand.clone() + &entries("exclude", 1_000, "{b: 0}"))), Ok(1_000));
    assert_eq!(count(&(thousand.clone() + &entries("exclude", 1_001, "{b: 0}"))), compared);
    assert_eq!(count(&both(600, 200)), Ok(1_200));
    assert_eq!(count(&both(600, 201)), compared);
    assert_eq!(count(&both(601, 200)), compared);
}

/// Cells as written, each with its equivalence class: cells of one class are equal to a forge.
/// A cell that is not known has no class.
const SAMPLE_CELLS: [(&str, Option<usize>); 9] = [
    ("x", Some(0)),
    ("'x'", Some(0)),
    ("1", Some(1)),
    ("'1'", Some(2)),
    ("true", Some(3)),
    ("TRUE", Some(3)),
    ("{k: 1}", Some(4)),
    ("{k: 1, l: 2}", Some(5)),
    ("'${{ vars.x }}'", None),
];

/// The value of each sample cell.
fn cells() -> Vec<Value> {
    let written = SAMPLE_CELLS.map(|(text, _)| text).join(", ");
    expanded(&format!("a: [{written}]")).unwrap().into_iter().map(|mut row| row.remove("a").unwrap()).collect()
}

/// True if a cell matches the cell of an entry; None if that is not known. An object matches if
/// it has the named fields; it may have others.
fn matches(cell: usize, entry_cell: usize) -> Option<bool> {
    let (cell, entry_cell) = (SAMPLE_CELLS[cell].1?, SAMPLE_CELLS[entry_cell].1?);
    Some(cell == entry_cell || (cell, entry_cell) == (5, 4))
}

/// Keys as looked up (lower case), and as written in `include` and `exclude`.
const KEYS: [(&str, &str); 3] = [("a", "A"), ("b", "b"), ("c", "c")];

/// An optional sample cell for each key.
type PartialRow = [Option<usize>; 3];

#[derive(Clone, Debug)]
struct MatrixSpec {
    /// The cells of each key; a key without cells is not written.
    cells: [Vec<usize>; 3],
    excluded: Vec<PartialRow>,
    included: Vec<PartialRow>,
}

fn spec() -> impl Strategy<Value = MatrixSpec> {
    let cell = || 0..SAMPLE_CELLS.len();
    let entry = || [0, 1, 2].map(|_| proptest::option::of(cell()));
    let cells = [0, 1, 2].map(|_| proptest::collection::vec(cell(), 0..4));
    let excluded = prop_oneof![Just(Vec::new()), proptest::collection::vec(entry(), 1..3)];
    (cells, excluded, proptest::collection::vec(entry(), 0..4), select(&[true, false])).prop_map(
        |(mut cells, mut excluded, mut included, is_known)| {
            if is_known {
                // With unknown cells, most generated matrices are unknown as a whole.
                let known = |cell: &mut usize| *cell %= SAMPLE_CELLS.len() - 1;
                cells.iter_mut().flatten().for_each(known);
                excluded.iter_mut().chain(&mut included).flatten().flatten().for_each(known);
            }
            MatrixSpec { cells, excluded, included }
        },
    )
}

impl MatrixSpec {
    fn yaml(&self) -> String {
        let entry = |row: &PartialRow| {
            let cells = row.iter().zip(KEYS).filter_map(|(cell, (_, upper))| Some((upper, (*cell)?)));
            let cells: Vec<String> = cells.map(|(key, cell)| format!("{key}: {}", SAMPLE_CELLS[cell].0)).collect();
            format!("{{{}}}", cells.join(", "))
        };
        let mut lines: Vec<String> = Vec::new();
        for (cells, (key, _)) in self.cells.iter().zip(KEYS).filter(|(cells, _)| !cells.is_empty()) {
            let cells: Vec<&str> = cells.iter().map(|cell| SAMPLE_CELLS[*cell].0).collect();
            lines.push(format!("{key}: [{}]", cells.join(", ")));
        }
        for (key, entries) in [("include", &self.included), ("exclude", &self.excluded)] {
            lines.push(format!("{key}: [{}]", entries.iter().map(entry).collect::<Vec<_>>().join(", ")));
        }
        lines.join("\n")
    }

    /// The rows with a cell for each key; None if they depend on a cell that is not known.
    fn rows(&self) -> Option<Vec<PartialRow>> {
        let keys: Vec<usize> = (0..3).filter(|key| !self.cells[*key].is_empty()).collect();
        let count = if keys.is_empty() { 0 } else { keys.iter().map(|key| self.cells[*key].len()).product() };
        let mut all = Vec::new();
        for mut number in 0..count {
            let mut row = [None; 3];
            for &key in keys.iter().rev() {
                let cells = &self.cells[key];
                row[key] = Some(cells[number % cells.len()]);
                number /= cells.len();
            }
            all.push(row);
        }
        // True if a row matches an entry in some keys. One certain mismatch decides.
        let agrees = |row: &PartialRow, entry: &PartialRow, keys: &[usize]| {
            let pairs = keys.iter().filter_map(|key| Some((row[*key], entry[*key]?)));
            let answers: Vec<_> =
                pairs.map(|(cell, entry_cell)| cell.map_or(Some(false), |cell| matches(cell, entry_cell))).collect();
            match () {
                () if answers.contains(&Some(false)) => Some(false),
                () if answers.contains(&None) => None,
                () => Some(true),
            }
        };
        let mut original = Vec::new();
        for row in all {
            let mut is_excluded = false;
            for entry in &self.excluded {
                is_excluded = is_excluded || agrees(&row, entry, &[0, 1, 2])?;
            }
            original.extend((!is_excluded).then_some(row));
        }
        let mut rows = original.clone();
        for entry in &self.included {
            let mut is_new = true;
            for (row, plain) in rows.iter_mut().zip(&original) {
                if agrees(plain, entry, &keys)? {
                    *row = [0, 1, 2].map(|key| entry[key].or(row[key]));
                    is_new = false;
                }
            }
            if is_new {
                rows.push(*entry);
            }
        }
        Some(rows)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The expansion equals that of a simple model, or is unknown if the model's is.
    #[test]
    fn expansion_agrees_with_model(spec in spec(), values in Just(cells())) {
        let yaml = spec.yaml();
        let found = expanded(&yaml);
        let Some(rows) = spec.rows() else {
            prop_assert!(found.is_err_and(|why| why.ends_with(" of the matrix is not known")), "{}", yaml);
            return Ok(());
        };
        let row = |row: &PartialRow| -> Row {
            let cells = row.iter().zip(KEYS).filter_map(|(cell, (key, _))| Some((key.to_owned(), (*cell)?)));
            cells.map(|(key, cell)| (key, values[cell].clone())).collect()
        };
        prop_assert_eq!(found, Ok(rows.iter().map(row).collect()), "{}", yaml);
    }
}
