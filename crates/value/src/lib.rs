//! Abstract values: the values that an expression or a text of a workflow can have at run time.
//!
//! A value that is not fixed is kept as a short list of alternatives, so that
//! `x && 'a' || 'b'` is one of two texts even if `x` is unknown. An unknown value never
//! becomes a known one.

pub mod slip;

use std::collections::BTreeSet;

pub use github_actions_expressions::Evaluation;

/// Maximum number of known alternatives; a value with more is [`AbstractValue::Any`].
pub const ALTERNATIVES: usize = 16;

/// Maximum length in bytes of a concatenated text. Of a longer text, only whether it can be
/// empty is known.
pub const TEXT_BYTES: usize = 64 << 10;

/// The possible values, and the reasons why there is more than one.
#[derive(Clone, Debug, PartialEq)]
pub struct Possible<T> {
    /// The possible values.
    pub values: AbstractValue<T>,
    /// Texts that say why the value is known only at run time.
    pub reasons: BTreeSet<String>,
}

/// A set of possible values.
#[derive(Clone, Debug, PartialEq)]
pub enum AbstractValue<T> {
    /// One of these values; the list is never empty.
    OneOf(Vec<T>),
    /// Any text that contains a secret that is set, so it is not empty.
    WithSecret,
    /// Any text that is not empty.
    NonEmpty,
    /// Any value.
    Any,
}

impl<T: Absence> AbstractValue<T> {
    /// Whether no value is absent: an empty text, or a value that is false.
    pub fn is_never_absent(&self) -> bool {
        match self {
            Self::OneOf(values) => !values.iter().any(Absence::is_absent),
            Self::WithSecret | Self::NonEmpty => true,
            Self::Any => false,
        }
    }
}

/// The possible values of an expression.
pub type Value = Possible<Evaluation>;

/// The possible contents of a text.
pub type Text = Possible<String>;

/// Values that can count as absent: `${VAR:-other}` and `value || other` skip them.
pub trait Absence {
    /// Returns true if the value counts as absent.
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
    /// Exactly this value.
    pub fn known(value: T) -> Self {
        Self { values: AbstractValue::OneOf(vec![value]), reasons: BTreeSet::new() }
    }

    /// One of these values, for these reasons; any value if `values` is empty or has more than
    /// [`ALTERNATIVES`] distinct ones.
    pub fn one_of(values: impl IntoIterator<Item = T>, reasons: BTreeSet<String>) -> Self {
        let mut alternatives: Vec<T> = Vec::new();
        for value in values {
            if !alternatives.contains(&value) {
                alternatives.push(value);
            }
            if alternatives.len() > ALTERNATIVES {
                return Self { values: AbstractValue::Any, reasons };
            }
        }
        match alternatives.len() {
            0 => Self { values: AbstractValue::Any, reasons },
            1 => Self { values: AbstractValue::OneOf(alternatives), reasons: BTreeSet::new() },
            _ => Self { values: AbstractValue::OneOf(alternatives), reasons },
        }
    }

    /// Any text that contains a secret, for this reason.
    pub fn with_secret(reason: impl Into<String>) -> Self {
        Self { values: AbstractValue::WithSecret, reasons: BTreeSet::from([reason.into()]) }
    }

    /// Any text that is not empty, for this reason.
    pub fn non_empty(reason: impl Into<String>) -> Self {
        Self { values: AbstractValue::NonEmpty, reasons: BTreeSet::from([reason.into()]) }
    }

    /// Any value, for this reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { values: AbstractValue::Any, reasons: BTreeSet::from([reason.into()]) }
    }

    /// The value, if there is only one.
    pub fn single(&self) -> Option<&T> {
        match &self.values {
            AbstractValue::OneOf(values) if values.len() == 1 => values.first(),
            _ => None,
        }
    }

    /// The join: a value of `self` or of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let reasons: BTreeSet<String> = self.reasons.into_iter().chain(other.reasons).collect();
        match (self.values, other.values) {
            (AbstractValue::OneOf(mine), AbstractValue::OneOf(others)) => {
                Self::one_of(mine.into_iter().chain(others), reasons)
            }
            (AbstractValue::WithSecret, AbstractValue::WithSecret) => {
                Self { values: AbstractValue::WithSecret, reasons }
            }
            (mine, other) if mine.is_never_absent() && other.is_never_absent() => {
                Self { values: AbstractValue::NonEmpty, reasons }
            }
            _ => Self { values: AbstractValue::Any, reasons },
        }
    }

    /// Adds a reason unless there is only one value.
    #[must_use]
    pub fn with_reason(mut self, reason: &str) -> Self {
        if self.single().is_none() {
            self.reasons.insert(reason.to_owned());
        }
        self
    }
}

impl Value {
    /// Converts the value to the text that replaces the expression.
    #[must_use]
    pub fn into_text(self) -> Text {
        match self.values {
            AbstractValue::OneOf(values) => Text::one_of(values.iter().map(to_text), self.reasons),
            AbstractValue::WithSecret => Text { values: AbstractValue::WithSecret, reasons: self.reasons },
            AbstractValue::NonEmpty => Text { values: AbstractValue::NonEmpty, reasons: self.reasons },
            AbstractValue::Any => Text { values: AbstractValue::Any, reasons: self.reasons },
        }
    }

    /// The truth of the value as a condition.
    #[must_use]
    pub fn truth(&self) -> Tristate {
        match &self.values {
            AbstractValue::OneOf(values) => Tristate {
                can_be_true: values.iter().any(Evaluation::as_boolean),
                can_be_false: !values.iter().all(Evaluation::as_boolean),
            },
            AbstractValue::WithSecret | AbstractValue::NonEmpty => Tristate { can_be_true: true, can_be_false: false },
            AbstractValue::Any => Tristate { can_be_true: true, can_be_false: true },
        }
    }
}

/// A text in the case in which a forge compares texts: each character in upper case by itself. As in
/// .NET's ordinal comparison, a character outside ASCII never becomes one in ASCII: `ı` is not `I`.
#[must_use]
pub fn folded(text: &str) -> String {
    let fold = |c: char| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(upper), None) if upper.is_ascii() == c.is_ascii() => upper,
            _ => c,
        }
    };
    text.chars().map(fold).collect()
}

/// The text that replaces a value in a template: numbers have at most 15 significant digits.
#[must_use]
pub fn to_text(value: &Evaluation) -> String {
    match value {
        Evaluation::Number(number) => number_to_text(*number),
        value => value.sema().to_string(),
    }
}

/// The number that a forge makes of a value to compare it with a value of another type. `None` if implementations
/// differ.
#[must_use]
pub fn to_number(value: &Evaluation) -> Option<f64> {
    match value {
        Evaluation::String(text) => text_to_number(text),
        value => Some(value.as_number()),
    }
}

/// The number that a text stands for, as a literal or by conversion; `NaN` if it is not a number. `None` if
/// implementations differ: if it is too large, or `Infinity` in another case or with a plus sign.
#[must_use]
pub fn text_to_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // The bits are those of a signed number of 32 bits.
    let of_digits = |digits: &str, radix: u32| {
        let has_digits_alone = digits.chars().all(|digit| digit.is_digit(radix));
        let bits = u32::from_str_radix(digits, radix).ok().filter(|_| has_digits_alone);
        bits.map_or(f64::NAN, |bits| f64::from(bits.cast_signed()))
    };
    if text.is_empty() {
        Some(0.0)
    } else if let Some(digits) = text.strip_prefix("0x") {
        Some(of_digits(digits, 16))
    } else if let Some(digits) = text.strip_prefix("0o") {
        Some(of_digits(digits, 8))
    } else if unsigned.eq_ignore_ascii_case("infinity") {
        let infinities = [("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)];
        infinities.iter().find(|(name, _)| *name == text).map(|(_, infinity)| *infinity)
    } else if unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        let number: f64 = text.parse().unwrap_or(f64::NAN);
        (!number.is_infinite()).then_some(number)
    } else {
        Some(f64::NAN)
    }
}

/// The format `G15` of the forge.
fn number_to_text(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number.is_infinite() {
        return format!("{sign}Infinity");
    }
    let scientific = format!("{:.14e}", number.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let digits = mantissa.replace('.', "");
    let (digits, rest) = (digits.trim_end_matches('0'), exponent + 1);
    let digits = if digits.is_empty() { "0" } else { digits };
    let with_point = |integer: &str, fraction: &str| match fraction {
        "" => integer.to_owned(),
        fraction => format!("{integer}.{fraction}"),
    };
    let unsigned = match usize::try_from(rest) {
        _ if !(-5 < exponent && exponent < 15) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{}E{sign}{:02}", with_point(&digits[..1], &digits[1..]), exponent.abs())
        }
        Ok(integer) if integer >= digits.len() => format!("{digits:0<integer$}"),
        Ok(integer) if integer > 0 => with_point(&digits[..integer], &digits[integer..]),
        _ => format!("0.{}{digits}", "0".repeat(rest.unsigned_abs() as usize)),
    };
    format!("{sign}{unsigned}")
}

/// The possible results of a condition; at least one field is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tristate {
    /// Whether the condition can be true.
    pub can_be_true: bool,
    /// Whether the condition can be false.
    pub can_be_false: bool,
}

impl Tristate {
    /// The condition is always true.
    pub const ALWAYS: Self = Self { can_be_true: true, can_be_false: false };

    /// The condition is never true.
    pub const NEVER: Self = Self { can_be_true: false, can_be_false: true };

    /// Nothing is known about the condition.
    pub const UNKNOWN: Self = Self { can_be_true: true, can_be_false: true };

    /// The join: a result of `self` or of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            can_be_true: self.can_be_true || other.can_be_true,
            can_be_false: self.can_be_false || other.can_be_false,
        }
    }

    /// The result of the conjunction of two conditions.
    #[must_use]
    pub fn conjunction(self, other: Self) -> Self {
        Self {
            can_be_true: self.can_be_true && other.can_be_true,
            can_be_false: self.can_be_false || other.can_be_false,
        }
    }
}

impl std::ops::Not for Tristate {
    type Output = Self;

    fn not(self) -> Self {
        Self { can_be_true: self.can_be_false, can_be_false: self.can_be_true }
    }
}

impl Text {
    /// The concatenation of this text and `other`.
    #[must_use]
    pub fn followed_by(self, other: Self) -> Self {
        let reasons: BTreeSet<String> = self.reasons.into_iter().chain(other.reasons).collect();
        let longest = |values: &AbstractValue<String>| match values {
            AbstractValue::OneOf(texts) => texts.iter().map(String::len).max().unwrap_or_default(),
            _ => 0,
        };
        let is_short = longest(&self.values) + longest(&other.values) <= TEXT_BYTES;
        match (&self.values, &other.values) {
            (AbstractValue::OneOf(first), AbstractValue::OneOf(second)) if is_short => {
                Self::one_of(first.iter().flat_map(|a| second.iter().map(move |b| format!("{a}{b}"))), reasons)
            }
            (AbstractValue::WithSecret, _) | (_, AbstractValue::WithSecret) => {
                Self { values: AbstractValue::WithSecret, reasons }
            }
            (first, second) if first.is_never_absent() || second.is_never_absent() => {
                Self { values: AbstractValue::NonEmpty, reasons }
            }
            _ => Self { values: AbstractValue::Any, reasons },
        }
    }

    /// Converts the text to a string value of an expression.
    #[must_use]
    pub fn into_value(self) -> Value {
        let values = match self.values {
            AbstractValue::OneOf(texts) => AbstractValue::OneOf(texts.into_iter().map(Evaluation::String).collect()),
            AbstractValue::WithSecret => AbstractValue::WithSecret,
            AbstractValue::NonEmpty => AbstractValue::NonEmpty,
            AbstractValue::Any => AbstractValue::Any,
        };
        Value { values, reasons: self.reasons }
    }

    /// The empty text.
    #[must_use]
    pub fn empty() -> Self {
        Self::known(String::new())
    }
}
