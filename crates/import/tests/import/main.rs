//! Tests of the conversion of catalogues.

mod litellm;
mod models_dev;
mod properties;

use slug_import::{Conversion, Error};
use slug_resolver::{Credentials, Rejection};

/// The credentials of a provider as a text, such as `A, or B and C`.
#[track_caller]
fn auth_env(conversion: &Conversion, provider: &str) -> String {
    conversion.registry.provider(provider).unwrap_or_else(|| panic!("no provider {provider}")).auth_env.to_string()
}

/// The names of the providers.
fn providers(conversion: &Conversion) -> Vec<&str> {
    conversion.registry.providers().iter().map(|provider| provider.name.as_str()).collect()
}

/// The ids that a provider lists on the first runtime.
fn ids<'c>(conversion: &'c Conversion, provider: &str) -> Vec<&'c str> {
    let arms = &conversion.registry.runtimes()[0].arms;
    arms.iter().filter(|arm| arm.provider == provider).flat_map(|arm| &arm.models).map(String::as_str).collect()
}

/// The provider of an id on the first runtime, with these credentials.
fn derive<'c>(conversion: &'c Conversion, id: &str, credentials: &[&str]) -> Result<&'c str, Rejection> {
    let credentials = Credentials { ambient: credentials, ..Credentials::default() };
    let runtime = &conversion.registry.runtimes()[0].name;
    conversion.registry.derive(runtime, id, &credentials).map(|provider| provider.name.as_str())
}

/// Asserts that one note contains all of these texts.
#[track_caller]
fn assert_noted(conversion: &Conversion, texts: &[&str]) {
    let has_all = |note: &String| texts.iter().all(|text| note.contains(text));
    assert!(conversion.notes.iter().any(has_all), "{texts:?} are not in {:#?}", conversion.notes);
}

/// Asserts the message of a refused catalogue.
#[track_caller]
fn assert_refused(result: Result<Conversion, Error>, message: &str) {
    assert_eq!(result.expect_err("the catalogue is wrong").to_string(), message);
}
