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
    /// A right value in YAML; of a list, a right item. None if the shape alone shows one.
    pub example: Option<&'static str>,
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
        Self { name, presence: Presence::Required, shape, meaning, example: None }
    }

    /// A field that may be absent.
    #[must_use]
    pub const fn optional(name: &'static str, shape: Shape, meaning: &'static str) -> Self {
        Self { name, presence: Presence::Optional, shape, meaning, example: None }
    }

    /// The same field with an example.
    #[must_use]
    pub const fn such_as(self, example: &'static str) -> Self {
        Self { example: Some(example), ..self }
    }

    /// A right value of the field, in YAML on one line.
    #[must_use]
    pub fn example(&self) -> String {
        self.shape.example(self.example)
    }
}

impl Shape {
    /// A right value of this shape, in YAML on one line. `inner` is the example of its field: a right value, or a right
    /// item of a list.
    #[must_use]
    pub fn example(&self, inner: Option<&str>) -> String {
        match (self, inner) {
            (Self::List(item) | Self::SomeList(item), _) => format!("[{}]", item.example(inner)),
            (Self::AnyOf([first, ..]), _) => first.example(inner),
            // Another alternative of the field has this example.
            (Self::Mapping(mapping), Some(example)) if !example.starts_with('{') => mapping.example(),
            (_, Some(example)) => example.to_owned(),
            (Self::Version(known), None) => known.last().map_or_else(String::new, u8::to_string),
            (Self::Boolean, None) => "true".to_owned(),
            (Self::Variable, None) => "MODEL".to_owned(),
            (Self::Secret, None) => "ACME_KEY".to_owned(),
            (Self::Word(words), None) => words().first().map_or_else(String::new, |word| (*word).to_owned()),
            (Self::Mapping(mapping), None) => mapping.example(),
            (Self::Text | Self::SomeText | Self::NotBlank | Self::AnyOf([]), None) => "text".to_owned(),
        }
    }

    /// The shape of an entry, if this shape can be a mapping with it, and the example of its field.
    pub(crate) fn entry(&self, name: &str) -> Option<(&'static Self, Option<&'static str>)> {
        match self {
            Self::Mapping(mapping) => {
                let others = || mapping.others.map(|others| (others.value, None));
                mapping.field(name).map(|field| (&field.shape, field.example)).or_else(others)
            }
            Self::AnyOf(shapes) => shapes.iter().find_map(|shape| shape.entry(name)),
            _ => None,
        }
    }

    /// The shape of the items, if this shape can be a list.
    pub(crate) fn item(&self) -> Option<&'static Self> {
        match self {
            Self::List(item) | Self::SomeList(item) => Some(item),
            Self::AnyOf(shapes) => shapes.iter().find_map(Self::item),
            _ => None,
        }
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

    /// A right mapping, in YAML on one line: the required fields, or one entry.
    #[must_use]
    pub fn example(&self) -> String {
        let is_needed = |field: &&Field| {
            let is_first = |rule: &Rule| matches!(rule, Rule::AtLeastOne([first, ..]) if *first == field.name);
            field.presence == Presence::Required || self.rules.iter().any(is_first)
        };
        let mut shown: Vec<&Field> = self.fields.iter().filter(is_needed).collect();
        if shown.is_empty() && self.others.is_none() {
            shown.extend(self.fields.first());
        }
        let mut entries: Vec<String> =
            shown.iter().map(|field| format!("{}: {}", field.name, field.example())).collect();
        if let Some(others) = self.others.filter(|_| entries.is_empty()) {
            entries.push(format!("{}: {}", others.names.example(None), others.value.example(None)));
        }
        format!("{{{}}}", entries.join(", "))
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
