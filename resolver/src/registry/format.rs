//! The format of a registry file.

use super::provider::{Billing, Protocol};
use crate::code::Code;
use crate::yaml::format::{Field, Format, Mapping, Others, Rule, Shape};

/// The format of a registry file.
pub static FORMAT: Format = Format {
    name: "registry",
    meaning: "The provider catalogue of a platform: providers with the secrets that they accept, and runtimes with the \
              models that each provider serves.",
    versions: &[&ROOT],
    null_is_absent: true,
    is_open: true,
};

pub(super) static ROOT: Mapping = Mapping::new(
    "registry",
    &[
        Field::required("schema_version", Shape::Version(&[1]), "The version of the format."),
        Field::required(
            "providers",
            Shape::SomeList(&Shape::Mapping(&PROVIDER)),
            "The provider catalogue, in the order in which ambiguities are listed.",
        )
        .such_as("{name: acme, auth_env: [ACME_KEY]}"),
        Field::required("runtimes", Shape::Mapping(&RUNTIMES), "The runtimes, each by its name.")
            .such_as("{agent: {providers: [{name: acme}]}}"),
        Field::optional(
            "platform_error",
            Shape::Mapping(&PLATFORM_ERRORS),
            "The error texts of the platform. Messages show these texts, and no others.",
        )
        .such_as("{missing-credential: no key}"),
    ],
);

static PLATFORM_ERRORS: Mapping = Mapping::open(
    "error text",
    &Shape::Word(|| Code::ALL.iter().map(|code| code.as_str()).collect()),
    "The code of a contradiction; the value is the text that the platform shows for it.",
    &Shape::SomeText,
);

static RUNTIMES: Mapping = Mapping {
    name: "runtimes",
    fields: &[],
    others: Some(Others {
        names: &Shape::SomeText,
        meaning: "The name of a runtime, compared exactly.",
        value: &Shape::Mapping(&RUNTIME),
    }),
    rules: &[Rule::NotEmpty],
};

pub(super) static RUNTIME: Mapping = Mapping::new(
    "runtime",
    &[
        Field::required(
            "providers",
            Shape::SomeList(&Shape::Mapping(&ARM)),
            "The arms of the runtime: each is one provider with the ids that it lists.",
        ),
        Field::optional("display_name", Shape::Text, "A name to show to people.").such_as("Agent"),
    ],
);

pub(super) static ARM: Mapping = Mapping::new(
    "arm",
    &[
        Field::required("name", Shape::SomeText, "The name of a provider of the catalogue.").such_as("acme"),
        Field::optional(
            "models",
            Shape::List(&Shape::SomeText),
            "The ids that the provider serves on this runtime, compared exactly; they win over patterns. Without ids, \
             the arm serves what the pattern of the provider matches.",
        )
        .such_as("acme-large"),
        Field::optional(
            "withdrawn_models",
            Shape::List(&Shape::SomeText),
            "Ids that the provider owns but no longer serves; a job that selects one fails with `withdrawn-model`.",
        )
        .such_as("acme-1"),
    ],
);

pub(super) static PROVIDER: Mapping = Mapping::new(
    "provider",
    &[
        Field::required("name", Shape::SomeText, "The unique name, to which arms refer.").such_as("acme"),
        Field::optional("display_name", Shape::SomeText, "A name to show to people.").such_as("Acme"),
        Field::optional(
            "protocol",
            Shape::Word(|| Protocol::ALL.map(Protocol::as_str).to_vec()),
            "The protocol of the endpoint.",
        ),
        Field::optional(
            "auth_mode",
            Shape::SomeText,
            "How a workspace authenticates, in the words of the platform. Only `none` has a meaning: the provider \
             checks no key, so a variable in `auth_env` must be set, but can have any value.",
        )
        .such_as("api_key"),
        Field::optional(
            "billing",
            Shape::Word(|| Billing::ALL.map(Billing::as_str).to_vec()),
            "Who pays: the platform, or the user with a key (*bring your own key*). The default is `platform` for a \
             provider named `platform`, else `byok`.",
        ),
        Field::optional(
            "auth_env",
            Shape::List(&Shape::AnyOf(&[Shape::Secret, Shape::SomeList(&Shape::Secret)])),
            "The names of the secrets that the provider accepts. Any one item is enough; an item that is a list needs \
             all of its names. `[]` means that the provider needs no credential. Required unless the platform pays.",
        )
        .such_as("ACME_KEY"),
        Field::optional(
            "model_prefix_match",
            Shape::SomeText,
            "A regular expression for ids that no arm lists. It is not anchored. Without it, the provider serves \
             listed ids only.",
        )
        .such_as("^acme-"),
        Field::optional("base_url_template", Shape::Text, "The URL of the endpoint for the protocol of the provider.")
            .such_as("https://acme.example"),
        Field::optional("base_url_anthropic", Shape::Text, "The URL of the endpoint for the Anthropic protocol.")
            .such_as("https://acme.example/anthropic"),
        Field::optional("auth_token_env", Shape::Text, "The variable in which the agent expects the token.")
            .such_as("ACME_TOKEN"),
        Field::optional(
            "model_aliases",
            Shape::List(&Shape::SomeText),
            "Other names of its models, which the pattern matches or an arm lists like any id.",
        )
        .such_as("acme-latest"),
        Field::optional("upstream_vendor", Shape::Text, "The company that runs the provider; unique in the catalogue.")
            .such_as("Acme"),
        Field::optional("vendor_logo", Shape::Text, "The logo to show to people.").such_as("acme.svg"),
        Field::optional(
            "deprecated",
            Shape::Boolean,
            "Whether the provider is deprecated; it still serves its models. The default is `false`.",
        ),
    ],
);
