//! Converts the model catalogues of other tools to a registry.
//!
//! A conversion is a pure function from bytes to a [`Conversion`]: the registry, for some formats a
//! policy, and notes on everything that a registry cannot express. The same input always gives the
//! same files. The registry can be read again, and each id that it lists resolves to the provider
//! from which it was imported, except the ids in [`Conversion::shared`].
//!
//! ```
//! use slug_import::{Options, models_dev};
//!
//! let catalogue = br#"{"acme": {"env": ["ACME_API_KEY"], "models": {"m-1": {"name": "Model 1"}}}}"#;
//! let conversion = models_dev::from_json(catalogue, &Options::default())?;
//! assert_eq!(conversion.registry.runtimes()[0].arms[0].models, ["acme/m-1"]);
//! # Ok::<(), slug_import::Error>(())
//! ```

mod auth;
mod draft;
pub mod litellm;
pub mod models_dev;
mod notes;
mod tree;

use std::collections::BTreeMap;
use std::fmt;

use slug_resolver::Registry;
use slug_yaml::ReadError;

pub use tree::TOML_BYTES;

/// The catalogue to import, and the options of the output.
#[derive(Clone, Debug)]
pub struct Options {
    /// The runtimes of the registry; if empty, one with the default name of the format.
    pub runtimes: Vec<String>,
    /// The providers to import, by their names in the catalogue; if empty, all.
    pub providers: Vec<String>,
    /// True if ids of models.dev are listed without the name of their provider.
    pub bare: bool,
    /// Returns true for a text that looks like a credential. Such a text is never written.
    pub is_credential: fn(&str) -> bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { runtimes: Vec::new(), providers: Vec::new(), bare: false, is_credential: |_| false }
    }
}

/// The result of an import.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// The name of the format on the command line.
    pub format: &'static str,
    /// The registry.
    pub registry: Registry,
    /// The policy in YAML, if the format says which secrets are used.
    pub policy: Option<String>,
    /// The facts that the registry does not express, one sentence each.
    pub notes: Vec<String>,
    /// The listed ids that several providers serve, each with its providers.
    pub shared: BTreeMap<String, Vec<String>>,
}

impl Conversion {
    /// The text of the registry file. It begins with `notes` as comments.
    #[must_use]
    pub fn registry_file(&self, notes: &[String]) -> String {
        let mut text = self.heading();
        if !notes.is_empty() {
            text.push_str("#\n# Not imported:\n");
            notes.iter().for_each(|note| text.push_str(&format!("# - {}\n", notes::one_line(note))));
        }
        text + &self.registry.to_yaml()
    }

    /// The text of the policy file, if there is a policy.
    #[must_use]
    pub fn policy_file(&self) -> Option<String> {
        let policy = self.policy.as_ref()?;
        Some(self.heading() + policy)
    }

    fn heading(&self) -> String {
        format!("# Written by `slugproof import {}`.\n", self.format)
    }
}

/// The reason for which a catalogue was not imported.
#[derive(Clone, Debug)]
pub enum Error {
    /// The catalogue cannot be read.
    Read(ReadError),
    /// A file of the catalogue, by its path, cannot be read.
    ReadFile(String, ReadError),
    /// The catalogue has no provider with this name.
    UnknownProvider {
        /// The requested name.
        name: String,
        /// The names of the providers in the catalogue.
        known: Vec<String>,
    },
    /// No registry can be made of the catalogue.
    Invalid(String),
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::ReadFile(path, error) => write!(f, "{path}: {error}"),
            Self::UnknownProvider { name, .. } => {
                write!(f, "the catalogue has no provider {}", slug_yaml::quoted(name))
            }
            Self::Invalid(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}
