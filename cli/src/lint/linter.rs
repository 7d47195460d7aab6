//! What workflow files are judged by.

use std::collections::BTreeSet;

use slug_resolver::{Policy, Registry};
use slug_workflow::repository::Parser;
use slug_workflow::slice::Search;

use crate::config::{Accept, Config};

/// The registry, the policies and the configuration of a run.
pub struct Linter<'a> {
    pub(super) registry: &'a Registry,
    /// The policies that may be named by a harness, those asked for first.
    pub(super) policies: Vec<&'a Policy>,
    /// The policies that were asked for by name.
    pub(super) asked: &'a [Policy],
    pub(super) accept: &'a [Accept],
    pub(super) absent_secrets: &'a [String],
    pub(super) config: Option<&'a Config>,
    pub(super) targets: Vec<&'a str>,
    pub(super) names: BTreeSet<String>,
    /// The variables that hold secrets.
    pub(super) keys: BTreeSet<&'a str>,
    pub(super) parser: Parser,
}

impl<'a> Linter<'a> {
    /// Judges by a registry and the policies whose harness a step calls.
    #[must_use]
    pub fn new(registry: &'a Registry, policies: &'a [Policy]) -> Self {
        let mut linter = Self {
            registry,
            policies: policies.iter().collect(),
            asked: &[],
            accept: &[],
            absent_secrets: &[],
            config: None,
            targets: Vec::new(),
            names: BTreeSet::new(),
            keys: BTreeSet::new(),
            parser: Parser::default(),
        };
        linter.index();
        linter
    }

    /// Also by these, which judge what calls no known harness as well.
    #[must_use]
    pub fn with_asked(mut self, asked: &'a [Policy]) -> Self {
        self.policies.retain(|policy| asked.iter().all(|other| other.name() != policy.name()));
        self.policies.splice(0..0, asked);
        self.asked = asked;
        self.index();
        self
    }

    /// With what slugproof.yaml accepts and knows to be absent. Where everything it speaks
    /// of is looked at, an entry that accepts nothing is found.
    #[must_use]
    pub fn with_config(mut self, config: &'a Config, looks_at_everything: bool) -> Self {
        self.accept = &config.accept;
        self.absent_secrets = &config.absent_secrets;
        self.config = looks_at_everything.then_some(config);
        self
    }

    /// The parser of the files, which keeps what it has parsed.
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
    }

    /// What to look for in workflow files.
    pub(super) fn search(&self) -> Search<'_> {
        Search {
            targets: &self.targets,
            names: &self.names,
            absent_secrets: self.absent_secrets,
            every_script: !self.asked.is_empty(),
            ignore_conditions: false,
        }
    }

    /// The policies that judge a call: those that describe what it calls, else those asked for.
    pub(super) fn policies_of(&self, target: Option<usize>) -> Vec<&'a Policy> {
        let Some(target) = target.map(|target| self.targets[target]) else {
            return self.asked.iter().collect();
        };
        let describes = |policy: &&&'a Policy| policy.document().harness.iter().any(|harness| harness == target);
        self.policies.iter().filter(describes).copied().collect()
    }
}
