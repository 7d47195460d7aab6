//! The format of slugproof.yaml.

use slug_resolver::policy::format::{MEMBERSHIP, TEST};
use slug_resolver::yaml::format::{Field, Format, Mapping, Others, Presence, Rule, Shape};
use slug_resolver::{Billing, Code, Warning};

use crate::codes::{self, Level};

/// The format of slugproof.yaml.
pub static FORMAT: Format = Format {
    name: "config",
    meaning: "What slugproof checks in a repository, and which contradictions are intended.",
    versions: &[&ROOT],
    null_is_absent: false,
    is_open: false,
};

/// The top of the file.
pub static ROOT: Mapping = Mapping::new(
    "slugproof.yaml",
    &[
        Field::required("schema_version", Shape::Version(&[1]), "The version of the format."),
        Field::optional(
            "registry",
            Shape::Text,
            "The registry file, relative to slugproof.yaml. The default is the embedded registry.",
        )
        .such_as("providers.yaml"),
        Field::optional(
            "registries",
            Shape::Mapping(&REGISTRIES),
            "The registry and its copy in production, which `check` compares.",
        ),
        Field::optional(
            "unknown_fields",
            Shape::Word(|| vec![DENY, DENY_MISSPELT, ALLOW]),
            "What to do with registry fields that the format does not define: reject them, reject misspelt ones \
             (default), or ignore them.",
        ),
        Field {
            presence: Presence::Former,
            ..Field::optional(
                "allow_unknown_fields",
                Shape::Boolean,
                "The field `unknown_fields` of earlier versions: `true` is `allow`, and `false` is `deny`.",
            )
        },
        Field::optional(
            "policies",
            Shape::SomeList(&Shape::Text),
            "Policy files relative to slugproof.yaml, or names of embedded policies. The default is every embedded \
             policy.",
        )
        .such_as("policies/nightly.yaml"),
        Field::optional(
            "harness_policy",
            Shape::Text,
            "The default of `--policy`: the name of one of `policies`, or a file. Commands that use one policy use \
             this one; `lint` applies it to steps that call no known harness.",
        )
        .such_as("nightly"),
        Field::optional(
            "workflows",
            Shape::List(&Shape::Text),
            "Glob patterns of the workflow files to lint. The default is the workflow directories of the forges.",
        )
        .such_as("ci/*.yml"),
        Field::optional(
            "vars",
            Shape::Mapping(&VARS),
            "Values of repository variables, by name: the values of `vars.NAME` in expressions.",
        )
        .such_as("{MODEL: acme-large}"),
        Field::optional(
            "absent_vars",
            Shape::List(&Shape::Text),
            "Repository variables that do not exist: `vars.NAME` is empty.",
        )
        .such_as("MODEL"),
        Field::optional(
            "absent_secrets",
            Shape::List(&Shape::Text),
            "Names of secrets that do not exist; an absent secret injects nothing.",
        )
        .such_as("ACME_KEY"),
        Field::optional(
            "known_secrets",
            Shape::List(&Shape::Text),
            "The name of every secret that exists, including those of the organisation and of environments; every \
             other secret is absent. Cannot be used with `absent_secrets`.",
        )
        .such_as("ACME_KEY"),
        Field::optional(
            "deny",
            Shape::List(&Shape::Word(|| {
                codes::entries().filter(|code| code.level != Level::Error).map(|it| it.id).collect()
            })),
            "Codes of warnings and notes that are errors in every command that reports them, such as \
             `cross-vendor-credential` (with it, `prove` looks for environments that send a key to another vendor) or \
             `shadowed-variable`.",
        ),
        Field::optional(
            "pins",
            Shape::List(&Shape::Mapping(&PIN)),
            "Files outside workflows that write down model ids.",
        ),
        Field::optional(
            "invariants",
            Shape::List(&Shape::Mapping(&INVARIANT)),
            "What must always or never hold for the model that a harness picks.",
        ),
        Field::optional(
            "expect",
            Shape::List(&Shape::Mapping(&EXPECT)),
            "Tests: environments, and what they resolve to.",
        ),
        Field::optional(
            "accept",
            Shape::List(&Shape::Mapping(&ACCEPT)),
            "Contradictions that are intended, each with a reason: with `workflow` or `job` for `lint`, else for \
             `prove`.",
        ),
    ],
)
.with(&[
    Rule::AtMostOne(&["unknown_fields", "allow_unknown_fields"]),
    Rule::AtMostOne(&["known_secrets", "absent_secrets"]),
]);

/// The word of `unknown_fields` that rejects every unknown field.
pub const DENY: &str = "deny";
/// The word of `unknown_fields` that rejects misspelt fields.
pub const DENY_MISSPELT: &str = "deny-misspelt";
/// The word of `unknown_fields` that ignores unknown fields.
pub const ALLOW: &str = "allow";

/// An entry of `registries`.
pub static REGISTRIES: Mapping = Mapping::new(
    "registries",
    &[
        Field::required("source", Shape::Text, "The file that people edit, relative to slugproof.yaml.")
            .such_as("providers.yaml"),
        Field::required("deployed", Shape::Text, "The copy in production, which may be older.")
            .such_as("deployed.yaml"),
    ],
);

static VARS: Mapping =
    Mapping::open("vars", &Shape::Text, "A repository variable, by its name; case does not matter.", &Shape::Text);

/// An entry of `pins`.
pub static PIN: Mapping = Mapping::new(
    "pin",
    &[
        Field::required(
            "files",
            Shape::AnyOf(&[Shape::Text, Shape::SomeList(&Shape::Text)]),
            "Glob patterns of the files, relative to slugproof.yaml.",
        )
        .such_as("tests/*.json"),
        Field::required(
            "runtime",
            Shape::Text,
            "The path of the field that names the runtime, such as `.runtime`; or the name of the runtime of all \
             files.",
        )
        .such_as(".runtime"),
        Field::optional("model", Shape::Text, "The path of the field that has the model id, such as `.model`.")
            .such_as(".model"),
        Field::optional(
            "models",
            Shape::Text,
            "The path of the fields that have model ids, such as `.models[].id`. `model` or `models` is required.",
        )
        .such_as(".models[].id"),
        Field::optional(
            "required_env",
            Shape::Text,
            "The path of the field that lists the names of the secrets which the workspace gets.",
        )
        .such_as(".env"),
    ],
)
.with(&[Rule::AtLeastOne(&["model", "models"])]);

/// The field of an invariant with the properties that must hold.
pub const ALWAYS: &str = "always";
/// The field of an invariant with the properties that must not hold together.
pub const NEVER: &str = "never";

/// An entry of `invariants`.
pub static INVARIANT: Mapping = Mapping::new(
    "invariant",
    &[
        Field::optional(ALWAYS, Shape::Mapping(&PROPERTIES), "What must hold, all together.")
            .such_as("{provider: acme}"),
        Field::optional(NEVER, Shape::Mapping(&PROPERTIES), "What must not hold together.")
            .such_as("{billing: platform}"),
        Field::optional("policy", MEMBERSHIP, "The policies that the entry is about; the default is all.")
            .such_as("nightly"),
        Field::optional("runtime", MEMBERSHIP, "The runtimes that the entry is about; the default is all.")
            .such_as("agent"),
        Field::optional(
            "when",
            Shape::Mapping(&CALL),
            "Tests of variables as in a policy, and the `event`, `job` and `workflow` of a call. An entry with one of \
             these three counts for `lint` only.",
        )
        .such_as("{event: pull_request}"),
        Field::optional("reason", Shape::NotBlank, "Why the invariant matters.")
            .such_as("forks must not spend credits"),
    ],
)
.with(&[Rule::AtLeastOne(&[ALWAYS, NEVER]), Rule::AtMostOne(&[ALWAYS, NEVER])]);

static PAYERS: Shape = Shape::Word(|| Billing::ALL.map(Billing::as_str).to_vec());
static PAYER_LIST: Shape = Shape::SomeList(&PAYERS);
static PAYER: Shape = Shape::AnyOf(&[PAYERS, PAYER_LIST, Shape::Mapping(&OTHER_PAYER)]);
static OTHER_PAYER: Mapping = Mapping::new(
    "other payer",
    &[Field::required("not", Shape::AnyOf(&[PAYERS, PAYER_LIST]), "The value is none of these words.")],
);

/// The properties of a resolution.
pub static PROPERTIES: Mapping = Mapping::new(
    "properties",
    &[
        Field::optional("provider", MEMBERSHIP, "The provider of the model.").such_as("acme"),
        Field::optional("billing", PAYER, "Who pays for the model."),
        Field::optional("model", MEMBERSHIP, "The slug.").such_as("acme-large"),
        Field::optional("path", PAYER, "The path that the policy selects: on `platform`, no key is injected."),
        Field::optional("rule", MEMBERSHIP, "The name of the rule that picked the model.").such_as("override"),
    ],
)
.with(&[Rule::NotEmpty]);

/// The properties of a call in a workflow.
pub static CALL: Mapping = Mapping {
    name: "situation",
    fields: &[
        Field::optional("event", MEMBERSHIP, "The event that starts the workflow, such as `pull_request`.")
            .such_as("pull_request"),
        Field::optional("job", MEMBERSHIP, "The id of the job.").such_as("e2e"),
        Field::optional("workflow", MEMBERSHIP, "The workflow: its path, or the end of its path.")
            .such_as("nightly.yml"),
    ],
    others: Some(Others {
        names: &Shape::Text,
        meaning: "A variable of a policy; the value is its test.",
        value: &TEST,
    }),
    rules: &[],
};

/// An entry of `expect`.
pub static EXPECT: Mapping = Mapping::new(
    "expectation",
    &[
        Field::optional("name", Shape::NotBlank, "The name of the test.").such_as("default"),
        Field::optional(
            "policy",
            Shape::NotBlank,
            "The only policy that is tested. The default is every policy that reads the variables.",
        )
        .such_as("nightly"),
        Field::optional(
            "runtime",
            Shape::NotBlank,
            "The runtime. The default is the runtime that the policy picks, or every runtime if it picks none.",
        )
        .such_as("agent"),
        Field::optional(
            "env",
            Shape::Mapping(&EXPECT_ENV),
            "The variables of the environment. Every other variable is unset.",
        )
        .such_as("{MODEL: acme-large}"),
        Field::optional("slug", Shape::NotBlank, "The slug that the environment must resolve to.")
            .such_as("acme-large"),
        Field::optional("provider", Shape::NotBlank, "The provider that must serve the slug.").such_as("acme"),
        Field::optional(
            "code",
            Shape::Word(|| Code::ALL.iter().map(|code| code.as_str()).collect()),
            "The code of the contradiction. Without it, the resolution must be consistent.",
        ),
    ],
)
.with(&[Rule::AtLeastOne(&["slug", "provider", "code"])]);

static EXPECT_ENV: Mapping = Mapping::open(
    "expected environment",
    &Shape::Text,
    "A variable and its value; `set` stands for the value of a secret, and `unset` for no value.",
    &Shape::Text,
);

/// An entry of `accept`.
pub static ACCEPT: Mapping = Mapping::new(
    "accept entry",
    &[
        Field::required(
            "code",
            Shape::Word(|| {
                let codes = Code::ALL.iter().map(|code| code.as_str());
                codes.chain([Warning::CrossVendorCredential.as_str()]).collect()
            }),
            "The code of the contradiction, or `cross-vendor-credential` if `deny` makes that an error.",
        ),
        Field::required("reason", Shape::NotBlank, "Why the contradiction is intended.")
            .such_as("the job tests this error"),
        Field::optional(
            "workflow",
            Shape::Text,
            "The workflow that the entry is limited to: its path, or the end of its path. The default is every one.",
        )
        .such_as("nightly.yml"),
        Field::optional(
            "job",
            Shape::Text,
            "The id of the job that the entry is limited to; the default is every job.",
        )
        .such_as("e2e"),
        Field::optional("policy", Shape::Text, "The policy that the entry is limited to; the default is every one.")
            .such_as("nightly"),
        Field::optional("runtime", Shape::Text, "The runtime that the entry is limited to; the default is every one.")
            .such_as("agent"),
        Field::optional("set", Shape::List(&Shape::Text), "Variables that must be set for the entry to count.")
            .such_as("MODEL"),
        Field::optional("unset", Shape::List(&Shape::Text), "Variables that must be unset for the entry to count.")
            .such_as("MODEL"),
    ],
);
