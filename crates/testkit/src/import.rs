//! An oracle for the conversion of catalogues.

use slug_import::models_dev::File;
use slug_import::{Conversion, Error, Options, litellm, models_dev};
use slug_laws::Violation;
use slug_resolver::yaml::UnknownFields;
use slug_resolver::{Billing, Credentials, Policy, Provider, Registry};

use crate::plural::counted;

/// A reader of one format, with its input.
type Reader<'r> = &'r dyn Fn() -> Result<Conversion, Error>;

/// Imports bytes in every format, and checks each result. Returns a description of the results.
///
/// # Errors
///
/// The violated property.
pub fn check_import(bytes: &[u8]) -> Result<String, Violation> {
    let bare = Options { bare: true, ..Options::default() };
    let file = |path: &str| File { path: path.to_owned(), bytes: bytes.to_vec() };
    let model = || File { path: "acme/models/m-1.toml".to_owned(), bytes: Vec::new() };
    let tree = || models_dev::from_files([file("acme/provider.toml"), model()], &Options::default());
    let readings: [(&str, Reader<'_>); 4] = [
        ("models.dev", &|| models_dev::from_json(bytes, &Options::default())),
        ("bare", &|| models_dev::from_json(bytes, &bare)),
        ("TOML", &tree),
        ("litellm", &|| litellm::from_bytes(bytes, &Options::default())),
    ];
    let mut described = Vec::new();
    for (name, read) in readings {
        if let Ok(conversion) = read() {
            let in_format = |violation: Violation| format!("{name}: {violation}");
            check_conversion(&conversion).map_err(in_format)?;
            let again = read().map(|again| files(&again)).ok();
            if again != Some(files(&conversion)) {
                return Err(format!("{name}: a second import gives other files"));
            }
            described.push(format!("{} by {name}", counted(conversion.registry.providers().len(), "provider")));
        }
    }
    Ok(if described.is_empty() { "no catalogue".to_owned() } else { described.join(", ") })
}

/// Checks that the files of a conversion can be read, and that each listed id resolves to a provider that
/// lists it: to its only one, whatever the credentials are.
///
/// # Errors
///
/// The violated property.
pub fn check_conversion(conversion: &Conversion) -> Result<(), Violation> {
    let Conversion { registry, notes, shared, .. } = conversion;
    let read = Registry::from_yaml(conversion.registry_file(notes).as_bytes(), UnknownFields::Deny);
    match read {
        Ok(read) if read == *registry => {}
        Ok(_) => return Err("the registry file is read as another registry".to_owned()),
        Err(error) => return Err(format!("the registry file is refused: {error}")),
    }
    if let Some(Err(error)) = conversion.policy_file().map(|policy| Policy::from_yaml(policy.as_bytes())) {
        return Err(format!("the policy file is refused: {error}"));
    }
    if let Some(paid) = registry.providers().iter().find(|provider| provider.billing() != Billing::Byok) {
        return Err(format!("the platform pays for {:?}", paid.name));
    }
    for runtime in registry.runtimes() {
        for arm in &runtime.arms {
            let provider = registry.provider(&arm.provider).ok_or("an arm without a provider")?;
            for id in &arm.models {
                let owners = shared.get(id).cloned().unwrap_or_else(|| vec![arm.provider.clone()]);
                check_owner(registry, &runtime.name, id, &owners, provider)?;
            }
        }
    }
    Ok(())
}

/// Checks that an id resolves to one of its owners, without credentials and with those of one owner.
fn check_owner(
    registry: &Registry,
    runtime: &str,
    id: &str,
    owners: &[String],
    owner: &Provider,
) -> Result<(), Violation> {
    let item: Vec<&str> = owner.auth_env.items().next().map(|item| item.iter().collect()).unwrap_or_default();
    for ambient in [&[][..], &item] {
        let credentials = Credentials { ambient, ..Credentials::default() };
        match registry.derive(runtime, id, &credentials) {
            Ok(provider) if owners.contains(&provider.name) => {}
            found => {
                let found = found.map(|provider| provider.name.clone());
                return Err(format!("{id:?} of {owners:?} resolves to {found:?} with {ambient:?}"));
            }
        }
    }
    Ok(())
}

fn files(conversion: &Conversion) -> (String, Option<String>) {
    (conversion.registry_file(&conversion.notes), conversion.policy_file())
}
