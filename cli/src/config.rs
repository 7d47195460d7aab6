//! slugproof.yaml: the registry, policies and workflows to check, and the contradictions to accept.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use slug_resolver::yaml::{self, Cursor, FieldPath, Fields, Node, ReadError, UnknownFields, ValidationError};
use slug_resolver::{Code, Policy, Registry};

use crate::exit::Failure;
use crate::io::read_file;
use crate::suggest::did_you_mean;

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
    /// The path of the registry, if the file names one.
    pub registry: Option<PathBuf>,
    /// Whether the registry may have unknown fields, if the file sets `unknown_fields`.
    pub unknown_fields: Option<UnknownFields>,
    /// The policies, if the file names any: names of embedded policies, or paths.
    pub policies: Option<Vec<OsString>>,
    /// Patterns of the workflow files to lint, if the file names any.
    pub workflows: Option<Vec<PathBuf>>,
    /// Names of secrets that do not exist in the repository.
    pub absent_secrets: Vec<String>,
    /// Contradictions that are intended and not reported.
    pub accept: Vec<Accept>,
    root: Node,
}

/// An entry of `accept`: a contradiction that is intended. An omitted field matches any value.
#[derive(Debug)]
pub struct Accept {
    /// The line of the entry.
    pub line: u64,
    /// The policy that the entry is limited to.
    pub policy: Option<String>,
    /// The runtime that the entry is limited to.
    pub runtime: Option<String>,
    /// The code of the contradiction.
    pub code: Code,
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
        Self::find_file()?.as_deref().map(Self::read).transpose()
    }

    /// Searches the working directory, then each parent directory, and returns the path of the first
    /// slugproof.yaml.
    pub fn find_file() -> Result<Option<PathBuf>, Failure> {
        let directory = std::env::current_dir().map_err(|error| {
            Failure::new(format!("cannot determine the working directory: {error}; change to one that exists"))
        })?;
        // An unreadable file, such as a dangling link, counts as found, so that reading it fails. If
        // this search skipped the file, the command would check the wrong registry and policies.
        let exists = |path: &PathBuf| path.symlink_metadata().is_ok();
        let found = directory.ancestors().map(|directory| directory.join(FILE_NAME)).find(exists);
        let misnamed = MISNAMED.iter().map(|name| directory.join(name)).find(|path| path.is_file());
        if let (None, Some(path)) = (&found, misnamed) {
            let name = path.file_name().unwrap_or_default().display();
            return Err(Failure::new(format!("`{name}` is not read; rename it to `{FILE_NAME}`, or pass --no-config")));
        }
        // Inside the working directory, the relative path is shorter and equally clear.
        Ok(found.map(|path| path.strip_prefix(&directory).map(Path::to_owned).unwrap_or(path)))
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let with_path = |error: ReadError| Failure::new(format!("{}: {error}", path.display()));
        let bytes = read_file(path)?;
        let root = yaml::read(&bytes).map_err(with_path)?;
        let config = Self::decode(root, path).map_err(with_path)?;
        Ok(Self { text: String::from_utf8_lossy(&bytes).into_owned(), ..config })
    }

    /// An error about one field of an `accept` entry. `to_field` appends the field to the path of the
    /// entry.
    fn accept_error(&self, entry: usize, to_field: impl FnOnce(FieldPath) -> FieldPath, message: String) -> Failure {
        let path = to_field(FieldPath::default().key("accept").index(entry));
        let error = ValidationError::at(path, message).located(&self.root);
        Failure::new(format!("{}: {error}", self.path.display()))
    }

    /// Checks that each accept entry names an existing policy, runtime and variables. Runtimes
    /// are checked only if there is a registry.
    ///
    /// # Errors
    ///
    /// The first unknown name.
    pub fn check_accepts(&self, policies: &[Policy], registry: Option<&Registry>) -> Result<(), Failure> {
        for (index, accept) in self.accept.iter().enumerate() {
            let suggestion =
                |name: &str, candidates: &[&str]| did_you_mean(name, candidates.iter().copied(), "correct the name");
            let applicable: Vec<&Policy> = policies.iter().filter(|policy| accept.applies_to(policy.name())).collect();
            if let (Some(name), []) = (&accept.policy, applicable.as_slice()) {
                let known: Vec<&str> = policies.iter().map(Policy::name).collect();
                let message = format!("none of the policies in use is named `{name}`; {}", suggestion(name, &known));
                return Err(self.accept_error(index, |path| path.key("policy"), message));
            }
            let registered = registry.into_iter().flat_map(Registry::runtimes).map(|runtime| runtime.name.as_str());
            let known: Vec<&str> = registered.chain(applicable.iter().flat_map(|policy| policy.runtimes())).collect();
            let is_known = |name: &&String| known.contains(&name.as_str());
            if let Some(name) = accept.runtime.as_ref().filter(|name| registry.is_some() && !is_known(name)) {
                let message =
                    format!("neither the registry nor a policy has the runtime `{name}`; {}", suggestion(name, &known));
                return Err(self.accept_error(index, |path| path.key("runtime"), message));
            }
            let known: Vec<&str> = applicable.iter().flat_map(|policy| policy.deciding_variable_names()).collect();
            for (list, names) in [("set", &accept.set), ("unset", &accept.unset)] {
                if let Some(position) = names.iter().position(|name| !known.contains(&name.as_str())) {
                    let name = &names[position];
                    let message =
                        format!("no policy that this entry applies to reads `{name}`; {}", suggestion(name, &known));
                    return Err(self.accept_error(index, |path| path.key(list).index(position), message));
                }
            }
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
        let optional =
            ["registry", "unknown_fields", "allow_unknown_fields", "policies", "workflows", "absent_secrets", "accept"];
        let fields = cursor.fields(&["schema_version"], &optional, UnknownFields::Deny)?;
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
        let mut accept = Vec::new();
        if let Some(entries) = fields.optional("accept") {
            for entry in entries.items()? {
                accept.push(Accept::decode(&entry)?);
            }
        }
        Ok(Self {
            path: path.to_owned(),
            text: String::new(),
            registry: fields.optional("registry").map(|cursor| cursor.string().map(relative)).transpose()?,
            unknown_fields: unknown_fields(&fields)?,
            workflows: workflows.map(|patterns| patterns.iter().map(|pattern| relative(pattern)).collect()),
            absent_secrets: absent_secrets.unwrap_or_default(),
            policies: policies.map(|names| names.iter().map(|name| name_or_path(name)).collect()),
            accept,
            root,
        })
    }
}

/// Reads `unknown_fields`, or the field `allow_unknown_fields` of earlier versions.
fn unknown_fields(fields: &Fields<'_>) -> Result<Option<UnknownFields>, ReadError> {
    let earlier = fields.optional("allow_unknown_fields");
    match (fields.optional("unknown_fields"), earlier) {
        (Some(_), Some(cursor)) => Err(cursor.error("`unknown_fields` is given too; remove this field")),
        (Some(cursor), None) => match cursor.string()? {
            "deny" => Ok(Some(UnknownFields::Deny)),
            "deny-misspelt" => Ok(Some(UnknownFields::DenyMisspelt)),
            "allow" => Ok(Some(UnknownFields::Allow)),
            _ => Err(cursor.error("expected `deny`, `deny-misspelt` or `allow`; correct the value")),
        },
        (None, Some(cursor)) => Ok(Some(if cursor.boolean()? { UnknownFields::Allow } else { UnknownFields::Deny })),
        (None, None) => Ok(None),
    }
}

impl Accept {
    fn decode(cursor: &Cursor<'_>) -> Result<Self, ReadError> {
        let fields = cursor.fields(&["code", "reason"], &["policy", "runtime", "set", "unset"], UnknownFields::Deny)?;
        let text = |name| fields.optional(name).map(|cursor| cursor.string().map(str::to_owned)).transpose();
        let list =
            |name| fields.optional(name).map(|cursor| cursor.strings()).transpose().map(Option::unwrap_or_default);
        let code = fields.required("code")?;
        let reason = fields.required("reason")?;
        if reason.string()?.trim().is_empty() {
            return Err(reason.error("is empty; write why the contradiction is intended"));
        }
        let (set, unset) = (list("set")?, list("unset")?);
        if let Some(name) = set.iter().find(|name| unset.contains(name)) {
            return Err(cursor.error(format!("`{name}` cannot be both set and unset; keep one of the two")));
        }
        Ok(Self {
            line: cursor.line_col().line,
            policy: text("policy")?,
            runtime: text("runtime")?,
            code: Code::parse(code.string()?)
                .ok_or_else(|| code.error(unknown_code(code.string().unwrap_or_default())))?,
            set,
            unset,
            reason: reason.string()?.to_owned(),
        })
    }

    /// Returns true if the entry applies to a policy.
    pub fn applies_to(&self, policy: &str) -> bool {
        self.policy.as_ref().is_none_or(|name| name == policy)
    }

    /// Returns true if the entry accepts the contradiction `code` that `policy` has on `runtime`.
    /// `is_set` returns true for each variable that is set.
    pub fn covers(&self, policy: &str, runtime: &str, code: Code, is_set: impl Fn(&str) -> bool) -> bool {
        self.applies_to(policy)
            && self.runtime.as_ref().is_none_or(|name| name == runtime)
            && self.code == code
            && self.set.iter().all(|name| is_set(name))
            && !self.unset.iter().any(|name| is_set(name))
    }

    /// Returns true if only `lint` can use the entry: the entry requires an override variable to be
    /// set, and `prove` leaves all override variables unset.
    pub fn is_lint_only(&self, policies: &[Policy]) -> bool {
        let mut applicable = policies.iter().filter(|policy| self.applies_to(policy.name()));
        applicable.any(|policy| self.set.contains(&policy.document().override_var))
    }
}

fn unknown_code(code: &str) -> String {
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("`{}`", code.as_str())).collect();
    format!("no contradiction has the code `{code}`; the codes are {}", codes.join(", "))
}
