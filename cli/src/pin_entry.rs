//! The entries of `pins` in slugproof.yaml: files that write down model ids, and the fields that have them.

use slug_pins::FieldQuery;
use slug_resolver::yaml::{Cursor, FieldPath, ReadError, UnknownFields};

use crate::config_format;

/// The field with the secrets that the workspace gets.
const REQUIRED_ENV: &str = "required_env";

/// An entry of `pins`.
#[derive(Debug)]
pub struct PinEntry {
    /// The line of the entry.
    pub line: u64,
    /// The patterns of the files, relative to slugproof.yaml.
    pub files: Vec<String>,
    /// Where the runtime is.
    pub runtime: RuntimeSource,
    /// The fields that have a model id: `model` and `models`.
    pub models: Vec<PinField>,
    /// The field that lists the secrets which the workspace gets, if the files have one.
    pub required_env: Option<PinField>,
}

/// Where an entry takes the runtime from.
#[derive(Debug)]
pub enum RuntimeSource {
    /// The field that names it.
    Field(PinField),
    /// The runtime of all files.
    Name(String),
}

/// A path as written, and its meaning.
#[derive(Debug)]
pub struct PinField {
    /// The field of the entry that has the path.
    pub name: &'static str,
    /// The text.
    pub written: String,
    /// The path.
    pub query: FieldQuery,
}

impl PinEntry {
    /// The path of a pattern of an entry in slugproof.yaml.
    pub fn pattern_path(entry: usize, pattern: usize) -> FieldPath {
        FieldPath::default().key("pins").index(entry).key("files").index(pattern)
    }

    /// Decodes an entry.
    ///
    /// # Errors
    ///
    /// A missing or unknown field, or a path that is not valid.
    pub fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields_of(&config_format::PIN, UnknownFields::Deny)?;
        let files = fields.required("files")?;
        let files = if files.is_list() { files.strings()? } else { vec![files.string()?.to_owned()] };
        if files.is_empty() {
            return Err(at.error("`files` is empty; name a file, or remove the entry"));
        }
        let runtime = fields.required("runtime")?;
        let named = ["model", "models"].into_iter().filter_map(|name| Some((name, fields.optional(name)?)));
        let models: Vec<PinField> = named.map(|(name, at)| PinField::decode(name, &at)).collect::<Result<_, _>>()?;
        if models.is_empty() {
            return Err(at.error("the entry has neither `model` nor `models`; add the path of the field with the id"));
        }
        Ok(Self {
            line: at.line_col().line,
            files,
            runtime: match runtime.string()? {
                name if !name.starts_with(['.', '[']) => RuntimeSource::Name(name.to_owned()),
                _ => RuntimeSource::Field(PinField::decode("runtime", &runtime)?),
            },
            models,
            required_env: fields.optional(REQUIRED_ENV).map(|at| PinField::decode(REQUIRED_ENV, &at)).transpose()?,
        })
    }
}

impl PinField {
    fn decode(name: &'static str, at: &Cursor<'_>) -> Result<Self, ReadError> {
        let written = at.string()?;
        let query = FieldQuery::parse(written).map_err(|error| at.error(error.to_string()))?;
        Ok(Self { name, written: written.to_owned(), query })
    }
}
