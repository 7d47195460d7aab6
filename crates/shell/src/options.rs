//! The options of a shell.

use slug_value::Tristate;

/// The options of a shell that decide what ends it and what it exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShellOptions {
    /// Whether a failing command ends the shell (`-e`).
    pub errexit: Tristate,
    /// Whether a pipeline fails if any of its commands fails (`-o pipefail`).
    pub pipefail: Tristate,
    /// Whether every variable that is set is exported (`-a`).
    pub allexport: Tristate,
    /// Whether the use of a variable that is not set ends the shell (`-u`).
    pub nounset: Tristate,
    /// Whether the last command of a pipeline runs in the shell itself (`shopt -s lastpipe`).
    pub lastpipe: Tristate,
    /// Whether patterns match regardless of case (`shopt -s nocasematch`).
    pub nocasematch: Tristate,
    /// Whether a pattern that matches no file is removed (`shopt -s nullglob`).
    pub nullglob: Tristate,
}

impl ShellOptions {
    /// A shell without options.
    pub const NONE: Self = Self {
        errexit: Tristate::NEVER,
        pipefail: Tristate::NEVER,
        allexport: Tristate::NEVER,
        nounset: Tristate::NEVER,
        lastpipe: Tristate::NEVER,
        nocasematch: Tristate::NEVER,
        nullglob: Tristate::NEVER,
    };

    /// The options of a shell that starts with these words, such as `-eo pipefail`.
    #[must_use]
    pub fn of<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut options = Self::NONE;
        let mut named = None;
        for word in words {
            if let Some(is_on) = named.take() {
                options.set(word, is_on);
            }
            let is_on = word.starts_with('-');
            let Some(letters) = word.strip_prefix(['-', '+']).filter(|letters| !letters.starts_with('-')) else {
                continue;
            };
            options.set_letters(letters, is_on);
            named = letters.ends_with(['o', 'O']).then_some(is_on);
        }
        options
    }

    /// Sets the option with this name, as `set -o` and `shopt -s` do.
    pub(super) fn set(&mut self, name: &str, is_on: bool) {
        let value = if is_on { Tristate::ALWAYS } else { Tristate::NEVER };
        match name {
            "errexit" => self.errexit = value,
            "pipefail" => self.pipefail = value,
            "allexport" => self.allexport = value,
            "nounset" => self.nounset = value,
            "lastpipe" => self.lastpipe = value,
            "nocasematch" => self.nocasematch = value,
            "nullglob" => self.nullglob = value,
            _ => {}
        }
    }

    /// Sets the options with these letters, as `set -eu` does.
    pub(super) fn set_letters(&mut self, letters: &str, is_on: bool) {
        for (letter, name) in [('a', "allexport"), ('e', "errexit"), ('u', "nounset")] {
            if letters.contains(letter) {
                self.set(name, is_on);
            }
        }
    }

    /// Makes the options unknown that `shopt` sets.
    pub(super) fn forget_shopt(&mut self) {
        for option in [&mut self.lastpipe, &mut self.nocasematch, &mut self.nullglob] {
            *option = Tristate::UNKNOWN;
        }
    }

    /// The options after two branches.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            errexit: self.errexit.or(other.errexit),
            pipefail: self.pipefail.or(other.pipefail),
            allexport: self.allexport.or(other.allexport),
            nounset: self.nounset.or(other.nounset),
            lastpipe: self.lastpipe.or(other.lastpipe),
            nocasematch: self.nocasematch.or(other.nocasematch),
            nullglob: self.nullglob.or(other.nullglob),
        }
    }
}
