//! The expected result of a test case.

use serde::Serialize;
use slug_resolver::yaml::{Cursor, ReadError, UnknownFields};
use slug_resolver::{Code, Outcome, Resolution};

/// The expected result of a test case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expectation {
    /// The slug.
    pub slug: String,
    /// The name of the rule that picks it; `None` if no rule applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The injected names, sorted.
    pub injected: Vec<String>,
    /// The provider, if one was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `coherent`, `nothing` if nothing is created, or the code of the contradiction.
    pub verdict: String,
}

impl Expectation {
    /// The result that a resolution has.
    #[must_use]
    pub fn of(resolution: &Resolution<'_>) -> Self {
        Self {
            slug: resolution.slug.to_owned(),
            rule: resolution.rule.map(str::to_owned),
            injected: resolution.injected.iter().map(str::to_owned).collect(),
            provider: resolution.provider.map(|provider| provider.name.clone()),
            verdict: match (resolution.code, resolution.outcome) {
                (Some(code), _) => code.as_str(),
                (None, Outcome::Nothing) => "nothing",
                (None, _) => "coherent",
            }
            .to_owned(),
        }
    }

    pub(crate) fn decode(at: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = at.fields(&["slug", "injected", "verdict"], &["rule", "provider"], UnknownFields::Deny)?;
        let text = |name| Ok::<_, ReadError>(fields.required(name)?.string()?.to_owned());
        let codes = Code::ALL.map(Code::as_str);
        one_of(&fields.required("verdict")?, &[&["coherent", "nothing"], &codes[..]].concat())?;
        Ok(Self {
            slug: text("slug")?,
            rule: fields.optional("rule").map(|at| at.string().map(ToOwned::to_owned)).transpose()?,
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
