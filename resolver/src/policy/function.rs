//! The shell function that a policy describes.

use serde::Serialize;

use super::field::{not_empty, some, text};
use super::format::FUNCTION;
use crate::yaml::{Cursor, FieldPath, ReadError, UnknownFields, ValidationError};

/// The shell function of a harness. `slugproof conform` runs it and compares its answers with the
/// policy; no rule reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "field for field the YAML of the format")]
pub struct Function {
    /// The files that bash sources, in this order. Their paths are relative to the top of the repository.
    pub source: Vec<String>,
    /// The command that prints the slug. Its variable `RUNTIME` is the runtime.
    pub model: String,
    /// The command that prints the names of the injected secrets: one on each line, or as the keys of
    /// a JSON object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets: Option<String>,
}

impl Function {
    pub(super) fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields_of(&FUNCTION, UnknownFields::Deny)?;
        let source = fields.required("source")?;
        Ok(Self {
            source: if source.is_list() { source.strings()? } else { vec![text(&source)?] },
            model: text(&fields.required("model")?)?,
            secrets: fields.optional("secrets").map(|at| text(&at)).transpose()?,
        })
    }

    pub(super) fn check(&self) -> Result<(), ValidationError> {
        let path = FieldPath::default().key("function");
        some(&self.source, path.clone().key("source"))?;
        for (index, file) in self.source.iter().enumerate() {
            not_empty(file, path.clone().key("source").index(index))?;
        }
        not_empty(&self.model, path.clone().key("model"))?;
        self.secrets.as_ref().map_or(Ok(()), |command| not_empty(command, path.key("secrets")))
    }
}
