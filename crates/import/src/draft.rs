//! The providers of a catalogue, from which a registry is made.

use std::collections::{BTreeMap, BTreeSet};

use slug_resolver::registry::{Arm, PLATFORM, Runtime};
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Billing, Provider, Registry, RegistryDocument, limits};
use slug_yaml::quoted;

use crate::notes::{UnreadFields, counted, is_invisible, listed};
use crate::{Conversion, Error, Options};

/// The message about a catalogue that is too large.
pub(crate) fn too_large(what: &str) -> String {
    format!("the registry would be too large: {what}; import fewer providers with `--provider NAME`")
}

/// The providers found so far.
#[derive(Default)]
pub(crate) struct Draft {
    /// The providers, each with the ids that it lists.
    pub providers: Vec<(Provider, Vec<String>)>,
    /// Providers and models of the catalogue that are not imported, with the reason.
    pub left_out: Vec<(String, String)>,
    /// The fields that are not read.
    pub unread: UnreadFields,
    /// Other notes.
    pub notes: Vec<String>,
}

/// The format of a draft.
pub(crate) struct Format {
    /// The name of the format on the command line.
    pub name: &'static str,
    /// The name of the runtime if the caller names none.
    pub runtime: &'static str,
    /// A description of the expected file, for a file without providers.
    pub expected: &'static str,
}

impl Draft {
    /// Makes the registry. Providers and ids are sorted, so that the order of the catalogue has no effect.
    pub(crate) fn finish(mut self, format: &Format, options: &Options) -> Result<Conversion, Error> {
        self.drop_ids(options);
        self.drop_credentials(options);
        self.drop_empty();
        self.providers.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
        if self.providers.is_empty() {
            let reasons = self.reasons().map(|reason| format!(" ({reason})")).next().unwrap_or_default();
            return Err(Error::Invalid(format!("found no provider to import{reasons}; pass {}", format.expected)));
        }
        for (provider, ids) in &mut self.providers {
            ids.sort();
            ids.dedup();
            if provider.name == PLATFORM {
                // A provider with this name is paid for by the platform, unless the registry says otherwise.
                provider.billing = Some(Billing::Byok);
            }
        }
        let shared = self.shared();
        let registry = self.registry(format, options)?;
        let notes = self.all_notes(format, options, &shared);
        Ok(Conversion { format: format.name, registry, policy: None, notes, shared })
    }

    /// Drops the ids that no query can name, and the ids that look like credentials.
    fn drop_ids(&mut self, options: &Options) {
        let is_unusual = |id: &str| id.is_empty() || id.trim() != id || id.chars().any(is_invisible);
        let (mut unusual, mut secret) = (0, 0);
        for (_, ids) in &mut self.providers {
            ids.retain(|id| {
                let (is_unusual, is_secret) = (is_unusual(id), (options.is_credential)(id));
                unusual += usize::from(is_unusual);
                secret += usize::from(is_secret && !is_unusual);
                !is_unusual && !is_secret
            });
        }
        if unusual > 0 {
            let what = counted(unusual, "id");
            self.notes
                .push(format!("{what} left out: empty, with an invisible character, or with white space around it"));
        }
        if secret > 0 {
            self.notes.push(format!("{} left out: a part looks like a credential", counted(secret, "id")));
        }
    }

    /// Drops the providers whose names look like credentials, or name a variable that does. Other fields lose
    /// invisible characters, and are emptied if they look like credentials.
    fn drop_credentials(&mut self, options: &Options) {
        let mut dropped = 0;
        self.providers.retain_mut(|(provider, _)| {
            for field in [&mut provider.display_name, &mut provider.base_url_template] {
                if let Some(text) = field {
                    text.retain(|c| !is_invisible(c));
                }
                field.take_if(|text| text.is_empty() || (options.is_credential)(text));
            }
            let is_kept = !(options.is_credential)(&provider.name)
                && !provider.auth_env.names().iter().any(|name| (options.is_credential)(name));
            dropped += usize::from(!is_kept);
            is_kept
        });
        if dropped > 0 {
            self.notes.push(format!("{} left out: a name looks like a credential", counted(dropped, "provider")));
        }
    }

    /// Drops the providers that serve no model.
    fn drop_empty(&mut self) {
        let is_empty =
            |(provider, ids): &(Provider, Vec<String>)| ids.is_empty() && provider.model_prefix_match.is_none();
        let (empty, kept) = std::mem::take(&mut self.providers).into_iter().partition(is_empty);
        self.providers = kept;
        let empty: Vec<(Provider, Vec<String>)> = empty;
        self.left_out.extend(empty.into_iter().map(|(provider, _)| (provider.name, "no models".to_owned())));
    }

    /// The ids that several providers list.
    fn shared(&self) -> BTreeMap<String, Vec<String>> {
        let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (provider, ids) in &self.providers {
            ids.iter().for_each(|id| owners.entry(id).or_default().push(&provider.name));
        }
        let shared = owners.into_iter().filter(|(_, owners)| owners.len() > 1);
        shared.map(|(id, owners)| (id.to_owned(), owners.into_iter().map(str::to_owned).collect())).collect()
    }

    fn registry(&mut self, format: &Format, options: &Options) -> Result<Registry, Error> {
        let names: BTreeSet<&str> = options.runtimes.iter().map(String::as_str).collect();
        let names = if names.is_empty() { [format.runtime].into() } else { names };
        let listed: usize = self.providers.iter().map(|(_, ids)| ids.len()).sum();
        if listed.saturating_mul(names.len()) > limits::MODELS {
            let most = limits::MODELS;
            let runtimes = counted(names.len(), "runtime");
            return Err(Error::Invalid(too_large(&format!("{listed} ids on {runtimes} exceed {most}"))));
        }
        let arms: Vec<Arm> = self
            .providers
            .iter()
            .map(|(provider, ids)| Arm { provider: provider.name.clone(), models: ids.clone(), ..Arm::default() })
            .collect();
        let runtime = |name: &str| Runtime { name: name.to_owned(), display_name: None, arms: arms.clone() };
        let runtimes = names.into_iter().map(runtime).collect();
        let providers = self.providers.iter().map(|(provider, _)| provider.clone()).collect();
        let document = RegistryDocument { providers, runtimes, ..RegistryDocument::default() };
        let registry = Registry::new(document).map_err(|error| Error::Invalid(error.to_string()))?;
        let written = Registry::from_yaml(registry.to_yaml().as_bytes(), UnknownFields::Deny);
        written.map_err(|error| Error::Invalid(too_large(&error.message)))
    }

    fn reasons(&self) -> impl Iterator<Item = String> {
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        self.left_out.iter().for_each(|(name, reason)| by_reason.entry(reason).or_default().push(name));
        by_reason.into_iter().map(|(reason, mut names)| {
            names.sort_unstable();
            names.dedup();
            format!("left out because of {reason}: {}", listed(names.iter().copied()))
        })
    }

    fn all_notes(&mut self, format: &Format, options: &Options, shared: &BTreeMap<String, Vec<String>>) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.reasons());
        if let Some((id, owners)) = shared.first_key_value() {
            notes.push(format!(
                "{} listed by several providers, such as {} by {}; the credentials decide between them, \
                 else the first provider is used",
                if shared.len() == 1 { "1 id is".to_owned() } else { format!("{} ids are", shared.len()) },
                quoted(id),
                listed(owners.iter().map(String::as_str)),
            ));
        }
        notes.extend(self.unread.notes());
        if options.runtimes.is_empty() {
            notes.push(format!(
                "the catalogue has no runtimes; all providers are arms of the runtime `{}` (`--runtime` names another)",
                format.runtime
            ));
        }
        notes
    }
}
