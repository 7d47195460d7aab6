//! Pins: the places outside workflows that write down a runtime and a model id.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use slug_pins::{Literal, Syntax, scan};
use slug_resolver::yaml::{self, Node, Value};
use slug_resolver::{Code, Credentials, NameSubset, Provider, Rejection, explain};

use super::linter::Linter;
use super::mask;
use super::near_miss;
use crate::codes::{self, UNDECIDED, UNREADABLE_FILE};
use crate::config::Config;
use crate::exit::Failure;
use crate::findings::{Coverage, Finding, Report, SUPPRESSION, Source, SourceId, Span};
use crate::io::{read_file, report_path};
use crate::pin_entry::{PinEntry, PinField, RuntimeSource};
use crate::redact::mask_credentials;
use crate::render::{counted, shown};
use crate::slip::is_slip;
use crate::suggest::{did_you_mean, similar_ids};

/// Maximum bytes of a file that is scanned.
const FILE_BYTES: u64 = 1 << 20;

/// Maximum number of files of a run that are scanned.
const FILES: usize = 50_000;

/// Maximum bytes of all files of a run.
const TOTAL_BYTES: u64 = 256 << 20;

/// Directories with the programs of others.
const NOT_SCANNED: [&str; 3] = [".git", "node_modules", "site-packages"];

/// The number of similar ids that a finding suggests.
const SUGGESTIONS: usize = 3;

/// Where pins are searched.
pub struct PinSearch<'a> {
    /// The directory whose files are scanned, and to which the patterns of entries are relative.
    pub root: PathBuf,
    /// The entries of slugproof.yaml, with the file.
    pub config: Option<&'a Config>,
    /// Files that are not scanned: workflow files, which `lint` evaluates, and its own outputs.
    pub except: Vec<PathBuf>,
}

/// A model id that a file writes down for a runtime.
struct Pin {
    runtime: Literal,
    model: Literal,
    /// The secrets that the workspace gets, if the file lists them.
    required_env: Option<Vec<String>>,
}

impl Linter<'_> {
    /// Checks every pin and adds the findings to a report.
    ///
    /// # Errors
    ///
    /// An entry of `pins` whose pattern is invalid or matches no file.
    pub fn add_pins(&self, search: &PinSearch<'_>, report: &mut Report) -> Result<(), Failure> {
        let mut pins = Pins { linter: self, report, sources: BTreeMap::new(), checked: 0 };
        let entries = search.config.map_or(&[][..], |config| &config.pins);
        let mut named = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            for path in search.matching(index, entry)? {
                pins.entry(entry, &path);
                named.push(path);
            }
        }
        pins.scan_all(search, &named);
        let checked = pins.checked;
        if checked > 0 {
            report.checked.push(("pin", checked));
            let is_alone = report.checked.iter().all(|(what, count)| *what == "pin" || *count == 0);
            if report.coverage == Coverage::Nothing && is_alone {
                report.coverage = Coverage::Complete;
            }
        }
        Ok(())
    }
}

impl PinSearch<'_> {
    /// The files of an entry, sorted.
    fn matching(&self, index: usize, entry: &PinEntry) -> Result<Vec<PathBuf>, Failure> {
        let config = self.config.expect("entries come from a configuration");
        let error = |pattern: &str, what: &str| {
            let field = yaml::FieldPath::default().key("pins").index(index).key("files");
            config.field_error(field, format!("the pattern `{pattern}` {what}"))
        };
        let mut files = Vec::new();
        for pattern in &entry.files {
            let path = self.root.join(pattern);
            let paths = glob::glob(&path.to_string_lossy());
            let paths = paths.map_err(|problem| error(pattern, &format!("is invalid: {}; correct it", problem.msg)))?;
            let found: Vec<PathBuf> = paths.flatten().filter(|path| path.is_file()).collect();
            if found.is_empty() {
                return Err(error(pattern, "matches no file; correct it or remove it"));
            }
            files.extend(found);
        }
        files.sort();
        files.dedup();
        Ok(files)
    }
}

struct Pins<'r, 'a> {
    linter: &'r Linter<'a>,
    report: &'r mut Report,
    sources: BTreeMap<String, SourceId>,
    checked: usize,
}

impl Pins<'_, '_> {
    /// Scans the files of the repository.
    fn scan_all(&mut self, search: &PinSearch<'_>, named: &[PathBuf]) {
        let root = if search.root.as_os_str().is_empty() { Path::new(".") } else { &search.root };
        let identity = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let except: Vec<PathBuf> = search.except.iter().chain(named).map(|path| identity(path)).collect();
        let mut walk = WalkBuilder::new(root);
        walk.hidden(false).require_git(false).sort_by_file_name(Ord::cmp);
        walk.filter_entry(|entry| !NOT_SCANNED.iter().any(|name| entry.file_name() == *name));
        let (mut files, mut bytes, mut left) = (0, 0, 0_u64);
        for entry in walk.build().flatten() {
            let syntax = entry.file_name().to_str().and_then(Syntax::of);
            let Some(syntax) = syntax.filter(|_| entry.file_type().is_some_and(|kind| kind.is_file())) else {
                continue;
            };
            let size = entry.metadata().map_or(0, |metadata| metadata.len());
            if size > FILE_BYTES || files == FILES || bytes + size > TOTAL_BYTES {
                left += 1;
            } else {
                (files, bytes) = (files + 1, bytes + size);
                let Ok(text) = fs::read_to_string(entry.path()) else { continue };
                let pairs = scan(&text, syntax);
                let is_read = !pairs.is_empty() || text.contains(SUPPRESSION);
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
        let is_runtime =
            |pair: &slug_pins::Pair| self.linter.registry.runtime(self.dispatched(&pair.runtime.text)).is_some();
        let pairs: Vec<_> = pairs.into_iter().filter(is_runtime).collect();
        if pairs.is_empty() && !text.contains(SUPPRESSION) {
            return;
        }
        // A suppression without a finding is reported, so that the file has to be a source.
        let source = self.source(path, text);
        for pair in pairs {
            self.check(source, &Pin { runtime: pair.runtime, model: pair.model, required_env: None });
        }
    }

    /// The runtime under which the registry has it: policies have templates of runtimes.
    fn dispatched<'n>(&'n self, runtime: &'n str) -> &'n str {
        let templates = self.linter.policies.iter().map(|policy| policy.template_of(runtime));
        templates.into_iter().find(|name| *name != runtime).unwrap_or(runtime)
    }

    /// Checks the fields of a file that an entry names.
    fn entry(&mut self, entry: &PinEntry, path: &Path) {
        let bytes = match read_file(path) {
            Ok(bytes) => bytes,
            Err(failure) => return self.unreadable(path, "", 0..0, failure.to_string()),
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let root = match yaml::read(&bytes) {
            Ok(root) => root,
            Err(error) => return self.unreadable(path, &text, error.span.unwrap_or_default(), error.message),
        };
        let source = self.source(path, &text);
        let runtimes: Vec<Literal> = match &entry.runtime {
            RuntimeSource::Name(name) => vec![Literal { text: name.clone(), span: 0..0 }],
            RuntimeSource::Field(field) => self.literals(source, field, &root),
        };
        let models: Vec<Literal> = entry.models.iter().flat_map(|field| self.literals(source, field, &root)).collect();
        let missing = match (&entry.runtime, runtimes.is_empty(), models.is_empty()) {
            (RuntimeSource::Field(field), true, _) => Some(&field.written),
            (_, _, true) => Some(&entry.models[0].written),
            _ => None,
        };
        if let Some(written) = missing {
            let title = format!("the file has no text at `{written}`, so its model is not checked");
            let help = "correct the path in `pins` of slugproof.yaml, or exclude the file from `files`";
            return self.report.findings.push(self.undecided(source, 0..0, title).with_help(help));
        }
        let required_env = entry.required_env.as_ref().and_then(|field| self.names(source, field, &root));
        for runtime in &runtimes {
            for model in &models {
                let pin = Pin { runtime: runtime.clone(), model: model.clone(), required_env: required_env.clone() };
                self.check(source, &pin);
            }
        }
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
                    let title =
                        format!("the value at `{}` is computed or not a text, so it is not checked", field.written);
                    let finding = self.undecided(source, node.highlight_span(), title);
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
        let names = self.linter.secret_names();
        let text = mask::masked(&mask_credentials(text), &names);
        let source = self.report.sources.add(Source { path: shown.clone(), text });
        self.sources.insert(shown, source);
        source
    }

    /// Adds the finding of a pin that fails or is probably misspelt.
    fn check(&mut self, source: SourceId, pin: &Pin) {
        self.checked += 1;
        let registry = self.linter.registry;
        let (model, on) = (shown(&pin.model.text), shown(&pin.runtime.text));
        let Some(handle) = registry.handle(self.dispatched(&pin.runtime.text)) else {
            let known = registry.runtimes().iter().map(|runtime| runtime.name.as_str());
            let help = did_you_mean(&pin.runtime.text, known, "write a runtime of the registry");
            let text = format!("the registry has no runtime {on}");
            let finding = contradiction(Code::UnknownRuntime, pin, source, &pin.runtime).with_primary_text(text);
            return self.report.findings.push(finding.with_help(help));
        };
        let contradiction = |code, text: String| {
            let finding = contradiction(code, pin, source, &pin.model).with_primary_text(text);
            let runtime = Span { source, range: pin.runtime.span.clone() };
            if runtime.range.is_empty() { finding } else { finding.with_label(runtime, "the runtime") }
        };
        let listed = || handle.runtime().arms.iter().flat_map(|arm| arm.models.iter().map(String::as_str));
        let ambient = pin.required_env.as_deref().unwrap_or_default();
        let credentials = Credentials { injected: NameSubset::EMPTY, ambient };
        let runtime = &*handle.runtime().name;
        let near = || match similar_ids(registry, runtime, &pin.model.text, &credentials, SUGGESTIONS).as_slice() {
            [] => format!("write an id that the registry lists for {on}"),
            near => {
                format!("did you mean {}?", near.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(" or "))
            }
        };
        let finding = match handle.derive(&pin.model.text, &credentials) {
            Ok(provider) => match lacking(pin, provider, &credentials) {
                Some((code, note)) => contradiction(code, format!("{model} is from {}", provider.name)).with_note(note),
                None => {
                    let is_listed = listed().any(|id| id == pin.model.text);
                    let Some(meant) = listed().find(|id| !is_listed && is_slip(&pin.model.text, id)) else { return };
                    let span = Span { source, range: pin.model.span.clone() };
                    near_miss::slug(span, &pin.runtime.text, &pin.model.text, meant, &provider.name)
                }
            },
            Err(Rejection::WithdrawnModel) => {
                let owner = handle.withdrawn_by(&pin.model.text);
                let owner = owner.map_or(String::new(), |owner| format!(" by its provider {}", owner.name));
                contradiction(Code::WithdrawnModel, format!("withdrawn{owner} on runtime {on}")).with_help(near())
            }
            Err(Rejection::UnregisteredModel) => {
                contradiction(Code::UnregisteredModel, format!("no provider of runtime {on} serves it"))
                    .with_help(near())
            }
            // The credentials of the workspace decide, and the file does not say which it gets.
            Err(_) => return,
        };
        self.report.findings.push(finding);
    }
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
fn contradiction(code: Code, pin: &Pin, source: SourceId, at: &Literal) -> Finding {
    let span = Span { source, range: at.span.clone() };
    Finding::new(codes::contradiction(code), span, code.meaning())
        .with_subject("runtime", pin.runtime.text.clone())
        .with_subject("model", pin.model.text.clone())
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
