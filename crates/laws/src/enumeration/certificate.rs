//! Certificates: the partition of an enumeration as data, for a checker that shares no code with it.
//!
//! docs/certificate.md describes the format. The classes are the cases of the enumeration, with the classes of
//! values that lead to each; the verdict of a class is the answer of the resolver to its case.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use slug_resolver::policy::Test;
use slug_resolver::registry::Arm;
use slug_resolver::{Billing, BillingPath, Code, Kind, Outcome, PolicyDocument, Registry};

use super::tree::{self, Domain, Leaf};
use super::{Enumeration, RuntimeEnumeration, ids, named};
use crate::implementation::{Implementation, RealResolver};
use crate::model_classes::ModelClass;

/// The version of the format.
const VERSION: u8 = 1;

/// The number of all classes of models together.
const EVERY_MODEL: i64 = -1;

/// One line of a certificate.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Line<'a> {
    /// The first line: the registry.
    Certificate(Header<'a>),
    /// A policy; the lines up to the next policy are about it.
    Policy(PolicySpace<'a>),
    /// A runtime; the classes up to the next runtime are on it.
    Runtime(RuntimeSpace<'a>),
    /// Environments with one verdict.
    Class(Class<'a>),
    /// The sums of the classes of a policy.
    Totals(Totals),
    /// The last line, so that a file that was cut off is not valid.
    End(End),
}

/// The first line of a certificate.
#[derive(Serialize)]
pub struct Header<'a> {
    version: u8,
    files: &'a [SourceFile],
    registry: &'a Registry,
    more_ids: Vec<&'a str>,
}

/// A file from which the registry or a policy was read.
#[derive(Serialize)]
pub struct SourceFile {
    /// The path, as shown to people.
    pub path: String,
    /// The SHA-256 checksum of the content, in hexadecimal digits.
    pub sha256: String,
}

/// A policy and the classes of the values of its variables.
#[derive(Serialize)]
pub struct PolicySpace<'a> {
    document: &'a PolicyDocument,
    variables: BTreeMap<&'a str, Vec<ValueClass<'a>>>,
}

/// The values of a variable that rules do not distinguish, with a value that represents them.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum ValueClass<'a> {
    /// No value.
    Unset,
    /// A key with any value.
    Set,
    /// One text.
    Text(&'a str),
    /// A URL with the host of this one.
    Host(&'a str),
    /// Any other text.
    Other(&'a str),
    /// Any other model; the lines of runtimes have the classes of models.
    Models,
}

/// A runtime and the classes of models on it.
#[derive(Serialize)]
pub struct RuntimeSpace<'a> {
    name: &'a str,
    models: &'a [ModelSpace<'a>],
}

/// Models that the registry does not distinguish on a runtime.
#[derive(Serialize)]
struct ModelSpace<'a> {
    /// A model that represents the class.
    model: &'a str,
    /// The number of ids in the class.
    ids: usize,
    #[serde(flatten)]
    facts: Facts<'a>,
    /// True if the policy names the model.
    #[serde(skip_serializing_if = "is_false")]
    named: bool,
}

/// What derivation can know about a model: providers in the order of the arms.
#[derive(Serialize)]
struct Facts<'a> {
    #[serde(skip_serializing_if = "is_false")]
    blank: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    listed: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withdrawn: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matched: Vec<&'a str>,
}

/// Environments with one verdict.
#[derive(Serialize)]
pub struct Class<'a> {
    /// The numbers of the possible classes of values; a variable with all of them is left out. The classes of
    /// models have the last numbers, and [`EVERY_MODEL`] means all of these.
    when: BTreeMap<&'a str, Vec<i64>>,
    /// Keys of which at least one is set.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    some_of: Vec<&'a str>,
    /// The slug, unless a variable holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<String>,
    /// The variable that holds the slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    slug_in: Option<String>,
    /// The variables of one environment of the class.
    witness: BTreeMap<String, String>,
    /// The number of combinations.
    count: u128,
    verdict: Verdict,
}

/// The answer to every environment of a class.
#[derive(Serialize)]
struct Verdict {
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<BillingPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing: Option<Billing>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    accepted: Vec<String>,
}

/// The sums of the classes of a policy.
#[derive(Serialize)]
pub struct Totals {
    classes: usize,
    combinations: u128,
    contradictions: u128,
}

/// The last line of a certificate.
#[derive(Serialize)]
pub struct End {
    /// The number of policies.
    pub policies: usize,
}

impl<'a> Header<'a> {
    /// The first line of the certificate of a registry, read from some files together with the policies.
    #[must_use]
    pub fn new(enumeration: &'a Enumeration, files: &'a [SourceFile]) -> Self {
        let registry = &enumeration.dataset.registry;
        let listed = registry.runtimes().iter().flat_map(|runtime| &runtime.arms).flat_map(ids);
        let aliases = registry.providers().iter().flat_map(|provider| &provider.model_aliases);
        let written: BTreeSet<&String> = listed.chain(aliases).collect();
        let more = enumeration.slugs.iter().filter(|slug| !written.contains(slug)).map(String::as_str);
        Self { version: VERSION, files, registry, more_ids: more.collect() }
    }
}

/// The key of the models that an enumeration represents by one model.
type ModelKey<'a> = (ModelClass, Option<&'a str>);

/// The classes of models on one runtime, in the order of their first models.
struct Models<'a> {
    enumeration: &'a Enumeration,
    template: &'a str,
    named: BTreeSet<&'a str>,
    numbers: BTreeMap<ModelKey<'a>, usize>,
    spaces: Vec<ModelSpace<'a>>,
    /// The variables that can hold a model of a class which no rule names, with the number of the class.
    held: BTreeSet<(usize, usize)>,
}

impl<'a> Models<'a> {
    fn new(enumeration: &'a Enumeration, runtime: &'a str) -> Self {
        let policy = &enumeration.dataset.policy;
        let template = policy.template_of(runtime);
        let named = named(policy.document());
        let mut models =
            Self { enumeration, template, named, numbers: BTreeMap::new(), spaces: Vec::new(), held: BTreeSet::new() };
        for slug in &enumeration.slugs {
            let key = models.key(slug);
            let number = *models.numbers.entry(key).or_insert(models.spaces.len());
            if let Some(space) = models.spaces.get_mut(number) {
                space.ids += 1;
                continue;
            }
            let (class, name) = models.key(slug);
            let facts = models.facts(&class);
            models.spaces.push(ModelSpace { model: slug, ids: 1, facts, named: name.is_some() });
        }
        for (variable, domain) in enumeration.domains.iter().enumerate() {
            for slug in domain.values_of(domain.models().as_slice()) {
                models.held.insert((variable, models.numbers[&models.key(slug)]));
            }
        }
        models
    }

    fn key(&self, slug: &str) -> ModelKey<'a> {
        let dataset = &self.enumeration.dataset;
        let class = dataset.model_classes().model_class(&dataset.registry, self.template, slug);
        (class, self.named.get(slug).copied())
    }

    fn facts(&self, class: &ModelClass) -> Facts<'a> {
        let registry = &self.enumeration.dataset.registry;
        let runtime = registry.runtimes().iter().find(|runtime| runtime.name == self.template);
        let arms: &[Arm] = runtime.map_or(&[], |runtime| &runtime.arms);
        let providers = |arms_of: &[usize]| arms_of.iter().map(|arm| arms[*arm].provider.as_str()).collect();
        Facts {
            blank: class.blank,
            listed: providers(&class.listed),
            withdrawn: providers(&class.withdrawn),
            matched: providers(&class.matched),
        }
    }
}

impl Enumeration {
    /// Writes the lines of a certificate about the policy: its space, its classes and their sums.
    ///
    /// # Errors
    ///
    /// The first error of `write`.
    pub fn certify<E>(&self, mut write: impl FnMut(&Line<'_>) -> Result<(), E>) -> Result<(), E> {
        let document = self.dataset.policy.document();
        let variables = self.domains.iter().map(|domain| (domain.name.as_str(), self.value_classes(domain)));
        write(&Line::Policy(PolicySpace { document, variables: variables.collect() }))?;
        let mut contradictions = 0;
        for runtime in &self.runtimes {
            let models = Models::new(self, &runtime.name);
            write(&Line::Runtime(RuntimeSpace { name: &runtime.name, models: &models.spaces }))?;
            for (_, leaf) in &runtime.leaves {
                for member in 0..leaf.members.len().max(1) {
                    let class = self.class(runtime, leaf, member, &models);
                    contradictions += if class.verdict.code.is_some() { class.count } else { 0 };
                    write(&Line::Class(class))?;
                }
            }
        }
        write(&Line::Totals(Totals { classes: self.len(), combinations: self.combinations(), contradictions }))
    }

    fn value_classes<'a>(&'a self, domain: &'a Domain) -> Vec<ValueClass<'a>> {
        let policy = &self.dataset.policy;
        let is_key = domain.variable.is_some_and(|variable| policy.is_key(variable));
        let tests: Vec<&Test> = tree::tests_of(policy.document(), &domain.name).collect();
        let is_text = |value: &str| {
            value.is_empty()
                || tests
                    .iter()
                    .any(|test| matches!(test, Test::Value(all) if all.texts().iter().any(|text| text == value)))
        };
        let is_host = |value: &str| {
            tests.iter().any(|test| matches!(test, Test::Host(_)) && crate::reference::test_holds(test, Some(value)))
        };
        let classes = (1..domain.classes()).map(|class| match domain.value(class) {
            _ if domain.models() == Some(class) => ValueClass::Models,
            Some(value) if is_key && !value.is_empty() => ValueClass::Set,
            None => ValueClass::Unset,
            Some(value) if is_text(value) => ValueClass::Text(value),
            Some(value) if is_host(value) => ValueClass::Host(value),
            Some(value) => ValueClass::Other(value),
        });
        [ValueClass::Unset].into_iter().chain(classes).collect()
    }

    fn class<'a>(&'a self, runtime: &RuntimeEnumeration, leaf: &Leaf, member: usize, models: &Models<'_>) -> Class<'a> {
        let point = self.point(runtime, leaf, member);
        let key = leaf.members.get(member).map(|member| models.key(&member.first));
        let numbers = |number: usize, domain: &Domain| -> Vec<i64> {
            let holds = |value: &str| key.as_ref().is_none_or(|key| models.key(value) == *key);
            let is_held = leaf.slug_in == Some(number);
            let numbers = leaf.classes[number].iter().filter_map(|&class| match domain.models() {
                Some(all) if class == all && !is_held => Some(EVERY_MODEL),
                Some(all) if class == all => {
                    let held =
                        models.numbers.get(key.as_ref()?).filter(|model| models.held.contains(&(number, **model)));
                    held.map(|model| (class + model) as i64)
                }
                _ => (!is_held || domain.value(class).is_some_and(holds)).then_some(class as i64),
            });
            numbers.collect()
        };
        let is_restricted = |number: &usize, domain: &Domain| {
            leaf.slug_in == Some(*number) || leaf.classes[*number].len() < domain.classes()
        };
        let domains = self.domains.iter().enumerate().filter(|(number, domain)| is_restricted(number, domain));
        let when = domains.map(|(number, domain)| (domain.name.as_str(), numbers(number, domain))).collect();
        let resolution = RealResolver.answer(&point.case);
        let is_created = resolution.verdict != Kind::Nothing;
        let slug = (is_created && point.slug_in.is_none()).then(|| resolution.slug.to_owned());
        let verdict = Verdict {
            outcome: resolution.outcome,
            code: resolution.code,
            rule: resolution.rule.filter(|_| is_created).map(str::to_owned),
            path: is_created.then_some(resolution.path),
            provider: resolution.provider.map(|provider| provider.name.clone()),
            billing: resolution.billing,
            accepted: resolution.accepted_by.iter().map(str::to_owned).collect(),
        };
        let some_of = leaf.some_of().iter().map(|key| self.domains[*key].name.as_str()).collect();
        let witness = point.case.variables.clone();
        Class { when, some_of, slug, slug_in: point.slug_in, witness, count: point.covers, verdict }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the serializer passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
