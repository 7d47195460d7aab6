//! `cargo ci clusterfuzzlite`: builds the fuzz targets like ClusterFuzzLite, and runs each.
//!
//! It runs .clusterfuzzlite/build.sh with only the variables that the builder of ClusterFuzzLite
//! sets, but without Docker.

use std::fs;
use std::path::Path;

use clap::ValueEnum;

use crate::checkout;
use crate::failure::{Context, Result, finding};
use crate::fuzz;
use crate::process::Process;
use crate::tools;

/// Build the fuzz targets like ClusterFuzzLite, and run each
#[derive(clap::Args)]
pub struct Arguments {
    /// Kind of build; `address` needs a nightly toolchain
    #[arg(value_enum, default_value = "none")]
    sanitizer: Sanitizer,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sanitizer {
    None,
    Address,
    Coverage,
}

impl Sanitizer {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Address => "address",
            Self::Coverage => "coverage",
        }
    }
}

pub fn run(arguments: &Arguments) -> Result {
    let sanitizer = arguments.sanitizer;
    tools::ensure_program("zip", &["zip"])?;
    tools::ensure_program("unzip", &["unzip"])?;
    let targets = fuzz::target_names()?;

    let home = checkout::target_dir()?.join("clusterfuzzlite");
    let (src, out, work) = (home.join("src"), home.join("out"), home.join("work"));
    for dir in [&src, &out, &work] {
        checkout::remove(dir)?;
        fs::create_dir_all(dir).context(|| format!("cannot create {}", dir.display()))?;
    }
    checkout::copy_to(&src.join("slugproof"))?;
    let mut build = Process::with_empty_env("bash")
        .args(["-eu", ".clusterfuzzlite/build.sh"])
        .dir(&src.join("slugproof"))
        .env("SRC", &src)
        .env("OUT", &out)
        .env("WORK", &work)
        .env("FUZZING_LANGUAGE", "rust")
        .env("FUZZING_ENGINE", "libfuzzer")
        .env("SANITIZER", sanitizer.name())
        .env("ARCHITECTURE", std::env::consts::ARCH)
        .env("CARGO_TARGET_DIR", home.join(format!("build-{}", sanitizer.name())));
    // These are needed because Rust may not be installed where the builder's image has it.
    for name in ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            build = build.env(name, value);
        }
    }
    build = match sanitizer {
        Sanitizer::None => build,
        Sanitizer::Address => build.env("RUSTUP_TOOLCHAIN", "nightly"),
        Sanitizer::Coverage => build.env("RUSTFLAGS", "-Cinstrument-coverage"),
    };
    build.run()?;
    targets.iter().try_for_each(|target| check_target(target, sanitizer, &out, &work))
}

/// Checks a target: runs it like the runner of ClusterFuzzLite, with the options, the dictionary
/// and the corpus that the build made.
fn check_target(target: &str, sanitizer: Sanitizer, out: &Path, work: &Path) -> Result {
    let corpus = work.join(target);
    Process::new("unzip").arg("-q").arg(out.join(format!("{target}_seed_corpus.zip"))).arg("-d").arg(&corpus).run()?;
    for kind in ["seeds", "regressions"] {
        let source = Path::new("fuzz").join(kind).join(target);
        if source.exists() {
            Process::new("diff").arg("-r").arg(source).arg(corpus.join(kind).join(target)).run()?;
        }
    }
    let mut options = options(&checkout::read(out.join(format!("{target}.options")))?);
    let dictionary = out.join(format!("{target}.dict"));
    if dictionary.exists() {
        options.push(format!("-dict={}", dictionary.display()));
    }
    let profile = work.join(format!("{target}.profraw"));
    let mut process = Process::with_empty_env(out.join(target));
    process = process.dir(out).arg("-runs=50").args(&options).arg(&corpus).env("LLVM_PROFILE_FILE", &profile);
    let output = process.output()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let fail = |what: &str| finding(format!("{log}\n{target} {what}"));
    if !output.status.success() {
        return fail("fails on its corpus");
    }
    if log.contains("unrecognized flag") {
        return fail("has an option that libFuzzer does not know");
    }
    let edges = fuzz::edges(&log);
    if edges == 0 {
        return fail("is not instrumented");
    }
    let has = |symbol: &[u8], program: &[u8]| program.windows(symbol.len()).any(|window| window == symbol);
    let program = fs::read(out.join(target)).context(|| format!("cannot read {target}"))?;
    match sanitizer {
        Sanitizer::Address if !has(b"__asan_report_load", &program) => return fail("has no address sanitizer"),
        Sanitizer::Coverage if !profile.exists() => return fail("writes no coverage profile"),
        _ => {}
    }
    println!("{target}: {edges} edges, {}", options.join(" "));
    Ok(())
}

/// The command-line arguments for the lines of an options file.
fn options(file: &str) -> Vec<String> {
    let lines = file.lines().filter_map(|line| line.split_once(" = "));
    lines.map(|(name, value)| format!("-{name}={value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_len_is_the_input_size_of_the_targets() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let options = options(&fs::read_to_string(root.join(".clusterfuzzlite/target.options")).unwrap());
        let manifest = fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        let bytes = manifest.lines().find_map(|line| line.strip_prefix("input-bytes = ")).unwrap();
        assert_eq!(options[0], format!("-max_len={bytes}"));
    }
}
