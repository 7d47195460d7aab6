//! A law, and what it is put to: one case with the answer of one implementation.

use std::cell::OnceCell;

use slug_resolver::verdict::Warnings;
use slug_resolver::{Code, Fix, NameSubset, Resolution};

use crate::case::TestCase;
use crate::dataset::Dataset;
use crate::implementation::Implementation;
use crate::reference;

/// One law.
#[derive(Clone, Copy)]
pub struct Law {
    /// Its name: kebab-case, stable, also the name of its regression file.
    pub id: &'static str,
    /// What holds, in one line.
    pub statement: &'static str,
    /// The check itself.
    pub check: fn(&LawContext<'_>) -> Result<(), Violation>,
}

/// How a law was broken: what was expected and what was found.
pub type Violation = String;

/// One case put to one implementation.
pub struct LawContext<'a> {
    /// Who answers.
    pub implementation: &'a dyn Implementation,
    /// What is asked.
    pub case: &'a TestCase,
    /// The answer.
    pub resolution: Resolution<'a>,
    reference: OnceCell<Resolution<'a>>,
    fixes: OnceCell<Vec<Fix>>,
}

impl<'a> LawContext<'a> {
    /// Puts a case to a implementation.
    #[must_use]
    pub fn new(implementation: &'a dyn Implementation, case: &'a TestCase) -> Self {
        Self {
            implementation,
            case,
            resolution: implementation.resolve(case),
            reference: OnceCell::new(),
            fixes: OnceCell::new(),
        }
    }

    /// The context with another answer to compare with than the reference's: what a law
    /// says beyond that comparison shows where both are wrong alike.
    #[must_use]
    pub fn compared_with(self, answer: Resolution<'a>) -> Self {
        Self { reference: OnceCell::from(answer), ..self }
    }

    /// What the [reference](mod@crate::reference) answers, with the [model_classes](crate::model_classes::ModelClasses) of its dataset.
    pub fn reference(&self) -> &Resolution<'a> {
        self.reference.get_or_init(|| {
            let TestCase { dataset, runtime, variables, ambient } = self.case;
            let Dataset { registry, policy, .. } = &**dataset;
            reference::resolve_by(registry, policy, runtime, variables, ambient, |runtime, model, present| {
                dataset.model_classes().derive(registry, runtime, model, present)
            })
        })
    }

    /// The fixes that the implementation offers.
    pub fn fixes(&self) -> &[Fix] {
        self.fixes.get_or_init(|| self.implementation.fixes(self.case))
    }
}

/// Fails with a message unless a condition holds.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use ensure;

/// What a question came to: slug, injected names, provider, code.
pub(crate) type SummaryKey<'r> = (&'r str, &'r [String], Option<&'r str>, Option<Code>);

pub(crate) fn summary_key<'r>(resolution: &'r Resolution<'_>) -> SummaryKey<'r> {
    let provider = resolution.provider.map(|provider| provider.name.as_str());
    (resolution.slug, resolution.injected, provider, resolution.code)
}

/// A resolution without the remarks on it: what must not change with what only they speak of.
pub(crate) fn without_warnings(resolution: Resolution<'_>) -> Resolution<'_> {
    Resolution { warnings: Warnings::default(), shadowed: NameSubset::default(), ..resolution }
}
