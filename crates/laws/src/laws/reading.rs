//! A law of the readers: what is wrong in one place is refused, and that place is named.

use crate::corruption::{Choice, Parts, Spoiled};
use crate::document::Document;
use crate::law::{Law, LawContext, Violation, ensure};
use crate::secret::CANARY;

/// A reader that passes over a mistake would answer for another file than the one that was written.
pub(crate) const STRICT_READING: Law = Law {
    id: "strict-reading",
    statement: "a registry, policy or question that is wrong in one place is refused, its place is named, and no secret in it is repeated",
    check: strict_reading,
};

fn strict_reading(context: &LawContext<'_>) -> Result<(), Violation> {
    let mut choice = Choice::new(context.case.number());
    // So many cases are of a real registry that some of them will do.
    let is_real = context.case.dataset.registry.providers().len() > MANY;
    if is_real && choice.below(EACH) > 0 {
        return Ok(());
    }
    Document::ALL.into_iter().try_for_each(|document| is_refused(context, document, &mut choice))
}

fn is_refused(context: &LawContext<'_>, document: Document, choice: &mut Choice) -> Result<(), Violation> {
    let dataset = &context.case.dataset;
    let question;
    let parts = match document {
        Document::Registry => dataset.parts_of_registry(),
        Document::Policy => dataset.parts_of_policy(),
        Document::Question => {
            question = Parts::of("question", &context.case.to_yaml());
            question.as_ref()
        }
    };
    let parts = parts.map_err(|error| format!("what was written is refused: {error}"))?;
    let Some(Spoiled { what, text, place }) = parts.spoiled(choice) else { return Ok(()) };
    let Err(error) = context.implementation.read(document, &text, dataset) else {
        return Err(format!("{what} passes at `{place}` of the {document:?}:\n{text}"));
    };
    ensure!(error.mark.is_some() && error.place == place, "{what} at `{place}` is refused as `{error}`:\n{text}");
    ensure!(!error.to_string().contains(CANARY), "a secret is repeated in `{error}`");
    Ok(())
}

/// Providers that no generated registry has.
const MANY: usize = 8;

/// Of a registry with more of them, one case in so many is spoiled.
const EACH: usize = 32;
