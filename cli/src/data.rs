//! The registry and the policies of a command: from its flags, else from slugproof.yaml,
//! else embedded ones.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use slug_resolver::yaml::{self, UnknownFields};
use slug_resolver::{Policy, Registry, Warning};

use crate::codes::{self, Entry};
use crate::config::Config;
use crate::exit::Failure;
use crate::file_kind::Kind;
use crate::io::{is_same_file, read_file, shown_path};
use crate::policies;

/// The sources of the data of a command.
pub struct Data {
    /// The slugproof.yaml that was found.
    pub config: Option<Config>,
    registry: Option<PathBuf>,
    unknown: UnknownFields,
}

/// A policy and its file; an embedded policy has none.
#[derive(Clone)]
pub struct PolicyFile {
    /// The policy.
    pub policy: Policy,
    /// The path of its file.
    pub path: Option<PathBuf>,
}

/// Why a command that needs one policy has none, and what to do.
pub fn no_policy(without_config: bool) -> &'static str {
    if without_config {
        "no policy is chosen, because --no-config ignores slugproof.yaml; pass --policy, or --embedded for the sample \
         data"
    } else {
        "no policy is chosen, because neither this directory nor a parent has a slugproof.yaml; write one with \
         `slugproof init`, or pass --policy, or --embedded for the sample data"
    }
}

/// The advice for a run without data of the user.
pub const WRITE_CONFIG: &str = "for your own, run `slugproof init`";

/// The data options of a command.
#[derive(Clone, Debug, Default)]
pub struct DataOptions {
    /// A registry that overrides any other.
    pub registry: Option<PathBuf>,
    /// The treatment of unknown fields of the registry; `None` if slugproof.yaml decides.
    pub unknown_fields: Option<UnknownFields>,
    /// True if no slugproof.yaml is searched for.
    pub no_config: bool,
    /// The slugproof.yaml to use; `None` for the nearest.
    pub config: Option<PathBuf>,
    /// The directory above which no slugproof.yaml is searched for; `None` for no limit.
    pub top: Option<PathBuf>,
}

impl Data {
    /// Finds and reads slugproof.yaml, and applies the options.
    pub fn find(options: DataOptions) -> Result<Self, Failure> {
        let config = match &options.config {
            _ if options.no_config => None,
            Some(path) => Some(Config::read(path)?),
            None => Config::load_below(options.top.as_deref())?,
        };
        let configured = config.as_ref().and_then(|config| config.registry.clone());
        let configured_fields = config.as_ref().and_then(|config| config.unknown_fields);
        let unknown = options.unknown_fields.or(configured_fields).unwrap_or(UnknownFields::DenyMisspelt);
        Ok(Self { registry: options.registry.or(configured), unknown, config })
    }

    /// The source of the registry, as shown to people: a path or `embedded`.
    pub fn registry_source(&self) -> String {
        self.registry.as_deref().map_or("embedded".to_owned(), shown_path)
    }

    /// The files that are read for some policies: slugproof.yaml, the registry, and the files of the policies.
    pub fn files(&self, requested: &[OsString]) -> Vec<PathBuf> {
        let configured = self.config.as_ref().and_then(|config| config.policies.as_deref()).unwrap_or_default();
        let policies = requested.iter().chain(configured).map(Path::new).filter(|path| path.is_file());
        let own = self.config.as_ref().map(|config| config.path.clone()).into_iter().chain(self.registry.clone());
        let registries = self.config.as_ref().and_then(|config| config.registries.as_ref());
        let compared = registries.into_iter().flat_map(|registries| registries.paths().map(Path::to_owned));
        own.chain(compared).chain(policies.flat_map(policies::files)).collect()
    }

    /// The file of the registry; the embedded one has none.
    pub fn registry_path(&self) -> Option<&Path> {
        self.registry.as_deref()
    }

    /// Reads the registry.
    pub fn registry(&self) -> Result<Registry, Failure> {
        let Some(path) = self.registry.as_deref() else { return Ok(Registry::embedded()) };
        self.check_exists(path)?;
        read_registry(path, self.unknown)
    }

    /// Refuses a file that slugproof.yaml names and that does not exist.
    fn check_exists(&self, path: &Path) -> Result<(), Failure> {
        self.config.as_ref().map_or(Ok(()), |config| config.check_exists(path))
    }

    /// The codes that slugproof.yaml denies.
    pub fn denied(&self) -> &[&'static Entry] {
        self.config.as_ref().map_or(&[], |config| &config.deny)
    }

    /// The warnings about a resolution that slugproof.yaml denies.
    pub fn denied_warnings(&self) -> Vec<Warning> {
        let is_denied = |warning: &Warning| self.denied().contains(&codes::warning(*warning));
        Warning::ALL.into_iter().filter(is_denied).collect()
    }

    /// Returns true if neither a slugproof.yaml nor a flag chooses the registry, so that it is the
    /// embedded one.
    pub fn has_default_registry(&self) -> bool {
        self.config.is_none() && self.registry.is_none()
    }

    /// Returns the requested policies, else the policies of slugproof.yaml, else all embedded
    /// ones.
    pub fn policies(&self, requested: &[OsString]) -> Result<Vec<Policy>, Failure> {
        Ok(self.policy_files(requested)?.into_iter().map(|file| file.policy).collect())
    }

    /// Returns the policies as [`Data::policies`] does, with their files.
    pub fn policy_files(&self, requested: &[OsString]) -> Result<Vec<PolicyFile>, Failure> {
        let Some(configured) = self.config.as_ref().and_then(|config| config.policies.as_deref()) else {
            return if requested.is_empty() { Ok(embedded()) } else { find_policies(requested, &[]) };
        };
        if requested.is_empty() {
            configured.iter().try_for_each(|name| self.check_exists(Path::new(name)))?;
            return find_policies(configured, &[]);
        }
        // An unreadable policy must not prevent another from being found.
        let known: Vec<PolicyFile> = configured.iter().filter_map(|name| find_policy(name, &[]).ok()).collect();
        find_policies(requested, &known)
    }

    /// Returns the requested policy, else `harness_policy` of slugproof.yaml, else the first policy
    /// there, else the first embedded one.
    pub fn policy(&self, asked: Option<&OsString>) -> Result<Policy, Failure> {
        if let Some(name) = asked {
            return Ok(self.policies(std::slice::from_ref(name))?.swap_remove(0));
        }
        if let Some(policy) = self.harness_policy()? {
            return Ok(policy);
        }
        let configured = self.config.as_ref().and_then(|config| config.policies.as_deref());
        let first = configured.and_then(<[OsString]>::first);
        let Some(name) = first else { return Ok(Policy::all_embedded().swap_remove(0)) };
        self.check_exists(Path::new(name))?;
        Ok(find_policy(name, &[])?.policy)
    }
}

impl Data {
    /// Returns the policy that `harness_policy` of slugproof.yaml names, if it names one.
    pub fn harness_policy(&self) -> Result<Option<Policy>, Failure> {
        let Some((config, name)) =
            self.config.as_ref().and_then(|config| Some((config, config.harness_policy.as_deref()?)))
        else {
            return Ok(None);
        };
        let configured = config.policies.as_deref().unwrap_or_default();
        // An unreadable policy must not prevent another from being found.
        let configured: Vec<PolicyFile> = configured.iter().filter_map(|name| find_policy(name, &[]).ok()).collect();
        if configured.iter().chain(&embedded()).any(|file| file.policy.name() == name) {
            return find_policy(OsStr::new(name), &configured).map(|file| Some(file.policy));
        }
        let configured: Vec<Policy> = configured.into_iter().map(|file| file.policy).collect();
        let path = config.relative(name);
        if path.exists() {
            return find_policy(path.as_os_str(), &[]).map(|file| Some(file.policy));
        }
        match config.unknown_harness_policy(&configured) {
            Some(error) => Err(Failure::new(format!("{}: {error}", config.path.display()))),
            None => Ok(None),
        }
    }
}

fn read_registry(path: &Path, unknown: UnknownFields) -> Result<Registry, Failure> {
    let bytes = read_file(path)?;
    Registry::from_yaml(&bytes, unknown).map_err(|error| {
        let root = yaml::read(&bytes).ok();
        if let Some(other) = root.and_then(|root| Kind::Registry.instead(&root, path)) {
            let exchanged = Kind::Registry.exchanged(&shown_path(path), other);
            return Failure::new(format!("{exchanged}; name a registry"));
        }
        let hint = if error.message.starts_with("unknown field") && unknown != UnknownFields::Allow {
            " (`unknown_fields: allow` in slugproof.yaml ignores unknown fields)"
        } else {
            ""
        };
        Failure::new(format!("{}: {error}{hint}", shown_path(path)))
    })
}

fn embedded() -> Vec<PolicyFile> {
    Policy::all_embedded().into_iter().map(|policy| PolicyFile { policy, path: None }).collect()
}

fn find_policies(names: &[OsString], configured: &[PolicyFile]) -> Result<Vec<PolicyFile>, Failure> {
    let mut policies: Vec<PolicyFile> = Vec::new();
    for name in names {
        let found = find_policy(name, configured)?;
        if let Some(earlier) = policies.iter().find(|earlier| earlier.policy.name() == found.policy.name()) {
            return Err(Failure::new(same_name([earlier, &found])));
        }
        policies.push(found);
    }
    Ok(policies)
}

/// The message about two policies with the same name, which may be one policy that is named twice.
pub fn same_name(files: [&PolicyFile; 2]) -> String {
    let name = files[0].policy.name();
    let places = files.map(|file| file.path.as_deref().map_or("the embedded one".to_owned(), shown_path));
    let is_one = match files.map(|file| file.path.as_deref()) {
        [Some(first), Some(second)] => is_same_file(first, second),
        [None, None] => true,
        _ => false,
    };
    match (is_one, places) {
        (true, [first, second]) if first != second => {
            format!("`{first}` and `{second}` are one file, so the policy `{name}` is named twice; name it once")
        }
        (true, _) => format!("the policy `{name}` is named twice; name it once"),
        (false, [first, second]) => {
            format!("two policies have the name `{name}`: {first} and {second}; give each its own `name`")
        }
    }
}

/// Finds a configured or embedded policy by its name, or reads a policy file.
///
/// # Errors
///
/// No policy has the name, two configured ones have it, or the file cannot be read.
pub fn find_policy(name: &OsStr, configured: &[PolicyFile]) -> Result<PolicyFile, Failure> {
    let embedded = embedded();
    let known = || configured.iter().chain(&embedded);
    let mut named = configured.iter().filter(|file| OsStr::new(file.policy.name()) == name);
    if let (Some(first), Some(second)) = (named.next(), named.next()) {
        return Err(Failure::new(same_name([first, second])));
    }
    if let Some(found) = known().find(|file| OsStr::new(file.policy.name()) == name) {
        return Ok(found.clone());
    }
    let path = PathBuf::from(name);
    if !path.exists() {
        let known: Vec<String> = known().map(|file| format!("`{}`", file.policy.name())).collect();
        return Err(Failure::new(format!(
            "no policy `{}`: it is neither a file nor one of the policies {}; check the name",
            shown_path(&path),
            known.join(", ")
        )));
    }
    Ok(PolicyFile { policy: policies::read(&path)?, path: Some(path) })
}
