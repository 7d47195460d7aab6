//! Lower bounds: for each operation, only the part that no implementation can avoid.
//!
//! Looking a model up requires hashing it and finding it in a table; matching patterns
//! requires running the automaton over it; reading a file requires parsing it into typed
//! values; answering a line requires parsing the question and writing the answer.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hashbrown::HashMap;
use regex_automata::meta::Regex;
use regex_automata::{Input, MatchKind, PatternSet};
use serde::{Deserialize, Serialize};

/// Lower bound of an exact look-up: the ids in the fastest hash map of general use.
pub type IdMap<'a> = HashMap<&'a str, u32>;

/// Maps each id to its position.
///
/// # Panics
///
/// If the number of ids exceeds a `u32`.
#[must_use]
pub fn id_map<'a>(ids: impl IntoIterator<Item = &'a str>) -> IdMap<'a> {
    (0_u32..).zip(ids).map(|(position, id)| (id, position)).collect()
}

/// One automaton for all patterns, and the set of the patterns that match.
#[derive(Debug)]
pub struct Patterns {
    regex: Regex,
    matches: PatternSet,
}

impl Patterns {
    /// Compiles the patterns.
    ///
    /// # Panics
    ///
    /// If a pattern does not compile.
    #[must_use]
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let patterns: Vec<&str> = patterns.into_iter().collect();
        let regex = Regex::builder()
            .configure(
                Regex::config()
                    .match_kind(MatchKind::All)
                    .nfa_size_limit(None)
                    // Large enough for all states; with a smaller cache this would not be a lower bound.
                    .hybrid_cache_capacity(1 << 28),
            )
            .build_many(&patterns)
            .expect("every pattern compiles");
        Self { matches: PatternSet::new(regex.pattern_len()), regex }
    }

    /// The set of patterns that match, found in one pass over the text.
    pub fn matching(&mut self, text: &str) -> &PatternSet {
        self.matches.clear();
        self.regex.which_overlapping_matches(&Input::new(text), &mut self.matches);
        &self.matches
    }
}

/// A registry file as typed values, without further checks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of the file")]
pub struct RegistryFile {
    pub schema_version: u8,
    pub providers: Vec<ProviderEntry>,
    pub runtimes: BTreeMap<String, RuntimeEntry>,
    #[serde(default)]
    pub platform_error: BTreeMap<String, String>,
}

/// An entry of `providers`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of the file")]
pub struct ProviderEntry {
    pub name: String,
    pub display_name: String,
    pub protocol: ProtocolName,
    pub auth_mode: String,
    pub auth_env: Vec<String>,
    pub model_prefix_match: String,
    pub base_url_template: Option<String>,
    pub base_url_anthropic: Option<String>,
    pub auth_token_env: Option<String>,
    #[serde(default)]
    pub model_aliases: Vec<String>,
    pub upstream_vendor: Option<String>,
    pub vendor_logo: Option<String>,
    pub deprecated: Option<bool>,
}

/// The protocol of an endpoint.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the words of the file")]
pub enum ProtocolName {
    Openai,
    Anthropic,
}

/// A value of `runtimes`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of the file")]
pub struct RuntimeEntry {
    pub providers: Vec<ArmEntry>,
}

/// An arm of a runtime.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of the file")]
pub struct ArmEntry {
    pub name: String,
    #[serde(default)]
    pub models: Vec<String>,
}

/// Parses a registry file into typed values with the YAML library that the resolver uses.
///
/// # Panics
///
/// If the file is not a registry.
#[must_use]
pub fn parse_registry(yaml: &str) -> RegistryFile {
    serde_saphyr::from_str(yaml).expect("the file is a registry")
}

/// A question of the line protocol.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys of the line")]
pub struct Question<'a> {
    #[serde(borrow)]
    pub runtime: Cow<'a, str>,
    #[serde(borrow, default)]
    pub env: BTreeMap<&'a str, &'a str>,
}

/// An answer of the line protocol, with all keys.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the keys of the line")]
pub struct Answer {
    pub runtime: String,
    pub slug: String,
    pub rule: Option<String>,
    pub decided_by: Option<String>,
    pub path: String,
    pub injected: Vec<String>,
    pub provider: Option<String>,
    pub billing: Option<String>,
    pub verdict: String,
    pub code: Option<String>,
    pub outcome: String,
    pub needs: Vec<String>,
    pub accepted_by: Vec<String>,
    pub warnings: Vec<String>,
    pub shadowed: Vec<String>,
}

/// Parses a question and writes a given answer.
///
/// # Panics
///
/// If the line is not a question.
pub fn answer_line(line: &str, answer: &Answer, out: &mut Vec<u8>) {
    let question: Question<'_> = serde_json::from_str(line).expect("the line is a question");
    std::hint::black_box(&question);
    serde_json::to_writer(&mut *out, answer).expect("memory can be written to");
    out.push(b'\n');
}
