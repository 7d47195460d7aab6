//! The input of an interpretation.

use std::cell::Cell;
use std::collections::BTreeSet;

use super::changed::ChangedPaths;
use super::files::Files;
use super::options::ShellOptions;
#[cfg(doc)]
use super::placeholder::placeholder;
use super::state::Variables;
use slug_value::Text;

/// Maximum bytes of a script that is interpreted.
pub const SCRIPT_BYTES: usize = 64 << 10;

/// A script to interpret, and the environment in which it starts.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The text, in which the character [`placeholder`]`(index)` replaces each expression.
    pub script: &'a str,
    /// The values of the expressions.
    pub placeholders: &'a [Text],
    /// The paths of the commands to look for, relative to the root of the repository.
    pub targets: &'a [&'a str],
    /// The directories into which the repository is checked out, relative to the workspace; empty if
    /// they are not known.
    pub roots: &'a [&'a str],
    /// The variables that decide what a target does.
    pub names: &'a BTreeSet<String>,
    /// The reason why a file that was written before may choose the model of a target, if one may.
    pub settings_reason: Option<&'a str>,
    /// The files of the repository that earlier scripts may have changed.
    pub changed: &'a ChangedPaths,
    /// The files of the repository.
    pub files: &'a dyn Files,
    /// The working directory at the start, relative to the workspace, if known.
    pub directory: Option<&'a str>,
    /// The variables that are set at the start.
    pub env: &'a Variables,
    /// Whether the shell is bash. Another one may read a script differently.
    pub runs_in_bash: bool,
    /// The options with which a shell starts the script.
    pub options: ShellOptions,
    /// The work that the interpretations of a run may do together; `None` limits each of them alone.
    pub fuel: Option<&'a Fuel>,
}

/// The work that the interpretations of a run may do together, in steps of an interpretation.
#[derive(Debug)]
pub struct Fuel(Cell<usize>);

/// The steps of a run: those of 200 scripts that are each just not too complex.
const FUEL_OF_RUN: usize = 200_000_000;

impl Fuel {
    #[cfg(test)]
    pub(crate) fn of(steps: usize) -> Self {
        Self(Cell::new(steps))
    }

    /// The rest.
    pub(crate) fn left(&self) -> usize {
        self.0.get()
    }

    pub(crate) fn spend(&self, steps: usize) {
        self.0.set(self.left().saturating_sub(steps));
    }
}

impl Default for Fuel {
    fn default() -> Self {
        Self(Cell::new(FUEL_OF_RUN))
    }
}
