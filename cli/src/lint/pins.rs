//! Pins: the places outside workflows that write down a runtime and a model id.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use slug_pins::{Literal, Syntax, scan};
use slug_redact::mask_credentials;
use slug_resolver::registry::Arm;
use slug_resolver::yaml::{self, Node, Value};
use slug_resolver::{Code, Credentials, Provider, Registry, Rejection, RuntimeHandle, explain};

use super::evaluate::comparison::Answer;
use super::files::files_below;
use super::linter::Linter;
use super::mask;
use super::near_miss;
use super::patch;
use crate::codes::{self, Command, UNDECIDED, UNREADABLE_FILE};
use crate::config::Config;
use crate::exit::Failure;
use crate::findings::{
    Coverage, Edit, Finding, FindingsOptions, Patch, Report, SUPPRESSION, Source, SourceId, Sources, Span,
};
use crate::io::{is_same_file, read_file, read_text_file, record_file, report_path, search_text_file, write_whole};
use crate::pattern;
use crate::pin_entry::{PinEntry, PinField, RuntimeSource};
use crate::render::{counted, shown};
use crate::sink::is_report;
use crate::suggest::{closest_match, did_you_mean, similar_ids};
use slug_value::slip::is_slip;

/// Maximum bytes of a file that is scanned.
const FILE_BYTES: usize = 1 << 20;

/// Maximum number of files of a run that are scanned.
const FILES: usize = 50_000;

/// Maximum bytes of all files of a run.
const TOTAL_BYTES: u64 = 256 << 20;

/// The longest name of a field, in bytes, that is compared with the path of an entry.
const FIELD_BYTES: usize = 100;

/// The number of similar ids that a finding suggests.
const SUGGESTIONS: usize = 3;

/// Where pins are searched.
pub struct PinSearch<'a> {
    /// The directory whose files are scanned, and to which the patterns of entries are relative.
    pub root: PathBuf,
    /// The entries of slugproof.yaml, with the file.
    pub config: Option<&'a Config>,
    /// Files that are not scanned: workflow files, which `lint` evaluates, slugproof.yaml, the registry and the
    /// policies, whose conditions name variables. Reports and baselines of this program are not scanned either.
    pub except: Vec<PathBuf>,
}

/// A model id that a file writes down for a runtime.
pub struct Pin {
    /// The file.
    source: SourceId,
    runtime: Literal,
    model: Literal,
    /// The secrets that the workspace gets, if the file lists them.
    required_env: Option<Vec<String>>,
}

impl Pin {
    /// The place of the model id.
    #[must_use]
    pub fn span(&self) -> Span {
        Span { source: self.source, range: self.model.span.clone() }
    }

    /// The runtime, as the file writes it.
    #[must_use]
    pub fn runtime(&self) -> &str {
        &self.runtime.text
    }

    /// The model id, as the file writes it.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model.text
    }
}

/// A pin and what the registry says about it.
#[derive(Clone, Debug)]
pub struct PinAnswer {
    /// The place of the model, or of the runtime if that is not registered.
    pub span: Span,
    /// The runtime.
    pub runtime: String,
    /// The model.
    pub model: String,
    /// The contradiction, if there is one.
    pub code: Option<Code>,
    /// The provider; `None` also if the credentials of the workspace decide.
    pub provider: Option<String>,
    /// Who pays for the provider, in one word.
    pub payer: Option<&'static str>,
}

impl Linter<'_> {
    /// Checks every pin and adds the findings to a report. A file may also name the runtimes of an `earlier`
    /// registry. Returns the pins.
    ///
    /// # Errors
    ///
    /// An entry of `pins` whose pattern is invalid or matches no file.
    pub fn add_pins(
        &self,
        search: &PinSearch<'_>,
        earlier: Option<&Registry>,
        report: &mut Report,
    ) -> Result<Vec<Pin>, Failure> {
        let registries: Vec<&Registry> = [self.registry].into_iter().chain(earlier).collect();
        let pins = self.pins(search, &registries, report)?;
        report.findings.extend(pins.iter().filter_map(|pin| self.check_pin(&report.sources, pin)));
        let checked = pins.len();
        if checked > 0 {
            report.checked.push(("pin", checked));
            let is_alone = report.checked.iter().all(|(what, count)| *what == "pin" || *count == 0);
            if report.coverage == Coverage::Nothing && is_alone {
                report.coverage = Coverage::Complete;
            }
        }
        Ok(pins)
    }

    /// Applies the patches of pins that count, and writes the files. Returns a sentence for each edit, and the
    /// number of files.
    ///
    /// # Errors
    ///
    /// As [`Linter::add_pins`], or a file cannot be written.
    pub fn fix_pins(&self, search: &PinSearch<'_>, options: &FindingsOptions) -> Result<(Vec<String>, usize), Failure> {
        let mut report = Report::new(Command::Lint);
        let pins = self.pins(search, &[self.registry], &mut report)?;
        report.findings = pins.iter().filter_map(|pin| self.check_pin(&report.sources, pin)).collect();
        let sources = report.sources.clone();
        let mut by_file: BTreeMap<SourceId, Vec<Patch>> = BTreeMap::new();
        for finding in report.triage(options)?.open.into_iter().filter(|finding| finding.level.counts()) {
            by_file.entry(finding.primary.span.source).or_default().extend(finding.patch);
        }
        let (mut applied, mut files) = (Vec::new(), 0);
        for (source, patches) in by_file.into_iter().filter(|(_, patches)| !patches.is_empty()) {
            let path = Path::new(&sources.get(source).path);
            let Ok(text) = read_text_file(path, FILE_BYTES) else { continue };
            // One id can belong to several pins.
            let (patches, _) = patch::non_overlapping(patches, |patch| Some(patch));
            let edits = || patches.iter().flat_map(|patch| &patch.edits);
            let is_unchanged = |edit: &Edit| text.get(edit.span.range.clone()) == Some(sources.slice(&edit.span));
            let changed = patch::applied(&text, edits());
            if edits().all(is_unchanged) && is_same_structure(path, &text, &changed) {
                write_whole(path, changed.as_bytes())?;
                applied.extend(patches.iter().map(|patch| format!("{}: {}", sources.get(source).path, patch.title)));
                files += 1;
            }
        }
        Ok((applied, files))
    }

    /// Finds every pin, and adds what cannot be read to a report. A scanned pin counts if one of the registries
    /// has its runtime.
    ///
    /// # Errors
    ///
    /// An entry of `pins` whose pattern is invalid or matches no file.
    pub fn pins(
        &self,
        search: &PinSearch<'_>,
        registries: &[&Registry],
        report: &mut Report,
    ) -> Result<Vec<Pin>, Failure> {
        let mut pins = Pins { linter: self, registries, report, sources: BTreeMap::new(), found: Vec::new() };
        let entries = search.config.map_or(&[][..], |config| &config.pins);
        let mut named = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let is_known = search.config.is_none_or(|config| pins.check_runtime(config, index, entry));
            let mut unused: Option<BTreeMap<&'static str, Option<String>>> = None;
            for path in search.matching(index, entry)? {
                if let Some(fields) = is_known.then(|| pins.entry(entry, &path)).flatten() {
                    match &mut unused {
                        Some(unused) => unused.retain(|name, _| fields.contains_key(name)),
                        None => unused = Some(fields),
                    }
                }
                named.push(path);
            }
            pins.report_unused(search.config, index, entry, &unused.unwrap_or_default());
        }
        pins.scan_all(search, &named);
        Ok(pins.found)
    }

    /// The files among these that have pins, so that they are inputs.
    ///
    /// # Errors
    ///
    /// As [`Linter::add_pins`].
    pub fn files_with_pins(&self, search: &PinSearch<'_>, files: Vec<PathBuf>) -> Result<Vec<PathBuf>, Failure> {
        let entries = search.config.map_or(&[][..], |config| &config.pins);
        let mut named = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            named.extend(search.matching(index, entry)?);
        }
        let has_pins = |path: &PathBuf| {
            let syntax = path.file_name().and_then(|name| Syntax::of(&name.to_string_lossy()));
            let (Some(syntax), Ok(text)) = (syntax, search_text_file(path, FILE_BYTES)) else { return false };
            let mut pairs = scan(&text, syntax).into_iter();
            let is_registered =
                |pair: slug_pins::Pair| self.registry.runtime(self.dispatched(&pair.runtime.text)).is_some();
            pairs.any(is_registered) && !is_report(&text)
        };
        let is_input = |path: &PathBuf| named.iter().any(|input| is_same_file(path, input)) || has_pins(path);
        Ok(files.into_iter().filter(is_input).collect())
    }

    /// The runtime under which the registry has it: policies have templates of runtimes.
    pub(super) fn dispatched<'n>(&'n self, runtime: &'n str) -> &'n str {
        let templates = self.policies.iter().map(|policy| policy.template_of(runtime));
        templates.into_iter().find(|name| *name != runtime).unwrap_or(runtime)
    }

    /// The finding of a pin that fails or is probably misspelt.
    fn check_pin(&self, sources: &Sources, pin: &Pin) -> Option<Finding> {
        let registry = self.registry;
        let (model, on) = (shown(&pin.model.text), shown(&pin.runtime.text));
        let Some(handle) = registry.handle(self.dispatched(&pin.runtime.text)) else {
            let known = registry.runtimes().iter().map(|runtime| runtime.name.as_str());
            let help = did_you_mean(&pin.runtime.text, known, "write a runtime of the registry");
            let text = format!("the registry has no runtime {on}");
            let finding = contradiction(Code::UnknownRuntime, pin, &pin.runtime).with_primary_text(text);
            return Some(finding.with_help(help));
        };
        let contradiction = |code, text: String| {
            let finding = contradiction(code, pin, &pin.model).with_primary_text(text);
            let runtime = Span { source: pin.source, range: pin.runtime.span.clone() };
            if runtime.range.is_empty() { finding } else { finding.with_label(runtime, "the runtime") }
        };
        let listed = || handle.runtime().arms.iter().flat_map(|arm| arm.models.iter().map(String::as_str));
        let names = pin.required_names();
        let credentials = Credentials { ambient: &names, ..Credentials::default() };
        let similar = || similar_ids(registry, &handle.runtime().name, &pin.model.text, &credentials, SUGGESTIONS);
        let near = || match similar().as_slice() {
            [] => format!("write an id that the registry lists for {on}"),
            near => {
                format!("did you mean {}?", near.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" or "))
            }
        };
        let only_near = || match similar().as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        Some(match handle.derive(&pin.model.text, &credentials) {
            Ok(provider) => match lacking(pin, provider, &credentials) {
                Some((code, note)) => {
                    let finding = contradiction(code, format!("{model} is from {}", provider.name)).with_note(note);
                    misspelt_names(pin, provider).into_iter().fold(finding, Finding::with_help)
                }
                None => {
                    let is_listed = listed().any(|id| id == pin.model.text.trim());
                    let meant = listed().find(|id| !is_listed && is_slip(&pin.model.text, id))?;
                    let finding =
                        near_miss::slug(pin.span(), &pin.runtime.text, &pin.model.text, meant, &provider.name);
                    Finding { patch: pin.patch(sources, handle, meant, Some(provider)), ..finding }
                }
            },
            Err(Rejection::WithdrawnModel) => {
                let owner = handle.withdrawn_by(&pin.model.text);
                let patch = only_near().and_then(|near| pin.patch(sources, handle, near, owner));
                let owner = owner.map_or(String::new(), |owner| format!(" by its provider {}", owner.name));
                let finding =
                    contradiction(Code::WithdrawnModel, format!("withdrawn{owner} on runtime {on}")).with_help(near());
                Finding { patch, ..finding }
            }
            Err(Rejection::UnregisteredModel) => {
                let patch = only_near().and_then(|near| pin.patch(sources, handle, near, None));
                let finding = contradiction(Code::UnregisteredModel, format!("no provider of runtime {on} serves it"))
                    .with_help(near());
                Finding { patch, ..finding }
            }
            // The credentials of the workspace decide, and the file does not say which it gets.
            Err(_) => return None,
        })
    }

    /// What the registry says about a pin.
    #[must_use]
    pub fn pin_answer(&self, pin: &Pin) -> PinAnswer {
        let Answer { code, provider, payer, .. } = self.answer_for_pin(self.registry, pin);
        let span = match code {
            Some(Code::UnknownRuntime) => Span { source: pin.source, range: pin.runtime.span.clone() },
            _ => pin.span(),
        };
        PinAnswer { span, runtime: pin.runtime.text.clone(), model: pin.model.text.clone(), code, provider, payer }
    }

    /// What a registry makes of a pin.
    pub(super) fn answer_for_pin(&self, registry: &Registry, pin: &Pin) -> Answer {
        let Some(handle) = registry.handle(self.dispatched(&pin.runtime.text)) else {
            return Answer::new(Some(Code::UnknownRuntime), None);
        };
        let names = pin.required_names();
        let credentials = Credentials { ambient: &names, ..Credentials::default() };
        match handle.derive(&pin.model.text, &credentials) {
            Ok(provider) => Answer::new(lacking(pin, provider, &credentials).map(|(code, _)| code), Some(provider)),
            // The credentials of the workspace decide, and the file does not say which it gets.
            Err(Rejection::AmbiguousModel) => Answer::default(),
            Err(rejection) => Answer::new(Some(rejection.into()), None),
        }
    }
}

impl Pin {
    /// The edit that writes another id, if it helps and keeps the vendor. `owner` is the provider of the id as
    /// written, if it has one.
    fn patch(
        &self,
        sources: &Sources,
        runtime: RuntimeHandle<'_>,
        meant: &str,
        owner: Option<&Provider>,
    ) -> Option<Patch> {
        let names = self.required_names();
        let credentials = Credentials { ambient: &names, ..Credentials::default() };
        let provider = runtime.derive(meant, &credentials).ok()?;
        let [served_by] = runtime.candidates(meant)[..] else { return None };
        let keeps_vendor = match owner {
            Some(owner) => owner.name == provider.name,
            None => is_other_spelling(runtime, self.model(), meant) || is_of_one_vendor(runtime, self.model(), meant),
        };
        let helps = served_by.name == provider.name && lacking(self, provider, &credentials).is_none();
        let range = self.written(sources).filter(|_| keeps_vendor && helps && is_plain(meant))?;
        let span = Span { source: self.source, range: range.clone() };
        let title = format!("replace `{}` by `{meant}`", shown(self.model()));
        let edits = vec![Edit { span, replacement: meant.to_owned() }];
        Some(Patch { title, rank: 0, edits, within: range })
    }

    /// The bytes of the id in the file, without quotes; `None` if the file writes it with escapes or through an
    /// alias, or if an anchor names the value, because other fields may have it too.
    fn written(&self, sources: &Sources) -> Option<Range<usize>> {
        let text = &sources.get(self.source).text;
        let Range { start, end } = self.model.span;
        let written = text.get(start..end)?;
        let quoted = ['"', '\''].into_iter().find(|quote| written.len() > 1 && written.starts_with(*quote));
        let range = if quoted.is_some() { start + 1..end - 1 } else { start..end };
        let before = text[..start].trim_end_matches(['"', '\'', ' ']).rsplit([' ', '\n']).next().unwrap_or_default();
        (text.get(range.clone()) == Some(self.model()) && !before.starts_with('&')).then_some(range)
    }

    /// The names of the secrets that the workspace gets, as far as the file says.
    fn required_names(&self) -> Vec<&str> {
        self.required_env.iter().flatten().map(String::as_str).collect()
    }
}

impl PinSearch<'_> {
    /// The files of an entry, sorted.
    fn matching(&self, index: usize, entry: &PinEntry) -> Result<Vec<PathBuf>, Failure> {
        let config = self.config.expect("entries come from a configuration");
        let mut files = Vec::new();
        for (position, pattern) in entry.files.iter().enumerate() {
            let found = pattern::matching(&self.root.join(pattern));
            files.extend(found.map_err(|problem| {
                let field = PinEntry::pattern_path(index, position);
                config.field_error(field, format!("the pattern `{pattern}` {problem}"))
            })?);
        }
        files.sort();
        files.dedup();
        Ok(files)
    }
}

struct Pins<'r, 'a> {
    linter: &'r Linter<'a>,
    registries: &'r [&'r Registry],
    report: &'r mut Report,
    sources: BTreeMap<String, SourceId>,
    found: Vec<Pin>,
}

impl Pins<'_, '_> {
    /// Scans the files of the repository.
    fn scan_all(&mut self, search: &PinSearch<'_>, named: &[PathBuf]) {
        let root = if search.root.as_os_str().is_empty() { Path::new(".") } else { &search.root };
        let identity = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let except: Vec<PathBuf> = search.except.iter().chain(named).map(|path| identity(path)).collect();
        let (mut files, mut bytes, mut left) = (0, 0, 0_u64);
        for entry in files_below(root) {
            let Some(syntax) = Syntax::of(&entry.file_name().to_string_lossy()) else { continue };
            let size = entry.metadata().map_or(0, |metadata| metadata.len());
            if size > FILE_BYTES as u64 || files == FILES || bytes + size > TOTAL_BYTES {
                left += 1;
            } else {
                (files, bytes) = (files + 1, bytes + size);
                let Ok(text) = search_text_file(entry.path(), FILE_BYTES) else { continue };
                let pairs = scan(&text, syntax);
                let is_read = (!pairs.is_empty() || text.contains(SUPPRESSION)) && !is_report(&text);
                if is_read && !except.contains(&identity(entry.path())) {
                    self.pairs(entry.path(), &text, pairs);
                }
            }
        }
        if left > 0 {
            let (what, size, all) = (counted(left, "file"), FILE_BYTES >> 20, TOTAL_BYTES >> 20);
            let limits = format!("a file has at most {size} MiB, and all together {FILES} files with {all} MiB");
            self.report.notices.push(format!("{what} not scanned for pins, because of the limits: {limits}"));
        }
    }

    /// Checks the pairs of a file whose runtime the registry has. Other objects have fields with these names, too.
    fn pairs(&mut self, path: &Path, text: &str, pairs: Vec<slug_pins::Pair>) {
        let is_runtime = |pair: &slug_pins::Pair| {
            let name = self.linter.dispatched(&pair.runtime.text);
            self.registries.iter().any(|registry| registry.runtime(name).is_some())
        };
        let pairs: Vec<_> = pairs.into_iter().filter(is_runtime).collect();
        if pairs.is_empty() && !text.contains(SUPPRESSION) {
            return;
        }
        record_file(path);
        // A suppression without a finding is reported, so that the file has to be a source.
        let source = self.source(path, text);
        let pin = |pair: slug_pins::Pair| Pin { source, runtime: pair.runtime, model: pair.model, required_env: None };
        self.found.extend(pairs.into_iter().map(pin));
    }

    /// Reports the runtime that an entry names for all its files, if no registry has it. Returns false then.
    fn check_runtime(&mut self, config: &Config, index: usize, entry: &PinEntry) -> bool {
        let RuntimeSource::Name(name) = &entry.runtime else { return true };
        let dispatched = self.linter.dispatched(name);
        if self.registries.iter().any(|registry| registry.runtime(dispatched).is_some()) {
            return true;
        }
        let field = yaml::FieldPath::default().key("pins").index(index).key("runtime");
        let source = self.source(&config.path, &config.text);
        let known = self.linter.registry.runtimes().iter().map(|runtime| runtime.name.as_str());
        let help =
            did_you_mean(name, known, "write a runtime of the registry, or the path of a field such as `.runtime`");
        let span = Span { source, range: config.value_range(&field) };
        let finding = Finding::new(codes::contradiction(Code::UnknownRuntime), span, Code::UnknownRuntime.meaning())
            .with_primary_text(format!("the registry has no runtime {}", shown(name)))
            .with_note("the model ids of the files of this entry are not checked")
            .with_help(help)
            .with_subject("runtime", name);
        self.report.findings.push(finding);
        false
    }

    /// Reports the optional fields of an entry whose path selects nothing in any of its files; each with the path that
    /// was probably meant.
    fn report_unused(
        &mut self,
        config: Option<&Config>,
        index: usize,
        entry: &PinEntry,
        unused: &BTreeMap<&'static str, Option<String>>,
    ) {
        let Some(config) = config else { return };
        for field in entry.models.iter().chain(&entry.required_env) {
            let Some(meant) = unused.get(field.name) else { continue };
            let source = self.source(&config.path, &config.text);
            let path = yaml::FieldPath::default().key("pins").index(index).key(field.name);
            let title = format!("no file of this entry has anything at `{}`, so it is not checked", field.written);
            let help = meant_path(meant.as_deref(), &format!("correct the path, or remove `{}`", field.name));
            self.report.findings.push(self.undecided(source, config.value_range(&path), title).with_help(help));
        }
    }

    /// Checks the fields of a file that an entry names. Returns the optional fields whose path selects nothing, each
    /// with the path that was probably meant; None for a file that is not checked.
    fn entry(&mut self, entry: &PinEntry, path: &Path) -> Option<BTreeMap<&'static str, Option<String>>> {
        let bytes = match read_file(path) {
            Ok(bytes) => bytes,
            Err(failure) => {
                self.unreadable(path, "", 0..0, failure.to_string());
                return None;
            }
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let root = match yaml::read(&bytes) {
            Ok(root) => root,
            Err(error) => {
                self.unreadable(path, &text, error.span.unwrap_or_default(), error.message);
                return None;
            }
        };
        let source = self.source(path, &text);
        let runtimes: Vec<Literal> = match &entry.runtime {
            RuntimeSource::Name(name) => vec![Literal { text: name.clone(), span: 0..0 }],
            RuntimeSource::Field(field) => self.literals(source, field, &root),
        };
        let models: Vec<Literal> = entry.models.iter().flat_map(|field| self.literals(source, field, &root)).collect();
        let has_none = |field: &PinField| field.query.select(&root).into_iter().all(Node::is_null);
        let missing = match &entry.runtime {
            RuntimeSource::Field(field) if has_none(field) => Some(field),
            _ if entry.models.iter().all(has_none) => Some(&entry.models[0]),
            _ => None,
        };
        let meant = |field: &PinField| {
            let closest = |name: &str, known: &[&str]| {
                let short = known.iter().copied().filter(|known| known.len() <= FIELD_BYTES);
                closest_match(name, short).map(str::to_owned)
            };
            field.query.meant(&root, closest)
        };
        if let Some(field) = missing {
            let title = format!("the file has nothing at `{}`, so its model is not checked", field.written);
            let otherwise = "correct the path in `pins` of slugproof.yaml, or exclude the file from `files`";
            let help = meant_path(meant(field).as_deref(), otherwise);
            self.report.findings.push(self.undecided(source, 0..0, title).with_help(help));
            return None;
        }
        let required_env = entry.required_env.as_ref().and_then(|field| self.names(source, field, &root));
        for runtime in &runtimes {
            for model in &models {
                let (runtime, model, required_env) = (runtime.clone(), model.clone(), required_env.clone());
                self.found.push(Pin { source, runtime, model, required_env });
            }
        }
        let optional = entry.models.iter().chain(&entry.required_env);
        Some(optional.filter(|field| field.query.is_missing(&root)).map(|field| (field.name, meant(field))).collect())
    }

    /// The names of secrets at a path, if it selects anything; another value than a list of names is undecided.
    fn names(&mut self, source: SourceId, field: &PinField, root: &Node) -> Option<Vec<String>> {
        let nodes = field.query.select(root);
        let mut names = Vec::new();
        for node in &nodes {
            if !add_names(node, &mut names) {
                let title = format!("the value at `{}` is not a list of names, so it is not checked", field.written);
                let finding = self.undecided(source, node.highlight_span(), title);
                self.report.findings.push(finding);
                return None;
            }
        }
        (!nodes.is_empty()).then_some(names)
    }

    /// The texts at a path; values that are no texts are undecided.
    fn literals(&mut self, source: SourceId, field: &PinField, root: &Node) -> Vec<Literal> {
        let mut literals = Vec::new();
        for node in field.query.select(root).into_iter().filter(|node| !node.is_null()) {
            match node.text() {
                Some(text) if !text.contains(['$', '{']) => {
                    literals.push(Literal { text: text.to_owned(), span: node.span.clone() });
                }
                _ => {
                    let (what, help) = match (node.text(), matches!(node.value, Value::Sequence(_))) {
                        (Some(_), _) => ("computed", None),
                        (None, true) => {
                            ("a list, not a text", Some(format!("write `{}[]` to check each item", field.written)))
                        }
                        (None, false) => ("not a text", None),
                    };
                    let title = format!("the value at `{}` is {what}, so it is not checked", field.written);
                    let mut finding = self.undecided(source, node.highlight_span(), title);
                    finding.help.extend(help);
                    self.report.findings.push(finding);
                }
            }
        }
        literals
    }

    fn undecided(&self, source: SourceId, range: std::ops::Range<usize>, title: String) -> Finding {
        Finding::new(&UNDECIDED, Span { source, range }, title)
    }

    fn unreadable(&mut self, path: &Path, text: &str, range: std::ops::Range<usize>, message: String) {
        let source = self.source(path, text);
        self.report.findings.push(Finding::new(&UNREADABLE_FILE, Span { source, range }, message));
        self.report.coverage = Coverage::Incomplete;
    }

    /// The source of a file in the report, with its secrets masked.
    fn source(&mut self, path: &Path, text: &str) -> SourceId {
        let shown = report_path(path);
        if let Some(source) = self.sources.get(&shown) {
            return *source;
        }
        let known = self.report.sources.iter().find(|(_, source)| source.path == shown).map(|(source, _)| source);
        if let Some(source) = known {
            self.sources.insert(shown, source);
            return source;
        }
        let names = self.linter.secret_names();
        let text = mask::masked(&mask_credentials(text), &names);
        let source = self.report.sources.add(Source { path: shown.clone(), text });
        self.sources.insert(shown, source);
        source
    }
}

/// The help for a path that selects nothing: the path that was probably meant, if any.
fn meant_path(meant: Option<&str>, otherwise: &str) -> String {
    meant.map_or(otherwise.to_owned(), |meant| format!("did you mean `{}`?", shown(meant)))
}

/// Returns true if a file has as many pins after a change as before, and is still readable.
fn is_same_structure(path: &Path, before: &str, after: &str) -> bool {
    let syntax = path.file_name().and_then(|name| Syntax::of(name.to_str()?));
    let pairs = |text: &str| syntax.map_or(0, |syntax| scan(text, syntax).len());
    pairs(before) == pairs(after) && (yaml::read(before.as_bytes()).is_err() || yaml::read(after.as_bytes()).is_ok())
}

/// The first segment of an id, if it has several: the vendor.
fn vendor(id: &str) -> Option<&str> {
    id.split_once(['/', ':']).map(|(vendor, _)| vendor)
}

/// Returns true if two ids are one, up to a slip, separators and case. A slip that leads from one vendor of the
/// runtime to another is none.
fn is_other_spelling(runtime: RuntimeHandle<'_>, id: &str, meant: &str) -> bool {
    let folded = |id: &str| id.to_lowercase().replace([':', '/', '_'], "-");
    let mut listed = runtime.runtime().arms.iter().flat_map(|arm| &arm.models);
    let is_vendor = |named: &str| listed.any(|model| vendor(model) == Some(named));
    let is_other_vendor = vendor(id) != vendor(meant) && vendor(id).is_some_and(is_vendor);
    (is_slip(id, meant) || folded(id) == folded(meant)) && !is_other_vendor
}

/// Returns true if both ids have one first segment, and one provider alone lists ids with it on the runtime.
fn is_of_one_vendor(runtime: RuntimeHandle<'_>, id: &str, meant: &str) -> bool {
    let Some(named) = vendor(id).filter(|named| vendor(meant) == Some(named)) else { return false };
    let lists = |arm: &&Arm| arm.models.iter().any(|model| vendor(model) == Some(named));
    runtime.runtime().arms.iter().filter(lists).count() == 1
}

/// Returns true if an id means itself in every language, with and without quotes.
fn is_plain(id: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "._/:@+-".contains(c);
    id.starts_with(|c: char| c.is_ascii_alphabetic()) && id.chars().all(is_safe) && !id.ends_with(':')
}

/// Adds the names of a text or of lists of texts. Returns false if there is another value.
fn add_names(node: &Node, names: &mut Vec<String>) -> bool {
    match (node.text(), &node.value) {
        (Some(text), _) if !text.contains(['$', '{']) => names.push(text.to_owned()),
        (_, Value::Sequence(items)) => return items.iter().all(|item| add_names(item, names)),
        _ => return node.is_null(),
    }
    true
}

/// A finding about a pin.
fn contradiction(code: Code, pin: &Pin, at: &Literal) -> Finding {
    let span = Span { source: pin.source, range: at.span.clone() };
    Finding::new(codes::contradiction(code), span, code.meaning())
        .with_subject("runtime", pin.runtime.text.clone())
        .with_subject("model", pin.model.text.clone())
}

/// Hints for listed secrets that are one slip away from one that a provider accepts.
fn misspelt_names(pin: &Pin, provider: &Provider) -> Vec<String> {
    let names = pin.required_names();
    let meant = |name: &&str| provider.auth_env.names().iter().find(|known| is_slip(name, known));
    let hint = |name: &str, known: &str| format!("`{}`: did you mean `{known}`?", shown(name));
    names.iter().filter_map(|name| Some(hint(name, meant(name)?))).collect()
}

/// Why the listed secrets do not meet what a provider needs, if they do not.
fn lacking(pin: &Pin, provider: &Provider, credentials: &Credentials<'_>) -> Option<(Code, String)> {
    let listed = pin.required_env.as_ref().filter(|_| !provider.is_platform() && !credentials.meet(provider))?;
    let (code, listed) = match listed.as_slice() {
        [] => (Code::MissingCredential, "nothing".to_owned()),
        names => (Code::WrongCredential, names.join(", ")),
    };
    Some((code, format!("{} {}; the file requires {listed}", provider.name, explain::needs(provider))))
}
