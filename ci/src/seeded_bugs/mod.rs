//! `cargo ci seeded-bugs`: tests whether the tests find planted bugs.
//!
//! Each bug of ci/bugs is planted alone in a copy of the checkout, and each engine searches for
//! it. A missed bug shows that a law or the case generator is too weak.

mod engine;
mod page;
mod patch;
mod row;

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::checkout;
use crate::failure::{Context, Result, error, finding};
use crate::forge;
use crate::parallel::{self, Queue};
use crate::process;
use crate::tools;

pub use engine::{Engine, Limit};
use engine::{Workbench, includes_tests};
use row::Row;

/// The files that influence the result of every bug, in addition to its patch, the engines and their limit.
const CODE: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    ".config",
    "ci/src/seeded_bugs",
    "crates/laws",
    "crates/testkit",
    "crates/yaml",
    "fuzz",
    "proptest-regressions",
    "resolver",
];

/// The further files that influence the result of a bug outside the resolver.
const CODE_OUTSIDE_RESOLVER: [&str; 8] =
    [".github", "Dockerfile", "action.yml", "ci/src", "ci/tests", "cli", "crates", "packages"];

/// Plant bugs and record which engine finds them
///
/// With every bug, every engine and 60 seconds for the fuzzer, this takes about three hours on two
/// cores and writes docs/seeded-bugs.md. Each bug must be found by `cargo test` and by two of the four
/// engines properties, exhaustive, witnesses and fuzz; with fewer engines, by any engine.
#[derive(clap::Args)]
pub struct Arguments {
    /// Bugs to plant: files in ci/bugs without `.patch` [default: all]
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Search with this engine only; may be given several times
    #[arg(long, value_name = "ENGINE", conflicts_with = "no_fuzz")]
    pub only: Vec<Engine>,
    /// Search with every engine except the fuzzer
    #[arg(long)]
    pub no_fuzz: bool,
    /// Fuzzing time in seconds [default: 60]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "runs")]
    pub seconds: Option<u32>,
    /// Number of inputs to fuzz instead
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub runs: Option<u32>,
    /// Number of bugs to test in parallel [default: one per core]
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// Keep the results of an earlier run on the same code with the same engines
    #[arg(long)]
    pub resume: bool,
    /// Path of the page [default: docs/seeded-bugs.md]
    #[arg(long, value_name = "FILE", value_parser = checkout::parse_path)]
    pub page: Option<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result {
    let search = Search::new(arguments)?;
    println!("{}", row::header(&search.engines));
    let rows = search.run(arguments)?;

    let summary = row::summary(&search.engines, &rows);
    println!("\n{summary}");
    if search.is_complete(arguments) {
        let file = arguments.page.as_deref().unwrap_or(Path::new(page::FILE));
        let patches = search.names.iter().map(|name| checkout::read(patch::file(name))).collect::<Result<Vec<_>>>()?;
        let page = page::render(&search.engines, &rows, &patches, &summary);
        checkout::write(file, &page)?;
        forge::append_summary(&page)?;
        println!("wrote {}", file.display());
    }
    let missed: Vec<&str> = rows.iter().filter(|row| !row.is_found_well_enough()).map(|row| row.bug.as_str()).collect();
    if missed.is_empty() {
        return Ok(());
    }
    finding(format!(
        "not found, or by too few engines: {}; make the laws or the case generator strong enough to find them",
        missed.join(", ")
    ))
}

/// The bugs to plant, the engines that search for them, and the directory of the results.
struct Search {
    names: Vec<String>,
    engines: Vec<Engine>,
    limit: Limit,
    /// The directory of copies, builds and results.
    home: PathBuf,
    /// A hash of the code, the engines and the limit.
    state: Sha256,
    /// The same with the code outside the resolver.
    state_outside_resolver: Sha256,
}

impl Search {
    fn new(arguments: &Arguments) -> Result<Self> {
        let all = patch::names()?;
        if let Some(unknown) = arguments.names.iter().find(|name| !all.contains(name)) {
            return error(format!("unknown bug `{unknown}`; give names of files in {}, without `.patch`", patch::DIR));
        }
        let names = if arguments.names.is_empty() { all } else { arguments.names.clone() };
        patch::check(&names)?;

        let is_selected = |engine: &Engine| match (&arguments.only[..], engine) {
            ([], Engine::Fuzz) => !arguments.no_fuzz,
            ([], _) => true,
            (only, engine) => only.contains(engine),
        };
        let engines: Vec<Engine> = Engine::ALL.into_iter().filter(is_selected).collect();
        let limit = match (arguments.runs, arguments.seconds) {
            (Some(runs), _) => Limit::Runs(runs),
            (None, seconds) => Limit::Seconds(seconds.unwrap_or(Limit::DEFAULT_SECONDS)),
        };
        if includes_tests(&engines) {
            tools::ensure_cargo_tool("cargo-nextest")?;
        }
        if engines.contains(&Engine::Fuzz) {
            tools::ensure_cargo_fuzz()?;
        }

        let mut state = Sha256::new();
        state.update(format!("{engines:?} {limit:?}\n"));
        hash_files(&mut state, &CODE)?;
        let mut state_outside_resolver = state.clone();
        hash_files(&mut state_outside_resolver, &CODE_OUTSIDE_RESOLVER)?;
        let home = checkout::target_dir()?.join("seeded-bugs");
        Ok(Self { names, engines, limit, home, state, state_outside_resolver })
    }

    /// True if the search covers everything that docs/seeded-bugs.md shows.
    fn is_complete(&self, arguments: &Arguments) -> bool {
        let has_all_engines = self.engines == Engine::ALL;
        arguments.names.is_empty() && has_all_engines && self.limit == Limit::Seconds(Limit::DEFAULT_SECONDS)
    }

    /// Searches for the bugs that have no result yet, several in parallel, and returns all results.
    fn run(&self, arguments: &Arguments) -> Result<Vec<Row>> {
        if !arguments.resume {
            checkout::remove(&self.home.join("rows"))?;
        }
        let mut untried = Vec::new();
        for name in &self.names {
            if !self.result_file(name)?.exists() {
                untried.push((patch::changed_packages(&checkout::read(patch::file(name))?), name.as_str()));
            }
        }
        // From one bug of a package to the next, cargo builds only that package.
        untried.sort();
        let jobs = arguments.jobs.map_or_else(process::available_parallelism, NonZeroUsize::get).min(untried.len());
        let untried: Queue<&str> = untried.into_iter().map(|(_, name)| name).collect();
        parallel::run(jobs, |job| {
            // A failure fails the run: the other jobs stop after their current bug.
            self.work(job, &untried).inspect_err(|_| untried.clear())
        })?;
        self.names.iter().map(|name| Row::read(&self.result_file(name)?)).collect()
    }

    /// Takes bugs from the queue until it is empty; the work of one job.
    fn work(&self, job: usize, untried: &Queue<&str>) -> Result {
        let bench = Workbench::new(&self.home.join(job.to_string()), self.limit)?;
        self.expect_nothing(&bench)?;
        while let Some(name) = untried.next() {
            let row = self.look_for(name, &bench)?;
            println!("{row}");
            row.write(&self.result_file(name)?)?;
        }
        Ok(())
    }

    /// Checks that the engines find nothing in the code without a bug.
    fn expect_nothing(&self, bench: &Workbench) -> Result {
        bench.build(&self.engines, "the code does not compile without a bug; fix that first")?;
        for &engine in &self.engines {
            if let Some(hit) = bench.search(engine)? {
                return error(format!("`{}` fails without a bug; fix that first", hit.found_by));
            }
        }
        let patches = self.names.iter().map(|name| checkout::read(patch::file(name))).collect::<Result<Vec<_>>>()?;
        if self.engines.contains(&Engine::Others)
            && patches.iter().any(|patch| patch::is_outside_resolver(patch))
            && let Some(hit) =
                bench.search_outside_resolver("", "the code does not compile without a bug; fix that first")?
        {
            return error(format!("`{}` fails without a bug; fix that first", hit.found_by));
        }
        Ok(())
    }

    /// Plants one bug and has each engine search for it.
    fn look_for(&self, name: &str, bench: &Workbench) -> Result<Row> {
        let patch = patch::file(name);
        let text = checkout::read(&patch)?;
        let is_outside_resolver = patch::is_outside_resolver(&text);
        bench.apply(&patch, &[])?;
        let advice = format!("the code does not compile with {}; correct the patch", patch.display());
        let cells = if is_outside_resolver {
            let hit = if self.engines.contains(&Engine::Others) {
                bench.search_outside_resolver(&text, &advice)?
            } else {
                None
            };
            self.engines.iter().map(|&engine| (engine, hit.clone().filter(|_| engine == Engine::Others))).collect()
        } else {
            bench.build(&self.engines, &advice)?;
            self.engines.iter().map(|&engine| Ok((engine, bench.search(engine)?))).collect::<Result<_>>()?
        };
        bench.apply(&patch, &["--reverse"])?;
        Ok(Row { bug: name.to_owned(), is_outside_resolver, cells })
    }

    /// The result file of a bug; its name depends on the code.
    fn result_file(&self, name: &str) -> Result<PathBuf> {
        let patch = checkout::read(patch::file(name))?;
        let code = if patch::is_outside_resolver(&patch) { &self.state_outside_resolver } else { &self.state };
        let state = code.clone().chain_update(patch).finalize();
        let hash: String = state.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(self.home.join("rows").join(format!("{name}.{hash}.json")))
    }
}

/// Adds the paths and contents of the files under these paths to a hash.
fn hash_files(hash: &mut Sha256, paths: &[&str]) -> Result {
    for file in checkout::files(paths)? {
        let bytes = fs::read(&file).context(|| format!("cannot read {}", file.display()))?;
        hash.update(format!("{} {}\n", file.display(), bytes.len()));
        hash.update(bytes);
    }
    Ok(())
}
