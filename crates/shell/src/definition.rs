//! Definitions of functions.

use std::rc::Rc;

use super::syntax::{Command, Script};

/// A definition of a function.
#[derive(Debug)]
pub struct Definition {
    /// The body.
    pub body: Rc<Command>,
    /// The script that contains the body.
    pub source: Rc<str>,
    /// The syntax tree of that script.
    pub tree: Rc<Script>,
}

impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        self.body.span == other.body.span && self.source == other.source
    }
}
