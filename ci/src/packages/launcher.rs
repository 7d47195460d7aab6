//! Tests of the launcher, the program that runs the binary of another npm package: with a script instead of
//! the binary, without that package, and on a platform that has none.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::target::Target;
use crate::checkout;
use crate::failure::{Context, Result, finding};
use crate::process::Process;

/// A script that does what its arguments say.
const SCRIPT: &str = "ci/packages/binary.js";

/// Runs the launcher with an argument that no system passes on.
const LONG_ARGUMENT: &str = "process.argv.push('x'.repeat(1 << 22)); require(process.argv[1])";

/// Runs the launcher on a platform that this program pretends to have.
fn on_platform(name: &str, cpu: &str) -> String {
    let pretend = format!("for (const [name, value] of [['platform', '{name}'], ['arch', '{cpu}']])");
    format!("{pretend} Object.defineProperty(process, name, {{value}}); require(process.argv[1])")
}

/// Checks that the launcher of `package` passes on arguments, streams, signals and exit codes, and says what
/// to do if the binary is missing or damaged.
pub fn check(package: &Path) -> Result {
    let Some(host) = Target::host().filter(|_| cfg!(unix)) else {
        println!("launcher not tested: the test needs a Unix system for which there is a package");
        return Ok(());
    };
    let launcher = Launcher(package.join("bin/slugproof.js"));
    let missing = launcher.output(&[], &[], "")?;
    expect("without the package", &missing, 2, "", &format!("the package `{}`", host.npm()))?;
    let foreign = launcher.output(&["-e", &on_platform("sunos", "x64")], &[], "")?;
    expect("on another platform", &foreign, 2, "", "slugproof has no npm package for `sunos-x64`")?;

    let binary = package.join("node_modules").join(host.npm()).join("bin/slugproof");
    checkout::write(&binary, "x")?;
    expect("without the right to run it", &launcher.output(&[], &[], "")?, 2, "", "install slugproof again")?;
    checkout::copy_executable(Path::new(SCRIPT), &binary)?;
    checkout::write(&binary, "")?;
    expect("with an empty binary", &launcher.output(&[], &[], "")?, 2, "", "install slugproof again")?;
    checkout::copy_executable(Path::new(SCRIPT), &binary)?;
    let long = launcher.output(&["-e", LONG_ARGUMENT], &[], "")?;
    expect("with an argument that is too long", &long, 2, "", "install slugproof again")?;
    for code in [0, 1, 2, 77] {
        expect("with an exit code", &launcher.output(&[], &["exit", &code.to_string()], "")?, code, "", "")?;
    }
    let words = launcher.output(&[], &["words", "a b", "", "*", "--x=\"y\"", "$HOME"], "")?;
    expect("with arguments", &words, 0, "<a b><><*><--x=\"y\"><$HOME>", "")?;
    let streams = launcher.output(&[], &["streams"], "first\nlast")?;
    expect("with input", &streams, 0, "first\nlast", "to standard error")?;
    for signal in ["HUP", "INT", "TERM"] {
        launcher.expect_signal(signal, &["catch", signal], "exit status: 42")?;
    }
    launcher.expect_signal("INT", &["twice"], "exit status: 43")?;
    for (signal, number) in [("HUP", 1), ("INT", 2), ("TERM", 15)] {
        launcher.expect_signal(signal, &["wait"], &format!("signal: {number} "))?;
    }
    check_windows(package)?;
    println!("launcher: passes on arguments, streams, signals and exit codes");
    Ok(())
}

/// Checks that the launcher finds the program of Windows, in a directory as Windows has them.
fn check_windows(package: &Path) -> Result {
    let directory = package.join("Program Files (x86)/Zoë's & 100%");
    for file in ["package.json", "bin/slugproof.js"] {
        checkout::write(directory.join(file), &checkout::read(package.join(file))?)?;
    }
    let binary = directory.join("node_modules/slugproof-win32-x64/bin/slugproof.exe");
    checkout::copy_executable(Path::new(SCRIPT), &binary)?;
    let launcher = Launcher(directory.join("bin/slugproof.js"));
    let words = launcher.output(&["-e", &on_platform("win32", "x64"), "--"], &["words", "a b", "C:\\x\\"], "")?;
    expect("on Windows", &words, 0, "<a b><C:\\x\\>", "")
}

/// The path of the launcher.
struct Launcher(PathBuf);

impl Launcher {
    /// The command that runs the launcher in node with these options.
    fn command(&self, options: &[&str], arguments: &[&str]) -> Command {
        let mut command = Command::new("node");
        command.args(options).arg(&self.0).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the launcher with this input.
    fn output(&self, options: &[&str], arguments: &[&str], input: &str) -> Result<Output> {
        let run = || {
            let mut child = self.command(options, arguments).spawn()?;
            // A program that does not read its input may have ended.
            let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
            child.wait_with_output()
        };
        run().context(|| "cannot run `node`".to_owned())
    }

    /// Sends the launcher a signal once its binary is ready, and compares the way in which it ends.
    fn expect_signal(&self, signal: &str, arguments: &[&str], expected: &str) -> Result {
        let cannot = || "cannot run `node`".to_owned();
        let mut child = self.command(&[], arguments).spawn().context(cannot)?;
        // One signal for each line that the binary writes.
        for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
            line.context(|| "cannot read the output of the launcher".to_owned())?;
            Process::new("kill").arg(format!("-{signal}")).arg(child.id().to_string()).run()?;
        }
        let status = child.wait().context(cannot)?.to_string();
        if status.starts_with(expected) {
            return Ok(());
        }
        finding(format!("launcher: `{}` on SIG{signal} should end with `{expected}`: {status}", arguments.join(" ")))
    }
}

/// Compares the exit code and the standard output of the launcher, and searches its standard error.
fn expect(case: &str, output: &Output, code: i32, stdout: &str, in_stderr: &str) -> Result {
    let shown = [&output.stdout, &output.stderr].map(|stream| String::from_utf8_lossy(stream).into_owned());
    if output.status.code() == Some(code) && shown[0] == stdout && shown[1].contains(in_stderr) {
        return Ok(());
    }
    let [out, err] = shown;
    finding(format!("launcher {case}: {}, expected {code}; it wrote `{out}` and `{err}`", output.status))
}
