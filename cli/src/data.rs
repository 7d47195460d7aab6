//! Which registry and which policies a command works on: what its flags say,
//! else what slugproof.yaml says, else what ships with it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Policy, Registry, limits};

use crate::args::RegistryArgs;
use crate::config::Config;
use crate::exit::Failure;

/// Where the data of a command come from.
pub struct Data {
    /// The slugproof.yaml in force.
    pub config: Option<Config>,
    registry: Option<PathBuf>,
    unknown: UnknownFields,
}

impl Data {
    /// Finds the configuration.
    pub fn find(args: &RegistryArgs) -> Result<Self, Failure> {
        let config = if args.no_config { None } else { Config::find()? };
        let configured = config.as_ref().and_then(|config| config.registry.clone());
        let tolerant = args.allow_unknown_fields || config.as_ref().is_some_and(|config| config.allow_unknown_fields);
        let unknown = if tolerant { UnknownFields::Allow } else { UnknownFields::Deny };
        Ok(Self { registry: args.registry.clone().or(configured), unknown, config })
    }

    /// Where the registry comes from, for people.
    pub fn registry_source(&self) -> String {
        self.registry.as_deref().map_or("embedded".to_owned(), shown_path)
    }

    /// Reads the registry.
    pub fn registry(&self) -> Result<Registry, Failure> {
        self.registry.as_deref().map_or_else(|| Ok(Registry::embedded()), |path| read_registry(path, self.unknown))
    }

    /// The policies that were asked for, else those of slugproof.yaml, else all embedded ones.
    pub fn policies(&self, asked: &[OsString]) -> Result<Vec<Policy>, Failure> {
        let Some(configured) = self.config.as_ref().and_then(|config| config.policies.as_deref()) else {
            return if asked.is_empty() { Ok(Policy::all_embedded()) } else { find_policies(asked, &[]) };
        };
        if asked.is_empty() {
            return find_policies(configured, &[]);
        }
        // One that cannot be read must not keep another from being found.
        let known: Vec<Policy> = configured.iter().filter_map(|name| find_policy(name, &[]).ok()).collect();
        find_policies(asked, &known)
    }

    /// The one policy that was asked for, else the first there is.
    pub fn policy(&self, asked: Option<&OsString>) -> Result<Policy, Failure> {
        let configured = self.config.as_ref().and_then(|config| config.policies.as_deref());
        let first = match asked {
            Some(name) => return Ok(self.policies(std::slice::from_ref(name))?.swap_remove(0)),
            None => configured.and_then(<[OsString]>::first),
        };
        first.map_or_else(|| Ok(Policy::all_embedded().swap_remove(0)), |name| find_policy(name, &[]))
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

fn find_policies(names: &[OsString], configured: &[Policy]) -> Result<Vec<Policy>, Failure> {
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
fn find_policy(name: &OsStr, configured: &[Policy]) -> Result<Policy, Failure> {
    let embedded = Policy::all_embedded();
    if let Some(policy) = configured.iter().chain(&embedded).find(|policy| OsStr::new(policy.name()) == name) {
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

/// The bytes of a file that is of no use in part: `what` it is and how to mend it, for people.
///
/// # Errors
///
/// A file that cannot be read, and one of more bytes than any document may have.
pub fn read_whole(path: &Path, what: &str, remedy: &str) -> Result<Vec<u8>, Failure> {
    let bytes = read_file(path)?;
    let most = limits::DOCUMENT_BYTES;
    if bytes.len() > most {
        return Err(Failure::new(format!("{what} has more bytes than the limit of {most}; {remedy}")));
    }
    Ok(bytes)
}

/// What stands for standard input where a file is expected.
pub const STANDARD_INPUT: &str = "-";

/// The bytes of a file or of standard input, or as many of them as no reader takes.
pub fn read_input(path: &Path) -> Result<Vec<u8>, Failure> {
    if path != Path::new(STANDARD_INPUT) {
        return read_file(path);
    }
    let mut bytes = Vec::new();
    let limit = limits::DOCUMENT_BYTES as u64 + 1;
    std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(|error| {
        Failure::new(format!("cannot read standard input: {}; give a file instead", describe(&error)))
    })?;
    Ok(bytes)
}

/// The name of a file or of standard input as it is shown.
pub fn shown_input(path: &Path) -> String {
    if path == Path::new(STANDARD_INPUT) { "standard input".to_owned() } else { shown_path(path) }
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

/// Refuses a runtime that is a variable in the wrong place, without repeating its value.
pub fn refuse_variable(runtime: &str, why: &str) -> Result<(), Failure> {
    match runtime.split_once('=') {
        Some((name, _)) => Err(Failure::new(format!("the runtime looks like the variable `{name}`; {why}"))),
        None => Ok(()),
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
