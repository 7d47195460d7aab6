//! One case of a corpus and its current result.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

use serde::Serialize;
use slug_laws::{
    Expectation, Implementation, LawContext, RealResolver, SECRET_PLACEHOLDER, TestCase, Witness, is_seed, law,
};
use slug_resolver::{Code, Kind as VerdictKind, Policy, Registry, inject};
use slug_testkit::target::SECOND_READER;
use slug_testkit::{Content, Evaluated, INPUT_BYTES};

use super::corpus_files::{Corpus, File, Kind};
use super::targets;
use crate::exit::Failure;
use crate::render::shell::{quoted, resolution};
use crate::render::{counted, printable, shown};

/// The kind of a file with a readable case.
const WITNESS: &str = "witness";

/// One case and its current status.
#[derive(Serialize)]
pub struct Entry {
    /// The path from the root of the corpus, with a line number if the file has several cases.
    pub path: String,
    /// The kind of the file.
    pub kind: &'static str,
    /// Paths of other files with the same case.
    pub copies: Vec<String>,
    /// The law or the fuzz target of the case.
    pub group: Group,
    /// A short description, from the file name.
    pub title: String,
    /// The origin of the case.
    pub found: Option<String>,
    /// The comment at the top of the file.
    pub comment: Option<String>,
    /// The change of the file since the requested revision.
    pub change: Option<Change>,
    /// The case at that revision, run today, if its file changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Box<Entry>>,
    /// Whether the case still passes.
    #[serde(flatten)]
    pub status: Status,
    /// The case and its current resolution.
    pub facts: Option<Facts>,
    /// The input, if it is not a case.
    pub content: Option<String>,
    /// A command that shows the case again, to be run in the root of the corpus.
    pub reproducer: String,
    /// The fields of the result that a witness records.
    #[serde(skip)]
    recorded: Vec<(&'static str, String)>,
    /// The key by which files with the same case are recognised.
    #[serde(skip)]
    identity: String,
}

/// The law or the fuzz target by which cases are grouped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// The law of this name.
    Law(String),
    /// The fuzz target of this name.
    Target(String),
    /// Neither is known.
    Unknown,
}

impl Group {
    /// The heading shown to people.
    pub fn heading(&self) -> String {
        match self {
            Self::Law(id) => law(id).map_or_else(|| id.clone(), |law| format!("{id}: {}", law.statement)),
            Self::Target(name) if SECOND_READER.contains(&name.as_str()) => {
                format!("fuzz target {name}: parsed input is sound; only `cargo test` also runs a second reader")
            }
            Self::Target(name) => format!("fuzz target {name}"),
            Self::Unknown => "unknown law".to_owned(),
        }
    }
}

/// The change of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// The file is new.
    Added,
    /// The content changed.
    Changed,
}

impl Change {
    /// The label shown to people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "file changed",
        }
    }
}

/// The result of running a case again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", content = "because", rename_all = "kebab-case")]
pub enum Status {
    /// The case resolves as recorded and satisfies every law.
    Holds,
    /// The case breaks a law.
    Fails(String),
    /// The file can be read but breaks a rule of its format.
    Malformed(String),
    /// The case resolves differently than recorded.
    Changed(String),
    /// The file cannot be read.
    Undecodable(String),
    /// A seed or an input without a readable case.
    SeedWithoutWitness(String),
}

impl Status {
    /// The status in one to three words.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Holds => "passes",
            Self::Fails(_) => "fails",
            Self::Malformed(_) => "malformed",
            Self::Changed(_) => "changed",
            Self::Undecodable(_) => "undecodable",
            Self::SeedWithoutWitness(_) => "seed without witness",
        }
    }

    fn printable(self) -> Self {
        match self {
            Self::Fails(why) => Self::Fails(printable(&why)),
            Self::Malformed(why) => Self::Malformed(printable(&why)),
            Self::Changed(why) => Self::Changed(printable(&why)),
            Self::Undecodable(why) => Self::Undecodable(printable(&why)),
            other => other,
        }
    }

    /// The problem and its remedy, if there is a problem.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Holds => None,
            Self::Fails(why)
            | Self::Malformed(why)
            | Self::Changed(why)
            | Self::Undecodable(why)
            | Self::SeedWithoutWitness(why) => Some(why),
        }
    }
}

/// A case and its current resolution.
#[derive(Serialize)]
pub struct Facts {
    /// `embedded`, or the size of the registry.
    pub registry: String,
    /// The name of the policy, marked if it is not embedded.
    pub policy: String,
    /// The runtime.
    pub runtime: String,
    /// The variables that are set.
    pub variables: Vec<Row>,
    /// Credentials that are already available to the workspace.
    pub ambient: Vec<String>,
    /// The slug that is picked.
    pub slug: String,
    /// The rule that picks it, if one applies.
    pub rule: Option<String>,
    /// The variable that decides the rule, if any.
    pub decided_by: Option<String>,
    /// The variables that are set but have no effect.
    pub shadowed: Vec<String>,
    /// The names of the secrets that are injected.
    pub injected: Vec<String>,
    /// The provider, if any.
    pub provider: Option<String>,
    /// `coherent`, `nothing`, or the code of the contradiction.
    pub verdict: &'static str,
    /// The reason of the verdict, as a sentence.
    pub cause: String,
    /// The case as a witness, with its registry and its policy.
    pub yaml: String,
}

/// One variable of a case.
#[derive(Serialize)]
pub struct Row {
    /// The name.
    pub name: String,
    /// The value; `set` for a secret.
    pub value: String,
    /// The role of the variable in the policy.
    pub role: &'static str,
    /// The effect of the variable in this case.
    pub effect: &'static str,
}

impl Facts {
    fn of(original: &TestCase) -> Self {
        let case = original.masked();
        let dataset = &case.dataset;
        let found = RealResolver.resolve(&case);
        let env = case.env();
        let injection = inject(&case.runtime, &env);
        let effect = |name: &str, value: &str| {
            let Some(variable) = dataset.policy.variable(name) else { return "" };
            let without = inject(&case.runtime, &env.without(variable));
            match () {
                () if value.is_empty() && !dataset.policy.is_set_if_empty(variable) => "empty, so unset",
                () if found.decided_by == Some(name) => "decides",
                () if found.shadowed.contains(name) => "shadowed",
                () if without.path != injection.path => "selects the path",
                () if without.names != injection.names => "injects",
                () => "",
            }
        };
        // A variable that the policy does not read may be a secret, so its value is not shown.
        let value = |name: &String| case.variables.get(name).map_or("…", String::as_str);
        let row = |name: &String| Row {
            name: name.clone(),
            value: value(name).to_owned(),
            role: role(&dataset.policy, name),
            effect: effect(name, value(name)),
        };
        let embedded = dataset.registry == Registry::embedded();
        let policy = shown(dataset.policy.name());
        let decided_by = found.decided_by.map(|name| match case.variables.get(name) {
            Some(value) if !value.is_empty() => name.to_owned(),
            _ => format!("{name} (its default)"),
        });
        Self {
            registry: if embedded { "embedded".into() } else { format!("of {}", size_of(&dataset.registry)) },
            policy: if is_embedded(&dataset.policy) { policy } else { format!("{policy} (its own)") },
            runtime: case.runtime.clone(),
            variables: original.variables.keys().map(row).collect(),
            ambient: case.ambient.clone(),
            slug: found.slug.to_owned(),
            rule: found.rule.map(str::to_owned),
            decided_by,
            // The deciding variable may be shadowed by its own default; listing it would not help.
            shadowed: found.shadowed.iter().filter(|name| found.decided_by != Some(*name)).map(str::to_owned).collect(),
            injected: found.injected.iter().map(str::to_owned).collect(),
            provider: found.provider.map(|provider| shown(&provider.name)),
            verdict: match found.verdict {
                VerdictKind::Nothing => "nothing",
                _ => found.code.map_or("coherent", Code::as_str),
            },
            cause: printable(&found.message(&dataset.registry)).replace('\n', "\\n"),
            yaml: printable(&identity(&case)),
        }
    }
}

fn role(policy: &Policy, name: &str) -> &'static str {
    let Some(variable) = policy.variable(name) else { return "not read" };
    match () {
        () if policy.is_key(variable) => "key",
        () if policy.is_slug_variable(variable) => "model",
        () if policy.deciding_variables().any(|deciding| deciding == variable) => "condition",
        () => "runtime",
    }
}

fn is_embedded(policy: &Policy) -> bool {
    Policy::embedded(policy.name()).is_some_and(|embedded| embedded == *policy)
}

impl Entry {
    /// Returns true if the case still passes.
    pub fn passes(&self) -> bool {
        self.status == Status::Holds
    }

    /// The path without the line number.
    pub fn file(&self) -> &str {
        self.path.split(':').next().unwrap_or(&self.path)
    }

    /// The line of the file that has the case, from 1, if the file has several cases.
    pub fn line(&self) -> Option<usize> {
        self.path.split_once(':').and_then(|(_, line)| line.parse().ok())
    }

    /// Returns true for a readable case.
    pub fn is_witness(&self) -> bool {
        self.kind == WITNESS
    }

    /// The fields of a case that differ from those of a later one, with both values.
    pub fn differences(&self, later: &Self) -> Vec<(String, Option<String>, Option<String>)> {
        let (before, after) = (self.all_fields(), later.all_fields());
        let mut names: Vec<&String> = before.iter().chain(&after).map(|(name, _)| name).collect();
        let mut seen = HashSet::new();
        names.retain(|name| seen.insert(*name));
        let value = |fields: &[(String, String)], name: &str| {
            fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone())
        };
        let both = names.into_iter().map(|name| (name.clone(), value(&before, name), value(&after, name)));
        both.filter(|(_, before, after)| before != after).collect()
    }

    /// Everything that a reader compares, in the order of a review.
    fn all_fields(&self) -> Vec<(String, String)> {
        let mut fields = vec![("status".to_owned(), self.status.label().to_owned())];
        let mut add = |name: &str, value: &str| fields.push((name.to_owned(), value.to_owned()));
        for (name, value) in [("comment", &self.comment), ("origin", &self.found), ("input", &self.content)] {
            value.iter().for_each(|value| add(name, value));
        }
        if let Some(facts) = &self.facts {
            for (name, value) in [("runtime", &facts.runtime), ("policy", &facts.policy), ("registry", &facts.registry)]
            {
                add(name, &shown(value));
            }
            facts.variables.iter().for_each(|row| add(&format!("variable {}", row.name), &shown(&row.value)));
            add("ambient", &facts.ambient.join(", "));
        }
        self.recorded.iter().for_each(|(name, value)| add(&format!("expected {name}"), &printable(value)));
        fields
    }

    /// The problem of the case in one line, if there is one.
    pub fn problem(&self) -> Option<String> {
        self.status.reason().map(|reason| format!("{}: {}: {reason}", self.path, self.status.label()))
    }
}

/// Runs every case of some files. Equal cases are merged; the result is sorted by group.
pub fn all(corpus: &Corpus, files: &[File]) -> Result<Vec<Entry>, Failure> {
    // A panic is reported as a finding, not on standard error.
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let entries = run_all(corpus, files);
    set_hook(hook);
    let mut entries = without_copies(entries?);
    entries.sort_by(|a, b| (&a.group, &a.path).cmp(&(&b.group, &b.path)));
    Ok(entries)
}

/// Runs the cases of one file with another content, such as that of an earlier revision.
pub fn with_content(corpus: &Corpus, file: &File, bytes: &[u8]) -> Result<Vec<Entry>, Failure> {
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let entries = Witnesses::read(corpus).map(|witnesses| run(file, bytes, &witnesses));
    set_hook(hook);
    entries
}

fn run_all(corpus: &Corpus, files: &[File]) -> Result<Vec<Entry>, Failure> {
    let witnesses = Witnesses::read(corpus)?;
    let mut entries = Vec::new();
    for file in files.iter().filter(|file| file.kind != Kind::Unexpected) {
        entries.extend(run(file, &corpus.read(file)?, &witnesses));
    }
    Ok(entries)
}

fn run(file: &File, bytes: &[u8], witnesses: &Witnesses) -> Vec<Entry> {
    match file.kind {
        Kind::Witness => vec![witness(file, bytes)],
        Kind::Seeds => seeds(file, bytes, witnesses),
        Kind::Seed | Kind::Regression => input(file, bytes, witnesses).into_iter().collect(),
        Kind::Unexpected => Vec::new(),
    }
}

/// The witnesses, for lookups of seeds and inputs.
struct Witnesses {
    by_seed: HashMap<String, SeedCase>,
    stems: Vec<String>,
}

/// The case of a seed, as its witness records it.
struct SeedCase {
    identity: String,
    law: Option<String>,
    status: Status,
}

impl Witnesses {
    fn read(corpus: &Corpus) -> Result<Self, Failure> {
        let mut witnesses = Self { by_seed: HashMap::new(), stems: Vec::new() };
        for file in corpus.files()?.iter().filter(|file| file.kind == Kind::Witness) {
            witnesses.stems.push(file.stem().to_owned());
            if let Ok(witness @ Witness { seed: Some(_), .. }) = Witness::from_yaml(&corpus.read(file)?) {
                let status = guarded(|| status_of(&witness, file)).unwrap_or_else(Status::Fails);
                let identity = identity(&witness.case);
                let seed = witness.seed.unwrap_or_default();
                witnesses.by_seed.insert(seed, SeedCase { identity, law: witness.law, status });
            }
        }
        Ok(witnesses)
    }
}

fn identity(case: &TestCase) -> String {
    format!("{case:?}")
}

fn witness(file: &File, bytes: &[u8]) -> Entry {
    let (group, title) = match file.stem().split_once("--") {
        Some((id, what)) if law(id).is_some() => (Group::Law(id.to_owned()), title_of(what)),
        _ => (Group::Unknown, file.stem().to_owned()),
    };
    let mut entry = Entry::new(file, WITNESS, group, title);
    let witness = match Witness::from_yaml(bytes) {
        Ok(witness) => witness,
        Err(error) => {
            entry.status = Status::Undecodable(error.to_string()).printable();
            return entry;
        }
    };
    entry.comment = comment(bytes).map(|comment| printable(&comment));
    entry.found = witness.found.as_deref().map(printable);
    entry.recorded = witness.expect.as_ref().map(|expected| fields(expected).into()).unwrap_or_default();
    entry.status = guarded(|| status_of(&witness, file)).unwrap_or_else(Status::Fails).printable();
    entry.show(&witness.case);
    entry
}

/// The description in a file name, as shown to people.
fn title_of(name: &str) -> String {
    name.replace("--", ": ").replace('-', " ")
}

/// The comment at the top of a file.
fn comment(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines: Vec<&str> = text.lines().map_while(|line| line.strip_prefix('#')).map(str::trim).collect();
    (!lines.is_empty()).then(|| lines.join(" "))
}

fn status_of(witness: &Witness, file: &File) -> Status {
    // The most urgent problem first.
    if let Some(name) = secret_in(&witness.case) {
        return Status::Malformed(format!("{name} has a value; write `{name}: set`, and revoke that secret"));
    }
    let named = file.stem().split_once("--").map(|(law, _)| law);
    match witness.law.as_deref() {
        None => return Status::Malformed("the field `law` is missing; add the law that the case tests".to_owned()),
        law if law != named => {
            return Status::Malformed(
                "the law in the file name differs from `law`; rename the file or correct `law`".to_owned(),
            );
        }
        _ => {}
    }
    let context = LawContext::new(&RealResolver, &witness.case);
    if let Err((law, violation)) = context.check_all() {
        return Status::Fails(format!("{} is broken: {violation}", law.id));
    }
    let Some(expected) = &witness.expect else {
        return Status::Malformed("the field `expect` is missing; add the expected resolution".to_owned());
    };
    let changes = differences(expected, &Expectation::of(&context.resolution));
    if !changes.is_empty() {
        return Status::Changed(format!(
            "{}; correct the resolver, or `expect` if this is intended",
            changes.join(", ")
        ));
    }
    Status::Holds
}

/// The name of a key variable that has a real value; a file must only say `set`.
fn secret_in(case: &TestCase) -> Option<&str> {
    let policy = &case.dataset.policy;
    let is_key = |name: &str| policy.variable(name).is_some_and(|variable| policy.is_key(variable));
    let mut secrets = case
        .variables
        .iter()
        .filter(|(name, value)| is_key(name) && !["", SECRET_PLACEHOLDER].contains(&value.as_str()));
    secrets.next().map(|(name, _)| name.as_str())
}

fn differences(expected: &Expectation, now: &Expectation) -> Vec<String> {
    let pairs = fields(expected).into_iter().zip(fields(now));
    let differs = pairs.filter(|((_, expected), (_, now))| expected != now);
    differs.map(|((field, expected), (_, now))| format!("{field} is {now}, expected {expected}")).collect()
}

/// The fields of a result, each with its value.
fn fields(result: &Expectation) -> [(&'static str, String); 5] {
    let option = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
    [
        ("slug", result.slug.clone()),
        ("rule", option(&result.rule)),
        ("injected", format!("[{}]", result.injected.join(", "))),
        ("provider", option(&result.provider)),
        ("verdict", result.verdict.clone()),
    ]
}

/// The maximum number of seeds in a file. Each needs a witness.
const SEEDS: usize = 1_000;

/// Returns one entry for each line that is neither blank nor a comment.
fn seeds(file: &File, bytes: &[u8], witnesses: &Witnesses) -> Vec<Entry> {
    let group = law(file.stem()).map_or(Group::Unknown, |law| Group::Law(law.id.to_owned()));
    let refused = |title: &str, why: String| {
        let mut entry = Entry::new(file, "proptest seed", group.clone(), title.to_owned());
        entry.status = Status::Undecodable(why);
        vec![entry]
    };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return refused("not UTF-8", "the file is not UTF-8; restore it".to_owned());
    };
    let has_seed = |(_, line): &(usize, &str)| !line.trim().is_empty() && !line.starts_with('#');
    let lines = text.lines().enumerate().filter(has_seed);
    if lines.clone().nth(SEEDS).is_some() {
        let why = format!("the file has more seeds than the limit of {SEEDS}; keep the seeds that have a witness");
        return refused("too many seeds", why);
    }
    let mut entries = Vec::new();
    for (index, line) in lines {
        let mut entry = Entry::new(file, "proptest seed", group.clone(), format!("seed on line {}", index + 1));
        entry.path = format!("{}:{}", file.path, index + 1);
        entry.identity.clone_from(&entry.path);
        entry.reproducer = format!("cargo test -p slug-resolver --test laws -- {}", file.stem().replace('-', "_"));
        entry.status = match seed_of(line) {
            None => {
                Status::Undecodable("expected `cc`, 64 hexadecimal digits and `# shrinks to`; restore the line".into())
            }
            Some(seed) => match witnesses.by_seed.get(seed) {
                Some(case) if case.law.as_deref() == Some(file.stem()) => {
                    entry.identity.clone_from(&case.identity);
                    case.status.clone()
                }
                _ => Status::SeedWithoutWitness(format!(
                    "proptest kept this seed when the law failed, and no witness has its case; while the bug exists, \
                     write the case that the test prints to case.yaml and run `slugproof corpus promote case.yaml \
                     --target case_yaml --seed {seed}`; if the bug was never committed, remove the line"
                )),
            },
        };
        entries.push(entry);
    }
    entries
}

/// The seed in a line that proptest wrote, or `None` if the line is malformed.
fn seed_of(line: &str) -> Option<&str> {
    let (seed, rest) = line.strip_prefix("cc ")?.split_once(' ')?;
    (is_seed(seed) && rest.starts_with("# shrinks to ")).then_some(seed)
}

fn input(file: &File, bytes: &[u8], witnesses: &Witnesses) -> Option<Entry> {
    let target = targets::target(file.directory())?;
    let kind = if file.kind == Kind::Seed { "fuzz seed" } else { "fuzz regression" };
    let mut entry = Entry::new(file, kind, Group::Target(target.name.to_owned()), title_of(file.stem()));
    if bytes.len() > INPUT_BYTES {
        let message =
            format!("the input is larger than {INPUT_BYTES} bytes, so the target would truncate it; shorten it");
        entry.status = Status::Undecodable(message);
        return Some(entry);
    }
    match guarded(|| (target.evaluate)(bytes)) {
        Err(panic) => entry.status = Status::Fails(panic).printable(),
        Ok(Evaluated { content, result }) => {
            if let Err(violation) = result {
                entry.status = Status::Fails(violation).printable();
            }
            match content {
                Content::Text(text) => entry.content = Some(printable(&text)),
                Content::TestCase(case) => {
                    entry.show(&case);
                    if let (true, "case_yaml", Some(name)) = (entry.passes(), target.name, secret_in(&case)) {
                        entry.status = Status::Malformed(format!("{name} has a value; write `{name}: set`"));
                    }
                    let has_witness = witnesses.stems.iter().any(|stem| stem == file.stem());
                    if file.kind == Kind::Regression && entry.passes() && !has_witness {
                        entry.status = Status::SeedWithoutWitness(
                            "no witness has the name of this input; while the bug exists, run `slugproof corpus \
                             promote` on the input; if the bug was never committed, remove the file"
                                .into(),
                        );
                    }
                }
            }
        }
    }
    Some(entry)
}

/// The size of a registry in words.
fn size_of(registry: &Registry) -> String {
    let providers = counted(registry.providers().len() as u64, "provider");
    format!("{providers} and {}", counted(registry.runtimes().len() as u64, "runtime"))
}

/// Returns the result of a closure, or the message of its panic.
pub fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref().copied());
        format!("panicked: {}", text.unwrap_or("without a message"))
    })
}

impl Entry {
    fn new(file: &File, kind: &'static str, group: Group, title: String) -> Self {
        Self {
            path: file.path.clone(),
            kind,
            copies: Vec::new(),
            group,
            title,
            change: None,
            before: None,
            recorded: Vec::new(),
            found: None,
            comment: None,
            status: Status::Holds,
            facts: None,
            content: None,
            reproducer: format!("slugproof corpus review {}", quoted(&file.path)),
            identity: file.path.clone(),
        }
    }

    fn show(&mut self, case: &TestCase) {
        self.facts = guarded(|| Facts::of(case)).ok();
        self.identity = identity(case);
        if let Some(command) = command(case) {
            self.reproducer = command;
        }
    }
}

/// A command that resolves the case, if its data are embedded and all text is visible.
fn command(case: &TestCase) -> Option<String> {
    let case = case.masked();
    let policy = &case.dataset.policy;
    if case.dataset.registry != Registry::embedded() || !is_embedded(policy) {
        return None;
    }
    let resolve = format!("slugproof resolve --no-config --policy={}", quoted(policy.name()));
    resolution(&resolve, &case.runtime, &case.variables, &case.ambient)
}

/// Merges entries with the same case into the first of them.
fn without_copies(mut entries: Vec<Entry>) -> Vec<Entry> {
    let order = |entry: &Entry| match entry.kind {
        WITNESS => 0,
        "fuzz regression" => 1,
        "fuzz seed" => 2,
        _ => 3,
    };
    entries.sort_by_key(order);
    let mut kept: Vec<Entry> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    for entry in entries {
        match positions.get(&entry.identity).map(|position| &mut kept[*position]) {
            // A witness of another law is kept: it tests something else.
            Some(first) if first.status == entry.status && (entry.kind != WITNESS || first.group == entry.group) => {
                first.copies.push(entry.path);
            }
            // An equal case with another status is shown separately.
            _ => {
                positions.insert(entry.identity.clone(), kept.len());
                kept.push(entry);
            }
        }
    }
    kept
}
