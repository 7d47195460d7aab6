//! Reads one side of a comparison: the registry, the policies, the calls and the pins of a directory.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use slug_laws::comparison::picked_texts;
use slug_resolver::policy::{Pick, PickRule, Source};
use slug_resolver::yaml::{self, Node};
use slug_resolver::{Policy, Registry};

use crate::args::DiffArgs;
use crate::codes::{self, Level};
use crate::commands::check::locations::Locations;
use crate::config::Config;
use crate::data::{Data, DataOptions, PolicyFile};
use crate::exit::Failure;
use crate::findings::{Coverage, Finding, FindingsOptions, Sources};
use crate::io::{Directory, Top, read_file, report_path};
use crate::lint::answers::{CallAnswers, CallId};
use crate::lint::pins::{PinAnswer, PinSearch};
use crate::lint::scripts::Scripts;
use crate::lint::{Linter, discovery, files};
use crate::policies;

/// What a side is, and where it is read.
pub struct SideSource {
    /// The name of the side in messages, such as a revision.
    pub label: String,
    /// The directory that is the working directory of the side; `None` for the current one.
    pub directory: Option<PathBuf>,
    /// The directory above which nothing is searched.
    pub top: Option<PathBuf>,
    /// A registry that overrides any other.
    pub registry: Option<PathBuf>,
}

/// Everything that is compared of a side.
pub struct Side {
    /// The registry.
    pub registry: Registry,
    /// The policies, with the places of their rules.
    pub policies: Vec<PlacedPolicy>,
    /// The calls.
    pub calls: BTreeMap<CallId, CallAnswers>,
    /// The pins, in the order of files and lines.
    pub pins: Vec<Pin>,
    /// The findings about other things than contradictions of calls and pins.
    pub findings: Vec<PlacedFinding>,
    /// The contradictions that a comment accepts: code, path and line.
    pub suppressed: BTreeSet<(String, String, usize)>,
    /// Why something of the side may not be known.
    pub notices: Vec<String>,
    /// Files that cannot be read, each with the reason.
    pub unreadable: Vec<String>,
    /// The slugproof.yaml.
    pub config: Option<Config>,
    /// True if neither a slugproof.yaml nor a flag names data, so that the side has none of the user's.
    pub is_sample: bool,
    /// Texts that no output may repeat.
    pub secrets: Vec<String>,
    /// The number of workflow files.
    pub workflows: usize,
}

/// A policy and where its rules are.
pub struct PlacedPolicy {
    /// The policy.
    pub policy: Policy,
    /// The documents of the file and of the files that it extends.
    documents: Vec<(String, Node)>,
}

/// A pin and its place.
#[derive(Clone, Debug)]
pub struct Pin {
    /// The path and the line.
    pub place: (String, usize),
    /// The pin.
    pub answer: PinAnswer,
}

/// A finding and its place.
#[derive(Clone, Debug)]
pub struct PlacedFinding {
    /// The path and the line.
    pub place: (String, usize),
    /// The finding.
    pub finding: Finding,
}

impl Side {
    /// Reads a side. Files may still name a runtime that only the earlier side has.
    ///
    /// # Errors
    ///
    /// A file of slugproof.yaml, the registry or a policy cannot be read.
    pub fn read(source: &SideSource, args: &DiffArgs, earlier: Option<&Self>) -> Result<Self, Failure> {
        let in_side = |failure: Failure| match failure {
            Failure::Message(message) => Failure::new(format!("in {}: {message}", source.label)),
            failure => failure,
        };
        let here = std::env::current_dir().unwrap_or_default();
        let directory = source.directory.as_ref().unwrap_or(&here);
        let _entered = Directory::enter(directory)?;
        // Files are found and shown from the directory of slugproof.yaml, so that paths are equal on both sides.
        let file =
            if args.no_config { None } else { Config::find_file_below(source.top.as_deref()).map_err(in_side)? };
        let above =
            file.and_then(|file| file.parent().filter(|above| !above.as_os_str().is_empty()).map(Path::to_owned));
        let _above = above.as_deref().map(Directory::enter).transpose()?;
        let relative = |path: &Path| if above.is_some() { directory.join(path) } else { path.to_owned() };
        let registry = source.registry.as_deref().map(|path| match above {
            Some(_) => here.join(path),
            None => path.to_owned(),
        });
        let policies: Vec<OsString> = args
            .policy
            .iter()
            .map(|name| match relative(Path::new(name)) {
                path if path.is_file() => path.into_os_string(),
                _ => name.clone(),
            })
            .collect();
        let mut side = Self::read_here(source, args, registry, &policies, earlier).map_err(in_side)?;
        let top = Top::at(source.top.clone());
        side.map_paths(|path| top.relative(path));
        Ok(side)
    }

    fn read_here(
        source: &SideSource,
        args: &DiffArgs,
        registry: Option<PathBuf>,
        requested: &[OsString],
        earlier: Option<&Self>,
    ) -> Result<Self, Failure> {
        let data = Data::find(DataOptions {
            registry,
            unknown_fields: args.unknown_fields.choice(),
            no_config: args.no_config,
            config: None,
            top: source.top.clone(),
        })?;
        let registry = data.registry()?;
        let is_sample = data.has_default_registry() && requested.is_empty();
        let files = data.policy_files(requested)?;
        let mut side = Self {
            policies: Vec::new(),
            calls: BTreeMap::new(),
            pins: Vec::new(),
            findings: Vec::new(),
            suppressed: BTreeSet::new(),
            notices: Vec::new(),
            unreadable: Vec::new(),
            secrets: Vec::new(),
            workflows: 0,
            config: None,
            is_sample,
            registry,
        };
        if !is_sample {
            side.read_calls(&data, requested, &files, earlier.map(|side| &side.registry))?;
            side.policies = files.into_iter().map(PlacedPolicy::new).collect();
        }
        side.config = data.config;
        Ok(side)
    }

    fn read_calls(
        &mut self,
        data: &Data,
        requested: &[OsString],
        files: &[PolicyFile],
        earlier: Option<&Registry>,
    ) -> Result<(), Failure> {
        let registry = self.registry.clone();
        let known: Vec<Policy> = files.iter().map(|file| file.policy.clone()).collect();
        let default = if requested.is_empty() { data.harness_policy()? } else { None };
        let default: Vec<Policy> = default.into_iter().collect();
        let scripts = Scripts::below(PathBuf::new());
        let mut linter = Linter::new(&registry, &known).with_requested_policies(&default).with_scripts(&scripts);
        if let Some(config) = &data.config {
            linter = linter.with_config(config, false);
        }
        let found = discovery::find(&[], data.config.as_ref())?;
        let inputs = files::read(found, linter.parser());
        self.workflows = inputs.len();
        let mut report = linter.report(&inputs);
        self.calls = linter.answers(&inputs);
        let root = data.config.as_ref().map_or_else(|| PathBuf::from("."), |config| config.relative(""));
        let mut except: Vec<PathBuf> = inputs.iter().filter_map(|input| input.file.clone()).collect();
        except.extend(data.files(requested));
        let before = report.notices.len();
        let search = PinSearch { root, config: data.config.as_ref(), except };
        let pins = linter.add_pins(&search, earlier, &mut report)?;
        self.notices.extend(report.notices.drain(before..));
        self.secrets.extend(report.secrets.iter().cloned());
        let place = |sources: &Sources, finding: &Finding| {
            let span = &finding.primary.span;
            (sources.path(span).to_owned(), sources.line_number(span.source, span.range.start))
        };
        for answer in pins.iter().map(|pin| linter.pin_answer(pin)) {
            let span = &answer.span;
            let line = report.sources.line_number(span.source, span.range.start);
            self.pins.push(Pin { place: (report.sources.path(span).to_owned(), line), answer });
        }
        if report.coverage == Coverage::Incomplete {
            let unreadable = report.findings.iter().filter(|finding| finding.code == &codes::UNREADABLE_FILE);
            for finding in unreadable {
                let (path, line) = place(&report.sources, finding);
                self.unreadable.push(format!("{path}:{line}: {}", finding.title));
            }
        }
        let pin_codes = self.pins.iter().map(|pin| pin.place.clone()).collect::<BTreeSet<_>>();
        let triaged = report.without_credentials().triage(&options(data))?;
        for suppressed in &triaged.suppressed {
            let (path, line) = place(&triaged.sources, &suppressed.finding);
            self.suppressed.insert((suppressed.finding.code.id.to_owned(), path, line));
        }
        for finding in triaged.open {
            let place = place(&triaged.sources, &finding);
            // The calls and the pins tell about their contradictions, and calls about what is undecided.
            let is_told = codes::is_contradiction(finding.code)
                || (finding.code == &codes::UNDECIDED && !pin_codes.contains(&place) && is_of_call(&finding))
                || finding.code == &codes::UNREADABLE_FILE;
            if finding.level != Level::Note && !is_told {
                self.findings.push(PlacedFinding { place, finding });
            }
        }
        Ok(())
    }

    /// Changes the paths of all places.
    fn map_paths(&mut self, map: impl Fn(&str) -> String) {
        let calls = std::mem::take(&mut self.calls).into_iter().map(|(id, mut call)| {
            let places = call.environments.values_mut().map(|answer| &mut answer.place);
            places.chain([&mut call.place]).for_each(|place| place.0 = map(&place.0));
            (CallId { workflow: map(&id.workflow), ..id }, call)
        });
        self.calls = calls.collect();
        self.pins.iter_mut().for_each(|pin| pin.place.0 = map(&pin.place.0));
        self.findings.iter_mut().for_each(|placed| placed.place.0 = map(&placed.place.0));
        let suppressed = std::mem::take(&mut self.suppressed).into_iter();
        self.suppressed = suppressed.map(|(code, path, line)| (code, map(&path), line)).collect();
        let documents = self.policies.iter_mut().flat_map(|placed| &mut placed.documents);
        documents.for_each(|(path, _)| *path = map(path));
    }

    /// Returns true if the other side has the same policies.
    pub fn has_policies_of(&self, other: &Self) -> bool {
        let policies = |side: &'_ Self| side.policies.iter().map(|placed| placed.policy.clone()).collect::<Vec<_>>();
        policies(self) == policies(other)
    }

    /// The policy with a name.
    pub fn policy(&self, name: &str) -> Option<&PlacedPolicy> {
        self.policies.iter().find(|placed| placed.policy.name() == name)
    }

    /// Returns true if a comment or slugproof.yaml accepts a contradiction at a place.
    pub fn is_suppressed(&self, code: &str, (path, line): &(String, usize)) -> bool {
        self.suppressed.contains(&(code.to_owned(), path.clone(), *line))
    }
}

/// Undecided calls name their policy.
fn is_of_call(finding: &Finding) -> bool {
    finding.subject.iter().any(|(what, _)| *what == "policy")
}

fn options(data: &Data) -> FindingsOptions {
    FindingsOptions { deny: data.denied().to_vec(), ..FindingsOptions::default() }
}

impl PlacedPolicy {
    fn new(file: PolicyFile) -> Self {
        let mut documents = Vec::new();
        for path in file.path.iter().flat_map(|path| policies::files(path)) {
            let root = read_file(&path).ok().and_then(|bytes| yaml::read(&bytes).ok());
            documents.extend(root.map(|root| (report_path(&path), root)));
        }
        Self { policy: file.policy, documents }
    }

    /// The place of what a rule picks: of a text, or else of the rule.
    pub fn place(&self, label: Option<&str>, slug: &str) -> Option<(String, usize)> {
        let document = self.policy.document();
        let labels: Vec<&str> = self.policy.model_labels().collect();
        let is_named = |rule: usize| label.is_none_or(|label| labels[rule] == label);
        let mut texts = picked_texts(&self.policy);
        let text = texts.find(|(rule, _, text)| is_named(*rule) && *text == slug);
        let default = document.defaults.iter().find(|(name, value)| {
            let sources = document.model.iter().enumerate().filter(|(rule, _)| is_named(*rule));
            let is_source = |source: &Source| *source == Source::Variable((*name).clone());
            *value == slug && sources.into_iter().any(|(_, rule)| sources_of(rule).iter().any(is_source))
        });
        let rule = label.and_then(|label| labels.iter().position(|known| *known == label));
        self.locate(|root| {
            let locations = Locations::new(root, &self.policy);
            match (text, default, rule) {
                (Some((rule, source, _)), _, _) => locations.pick(rule, source),
                (None, Some((name, _)), _) => locations.default_of(name),
                (None, None, Some(rule)) => locations.model_rule(rule),
                (None, None, None) => locations.whole("model"),
            }
        })
    }

    /// The place of a field in the first file that has it, or has all rules.
    fn locate(&self, field: impl Fn(&Node) -> yaml::FieldPath) -> Option<(String, usize)> {
        let owner =
            self.documents.iter().find(|(_, root)| root.get("model").is_some() || root.get("override").is_some());
        let (path, root) = owner.or(self.documents.first())?;
        let (_, value) = field(root).find(root);
        Some((path.clone(), usize::try_from(value.line_col.line).unwrap_or(1)))
    }
}

fn sources_of(rule: &PickRule) -> &[Source] {
    match &rule.pick {
        Pick::Nothing => &[],
        Pick::FirstOf(sources) => sources,
    }
}
