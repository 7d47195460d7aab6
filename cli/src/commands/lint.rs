//! `lint`: reads its arguments and files, and publishes the report.

use std::path::PathBuf;

use slug_resolver::Policy;

use crate::args::LintArgs;
use crate::conformity::{self, Conformity};
use crate::data::Data;
use crate::exit::{Exit, Failure};
use crate::findings::{Coverage, FindingsOptions, Report, publish, rendered};
use crate::io::STANDARD_INPUT;
use crate::lint::pins::PinSearch;
use crate::lint::scripts::Scripts;
use crate::lint::{Input, Linter, discovery, files, fix};
use crate::output::Output;
use crate::sink::Rendered;

/// Runs `lint`.
pub fn run(args: &LintArgs, output: &mut Output) -> Result<Exit, Failure> {
    let (report, options) = report(args)?;
    publish(report, &options, output)
}

/// Runs `lint` on the whole repository, and returns what its first finding looks like.
pub fn run_first() -> Result<(Exit, Rendered), Failure> {
    let (mut report, options) = report(&LintArgs::default())?;
    report.keep_first();
    rendered(report, &options)
}

/// Lints the files, and returns what is found.
///
/// # Errors
///
/// The data or the files to lint cannot be found or read.
pub fn report(args: &LintArgs) -> Result<(Report, FindingsOptions), Failure> {
    if args.fix && args.paths.iter().any(|path| path.as_os_str() == STANDARD_INPUT) {
        return Err(Failure::new("--fix cannot edit standard input; pass a file"));
    }
    let data = Data::find(args.registry.options())?;
    let registry = data.registry()?;
    let requested = if args.policy.is_empty() {
        data.harness_policy()?.into_iter().collect()
    } else {
        data.policies(&args.policy)?
    };
    let files_of_policies = data.policy_files(&[])?;
    let known: Vec<Policy> = files_of_policies.iter().map(|file| file.policy.clone()).collect();
    if let Some(config) = &data.config {
        let configured = args.registry.registry.is_none().then_some(&registry);
        config.check_names(&known, configured)?;
    }
    let scripts = Scripts::below(PathBuf::new());
    let mut linter = Linter::new(&registry, &known).with_requested_policies(&requested).with_scripts(&scripts);
    if let Some(config) = &data.config {
        linter = linter.with_config(config, args.paths.is_empty() && args.policy.is_empty());
    }
    let found = discovery::find(&args.paths, data.config.as_ref())?;
    let inputs = files::read(found, linter.parser());
    // An entry of `accept` may be about a file that this run does not lint.
    if let Some(config) = data.config.as_ref().filter(|_| args.paths.is_empty()) {
        config.check_scopes(&jobs_by_path(&inputs))?;
    }
    let options = FindingsOptions { deny: [data.denied(), &args.findings.deny].concat(), ..args.findings.options() };
    let files = data.files(&args.policy);
    options.check_inputs(
        inputs.iter().filter_map(|input| input.file.as_deref()).chain(files.iter().map(PathBuf::as_path)),
    )?;
    let report = linter.report(&inputs);
    let scripts_read = scripts.paths();
    options.check_inputs(scripts_read.iter().map(PathBuf::as_path))?;
    let workflows: Vec<PathBuf> = inputs.iter().filter_map(|input| input.file.clone()).collect();
    let except = workflows.into_iter().chain(files).collect();
    let root = data.config.as_ref().map_or_else(|| PathBuf::from("."), |config| config.relative(""));
    let search = PinSearch { root, config: data.config.as_ref(), except };
    let search = Some(search).filter(|_| args.paths.is_empty() && !data.has_default_registry());
    if let Some(search) = &search {
        let outputs = options.sinks.iter().filter_map(|sink| sink.path.clone()).chain(options.baseline.clone());
        let with_pins = linter.files_with_pins(search, outputs.collect())?;
        options.check_inputs(with_pins.iter().map(PathBuf::as_path))?;
    }
    let mut report = if args.fix { fix::run(&linter, inputs, report, &options)? } else { report };
    if let Some(search) = &search {
        if args.fix {
            let (applied, files) = linter.fix_pins(search, &options)?;
            fix::add_notices(&mut report, applied, files);
        }
        linter.add_pins(search, None, &mut report)?;
    }
    let is_sample = data.has_default_registry() && args.policy.is_empty() && !args.registry.embedded;
    if report.coverage == Coverage::Nothing && is_sample && !args.registry.no_config {
        report.notices.push(
            "neither this directory nor a parent has a slugproof.yaml, so lint looked for the harnesses of the \
             embedded sample policies; `slugproof init` writes a slugproof.yaml for this repository"
                .to_owned(),
        );
    }
    let mut conformity = Conformity::new(data.config.as_ref(), &registry, conformity::BUDGET);
    conformity::report(&mut report, &files_of_policies, &mut conformity, &options.deny, args.with_conform)?;
    Ok((report, options))
}

/// The path of each file and the ids of its jobs, or `None` for a file that cannot be parsed.
fn jobs_by_path(inputs: &[Input]) -> Vec<(&str, Option<Vec<&str>>)> {
    inputs
        .iter()
        .map(|input| {
            let file = input.parsed.as_ref().ok();
            let jobs = file.map(|file| file.workflow.jobs.iter().map(|job| job.id.as_str()).collect());
            (input.path.as_str(), jobs)
        })
        .collect()
}
