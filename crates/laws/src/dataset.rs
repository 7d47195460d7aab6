//! A dataset: a registry and a policy, with cached values derived from them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use slug_resolver::registry::Arm;
use slug_resolver::yaml::{ReadError, UnknownFields};
use slug_resolver::{Policy, Registry, RegistryDocument};

use crate::corruption::Parts;
use crate::extension;
use crate::model_classes::ModelClasses;
use crate::reference;
use crate::shared_slugs::SharedSlugs;
use crate::spelling::{self, Spellings};
use crate::version_1::PolicyV1;

/// One registry and one policy, the data of a test case.
pub struct Dataset {
    /// The registry.
    pub registry: Registry,
    /// The policy.
    pub policy: Policy,
    /// The policy file of version 1 that was translated, if the policy is such a translation.
    version_1: Option<PolicyV1>,
    model_classes: OnceLock<ModelClasses>,
    variable_names: OnceLock<Vec<String>>,
    credentials: OnceLock<Vec<String>>,
    reordered: OnceLock<Vec<Arc<Dataset>>>,
    arms_reordered: OnceLock<Vec<Arc<Dataset>>>,
    /// `None` if the reread dataset is equal to this one.
    reread: OnceLock<Result<Option<Arc<Dataset>>, ReadError>>,
    extending: OnceLock<Result<Arc<[Policy; 2]>, ReadError>>,
    parts_of_registry: OnceLock<Result<Parts, ReadError>>,
    parts_of_policy: OnceLock<Result<Parts, ReadError>>,
    registry_with_nulls: OnceLock<Result<Option<WithNulls>, ReadError>>,
    spellings: Mutex<KnownSpellings>,
    slugs_for_fixes: [SharedSlugs; 2],
}

/// Other spellings by runtime and slug.
type KnownSpellings = BTreeMap<(String, String), Arc<Spellings>>;

/// A registry in which absent fields are null.
pub(crate) struct WithNulls {
    /// The document.
    pub(crate) text: String,
    /// Whether it is read as the document without nulls is.
    pub(crate) is_equal: bool,
}

impl Dataset {
    /// A registry and a policy together.
    #[must_use]
    pub fn new(registry: Registry, policy: Policy) -> Arc<Self> {
        Arc::new(Self::unshared(registry, policy))
    }

    /// A registry and a policy of version 1.
    ///
    /// # Errors
    ///
    /// The reason why the reader refuses the policy.
    pub fn with_version_1(registry: Registry, policy: PolicyV1) -> Result<Arc<Self>, ReadError> {
        let translated = Policy::from_yaml(policy.to_yaml().as_bytes())?;
        Ok(Arc::new(Self { version_1: Some(policy), ..Self::unshared(registry, translated) }))
    }

    /// The policy file of version 1 that was translated, if the policy is such a translation.
    #[must_use]
    pub fn version_1(&self) -> Option<&PolicyV1> {
        self.version_1.as_ref()
    }

    fn unshared(registry: Registry, policy: Policy) -> Self {
        Self {
            registry,
            policy,
            version_1: None,
            model_classes: OnceLock::new(),
            variable_names: OnceLock::new(),
            credentials: OnceLock::new(),
            reordered: OnceLock::new(),
            arms_reordered: OnceLock::new(),
            reread: OnceLock::new(),
            extending: OnceLock::new(),
            parts_of_registry: OnceLock::new(),
            parts_of_policy: OnceLock::new(),
            registry_with_nulls: OnceLock::new(),
            spellings: Mutex::default(),
            slugs_for_fixes: Default::default(),
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

    /// The credentials that any provider accepts, without duplicates.
    pub(crate) fn credentials(&self) -> &[String] {
        self.credentials.get_or_init(|| {
            let names = self.registry.providers().iter().flat_map(|provider| provider.auth_env.names().iter().cloned());
            names.collect::<BTreeSet<String>>().into_iter().collect()
        })
    }

    /// Other spellings of a slug on a runtime. Many cases are about one slug, and comparing it with every
    /// id takes long.
    pub(crate) fn spellings(&self, runtime: &str, slug: &str) -> Arc<Spellings> {
        let key = (runtime.to_owned(), slug.to_owned());
        let known = self.spellings.lock().expect("no thread panics while it holds the lock").get(&key).cloned();
        known.unwrap_or_else(|| {
            let spellings = spelling::other_spellings(&self.registry, self.model_classes(), runtime, slug);
            let spellings = Arc::new(spellings);
            let mut known = self.spellings.lock().expect("no thread panics while it holds the lock");
            known.insert(key, Arc::clone(&spellings));
            spellings
        })
    }

    /// The slugs that searches for fixes share, once for each of the two times that a law asks for the fixes
    /// of a case.
    pub(crate) fn slugs_for_fixes(&self) -> &[SharedSlugs; 2] {
        &self.slugs_for_fixes
    }

    /// Three datasets: with the providers, the runtimes, or both in reverse order.
    pub(crate) fn reordered(&self) -> &[Arc<Self>] {
        self.reordered.get_or_init(|| {
            let providers = |document: &mut RegistryDocument| document.providers.reverse();
            let runtimes = |document: &mut RegistryDocument| document.runtimes.reverse();
            let both = |document: &mut RegistryDocument| {
                document.providers.reverse();
                document.runtimes.reverse();
            };
            [self.edited(providers), self.edited(runtimes), self.edited(both)].into()
        })
    }

    /// Two datasets: with the arms of every runtime reversed, and rotated by one.
    pub(crate) fn with_arms_reordered(&self) -> &[Arc<Self>] {
        self.arms_reordered.get_or_init(|| {
            let each = |reorder: fn(&mut Vec<Arm>)| {
                self.edited(|document| document.runtimes.iter_mut().for_each(|runtime| reorder(&mut runtime.arms)))
            };
            [each(|arms| arms.reverse()), each(|arms| arms.rotate_left(1))].into()
        })
    }

    fn edited(&self, edit: impl FnOnce(&mut RegistryDocument)) -> Arc<Self> {
        let mut document = self.registry.document();
        edit(&mut document);
        let registry = Registry::new(document).expect("the order of entries does not affect validity");
        Self::new(registry, self.policy.clone())
    }

    /// The first entries of the registry, prepared for corruption.
    pub(crate) fn parts_of_registry(&self) -> Result<&Parts, &ReadError> {
        self.parts_of_registry.get_or_init(|| Parts::of_registry(&self.registry)).as_ref()
    }

    /// The first entries of the registry with every absent optional field as null; `None` if they are too large.
    pub(crate) fn registry_with_nulls(&self) -> Result<Option<&WithNulls>, &ReadError> {
        let with_nulls = || {
            let parts = self.parts_of_registry().map_err(Clone::clone)?;
            let read = |text: &str| Registry::from_yaml(text.as_bytes(), UnknownFields::Deny);
            Ok(parts.with_nulls().map(|text| WithNulls { is_equal: read(&parts.text()) == read(&text), text }))
        };
        self.registry_with_nulls.get_or_init(with_nulls).as_ref().map(Option::as_ref)
    }

    /// The policy, prepared for corruption.
    pub(crate) fn parts_of_policy(&self) -> Result<&Parts, &ReadError> {
        let parts = || match &self.version_1 {
            Some(original) => Parts::of_policy_v1(original),
            None => Parts::of_policy(&self.policy),
        };
        self.parts_of_policy.get_or_init(parts).as_ref()
    }

    /// The dataset after its registry and policy were written and read again; the same `Arc` if they are equal.
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

    /// The policy, read from files that extend another policy: each writes every second field and takes
    /// over the others.
    pub(crate) fn extending(&self) -> Result<Arc<[Policy; 2]>, ReadError> {
        let read = |first| extension::read_back(&self.policy, first);
        self.extending.get_or_init(|| Ok(Arc::new([read(0)?, read(1)?]))).clone()
    }
}

impl PartialEq for Dataset {
    fn eq(&self, other: &Self) -> bool {
        self.registry == other.registry && self.policy == other.policy
    }
}

// `Eq` lets the comparison of two `Arc`s of one dataset compare pointers only.
impl Eq for Dataset {}
