//! The table of all codes that a command can report.
//!
//! An entry has an id, a level, the commands that report it and a meaning of one line. Its
//! page, `data/codes/ID.md`, explains what the code means, why it matters and how to fix it,
//! with an example that a test runs. `slugproof explain`, docs/codes.md, SARIF and the JSON of
//! findings are generated from this table.

use std::fmt;

use serde::{Serialize, Serializer};
use slug_resolver::{Code, Warning};

use crate::suggest::did_you_mean;

/// One code.
#[derive(PartialEq, Eq)]
pub struct Entry {
    /// The code, in kebab-case. It is stable.
    pub id: &'static str,
    /// The default level of its findings; a finding can override it.
    pub level: Level,
    /// The commands that report the code.
    pub commands: &'static [Command],
    /// The meaning, as one sentence without a full stop.
    pub meaning: &'static str,
    text: &'static str,
}

/// Codes of one topic, in the order of docs/codes.md.
pub struct Group {
    /// The heading.
    pub title: &'static str,
    /// Introduction to the codes, in Markdown.
    pub intro: &'static str,
    /// The codes.
    pub entries: &'static [&'static Entry],
}

/// The severity of a finding, in descending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something fails. Counts as a finding.
    Error,
    /// Works today but should be changed. Counts as a finding.
    Warning,
    /// Shown to be neither correct nor incorrect. Counts as an error under `--strict`.
    Undecided,
    /// Information. Never counts.
    Note,
}

/// A command that reports codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `slugproof derive`
    Derive,
    /// `slugproof resolve`
    Resolve,
    /// `slugproof pick`
    Pick,
    /// `slugproof prove`
    Prove,
    /// `slugproof lint`
    Lint,
    /// `slugproof check`
    Check,
    /// `slugproof diagnose`
    Diagnose,
    /// `slugproof conform`
    Conform,
}

/// Declares each entry as a static and all of them as [`GROUPS`].
macro_rules! table {
    ($($title:literal, $intro:literal: {
        $($name:ident = $id:literal, $level:ident, [$($command:ident),+], $meaning:expr;)+
    })+) => {
        $($(
            #[doc = concat!("`", $id, "`")]
            pub static $name: Entry = Entry {
                id: $id,
                level: Level::$level,
                commands: &[$(Command::$command),+],
                meaning: $meaning,
                text: include_str!(concat!("../data/codes/", $id, ".md")),
            };
        )+)+

        /// The whole table.
        pub static GROUPS: &[Group] =
            &[$(Group { title: $title, intro: $intro, entries: &[$(&$name),+] }),+];
    };
}

table! {
    "Contradictions: the create call is rejected",
    "No provider serves the model, so the create call fails and no workspace is created. The \
    outcome is `rejected`. A contradiction has exactly one code.": {
        MODEL_REQUIRED = "model-required", Error, [Derive, Resolve, Pick, Prove, Lint, Diagnose],
            Code::ModelRequired.meaning();
        UNKNOWN_RUNTIME = "unknown-runtime", Error, [Derive, Resolve, Pick, Prove, Lint, Diagnose],
            Code::UnknownRuntime.meaning();
        UNREGISTERED_MODEL = "unregistered-model", Error, [Derive, Resolve, Pick, Prove, Lint, Diagnose],
            Code::UnregisteredModel.meaning();
        AMBIGUOUS_MODEL = "ambiguous-model", Error, [Derive, Resolve, Pick, Prove, Lint, Diagnose],
            Code::AmbiguousModel.meaning();
        WITHDRAWN_MODEL = "withdrawn-model", Error, [Derive, Resolve, Pick, Prove, Lint, Diagnose],
            Code::WithdrawnModel.meaning();
    }

    "Contradictions: the workspace ends in the state `failed`",
    "A provider serves the model and the workspace is created, but the injected secrets \
    do not match the provider. The outcome is `failed`. If the registry has a \
    `platform_error` for the code, messages show it.": {
        PLATFORM_PATH_BYOK_MODEL = "platform-path-byok-model", Error, [Resolve, Pick, Prove, Lint, Diagnose],
            Code::PlatformPathByokModel.meaning();
        PLATFORM_MODEL_WITH_TENANT_KEY =
            "platform-model-with-tenant-key", Error, [Resolve, Pick, Prove, Lint, Diagnose],
            Code::PlatformModelWithTenantKey.meaning();
        MISSING_CREDENTIAL = "missing-credential", Error, [Resolve, Pick, Prove, Lint, Diagnose],
            Code::MissingCredential.meaning();
        WRONG_CREDENTIAL = "wrong-credential", Error, [Resolve, Pick, Prove, Lint, Diagnose],
            Code::WrongCredential.meaning();
    }

    "Warnings about a resolution",
    "A resolution can have these warnings in addition to any verdict. `lint` counts the first as a finding; \
    otherwise they change the exit code only if `deny` in slugproof.yaml lists their codes.": {
        CROSS_VENDOR_CREDENTIAL = "cross-vendor-credential", Warning, [Resolve, Pick, Prove, Lint, Diagnose],
            Warning::CrossVendorCredential.meaning();
        SHADOWED_VARIABLE = "shadowed-variable", Note, [Resolve, Pick, Lint, Diagnose],
            Warning::ShadowedVariable.meaning();
    }

    "Invariants and expectations",
    "`invariants` in slugproof.yaml say what must always or never hold for the model that a harness picks. `prove` \
    checks them in every environment, `lint` in every call. `expect` says what single environments resolve to; \
    `prove` tests that.": {
        VIOLATED_INVARIANT = "violated-invariant", Error, [Prove, Lint],
            "an environment or a call violates an invariant of slugproof.yaml";
        FAILED_EXPECTATION = "failed-expectation", Error, [Prove],
            "an environment resolves to something other than `expect` in slugproof.yaml says";
    }

    "Workflow files",
    "Every output format of `lint` and `check` gives the code of each finding.": {
        UNDECIDED = "undecided", Undecided, [Lint, Check],
            "slugproof could not decide whether the input is correct";
        UNREADABLE_FILE = "unreadable-file", Error, [Lint, Check],
            "a file cannot be opened, is not YAML, or is not of a known kind";
        UNKNOWN_HARNESS = "unknown-harness", Note, [Lint],
            "a workflow sets variables of a policy for a script or an action that no policy describes";
        ALWAYS_TRUE_CONDITION = "always-true-condition", Warning, [Lint],
            "an `if:` has text around `${{ }}`, so it is always true";
        NEAR_MISS = "near-miss", Warning, [Lint, Check],
            "a name resembles another: a variable, a secret or a model id is probably misspelt";
        PLACEHOLDER = "placeholder", Error, [Lint, Check],
            "a value is a placeholder in angle brackets, or a reference that nothing expands";
        REFUSED_FILE = "refused-file", Warning, [Lint],
            "a forge refuses a workflow file or an action that calls a harness";
        UNSET_VARIABLE = "unset-variable", Warning, [Lint],
            "a harness fails without a variable that other calls set and this one does not";
        LIKELY_SLIP = "likely-slip", Warning, [Lint],
            "a line of a workflow file is probably a mistake, although forges accept it";
        UNUSED_ACCEPT = "unused-accept", Warning, [Lint],
            "an `accept` entry for lint in slugproof.yaml accepts nothing";
    }

    "Suppressions",
    "A finding is suppressed by `# slugproof: ignore[code] reason` at the end of its line \
    or on comment lines directly above it.": {
        SUPPRESSION_WITHOUT_REASON = "suppression-without-reason", Error, [Lint, Check, Conform],
            "a suppression gives no reason, so it suppresses nothing";
        UNUSED_SUPPRESSION = "unused-suppression", Warning, [Lint, Check, Conform],
            "a suppression suppresses nothing";
        UNKNOWN_SUPPRESSION = "unknown-suppression", Error, [Lint, Check, Conform],
            "a suppression names a code that does not exist";
        MALFORMED_SUPPRESSION = "malformed-suppression", Error, [Lint, Check, Conform],
            "a comment begins with `slugproof:` but is not a valid suppression";
    }

    "Registries and policies",
    "`check` reads the files by themselves, without any environment.": {
        INVALID_REGISTRY = "invalid-registry", Error, [Check],
            "a registry breaks a rule of its format";
        INVALID_POLICY = "invalid-policy", Error, [Check],
            "a policy breaks a rule of its format";
        INVALID_CONFIG = "invalid-config", Error, [Check],
            "a slugproof.yaml breaks a rule of its format";
        OVERLAPPING_PATTERNS = "overlapping-patterns", Warning, [Check],
            "the patterns of two providers of one runtime match the same unlisted model id";
        UNREACHABLE_ARM = "unreachable-arm", Warning, [Check],
            "a runtime has a provider entry that no model and no credentials select";
        UNMATCHED_LISTED_ID = "unmatched-listed-id", Note, [Check],
            "a runtime lists a model id under a provider whose own pattern does not match it";
        PLATFORM_LISTS_VENDOR_KEY = "platform-lists-vendor-key", Warning, [Check],
            "the platform's provider accepts a key that another vendor issued";
        INVALID_SECRET_NAME = "invalid-secret-name", Warning, [Check],
            "an entry of `auth_env` is not a valid environment variable name";
        UNACCEPTED_SECRET = "unaccepted-secret", Warning, [Check],
            "a policy injects a secret that no provider of the registry accepts, probably misspelt";
        UNINJECTED_KEY = "uninjected-key", Warning, [Check],
            "a key variable of a policy selects a model but injects no secret";
        UNMATCHED_HARNESS = "unmatched-harness", Warning, [Check],
            "no call can match `harness`: the repository lacks what an entry runs, or the list is empty";
        UNKNOWN_FIELD = "unknown-field", Note, [Check],
            "a registry has a field that the format does not define";
        UNREACHABLE_RULE = "unreachable-rule", Warning, [Check],
            "an earlier rule of a policy always applies where this one would";
        NO_PLATFORM_PROVIDER = "no-platform-provider", Note, [Check],
            "a policy has a platform path, but the registry has no provider that the platform pays for";
        DUPLICATE_MODEL = "duplicate-model", Warning, [Check],
            "a list of model ids has the same id twice";
        INVISIBLE_CHARACTER = "invisible-character", Warning, [Check],
            "a listed model id has white space around it or a character that cannot be seen";
        REGISTRY_DIFFERENCE = "registry-difference", Note, [Check],
            "the two registries of `registries` in slugproof.yaml say something different";
        UNREGISTERED_POLICY_MODEL = "unregistered-policy-model", Warning, [Check],
            "a policy picks a model, but no runtime that could use it registers it";
        UNREGISTERED_POLICY_RUNTIME = "unregistered-policy-runtime", Warning, [Check],
            "a policy names a runtime that the registry does not have";
    }

    "Functions",
    "A policy can name the shell function that it describes. `conform` compares the two.": {
        POLICY_DRIFT = "policy-drift", Error, [Conform],
            "a policy answers differently from the function that it describes";
        UNSTABLE_FUNCTION = "unstable-function", Error, [Conform],
            "a function answers one question in several ways";
        NOT_PROVED = "not-proved", Undecided, [Conform],
            "a policy is not proved to match its function";
        MISSING_FUNCTION = "missing-function", Error, [Check, Conform],
            "the function that a policy describes cannot be called";
        UNCONFORMED = "unconformed", Note, [Conform, Check, Prove, Lint],
            "it is not proved that a policy matches its function; reported only with `deny`";
    }

    "Causes that `diagnose` names",
    "`diagnose` names one cause: the code of a contradiction, or one of these. If several \
    apply, it names the first; a contradiction comes after `record-disagrees`. \
    `--output json` has the cause under `cause`, as `name` and `message`. The other members \
    are `resolution` (the output of `resolve`), `named` (the model and the runtime that the \
    record names), `disagreements`, `recorded` (what the record's model resolves to), \
    `fields` (the status and error fields of the record) and `record` (masked).": {
        NO_ENVIRONMENT = "no-environment", Undecided, [Diagnose],
            "no environment is given, so the configuration is not checked";
        RECORD_DISAGREES = "record-disagrees", Error, [Diagnose],
            "the workspace was not created from this environment";
        COHERENT_ONLINE = "coherent-online", Note, [Diagnose],
            "the configuration is consistent, and the workspace came online";
        COHERENT_WITH_ERROR = "coherent-with-error", Error, [Diagnose],
            "the configuration is consistent, and the record reports an error";
        SILENT_RECORD = "silent-record", Undecided, [Diagnose],
            "the configuration is consistent, and the record has neither a status nor an error field";
        EMPTY_ERROR = "empty-error", Error, [Diagnose],
            "the configuration is consistent, and every error field is empty or missing";
    }
}

/// Every entry, in the order of docs/codes.md.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    GROUPS.iter().flat_map(|group| group.entries).copied()
}

/// Returns the entry of an id, or `None` for an unknown id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Entry> {
    entries().find(|entry| entry.id == id)
}

/// Returns the entry of a code that can be denied.
///
/// # Errors
///
/// The code is unknown, or already an error. The message says what to do.
pub fn deniable(id: &str) -> Result<&'static Entry, String> {
    let Some(entry) = find(id) else {
        let deniable = entries().filter(|entry| entry.level != Level::Error).map(|entry| entry.id);
        let suggestion = did_you_mean(id, deniable, "`slugproof explain` lists the codes");
        return Err(format!("unknown code `{id}`; {suggestion}"));
    };
    if entry.level == Level::Error { Err(format!("`{id}` is already an error; remove it")) } else { Ok(entry) }
}

/// Returns the entry of a warning.
#[must_use]
pub fn warning(warning: Warning) -> &'static Entry {
    find(warning.as_str()).expect("the table has every warning")
}

/// Returns the entry of a contradiction.
#[must_use]
pub fn contradiction(code: Code) -> &'static Entry {
    find(code.as_str()).expect("the table has every contradiction")
}

/// Returns true if a code is a contradiction.
#[must_use]
pub fn is_contradiction(code: &Entry) -> bool {
    Code::parse(code.id).is_some()
}

impl Entry {
    /// Returns the page of the code.
    #[must_use]
    pub fn page(&self) -> Page {
        Page::parse(self.text).expect("each page has its four parts")
    }

    /// Returns true if a command reports the code.
    #[must_use]
    pub fn is_reported_by(&self, command: Command) -> bool {
        self.commands.contains(&command)
    }

    /// Returns true if a comment can suppress findings of this code. Findings about
    /// suppressions cannot be suppressed.
    #[must_use]
    pub fn can_be_suppressed(&self) -> bool {
        let about_suppressions =
            [&SUPPRESSION_WITHOUT_REASON, &UNUSED_SUPPRESSION, &UNKNOWN_SUPPRESSION, &MALFORMED_SUPPRESSION];
        !about_suppressions.contains(&self)
    }
}

/// The paragraphs of Markdown text. The lines of a paragraph, and those of each item of a list, are joined
/// into one line.
pub fn paragraphs(prose: &str) -> impl Iterator<Item = String> {
    let paragraphs = prose.trim().split("\n\n").filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| {
        let mut lines: Vec<String> = Vec::new();
        for line in paragraph.lines() {
            match lines.last_mut().filter(|_| !line.starts_with(ITEM)) {
                Some(last) => *last += &format!(" {}", line.trim_start()),
                None => lines.push(line.to_owned()),
            }
        }
        lines.join("\n")
    })
}

/// The start of an item of a list.
pub const ITEM: &str = "- ";

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

/// The page of a code, in Markdown. `slugproof explain` renders its paragraphs and fenced
/// blocks only.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Page {
    /// The condition under which the code is reported; JSON keeps an earlier name of the field.
    #[serde(rename = "what_it_does")]
    pub what_it_means: &'static str,
    /// The consequence of leaving the problem unfixed.
    pub why_it_matters: &'static str,
    /// A console session that reports the code.
    pub example: &'static str,
    /// Ways to fix the problem.
    pub fix: &'static str,
}

impl Page {
    fn parse(text: &'static str) -> Option<Self> {
        let text = text.strip_prefix("## What it means\n")?;
        let (what_it_means, text) = text.split_once("\n## Why it matters\n")?;
        let (why_it_matters, text) = text.split_once("\n## Example\n")?;
        let (example, fix) = text.split_once("\n## Fix\n")?;
        Some(Self {
            what_it_means: what_it_means.trim(),
            why_it_matters: why_it_matters.trim(),
            example: example.trim(),
            fix: fix.trim(),
        })
    }

    /// The sections of the page with their headings, in order.
    #[must_use]
    pub fn sections(&self) -> [(&'static str, &'static str); 4] {
        [
            ("What it means", self.what_it_means),
            ("Why it matters", self.why_it_matters),
            ("Example", self.example),
            ("Fix", self.fix),
        ]
    }

    /// The page as Markdown; `level` is the level of its headings.
    #[must_use]
    pub fn markdown(&self, level: usize) -> String {
        let heading = "#".repeat(level);
        let section = |(title, body)| format!("{heading} {title}\n\n{body}\n");
        self.sections().map(section).join("\n")
    }
}

impl Level {
    /// Returns true if a finding of this level makes the command exit 1.
    #[must_use]
    pub fn counts(self) -> bool {
        matches!(self, Self::Error | Self::Warning)
    }

    /// The name used in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Undecided => "undecided",
            Self::Note => "note",
        }
    }
}

impl Command {
    /// The name on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Derive => "derive",
            Self::Resolve => "resolve",
            Self::Pick => "pick",
            Self::Prove => "prove",
            Self::Lint => "lint",
            Self::Check => "check",
            Self::Diagnose => "diagnose",
            Self::Conform => "conform",
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
