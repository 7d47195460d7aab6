//! The vendors that the writer of a configuration meant.

use super::slugs::{Slugs, arms};
use super::spelling::{self, with_credentials};
use crate::policy::BillingPath;
use crate::registry::{Credentials, Provider, Registry};
use crate::resolve::Decision;
use crate::selection::Picked;

/// The vendors that the writer of a configuration meant.
pub(super) struct Meaning<'r> {
    /// The vendors that the slug means. Empty if the slug is the policy's or means none.
    by_slug: Vec<&'r Provider>,
    /// False if a variable holds a slug that means no vendor or several.
    is_certain: bool,
    path: BillingPath,
    credentials: Credentials<'r>,
}

impl<'r> Meaning<'r> {
    /// The slug of a variable means the provider that serves it on the runtime; else the one that has
    /// withdrawn it; else the one that its first segment names; else the ones serving it on another
    /// runtime; else those of the most similar listed ids.
    pub(super) fn new(
        registry: &'r Registry,
        template: &str,
        picked: &Picked<'_>,
        decision: &Decision<'r>,
        credentials: Credentials<'r>,
        slugs: &Slugs,
    ) -> Self {
        let slug = picked.slug;
        let of_similar = || {
            let arms = arms(registry, template);
            let closest = with_credentials(registry, arms, slugs.spellings.closest(), &credentials);
            distinct(closest.iter().filter_map(|(arm, _)| registry.provider(&arms[*arm].provider)))
        };
        let handle = registry.handle(template);
        let known: [&dyn Fn() -> Vec<&'r Provider>; 5] = [
            &|| decision.verdict.provider().into_iter().collect(),
            &|| handle.map_or_else(Vec::new, |runtime| runtime.candidates(slug)),
            &|| handle.and_then(|runtime| runtime.withdrawn_by(slug)).into_iter().collect(),
            &|| registry.provider(spelling::first_segment(slug)).into_iter().collect(),
            &|| {
                let handles = registry.runtimes().iter().filter_map(|runtime| registry.handle(&runtime.name));
                distinct(handles.flat_map(|runtime| runtime.candidates(slug)))
            },
        ];
        let is_held = picked.held_by.is_some() && !slug.trim().is_empty();
        let known = known.iter().filter(|_| is_held).map(|source| source()).find(|meant| !meant.is_empty());
        let is_similar = is_held && known.is_none();
        let by_slug = known.unwrap_or_else(|| if is_similar { of_similar() } else { Vec::new() });
        let is_sole = matches!(*by_slug, [only] if !is_similar || !only.is_keyless());
        Self { by_slug, is_certain: !is_held || is_sole, path: decision.injection.path, credentials }
    }

    /// Returns true for a provider that the slug means, or else that a credential or the platform path names.
    pub(super) fn contains(&self, provider: &Provider) -> bool {
        if self.by_slug.is_empty() {
            self.path == BillingPath::Platform && provider.is_platform()
                || !self.credentials.accepted_by(provider).is_empty()
        } else {
            self.by_slug.iter().any(|meant| meant.name == provider.name)
        }
    }

    /// Returns true if this is surely the vendor: the only one that the slug means, or, for a slug of the policy,
    /// one that a credential or the platform path names. A similar id is not enough for a provider without
    /// credentials, because nothing says that the writer uses it.
    pub(super) fn is_only(&self, provider: &Provider) -> bool {
        self.is_certain && self.contains(provider)
    }
}

/// The providers without duplicates, in order.
fn distinct<'r>(providers: impl Iterator<Item = &'r Provider>) -> Vec<&'r Provider> {
    let mut distinct: Vec<&Provider> = Vec::new();
    for provider in providers {
        if !distinct.iter().any(|known| known.name == provider.name) {
            distinct.push(provider);
        }
    }
    distinct
}
