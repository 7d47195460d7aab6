//! The values of variables, as rules see them.

use super::variable::{UNSET, ValueClass, Variable, Variables};
use crate::limits;

/// The values of the variables of a policy.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Values<'a> {
    /// The value of each text variable, or its default.
    pub(crate) texts: [Option<&'a str>; limits::TEXT_VARIABLES],
    /// The class of the value of each text variable.
    pub(crate) classes: [ValueClass; limits::TEXT_VARIABLES],
    /// The key variables that are set: one bit for each key.
    pub(crate) keys: u64,
}

impl<'a> Values<'a> {
    /// The values if no variable is set.
    pub(crate) fn defaults(variables: &'a Variables) -> Self {
        let mut values =
            Self { texts: [None; limits::TEXT_VARIABLES], classes: [UNSET; limits::TEXT_VARIABLES], keys: 0 };
        for text in 0..variables.text_count() {
            let index = u8::try_from(text).expect("the limit on text variables is far below 256");
            values.texts[text] = variables.default_of(index);
            values.classes[text] = variables.default_class(index);
        }
        values
    }
}

/// The values of variables, or the same values without one variable.
#[derive(Clone, Copy)]
pub(crate) struct View<'e, 'a> {
    values: &'e Values<'a>,
    variables: &'a Variables,
    keys: u64,
    /// The index of the text variable that counts as unset; [`View::NONE`] for none.
    without: u8,
}

impl<'e, 'a> View<'e, 'a> {
    const NONE: u8 = u8::MAX;

    /// The values as they are.
    #[inline]
    pub(crate) fn of(values: &'e Values<'a>, variables: &'a Variables) -> Self {
        Self { values, variables, keys: values.keys, without: Self::NONE }
    }

    /// The values without a variable.
    #[inline]
    pub(crate) fn without(mut self, variable: Variable) -> Self {
        match self.variables.text_index(variable) {
            None => self.keys &= !self.variables.key_bit(variable),
            Some(text) => self.without = text,
        }
        self
    }

    #[inline]
    pub(crate) fn variables(&self) -> &'a Variables {
        self.variables
    }

    /// The key variables that are set: one bit for each key.
    #[inline]
    pub(crate) fn keys(&self) -> u64 {
        self.keys
    }

    /// The value of a text variable by its index, or its default.
    #[inline]
    pub(crate) fn text_at(&self, text: u8) -> Option<&'a str> {
        if text == self.without { self.variables.default_of(text) } else { self.values.texts[usize::from(text)] }
    }

    /// The class of the value of a text variable by its index.
    #[inline]
    pub(crate) fn class_at(&self, text: u8) -> ValueClass {
        if text == self.without { self.variables.default_class(text) } else { self.values.classes[usize::from(text)] }
    }

    /// Returns true if the variable has a value or a default.
    #[inline]
    pub(crate) fn is_present(&self, variable: Variable) -> bool {
        match self.variables.text_index(variable) {
            None => self.keys & self.variables.key_bit(variable) != 0,
            Some(text) => self.text_at(text).is_some(),
        }
    }
}
