//! The outputs of steps and jobs.

use std::collections::{BTreeMap, BTreeSet};

use github_actions_expressions::Evaluation;

use slug_value::{Text, Value};

/// The outputs of jobs, by the id in lower case.
pub type Outputs = BTreeMap<String, KnownOutputs>;

/// The known outputs of a step or a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownOutputs {
    /// The values of some outputs, by name in lower case.
    pub values: BTreeMap<String, Text>,
    /// True if these are all outputs; false if there may be others.
    pub is_complete: bool,
}

impl KnownOutputs {
    /// Those of a step or a job that does not run.
    #[must_use]
    pub fn none() -> Self {
        Self { values: BTreeMap::new(), is_complete: true }
    }

    /// The value of an output; `None` if it is not known.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value> {
        let value = self.values.get(name).map(|value| value.clone().into_value());
        value.or_else(|| self.is_complete.then(|| Value::known(Evaluation::Null)))
    }

    /// The join: the outputs of `self` or those of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let names: BTreeSet<&String> = self.values.keys().chain(other.values.keys()).collect();
        let text = |outputs: &Self, name: &String| match outputs.values.get(name) {
            None if !outputs.is_complete => None,
            value => Some(value.cloned().unwrap_or_else(Text::empty)),
        };
        let value = |name: &String| Some((name.clone(), text(&self, name)?.or(text(&other, name)?)));
        let values = names.into_iter().filter_map(value).collect();
        Self { values, is_complete: self.is_complete && other.is_complete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn join_of_outputs_knows_what_both_sides_know() {
        let outputs = |values: &[(&str, &str)], is_complete| KnownOutputs {
            values: values.iter().map(|(name, text)| ((*name).to_owned(), Text::known((*text).to_owned()))).collect(),
            is_complete,
        };
        let shown = |outputs: &KnownOutputs, name: &str| match outputs.value(name).map(Value::into_text) {
            None => "?".to_owned(),
            Some(text) => format!("{:?}", text.values),
        };
        for (one, other, expected) in [
            (outputs(&[("a", "x")], true), outputs(&[("a", "x")], true), "OneOf([\"x\"])"),
            (outputs(&[("a", "x")], true), outputs(&[("a", "y")], false), "OneOf([\"x\", \"y\"])"),
            (outputs(&[("a", "x")], true), KnownOutputs::none(), "OneOf([\"x\", \"\"])"),
            (outputs(&[("a", "x")], true), KnownOutputs::default(), "?"),
            (KnownOutputs::none(), KnownOutputs::none(), "OneOf([\"\"])"),
        ] {
            assert_eq!(shown(&one.clone().or(other.clone()), "a"), expected);
            let names = |outputs: &KnownOutputs| outputs.values.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&other.clone().or(one.clone())), names(&one.or(other)));
        }
    }
}
