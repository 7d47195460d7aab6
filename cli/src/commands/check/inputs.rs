//! The files to check and their kinds.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use slug_resolver::yaml::{FieldPath, UnknownFields};
use slug_resolver::{Policy, Registry};

use crate::args::CheckArgs;
use crate::codes;
use crate::config::{Config, Registries};
use crate::data::{Data, DataOptions};
use crate::exit::Failure;
use crate::file_kind::{Kind, kind_of};
use crate::findings::{EMBEDDED, SourceId};
use crate::io::{is_same_file, read_file, report_path};
use crate::policies;

/// One file, or a part of the embedded data.
pub(super) struct Input {
    /// The path; empty for embedded data.
    pub path: PathBuf,
    /// The path as shown in findings.
    pub shown: String,
    /// The content, or an error message.
    pub content: Result<Vec<u8>, String>,
    /// The kind: of the field of slugproof.yaml that names the file, else by its content. `None` if that is unknown.
    pub kind: Option<Kind>,
    /// The entry of slugproof.yaml that names the file.
    pub entry: Option<ConfigEntry>,
    /// Whether unknown fields are ignored.
    pub unknown: UnknownFields,
    /// True for a registry that is only compared with another one.
    pub is_only_compared: bool,
}

/// An entry of a slugproof.yaml that names a file.
pub(super) struct ConfigEntry {
    pub config: Rc<Config>,
    /// The slugproof.yaml as a file of the report.
    pub source: SourceId,
    pub field: FieldPath,
}

/// As what a file was read.
enum ReadAs {
    Kind(Kind),
    /// Its content is of no kind, which is reported.
    UnknownKind,
    /// It cannot be read, which is reported.
    Unreadable,
}

/// The queue of the files of one run that are not read yet.
pub(super) struct Inputs {
    left: VecDeque<(Location, UnknownFields)>,
    /// The registries that are only compared with one another, unless they are read for another reason.
    compared: VecDeque<(Location, UnknownFields)>,
    /// The files that were read, each with all as which it was read.
    seen: HashMap<PathBuf, Vec<ReadAs>>,
    /// The files of slugproof.yaml that do not exist.
    missing: HashSet<PathBuf>,
    /// `None` until a flag or a slugproof.yaml decides.
    unknown: Option<UnknownFields>,
    data: DataOptions,
    /// The codes that the nearest slugproof.yaml denies, if it is not among the files.
    pub deny: Vec<&'static codes::Entry>,
    /// True if only the embedded data are checked because the user names no data.
    pub is_unrequested_sample: bool,
}

enum Location {
    /// A file, with its kind if that does not depend on the content.
    File(PathBuf, Option<Named>),
    /// A file of the command line that was read to know its kind.
    Read(Input),
    EmbeddedRegistry,
    EmbeddedPolicy(usize),
}

/// Why a file has its kind, whatever its content is.
struct Named {
    kind: Kind,
    /// The entry of slugproof.yaml that names the file; `None` for slugproof.yaml.
    entry: Option<ConfigEntry>,
}

impl Inputs {
    /// The requested files, else the nearest slugproof.yaml, else the embedded data.
    pub fn of(args: &CheckArgs) -> Result<Self, Failure> {
        let data = DataOptions {
            registry: None,
            unknown_fields: args.unknown_fields.choice(),
            no_config: args.no_config,
            config: None,
            top: None,
        };
        let mut inputs = Self {
            left: VecDeque::new(),
            compared: VecDeque::new(),
            seen: HashMap::new(),
            missing: HashSet::new(),
            unknown: args.unknown_fields.choice(),
            data,
            deny: Vec::new(),
            is_unrequested_sample: false,
        };
        if !args.files.is_empty() {
            // A broken slugproof.yaml is ignored here: it may be one of the files to check.
            let config = if args.no_config { None } else { Config::load().ok().flatten() };
            if let Some(config) = config {
                inputs.unknown = inputs.unknown.or(config.unknown_fields);
                inputs.deny = config.deny;
            }
            let unknown = inputs.unknown_fields();
            let read = args.files.iter().map(|file| Location::File(file.clone(), None).read(unknown));
            // A slugproof.yaml says of what kind the files are that it names.
            let (configs, others): (Vec<Input>, Vec<Input>) = read.partition(|input| input.kind == Some(Kind::Config));
            inputs.left.extend(configs.into_iter().chain(others).map(|input| (Location::Read(input), unknown)));
            return Ok(inputs);
        }
        match if args.no_config || args.embedded { None } else { Config::find_file()? } {
            Some(path) => {
                let location = Location::File(path, Some(Named { kind: Kind::Config, entry: None }));
                inputs.left.push_back((location, inputs.unknown_fields()));
            }
            None => {
                inputs.add_embedded();
                inputs.is_unrequested_sample = !args.embedded;
            }
        }
        Ok(inputs)
    }

    fn unknown_fields(&self) -> UnknownFields {
        self.unknown.unwrap_or(UnknownFields::DenyMisspelt)
    }

    fn add_embedded(&mut self) {
        self.left.push_back((Location::EmbeddedRegistry, UnknownFields::Deny));
        self.add_embedded_policies();
    }

    fn add_embedded_policies(&mut self) {
        self.left.extend(embedded_policies());
    }

    /// Adds the registry and the policies that a slugproof.yaml names, else embedded ones. `source` is the
    /// slugproof.yaml in the report.
    pub fn add_all_of(&mut self, config: &Rc<Config>, source: SourceId) {
        self.unknown = self.unknown.or(config.unknown_fields);
        let unknown = self.unknown_fields();
        // They are reported where `config` is read.
        self.missing.extend(config.missing_files().into_iter().map(|(path, _)| identity(&path)));
        let file = |path: &Path, kind: Kind, field: FieldPath| {
            let entry = Some(ConfigEntry { config: Rc::clone(config), source, field });
            (Location::File(path.to_owned(), Some(Named { kind, entry })), unknown)
        };
        let mut named = vec![match &config.registry {
            Some(path) => file(path, Kind::Registry, config.registry_field()),
            None => (Location::EmbeddedRegistry, UnknownFields::Deny),
        }];
        let registries = config.registries.iter().flat_map(Registries::fields);
        self.compared.extend(registries.map(|(path, field)| file(path, Kind::Registry, field)));
        match &config.policies {
            None => named.extend(embedded_policies()),
            Some(policies) => named.extend(policies.iter().enumerate().map(|(index, name)| {
                let embedded = Policy::all_embedded().iter().position(|policy| OsStr::new(policy.name()) == name);
                let own = || file(Path::new(name), Kind::Policy, Config::policy_field(index));
                embedded.map_or_else(own, |number| (Location::EmbeddedPolicy(number), unknown))
            })),
        }
        // Before the files of the command line, which may be among them.
        named.into_iter().rev().for_each(|location| self.left.push_front(location));
    }

    /// Reads the next file that was not read before as a file of its kind.
    pub fn next(&mut self) -> Option<Input> {
        loop {
            let checked = self.left.pop_front();
            let is_only_compared = checked.is_none();
            let (location, unknown) = checked.or_else(|| self.compared.pop_front())?;
            let identity = location.identity();
            if self.missing.contains(&identity) {
                continue;
            }
            let seen = self.seen.entry(identity).or_default();
            let is_seen = match location.kind() {
                None => !seen.is_empty(),
                Some(kind) => seen.iter().any(|read| match read {
                    ReadAs::Kind(earlier) => *earlier == kind,
                    ReadAs::UnknownKind | ReadAs::Unreadable => true,
                }),
            };
            if !is_seen {
                let input = location.read(unknown);
                seen.push(match (&input.content, input.kind) {
                    (Err(_), _) => ReadAs::Unreadable,
                    (Ok(_), None) => ReadAs::UnknownKind,
                    (Ok(_), Some(kind)) => ReadAs::Kind(kind),
                });
                return Some(Input { is_only_compared, ..input });
            }
        }
    }

    /// The files that were read, the nearest slugproof.yaml and the files that they name.
    pub fn files(&self) -> Vec<PathBuf> {
        let others = Data::find(self.data.clone()).map(|data| data.files(&[])).unwrap_or_default();
        let bases = self.seen.keys().filter(|path| path.is_file()).flat_map(|path| policies::files(path));
        bases.chain(others).collect()
    }

    /// The policy of `harness_policy`, if `config` is the slugproof.yaml in use.
    pub fn harness_policy(&self, config: &Config) -> Result<Option<Policy>, Failure> {
        let data = Data::find(self.data.clone())?;
        let is_in_use = data.config.as_ref().is_some_and(|found| is_same_file(&found.path, &config.path));
        if is_in_use { data.harness_policy() } else { Ok(None) }
    }

    /// The registry that policies are compared with if no file is a registry, and its name.
    pub fn other_registry(&self) -> Result<(String, Registry), Failure> {
        let data = Data::find(self.data.clone())?;
        Ok((data.registry_source(), data.registry()?))
    }
}

/// Every embedded policy.
fn embedded_policies() -> impl Iterator<Item = (Location, UnknownFields)> {
    (0..Policy::EMBEDDED_YAML.len()).map(|number| (Location::EmbeddedPolicy(number), UnknownFields::Deny))
}

/// The path that two names of one file share, even of a file that does not exist.
pub(super) fn identity(path: &Path) -> PathBuf {
    let kept = || path.components().filter(|component| *component != Component::CurDir).collect();
    path.canonicalize().unwrap_or_else(|_| kept())
}

impl Location {
    /// The property that two names of one file share.
    fn identity(&self) -> PathBuf {
        match self {
            Self::File(path, _) | Self::Read(Input { path, .. }) => identity(path),
            Self::EmbeddedRegistry => PathBuf::from(EMBEDDED),
            Self::EmbeddedPolicy(number) => PathBuf::from(format!("{EMBEDDED}{number}")),
        }
    }

    /// The kind, unless only the content tells it.
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::File(_, named) => named.as_ref().map(|named| named.kind),
            Self::Read(_) => None,
            Self::EmbeddedRegistry => Some(Kind::Registry),
            Self::EmbeddedPolicy(_) => Some(Kind::Policy),
        }
    }

    fn read(self, unknown: UnknownFields) -> Input {
        let kind = self.kind();
        let embedded = |name: &str, yaml: &str| Input {
            path: PathBuf::new(),
            shown: format!("{EMBEDDED}{name}"),
            content: Ok(yaml.as_bytes().to_vec()),
            kind,
            entry: None,
            unknown,
            is_only_compared: false,
        };
        match self {
            Self::Read(input) => Input { unknown, ..input },
            Self::EmbeddedRegistry => embedded("providers.yaml", Registry::EMBEDDED_YAML),
            Self::EmbeddedPolicy(number) => {
                let name = format!("policies/{}.yaml", Policy::all_embedded()[number].name());
                embedded(&name, Policy::EMBEDDED_YAML[number])
            }
            Self::File(path, named) => {
                let content = read_file(&path).map_err(|failure| failure.to_string());
                let kind = kind.or_else(|| kind_of(content.as_ref().ok()?, &path));
                let entry = named.and_then(|named| named.entry);
                Input { shown: report_path(&path), content, kind, entry, unknown, is_only_compared: false, path }
            }
        }
    }
}
