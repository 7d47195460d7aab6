//! The data that workflow files are checked against.

use std::collections::BTreeSet;

use slug_resolver::{Policy, Registry};
use slug_workflow::declared::Declared;
use slug_workflow::repository::Parser;
use slug_workflow::scripts::NoFiles;
use slug_workflow::slice::Search;

use super::known_names::KnownNames;
use super::scripts::Scripts;
use crate::codes::SHADOWED_VARIABLE;
use crate::config::{Accept, Config};

/// The registry, the policies and the configuration of a run.
pub struct Linter<'a> {
    pub(super) registry: &'a Registry,
    /// All policies; the policies of `--policy` come first.
    pub(super) policies: Vec<&'a Policy>,
    /// The policies of `--policy`.
    pub(super) requested: &'a [Policy],
    pub(super) accept: &'a [Accept],
    pub(super) declared: Declared<'a>,
    pub(super) config: Option<&'a Config>,
    /// Whether slugproof.yaml denies shadowed variables; otherwise they are not reported.
    pub(super) denies_shadowed: bool,
    pub(super) targets: Vec<&'a str>,
    pub(super) names: BTreeSet<String>,
    /// The names that misspelt ones are compared with.
    pub(super) known: KnownNames,
    /// The names of variables with secrets.
    pub(super) keys: BTreeSet<&'a str>,
    pub(super) parser: Parser,
    /// The files that scripts run, if they can be read.
    pub(super) scripts: Option<&'a Scripts>,
}

impl<'a> Linter<'a> {
    /// Checks calls against a registry and the policies that describe the called harness.
    #[must_use]
    pub fn new(registry: &'a Registry, policies: &'a [Policy]) -> Self {
        let mut linter = Self {
            registry,
            policies: policies.iter().collect(),
            requested: &[],
            accept: &[],
            declared: Declared::default(),
            config: None,
            denies_shadowed: false,
            targets: Vec::new(),
            names: BTreeSet::new(),
            known: KnownNames::default(),
            keys: BTreeSet::new(),
            parser: Parser::default(),
            scripts: None,
        };
        linter.index();
        linter
    }

    /// Adds policies that also apply to scripts that call no known harness.
    #[must_use]
    pub fn with_requested_policies(mut self, requested: &'a [Policy]) -> Self {
        self.policies.retain(|policy| requested.iter().all(|other| other.name() != policy.name()));
        self.policies.splice(0..0, requested);
        self.requested = requested;
        self.index();
        self
    }

    /// Adds the accepted contradictions, variables and secrets of slugproof.yaml. If the run covers all
    /// files of the configuration, unused entries are reported.
    #[must_use]
    pub fn with_config(mut self, config: &'a Config, covers_all_files: bool) -> Self {
        self.accept = &config.accept;
        self.declared = config.declared();
        self.denies_shadowed = config.deny.contains(&&SHADOWED_VARIABLE);
        self.config = covers_all_files.then_some(config);
        self
    }

    /// Follows scripts to the files of the repository that they run.
    #[must_use]
    pub fn with_scripts(mut self, scripts: &'a Scripts) -> Self {
        self.scripts = Some(scripts);
        self
    }

    /// The parser of the files, with its cache.
    #[must_use]
    pub fn parser(&self) -> &Parser {
        &self.parser
    }

    fn index(&mut self) {
        let targets = self.policies.iter().flat_map(|policy| &policy.document().harness);
        self.targets = targets.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
        let keys = |policy: &&'a Policy| -> Vec<&'a str> {
            let policy: &'a Policy = policy;
            policy.key_variables().map(|key| policy.variable_name(key)).collect()
        };
        self.keys = self.policies.iter().flat_map(keys).collect();
        let names =
            |policy: &&'a Policy| policy.all_variables().map(|variable| policy.variable_name(variable).to_owned());
        self.names = self.policies.iter().flat_map(|policy| names(policy).collect::<Vec<_>>()).collect();
        self.known = KnownNames::new(self.registry, &self.policies);
    }

    /// The targets and variables to look for in workflow files.
    pub(super) fn search(&self) -> Search<'_> {
        Search {
            targets: &self.targets,
            variables: &self.names,
            lookalikes: &self.known,
            declared: self.declared,
            files: self.scripts.map_or(&NoFiles, |scripts| scripts),
            every_script: !self.requested.is_empty(),
            ignore_conditions: false,
        }
    }

    /// The policies that apply to a call: the policies that describe its target, or without a
    /// target the policies of `--policy`.
    pub(super) fn policies_of(&self, target: Option<usize>) -> Vec<&'a Policy> {
        let Some(target) = target.map(|target| self.targets[target]) else {
            return self.requested.iter().collect();
        };
        let describes = |policy: &&&'a Policy| policy.document().harness.iter().any(|harness| harness == target);
        self.policies.iter().filter(describes).copied().collect()
    }
}
