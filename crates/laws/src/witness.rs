//! A test case in a file, with its expected result.

use slug_resolver::yaml::{self, Cursor, ReadError, UnknownFields, ValidationError};
use slug_resolver::{Policy, Registry};

use crate::case::{EMBEDDED, Notes, TestCase};
use crate::dataset::Dataset;
use crate::expectation::Expectation;
use crate::laws::law;

/// A saved test case, with its origin and its expected result.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The id of the law that it tests.
    pub law: Option<String>,
    /// The origin of the case.
    pub found: Option<String>,
    /// The proptest seed that generated it: 64 hexadecimal digits.
    pub seed: Option<String>,
    /// The case.
    pub case: TestCase,
    /// The expected result.
    pub expect: Option<Expectation>,
}

impl Witness {
    /// The witness as YAML; secrets are [masked](TestCase::masked).
    #[must_use]
    pub fn to_yaml(&self) -> String {
        self.case.to_witness_yaml(Notes {
            law: self.law.as_deref(),
            found: self.found.as_deref(),
            seed: self.seed.as_deref(),
            expect: self.expect.as_ref(),
        })
    }

    /// Reads a witness file.
    ///
    /// # Errors
    ///
    /// An error of [`yaml::read`], an unknown field, an unknown law, or an error
    /// in its registry or policy.
    pub fn from_yaml(bytes: &[u8]) -> Result<Self, ReadError> {
        let root = yaml::read(bytes)?;
        Self::decode(Cursor::root(&root)).map_err(|error| error.located(&root))
    }

    fn decode(root: Cursor<'_>) -> Result<Self, ValidationError> {
        let required = ["schema_version", "registry", "policy", "runtime"];
        let optional = ["law", "found", "seed", "env", "ambient", "expect"];
        let fields = root.fields(&required, &optional, UnknownFields::Deny)?;
        fields.schema_version_1()?;
        let law = fields.optional("law").map(|at| law_id(&at)).transpose()?;
        let found = fields.optional("found").map(|at| at.string().map(ToOwned::to_owned)).transpose()?;
        let seed = fields.optional("seed").map(|at| seed_digits(&at)).transpose()?;
        let registry = decode_registry(&fields.required("registry")?)?;
        let policy = decode_policy(&fields.required("policy")?)?;
        let expect = fields.optional("expect").map(|at| Expectation::decode(&at)).transpose()?;
        let case = TestCase::decode(&fields, Dataset::new(registry, policy))?;
        Ok(Self { law, found, seed, case, expect })
    }
}

fn law_id(at: &Cursor<'_>) -> Result<String, ReadError> {
    let id = at.string()?;
    match law(id) {
        Some(law) => Ok(law.id.to_string()),
        None => Err(at.error(format!("no law is called `{id}`; `slugproof prove --laws` lists them"))),
    }
}

fn seed_digits(at: &Cursor<'_>) -> Result<String, ReadError> {
    let digits = at.string()?;
    if !is_seed(digits) {
        return Err(at.error("expected the 64 hexadecimal digits that follow `cc` in a seed file"));
    }
    Ok(digits.to_owned())
}

/// Returns true for a seed as proptest writes it: 64 lowercase hexadecimal digits.
#[must_use]
pub fn is_seed(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

fn decode_registry(at: &Cursor<'_>) -> Result<Registry, ValidationError> {
    match at.string() {
        Ok(EMBEDDED) => Ok(Registry::embedded()),
        Ok(other) => {
            Err(at.error(format!("no registry is called `{other}`; write `{EMBEDDED}` or the registry itself")).into())
        }
        Err(_) => Registry::from_node(*at, UnknownFields::Deny),
    }
}

fn decode_policy(at: &Cursor<'_>) -> Result<Policy, ValidationError> {
    match at.string() {
        Ok(name) => Policy::embedded(name).ok_or_else(|| {
            at.error(format!("no embedded policy is called `{name}`; name one or write the policy itself")).into()
        }),
        Err(_) => Policy::from_node(*at),
    }
}
