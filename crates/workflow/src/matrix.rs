//! The matrix of a job: once for each row, with `exclude` and then `include`, as a forge expands it.

use std::collections::BTreeMap;

use github_actions_expressions::Evaluation;

use super::document::{Node, Style, Value as NodeValue};
use super::expression::{self, Contexts};
use slug_value::Value;

/// Rows of one matrix; a forge runs at most 256.
pub const ROWS: usize = 10_000;

/// Cells of the rows of the keys, and again what `include` and `exclude` together may compare.
const CELLS: usize = 1_000_000;

/// One row: what each key of the matrix is. A key that is not in it is nothing.
pub type Row = BTreeMap<String, Value>;

/// What a job is run once for each of.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// These; one empty row for a job without a matrix.
    Known(Vec<Row>),
    /// The file does not say, and why.
    Unknown(String),
}

/// Expands a matrix.
#[must_use]
pub fn rows(matrix: Option<&Node>, contexts: &dyn Contexts) -> Rows {
    let Some(matrix) = matrix else { return Rows::Known(vec![Row::new()]) };
    expand(matrix, contexts).map_or_else(Rows::Unknown, Rows::Known)
}

fn expand(matrix: &Node, contexts: &dyn Contexts) -> Result<Vec<Row>, String> {
    let NodeValue::Mapping(entries) = &matrix.value else {
        return Err("the matrix is computed while it runs".to_owned());
    };
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
            return Err(format!("`include` and `exclude` of the matrix are compared with more than {CELLS} cells"));
        }
        Ok(())
    };
    for excluded in listed(matrix, "exclude", contexts)? {
        compare(rows.len())?;
        for row in std::mem::take(&mut rows) {
            if !agrees(&row, &excluded, |_| true)? {
                rows.push(row);
            }
        }
    }
    let (first_included, is_original) = (rows.len(), |key: &str| original.iter().any(|(name, _)| name == key));
    let plain = rows.clone();
    for included in listed(matrix, "include", contexts)? {
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
    Ok(rows)
}

/// The values of one key.
fn cells(values: &Node, contexts: &dyn Contexts) -> Result<Vec<Value>, String> {
    match &values.value {
        NodeValue::Sequence(items) => Ok(items.iter().map(|item| cell(item, contexts)).collect()),
        NodeValue::String(text) => match expression::typed(text, contexts).single() {
            Some(Evaluation::Array(items)) => Ok(items.iter().cloned().map(Value::known).collect()),
            _ => Err("the matrix is computed while it runs".to_owned()),
        },
        _ => Err("the matrix holds a mapping where a list belongs".to_owned()),
    }
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
    // The last key is the first to change from row to row.
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

/// The objects below `include` or `exclude`.
fn listed(matrix: &Node, key: &str, contexts: &dyn Contexts) -> Result<Vec<Row>, String> {
    let Some(list) = matrix.get(key) else { return Ok(Vec::new()) };
    if list.text().is_some_and(|text| !text.is_empty()) {
        return Err(format!("`{key}` of the matrix is computed while it runs"));
    }
    if list.items().iter().any(|item| !matches!(item.value, NodeValue::Mapping(_))) {
        return Err(format!("`{key}` of the matrix is computed while it runs"));
    }
    let row = |item: &Node| {
        item.entries()
            .iter()
            .map(|(name, value)| (name.text().unwrap_or_default().to_lowercase(), cell(value, contexts)))
            .collect()
    };
    Ok(list.items().iter().map(row).collect())
}

/// Whether a row holds everything that another one says of the keys that count. One key that
/// it certainly does not hold decides, whatever is not known of others.
fn agrees(row: &Row, other: &Row, counts: impl Fn(&str) -> bool) -> Result<bool, String> {
    let mut all = Ok(true);
    for (name, value) in other.iter().filter(|(name, _)| counts(name)) {
        let Some(mine) = row.get(name) else { return Ok(false) };
        match (mine.single(), value.single()) {
            (Some(mine), Some(value)) if same(mine, value) => {}
            (Some(_), Some(_)) => return Ok(false),
            _ => all = Err(format!("`{name}` of the matrix is not known")),
        }
    }
    all
}

/// Whether one value holds everything that another one says.
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

/// A value without expressions; none where one is in it.
#[must_use]
pub fn literal(node: &Node) -> Option<Evaluation> {
    Some(match &node.value {
        NodeValue::String(text) if text.contains("${{") => return None,
        NodeValue::String(text) if node.style == Style::Plain => plain(node, text),
        NodeValue::String(text) => Evaluation::String(text.clone()),
        NodeValue::Sequence(items) => Evaluation::Array(items.iter().map(literal).collect::<Option<_>>()?),
        NodeValue::Mapping(entries) => Evaluation::Object(
            entries
                .iter()
                .map(|(name, value)| Some((name.text()?.to_owned(), literal(value)?)))
                .collect::<Option<_>>()?,
        ),
        _ => return None,
    })
}

/// A scalar without quotes. A number counts as one only where it is written as it would be
/// printed: `3.10` is a version.
fn plain(node: &Node, text: &str) -> Evaluation {
    if node.is_null() {
        return Evaluation::Null;
    }
    match text {
        "true" | "True" | "TRUE" => return Evaluation::Boolean(true),
        "false" | "False" | "FALSE" => return Evaluation::Boolean(false),
        _ => {}
    }
    match text.parse::<f64>().map(Evaluation::Number) {
        Ok(number) if number.sema().to_string() == text => number,
        _ => Evaluation::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
