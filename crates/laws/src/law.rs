//! A law, and its context: one case with the answer of one implementation.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use slug_resolver::verdict::Warnings;
use slug_resolver::{Code, Fix, NameSubset, Resolution};

use crate::case::TestCase;
use crate::dataset::Dataset;
use crate::implementation::Implementation;
use crate::reference::{self, Picked};
use crate::secret::CANARY;
use crate::spelling::Spellings;

/// One law.
#[derive(Clone, Copy)]
pub struct Law {
    /// The stable name, in kebab-case; also the name of its regression file.
    pub id: &'static str,
    /// The property, in one line.
    pub statement: &'static str,
    /// Checks the property.
    pub check: fn(&LawContext<'_>) -> Result<(), Violation>,
}

/// The description of a broken law: the expected and the actual result.
pub type Violation = String;

/// One case with the answer of one implementation.
pub struct LawContext<'a> {
    /// The implementation under test.
    pub implementation: &'a dyn Implementation,
    /// The test case.
    pub case: &'a TestCase,
    /// The answer of the implementation.
    pub resolution: Resolution<'a>,
    reference: OnceCell<Resolution<'a>>,
    picked: OnceCell<Picked<'a>>,
    spellings: OnceCell<Arc<Spellings>>,
    pub(crate) meant: OnceCell<Meant>,
    /// Whether the runtime has a provider that needs a credential and has it.
    pub(crate) has_key_for_runtime: OnceCell<bool>,
    /// Whether edits of variables can change the runtime.
    pub(crate) can_change_runtime: OnceCell<bool>,
    fixes: OnceCell<Vec<Fix>>,
    with_canaries: OnceCell<(TestCase, Vec<Fix>)>,
}

/// The vendors that the slug of a case means.
pub(crate) struct Meant {
    /// Their names; empty if the slug means no vendor.
    pub(crate) vendors: BTreeSet<String>,
    /// False if only similar ids say so.
    pub(crate) is_known: bool,
}

impl<'a> LawContext<'a> {
    /// Resolves a case with an implementation.
    #[must_use]
    pub fn new(implementation: &'a dyn Implementation, case: &'a TestCase) -> Self {
        Self {
            implementation,
            case,
            resolution: implementation.resolve(case),
            reference: OnceCell::new(),
            picked: OnceCell::new(),
            spellings: OnceCell::new(),
            meant: OnceCell::new(),
            has_key_for_runtime: OnceCell::new(),
            can_change_runtime: OnceCell::new(),
            fixes: OnceCell::new(),
            with_canaries: OnceCell::new(),
        }
    }

    /// Replaces the reference answer, to test the other assertions of a law when both resolvers
    /// agree on a wrong answer.
    #[must_use]
    pub fn compared_with(self, answer: Resolution<'a>) -> Self {
        Self { reference: OnceCell::from(answer), ..self }
    }

    /// The answer of the [reference](mod@crate::reference), which looks models up in the
    /// [model classes](crate::model_classes::ModelClasses) of the dataset.
    pub fn reference(&self) -> &Resolution<'a> {
        self.reference.get_or_init(|| {
            let TestCase { dataset, runtime, variables, ambient } = self.case;
            let Dataset { registry, policy, .. } = &**dataset;
            let names = dataset.variable_names().iter().map(String::as_str);
            reference::resolve_by(registry, policy, runtime, variables, ambient, names, |runtime, model, present| {
                dataset.model_classes().derive(registry, runtime, model, present)
            })
        })
    }

    /// The slug that the rules of the policy pick, by the reference.
    pub(crate) fn picked(&self) -> &Picked<'a> {
        self.picked.get_or_init(|| {
            let TestCase { dataset, runtime, variables, .. } = self.case;
            reference::select(dataset.policy.document(), runtime, variables)
        })
    }

    /// Other spellings of the picked slug on the runtime of the case.
    pub(crate) fn spellings(&self) -> &Spellings {
        self.spellings.get_or_init(|| {
            let dataset = &self.case.dataset;
            dataset.spellings(dataset.policy.template_of(&self.case.runtime), self.picked().slug)
        })
    }

    /// The fixes that the implementation offers.
    pub fn fixes(&self) -> &[Fix] {
        self.fixes.get_or_init(|| self.implementation.fixes(self.case))
    }

    /// The case with [`CANARY`] as the value of every secret that is set, and the fixes that the
    /// implementation offers for it: computed apart from [`LawContext::fixes`], and equal to them.
    pub(crate) fn with_canaries(&self) -> &(TestCase, Vec<Fix>) {
        self.with_canaries.get_or_init(|| {
            let policy = &self.case.dataset.policy;
            let mut case = self.case.clone();
            for (name, value) in &mut case.variables {
                let is_secret = policy.variable(name).is_none_or(|variable| policy.is_key(variable));
                if is_secret && !value.is_empty() {
                    *value = CANARY.into();
                }
            }
            let fixes = self.implementation.fixes_again(&case);
            (case, fixes)
        })
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

/// The main results of a resolution: slug, injected names, provider, code.
pub(crate) type SummaryKey<'r> = (&'r str, NameSubset<'r>, Option<&'r str>, Option<Code>);

pub(crate) fn summary_key<'r>(resolution: &'r Resolution<'_>) -> SummaryKey<'r> {
    let provider = resolution.provider.map(|provider| provider.name.as_str());
    (resolution.slug, resolution.injected, provider, resolution.code)
}

/// The resolution without warnings, for comparing runs that differ only in warnings.
pub(crate) fn without_warnings(resolution: Resolution<'_>) -> Resolution<'_> {
    Resolution { warnings: Warnings::default(), shadowed: NameSubset::default(), ..resolution }
}
