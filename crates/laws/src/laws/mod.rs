//! The laws, by step of the pipeline.

mod derivation;
mod end_to_end;
mod messages;
mod reading;
mod selection;
mod verdict;

use crate::law::{Law, LawContext, Violation};

pub use end_to_end::AGREEMENT;
pub(crate) use verdict::{apply, changes_runtime_alone, covers, is_respelling};

/// Every law, in the order of the pipeline.
pub const LAWS: &[Law] = &[
    selection::OVERRIDE_WINS,
    selection::FIRST_RULE_DECIDES,
    selection::PLATFORM_BEATS_KEYS,
    selection::FIRST_KEY_INJECTS,
    selection::EVERY_ADDS,
    selection::EMPTY_IS_UNSET,
    selection::DEFAULT_IS_UNSET,
    selection::IRRELEVANT_VARIABLES_IGNORED,
    selection::SHADOWED_IS_INERT,
    selection::VERBATIM_SLUG,
    selection::RUNTIME_IS_READ,
    selection::CREATES_NOTHING_SAYS_NOTHING,
    selection::TRANSLATION,
    derivation::NATIVE_ONLY,
    derivation::MODEL_CLASS_DECIDES,
    derivation::EXACT_BEATS_PATTERN,
    derivation::ORDER_FREE,
    derivation::FAIL_CLOSED,
    derivation::PLATFORM_IS_CLOSED,
    derivation::WITHDRAWN_IS_CLOSED,
    derivation::WHITESPACE_TRIMMED,
    derivation::TEMPLATE_DERIVES_AS,
    verdict::MATCHING_SECRETS,
    verdict::GROUPS_NEED_ALL,
    verdict::KEYLESS_NEEDS_NOTHING,
    verdict::EVIDENCE_SOUND,
    verdict::AMBIENT_STAYS_OUT,
    verdict::WARNINGS_EXACT,
    verdict::FIXES_SOUND_AND_MINIMAL,
    verdict::FIX_KEEPS_VENDOR,
    messages::MESSAGE_TELLS_WHY,
    end_to_end::AGREEMENT,
    end_to_end::SECRET_NONINTERFERENCE,
    end_to_end::ROUNDTRIP,
    reading::STRICT_READING,
    reading::ABSENT_IS_NULL,
    end_to_end::DETERMINISTIC,
];

/// The law with this id.
#[must_use]
pub fn law(id: &str) -> Option<&'static Law> {
    let current = EARLIER_IDS.iter().find(|(earlier, _)| *earlier == id).map_or(id, |(_, current)| current);
    LAWS.iter().find(|law| law.id == current)
}

/// Ids of earlier versions, which regression corpora may still contain, with the current ids.
const EARLIER_IDS: [(&str, &str); 7] = [
    ("fixes-fix", "fixes-sound-and-minimal"),
    ("frame", "irrelevant-variables-ignored"),
    ("honest-contradiction", "evidence-sound"),
    ("margins-are-trimmed", "whitespace-trimmed"),
    ("route-decides", "model-class-decides"),
    ("value-blind", "secret-noninterference"),
    ("warnings-are-earned", "warnings-exact"),
];

impl LawContext<'_> {
    /// Checks every law.
    ///
    /// # Errors
    ///
    /// The first broken law, and the violation.
    pub fn check_all(&self) -> Result<(), (&'static Law, Violation)> {
        LAWS.iter().try_for_each(|law| (law.check)(self).map_err(|violation| (law, violation)))
    }

    /// Checks every law.
    ///
    /// # Errors
    ///
    /// A text with the first broken law, the violation and the case.
    pub fn check(&self) -> Result<(), Violation> {
        self.check_all().map_err(|(law, violation)| format!("{} is broken: {violation}\n{:?}", law.id, self.case))
    }
}
