//! The values that the configuration of a run declares about the repository. No workflow file holds them.

/// The declared variables and secrets of a repository. Names are compared without regard to case.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declared<'a> {
    /// The secrets that do not exist.
    pub absent_secrets: &'a [String],
    /// Every secret that exists, if the list is declared.
    pub known_secrets: Option<&'a [String]>,
    /// The variables, with their value; `None` for a variable that does not exist.
    pub vars: &'a [(String, Option<String>)],
}

impl<'a> Declared<'a> {
    /// Returns the value of a declared variable: `Some(None)` if it does not exist, and `None` if
    /// nothing is declared about it.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<Option<&'a str>> {
        let declared = self.vars.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        declared.map(|(_, value)| value.as_deref())
    }

    /// Returns true if a secret is declared absent.
    #[must_use]
    pub fn is_absent_secret(&self, name: &str) -> bool {
        self.absent_secrets.iter().any(|absent| absent.eq_ignore_ascii_case(name))
    }

    /// Returns true if nothing says that a secret does not exist.
    #[must_use]
    pub fn has_secret(&self, name: &str) -> bool {
        !self.is_absent_secret(name) && !self.is_unlisted_secret(name)
    }

    /// Returns true if the secrets are listed and a secret is not among them.
    #[must_use]
    pub fn is_unlisted_secret(&self, name: &str) -> bool {
        self.known_secrets.is_some_and(|known| !known.iter().any(|other| other.eq_ignore_ascii_case(name)))
    }
}
