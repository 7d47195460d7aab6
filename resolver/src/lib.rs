//! From an environment to a model whose provider matches the injected secrets,
//! or to a typed contradiction.
//!
//! A harness picks a model **slug** from variables, injects **secrets**, and
//! creates a workspace; the platform derives a **provider** from the slug. When
//! the two disagree the workspace never comes online. The pipeline answers
//! before anything is created, in four steps, each a pure function:
//!
//! 1. [`Env::read`]: what is set, seen through a [`Policy`];
//! 2. [`select`] and [`inject`]: the slug, and the names of the secrets;
//! 3. [`Registry::derive`]: the provider;
//! 4. [`judge`]: do they match?
//!
//! [`resolve()`] runs them in a row and gathers the evidence; [`fixes`] says what
//! would mend a contradiction. Nothing here touches files, clocks, the process
//! environment or the network, and no secret value gets past [`Env::read`].
//!
//! ```
//! use slug_resolver::{Env, Policy, Registry, fixes, resolve};
//!
//! let registry = Registry::embedded();
//! let policy = Policy::embedded("full-saas").expect("ships with the crate");
//! let env = Env::read(&policy, [("E2E_LLM_PATH", "platform"), ("E2E_MODEL_SLUG", "MiniMax-M2")]);
//!
//! assert!(!resolve(&registry, "claude-code", &env, &[]).is_coherent());
//! let first = &fixes(&registry, "claude-code", &env, &[])[0];
//! assert_eq!(first.edits[0].variable(), "E2E_MODEL_SLUG");
//! assert_eq!(first.slug, "moonshot/kimi-k2.6");
//! ```
//!
//! A question costs well under a microsecond, whatever the size of the data, and does not
//! touch the heap, once the automaton for the patterns has built the states that it meets:
//! a listed id is found by one hash, any other is matched against all patterns in one pass
//! over its bytes. (Only ids that lead through more states than are kept cost more.) An
//! [`Env`] is read once and asked often, with [`Env::with`] and [`Env::without`] for what
//! would be if; for [`derive`](Registry::derive) alone, a [`RuntimeHandle`] saves looking
//! up the runtime. What costs is reading a registry, in proportion to its bytes.
//!
//! What the pipeline promises is written down as laws, in a crate of its own that this
//! one is tested with, next to a second, slow and obvious implementation.
//!
//! # What may change
//!
//! New contradictions, warnings, outcomes and protocols may come with any version, and what
//! only this crate makes may get more fields, so those types are `#[non_exhaustive]`: show
//! what you do not know by what it says of itself, such as [`Code::as_str`], [`Code::label`]
//! and [`Code::meaning`]. The lengths of [`Code::ALL`] and [`Warning::ALL`] are no promise.
//! What is closed by its meaning is exhaustive, such as [`Rejection`], and so is what mirrors
//! a file format or is built outside this crate, such as a [`Resolution`] and its [`Fix`]es,
//! with which another resolver answers that is put to the laws: they change only with a
//! version that may break.

#![deny(missing_docs)]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs, clippy::missing_errors_doc, clippy::missing_panics_doc)]

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

/// The examples and the README, run by `cargo test`.
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

pub use env::Env;
pub use fix::{Edit, Fix, fixes};
pub use names::NameSubset;
pub use policy::{BillingPath, Policy, PolicyDocument, Variable};
pub use registry::{Credentials, Provider, Registry, RegistryDocument, Rejection, RuntimeHandle};
pub use resolve::{Decision, Kind, Resolution, decide, resolve};
pub use selection::{Rule, Selection, inject, select};
pub use verdict::{Billing, Code, Mismatch, Outcome, Verdict, Warning, Warnings, evaluate};
