//! Resolutions in which a credential is in the place of the model or the runtime.

use slug_resolver::{Edit, Fix, Resolution};

use crate::{MASK, has_credential};

/// The error of a resolution whose model or runtime is a credential.
pub const CREDENTIAL_AS_MODEL: &str = "what selects the model or the runtime looks like a credential; name a model \
                                       there, and revoke the credential if it is real";

/// Returns true if the model or the runtime looks like a credential. Such a resolution is an error,
/// whatever a pattern of the registry matches: a credential is not a model.
pub fn has_misplaced(resolution: &Resolution<'_>) -> bool {
    // A provider is found only on a runtime of the registry.
    has_credential(resolution.slug) || (resolution.provider.is_none() && has_credential(resolution.runtime))
}

/// The resolution with a mask in the place of a credential.
pub fn masked<'a>(resolution: &Resolution<'a>) -> Resolution<'a> {
    let mask = |text: &'a str| if has_credential(text) { MASK } else { text };
    Resolution { slug: mask(resolution.slug), runtime: mask(resolution.runtime), ..*resolution }
}

/// The fixes that repeat no credential.
pub fn presentable(mut fixes: Vec<Fix>) -> Vec<Fix> {
    let repeats = |edit: &Edit| matches!(edit, Edit::Set(_, value) if has_credential(value));
    fixes.retain(|fix| !has_credential(&fix.slug) && !fix.edits.iter().any(repeats));
    fixes
}
