//! Which registry and which policies a command works on: what its flags say,
//! else what slugproof.yaml says, else what ships with it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry, limits};

use crate::args::RegistryArgs;
use crate::config::Config;
use crate::exit::Failure;

/// The data of a command.
pub struct Data {
    /// The registry.
    pub registry: Registry,
    /// Where the registry comes from, for people.
    pub registry_source: String,
    /// The slugproof.yaml in force.
    pub config: Option<Config>,
}

impl Data {
    /// Finds the configuration and reads the registry.
    pub fn load(args: &RegistryArgs) -> Result<Self, Failure> {
        let config = if args.no_config { None } else { Config::find()? };
        let configured = config.as_ref().and_then(|config| config.registry.clone());
        let tolerant = args.allow_unknown_fields || config.as_ref().is_some_and(|config| config.allow_unknown_fields);
        let unknown = if tolerant { UnknownFields::Allow } else { UnknownFields::Deny };
        let (registry, registry_source) = match args.registry.clone().or(configured) {
            None => (Registry::embedded(), "embedded".to_owned()),
            Some(path) => (read_registry(&path, unknown)?, shown_path(&path)),
        };
        Ok(Self { registry, registry_source, config })
    }

    /// The policies that were asked for, else those of slugproof.yaml, else all embedded ones.
    pub fn policies(&self, asked: &[String]) -> Result<Vec<Policy>, Failure> {
        let Some(configured) = self.config.as_ref().and_then(|config| config.policies.as_deref()) else {
            return if asked.is_empty() { Ok(Policy::all_embedded()) } else { find_policies(asked, &[]) };
        };
        let configured = find_policies(configured, &[])?;
        if asked.is_empty() { Ok(configured) } else { find_policies(asked, &configured) }
    }

    /// The one policy that was asked for, else the first there is.
    pub fn policy(&self, asked: Option<&String>) -> Result<Policy, Failure> {
        let asked: Vec<String> = asked.cloned().into_iter().collect();
        let mut policies = self.policies(&asked)?;
        Ok(policies.swap_remove(0))
    }
}

fn read_registry(path: &Path, unknown: UnknownFields) -> Result<Registry, Failure> {
    Registry::from_yaml(&read_file(path)?, unknown).map_err(|error| {
        let hint = if error.message.starts_with("unknown field") && unknown == UnknownFields::Deny {
            " (--allow-unknown-fields passes over what slugproof does not know)"
        } else {
            ""
        };
        Failure::new(format!("{}: {error}{hint}", shown_path(path)))
    })
}

fn find_policies(names: &[String], configured: &[Policy]) -> Result<Vec<Policy>, Failure> {
    let mut policies: Vec<Policy> = Vec::new();
    for name in names {
        let policy = find_policy(name, configured)?;
        if policies.iter().any(|earlier| earlier.name() == policy.name()) {
            return Err(Failure::new(format!(
                "policy `{}` is named twice; give each policy a `name` of its own and name it once",
                policy.name()
            )));
        }
        policies.push(policy);
    }
    Ok(policies)
}

/// A configured or embedded policy by its name, or a policy file.
fn find_policy(name: &str, configured: &[Policy]) -> Result<Policy, Failure> {
    let embedded = Policy::all_embedded();
    if let Some(policy) = configured.iter().chain(&embedded).find(|policy| policy.name() == name) {
        return Ok(policy.clone());
    }
    let path = PathBuf::from(name);
    if !path.exists() {
        let known: Vec<String> =
            configured.iter().chain(&embedded).map(|policy| format!("`{}`", policy.name())).collect();
        return Err(Failure::new(format!(
            "no policy `{}`: there is no such file, and the policies known by name are {}; check the name",
            shown_path(&path),
            known.join(", ")
        )));
    }
    Policy::from_yaml(&read_file(&path)?).map_err(|error| Failure::new(format!("{}: {error}", shown_path(&path))))
}

/// The bytes of a file, or as many of them as no reader takes.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = limits::DOCUMENT_BYTES as u64 + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(|error| {
        Failure::new(format!("cannot read `{}`: {}; check the path", shown_path(path), describe(&error)))
    })?;
    Ok(bytes)
}

/// The names given with `--ambient`; one that carries a value is refused without repeating it.
pub fn check_ambient(names: &[String]) -> Result<&[String], Failure> {
    match names.iter().find_map(|name| name.split_once('=')) {
        Some((name, _)) => {
            Err(Failure::new(format!("--ambient takes the name of a credential; write `--ambient {name}`")))
        }
        None => Ok(names),
    }
}

/// A path as it is shown: what stands behind a `=` may be a secret in the wrong place.
pub fn shown_path(path: &Path) -> String {
    let text = path.display().to_string();
    match text.split_once('=') {
        Some((name, _)) => format!("{name}=…"),
        None => text,
    }
}

/// What the operating system says, without its number.
pub fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    plain.to_lowercase()
}
