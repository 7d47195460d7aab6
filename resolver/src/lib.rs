//! Resolves an environment to a model whose provider matches the injected secrets,
//! or to a typed contradiction.
//!
//! A test harness picks a model **slug** from environment variables, injects **secrets** and
//! creates a workspace; the platform derives a **provider** from the slug. If the provider does
//! not match the secrets, the workspace never comes online. This crate detects that before
//! anything is created, in four steps, each a pure function:
//!
//! 1. [`Env::read`] keeps the variables that a [`Policy`] reads, in a normal form;
//! 2. [`select`] and [`inject`] return the slug and the names of the secrets;
//! 3. [`Registry::derive`] returns the provider;
//! 4. [`evaluate`] decides whether the provider and the secrets match.
//!
//! [`resolve()`] runs all four steps and collects the evidence; [`fixes`] returns the smallest
//! edits that resolve a contradiction. The crate accesses no files, clocks, process environment
//! or network, and [`Env::read`] discards the values of secrets.
//!
//! # A program
//!
//! A harness that checks its own environment before it creates a workspace. It reads its registry and
//! its policy, and says how to fix a contradiction.
//!
//! ```
//! use std::{env, error::Error, fs};
//!
//! use slug_resolver::{Env, Policy, Registry, fixes, resolve, yaml::UnknownFields};
//!
//! fn main() -> Result<(), Box<dyn Error>> {
//!     let registry = Registry::from_yaml(&fs::read("data/providers.yaml")?, UnknownFields::DenyMisspelt)?;
//!     let policy = Policy::from_yaml(&fs::read("data/policies/full-saas.yaml")?)?;
//!     let variables: Vec<(String, String)> = env::vars_os()
//!         .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
//!         .collect();
//!     let env = Env::read(&policy, variables.iter().map(|(name, value)| (name, value.as_str())));
//!     // Credentials that every workspace of the organisation has, whatever the harness injects.
//!     let ambient = ["OPENAI_API_KEY"];
//!     let answer = resolve(&registry, "hermes", &env, &ambient);
//!     println!("{}", answer.message(&registry));
//!     for fix in fixes(&registry, "hermes", &env, &ambient) {
//!         println!("to fix this, {fix}");
//!     }
//!     match answer.code {
//!         Some(code) => Err(format!("{code}: {}", code.meaning()).into()),
//!         None => Ok(()),
//!     }
//! }
//! ```
//!
//! # The incident that this crate prevents
//!
//! ```
//! use slug_resolver::{Env, Policy, Registry, fixes, resolve};
//!
//! let registry = Registry::embedded();
//! let policy = Policy::embedded("full-saas").expect("ships with the crate");
//! let env = Env::read(&policy, [("E2E_LLM_PATH", "platform"), ("E2E_MODEL_SLUG", "MiniMax-M2")]);
//!
//! assert!(!resolve(&registry, "claude-code", &env, &[]).is_coherent());
//! // The first fix keeps the vendor of the slug: it leaves the platform path and sets the key.
//! let first = &fixes(&registry, "claude-code", &env, &[])[0];
//! assert_eq!(first.edits[0].variable(), "E2E_LLM_PATH");
//! assert_eq!((&*first.slug, &*first.provider), ("MiniMax-M2", "minimax"));
//! ```
//!
//! # Performance
//!
//! A query takes well under a microsecond, whatever the size of the data. It does not allocate
//! once the lazy automaton of the patterns has built the states that the query needs. A listed
//! id is found by one hash lookup; any other id is matched against all patterns in one pass over
//! its bytes. (Only ids that need more states than the automaton keeps take longer.) Read an
//! [`Env`] once and reuse it: [`Env::with`] and [`Env::without`] return changed copies for
//! what-if queries. For [`derive`](Registry::derive) alone, a [`RuntimeHandle`] saves the lookup
//! of the runtime. Reading a registry is the expensive operation: it takes time proportional to
//! the registry's bytes.
//!
//! The guarantees of the pipeline are defined as laws (invariants) in a separate crate. This
//! crate is tested with those laws and against a second, slow and simple implementation.
//!
//! # Compatibility
//!
//! Any version may add contradictions, warnings, outcomes and protocols, and fields to types that
//! only this crate constructs. These types are `#[non_exhaustive]`: show an unknown value by its
//! own text, such as [`Code::as_str`], [`Code::label`] and [`Code::meaning`]. The lengths of
//! [`Code::ALL`] and [`Warning::ALL`] may change. Three kinds of types are exhaustive and change
//! only in a breaking version: types with a closed meaning, such as [`Rejection`]; types that
//! mirror a file format; and types that other crates construct, such as a [`Resolution`] and its
//! [`Fix`]es, which are the answers of other resolvers that are tested with the laws.

#![deny(missing_docs)]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs, clippy::missing_errors_doc, clippy::missing_panics_doc)]

mod code;
pub mod empty_keys;
pub mod env;
pub mod explain;
pub mod fix;
pub mod limits;
pub mod names;
pub mod policy;
pub mod registry;
pub mod resolve;
pub mod selection;
mod table;
pub mod verdict;
pub mod yaml;

/// Runs the examples and the README as doc tests.
#[cfg(doctest)]
mod examples {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = concat!("```\n", include_str!("../examples/resolve.rs"), "\n```")]
    struct Resolve;
    #[doc = concat!("```\n", include_str!("../examples/own_data.rs"), "\n```")]
    struct OwnData;
    #[doc = concat!("```\n", include_str!("../examples/derive_many.rs"), "\n```")]
    struct DeriveMany;
}

#[doc(inline)]
pub use env::Env;
#[doc(inline)]
pub use fix::{Edit, Fix, SlugKey, SlugStore, Slugs, fixes, fixes_sharing, meant_ids, own_credential_fixes};
#[doc(inline)]
pub use names::NameSubset;
#[doc(inline)]
pub use policy::{BillingPath, Policy, PolicyDocument, Variable};
#[doc(inline)]
pub use registry::{AuthEnv, Billing, Credentials, Provider, Registry, RegistryDocument, Rejection, RuntimeHandle};
#[doc(inline)]
pub use resolve::{Decision, Kind, Resolution, decide, resolve};
#[doc(inline)]
pub use selection::{Injection, Selection, counting_secrets_rules, creates, inject, select};
#[doc(inline)]
pub use verdict::{Code, Mismatch, Outcome, Verdict, Warning, Warnings, evaluate};
