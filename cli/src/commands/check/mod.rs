//! `check`: checks registries and policies without an environment.

pub mod arms;
pub mod document;
mod inputs;
pub mod locations;
mod misplaced;
mod policy;
mod reachability;
mod registries;
mod registry;
mod words;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use slug_redact::{mask_credentials, mask_ranges};
use slug_resolver::yaml::{self, Cursor, FieldPath, Node, ReadError};
use slug_resolver::{Policy, Registry};

use crate::args::CheckArgs;
use crate::codes::{self, Command};
use crate::config::Config;
use crate::conformity::{self, Conformity};
use crate::data::{PolicyFile, find_policy, same_name};
use crate::exit::{Exit, Failure};
use crate::file_kind::{Kind, kind_of_text};
use crate::findings::{Coverage, EMBEDDED, Finding, FindingsOptions, Report, Source, SourceId, Span, publish};
use crate::io::{is_same_file, report_path};
use crate::lint::discovery;
use crate::output::Output;
use crate::pattern;
use crate::pin_entry::PinEntry;
use crate::policies;

use document::{Base, Document, first_line};
use inputs::{ConfigEntry, Input, Inputs, identity};
use policy::Roots;

/// Runs `check`.
pub fn run(args: &CheckArgs, output: &mut Output) -> Result<Exit, Failure> {
    let (report, options) = report(args)?;
    publish(report, &options, output)
}

/// Checks the files, and returns what is found.
///
/// # Errors
///
/// Data cannot be read that no finding can be about.
pub fn report(args: &CheckArgs) -> Result<(Report, FindingsOptions), Failure> {
    let mut inputs = Inputs::of(args)?;
    let mut check = Check::new();
    let mut options = args.findings.options();
    options.deny.extend(&inputs.deny);
    while let Some(input) = inputs.next() {
        if let Some((source, config)) = check.read(input) {
            let root = config.path.parent().filter(|root| !root.as_os_str().is_empty());
            let root = root.unwrap_or(Path::new(".")).to_owned();
            check.roots = Some(Roots { config: root, repository: discovery::root(&config) });
            inputs.add_all_of(&config, source);
            options.deny.extend(&config.deny);
            check.config = Some((source, config));
        }
    }
    if check.registries.is_empty() && !check.has_registry && !check.policies.is_empty() {
        check.others.push(inputs.other_registry()?);
    }
    check.check_patterns();
    check.check_names_of_policies();
    check.check_names();
    check.compare();
    let workflows = check.compare_registries(&inputs)?;
    check.conform(&options.deny, args.with_conform)?;
    if inputs.is_unrequested_sample {
        check.report.coverage = Coverage::Sample;
    }
    let files = inputs.files();
    options.check_inputs(files.iter().chain(&workflows).map(PathBuf::as_path))?;
    Ok((check.report, options))
}

/// What to do about a file that slugproof.yaml names as a file of another kind than it is.
fn remedy_of_exchange(config: &Config, path: &Path, is: Kind) -> &'static str {
    let mut policies = config.policies.iter().flatten();
    match is {
        Kind::Registry if config.registry.as_ref().is_some_and(|it| is_same_file(it, path)) => "name a policy here",
        Kind::Registry => "name it in `registry`, and a policy here",
        Kind::Policy if policies.any(|it| is_same_file(Path::new(it), path)) => "name a registry here",
        Kind::Policy => "name it in `policies`, and a registry here",
        Kind::Config => "correct the path",
    }
}

/// The documents read so far, and the report.
struct Check {
    report: Report,
    registries: Vec<(Document, Registry)>,
    /// Registries that are only compared with one another.
    compared: Vec<(Document, Registry)>,
    policies: Vec<(Document, Policy)>,
    /// Registries that policies are compared with but that are not checked.
    others: Vec<(String, Registry)>,
    /// The kinds of the documents that break a rule of their format.
    refused: Vec<Kind>,
    /// True if a registry was given, valid or not.
    has_registry: bool,
    /// The directories of the slugproof.yaml that names the policies, and of its repository.
    roots: Option<Roots>,
    /// The slugproof.yaml among the inputs.
    config: Option<(SourceId, Rc<Config>)>,
    /// The files of the report, by the property that two names of one file share.
    files: HashMap<PathBuf, SourceId>,
    /// Where placeholders are reported: several policies can extend one file.
    placeholders: HashSet<Span>,
}

impl Check {
    fn new() -> Self {
        Self {
            report: Report::new(Command::Check),
            registries: Vec::new(),
            compared: Vec::new(),
            policies: Vec::new(),
            others: Vec::new(),
            refused: Vec::new(),
            has_registry: false,
            roots: None,
            config: None,
            files: HashMap::new(),
            placeholders: HashSet::new(),
        }
    }

    /// Says whether the policies conform to their functions.
    fn conform(&mut self, denied: &[&'static codes::Entry], with_conform: bool) -> Result<(), Failure> {
        let registries = self.registries.iter().map(|(_, registry)| registry);
        let others = self.others.iter().map(|(_, registry)| registry);
        let Some(registry) = registries.chain(others).next() else { return Ok(()) };
        let path = |document: &Document| &self.report.sources.get(document.source).path;
        let file = |(document, policy): &(Document, Policy)| {
            let path = Some(path(document)).filter(|path| !path.starts_with(EMBEDDED)).map(PathBuf::from);
            PolicyFile { policy: policy.clone(), path }
        };
        let files: Vec<PolicyFile> = self.policies.iter().map(file).collect();
        let mut conformity =
            Conformity::new(self.config.as_ref().map(|(_, config)| &**config), registry, conformity::BUDGET);
        conformity::report(&mut self.report, &files, &mut conformity, denied, with_conform)
    }

    /// Reads one input. Returns a slugproof.yaml, because it names further inputs.
    fn read(&mut self, input: Input) -> Option<(SourceId, Rc<Config>)> {
        let Input { path, shown, content, kind, entry, unknown, is_only_compared } = input;
        let bytes = match content {
            Ok(bytes) => bytes,
            Err(why) => {
                self.has_registry |= kind == Some(Kind::Registry);
                let source = self.report.sources.add(Source { path: shown, text: String::new() });
                self.unreadable(source, 0..0, why, None);
                return None;
            }
        };
        let root = yaml::read(&bytes);
        let source = self.add_file(&path, shown.clone(), &bytes, root.as_ref().ok());
        let root = match root {
            Ok(root) => root,
            Err(error) => {
                self.has_registry |= kind == Some(Kind::Registry);
                self.refuse_text(source, &error, std::str::from_utf8(&bytes).is_ok());
                return None;
            }
        };
        for place in misplaced::placeholders(&root, &FieldPath::default()) {
            self.report_placeholder(source, &root, place);
        }
        if let (Some(ConfigEntry { config, source, field }), Some(kind)) = (entry, kind)
            && let Some(other) = kind.instead(&root, &path)
        {
            self.has_registry |= kind == Kind::Registry;
            let remedy = remedy_of_exchange(&config, &path, other);
            let error = config.located(field, format!("{}; {remedy}", kind.exchanged(&shown, other)));
            self.refuse(source, Kind::Config, &error);
            return None;
        }
        match kind {
            Some(Kind::Registry) => {
                self.has_registry = true;
                match Registry::from_node(Cursor::root(&root), unknown).map_err(|error| error.located(&root)) {
                    Ok(registry) => {
                        let registries = if is_only_compared { &mut self.compared } else { &mut self.registries };
                        registries.push((Document { source, root, bases: Vec::new() }, registry));
                    }
                    Err(error) => self.refuse(source, Kind::Registry, &error),
                }
            }
            Some(Kind::Policy) => match policies::decode(&root, &path) {
                Ok((policy, bases)) => {
                    let bases = bases.into_iter().map(|policies::BaseFile { path, bytes, root }| Base {
                        source: self.add_file(&path, report_path(&path), &bytes, Some(&root)),
                        root,
                    });
                    let document = Document { source, root, bases: bases.collect() };
                    self.check_inherited_placeholders(&document);
                    self.policies.push((document, policy));
                }
                Err(error) => self.refuse(source, Kind::Policy, &error),
            },
            Some(Kind::Config) => match Config::decode(root, &path) {
                Ok(config) => {
                    for (path, error) in config.missing_files() {
                        self.has_registry |= config.registry.as_ref() == Some(&path);
                        self.unreadable(source, error.span.unwrap_or_default(), error.message, None);
                    }
                    if let Some(error) = config.same_registries() {
                        self.refuse(source, Kind::Config, &error);
                    }
                    return Some((source, Rc::new(config)));
                }
                Err(error) => self.refuse(source, Kind::Config, &error),
            },
            None => {
                let title = "the file is neither a registry, nor a policy, nor a slugproof.yaml".to_owned();
                let help = "a registry has `providers` and `runtimes`; a policy `model` and `secrets`; \
                            a slugproof.yaml `registry`, `policies`, `workflows` or `accept`";
                self.unreadable(source, root.highlight_span(), title, Some(help));
            }
        }
        None
    }

    /// Adds a file to the report, unless the file is there with the same text. `root` is its document, if it can be
    /// parsed. No excerpt may repeat a key that was pasted into a file.
    fn add_file(&mut self, path: &Path, shown: String, bytes: &[u8], root: Option<&Node>) -> SourceId {
        let misplaced = root.map(misplaced::misplaced).unwrap_or_default();
        let text = misplaced::mask(&mask_credentials(&String::from_utf8_lossy(bytes)), &misplaced);
        self.report.secrets.extend(misplaced.into_iter().map(|it| it.text));
        let identity = identity(path);
        let known = self.files.get(&identity).filter(|known| self.report.sources.get(**known).text == text);
        if let Some(known) = known.filter(|_| !path.as_os_str().is_empty()) {
            return *known;
        }
        let source = self.report.sources.add(Source { path: shown, text });
        self.files.insert(identity, source);
        source
    }

    /// Reports the placeholders in the fields that a policy inherits, each in the file that has it.
    fn check_inherited_placeholders(&mut self, document: &Document) {
        for (base, name, value) in document.fields() {
            let Some(base) = base else { continue };
            for place in misplaced::placeholders(value, &FieldPath::default().key(name)) {
                self.report_placeholder(base.source, &base.root, place);
            }
        }
    }

    /// Reports a placeholder, unless it is reported.
    fn report_placeholder(&mut self, source: SourceId, root: &Node, place: FieldPath) {
        let span = first_line(&self.report.sources, source, place.find(root).1.highlight_span());
        if !self.placeholders.insert(span.clone()) {
            return;
        }
        let path = &self.report.sources.get(source).path;
        let finding = Finding::new(&codes::PLACEHOLDER, span, "the value is a placeholder in angle brackets")
            .with_help(format!("in `{path}`, replace it, with the brackets, by the value that is meant"))
            .with_primary_text("is not a value")
            .with_subject("place", place.to_string());
        self.report.findings.push(finding);
    }

    /// Reports a text that cannot be parsed, or a document that breaks a rule of every kind.
    fn refuse_text(&mut self, source: SourceId, error: &ReadError, is_text: bool) {
        let is_yaml = is_text && !error.message.starts_with("not readable as YAML");
        match kind_of_text(&self.report.sources.get(source).text).filter(|_| is_yaml) {
            Some(kind) => {
                self.refuse(source, kind, error);
            }
            None => {
                let span = self.span_of(source, error);
                self.report.coverage = Coverage::Incomplete;
                let finding = Finding::new(&codes::UNREADABLE_FILE, span, &error.message);
                self.report.findings.push(finding);
            }
        }
    }

    fn unreadable(&mut self, source: SourceId, range: Range<usize>, title: String, help: Option<&str>) {
        let span = first_line(&self.report.sources, source, range);
        let finding = Finding::new(&codes::UNREADABLE_FILE, span, title);
        self.report.findings.push(help.map_or(finding.clone(), |help| finding.with_help(help)));
        self.report.coverage = Coverage::Incomplete;
    }

    /// The first line of the span of an error.
    fn span_of(&self, source: SourceId, error: &ReadError) -> Span {
        first_line(&self.report.sources, source, error.span.clone().unwrap_or_default())
    }

    /// Reports a document that breaks a rule of its format.
    fn refuse(&mut self, source: SourceId, kind: Kind, error: &ReadError) {
        self.refused.push(kind);
        let span = self.span_of(source, error);
        let field = error.path.to_string();
        let title = match field.as_str() {
            "" => error.message.clone(),
            // The message names the field.
            _ if error.message.starts_with("unknown field") => error.message.clone(),
            field => format!("`{field}`: {}", error.message),
        };
        let finding = Finding::new(kind.invalid(), span, title).with_subject("place", field);
        let is_unknown_field = kind == Kind::Registry && error.message.starts_with("unknown field");
        let help = "`unknown_fields: allow` in slugproof.yaml ignores unknown fields";
        self.report.findings.push(if is_unknown_field { finding.with_help(help) } else { finding });
    }

    /// Reports the patterns of slugproof.yaml that match no file, as `lint` refuses them.
    fn check_patterns(&mut self) {
        let Some((source, config)) = &self.config else { return };
        let source = *source;
        let mut errors = Vec::new();
        for (index, pattern) in config.workflows.iter().flatten().enumerate() {
            let path = FieldPath::default().key("workflows").index(index);
            errors.extend(discovery::problem(pattern).map(|problem| config.located(path, problem)));
        }
        for (index, entry) in config.pins.iter().enumerate() {
            for (position, pattern) in entry.files.iter().enumerate() {
                let problem = pattern::matching(&config.relative(pattern)).err();
                let path = PinEntry::pattern_path(index, position);
                errors.extend(problem.map(|it| config.located(path, format!("the pattern `{pattern}` {it}"))));
            }
        }
        for error in errors {
            self.refuse(source, Kind::Config, &error);
        }
    }

    /// Reports policies of slugproof.yaml with the same name, as every other command refuses them.
    fn check_names_of_policies(&mut self) {
        let Some((source, config)) = &self.config else { return };
        let source = *source;
        let names = config.policies.iter().flatten().enumerate();
        let files = names.filter_map(|(index, name)| Some((index, find_policy(name, &[]).ok()?)));
        let files: Vec<(usize, PolicyFile)> = files.collect();
        let mut errors = Vec::new();
        for (position, (index, file)) in files.iter().enumerate() {
            let earlier = files[..position].iter().find(|(_, earlier)| earlier.policy.name() == file.policy.name());
            let path = FieldPath::default().key("policies").index(*index);
            errors.extend(earlier.map(|(_, earlier)| config.located(path, same_name([earlier, file]))));
        }
        for error in errors {
            self.refuse(source, Kind::Config, &error);
        }
    }

    /// Reports the unknown names of slugproof.yaml, as `prove` and `lint` refuse them. After an invalid file, a name
    /// may only seem unknown.
    fn check_names(&mut self) {
        if !self.report.findings.is_empty() {
            return;
        }
        let Some((source, config)) = &self.config else { return };
        let policies: Vec<Policy> = match &config.policies {
            Some(_) => self.policies.iter().map(|(_, policy)| policy.clone()).collect(),
            None => Policy::all_embedded().into_iter().collect(),
        };
        let own = self.registries.iter().map(|(_, registry)| registry);
        let embedded = Registry::embedded();
        let registry = own.chain(self.others.iter().map(|(_, registry)| registry)).next().unwrap_or(&embedded);
        let source = *source;
        let mut errors = config.unknown_names(&policies, Some(registry));
        errors.extend(config.unknown_harness_policy(&policies));
        let secrets = config.misplaced_secrets(&policies);
        self.report.sources.map_text(source, |text| mask_ranges(text, secrets.clone()));
        for error in errors {
            self.refuse(source, Kind::Config, &error);
        }
    }

    /// Checks every registry, and every policy with every registry.
    fn compare(&mut self) {
        let mut words = HashSet::new();
        let sources = &self.report.sources;
        for (document, registry) in &self.registries {
            let (found, note) = registry::check(sources, document, registry);
            self.report.findings.extend(found);
            self.report.notices.extend(note);
        }
        for (document, policy) in &self.policies {
            let is_embedded = sources.get(document.source).path.starts_with(EMBEDDED);
            let roots = self.roots.as_ref().filter(|_| !is_embedded);
            self.report.findings.extend(policy::check_alone(sources, document, policy, roots));
            self.report.findings.extend(reachability::check(sources, document, policy));
            // Several policies can extend one file.
            let spelling = words::check_spelling(sources, document, policy);
            let found = words::check(sources, document, policy).into_iter().chain(spelling);
            self.report.findings.extend(found.filter(|finding| words.insert(finding.primary.span.clone())));
        }
        let own = self.registries.iter().map(|(document, registry)| (&sources.get(document.source).path, registry));
        let others = self.others.iter().map(|(path, registry)| (path, registry));
        for (path, registry) in own.chain(others) {
            for (document, policy) in &self.policies {
                self.report.findings.extend(policy::check(sources, document, policy, path, registry));
            }
        }
        let refused = |kind: Kind| self.refused.iter().filter(|refused| **refused == kind).count();
        let registries = self.registries.len() + self.compared.len() + refused(Kind::Registry);
        let checked = [("registry", registries), ("policy", self.policies.len() + refused(Kind::Policy))];
        self.report.checked.extend(checked.iter().filter(|(_, count)| *count > 0));
    }
}
