//! What a value can be, as far as a workflow file says: three-valued, and a little more.
//!
//! Known values are kept as the few there can be, so that `x && 'a' || 'b'` is one of
//! two texts whatever `x` is. What is not known never turns into something known.

use std::collections::BTreeSet;

pub use github_actions_expressions::Evaluation;

/// Known alternatives that are told apart; more than these are not known at all.
pub const ALTERNATIVES: usize = 16;

/// Bytes of a text that is put together; a longer one is only known to be there.
pub const TEXT_BYTES: usize = 64 << 10;

/// What a value can be, and why it is not just one.
#[derive(Clone, Debug, PartialEq)]
pub struct Possible<T> {
    /// What it can be.
    pub can: AbstractValue<T>,
    /// Why more than one thing is possible: what decides and is not known before it runs.
    pub reasons: BTreeSet<String>,
}

/// What a value can be.
#[derive(Clone, Debug, PartialEq)]
pub enum AbstractValue<T> {
    /// Any of these; never none.
    OneOf(Vec<T>),
    /// Any text that is not empty, such as a secret that exists.
    NonEmpty,
    /// Anything.
    Any,
}

impl<T: Absence> AbstractValue<T> {
    fn is_never_absent(&self) -> bool {
        match self {
            Self::OneOf(values) => !values.iter().any(Absence::is_absent),
            Self::NonEmpty => true,
            Self::Any => false,
        }
    }
}

/// What an expression can come to.
pub type Value = Possible<Evaluation>;

/// What a text can come to.
pub type Text = Possible<String>;

/// Whether a value is as good as none: `${VAR:-other}` and `value || other` pass over it.
pub trait Absence {
    /// Whether it is.
    fn is_absent(&self) -> bool;
}

impl Absence for String {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Absence for Evaluation {
    fn is_absent(&self) -> bool {
        !self.as_boolean()
    }
}

impl<T: PartialEq + Clone + Absence> Possible<T> {
    /// Exactly this.
    pub fn known(value: T) -> Self {
        Self { can: AbstractValue::OneOf(vec![value]), reasons: BTreeSet::new() }
    }

    /// Any of these, because of something.
    pub fn one_of(values: impl IntoIterator<Item = T>, why: BTreeSet<String>) -> Self {
        let mut alternatives: Vec<T> = Vec::new();
        for value in values {
            if !alternatives.contains(&value) {
                alternatives.push(value);
            }
            if alternatives.len() > ALTERNATIVES {
                return Self { can: AbstractValue::Any, reasons: why };
            }
        }
        match alternatives.len() {
            0 => Self { can: AbstractValue::Any, reasons: why },
            1 => Self { can: AbstractValue::OneOf(alternatives), reasons: BTreeSet::new() },
            _ => Self { can: AbstractValue::OneOf(alternatives), reasons: why },
        }
    }

    /// Text that is not empty.
    pub fn set(why: impl Into<String>) -> Self {
        Self { can: AbstractValue::NonEmpty, reasons: BTreeSet::from([why.into()]) }
    }

    /// Anything.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { can: AbstractValue::Any, reasons: BTreeSet::from([why.into()]) }
    }

    /// The one value it can be.
    pub fn single(&self) -> Option<&T> {
        match &self.can {
            AbstractValue::OneOf(values) if values.len() == 1 => values.first(),
            _ => None,
        }
    }

    /// Either of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let why: BTreeSet<String> = self.reasons.into_iter().chain(other.reasons).collect();
        match (self.can, other.can) {
            (AbstractValue::OneOf(mine), AbstractValue::OneOf(others)) => {
                Self::one_of(mine.into_iter().chain(others), why)
            }
            (mine, other) if mine.is_never_absent() && other.is_never_absent() => {
                Self { can: AbstractValue::NonEmpty, reasons: why }
            }
            _ => Self { can: AbstractValue::Any, reasons: why },
        }
    }

    /// The same, with one more reason where it is not just one value.
    #[must_use]
    pub fn because(mut self, why: &str) -> Self {
        if self.single().is_none() {
            self.reasons.insert(why.to_owned());
        }
        self
    }
}

impl Value {
    /// As it stands in a text.
    #[must_use]
    pub fn into_text(self) -> Text {
        match self.can {
            AbstractValue::OneOf(values) => {
                Text::one_of(values.iter().map(|value| value.sema().to_string()), self.reasons)
            }
            AbstractValue::NonEmpty => Text { can: AbstractValue::NonEmpty, reasons: self.reasons },
            AbstractValue::Any => Text { can: AbstractValue::Any, reasons: self.reasons },
        }
    }

    /// Whether it counts as true: both may be possible.
    #[must_use]
    pub fn truth(&self) -> Tristate {
        match &self.can {
            AbstractValue::OneOf(values) => Tristate {
                can_be_true: values.iter().any(Evaluation::as_boolean),
                can_be_false: !values.iter().all(Evaluation::as_boolean),
            },
            AbstractValue::NonEmpty => Tristate { can_be_true: true, can_be_false: false },
            AbstractValue::Any => Tristate { can_be_true: true, can_be_false: true },
        }
    }
}

/// What a condition can be; at least one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tristate {
    /// Whether it can hold.
    pub can_be_true: bool,
    /// Whether it can fail.
    pub can_be_false: bool,
}

impl Tristate {
    /// It always holds.
    pub const ALWAYS: Self = Self { can_be_true: true, can_be_false: false };
}

impl std::ops::Not for Tristate {
    type Output = Self;

    fn not(self) -> Self {
        Self { can_be_true: self.can_be_false, can_be_false: self.can_be_true }
    }
}

impl Text {
    /// This text and then another.
    #[must_use]
    pub fn followed_by(self, other: Self) -> Self {
        let why: BTreeSet<String> = self.reasons.into_iter().chain(other.reasons).collect();
        let longest = |can: &AbstractValue<String>| match can {
            AbstractValue::OneOf(texts) => texts.iter().map(String::len).max().unwrap_or_default(),
            _ => 0,
        };
        let is_short = longest(&self.can) + longest(&other.can) <= TEXT_BYTES;
        match (&self.can, &other.can) {
            (AbstractValue::OneOf(first), AbstractValue::OneOf(second)) if is_short => {
                Self::one_of(first.iter().flat_map(|a| second.iter().map(move |b| format!("{a}{b}"))), why)
            }
            (first, second) if first.is_never_absent() || second.is_never_absent() => {
                Self { can: AbstractValue::NonEmpty, reasons: why }
            }
            _ => Self { can: AbstractValue::Any, reasons: why },
        }
    }

    /// As an expression sees it.
    #[must_use]
    pub fn into_value(self) -> Value {
        let can = match self.can {
            AbstractValue::OneOf(texts) => AbstractValue::OneOf(texts.into_iter().map(Evaluation::String).collect()),
            AbstractValue::NonEmpty => AbstractValue::NonEmpty,
            AbstractValue::Any => AbstractValue::Any,
        };
        Value { can, reasons: self.reasons }
    }

    /// The empty text.
    #[must_use]
    pub fn empty() -> Self {
        Self::known(String::new())
    }
}
