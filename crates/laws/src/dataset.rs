//! A dataset: a registry and a policy, with cached values computed from both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use slug_resolver::registry::Arm;
use slug_resolver::yaml::{ReadError, UnknownFields};
use slug_resolver::{Policy, Registry, RegistryDocument};

use crate::corruption::LocatedDocument;
use crate::extension;
use crate::model_classes::ModelClasses;
use crate::policy_v1::PolicyV1;
use crate::reference;
use crate::shared_slugs::SharedSlugs;
use crate::spelling::{self, PlainArm, Spellings};
use crate::work::Units;

/// One registry and one policy, the data of a test case.
pub struct Dataset {
    /// The registry.
    pub registry: Registry,
    /// The policy.
    pub policy: Policy,
    /// The version 1 policy that `policy` was translated from, if any.
    policy_v1: Option<PolicyV1>,
    units: OnceLock<Units>,
    model_classes: OnceLock<ModelClasses>,
    variable_names: OnceLock<Vec<String>>,
    credential_names: OnceLock<Vec<String>>,
    with_entries_reordered: OnceLock<Vec<Arc<Dataset>>>,
    with_arms_reordered: OnceLock<Vec<Arc<Dataset>>>,
    /// `None` if the reread dataset is equal to this one.
    reread: OnceLock<Result<Option<Arc<Dataset>>, ReadError>>,
    policies_via_extends: OnceLock<Result<Arc<[Policy; 2]>, ReadError>>,
    located_registry: OnceLock<Result<LocatedDocument, ReadError>>,
    located_policy: OnceLock<Result<LocatedDocument, ReadError>>,
    registry_with_nulls: OnceLock<Result<Option<WithNulls>, ReadError>>,
    plain_arms: OnceLock<Vec<Vec<PlainArm>>>,
    spellings: Mutex<KnownSpellings>,
    fix_slug_caches: [SharedSlugs; 2],
}

/// The other spellings of each slug, by runtime and slug.
type KnownSpellings = BTreeMap<(String, String), Arc<Spellings>>;

/// A registry in which every absent optional field is written as `null`.
pub(crate) struct WithNulls {
    /// The YAML text, with the nulls.
    pub(crate) text: String,
    /// Whether the text is read as the same registry as the text without nulls.
    pub(crate) reads_the_same: bool,
}

impl Dataset {
    /// Creates a dataset from a registry and a policy.
    #[must_use]
    pub fn new(registry: Registry, policy: Policy) -> Arc<Self> {
        Arc::new(Self::new_unshared(registry, policy))
    }

    /// Creates a dataset from a registry and the translation of a version 1 policy, and keeps the original.
    ///
    /// # Errors
    ///
    /// Returns an error if [`Policy::from_yaml`] rejects the policy.
    pub fn with_policy_v1(registry: Registry, policy: PolicyV1) -> Result<Arc<Self>, ReadError> {
        let translated = Policy::from_yaml(policy.to_yaml().as_bytes())?;
        Ok(Arc::new(Self { policy_v1: Some(policy), ..Self::new_unshared(registry, translated) }))
    }

    /// The version 1 policy that the policy was translated from, if any.
    #[must_use]
    pub fn policy_v1(&self) -> Option<&PolicyV1> {
        self.policy_v1.as_ref()
    }

    /// The units of each kind of work.
    pub(crate) fn units(&self) -> Units {
        *self.units.get_or_init(|| Units::new(&self.registry, &self.policy))
    }

    /// Creates a dataset that is not in an `Arc` yet.
    fn new_unshared(registry: Registry, policy: Policy) -> Self {
        Self {
            registry,
            policy,
            policy_v1: None,
            units: OnceLock::new(),
            model_classes: OnceLock::new(),
            variable_names: OnceLock::new(),
            credential_names: OnceLock::new(),
            with_entries_reordered: OnceLock::new(),
            with_arms_reordered: OnceLock::new(),
            reread: OnceLock::new(),
            policies_via_extends: OnceLock::new(),
            located_registry: OnceLock::new(),
            located_policy: OnceLock::new(),
            registry_with_nulls: OnceLock::new(),
            plain_arms: OnceLock::new(),
            spellings: Mutex::default(),
            fix_slug_caches: Default::default(),
        }
    }

    /// The model classes of the registry, computed from its document.
    #[must_use]
    pub fn model_classes(&self) -> &ModelClasses {
        self.model_classes.get_or_init(|| ModelClasses::new(&self.registry))
    }

    /// The variables that the policy reads, computed from its document.
    pub(crate) fn variable_names(&self) -> &[String] {
        self.variable_names.get_or_init(|| {
            let names = reference::variable_names(self.policy.document());
            names.into_iter().map(ToOwned::to_owned).collect()
        })
    }

    /// The names of all credentials that at least one provider accepts, sorted and without duplicates.
    pub(crate) fn credential_names(&self) -> &[String] {
        self.credential_names.get_or_init(|| {
            let names = self.registry.providers().iter().flat_map(|provider| provider.auth_env.names().iter().cloned());
            names.collect::<BTreeSet<String>>().into_iter().collect()
        })
    }

    /// The other spellings of a slug on a runtime: the ids that the slug may have been meant to be. They are
    /// cached, because many cases have the same slug, and comparing a slug with every id is slow.
    pub(crate) fn spellings(&self, runtime: &str, slug: &str) -> Arc<Spellings> {
        let key = (runtime.to_owned(), slug.to_owned());
        let known = self.spellings.lock().expect("no thread panics while it holds the lock").get(&key).cloned();
        known.unwrap_or_else(|| {
            let plain_arms = self.plain_arms.get_or_init(|| spelling::plain_arms(&self.registry));
            let spellings = spelling::other_spellings(&self.registry, self.model_classes(), plain_arms, runtime, slug);
            let spellings = Arc::new(spellings);
            let mut known = self.spellings.lock().expect("no thread panics while it holds the lock");
            known.insert(key, Arc::clone(&spellings));
            spellings
        })
    }

    /// Two caches of the slugs to try in a search for fixes: the first for `Implementation::fixes`, the second
    /// for `Implementation::fixes_again`, which must not reuse the slugs of the first search.
    pub(crate) fn fix_slug_caches(&self) -> &[SharedSlugs; 2] {
        &self.fix_slug_caches
    }

    /// Three datasets: with the providers, the runtimes, or both in reverse order.
    pub(crate) fn with_entries_reordered(&self) -> &[Arc<Self>] {
        self.with_entries_reordered.get_or_init(|| {
            let providers = |document: &mut RegistryDocument| document.providers.reverse();
            let runtimes = |document: &mut RegistryDocument| document.runtimes.reverse();
            let both = |document: &mut RegistryDocument| {
                document.providers.reverse();
                document.runtimes.reverse();
            };
            [self.with_order_changed(providers), self.with_order_changed(runtimes), self.with_order_changed(both)]
                .into()
        })
    }

    /// Two datasets: with the arms of every runtime reversed, and rotated by one.
    pub(crate) fn with_arms_reordered(&self) -> &[Arc<Self>] {
        self.with_arms_reordered.get_or_init(|| {
            let each = |reorder: fn(&mut Vec<Arm>)| {
                self.with_order_changed(|document| {
                    document.runtimes.iter_mut().for_each(|runtime| reorder(&mut runtime.arms));
                })
            };
            [each(|arms| arms.reverse()), each(|arms| arms.rotate_left(1))].into()
        })
    }

    fn with_order_changed(&self, reorder: impl FnOnce(&mut RegistryDocument)) -> Arc<Self> {
        let mut document = self.registry.document();
        reorder(&mut document);
        let registry = Registry::new(document).expect("the order of entries does not affect validity");
        Self::new(registry, self.policy.clone())
    }

    /// The first entries of the registry, parsed, with the locations at which a test can insert an error.
    pub(crate) fn located_registry(&self) -> Result<&LocatedDocument, &ReadError> {
        self.located_registry.get_or_init(|| LocatedDocument::of_registry(&self.registry)).as_ref()
    }

    /// The first entries of the registry, with `null` written for every optional field that is absent. `None` if
    /// the document exceeds the size limit.
    pub(crate) fn registry_with_nulls(&self) -> Result<Option<&WithNulls>, &ReadError> {
        let with_nulls = || {
            let located = self.located_registry().map_err(Clone::clone)?;
            let read = |text: &str| Registry::from_yaml(text.as_bytes(), UnknownFields::Deny);
            Ok(located
                .with_nulls()
                .map(|text| WithNulls { reads_the_same: read(&located.text()) == read(&text), text }))
        };
        self.registry_with_nulls.get_or_init(with_nulls).as_ref().map(Option::as_ref)
    }

    /// The policy, parsed, with the locations at which a test can insert an error.
    pub(crate) fn located_policy(&self) -> Result<&LocatedDocument, &ReadError> {
        let located = || match &self.policy_v1 {
            Some(original) => LocatedDocument::of_policy_v1(original),
            None => LocatedDocument::of_policy(&self.policy),
        };
        self.located_policy.get_or_init(located).as_ref()
    }

    /// Writes the registry and the policy as YAML and reads them back. Returns this `Arc` if the result is equal.
    pub(crate) fn reread(self: &Arc<Self>) -> Result<Arc<Self>, ReadError> {
        let reread = || {
            let registry = Registry::from_yaml(self.registry.to_yaml().as_bytes(), UnknownFields::Deny)?;
            let policy = Policy::from_yaml(self.policy.to_yaml().as_bytes())?;
            let dataset = Self::new(registry, policy);
            Ok((dataset != *self).then_some(dataset))
        };
        let reread = self.reread.get_or_init(reread).clone()?;
        Ok(reread.unwrap_or_else(|| Arc::clone(self)))
    }

    /// The policy, read back from two files that extend a base policy. The first file has the fields at even
    /// positions, the second has the fields at odd positions, and both inherit the other fields.
    pub(crate) fn policies_via_extends(&self) -> Result<Arc<[Policy; 2]>, ReadError> {
        let read = |first| extension::read_back(&self.policy, first);
        self.policies_via_extends.get_or_init(|| Ok(Arc::new([read(0)?, read(1)?]))).clone()
    }
}

impl PartialEq for Dataset {
    fn eq(&self, other: &Self) -> bool {
        self.registry == other.registry && self.policy == other.policy
    }
}

// With `Eq`, comparing two `Arc`s that point to the same dataset returns without comparing the values.
impl Eq for Dataset {}
