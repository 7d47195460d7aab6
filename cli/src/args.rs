//! The command line: the arguments of each command and their help texts.

mod tips;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use slug_redact::{MASK, credentials_in};
use slug_resolver::yaml::UnknownFields;

use crate::codes::{self, Entry};
use crate::conformity;
use crate::data::DataOptions;
use crate::exit::{Exit, Failure};
use crate::findings::{FindingsOptions, Format};
use crate::sink::{BasicFormat, OutputFormat, Sink};

/// Proves that every model slug a harness can pick matches the secrets it injects
///
/// A harness picks a model slug from environment variables and injects secrets;
/// the platform derives a provider from the slug. If provider and secrets do not
/// match, the workspace ends in the state `failed`, and the job fails a quarter of an
/// hour later with an empty error. slugproof finds this in milliseconds, before merge.
///
/// Without a command, slugproof runs `check`, `conform`, `prove` and `lint` on the data of
/// the nearest slugproof.yaml in this directory or a parent, and exits with the worst code.
/// Without such a file, it shows the proof of embedded sample data and exits with 0.
#[derive(Parser)]
#[command(name = "slugproof", version, styles = STYLES, max_term_width = 80)]
#[command(after_long_help = include_str!("../data/help/slugproof.txt").trim_end())]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The slugproof.yaml to use [default: the nearest, in this directory or a parent]
    #[arg(long, value_name = "FILE", help_heading = "Without a command")]
    pub config: Option<PathBuf>,

    /// The output format (human or json), optionally json in a file [default: human]; may be
    /// repeated
    #[arg(long, value_name = "FORMAT[=PATH]", help_heading = "Without a command")]
    pub output: Vec<Sink<BasicFormat>>,

    /// When to use colour; `auto` means on a terminal, unless NO_COLOR is set, and wherever
    /// FORCE_COLOR is set
    #[arg(long, value_enum, default_value_t = ColorWhen::Auto, global = true, value_name = "WHEN")]
    pub color: ColorWhen,

    /// Print only the verdict: no report for people, and no progress, notes or warnings
    #[arg(long, short, global = true)]
    pub quiet: bool,

    /// Exit with 0 instead of 1 if something was found
    #[arg(long, global = true)]
    pub exit_zero: bool,
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    Auto,
    Always,
    Never,
}

/// A command. The doc comment of its arguments is its help text.
#[derive(Subcommand)]
pub enum Command {
    Prove(ProveArgs),
    Resolve(ResolveArgs),
    Derive(DeriveArgs),
    Pick(PickArgs),
    Lint(LintArgs),
    Diff(DiffArgs),
    Check(CheckArgs),
    Conform(ConformArgs),
    Init(InitArgs),
    Diagnose(DiagnoseArgs),
    Explain(ExplainArgs),
    Schema(SchemaArgs),
    Lsp(LspArgs),
    Import(ImportArgs),
    Corpus(CorpusArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the names that can complete an argument, one a line
    #[command(hide = true)]
    Complete {
        /// What to list
        #[arg(value_enum)]
        names: Completable,
    },
    /// Print the manual page
    Man {
        /// Write the pages of all commands into this directory instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// Names that completion scripts ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Completable {
    /// The runtimes of the registry and the policies
    Runtimes,
    /// The policies
    Policies,
    /// Every code
    Codes,
    /// The codes that `--deny` takes
    DeniableCodes,
}

/// The arguments that select the registry.
#[derive(Args, Clone, Default)]
pub struct RegistryArgs {
    /// The registry to use [default: the one in slugproof.yaml, else the embedded one]
    #[arg(long, value_name = "FILE", help_heading = "Data")]
    pub registry: Option<PathBuf>,

    #[command(flatten)]
    pub unknown_fields: UnknownFieldsArgs,

    /// Do not look for a slugproof.yaml
    #[arg(long, help_heading = "Data")]
    pub no_config: bool,

    /// Use the embedded sample data, and no slugproof.yaml
    #[arg(long, help_heading = "Data", conflicts_with = "registry")]
    pub embedded: bool,

    /// The slugproof.yaml of the bare command, which sets it.
    #[arg(skip)]
    pub config: Option<PathBuf>,
}

/// The arguments about fields of the registry that the format does not define.
#[derive(Args, Clone, Default)]
pub struct UnknownFieldsArgs {
    /// Reject every unknown field of the registry [default: only misspelt ones]
    #[arg(long, help_heading = "Data")]
    pub deny_unknown_fields: bool,

    /// Ignore every unknown field of the registry
    #[arg(long, help_heading = "Data", hide = true, conflicts_with = "deny_unknown_fields")]
    pub allow_unknown_fields: bool,
}

impl UnknownFieldsArgs {
    /// Returns the requested treatment, or `None` if no flag is given.
    #[must_use]
    pub fn choice(&self) -> Option<UnknownFields> {
        match (self.deny_unknown_fields, self.allow_unknown_fields) {
            (true, _) => Some(UnknownFields::Deny),
            (_, true) => Some(UnknownFields::Allow),
            _ => None,
        }
    }
}

impl RegistryArgs {
    /// Returns these arguments without the types of the command line.
    pub fn options(&self) -> DataOptions {
        DataOptions {
            registry: self.registry.clone(),
            unknown_fields: self.unknown_fields.choice(),
            no_config: self.no_config || self.embedded,
            config: self.config.clone(),
            top: None,
        }
    }
}

/// The arguments that say how findings are counted and printed.
#[derive(Args, Clone, Default)]
pub struct FindingsArgs {
    /// The output format (human, json, sarif, github or html), optionally written to a file
    /// [default: human]; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", help_heading = "Findings", alias = "format")]
    pub output: Vec<Sink<Format>>,

    /// Count undecided findings as errors
    #[arg(long, help_heading = "Findings")]
    pub strict: bool,

    /// Count the findings of a code as errors, as `deny` in slugproof.yaml does; may be repeated
    #[arg(long, value_name = "CODE", value_parser = codes::deniable, help_heading = "Findings")]
    pub deny: Vec<&'static Entry>,

    /// Count only findings that are not in this file
    #[arg(long, value_name = "FILE", help_heading = "Findings")]
    pub baseline: Option<PathBuf>,

    /// Write all findings of this run to the baseline; none of them counts, so the exit code is 0
    #[arg(long, requires = "baseline", help_heading = "Findings")]
    pub write_baseline: bool,
}

impl FindingsArgs {
    /// Returns these arguments without the types of the command line.
    pub fn options(&self) -> FindingsOptions {
        FindingsOptions {
            sinks: self.output.clone(),
            strict: self.strict,
            deny: self.deny.clone(),
            baseline: self.baseline.clone(),
            write_baseline: self.write_baseline,
        }
    }
}

/// Check every law on every relevant case, and show which contradictions a harness can reach
///
/// Covers every runtime and every class of values of every policy variable: each
/// listed id, one example for each set of patterns that can match together, an id
/// that no provider serves, and a blank value. Slugs form one class if the same
/// provider entries list them and the same patterns match them. Checks all laws on
/// one slug of each class, and compares the result for every other slug on every
/// runtime with that of a slow reference resolver. Prints which provider serves each
/// runtime, by variable; the gaps (contradictions that are reachable without an
/// override, each with its smallest set of variables); and what was covered.
///
/// If there is a slugproof.yaml, every gap that it does not accept is a finding, and its
/// `invariants` and `expect` are checked. If neither
/// a slugproof.yaml nor a flag names data, the embedded sample data are proved and the exit
/// code is 3.
#[derive(Args, Default)]
#[command(after_long_help = include_str!("../data/help/prove.txt").trim_end())]
pub struct ProveArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// A policy to prove: a file, or the name of an embedded policy; may be repeated
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Vec<OsString>,

    /// The output format (human, json or html), optionally written to a file [default: human];
    /// may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", alias = "format")]
    pub output: Vec<Sink<ProveFormat>>,

    /// Kinds of findings to count in addition to broken laws
    #[arg(long, value_enum)]
    pub deny: Vec<Deny>,

    /// Evaluate every concrete combination as well, and compare the counts
    #[arg(long)]
    pub brute_force: bool,

    /// The work that the checks of one policy may take, in units of about 8 ns [default: 600000000]
    #[arg(long, value_name = "N")]
    pub budget: Option<u64>,

    /// Write the classes of environments and their verdicts to a file, for a check by another program
    #[arg(long, value_name = "FILE", conflicts_with = "laws")]
    pub certificate: Option<PathBuf>,

    /// List the laws and exit
    #[arg(long)]
    pub laws: bool,

    /// True if `conform` runs as well and says whether policies match their functions.
    #[arg(skip)]
    pub with_conform: bool,
}

/// The formats of `prove`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProveFormat {
    /// For people, on a terminal
    Human,
    /// One JSON object
    Json,
    /// One static page
    Html,
}

impl OutputFormat for ProveFormat {
    const ALL: &'static [(&'static str, Self)] = &[("human", Self::Human), ("json", Self::Json), ("html", Self::Html)];

    fn is_json(self) -> bool {
        self == Self::Json
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Contradictions reachable without an override
    #[value(alias = "holes")]
    Gaps,
    /// Policies that are not proved to match their functions
    Unconformed,
}

/// Resolve one query, or one for each line of a file
///
/// Prints which model is picked and why, which provider serves it, which secrets are
/// injected, and whether provider and secrets match. Only the variables given on the
/// command line are set: the process environment is not read (see `pick`).
#[derive(Args)]
#[command(override_usage = "\
slugproof resolve [OPTIONS] [--runtime <RUNTIME>] [VAR=VALUE]...
       slugproof resolve [OPTIONS] --batch [<FILE>]")]
#[command(after_long_help = include_str!("../data/help/resolve.txt").trim_end())]
pub struct ResolveArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// The policy: a file, or the name of an embedded policy [default: `harness_policy` of
    /// slugproof.yaml, else its first policy, else the first embedded one]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Option<OsString>,

    /// The runtime, used verbatim even if empty [default: the one that the policy picks]
    #[arg(long, value_name = "RUNTIME", conflicts_with = "batch")]
    pub runtime: Option<String>,

    /// A variable that is set; may be repeated
    #[arg(value_name = "VAR=VALUE", conflicts_with = "batch")]
    pub variables: Vec<OsString>,

    /// The name of a credential that is already available to the workspace; may be repeated
    #[arg(long, value_name = "NAME", conflicts_with = "batch")]
    pub ambient: Vec<String>,

    /// The output format (human, json, or env for assignments that a shell can evaluate),
    /// optionally written to a file [default: human]; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", alias = "format")]
    pub output: Vec<Sink<ResolveFormat>>,

    /// Read one query per line, from a file or standard input; the output is json, one object per
    /// line
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    pub batch: Option<PathBuf>,
}

/// The formats of `resolve`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveFormat {
    /// For people
    Human,
    /// One JSON object
    Json,
    /// Assignments that a shell can evaluate
    Env,
}

impl OutputFormat for ResolveFormat {
    const ALL: &'static [(&'static str, Self)] = &[("human", Self::Human), ("json", Self::Json), ("env", Self::Env)];

    fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// Find the provider of a model, for each line of a file
///
/// A line is {"runtime": …, "model": …, "auth_env": […]}, where `auth_env` is optional.
/// The result is {"provider": …} or {"code": …}. No policy is used.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/derive.txt").trim_end())]
pub struct DeriveArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// Read one query per line, from a file or standard input
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-", required = true)]
    pub batch: PathBuf,

    /// The output format, which is json: one object per line; optionally written to a file
    #[arg(long, value_name = "FORMAT[=PATH]", alias = "format")]
    pub output: Vec<Sink<BatchFormat>>,
}

/// The format of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchFormat {
    /// One JSON object per line
    Json,
}

impl OutputFormat for BatchFormat {
    const ALL: &'static [(&'static str, Self)] = &[("json", Self::Json)];

    fn is_json(self) -> bool {
        true
    }
}

/// Pick a model from the process environment, inside a harness
///
/// Prints the slug if its provider matches the secrets that will be injected.
/// Otherwise prints nothing on standard output, explains the contradiction on
/// standard error, and exits 1. Without a slugproof.yaml, --policy or --embedded is needed.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/pick.txt").trim_end())]
pub struct PickArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// The policy: a file, or the name of an embedded policy [default: `harness_policy` of
    /// slugproof.yaml, else its first policy, else the first embedded one]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Option<OsString>,

    /// The runtime, used verbatim even if empty [default: the value of the policy's runtime variable]
    pub runtime: Option<String>,

    /// The name of a credential that is already available to the workspace; may be repeated
    #[arg(long, value_name = "NAME")]
    pub ambient: Vec<String>,

    /// Print the slug that the harness would pick, without checking it
    #[arg(long)]
    pub unchecked: bool,
}

/// Check every workflow step that calls a harness, before it runs
///
/// Reads workflow files as GitHub and Gitea run them: every event, every input, every row of
/// a matrix, every `env`, and every variable that scripts export or write to `$GITHUB_ENV`.
/// A step that calls the `harness` script of a policy is checked with that policy. If the
/// result depends on a value that the file does not contain, it is reported as undecided,
/// with the reason.
///
/// Without PATH it reads the files that `workflows` in slugproof.yaml names, else
/// `.github/workflows` and `.gitea/workflows`.
#[derive(Args, Default)]
#[command(after_long_help = include_str!("../data/help/lint.txt").trim_end())]
pub struct LintArgs {
    /// Workflow files, or directories that contain them; `-` reads standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub registry: RegistryArgs,

    /// A policy for steps that call no known harness: a file, or the name of an embedded
    /// policy; may be repeated [default: `harness_policy` of slugproof.yaml]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Vec<OsString>,

    #[command(flatten)]
    pub findings: FindingsArgs,

    /// Apply the suggested edits, which delete or replace `env` entries
    #[arg(long, conflicts_with = "write_baseline")]
    pub fix: bool,

    /// True if `conform` runs as well and says whether policies match their functions.
    #[arg(skip)]
    pub with_conform: bool,
}

/// Show what a change does to models, providers and payers
///
/// Compares two git revisions, or a revision and the working tree: what each policy picks in
/// every environment, every call that `lint` checks, and every model that a file pins. Shows
/// the contradictions that appear or disappear, and other providers and payers, one cause at
/// a time, with its place and its smallest environment.
///
/// Nothing in the repository changes: the files of a revision are read from git into a
/// temporary directory.
#[derive(Args)]
#[command(override_usage = "\
slugproof diff [OPTIONS] <BASE> [HEAD]
       slugproof diff [OPTIONS] --registry <OLD> <NEW>")]
#[command(after_long_help = include_str!("../data/help/diff.txt").trim_end())]
pub struct DiffArgs {
    /// The git revision before the change
    #[arg(value_name = "BASE", required_unless_present = "registry", conflicts_with = "registry")]
    pub base: Option<String>,

    /// The git revision after the change [default: the working tree]
    #[arg(value_name = "HEAD", conflicts_with = "registry")]
    pub head: Option<String>,

    /// Compare two registries instead, with the policies and files of the working tree
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"], help_heading = "Data")]
    pub registry: Vec<PathBuf>,

    #[command(flatten)]
    pub unknown_fields: UnknownFieldsArgs,

    /// Do not look for a slugproof.yaml
    #[arg(long, help_heading = "Data")]
    pub no_config: bool,

    /// A policy to compare: a file, or the name of a policy; may be repeated
    /// [default: the policies of slugproof.yaml]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Vec<OsString>,

    /// The output format (human, json, markdown, github or html), optionally written to a file
    /// [default: human]; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", alias = "format")]
    pub output: Vec<Sink<DiffFormat>>,

    /// What to count in addition to contradictions that appear
    #[arg(long, value_enum, value_delimiter = ',')]
    pub deny: Vec<DiffKind>,
}

/// The format of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiffFormat {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// For a comment on a pull request.
    Markdown,
    /// Workflow commands, which a forge shows as annotations.
    Github,
    /// A static page.
    Html,
}

impl OutputFormat for DiffFormat {
    const ALL: &'static [(&'static str, Self)] = &[
        ("human", Self::Human),
        ("json", Self::Json),
        ("markdown", Self::Markdown),
        ("github", Self::Github),
        ("html", Self::Html),
    ];

    fn is_json(self) -> bool {
        self == Self::Json
    }

    fn can_mix(self, other: Self) -> bool {
        (self, other) == (Self::Human, Self::Github)
    }
}

/// A kind of change that can be denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffKind {
    /// The platform pays instead of the tenant, or the reverse
    NewPayer,
    /// Another provider serves the model
    NewProvider,
}

/// Write slugproof.yaml and policies for a repository
///
/// Looks for a registry (YAML with a list `providers` and a map `runtimes`), workflow files, and
/// shell scripts that call a function which prints models of the registry. Runs each function
/// in every class of environment, as `conform` does, and writes a short policy with the
/// same answers. A comment at each rule names the line of the function that gives its answer.
/// Then runs `lint` once and shows its first finding. Without such a function, writes a draft to complete.
///
/// Existing files are never overwritten.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/init.txt").trim_end())]
pub struct InitArgs {
    /// The directory to look at [default: the repository that contains this directory]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Print the files instead of writing them
    #[arg(long)]
    pub dry_run: bool,

    /// The output format (human or json), optionally written to a file [default: human]; may be
    /// repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    pub output: Vec<Sink<BasicFormat>>,
}

/// Name the cause of a failed workspace
///
/// Reads the record of the workspace and the environment that it was created from.
/// Prints the observed values, in which anything that looks like a credential is
/// masked, and then the cause: a contradiction with its evidence and its fixes, a record that
/// belongs to another configuration, or the error that the record reports.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/diagnose.txt").trim_end())]
pub struct DiagnoseArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// The policy: a file, or the name of an embedded policy [default: `harness_policy` of
    /// slugproof.yaml, else its first policy, else the first embedded one]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Option<OsString>,

    /// The record: the JSON of `GET /workspaces/<id>`, in a file or on standard input
    #[arg(long, value_name = "FILE|-")]
    pub record: PathBuf,

    /// The runtime, used verbatim [default: the policy's runtime variable, else the record]
    #[arg(long, value_name = "RUNTIME")]
    pub runtime: Option<String>,

    /// A variable that was set; overrides files; may be repeated
    #[arg(value_name = "VAR=VALUE")]
    pub variables: Vec<OsString>,

    /// A file of NAME=VALUE lines; overrides the process environment; may be repeated
    #[arg(long, value_name = "FILE|-")]
    pub env_file: Vec<PathBuf>,

    /// Read the variables of the policy from the process environment
    #[arg(long)]
    pub from_env: bool,

    /// The name of a credential that is already available to the workspace; may be repeated
    #[arg(long, value_name = "NAME")]
    pub ambient: Vec<String>,

    /// The output format (human or json), optionally written to a file [default: human]; may be
    /// repeated
    #[arg(long, value_name = "FORMAT[=PATH]", alias = "format")]
    pub output: Vec<Sink<BasicFormat>>,
}

/// Check registries and policies for errors that no environment can fix
///
/// Finds in a registry: violations of its format; two providers of one runtime whose
/// patterns match the same id (compared as automata, shown with a shortest such id); a
/// provider entry that is never selected; a listed id that the provider's own pattern does
/// not match; a key of another vendor that the platform's provider accepts. Finds in a
/// policy: violations of its format; models, runtimes and secrets that a registry of the
/// same run does not have; keys that select a model but inject nothing; harness scripts that
/// do not exist. For a slugproof.yaml, the files that it names are checked too, each as what
/// the field that names it takes. Of any other FILE, the fields say whether it is a registry,
/// a policy or a slugproof.yaml. Without FILE and slugproof.yaml, the embedded sample data are
/// checked and the exit code is 3.
#[derive(Args, Default)]
#[command(after_long_help = include_str!("../data/help/check.txt").trim_end())]
pub struct CheckArgs {
    /// Registries, policies and slugproof.yaml files [default: the nearest slugproof.yaml,
    /// else the embedded data]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub unknown_fields: UnknownFieldsArgs,

    /// Do not look for a slugproof.yaml
    #[arg(long, help_heading = "Data")]
    pub no_config: bool,

    /// Check the embedded sample data
    #[arg(long, help_heading = "Data", conflicts_with = "files")]
    pub embedded: bool,

    #[command(flatten)]
    pub findings: FindingsArgs,

    /// True if `conform` runs as well and says whether policies match their functions.
    #[arg(skip)]
    pub with_conform: bool,
}

/// Prove that a policy matches the shell function that it describes
///
/// Runs the function that `function` in a policy names, in every environment that the function
/// or the policy distinguishes, and compares the model and the names of the secrets. Shows each
/// difference with its smallest environment, the rule of the policy and the line of the function.
/// If the function contains something that slugproof cannot analyse, the result is `not proved`.
///
/// Asks at most `--budget` questions about classes of environments and as many about near misses of
/// texts, each twice. With the default, this takes up to about a minute on two idle cores; a bar shows the
/// progress on a terminal.
///
/// The function runs in bash with an empty environment, without programs, and isolated from the network
/// and from files where the system supports it. Values of secrets are never printed.
///
/// Exits 0 if everything is proved, 1 on a difference, 2 if a function cannot be called, and 3 if
/// something is not proved.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/conform.txt").trim_end())]
pub struct ConformArgs {
    #[command(flatten)]
    pub registry: RegistryArgs,

    /// A policy to compare: a file, or the name of a policy; may be repeated
    /// [default: the policies of slugproof.yaml]
    #[arg(long, value_name = "NAME|FILE", help_heading = "Data")]
    pub policy: Vec<OsString>,

    /// Maximum number of classes of environments to test; if there are more, a sample is tested
    #[arg(long, value_name = "N", default_value_t = conformity::BUDGET, value_parser = conformity::budget)]
    pub budget: usize,

    #[command(flatten)]
    pub findings: FindingsArgs,
}

impl Default for ConformArgs {
    fn default() -> Self {
        let (registry, policy, findings) = Default::default();
        Self { registry, policy, budget: conformity::BUDGET, findings }
    }
}

/// Explain a code, or list all codes
///
/// Prints what a code means, why it matters and how to fix it, with an example. Without
/// CODE it lists every code that a command can report.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/explain.txt").trim_end())]
pub struct ExplainArgs {
    /// The code, as in `error[CODE]`
    pub code: Option<String>,

    /// The output format (human, json, or markdown as in docs/codes.md), optionally written to a
    /// file [default: human]; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]", alias = "format")]
    pub output: Vec<Sink<ExplainFormat>>,
}

/// The formats of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplainFormat {
    /// For people
    Human,
    /// One JSON object
    Json,
    /// Markdown, as in docs/codes.md
    Markdown,
}

impl OutputFormat for ExplainFormat {
    const ALL: &'static [(&'static str, Self)] =
        &[("human", Self::Human), ("json", Self::Json), ("markdown", Self::Markdown)];

    fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// Print the JSON Schema of a file format, for editors
///
/// The schema (draft 7) has every field with its meaning. It comes from the tables with which
/// slugproof reads the files, so it cannot be out of date. What no schema can express, such as
/// a name that another part of the file must have, `check` reports.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/schema.txt").trim_end())]
pub struct SchemaArgs {
    /// The kind of file
    #[arg(value_enum, value_name = "FILE")]
    pub file: FileFormat,

    /// Reject every unknown field of a registry, as the commands do with this flag
    #[arg(long)]
    pub deny_unknown_fields: bool,

    /// The output format (json, or markdown as in docs/formats.md), optionally written to a file
    /// [default: json]; may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    pub output: Vec<Sink<SchemaFormat>>,
}

/// Show findings in an editor, as a language server
///
/// Speaks the language server protocol on standard input and output. While you type, it shows
/// what `check` finds in the registry, the policies and slugproof.yaml, and what `lint` finds in
/// workflows and scripts; it offers the tested patches as quick fixes; it says which provider
/// serves a slug and who pays; and it completes slugs, providers, runtimes and variables. It
/// changes no file and runs no script.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/lsp.txt").trim_end())]
pub struct LspArgs {
    /// Use standard input and output, as always; many clients pass this flag
    #[arg(long)]
    pub stdio: bool,
}

/// A kind of file that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// The provider catalogue
    Registry,
    /// How a harness picks a model
    Policy,
    /// slugproof.yaml
    Config,
}

/// The formats of `schema`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaFormat {
    /// The JSON Schema
    Json,
    /// Tables of the fields, as in docs/formats.md
    Markdown,
}

impl OutputFormat for SchemaFormat {
    const ALL: &'static [(&'static str, Self)] = &[("json", Self::Json), ("markdown", Self::Markdown)];

    fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// Import the model catalogue of another tool as a registry
///
/// Prints a registry (providers.yaml), or writes it into a directory. What the registry does not
/// express is listed on standard error and at the beginning of the file. The same catalogue
/// always gives the same file.
///
/// `models.dev` reads the file api.json, or a checkout of the repository with its TOML files. Each
/// model is listed as `provider/id`, because several providers serve the same id. `litellm` reads
/// either the config.yaml of a proxy, from which it also makes a policy, or
/// model_prices_and_context_window.json.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/import.txt").trim_end())]
pub struct ImportArgs {
    /// The format of the catalogue
    #[arg(value_enum, value_name = "FORMAT")]
    pub catalogue: Catalogue,

    /// The catalogue; `-` reads standard input; for `models.dev` also a directory
    #[arg(value_name = "FILE|DIR")]
    pub path: PathBuf,

    /// The name of a runtime that gets all providers; may be repeated [default: `any` for
    /// models.dev, `litellm` for litellm]
    #[arg(long, value_name = "NAME")]
    pub runtime: Vec<String>,

    /// Import only this provider; may be repeated
    #[arg(long, value_name = "NAME")]
    pub provider: Vec<String>,

    /// List ids of models.dev without the name of the provider
    #[arg(long)]
    pub bare: bool,

    /// Write the files into this directory instead
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,

    /// Replace files that have another content
    #[arg(long, requires = "dir")]
    pub force: bool,

    /// The output format (human or json), optionally written to a file [default: human]; may be
    /// repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    pub output: Vec<Sink<BasicFormat>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Catalogue {
    /// The catalogue of models.dev
    #[value(name = "models.dev")]
    ModelsDev,
    /// A file of LiteLLM
    Litellm,
}

/// Review the regression corpus, check it, or add to it
///
/// The corpus contains witnesses (readable test cases) and seeds of random testing in
/// `proptest-regressions`, and inputs of fuzz targets in `fuzz/seeds` and
/// `fuzz/regressions`. No stored result is trusted: each case is run again whenever it is
/// shown or checked.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/corpus.txt").trim_end())]
pub struct CorpusArgs {
    #[command(subcommand)]
    pub command: CorpusCommand,
}

#[derive(Subcommand)]
pub enum CorpusCommand {
    Review(ReviewArgs),
    Check(CorpusCheckArgs),
    Promote(PromoteArgs),
}

/// Run every case again and show it for review
///
/// Shows for each case: its law and its origin, the variables that are set, the rule that
/// applies and the variables it shadows, the provider and the verdict, whether the case
/// still passes, and a command that reproduces it. Exits 1 if any case does not pass.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/corpus-review.txt").trim_end())]
pub struct ReviewArgs {
    /// Show only these files or directories of the corpus
    pub paths: Vec<PathBuf>,

    /// Show only files that were added, changed or removed since a git revision
    #[arg(long, value_name = "REV")]
    pub since: Option<String>,

    /// The output format (human, json or html), optionally written to a file [default: human];
    /// may be repeated. `html` is one page that needs no network and no script
    #[arg(long, value_name = "FORMAT[=PATH]", alias = "format")]
    pub output: Vec<Sink<ReviewFormat>>,

    /// The directory that contains `proptest-regressions` [default: the nearest, from here upwards]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// The formats of `corpus review`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewFormat {
    /// For people, on a terminal
    Human,
    /// One JSON object
    Json,
    /// One static page
    Html,
}

impl OutputFormat for ReviewFormat {
    const ALL: &'static [(&'static str, Self)] = &[("human", Self::Human), ("json", Self::Json), ("html", Self::Html)];

    fn is_json(self) -> bool {
        self == Self::Json
    }
}

/// Check that every file is well formed, listed and still passes
///
/// Files are listed in `proptest-regressions/SHA256SUMS`. The list reveals missing and
/// corrupted files; a test that only replays the existing files cannot.
#[derive(Args)]
pub struct CorpusCheckArgs {
    /// Update SHA256SUMS first; review its diff
    #[arg(long)]
    pub update: bool,

    /// The output format (human or json), optionally written to a file [default: human]; may be
    /// repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    pub output: Vec<Sink<BasicFormat>>,

    /// The directory that contains `proptest-regressions` [default: the nearest, from here upwards]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Turn a failing fuzz input into a witness, a readable test case
///
/// Reduces the registry, the policy and the environment to the parts that still break the
/// law, writes them as a witness, and keeps the input itself as a regression of its fuzz
/// target. Run it before the bug is fixed.
#[derive(Args)]
#[command(after_long_help = include_str!("../data/help/corpus-promote.txt").trim_end())]
pub struct PromoteArgs {
    /// The failing input, or a case that a property test printed
    pub artifact: PathBuf,

    /// The fuzz target of the input [default: the name of its directory]
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,

    /// A short name of the bug, words joined by hyphens [default: made from its effect]
    #[arg(long, value_name = "WHAT")]
    pub name: Option<String>,

    /// The origin of the case, for the reviewer [default: the target and the artifact]
    #[arg(long, value_name = "TEXT")]
    pub found: Option<String>,

    /// The proptest seed of the case: the 64 hexadecimal digits after `cc`
    #[arg(long, value_name = "DIGITS")]
    pub seed: Option<String>,

    /// The output format (human or json), optionally written to a file [default: human]; may be
    /// repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    pub output: Vec<Sink<BasicFormat>>,

    /// The directory that contains `proptest-regressions` [default: the nearest, from here upwards]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Reads the command line.
///
/// # Errors
///
/// The text to print instead: help, the version or a usage error.
pub fn parse() -> Result<Arguments, Printout> {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    anstream::ColorChoice::from(requested_color(&words)).write_global();
    Arguments::try_parse().map_err(|error| {
        let error = tips::with_tip(error, &words, Arguments::command());
        let text = error.render().ansi().to_string();
        let is_error = error.use_stderr();
        Printout { text: if is_error { redact(&text, &words) } else { text }, is_error }
    })
}

/// Text that clap prints instead of a command: help, the version or a usage error.
pub struct Printout {
    text: String,
    is_error: bool,
}

impl Printout {
    /// Prints the text and returns the exit status.
    pub fn print(self) -> Result<Exit, Failure> {
        if self.is_error {
            // If standard error is closed, the error cannot be reported.
            let _ = anstream::stderr().write_all(self.text.as_bytes());
            return Ok(Exit::UsageError);
        }
        anstream::stdout().write_all(self.text.as_bytes())?;
        Ok(Exit::Clean)
    }
}

/// The value of `--color`, even if the rest of the command line is invalid.
fn requested_color(words: &[String]) -> ColorWhen {
    let after = words.iter().position(|word| word == "--color").and_then(|at| words.get(at + 1)).map(String::as_str);
    let value = words.iter().find_map(|word| word.strip_prefix("--color=")).or(after);
    value.and_then(|value| ColorWhen::from_str(value, true).ok()).unwrap_or(ColorWhen::Auto)
}

/// Returns true if FORCE_COLOR asks for colour. `0` and `false` do not, and NO_COLOR counts more, as it does more than
/// CLICOLOR_FORCE.
fn is_color_forced() -> bool {
    let value = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    value("NO_COLOR").is_none() && value("FORCE_COLOR").is_some_and(|value| value != "0" && value != "false")
}

impl From<ColorWhen> for anstream::ColorChoice {
    fn from(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto if is_color_forced() => Self::Always,
            ColorWhen::Auto => Self::Auto,
            ColorWhen::Always => Self::Always,
            ColorWhen::Never => Self::Never,
        }
    }
}

/// Returns the message without the value of any `NAME=VALUE` argument and without anything in an argument that looks
/// like a credential, because a misplaced argument may contain a secret.
fn redact(message: &str, arguments: &[String]) -> String {
    let mut message = message.to_owned();
    for (name, value) in arguments.iter().filter_map(|argument| argument.split_once('=')) {
        if !is_plain_word(value) {
            message = message.replace(&format!("{name}={value}"), &format!("{name}=…")).replace(value, "…");
        }
    }
    for argument in arguments {
        // A prefix of hyphens may hide where a credential begins.
        for text in [argument.as_str(), argument.trim_start_matches('-')] {
            for found in credentials_in(text) {
                message = message.replace(&text[found], MASK);
            }
        }
    }
    message
}

/// Returns true for a short plain word, such as a misspelt choice: it is not a secret, and
/// other words may contain it.
fn is_plain_word(value: &str) -> bool {
    value.len() <= 8 && value.chars().all(|letter| letter.is_ascii_alphabetic())
}
