//! The expected result of a test case.

use serde::Serialize;
use slug_resolver::yaml::{Cursor, ReadError, UnknownFields};
use slug_resolver::{Code, Resolution, Rule};

/// The expected result of a test case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expectation {
    /// The slug.
    pub slug: String,
    /// The rule that picks it.
    pub rule: String,
    /// The injected names, sorted.
    pub injected: Vec<String>,
    /// The provider, if one was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `coherent`, or the code of the contradiction.
    pub verdict: String,
}

impl Expectation {
    /// The result that a resolution has.
    #[must_use]
    pub fn of(resolution: &Resolution<'_>) -> Self {
        Self {
            slug: resolution.slug.to_owned(),
            rule: resolution.rule.as_str().to_owned(),
            injected: resolution.injected.to_vec(),
            provider: resolution.provider.map(|provider| provider.name.clone()),
            verdict: resolution.code.map_or("coherent", Code::as_str).to_owned(),
        }
    }

    pub(crate) fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields(&["slug", "rule", "injected", "verdict"], &["provider"], UnknownFields::Deny)?;
        let text = |name| Ok::<_, ReadError>(fields.required(name)?.string()?.to_owned());
        let rules = Rule::ALL.map(Rule::as_str);
        one_of(&fields.required("rule")?, &rules)?;
        let codes = Code::ALL.map(Code::as_str);
        one_of(&fields.required("verdict")?, &[&["coherent"], &codes[..]].concat())?;
        Ok(Self {
            slug: text("slug")?,
            rule: text("rule")?,
            injected: fields.required("injected")?.strings()?,
            provider: fields.optional("provider").map(|at| at.string().map(ToOwned::to_owned)).transpose()?,
            verdict: text("verdict")?,
        })
    }
}

fn one_of(at: &Cursor<'_>, known: &[&str]) -> Result<(), ReadError> {
    match at.string()? {
        text if known.contains(&text) => Ok(()),
        text => Err(at.error(format!("there is no `{text}`; write one of {}", known.join(", ")))),
    }
}
