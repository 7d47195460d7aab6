//! `cargo ci pages`: tests the HTML pages of the command in a headless browser.
//!
//! Tests the page of each command that has one: with every kind of result, with texts that contain HTML, and
//! with more results than a page shows. The assertions are in ci/page/page.mjs. Screenshots of each page, in light and
//! dark, at 375 and 1280 pixels, are written to the target directory.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::checkout;
use crate::failure::{Context, Result, error};
use crate::process::Process;
use crate::tools;

/// A case whose texts contain HTML. It violates the law that it names, so the page shows a finding.
const HOSTILE_CASE: &str = include_str!("../page/verbatim-slug--hostile.yaml");

/// Projects with a finding of each kind, and with texts that contain HTML.
const PROJECTS: [&str; 2] = ["project", "markup"];

/// A file name that contains HTML.
const HOSTILE_NAME: &str = "<img src=x onerror=alert(8)>.yml";

pub fn run() -> Result {
    tools::ensure_program("node", &["nodejs"])?;
    tools::ensure_program("npm", &["npm"])?;
    if std::env::var_os("CHROMIUM").is_none() {
        tools::ensure_program("chromium", &["chromium"])?;
    }
    let work_dir = checkout::target_dir()?.join("page");
    for name in ["page.mjs", "package.json"] {
        checkout::write(work_dir.join(name), &checkout::read(Path::new("ci/page").join(name))?)?;
    }
    if !work_dir.join("node_modules/playwright-core").exists() {
        let install = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
        Process::new("npm").dir(&work_dir).args(install).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1").run()?;
    }
    // Without `--package`, the features are those of the earlier builds, so nothing is compiled again.
    Process::cargo().args(["build", "--quiet", "--release", "--locked", "--bin", "slugproof"]).run()?;
    let mut pages = Pages { work_dir: work_dir.clone(), files: Vec::new() };
    pages.of_corpora()?;
    pages.of_projects()?;
    pages.of_many()?;
    let screenshots = work_dir.join("screenshots");
    fs::create_dir_all(&screenshots).context(|| format!("cannot create {}", screenshots.display()))?;
    Process::new("node").arg(work_dir.join("page.mjs")).arg(&screenshots).args(&pages.files).run()?;
    println!("the screenshots are in {}", screenshots.display());
    Ok(())
}

/// The pages that were written so far.
struct Pages {
    work_dir: PathBuf,
    files: Vec<PathBuf>,
}

impl Pages {
    /// Runs the command, which must exit with `code`, in a directory, and adds its page.
    fn add(&mut self, name: &str, directory: &Path, arguments: &[&str], code: i32) -> Result {
        let page = self.work_dir.join(format!("{name}.html"));
        let program = checkout::target_dir()?.join("release/slugproof");
        let mut command = Process::new(program.display().to_string()).dir(directory);
        command = command.args(arguments).arg(format!("--output=html={}", page.display()));
        let output = command.output()?;
        if output.status.code() != Some(code) {
            let stderr = String::from_utf8_lossy(&output.stderr);
            return error(format!("{stderr}`{command}` should exit with {code}: {}", output.status));
        }
        self.files.push(page);
        Ok(())
    }

    /// The review of this corpus, of a hostile case, and of a case that changed.
    fn of_corpora(&mut self) -> Result {
        let root = std::env::current_dir().context(|| "cannot determine the working directory".to_owned())?;
        self.add("corpus", &root, &["corpus", "review"], 0)?;
        let hostile = self.project("hostile-corpus")?;
        let case = hostile.join("proptest-regressions/witnesses/verbatim-slug--hostile.yaml");
        checkout::write(&case, HOSTILE_CASE)?;
        self.add("corpus-markup", &hostile, &["corpus", "review"], 1)?;
        checkout::commit_all(&hostile)?;
        let changed = HOSTILE_CASE.replace("full-saas", "reconciler").replace("rule: override", "rule: fallback");
        checkout::write(&case, &changed)?;
        self.add("corpus-since", &hostile, &["corpus", "review", "--since", "HEAD"], 1)
    }

    /// The pages of each command about each project.
    fn of_projects(&mut self) -> Result {
        for name in PROJECTS {
            let project = self.project(name)?;
            copy(&Path::new("ci/page").join(name), &project)?;
            let mut lint = vec!["lint"];
            if name == "markup" {
                let workflow = checkout::read(Path::new("ci/page/markup/workflow.yml"))?;
                checkout::write(project.join(HOSTILE_NAME), &workflow)?;
                lint.push(HOSTILE_NAME);
            }
            self.add(&format!("lint-{name}"), &project, &lint, 1)?;
            self.add(&format!("check-{name}"), &project, &["check"], i32::from(name == "markup"))?;
            self.add(&format!("prove-{name}"), &project, &["prove"], 1)?;
        }
        let project = self.work_dir.join("project");
        let later = checkout::read(project.join("providers.yaml"))?;
        let later = later.replace("acme/large-2]", "acme/large-3], withdrawn_models: [acme/large-2]");
        checkout::write(project.join("later.yaml"), &later)?;
        self.add("diff-project", &project, &["diff", "--registry", "providers.yaml", "later.yaml"], 1)?;
        let work_dir = self.work_dir.clone();
        self.add("prove-embedded", &work_dir, &["prove", "--embedded"], 0)
    }

    /// Pages with more results than they show.
    fn of_many(&mut self) -> Result {
        let project = self.project("many")?;
        let mut runtimes = String::from("runtimes:\n");
        for number in 0..1_000 {
            let _ = writeln!(runtimes, "  runtime-{number}: {{providers: [{{name: acme, models: [m-{number}]}}]}}");
        }
        let provider = "  - {name: acme, auth_env: [ACME_KEY], model_prefix_match: \"^acme/\"}\n";
        checkout::write(project.join("many.yaml"), &format!("schema_version: 1\nproviders:\n{provider}{runtimes}"))?;
        let policy = "schema_version: 2\nname: many\nmodel: [{use: acme/m}]\nsecrets: [{key: ACME_KEY}]\n";
        checkout::write(project.join("policy.yaml"), policy)?;
        self.add("check-many", &project, &["check", "many.yaml", "--no-config"], 0)?;
        // So many runtimes exceed the usual budget.
        let budget = "--budget=1000000000";
        let prove = ["prove", "--registry=many.yaml", "--policy=policy.yaml", "--no-config", "--quiet", budget];
        self.add("prove-many", &project, &prove, 0)
    }

    /// An empty directory in the target directory.
    fn project(&self, name: &str) -> Result<PathBuf> {
        let path = self.work_dir.join(name);
        if path.exists() {
            fs::remove_dir_all(&path).context(|| format!("cannot remove {}", path.display()))?;
        }
        fs::create_dir_all(&path).context(|| format!("cannot create {}", path.display()))?;
        Ok(path)
    }
}

/// Copies the files of a directory.
fn copy(from: &Path, to: &Path) -> Result {
    let cannot = || format!("cannot copy {}", from.display());
    fs::create_dir_all(to).context(cannot)?;
    for entry in fs::read_dir(from).context(cannot)? {
        let entry = entry.context(cannot)?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).context(cannot)?;
        }
    }
    Ok(())
}
