//! The cases with their answers, by class of value.

use super::error::NotInferred;
use super::mask::Mask;
use super::set::BitSet;
use super::table::{Axis, Class, Row, Table, contexts};
use crate::case::{Answer, Case};
use crate::space::Space;

/// The answers from which a policy is inferred.
pub struct Answers<'a> {
    /// The environments that differ for the function. The last runtime is one that nobody names.
    pub space: &'a Space,
    /// The cases of the space with the answers of the function.
    pub cases: &'a [(Case, Answer)],
    /// Returns true if a platform provider serves a model (the second argument) on a runtime.
    pub is_platform_model: &'a dyn Fn(&str, &str) -> bool,
}

/// The cases with the class of each value.
pub(super) struct Cases<'a> {
    pub(super) answers: &'a Answers<'a>,
    pub(super) rows: Vec<Row>,
}

impl<'a> Cases<'a> {
    /// Finds the classes of all values. A case with a value outside the space, such as a near miss, is left
    /// out; the finished policy is compared with it.
    pub(super) fn new(axes: &[Axis], answers: &'a Answers<'a>) -> Result<Self, NotInferred> {
        let mut composed: Vec<(&Case, &str)> = Vec::new();
        let mut rows = Vec::new();
        for (number, (case, answer)) in answers.cases.iter().enumerate() {
            let classes: Option<Vec<u8>> = axes
                .iter()
                .map(|axis| match axis.classes.len() {
                    0 => Some(0),
                    _ => axis.class_of(axis.value_in(case)),
                })
                .collect();
            let Some(classes) = classes else { continue };
            for (axis, class) in axes.iter().zip(&classes) {
                if let Some(Class::Other(fresh)) = axis.classes.get(usize::from(*class))
                    && is_part(fresh, answer, axis.variable.is_some())
                {
                    composed.push((case, axis.variable.as_deref().unwrap_or("runtime")));
                }
            }
            rows.push(Row { classes: classes.into(), effects: Vec::new(), case: number });
        }
        match composed.into_iter().min_by_key(|(case, _)| simplicity(case)) {
            Some((case, part)) => Err(NotInferred::Composed { case: case.clone(), part: part.to_owned() }),
            None => Ok(Self { answers, rows }),
        }
    }

    pub(super) fn answer(&self, row: &Row) -> &Answer {
        &self.answers.cases[row.case].1
    }

    /// Decides for each variable whether an empty value counts as set, and whether it has a default.
    pub(super) fn with_empty_and_defaults(mut self, axes: &mut [Axis]) -> Self {
        for (axis, of) in axes.iter_mut().enumerate() {
            let Some(unset) = of.class_of(None).filter(|_| of.variable.is_some()) else { continue };
            let mut dropped = Vec::new();
            if let Some(empty) = of.class_of(Some("")) {
                if self.is_alike(axis, unset, empty) {
                    dropped.push(empty);
                } else {
                    of.is_empty_set = true;
                }
            }
            let is_other = |class: &usize| matches!(of.classes[*class], Class::Other(_));
            let other = (0..of.classes.len()).find(is_other).and_then(|class| u8::try_from(class).ok());
            if !other.is_some_and(|other| self.is_alike(axis, unset, other)) {
                let texts = of.classes.iter().filter_map(|class| match class {
                    Class::Text(text) if !text.is_empty() => Some(text.clone()),
                    _ => None,
                });
                let alike =
                    |text: &String| of.class_of(Some(text)).is_some_and(|class| self.is_alike(axis, unset, class));
                of.default = texts.into_iter().find(alike);
            }
            if of.default.is_some() {
                dropped.push(unset);
            }
            self.rows.retain(|row| !dropped.contains(&row.classes[axis]));
        }
        self
    }

    /// Returns true if two classes of one axis have the same answer wherever the other values are equal.
    fn is_alike(&self, axis: usize, left: u8, right: u8) -> bool {
        contexts(&self.rows, axis).iter().all(|context| {
            let of = |class: u8| context.iter().find(|(found, _)| *found == class).map(|(_, row)| self.answer(row));
            of(left) == of(right)
        })
    }

    /// The first cases of some rows, by simplicity.
    pub(super) fn simplest(&self, table: &Table<'_>, rows: &BitSet) -> Vec<Case> {
        let mut cases: Vec<&Case> = rows.iter().map(|row| &self.answers.cases[table.rows[row].case].0).collect();
        cases.sort_by_key(|case| simplicity(case));
        cases.into_iter().take(2).cloned().collect()
    }

    pub(super) fn table<'t>(axes: &'t [Axis], rows: Vec<Row>) -> Result<Table<'t>, NotInferred> {
        let most = Mask::MOST;
        let too_large =
            || NotInferred::TooLarge(format!("the answers distinguish more than {most} values; split the function"));
        Table::new(axes, rows).ok_or_else(too_large)
    }
}

/// The key that sorts the simplest case first.
pub(super) fn simplicity(case: &Case) -> (usize, Case) {
    (case.variables.iter().filter(|(_, value)| !value.is_empty()).count(), case.clone())
}

/// Returns true if an answer contains a text and is not equal to it.
fn is_part(fresh: &str, answer: &Answer, is_printable: bool) -> bool {
    let is_model = is_printable && answer.model == fresh;
    let mut names = answer.secrets.iter().flatten();
    !fresh.is_empty() && (answer.model.contains(fresh) && !is_model || names.any(|name| name.contains(fresh)))
}
