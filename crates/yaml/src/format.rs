//! The description of a file format: the fields of each mapping, with their shapes and meanings.
//!
//! A reader takes the names of the fields from here, and `slugproof schema` makes a JSON Schema and the tables
//! of the documentation. So a field cannot be in one of them and not in the others.

/// A file format.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "formats are declared as constants in other crates")]
pub struct Format {
    /// The name of the format on the command line.
    pub name: &'static str,
    /// What the file is, in one sentence.
    pub meaning: &'static str,
    /// The mapping at the top of the file, for each schema version from 1 on.
    pub versions: &'static [&'static Mapping],
    /// Whether null in an optional field means that the field is absent; otherwise it is an error.
    pub null_is_absent: bool,
    /// Whether the reader may ignore fields that the format does not define.
    pub is_open: bool,
}

/// A mapping of a format.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "formats are declared as constants in other crates")]
pub struct Mapping {
    /// The name of the mapping in its format: a singular noun.
    pub name: &'static str,
    /// The fields. The required ones come first.
    pub fields: &'static [Field],
    /// The entries whose names the user chooses, if there are any.
    pub others: Option<Others>,
    /// What the fields demand of each other.
    pub rules: &'static [Rule],
}

/// A field of a mapping.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "formats are declared as constants in other crates")]
pub struct Field {
    /// The name, as in the file.
    pub name: &'static str,
    /// Whether the field is required.
    pub presence: Presence,
    /// The values that it can have.
    pub shape: Shape,
    /// What the field says, with units and the default, in Markdown.
    pub meaning: &'static str,
}

/// Whether a field is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "formats are declared as constants in other crates")]
pub enum Presence {
    /// The field is required.
    Required,
    /// The field may be absent.
    Optional,
    /// A field of earlier versions, which is read and not suggested.
    Former,
}

/// The entries of a mapping whose names the user chooses.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "formats are declared as constants in other crates")]
pub struct Others {
    /// The names that entries can have.
    pub names: &'static Shape,
    /// What a name stands for, in Markdown.
    pub meaning: &'static str,
    /// The value of each entry.
    pub value: &'static Shape,
}

/// What fields of a mapping demand of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "formats are declared as constants in other crates")]
pub enum Rule {
    /// At least one of these fields is there.
    AtLeastOne(&'static [&'static str]),
    /// At most one of these fields is there.
    AtMostOne(&'static [&'static str]),
    /// The mapping has at least one entry.
    NotEmpty,
}

/// The values that a field can have.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "formats are declared as constants in other crates")]
pub enum Shape {
    /// The number of a schema version, one of these.
    Version(&'static [u8]),
    /// `true` or `false`.
    Boolean,
    /// Any text.
    Text,
    /// A text that is not empty.
    SomeText,
    /// A text with a character other than white space.
    NotBlank,
    /// The name of a variable: letters, digits, `_` and `.`.
    Variable,
    /// The name of a secret, which has no `=`.
    Secret,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// A list.
    List(&'static Shape),
    /// A list with at least one item.
    SomeList(&'static Shape),
    /// A mapping.
    Mapping(&'static Mapping),
    /// Any of these shapes.
    AnyOf(&'static [Shape]),
}

impl Field {
    /// A required field.
    #[must_use]
    pub const fn required(name: &'static str, shape: Shape, meaning: &'static str) -> Self {
        Self { name, presence: Presence::Required, shape, meaning }
    }

    /// A field that may be absent.
    #[must_use]
    pub const fn optional(name: &'static str, shape: Shape, meaning: &'static str) -> Self {
        Self { name, presence: Presence::Optional, shape, meaning }
    }
}

impl Mapping {
    /// A mapping with these fields, in every combination.
    #[must_use]
    pub const fn new(name: &'static str, fields: &'static [Field]) -> Self {
        Self { name, fields, others: None, rules: &[] }
    }

    /// A mapping from names that the user chooses.
    #[must_use]
    pub const fn open(name: &'static str, names: &'static Shape, meaning: &'static str, value: &'static Shape) -> Self {
        Self { name, fields: &[], others: Some(Others { names, meaning, value }), rules: &[] }
    }

    /// The same mapping with rules.
    #[must_use]
    pub const fn with(self, rules: &'static [Rule]) -> Self {
        Self { rules, ..self }
    }

    /// The field of a name, if the mapping defines it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The names of the fields, the required ones first.
    pub(crate) fn names(&self, required: bool) -> Vec<&'static str> {
        let fields = self.fields.iter().filter(|field| (field.presence == Presence::Required) == required);
        fields.map(|field| field.name).collect()
    }
}
