//! The open documents, and what `check` and `lint` find in them and in the files beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use slug_protocol::text::Lines;
use slug_protocol::uri;
use slug_redact::mask_credentials;
use slug_resolver::{Policy, Registry};

use crate::args::{CheckArgs, LintArgs};
use crate::codes::{Entry, INVALID_CONFIG, INVALID_POLICY, INVALID_REGISTRY, Level, UNREADABLE_FILE};
use crate::commands::{check, lint};
use crate::config::{Config, FILE_NAME};
use crate::data::{Data, DataOptions};
use crate::exit::Failure;
use crate::findings::{EMBEDDED, Edit, Finding, FindingsOptions, Report, Sources, Span, help_uri};
use crate::io::{Directory, Overlay, read_file};
use crate::render::printable;

/// A document that the client has open.
struct Document {
    path: PathBuf,
    text: Arc<str>,
}

/// A range of a file.
struct Location {
    path: PathBuf,
    range: Range<usize>,
}

/// A finding of a command, or the reason why the command could not run.
struct Problem {
    location: Location,
    code: Option<&'static Entry>,
    level: Level,
    message: String,
    /// Other places that explain the finding, each with a text.
    related: Vec<(Location, String)>,
    fix: Option<Fix>,
}

/// Tested edits that resolve a finding.
struct Fix {
    title: String,
    edits: Vec<(Location, String)>,
}

/// The registry and the policies of a project.
#[derive(Clone)]
pub struct Names {
    /// The registry.
    pub registry: Registry,
    /// The policies.
    pub policies: Vec<Policy>,
}

/// The open documents and the findings.
#[derive(Default)]
pub struct Workspace {
    folders: Vec<PathBuf>,
    /// The open documents, by URI.
    documents: BTreeMap<String, Document>,
    overlay: Overlay,
    problems: Vec<Problem>,
    /// Documents that were opened or changed since their diagnostics were published.
    touched: BTreeSet<String>,
    /// The diagnostics that the client has, by URI.
    published: BTreeMap<String, Value>,
    /// The last valid names of each project.
    names: BTreeMap<PathBuf, Names>,
    /// True if the findings are older than the documents.
    is_stale: bool,
    /// Failures that are about no file.
    failures: BTreeSet<String>,
}

impl Workspace {
    /// Adds a folder of the workspace.
    pub fn add_folder(&mut self, uri: &str) {
        self.folders.extend(uri::path(uri).filter(|path| path.is_dir()));
        self.is_stale = true;
    }

    /// Removes a folder of the workspace.
    pub fn remove_folder(&mut self, uri: &str) {
        let removed = uri::path(uri);
        self.folders.retain(|folder| Some(folder) != removed.as_ref());
        self.is_stale = true;
    }

    /// Opens a document or changes its text. A text without a file is ignored.
    pub fn open(&mut self, uri: &str, text: &str) {
        let Some(path) = uri::path(uri) else { return };
        let text: Arc<str> = text.into();
        self.overlay.set(&path, Some(text.clone()));
        self.documents.insert(uri.to_owned(), Document { path, text });
        self.touched.insert(uri.to_owned());
        self.is_stale = true;
    }

    /// Closes a document: the file on disk counts again.
    pub fn close(&mut self, uri: &str) {
        if let Some(document) = self.documents.remove(uri) {
            self.overlay.set(&document.path, None);
            self.is_stale = true;
        }
    }

    /// Returns true if the document is open.
    pub fn is_open(&self, uri: &str) -> bool {
        self.documents.contains_key(uri)
    }

    /// Notes that files on disk changed.
    pub fn invalidate(&mut self) {
        self.is_stale = true;
    }

    /// Notes that a file on disk changed. A file that a tool keeps for itself below a folder has no effect: one of
    /// git, and one in a cache, which a `CACHEDIR.TAG` marks.
    pub fn changed(&mut self, uri: &str) {
        let is_kept = |path: &Path| {
            let below = |folder: &PathBuf| path.starts_with(folder) && path != folder;
            let Some(folder) = self.folders.iter().filter(|folder| below(folder)).max() else { return false };
            let mut directories = path.ancestors().skip(1).take_while(|directory| directory != folder);
            directories.any(|it| it.ends_with(".git") || it.join("CACHEDIR.TAG").exists())
        };
        self.is_stale |= !uri::path(uri).is_some_and(|path| is_kept(&path));
    }

    /// The text of an open document.
    pub fn text(&self, uri: &str) -> Option<Arc<str>> {
        self.documents.get(uri).map(|document| document.text.clone())
    }

    /// Runs the commands if documents or files changed. Returns the parameters of the diagnostics to publish, and
    /// failures that are about no file.
    pub fn refresh(&mut self) -> (Vec<Value>, Vec<String>) {
        if !std::mem::take(&mut self.is_stale) {
            return (Vec::new(), Vec::new());
        }
        self.problems.clear();
        let mut failures = BTreeSet::new();
        for project in self.projects() {
            let mut found = Found { directory: &project, problems: Vec::new(), failures: BTreeSet::new() };
            match Directory::enter(&project) {
                Ok(_entered) => self.overlay.during(|| found.run()),
                Err(failure) => drop(found.failures.insert(failure.to_string())),
            }
            failures.extend(found.failures);
            self.problems.extend(found.problems);
        }
        let new = failures.difference(&self.failures).cloned().collect();
        self.failures = failures;
        (self.diagnostics(), new)
    }

    /// The directories in which the commands run: the folders, and that of the nearest slugproof.yaml of each
    /// document, else its folder.
    fn projects(&self) -> BTreeSet<PathBuf> {
        let of_documents = self.documents.values().map(|document| self.project(&document.path));
        self.folders.iter().cloned().chain(of_documents).collect()
    }

    fn project(&self, path: &Path) -> PathBuf {
        let folder =
            self.folders.iter().filter(|folder| path.starts_with(folder)).max_by_key(|folder| folder.as_os_str().len());
        let above = || path.parent().unwrap_or(Path::new("/")).ancestors();
        let mut inside = above().take_while(|directory| folder.is_none_or(|folder| directory.starts_with(folder)));
        let configured = inside.find(|directory| directory.join(FILE_NAME).symlink_metadata().is_ok());
        let top = || above().find(|directory| directory.join(".git").exists());
        let found = configured.or(folder.map(PathBuf::as_path)).or_else(top).or(path.parent());
        found.filter(|found| found.is_dir()).map_or_else(|| PathBuf::from("/"), Path::to_owned)
    }

    /// The registry and the policies for a document: if a file of them is broken, the last valid ones, else those
    /// on disk.
    pub fn names(&mut self, uri: &str) -> Option<Names> {
        let project = self.project(&self.documents.get(uri)?.path);
        let read = || {
            let _entered = Directory::enter(&project).ok()?;
            let data = Data::find(DataOptions::default()).ok()?;
            Some(Names { registry: data.registry().ok()?, policies: data.policies(&[]).ok()? })
        };
        if let Some(names) = self.overlay.during(read) {
            self.names.insert(project.clone(), names);
        }
        let known = self.names.get(&project).cloned();
        known.or_else(|| Overlay::default().during(read))
    }

    /// The parameters of all diagnostics that the client does not have yet.
    fn diagnostics(&mut self) -> Vec<Value> {
        let mut texts = Texts::new(&self.overlay);
        let mut by_uri: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for problem in &self.problems {
            let found = by_uri.entry(self.uri_of(&problem.location.path)).or_default();
            let diagnostic = self.diagnostic(problem, &mut texts);
            // Two projects may lint one file.
            if !found.contains(&diagnostic) {
                found.push(diagnostic);
            }
        }
        let known = self.published.keys().chain(&self.touched).cloned().collect::<Vec<_>>();
        for uri in known {
            by_uri.entry(uri).or_default();
        }
        let mut changed = Vec::new();
        for (uri, diagnostics) in by_uri {
            let is_touched = self.touched.remove(&uri);
            let diagnostics = Value::Array(diagnostics);
            if is_touched || self.published.get(&uri) != Some(&diagnostics) {
                changed.push(json!({"uri": uri, "diagnostics": diagnostics}));
            }
            if diagnostics == json!([]) {
                self.published.remove(&uri);
            } else {
                self.published.insert(uri, diagnostics);
            }
        }
        changed
    }

    /// The URI of a file, as the client writes it.
    fn uri_of(&self, path: &Path) -> String {
        let open = self.documents.iter().find(|(_, document)| document.path == path);
        let same = || {
            let canonical = path.canonicalize().ok()?;
            self.documents.iter().find(|(_, document)| document.path.canonicalize().is_ok_and(|it| it == canonical))
        };
        open.or_else(same).map_or_else(|| uri::of(path), |(uri, _)| uri.clone())
    }

    fn diagnostic(&self, problem: &Problem, texts: &mut Texts<'_>) -> Value {
        let Problem { location, code, level, message, related, .. } = problem;
        let severity = match level {
            Level::Error => 1,
            Level::Warning => 2,
            Level::Undecided => 3,
            Level::Note => 4,
        };
        let mut diagnostic = json!({
            "range": texts.range(location),
            "severity": severity,
            "source": "slugproof",
            "message": message,
        });
        if let Some(code) = code {
            diagnostic["code"] = json!(code.id);
            // An editor opens the link in a browser, which knows no URN.
            let link = help_uri(code.id);
            if link.starts_with("http") {
                diagnostic["codeDescription"] = json!({"href": link});
            }
        }
        let related: Vec<Value> = related
            .iter()
            .map(|(at, text)| {
                json!({"location": {"uri": self.uri_of(&at.path), "range": texts.range(at)}, "message": text})
            })
            .collect();
        if !related.is_empty() {
            diagnostic["relatedInformation"] = json!(related);
        }
        diagnostic
    }

    /// The code actions for a range of bytes of a document: the fixes of the findings there.
    pub fn fixes(&self, uri: &str, range: &Range<usize>) -> Value {
        let mut texts = Texts::new(&self.overlay);
        let is_here = |problem: &&Problem| {
            let Location { path, range: of_problem } = &problem.location;
            self.uri_of(path) == uri && of_problem.start <= range.end && range.start <= of_problem.end
        };
        let mut actions = Vec::new();
        for problem in self.problems.iter().filter(is_here) {
            let Some(fix) = &problem.fix else { continue };
            let mut changes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
            for (location, replacement) in &fix.edits {
                let edit = json!({"range": texts.range(location), "newText": replacement});
                changes.entry(self.uri_of(&location.path)).or_default().push(edit);
            }
            let diagnostic = self.diagnostic(problem, &mut texts);
            let action = json!({
                "title": fix.title,
                "kind": QUICK_FIX,
                "diagnostics": [diagnostic],
                "isPreferred": true,
                "edit": {"changes": changes},
            });
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
        Value::Array(actions)
    }
}

/// The kind of the code actions.
pub const QUICK_FIX: &str = "quickfix";

/// The texts of files, as the client shows them.
struct Texts<'w> {
    overlay: &'w Overlay,
    read: BTreeMap<PathBuf, String>,
}

impl<'w> Texts<'w> {
    fn new(overlay: &'w Overlay) -> Self {
        Self { overlay, read: BTreeMap::new() }
    }

    fn range(&mut self, location: &Location) -> Value {
        let text = self.read.entry(location.path.clone()).or_insert_with_key(|path| {
            let bytes = self.overlay.during(|| read_file(path)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Lines::new(text).range(&location.range)
    }
}

/// What the commands find in one project, which is the working directory.
struct Found<'p> {
    directory: &'p Path,
    problems: Vec<Problem>,
    failures: BTreeSet<String>,
}

impl Found<'_> {
    fn run(&mut self) {
        let mut is_refused = false;
        // Without a slugproof.yaml, `check` would check the sample data.
        match Config::find_file() {
            Ok(None) => {}
            Ok(Some(_)) => {
                // The functions of policies are never run while somebody types.
                let args = CheckArgs { with_conform: true, ..CheckArgs::default() };
                match check::report(&args).and_then(|(report, options)| self.add(report, &options)) {
                    Ok(has_refused) => is_refused = has_refused,
                    Err(failure) => self.fail(&failure),
                }
            }
            Err(failure) => return self.fail(&failure),
        }
        let args = LintArgs { with_conform: true, ..LintArgs::default() };
        match lint::report(&args).and_then(|(report, options)| self.add(report, &options)) {
            Ok(_) => {}
            // `check` reports it.
            Err(_) if is_refused => {}
            Err(failure) => self.fail(&failure),
        }
    }

    /// Adds the findings of a report. Returns true if a file could not be read or breaks a rule of its format.
    fn add(&mut self, report: Report, options: &FindingsOptions) -> Result<bool, Failure> {
        let triaged = report.without_credentials().triage(options)?;
        let refusals = [&INVALID_REGISTRY, &INVALID_POLICY, &INVALID_CONFIG, &UNREADABLE_FILE];
        let is_refused = triaged.open.iter().any(|finding| refusals.contains(&finding.code));
        for finding in &triaged.open {
            self.problems.extend(self.problem(&triaged.sources, finding));
        }
        Ok(is_refused)
    }

    fn location(&self, sources: &Sources, span: &Span) -> Option<Location> {
        let path = sources.path(span);
        (!path.starts_with(EMBEDDED)).then(|| Location { path: self.path(path), range: span.range.clone() })
    }

    /// The absolute path of a file of a report.
    fn path(&self, path: &str) -> PathBuf {
        let mut whole = PathBuf::new();
        for component in self.directory.join(path).components() {
            match component {
                Component::ParentDir => drop(whole.pop()),
                Component::CurDir => {}
                component => whole.push(component),
            }
        }
        whole
    }

    fn problem(&self, sources: &Sources, finding: &Finding) -> Option<Problem> {
        let location = self.location(sources, &finding.primary.span)?;
        let mut message = finding.title.clone();
        if !finding.primary.text.is_empty() {
            message += &format!(": {}", finding.primary.text);
        }
        finding.notes.iter().for_each(|note| message += &format!("\nnote: {note}"));
        finding.help.iter().for_each(|help| message += &format!("\nhelp: {help}"));
        let related = finding.labels.iter().filter(|label| !label.text.is_empty());
        let related = related.filter_map(|label| Some((self.location(sources, &label.span)?, label.text.clone())));
        let fix = finding.patch.as_ref().and_then(|patch| {
            let edit = |edit: &Edit| Some((self.location(sources, &edit.span)?, edit.replacement.clone()));
            let edits = patch.edits.iter().map(edit).collect::<Option<_>>()?;
            Some(Fix { title: patch.title.clone(), edits })
        });
        Some(Problem {
            location,
            code: Some(finding.code),
            level: finding.level,
            message: printable(&message),
            related: related.collect(),
            fix,
        })
    }

    /// Shows why a command could not run: in the file that the message names, else in slugproof.yaml, else as
    /// a message.
    fn fail(&mut self, failure: &Failure) {
        let message = printable(&mask_credentials(&failure.to_string()));
        let config = Config::find_file().ok().flatten();
        let Some((path, line, column, message)) = located(&message).or_else(|| {
            let config = config.as_ref()?;
            Some((config.display().to_string(), 1, 1, message.clone()))
        }) else {
            self.failures.insert(message);
            return;
        };
        let path = self.path(&path);
        let bytes = read_file(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines = Lines::new(&text);
        let line = lines.line(line - 1);
        let start = text[line.clone()].char_indices().nth(column - 1).map_or(line.end, |(at, _)| line.start + at);
        let location = Location { path, range: start..line.end };
        let (code, level) = (None, Level::Error);
        self.problems.push(Problem { location, code, level, message, related: Vec::new(), fix: None });
    }
}

/// The path, the line, the column and the rest of a message that begins with them.
fn located(message: &str) -> Option<(String, usize, usize, String)> {
    let (path, rest) = message.split_once(": line ")?;
    let (line, rest) = rest.split_once(", column ")?;
    let (column, rest) = rest.split_once(": ")?;
    let number = |text: &str| text.parse().ok().filter(|number| *number > 0);
    Some((path.to_owned(), number(line)?, number(column)?, rest.to_owned()))
}
