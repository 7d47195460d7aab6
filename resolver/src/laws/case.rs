//! A case: one question to the resolver, and its readable form.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use once_cell::race::OnceBox;
use serde::Serialize;

use super::route::Routes;
use super::strict::Parts;
use crate::env::Env;
use crate::policy::{Policy, Variable};
use crate::reference::{self, Variables};
use crate::registry::{Arm, Registry, RegistryDocument};
use crate::resolve::Resolution;
use crate::yaml::{At, Fields, Invalid, ReadError, UnknownFields};

/// What stands in for the value of a secret wherever a case is written.
pub const SET: &str = "set";

/// The data that questions are asked of: one registry and one policy.
pub struct Scene {
    /// The registry.
    pub registry: Registry,
    /// The policy.
    pub policy: Policy,
    routes: OnceBox<Routes>,
    variable_names: OnceBox<Vec<String>>,
    credentials: OnceBox<Vec<String>>,
    reordered: OnceBox<Vec<Arc<Scene>>>,
    arms_reordered: OnceBox<Vec<Arc<Scene>>>,
    /// `None` is a scene that came back equal.
    reread: OnceBox<Result<Option<Arc<Scene>>, ReadError>>,
    parts_of_registry: OnceBox<Result<Parts, ReadError>>,
    parts_of_policy: OnceBox<Result<Parts, ReadError>>,
}

impl Scene {
    /// A registry and a policy together.
    #[must_use]
    pub fn new(registry: Registry, policy: Policy) -> Arc<Self> {
        Arc::new(Self {
            registry,
            policy,
            routes: OnceBox::new(),
            variable_names: OnceBox::new(),
            credentials: OnceBox::new(),
            reordered: OnceBox::new(),
            arms_reordered: OnceBox::new(),
            reread: OnceBox::new(),
            parts_of_registry: OnceBox::new(),
            parts_of_policy: OnceBox::new(),
        })
    }

    /// Where each id of the registry leads, by the document.
    #[must_use]
    pub fn routes(&self) -> &Routes {
        self.routes.get_or_init(|| Box::new(Routes::new(&self.registry)))
    }

    /// The variables that the policy reads, by the document.
    pub(crate) fn variable_names(&self) -> &[String] {
        self.variable_names.get_or_init(|| {
            let names = reference::variable_names(self.policy.document());
            Box::new(names.into_iter().map(ToOwned::to_owned).collect())
        })
    }

    /// Every credential that some provider accepts, each once.
    pub(crate) fn credentials(&self) -> &[String] {
        self.credentials.get_or_init(|| {
            let names = self.registry.providers().iter().flat_map(|provider| provider.auth_env.iter().cloned());
            Box::new(names.collect::<BTreeSet<String>>().into_iter().collect())
        })
    }

    /// The scene with its providers, its runtimes, or both, in reverse order.
    pub(crate) fn reordered(&self) -> &[Arc<Self>] {
        self.reordered.get_or_init(|| {
            let providers = |document: &mut RegistryDocument| document.providers.reverse();
            let runtimes = |document: &mut RegistryDocument| document.runtimes.reverse();
            let both = |document: &mut RegistryDocument| {
                document.providers.reverse();
                document.runtimes.reverse();
            };
            Box::new([self.edited(providers), self.edited(runtimes), self.edited(both)].into())
        })
    }

    /// The scene with the arms of every runtime in other orders: reversed, and each one turned by one.
    pub(crate) fn with_arms_reordered(&self) -> &[Arc<Self>] {
        self.arms_reordered.get_or_init(|| {
            let each = |reorder: fn(&mut Vec<Arm>)| {
                self.edited(|document| document.runtimes.iter_mut().for_each(|runtime| reorder(&mut runtime.arms)))
            };
            Box::new([each(|arms| arms.reverse()), each(|arms| arms.rotate_left(1))].into())
        })
    }

    fn edited(&self, edit: impl FnOnce(&mut RegistryDocument)) -> Arc<Self> {
        let mut document = self.registry.document();
        edit(&mut document);
        let registry = Registry::new(document).expect("order is no part of what makes a registry valid");
        Self::new(registry, self.policy.clone())
    }

    /// The beginning of the registry, taken apart.
    pub(crate) fn parts_of_registry(&self) -> Result<&Parts, &ReadError> {
        self.parts_of_registry.get_or_init(|| Box::new(Parts::of_registry(&self.registry))).as_ref()
    }

    /// The policy, taken apart.
    pub(crate) fn parts_of_policy(&self) -> Result<&Parts, &ReadError> {
        self.parts_of_policy.get_or_init(|| Box::new(Parts::of_policy(&self.policy))).as_ref()
    }

    /// The scene after its registry and policy were written and read back: itself, if nothing was lost.
    pub(crate) fn reread(self: &Arc<Self>) -> Result<Arc<Self>, ReadError> {
        let reread = || {
            let registry = Registry::from_yaml(self.registry.to_yaml().as_bytes(), UnknownFields::Deny)?;
            let policy = Policy::from_yaml(self.policy.to_yaml().as_bytes())?;
            let scene = Self::new(registry, policy);
            Ok((scene != *self).then_some(scene))
        };
        let reread = self.reread.get_or_init(|| Box::new(reread())).clone()?;
        Ok(reread.unwrap_or_else(|| Arc::clone(self)))
    }
}

impl PartialEq for Scene {
    fn eq(&self, other: &Self) -> bool {
        self.registry == other.registry && self.policy == other.policy
    }
}

// So that comparing two references to one scene is comparing pointers.
impl Eq for Scene {}

/// One question: everything that the resolver's answer may depend on.
#[derive(Clone, PartialEq)]
pub struct Case {
    /// The data.
    pub scene: Arc<Scene>,
    /// The runtime asked for.
    pub runtime: String,
    /// Variables by name.
    pub variables: Variables,
    /// Credentials known to exist besides those injected.
    pub ambient: Vec<String>,
}

#[derive(Serialize)]
struct Question<'a> {
    runtime: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    env: BTreeMap<&'a str, &'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    ambient: &'a [String],
}

impl Case {
    /// A case in which nothing is set.
    #[must_use]
    pub fn new(scene: &Arc<Scene>, runtime: &str) -> Self {
        Self { scene: Arc::clone(scene), runtime: runtime.to_owned(), variables: Variables::new(), ambient: Vec::new() }
    }

    /// The variables as the policy sees them.
    #[must_use]
    pub fn env(&self) -> Env<'_> {
        Env::read(&self.scene.policy, self.variables.iter().map(|(name, value)| (name, value.as_str())))
    }

    /// The same case with one variable set.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut case = self.clone();
        case.variables.insert(name.to_owned(), value.to_owned());
        case
    }

    /// The same case with one variable unset.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut case = self.clone();
        case.variables.remove(name);
        case
    }

    /// What a variable is set to, where that is neither nothing nor its default.
    pub(crate) fn set_to(&self, name: &str) -> Option<&String> {
        let default = self.scene.policy.document().defaults.get(name);
        self.variables.get(name).filter(|value| !value.is_empty() && Some(*value) != default)
    }

    /// What `ask` says of the case with one variable set, or unset where there is no
    /// value. The case is as before afterwards: cheaper than a copy for each variation.
    pub(crate) fn varied<T>(&mut self, name: &str, value: Option<&str>, ask: impl FnOnce(&Self) -> T) -> T {
        let set = |case: &mut Self, value: Option<String>| match value {
            Some(value) => case.variables.insert(name.to_owned(), value),
            None => case.variables.remove(name),
        };
        let before = set(self, value.map(str::to_owned));
        let answer = ask(self);
        set(self, before);
        answer
    }

    /// A number that follows from the question, to choose by where not everything can be tried.
    pub(crate) fn number(&self) -> u64 {
        let variables = self.variables.iter().flat_map(|(name, value)| [name, value]);
        let texts = [&self.runtime].into_iter().chain(variables).chain(&self.ambient);
        let bytes = texts.flat_map(|text| text.bytes().chain([0]));
        // The hash of Fowler, Noll and Vo.
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    /// The same case with the value of every secret replaced by [`SET`] and
    /// every variable dropped that the policy does not read: fit to be shown.
    #[must_use]
    pub fn masked(&self) -> Self {
        let mut case = self.clone();
        case.variables =
            self.shown_variables().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        case
    }

    fn shown_variables(&self) -> BTreeMap<&str, &str> {
        let shown = |(name, value)| match self.scene.policy.variable(name)? {
            Variable::Key(_) if !str::is_empty(value) => Some((name, SET)),
            _ => Some((name, value)),
        };
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter_map(shown).collect()
    }

    fn question(&self) -> Question<'_> {
        Question { runtime: &self.runtime, env: self.shown_variables(), ambient: &self.ambient }
    }

    /// The question without its scene, as YAML; [masked](Self::masked).
    #[must_use]
    pub fn to_yaml(&self) -> String {
        crate::yaml::write(&self.question())
    }

    /// Reads what [`Case::to_yaml`] wrote.
    ///
    /// # Errors
    ///
    /// Everything that [`crate::yaml::read`] refuses, an unknown field, and a
    /// field of the wrong kind.
    pub fn from_yaml(bytes: &[u8], scene: Arc<Scene>) -> Result<Self, ReadError> {
        let root = crate::yaml::read(bytes)?;
        let root = At::root(&root);
        Self::decode(&root.fields(&["runtime"], &["env", "ambient"], UnknownFields::Deny)?, scene)
    }

    fn decode(fields: &Fields<'_>, scene: Arc<Scene>) -> Result<Self, ReadError> {
        let mut case = Self::new(&scene, fields.required("runtime")?.string()?);
        if let Some(env) = fields.optional("env") {
            for entry in env.entries()? {
                case.variables.insert(entry.name.to_owned(), entry.value.string()?.to_owned());
            }
        }
        if let Some(ambient) = fields.optional("ambient") {
            case.ambient = ambient.strings()?;
        }
        Ok(case)
    }
}

impl fmt::Debug for Case {
    /// The whole case as a witness, so that what a failing law prints can be kept.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", Witness { law: None, found: None, seed: None, case: self.clone(), expect: None }.to_yaml())
    }
}

/// A case worth keeping: what it once broke or records, and what it must come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The law it bears on.
    pub law: Option<String>,
    /// Where it was found.
    pub found: Option<String>,
    /// The seed from which random testing made it: 64 hexadecimal digits.
    pub seed: Option<String>,
    /// The case.
    pub case: Case,
    /// What it must come to.
    pub expect: Option<Expectation>,
}

/// What a case must come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expectation {
    /// The slug.
    pub slug: String,
    /// The rule that picks it.
    pub rule: String,
    /// The injected names, sorted.
    pub injected: Vec<String>,
    /// The provider, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `coherent`, or the code of the contradiction.
    pub verdict: String,
}

impl Expectation {
    /// What a resolution came to.
    #[must_use]
    pub fn of(resolution: &Resolution<'_>) -> Self {
        Self {
            slug: resolution.slug.to_owned(),
            rule: resolution.rule.as_str().to_owned(),
            injected: resolution.injected.to_vec(),
            provider: resolution.provider.map(|provider| provider.name.clone()),
            verdict: resolution.code.map_or("coherent", crate::Code::as_str).to_owned(),
        }
    }

    fn decode(at: &At<'_>) -> Result<Self, ReadError> {
        let fields = at.fields(&["slug", "rule", "injected", "verdict"], &["provider"], UnknownFields::Deny)?;
        let text = |name| Ok::<_, ReadError>(fields.required(name)?.string()?.to_owned());
        let rules = crate::Rule::ALL.map(crate::Rule::as_str);
        one_of(&fields.required("rule")?, &rules)?;
        let codes = crate::Code::ALL.map(crate::Code::as_str);
        one_of(&fields.required("verdict")?, &[&["coherent"], &codes[..]].concat())?;
        Ok(Self {
            slug: text("slug")?,
            rule: text("rule")?,
            injected: fields.required("injected")?.strings()?,
            provider: fields.optional("provider").map(|at| at.string().map(ToOwned::to_owned)).transpose()?,
            verdict: text("verdict")?,
        })
    }
}

fn one_of(at: &At<'_>, known: &[&str]) -> Result<(), ReadError> {
    match at.string()? {
        text if known.contains(&text) => Ok(()),
        text => Err(at.error(format!("there is no `{text}`; write one of {}", known.join(", ")))),
    }
}

/// A registry or policy in a witness: one that ships with the crate, by name, or written out.
#[derive(Serialize)]
#[serde(untagged)]
enum Source<'a, T> {
    Embedded(&'a str),
    Inline(&'a T),
}

const EMBEDDED: &str = "embedded";

#[derive(Serialize)]
struct WitnessForm<'a> {
    schema_version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    law: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<&'a str>,
    registry: Source<'a, Registry>,
    policy: Source<'a, crate::PolicyDocument>,
    #[serde(flatten)]
    question: Question<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<&'a Expectation>,
}

impl Witness {
    /// The witness as YAML; secrets are [masked](Case::masked).
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let Scene { registry, policy, .. } = &*self.case.scene;
        let shipped = Policy::embedded(policy.name()).is_some_and(|embedded| embedded == *policy);
        crate::yaml::write(&WitnessForm {
            schema_version: 1,
            law: self.law.as_deref(),
            found: self.found.as_deref(),
            seed: self.seed.as_deref(),
            registry: if *registry == Registry::embedded() {
                Source::Embedded(EMBEDDED)
            } else {
                Source::Inline(registry)
            },
            policy: if shipped { Source::Embedded(policy.name()) } else { Source::Inline(policy.document()) },
            question: self.case.question(),
            expect: self.expect.as_ref(),
        })
    }

    /// Reads a witness file.
    ///
    /// # Errors
    ///
    /// Everything that [`crate::yaml::read`] refuses, an unknown field, a law
    /// that does not exist, and everything that the registry and the policy in
    /// it may be refused for.
    pub fn from_yaml(bytes: &[u8]) -> Result<Self, ReadError> {
        let root = crate::yaml::read(bytes)?;
        Self::decode(At::root(&root)).map_err(|error| error.located(&root))
    }

    fn decode(root: At<'_>) -> Result<Self, Invalid> {
        let required = ["schema_version", "registry", "policy", "runtime"];
        let optional = ["law", "found", "seed", "env", "ambient", "expect"];
        let fields = root.fields(&required, &optional, UnknownFields::Deny)?;
        fields.schema_version_1()?;
        let law = fields.optional("law").map(|at| law_id(&at)).transpose()?;
        let found = fields.optional("found").map(|at| at.string().map(ToOwned::to_owned)).transpose()?;
        let seed = fields.optional("seed").map(|at| seed_digits(&at)).transpose()?;
        let registry = decode_registry(&fields.required("registry")?)?;
        let policy = decode_policy(&fields.required("policy")?)?;
        let expect = fields.optional("expect").map(|at| Expectation::decode(&at)).transpose()?;
        let case = Case::decode(&fields, Scene::new(registry, policy))?;
        Ok(Self { law, found, seed, case, expect })
    }
}

fn law_id(at: &At<'_>) -> Result<String, ReadError> {
    let id = at.string()?;
    match super::law(id) {
        Some(law) => Ok(law.id.to_string()),
        None => Err(at.error(format!("no law is called `{id}`; `slugproof prove --laws` lists them"))),
    }
}

fn seed_digits(at: &At<'_>) -> Result<String, ReadError> {
    let digits = at.string()?;
    if !is_seed(digits) {
        return Err(at.error("expected the 64 hexadecimal digits that follow `cc` in a seed file"));
    }
    Ok(digits.to_owned())
}

/// Whether a text is the digits of a seed as random testing writes it.
#[must_use]
pub fn is_seed(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
}

fn decode_registry(at: &At<'_>) -> Result<Registry, Invalid> {
    match at.string() {
        Ok(EMBEDDED) => Ok(Registry::embedded()),
        Ok(other) => {
            Err(at.error(format!("no registry is called `{other}`; write `{EMBEDDED}` or the registry itself")).into())
        }
        Err(_) => Registry::from_node(*at, UnknownFields::Deny),
    }
}

fn decode_policy(at: &At<'_>) -> Result<Policy, Invalid> {
    match at.string() {
        Ok(name) => Policy::embedded(name).ok_or_else(|| {
            at.error(format!("no embedded policy is called `{name}`; name one or write the policy itself")).into()
        }),
        Err(_) => Policy::from_node(*at),
    }
}
