//! The scripts, commands and actions that a policy describes.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::field::{list, not_empty, string_map, text, variable_name};
use super::format::ACTION;
use crate::yaml::{Cursor, FieldPath, ReadError, UnknownFields, ValidationError};

/// An entry of `harness`: one way to start the harness.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
#[expect(clippy::exhaustive_enums, reason = "the two forms of the format")]
pub enum Harness {
    /// The path of a script, or the first words of a command.
    Command(String),
    /// An action that a step `uses`.
    Action(Action),
}

/// An action that starts the harness.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct Action {
    /// The action as a step names it, such as `owner/repository`. Without a revision, it stands for
    /// every revision.
    pub uses: String,
    /// The variable that has the value of each input.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, String>,
}

impl fmt::Display for Harness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => formatter.write_str(command),
            Self::Action(action) => write!(formatter, "uses: {}", action.uses),
        }
    }
}

impl From<&str> for Harness {
    fn from(command: &str) -> Self {
        Self::Command(command.to_owned())
    }
}

impl Harness {
    /// The path or command; `None` for an action.
    #[must_use]
    pub fn command(&self) -> Option<&str> {
        match self {
            Self::Command(command) => Some(command),
            Self::Action(_) => None,
        }
    }

    /// The action; `None` for a path or command.
    #[must_use]
    pub fn action(&self) -> Option<&Action> {
        match self {
            Self::Command(_) => None,
            Self::Action(action) => Some(action),
        }
    }

    /// Decodes the field `harness`.
    pub(super) fn decode_all(at: &Cursor<'_>) -> Result<Vec<Self>, ReadError> {
        list(at, |at| {
            if !at.is_mapping() {
                return text(at).map(Self::Command);
            }
            let fields = at.fields_of(&ACTION, UnknownFields::Deny)?;
            let inputs = fields.optional("inputs").map_or(Ok(BTreeMap::new()), |at| string_map(&at))?;
            Ok(Self::Action(Action { uses: text(&fields.required("uses")?)?, inputs }))
        })
    }

    /// Checks the entries of the field `harness` on their own.
    pub(super) fn check_all(entries: &[Self]) -> Result<(), ValidationError> {
        for (index, entry) in entries.iter().enumerate() {
            let path = FieldPath::default().key("harness").index(index);
            let Action { uses, inputs } = match entry {
                Self::Command(command) => {
                    not_empty(command, path)?;
                    continue;
                }
                Self::Action(action) => action,
            };
            if !is_action(uses) {
                return Err(ValidationError::at(
                    path.key("uses"),
                    "not the name of an action; write `owner/repository`, `./directory` or `docker://image`",
                ));
            }
            for (input, variable) in inputs {
                let path = path.clone().key("inputs");
                not_empty(input, path.clone())?;
                variable_name(variable, path.key(input))?;
            }
        }
        Ok(())
    }
}

/// Returns true if a text has the form of an action.
fn is_action(uses: &str) -> bool {
    let is_word = !uses.contains(|c: char| c.is_whitespace());
    let name = uses.split('@').next().unwrap_or_default();
    let has_owner = || name.split('/').count() > 1 && name.split('/').all(|part| !part.is_empty());
    is_word && (uses.starts_with("./") || uses.contains("://") || has_owner())
}
