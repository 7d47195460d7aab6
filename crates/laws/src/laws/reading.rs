//! A law of the readers: a document with one error is refused, and the message names its location.

use crate::corruption::{Choice, Corrupted, LocatedDocument};
use crate::dataset::WithNulls;
use crate::document::Document;
use crate::law::{Law, LawContext, Violation, ensure};
use crate::secret::CANARY;

/// A reader must refuse errors: a reader that ignores one would read another document than the author wrote.
pub(crate) const STRICT_READING: Law = Law {
    id: "strict-reading",
    statement: "a registry, policy or test case with one error is refused; the message gives the location and contains \
                no secret",
    check: strict_reading,
};

fn strict_reading(context: &LawContext<'_>) -> Result<(), Violation> {
    let mut choice = Choice::new(context.case.number());
    // A real registry has so many cases that a sample is enough.
    let is_real = context.case.dataset.registry.providers().len() > MANY;
    if is_real && choice.below(EACH) > 0 {
        return Ok(());
    }
    Document::ALL.into_iter().try_for_each(|document| is_refused(context, document, &mut choice))
}

/// A null optional field of a registry means that the field is absent.
pub(crate) const ABSENT_IS_NULL: Law = Law {
    id: "absent-is-null",
    statement: "a null optional field of a registry means the same as an absent field",
    check: absent_is_null,
};

fn absent_is_null(context: &LawContext<'_>) -> Result<(), Violation> {
    let dataset = &context.case.dataset;
    if dataset.registry.providers().len() > MANY && !context.case.number().is_multiple_of(EACH as u64) {
        return Ok(());
    }
    let nulls = dataset.registry_with_nulls();
    let nulls = nulls.map_err(|error| format!("the written document is refused: {error}"))?;
    let Some(WithNulls { text, reads_the_same }) = nulls else { return Ok(()) };
    if let Err(error) = context.implementation.validate(Document::Registry, text, dataset) {
        return Err(format!("the registry with nulls is refused: {error}:\n{text}"));
    }
    ensure!(*reads_the_same, "the registry with nulls differs from the one without:\n{text}");
    Ok(())
}

fn is_refused(context: &LawContext<'_>, document: Document, choice: &mut Choice) -> Result<(), Violation> {
    let dataset = &context.case.dataset;
    let question;
    let parts = match document {
        Document::Registry => dataset.located_registry(),
        Document::Policy => dataset.located_policy(),
        Document::TestCase => {
            question = LocatedDocument::of("question", &context.case.to_yaml());
            question.as_ref()
        }
    };
    let parts = parts.map_err(|error| format!("the written document is refused: {error}"))?;
    let Some(Corrupted { what, text, path }) = parts.corrupt(choice) else { return Ok(()) };
    let Err(error) = context.implementation.validate(document, &text, dataset) else {
        return Err(format!("{what} is accepted at `{path}` of the {document:?}:\n{text}"));
    };
    ensure!(error.line_col.is_some() && error.path == path, "{what} at `{path}` is refused as `{error}`:\n{text}");
    ensure!(!error.to_string().contains(CANARY), "`{error}` repeats a secret");
    Ok(())
}

/// Number of providers that no generated registry exceeds.
const MANY: usize = 8;

/// Sampling rate for registries with more than [`MANY`] providers: one case in this many is corrupted.
const EACH: usize = 32;
