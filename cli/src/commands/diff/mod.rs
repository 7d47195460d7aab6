//! `diff`: compares two revisions, or two registries.

mod calls;
mod github;
mod html;
mod human;
mod json;
mod markdown;
mod pins;
mod policies;
mod registry;
mod report;
mod side;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::args::{DiffArgs, DiffFormat, DiffKind};
use crate::exit::{Exit, Failure};
use crate::io::{Top, shown_path};
use crate::output::Output;
use crate::render::{counted, width};
use crate::sink::{self, FILE_WIDTH, Renders};

use report::{Cause, Kind, Report, Told};
use side::{Side, SideSource};
use slug_redact::{mask_credentials, without_texts};
use snapshot::{Repository, Snapshot};

/// Runs `diff`.
pub fn run(args: &DiffArgs, output: &mut Output) -> Result<Exit, Failure> {
    let sinks = sink::requested(&args.output, None)?;
    let compared = match args.registry.as_slice() {
        [old, new] => Compared::registries(old, new),
        _ => Compared::revisions(args.base.as_deref().unwrap_or("HEAD"), args.head.as_deref())?,
    };
    let before = Side::read(&compared.before, args, None)?;
    let after = Side::read(&compared.after, args, Some(&before))?;
    let report = report(args, &compared, &before, &after);
    sink::write(&report, &sinks, output)?;
    Ok(report.exit())
}

/// The two sides.
struct Compared {
    before: SideSource,
    after: SideSource,
    /// The files of the revisions, which exist as long as this value.
    snapshots: Vec<Snapshot>,
}

impl Compared {
    fn registries(old: &Path, new: &Path) -> Self {
        let side = |path: &Path| SideSource {
            label: shown_path(path),
            directory: None,
            top: Top::find().directory().map(Path::to_owned),
            registry: Some(path.to_owned()),
        };
        Self { before: side(old), after: side(new), snapshots: Vec::new() }
    }

    fn revisions(base: &str, head: Option<&str>) -> Result<Self, Failure> {
        let repository = Repository::find()?;
        let side = |label: String, directory: Option<PathBuf>, top: PathBuf| SideSource {
            label,
            directory,
            top: Some(top),
            registry: None,
        };
        let mut snapshots = vec![repository.snapshot(base)?];
        snapshots.extend(head.map(|head| repository.snapshot(head)).transpose()?);
        let of = |snapshot: &Snapshot, name: &str| {
            let label = match name.starts_with(&snapshot.commit) || snapshot.commit.starts_with(name) {
                true => snapshot.commit.clone(),
                false => format!("{name} ({})", snapshot.commit),
            };
            side(label, Some(snapshot.working_directory()), snapshot.top())
        };
        let before = of(&snapshots[0], base);
        let after = match (snapshots.get(1), head) {
            (Some(snapshot), Some(name)) => of(snapshot, name),
            _ => side("the working tree".to_owned(), None, repository.top.clone()),
        };
        Ok(Self { before, after, snapshots })
    }
}

/// Compares two sides.
fn report(args: &DiffArgs, compared: &Compared, before: &Side, after: &Side) -> Report {
    let mut policies = policies::compare(before, after);
    let calls = calls::compare(before, after, &mut policies.causes);
    let kind = |denied: &DiffKind| match denied {
        DiffKind::NewPayer => Kind::NewPayer,
        DiffKind::NewProvider => Kind::NewProvider,
    };
    let denied: Vec<Kind> = args.deny.iter().map(kind).collect();
    let (listed, given) = policies::denied(policies.given, &denied);
    let mut changes = policies.causes;
    changes.extend(listed);
    changes.extend(calls.causes);
    changes.extend(pins::compare(before, after));
    changes.extend(pins::compare_findings(before, after));
    let mut undecided: BTreeSet<String> = policies.undecided.into_iter().collect();
    // If the data are the same, so is what happens with the same unknown value.
    if before.registry != after.registry || !before.has_policies_of(after) {
        undecided.extend(calls.undecided);
    }
    let missing = compared.snapshots.iter().flat_map(|snapshot| &snapshot.missing);
    let missing: BTreeMap<&str, &str> = missing.map(|(path, why)| (path.as_str(), why.as_str())).collect();
    let is_known = |cause: &Cause| {
        let path = cause.place.as_ref().map(|place| &place.path);
        let is_below = |missing: &&str, path: &str| path == *missing || path.starts_with(&format!("{missing}/"));
        path.is_none_or(|path| !missing.keys().any(|missing| is_below(missing, path)))
    };
    changes.retain(is_known);
    let relevant = |path: &str| !path.ends_with(".md");
    undecided.extend(
        missing.iter().filter(|(path, _)| relevant(path)).map(|(path, why)| format!("{path} is not compared: {why}")),
    );
    let notices = before.notices.iter().map(|notice| format!("in {}: {notice}", compared.before.label));
    undecided.extend(notices);
    undecided.extend(after.notices.iter().map(|notice| format!("in {}: {notice}", compared.after.label)));
    undecided.extend(before.unreadable.iter().map(|file| format!("in {}: {file}", compared.before.label)));
    changes.sort_by(|one, other| sort_key(one).cmp(&sort_key(other)));
    let mut report = Report {
        base: compared.before.label.clone(),
        head: compared.after.label.clone(),
        compared: [
            ("policy", after.policies.len()),
            ("call", after.calls.len()),
            ("pin", after.pins.len()),
            ("workflow file", after.workflows),
        ]
        .into(),
        registry: match before.is_sample == after.is_sample {
            true => registry::differences(&before.registry, &after.registry),
            false => Vec::new(),
        },
        policies: policies.presence,
        changes,
        given,
        undecided: undecided.into_iter().collect(),
        notices: Vec::new(),
        unreadable: after.unreadable.clone(),
        denied,
        is_sample: before.is_sample && after.is_sample,
    };
    if before.is_sample != after.is_sample {
        let side = if before.is_sample { &report.base } else { &report.head };
        report.notices.push(format!("{side} has no slugproof.yaml, so nothing of it is compared"));
    }
    report.mask(&[&before.secrets[..], &after.secrets].concat());
    report
}

/// The order of causes: by kind, then by the size of the environment, then by place.
fn sort_key(cause: &Cause) -> impl Ord + use<'_> {
    let variables = cause.transitions.first().map_or(0, |first| first.environment.matches('=').count());
    (cause.kind, matches!(cause.subject, report::Subject::Finding { .. }), variables, &cause.place, &cause.summary)
}

impl Report {
    /// Masks everything that looks like a credential, and the texts of `secrets`.
    fn mask(&mut self, secrets: &[String]) {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).filter(|text| text.len() > 7).collect();
        let masked = |text: &mut String| *text = mask_credentials(&without_texts(text, &secrets));
        let told = |told: &mut Told| told.model.iter_mut().for_each(masked);
        for cause in self.changes.iter_mut().chain(&mut self.given) {
            masked(&mut cause.summary);
            for transition in &mut cause.transitions {
                masked(&mut transition.environment);
                told(&mut transition.before);
                told(&mut transition.after);
            }
        }
        self.undecided.iter_mut().chain(&mut self.unreadable).chain(&mut self.notices).for_each(masked);
    }

    /// The change in a sentence: lower case, no final stop.
    fn verdict(&self) -> String {
        let count = |kind: Kind| self.of_kind(kind).count() as u64;
        let parts: Vec<String> = [
            (Kind::Appears, "contradiction", "appears", "appear"),
            (Kind::NewPayer, "cause", "changes who pays", "change who pays"),
            (Kind::NewProvider, "cause", "changes the provider", "change the provider"),
            (Kind::OtherCode, "contradiction", "changes", "change"),
            (Kind::Undecided, "result", "becomes undecided", "become undecided"),
            (Kind::Warning, "other finding", "appears", "appear"),
            (Kind::Starts, "cause", "starts creating workspaces", "start creating workspaces"),
            (Kind::Stops, "cause", "stops creating workspaces", "stop creating workspaces"),
            (Kind::Disappears, "finding", "disappears", "disappear"),
        ]
        .into_iter()
        .filter(|(kind, ..)| count(*kind) > 0)
        .map(|(kind, noun, one, several)| {
            format!("{} {}", counted(count(kind), noun), if count(kind) == 1 { one } else { several })
        })
        .collect();
        match (parts.as_slice(), self.is_sample) {
            (_, true) => {
                "nothing of yours was compared, because neither side has a slugproof.yaml: run `slugproof init`"
                    .to_owned()
            }
            ([], _) => {
                let policies = counted(self.compared["policy"] as u64, "policy");
                let calls = counted(self.compared["call"] as u64, "call");
                let pins = counted(self.compared["pin"] as u64, "pin");
                let is_told = !self.policies.is_empty() || (!self.given.is_empty() && !self.registry.is_empty());
                let what = if is_told { "nothing else" } else { "nothing" };
                format!("{what} changes for {policies}, {calls} and {pins}")
            }
            (parts, _) => parts.join("; "),
        }
    }
}

impl Renders<DiffFormat> for Report {
    fn styled(&self) -> String {
        human::render(self, width())
    }

    fn render(&self, format: DiffFormat) -> String {
        match format {
            DiffFormat::Human => human::render(self, FILE_WIDTH),
            DiffFormat::Json => json::render(self),
            DiffFormat::Markdown => markdown::render(self),
            DiffFormat::Github => github::render(self),
            DiffFormat::Html => html::render(self),
        }
    }

    fn summary(&self) -> String {
        human::summary(self, width())
    }
}
