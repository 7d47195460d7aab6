//! slugproof.yaml: the registry, policies and workflows to check, and the contradictions to accept.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use slug_redact::shown_name;
use slug_resolver::yaml::{self, Cursor, Entry, FieldPath, Fields, Node, ReadError, UnknownFields, ValidationError};
use slug_resolver::{Code, Policy, Registry, Warning};
use slug_workflow::declared::Declared;

use crate::codes;
use crate::config_format;
use crate::exit::{Failure, describe};
use crate::expectation::Expectation;
use crate::invariant::Invariant;
use crate::io::{NOT_REGULAR, is_refused, is_same_file, read_file, shown_path};
use crate::pin_entry::PinEntry;
use crate::render::is_blank;
use crate::suggest::{closest_match, did_you_mean};

/// The file name of the configuration.
pub const FILE_NAME: &str = "slugproof.yaml";

/// Wrong file names that users may choose by mistake. A file with such a name is an error
/// because it would have no effect.
const MISNAMED: [&str; 3] = ["slugproof.yml", ".slugproof.yaml", ".slugproof.yml"];

/// A parsed slugproof.yaml.
pub struct Config {
    /// The path of the file.
    pub path: PathBuf,
    /// The text of the file; empty if [`Config::decode`] was called directly.
    pub text: String,
    /// The path of the registry in force, if the file names one: `registry`, else the source of
    /// `registries`.
    pub registry: Option<PathBuf>,
    /// The registries that `check` compares.
    pub registries: Option<Registries>,
    /// Whether the registry may have unknown fields, if the file sets `unknown_fields`.
    pub unknown_fields: Option<UnknownFields>,
    /// The policies, if the file names any: names of embedded policies, or paths.
    pub policies: Option<Vec<OsString>>,
    /// The policy of commands that use one policy: the name of one of `policies` or of an embedded
    /// policy, or a path relative to the file.
    pub harness_policy: Option<String>,
    /// Patterns of the workflow files to lint, if the file names any.
    pub workflows: Option<Vec<PathBuf>>,
    /// Names of secrets that do not exist in the repository.
    pub absent_secrets: Vec<String>,
    /// Every secret that exists in the repository, if the file lists them.
    pub known_secrets: Option<Vec<String>>,
    /// The variables of the repository, with their value; `None` for a variable that does not exist.
    pub vars: Vec<(String, Option<String>)>,
    /// The codes whose findings count as errors.
    pub deny: Vec<&'static codes::Entry>,
    /// What must always or never hold.
    pub invariants: Vec<Invariant>,
    /// Tests: environments, and what they resolve to.
    pub expect: Vec<Expectation>,
    /// The files that write down model ids.
    pub pins: Vec<PinEntry>,
    /// Contradictions that are intended and not reported.
    pub accept: Vec<Accept>,
    root: Node,
}

/// `registries`: two files with one registry, that where it is edited and that in production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registries {
    /// The file that people edit.
    pub source: PathBuf,
    /// The copy in production, which may be older.
    pub deployed: PathBuf,
}

impl Registries {
    /// The names of the two files, in the order in which they are compared.
    pub const NAMES: [&str; 2] = ["source", "deployed"];

    /// The two files, in the order of [`Registries::NAMES`].
    pub fn paths(&self) -> [&Path; 2] {
        [&self.source, &self.deployed]
    }

    /// The two files, each with the field that names it.
    pub fn fields(&self) -> impl Iterator<Item = (&Path, FieldPath)> {
        self.paths().into_iter().zip(Self::NAMES.map(Self::field))
    }

    fn field(name: &str) -> FieldPath {
        FieldPath::default().key("registries").key(name)
    }
}

/// What an entry of `accept` accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptCode {
    /// A contradiction.
    Contradiction(Code),
    /// The warning that a key of another vendor is sent. It is the only warning of `lint` and `prove`.
    CrossVendor,
}

impl AcceptCode {
    fn parse(text: &str) -> Option<Self> {
        let crossing = Some(Self::CrossVendor).filter(|_| text == Warning::CrossVendorCredential.as_str());
        Code::parse(text).map(Self::Contradiction).or(crossing)
    }

    /// The code in kebab-case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contradiction(code) => code.as_str(),
            Self::CrossVendor => Warning::CrossVendorCredential.as_str(),
        }
    }
}

impl From<Code> for AcceptCode {
    fn from(code: Code) -> Self {
        Self::Contradiction(code)
    }
}

/// An entry of `accept`: a contradiction that is intended. An omitted field matches any value.
///
/// An entry with `workflow` or `job` is scoped: it counts for `lint` only. Any other entry counts
/// for `prove` only: that a setting is possible does not say that a job should have it.
#[derive(Debug)]
pub struct Accept {
    /// The line of the entry.
    pub line: u64,
    /// The workflow that the entry is limited to: its path, or the end of its path.
    pub workflow: Option<String>,
    /// The id of the job that the entry is limited to.
    pub job: Option<String>,
    /// The policy that the entry is limited to.
    pub policy: Option<String>,
    /// The runtime that the entry is limited to.
    pub runtime: Option<String>,
    /// The code of the contradiction or the warning.
    pub code: AcceptCode,
    /// The entry matches only if all of these variables are set.
    pub set: Vec<String>,
    /// The entry matches only if all of these variables are unset.
    pub unset: Vec<String>,
    /// The reason why the contradiction is intended.
    pub reason: String,
}

impl Config {
    /// Reads the file that [`Config::find_file`] finds. Returns None if the file is missing.
    pub fn load() -> Result<Option<Self>, Failure> {
        Self::load_below(None)
    }

    /// Reads the file that [`Config::find_file_below`] finds. Returns None if the file is missing.
    pub fn load_below(top: Option<&Path>) -> Result<Option<Self>, Failure> {
        Self::find_file_below(top)?.as_deref().map(Self::read).transpose()
    }

    /// Searches the working directory, then each parent directory, and returns the path of the first
    /// slugproof.yaml.
    pub fn find_file() -> Result<Option<PathBuf>, Failure> {
        Self::find_file_below(None)
    }

    /// Searches the working directory, then each parent directory up to `top` if it is given, and returns the
    /// path of the first slugproof.yaml.
    pub fn find_file_below(top: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
        let directory = std::env::current_dir().map_err(|error| {
            Failure::new(format!("cannot determine the working directory: {error}; change to one that exists"))
        })?;
        // An unreadable file, such as a dangling link, counts as found, so that reading it fails. If
        // this search skipped the file, the command would check the wrong registry and policies.
        let exists = |path: &PathBuf| path.symlink_metadata().is_ok();
        let is_searched = |directory: &&Path| top.is_none_or(|top| directory.starts_with(top));
        let searched = directory.ancestors().take_while(is_searched);
        let found = searched.map(|directory| directory.join(FILE_NAME)).find(exists);
        let misnamed = MISNAMED.iter().map(|name| directory.join(name)).find(|path| path.is_file());
        if let (None, Some(path)) = (&found, misnamed) {
            let name = path.file_name().unwrap_or_default().display();
            return Err(Failure::new(format!("`{name}` is not read; rename it to `{FILE_NAME}`, or pass --no-config")));
        }
        // Inside the working directory, the relative path is shorter and equally clear.
        Ok(found.map(|path| path.strip_prefix(&directory).map(Path::to_owned).unwrap_or(path)))
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let with_path = |error: ReadError| Failure::new(format!("{}: {error}", path.display()));
        let bytes = read_file(path)?;
        let root = yaml::read(&bytes).map_err(with_path)?;
        let config = Self::decode(root, path).map_err(with_path)?;
        Ok(Self { text: String::from_utf8_lossy(&bytes).into_owned(), ..config })
    }

    /// What the file declares about the repository.
    pub fn declared(&self) -> Declared<'_> {
        Declared {
            absent_secrets: &self.absent_secrets,
            known_secrets: self.known_secrets.as_deref(),
            vars: &self.vars,
        }
    }

    /// The path of a file that the configuration names.
    pub fn relative(&self, name: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(name)
    }

    /// An error about one field of an `accept` entry. `to_field` appends the field to the path of the
    /// entry.
    fn accept_error(&self, entry: usize, to_field: impl FnOnce(FieldPath) -> FieldPath, message: String) -> Failure {
        self.field_error(to_field(FieldPath::default().key("accept").index(entry)), message)
    }

    /// An error about one field.
    pub fn field_error(&self, path: FieldPath, message: String) -> Failure {
        Failure::new(format!("{}: {}", self.path.display(), self.located(path, message)))
    }

    /// An error about one field, with its place in the file.
    pub fn located(&self, path: FieldPath, message: String) -> ReadError {
        ValidationError::at(path, message).located(&self.root)
    }

    /// The field that names the registry in force.
    pub fn registry_field(&self) -> FieldPath {
        match self.root.get("registry") {
            Some(_) => FieldPath::default().key("registry"),
            None => Registries::field(Registries::NAMES[0]),
        }
    }

    /// The field that names one of the policies.
    pub fn policy_field(index: usize) -> FieldPath {
        FieldPath::default().key("policies").index(index)
    }

    /// The files of `registry`, `registries` and `policies` that are missing, or cannot be read as a file, each with
    /// the error at its field.
    pub fn missing_files(&self) -> Vec<(PathBuf, ReadError)> {
        let registry = self.registry.iter().filter(|_| self.root.get("registry").is_some());
        let registry = registry.map(|path| (path.clone(), self.registry_field()));
        let registries = self.registries.iter().flat_map(Registries::fields);
        let registries = registries.map(|(path, field)| (path.to_owned(), field));
        let policies = self.policies.iter().flatten().enumerate();
        let is_file = |name: &OsString| name.to_str().is_none_or(|name| Policy::embedded(name).is_none());
        let policies = policies.filter(|(_, name)| is_file(name));
        let policies = policies.map(|(index, name)| (PathBuf::from(name), Self::policy_field(index)));
        let named = registry.chain(registries).chain(policies);
        let missing = named.filter_map(|(path, field)| Some((self.missing_file(&path, field)?, path)));
        missing.map(|(error, path)| (path, error)).collect()
    }

    /// The error about a file that is missing or cannot be read as a file.
    fn missing_file(&self, path: &Path, field: FieldPath) -> Option<ReadError> {
        let (shown, error) = (shown_path(path), |message| Some(self.located(field, message)));
        match fs::metadata(path) {
            Ok(_) if is_refused(path) => return error(format!("the file `{shown}` {NOT_REGULAR}; name a file")),
            Ok(metadata) if metadata.is_dir() => return error(format!("`{shown}` is a directory; name a file")),
            Ok(_) => return None,
            Err(_) if shown.is_empty() => return error("the path is empty; name a file".to_owned()),
            Err(_) if shown.contains("://") => {
                return error(format!("`{shown}` is a URL, and only files are read; download the file and name it"));
            }
            Err(why) if why.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                return error(format!("`{shown}` is a link to a file that does not exist; correct the link"));
            }
            Err(why) if why.kind() != io::ErrorKind::NotFound => {
                return error(format!("the file `{shown}` cannot be read: {}; check the path", describe(&why)));
            }
            Err(_) => {}
        }
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        let names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let yaml = names.iter().map(String::as_str).filter(|name| name.ends_with(".yaml") || name.ends_with(".yml"));
        let others = yaml.filter(|name| *name != FILE_NAME);
        let help = did_you_mean(&name, others, "correct the path, which is relative to this file");
        error(format!("the file `{shown}` does not exist; {help}"))
    }

    /// The bytes of the value of a field in [`Config::text`].
    pub fn value_range(&self, path: &FieldPath) -> Range<usize> {
        path.find(&self.root).1.highlight_span()
    }

    /// The error of `registries` that names one file twice, if it does: nothing would be compared.
    pub fn same_registries(&self) -> Option<ReadError> {
        let [source, deployed] = self.registries.as_ref()?.paths();
        let message = "is the file of `source`, so nothing is compared; name the copy that is in production";
        let field = FieldPath::default().key("registries").key("deployed");
        is_same_file(source, deployed).then(|| ValidationError::at(field, message.to_owned()).located(&self.root))
    }

    /// Refuses a file that a field of this file names and that is missing or cannot be read as a file.
    ///
    /// # Errors
    ///
    /// The error at the field.
    pub fn check_exists(&self, path: &Path) -> Result<(), Failure> {
        match self.missing_files().into_iter().find(|(missing, _)| missing == path) {
            Some((_, error)) => Err(Failure::new(format!("{}: {error}", self.path.display()))),
            None => Ok(()),
        }
    }

    /// Checks that each entry of `accept`, `invariants` and `expect` names existing policies, variables, runtimes and
    /// providers.
    ///
    /// # Errors
    ///
    /// The first unknown name.
    pub fn check_names(&self, policies: &[Policy], registry: Option<&Registry>) -> Result<(), Failure> {
        match self.unknown_names(policies, registry).first() {
            Some(error) => Err(Failure::new(format!("{}: {error}", self.path.display()))),
            None => Ok(()),
        }
    }

    /// The unknown names of `accept`, `invariants` and `expect`, each with the error at its field; at most one for
    /// each entry. Runtimes are checked only if there is a registry.
    pub fn unknown_names(&self, policies: &[Policy], registry: Option<&Registry>) -> Vec<ReadError> {
        let entry = |list: &str, index: usize| FieldPath::default().key(list).index(index);
        let accepts = self.accept.iter().enumerate();
        let accepts = accepts.map(|(index, accept)| accept.check(entry("accept", index), policies, registry));
        let invariants = self.invariants.iter().enumerate().map(|(index, invariant)| {
            let checked = invariant.check(policies, registry);
            checked.map_err(|(field, message)| (entry("invariants", index).key(field), message))
        });
        let expectations = self.expect.iter().enumerate();
        let expectations =
            expectations.map(|(index, expected)| expected.check(entry("expect", index), policies, registry));
        let checked = accepts.chain(invariants).chain(expectations);
        checked.filter_map(Result::err).map(|(path, message)| self.located(path, message)).collect()
    }

    /// The bytes of values in `expect` that are secrets of these policies. No output may repeat them.
    pub fn misplaced_secrets(&self, policies: &[Policy]) -> Vec<Range<usize>> {
        let expectations = self.expect.iter().enumerate();
        let found = expectations.flat_map(|(index, entry)| {
            let env = FieldPath::default().key("expect").index(index).key("env");
            entry.misplaced_secrets(policies).map(move |name| self.value_range(&env.clone().key(name)))
        });
        found.collect()
    }

    /// The error about `harness_policy` if it names neither a policy nor a file.
    pub fn unknown_harness_policy(&self, policies: &[Policy]) -> Option<ReadError> {
        let name = self.harness_policy.as_deref()?;
        let embedded = Policy::all_embedded();
        let names = || policies.iter().chain(&embedded).map(Policy::name);
        if names().any(|known| known == name) || self.relative(name).exists() {
            return None;
        }
        let suggestion = did_you_mean(name, names(), "write the name of one of the policies, or a path");
        let message = format!("no policy `{name}`: it is neither a policy in use nor a file; {suggestion}");
        let path = FieldPath::default().key("harness_policy");
        Some(ValidationError::at(path, message).located(&self.root))
    }

    /// Checks that each scoped accept entry names an existing workflow and job. `workflows` holds
    /// the path of each workflow and the ids of its jobs, or `None` for an unreadable file.
    ///
    /// # Errors
    ///
    /// The first unknown name.
    pub fn check_scopes(&self, workflows: &[(&str, Option<Vec<&str>>)]) -> Result<(), Failure> {
        for (index, accept) in self.accept.iter().enumerate() {
            let concerned = || workflows.iter().filter(|(path, _)| accept.is_for_workflow(path));
            if let (Some(name), None) = (&accept.workflow, concerned().next()) {
                // A file name gets a file name as suggestion, and a path gets a path.
                let names = workflows.iter().map(|(path, _)| match name.contains('/') {
                    true => path,
                    false => path.rsplit('/').next().unwrap_or(path),
                });
                let suggestion = did_you_mean(name, names, "write the path or the file name of a workflow");
                let message = format!("no linted file matches the workflow `{name}`; {suggestion}");
                return Err(self.accept_error(index, |path| path.key("workflow"), message));
            }
            let Some(jobs) = concerned().map(|(_, jobs)| jobs.as_ref()).collect::<Option<Vec<_>>>() else { continue };
            let ids: Vec<&str> = jobs.into_iter().flatten().copied().collect();
            if let Some(job) = accept.job.as_ref().filter(|job| !ids.contains(&job.as_str())) {
                let suggestion = did_you_mean(job, ids.iter().copied(), "write the id of a job");
                let place = accept
                    .workflow
                    .as_ref()
                    .map_or("no linted workflow".to_owned(), |name| format!("`{name}` does not"));
                let verb = if accept.workflow.is_some() { "have" } else { "has" };
                let message = format!("{place} {verb} the job `{job}`; {suggestion}");
                return Err(self.accept_error(index, |path| path.key("job"), message));
            }
        }
        for (index, invariant) in self.invariants.iter().enumerate() {
            let when = FieldPath::default().key("invariants").index(index).key("when");
            invariant.check_calls(workflows).map_err(|(field, message)| self.field_error(when.key(field), message))?;
        }
        Ok(())
    }

    /// Decodes a document that was read from a path.
    ///
    /// # Errors
    ///
    /// The first field that breaks a rule of the format.
    pub fn decode(root: Node, path: &Path) -> Result<Self, ReadError> {
        let cursor = Cursor::root(&root);
        let fields = cursor.fields_of(&config_format::ROOT, UnknownFields::Deny)?;
        fields.schema_version_1()?;
        // Paths in the file are relative to its directory.
        let relative = |name: &str| path.parent().unwrap_or(Path::new("")).join(name);
        let name_or_path = |name: &str| {
            let embedded = slug_resolver::Policy::embedded(name).is_some();
            if embedded { OsString::from(name) } else { relative(name).into_os_string() }
        };
        let workflows = fields.optional("workflows").map(|cursor| cursor.strings()).transpose()?;
        let absent_secrets = fields.optional("absent_secrets").map(|cursor| cursor.strings()).transpose()?;
        let policies = fields.optional("policies").map(|cursor| cursor.strings()).transpose()?;
        if let (Some([]), Some(cursor)) = (policies.as_deref(), fields.optional("policies")) {
            return Err(
                cursor.error("the list is empty; name a policy, or remove the field to use the embedded policies")
            );
        }
        let pins = fields.optional("pins");
        let pins = pins.map(|at| at.items()?.map(|entry| PinEntry::decode(&entry)).collect()).transpose()?;
        let invariants = fields.optional("invariants");
        let invariants =
            invariants.map(|at| at.items()?.map(|entry| Invariant::decode(&entry)).collect()).transpose()?;
        let expect = fields.optional("expect");
        let expect = expect.map(|at| at.items()?.map(|entry| Expectation::decode(&entry)).collect()).transpose()?;
        let registries = registries(&fields)?
            .map(|[source, deployed]| Registries { source: relative(&source), deployed: relative(&deployed) });
        let registry = fields.optional("registry").map(|cursor| cursor.string().map(relative)).transpose()?;
        let mut accept = Vec::new();
        if let Some(entries) = fields.optional("accept") {
            for entry in entries.items()? {
                accept.push(Accept::decode(&entry)?);
            }
        }
        Ok(Self {
            path: path.to_owned(),
            text: String::new(),
            registry: registry.or_else(|| registries.as_ref().map(|registries| registries.source.clone())),
            registries,
            unknown_fields: unknown_fields(&fields)?,
            harness_policy: fields.optional("harness_policy").map(|at| at.string().map(str::to_owned)).transpose()?,
            workflows: workflows.map(|patterns| patterns.iter().map(|pattern| relative(pattern)).collect()),
            absent_secrets: absent_secrets.unwrap_or_default(),
            known_secrets: known_secrets(&fields)?,
            vars: vars(&fields)?,
            deny: deny(&fields)?,
            pins: pins.unwrap_or_default(),
            invariants: invariants.unwrap_or_default(),
            expect: expect.unwrap_or_default(),
            policies: policies.map(|names| names.iter().map(|name| name_or_path(name)).collect()),
            accept,
            root,
        })
    }
}

/// Reads `deny`.
fn deny(fields: &Fields<'_>) -> Result<Vec<&'static codes::Entry>, ReadError> {
    let Some(at) = fields.optional("deny") else { return Ok(Vec::new()) };
    let code = |item: Cursor<'_>| codes::deniable(item.string()?).map_err(|message| item.error(message));
    at.items()?.map(code).collect()
}

/// Reads `registries`: the names of the source and the deployed file.
fn registries(fields: &Fields<'_>) -> Result<Option<[String; 2]>, ReadError> {
    let Some(at) = fields.optional("registries") else { return Ok(None) };
    let copies = at.fields_of(&config_format::REGISTRIES, UnknownFields::Deny)?;
    let [source, deployed] =
        Registries::NAMES.map(|name| copies.required(name).and_then(|at| at.string().map(str::to_owned)));
    Ok(Some([source?, deployed?]))
}

/// Reads `known_secrets`.
fn known_secrets(fields: &Fields<'_>) -> Result<Option<Vec<String>>, ReadError> {
    let Some(at) = fields.optional("known_secrets") else { return Ok(None) };
    if fields.optional("absent_secrets").is_some() {
        return Err(at.error("every secret outside this list is absent, so `absent_secrets` has no effect; remove it"));
    }
    at.strings().map(Some)
}

/// Reads `vars` and `absent_vars`. Forges compare the names without regard to case.
fn vars(fields: &Fields<'_>) -> Result<Vec<(String, Option<String>)>, ReadError> {
    let mut vars: Vec<(String, Option<String>)> = Vec::new();
    if let Some(at) = fields.optional("vars") {
        for Entry { name, key, value, .. } in at.entries()? {
            if vars.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                let message = "has two values, because names of repository variables ignore case; keep one";
                return Err(key.error(format!("`{name}` {message}")));
            }
            vars.push((name.to_owned(), Some(value.string()?.to_owned())));
        }
    }
    let present = vars.len();
    if let Some(at) = fields.optional("absent_vars") {
        for item in at.items()? {
            let name = item.string()?;
            if vars[..present].iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Err(item.error(format!("`{name}` has a value in `vars`; keep one of the two")));
            }
            vars.push((name.to_owned(), None));
        }
    }
    Ok(vars)
}

/// Reads `unknown_fields`, or the field `allow_unknown_fields` of earlier versions.
fn unknown_fields(fields: &Fields<'_>) -> Result<Option<UnknownFields>, ReadError> {
    let earlier = fields.optional("allow_unknown_fields");
    match (fields.optional("unknown_fields"), earlier) {
        (Some(_), Some(cursor)) => Err(cursor.error("`unknown_fields` replaces this field; remove this field")),
        (Some(cursor), None) => match cursor.string()? {
            config_format::DENY => Ok(Some(UnknownFields::Deny)),
            config_format::DENY_MISSPELT => Ok(Some(UnknownFields::DenyMisspelt)),
            config_format::ALLOW => Ok(Some(UnknownFields::Allow)),
            _ => Err(cursor
                .error("expected `deny`, `deny-misspelt` or `allow`; write one of them, as in `unknown_fields: deny`")),
        },
        (None, Some(cursor)) => Ok(Some(if cursor.boolean()? { UnknownFields::Allow } else { UnknownFields::Deny })),
        (None, None) => Ok(None),
    }
}

impl Accept {
    fn decode(cursor: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = cursor.fields_of(&config_format::ACCEPT, UnknownFields::Deny)?;
        let text = |name| fields.optional(name).map(|at| at.string().map(str::to_owned)).transpose();
        let list = |name| fields.optional(name).map(|at| at.strings()).transpose().map(Option::unwrap_or_default);
        let code = fields.required("code")?;
        let reason = fields.required("reason")?;
        if is_blank(reason.string()?) {
            return Err(reason.error("the reason is empty; write why the contradiction is intended"));
        }
        let (set, unset) = (list("set")?, list("unset")?);
        if let Some(name) = set.iter().find(|name| unset.contains(name)) {
            return Err(cursor.error(format!("`{name}` cannot be both set and unset; keep one of the two")));
        }
        Ok(Self {
            line: cursor.line_col().line,
            workflow: text("workflow")?,
            job: text("job")?,
            policy: text("policy")?,
            runtime: text("runtime")?,
            code: AcceptCode::parse(code.string()?)
                .ok_or_else(|| code.error(unknown_code(code.string().unwrap_or_default())))?,
            set,
            unset,
            reason: reason.string()?.to_owned(),
        })
    }

    /// Checks that the entry, which is `at` this path, names an existing policy, runtime and variables. The runtime is
    /// checked only if there is a registry.
    fn check(
        &self,
        at: FieldPath,
        policies: &[Policy],
        registry: Option<&Registry>,
    ) -> Result<(), (FieldPath, String)> {
        let suggestion = |name: &str, known: &[&str]| did_you_mean(name, known.iter().copied(), "correct the name");
        let applicable: Vec<&Policy> = policies.iter().filter(|policy| self.applies_to(policy.name())).collect();
        if let (Some(name), []) = (&self.policy, applicable.as_slice()) {
            let known: Vec<&str> = policies.iter().map(Policy::name).collect();
            let message = format!("none of the policies in use is named `{name}`; {}", suggestion(name, &known));
            return Err((at.key("policy"), message));
        }
        let registered = registry.into_iter().flat_map(Registry::runtimes).map(|runtime| runtime.name.as_str());
        let known: Vec<&str> = registered.chain(applicable.iter().flat_map(|policy| policy.runtimes())).collect();
        let is_known = |name: &&String| known.contains(&name.as_str());
        if let Some(name) = self.runtime.as_ref().filter(|name| registry.is_some() && !is_known(name)) {
            let message =
                format!("neither the registry nor a policy has the runtime `{name}`; {}", suggestion(name, &known));
            return Err((at.key("runtime"), message));
        }
        let known: Vec<&str> = applicable.iter().flat_map(|policy| policy.deciding_variable_names()).collect();
        for (list, names) in [("set", &self.set), ("unset", &self.unset)] {
            if let Some(position) = names.iter().position(|name| !known.contains(&name.as_str())) {
                let name = &names[position];
                let reader = "no policy that this entry applies to reads";
                let message = format!("{reader} `{}`; {}", shown_name(name), suggestion(name, &known));
                return Err((at.key(list).index(position), message));
            }
        }
        Ok(())
    }

    /// Returns true if the entry applies to a policy.
    pub fn applies_to(&self, policy: &str) -> bool {
        self.policy.as_ref().is_none_or(|name| name == policy)
    }

    /// Returns true if the entry accepts the contradiction or warning `code` that `policy` has on `runtime`.
    /// `is_set` returns true for each variable that is set.
    pub fn covers(&self, policy: &str, runtime: &str, code: AcceptCode, is_set: impl Fn(&str) -> bool) -> bool {
        self.applies_to(policy)
            && self.runtime.as_ref().is_none_or(|name| name == runtime)
            && self.code == code
            && self.set.iter().all(|name| is_set(name))
            && !self.unset.iter().any(|name| is_set(name))
    }

    /// Returns true if the entry counts for `lint`, and false if it counts for `prove`.
    pub fn is_scoped(&self) -> bool {
        self.workflow.is_some() || self.job.is_some()
    }

    /// Returns true if the entry is not limited to another workflow than the one at a path.
    fn is_for_workflow(&self, path: &str) -> bool {
        self.workflow.as_ref().is_none_or(|name| {
            let name = name.strip_prefix("./").unwrap_or(name);
            path.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        })
    }

    /// Returns true if the entry counts for `lint` and is not limited to another job.
    pub fn is_for_job(&self, workflow: &str, job: &str) -> bool {
        self.is_scoped() && self.is_for_workflow(workflow) && self.job.as_ref().is_none_or(|id| id == job)
    }
}

fn unknown_code(code: &str) -> String {
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("`{}`", code.as_str())).collect();
    let crossing = Warning::CrossVendorCredential.as_str();
    let known = Code::ALL.iter().map(|code| code.as_str()).chain([crossing]);
    match closest_match(code, known) {
        Some(near) => format!("no gap or finding has the code `{code}`; did you mean `{near}`?"),
        None => format!("an entry cannot accept the code `{code}`; write one of {}, `{crossing}`", codes.join(", ")),
    }
}
