//! The expansion of a job's matrix into rows. As in a forge, `exclude` applies before `include`.

use std::collections::BTreeMap;

use github_actions_expressions::Evaluation;

use super::document::{Node, Style, Value as NodeValue};
use super::expression::{self, Contexts};
use super::model::is_computed;
use super::scalar;
use slug_value::{Value, to_text};

/// Maximum rows of one matrix; a forge runs at most 256.
pub const ROWS: usize = 10_000;

/// Maximum cells in the product of the keys, and separately the maximum comparisons that
/// `include` and `exclude` together may need.
const CELLS: usize = 1_000_000;

/// One row: the value of each key. An absent key is null.
pub type Row = BTreeMap<String, Value>;

/// The rows of a job's matrix; the job runs once for each of them.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// The rows; one empty row for a job without a matrix.
    Known(Vec<Row>),
    /// Some of the rows, the number of rows at the start that may have other keys, and the reason why there may
    /// be other rows and other keys.
    Some(Vec<Row>, usize, String),
    /// The reason why the rows are not known.
    Unknown(String),
}

/// Expands a matrix.
#[must_use]
pub fn rows(matrix: Option<&Node>, contexts: &dyn Contexts) -> Rows {
    let Some(matrix) = matrix else { return Rows::Known(vec![Row::new()]) };
    expand(matrix, contexts).unwrap_or_else(Rows::Unknown)
}

const COMPUTED: &str = "the matrix is computed at run time";

fn expand(matrix: &Node, contexts: &dyn Contexts) -> Result<Rows, String> {
    let computed = || COMPUTED.to_owned();
    if let NodeValue::String(text) = &matrix.value {
        let value = expression::typed(text, contexts);
        let object = value.single().filter(|value| matches!(value, Evaluation::Object(_)));
        return expand(&object.and_then(node_of).ok_or_else(computed)?, contexts);
    }
    let NodeValue::Mapping(entries) = &matrix.value else { return Err(computed()) };
    if entries.iter().any(|(key, _)| is_computed(key)) {
        return Err(computed());
    }
    let mut original = Vec::new();
    for (key, values) in entries {
        let name = key.text().unwrap_or_default().to_lowercase();
        if name != "include" && name != "exclude" {
            original.push((name, cells(values, contexts)?));
        }
    }
    let mut rows = product(&original)?;
    let mut compared = 0;
    let mut compare = |cells: usize| {
        compared += cells;
        if compared > CELLS {
            return Err(format!("`include` and `exclude` of the matrix need more than {CELLS} comparisons"));
        }
        Ok(())
    };
    let (excluded, others) = listed(matrix, "exclude", contexts);
    if let Some(why) = others {
        return Err(why);
    }
    for excluded in excluded {
        compare(rows.len())?;
        for row in std::mem::take(&mut rows) {
            if !agrees(&row, &excluded, |_| true)? {
                rows.push(row);
            }
        }
    }
    let (first_included, is_original) = (rows.len(), |key: &str| original.iter().any(|(name, _)| name == key));
    let plain = rows.clone();
    let (included, others) = listed(matrix, "include", contexts);
    for included in included {
        compare(first_included * (1 + included.len()))?;
        let mut added = false;
        for (row, plain) in rows[..first_included].iter_mut().zip(&plain) {
            if agrees(plain, &included, is_original)? {
                row.extend(included.clone());
                added = true;
            }
        }
        if !added {
            rows.push(included);
        }
        if rows.len() > ROWS {
            return Err(format!("the matrix has more than {ROWS} rows"));
        }
    }
    let Some(why) = others else { return Ok(Rows::Known(rows)) };
    // An entry that is not known may change every key that another entry adds, except in rows of their own.
    rows[..first_included].iter_mut().for_each(|row| row.retain(|key, _| is_original(key)));
    Ok(Rows::Some(rows, first_included, why))
}

/// The values of one key.
fn cells(values: &Node, contexts: &dyn Contexts) -> Result<Vec<Value>, String> {
    match &values.value {
        NodeValue::Sequence(items) => Ok(items.iter().map(|item| cell(item, contexts)).collect()),
        NodeValue::String(text) => match expression::typed(text, contexts).single() {
            Some(Evaluation::Array(items)) => Ok(items.iter().cloned().map(Value::known).collect()),
            // One value stands for all.
            _ => Ok(vec![Value::unknown(COMPUTED)]),
        },
        _ => Err("the matrix has a mapping where a list is expected".to_owned()),
    }
}

/// A value as a node; `None` if a text in it would be an expression.
fn node_of(value: &Evaluation) -> Option<Node> {
    let (style, value) = match value {
        Evaluation::String(text) if text.contains("${{") => return None,
        Evaluation::String(text) => (Style::Quoted, NodeValue::String(text.clone())),
        Evaluation::Array(items) => {
            (Style::Flow, NodeValue::Sequence(items.iter().map(node_of).collect::<Option<_>>()?))
        }
        Evaluation::Object(fields) => {
            let entry = |(name, value): (&String, &Evaluation)| {
                Some((node_of(&Evaluation::String(name.clone()))?, node_of(value)?))
            };
            let fields: BTreeMap<&String, &Evaluation> = fields.iter().collect();
            (Style::Flow, NodeValue::Mapping(fields.into_iter().map(entry).collect::<Option<_>>()?))
        }
        scalar => (Style::Plain, NodeValue::String(to_text(scalar))),
    };
    Some(Node { style, ..Node::from(value) })
}

fn product(keys: &[(String, Vec<Value>)]) -> Result<Vec<Row>, String> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let count = keys.iter().fold(1_usize, |count, (_, values)| count.saturating_mul(values.len()));
    if count > ROWS {
        return Err(format!("the matrix has {count} rows, more than {ROWS}"));
    }
    if count * keys.len() > CELLS {
        return Err(format!("the rows of the matrix have more than {CELLS} cells"));
    }
    // The last key varies fastest.
    let row = |mut number: usize| {
        let mut row = Row::new();
        for (name, values) in keys.iter().rev() {
            row.insert(name.clone(), values[number % values.len()].clone());
            number /= values.len();
        }
        row
    };
    Ok((0..count).map(row).collect())
}

/// The known entries of `include` or `exclude`, and the reason why there may be others.
fn listed(matrix: &Node, key: &str, contexts: &dyn Contexts) -> (Vec<Row>, Option<String>) {
    let Some(list) = matrix.get(key) else { return (Vec::new(), None) };
    let mut is_known = true;
    let items = match list.text() {
        Some("") => Vec::new(),
        Some(text) => match expression::typed(text, contexts).single() {
            Some(Evaluation::Array(items)) => items.iter().map(node_of).collect(),
            _ => vec![None],
        },
        None => list.items().iter().cloned().map(Some).collect(),
    };
    let mut rows = Vec::new();
    for item in items {
        let computed = item.as_ref().and_then(Node::text).map(|text| expression::typed(text, contexts));
        let item = computed.map_or(item, |value| value.single().and_then(node_of));
        let entries = item.as_ref().filter(|item| matches!(item.value, NodeValue::Mapping(_))).map(Node::entries);
        match entries.filter(|entries| !entries.iter().any(|(key, _)| is_computed(key))) {
            Some(entries) => rows.push(row_of(entries, contexts)),
            None => is_known = false,
        }
    }
    (rows, (!is_known).then(|| format!("`{key}` of the matrix is computed at run time")))
}

fn row_of(entries: &[(Node, Node)], contexts: &dyn Contexts) -> Row {
    let cell = |(name, value): &(Node, Node)| (name.text().unwrap_or_default().to_lowercase(), cell(value, contexts));
    entries.iter().map(cell).collect()
}

/// True if a row has the values of an entry for all relevant keys. One key that certainly
/// differs decides, even if the values of other keys are not known.
///
/// # Errors
///
/// The reason, if the answer depends on a value that is not known.
fn agrees(row: &Row, entry: &Row, is_relevant: impl Fn(&str) -> bool) -> Result<bool, String> {
    let mut all = Ok(true);
    for (name, value) in entry.iter().filter(|(name, _)| is_relevant(name)) {
        let Some(mine) = row.get(name) else { return Ok(false) };
        match (mine.single(), value.single()) {
            (Some(mine), Some(value)) if same(mine, value) => {}
            (Some(_), Some(_)) => return Ok(false),
            _ => all = Err(format!("`{name}` of the matrix is not known")),
        }
    }
    all
}

/// True if two values are equal; an object may have more fields than the other one.
fn same(mine: &Evaluation, other: &Evaluation) -> bool {
    match (mine, other) {
        (Evaluation::Object(mine), Evaluation::Object(other)) => {
            other.iter().all(|(name, value)| mine.get(name).is_some_and(|mine| same(mine, value)))
        }
        _ => mine == other,
    }
}

fn cell(node: &Node, contexts: &dyn Contexts) -> Value {
    match &node.value {
        NodeValue::String(text) if text.contains("${{") => expression::typed(text, contexts),
        _ => literal(node).map_or_else(|| Value::unknown("a value of the matrix is not known"), Value::known),
    }
}

/// The value of a node without expressions; None if it contains an expression.
#[must_use]
pub fn literal(node: &Node) -> Option<Evaluation> {
    Some(match &node.value {
        NodeValue::String(text) if text.contains("${{") => return None,
        NodeValue::String(_) => return scalar::evaluated(node),
        NodeValue::Sequence(items) => Evaluation::Array(items.iter().map(literal).collect::<Option<_>>()?),
        NodeValue::Mapping(entries) if entries.iter().any(|(key, _)| is_computed(key)) => return None,
        NodeValue::Mapping(entries) => Evaluation::Object(
            entries
                .iter()
                .map(|(name, value)| Some((scalar::text_of(name)?, literal(value)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
