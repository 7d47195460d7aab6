//! Bash with as few rights as the system lets a process give up.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

/// How bash is started, and what keeps a function from doing harm.
#[derive(Clone, Debug)]
pub struct Sandbox {
    bash: PathBuf,
    unshare: Option<PathBuf>,
    is_confined: bool,
    /// Whether this process runs as the superuser, whose processes no limit counts.
    is_superuser: bool,
    /// The user as whom bash runs, if not that of this process.
    user: Option<u32>,
}

/// A protection that is in force. Limits of time, output and memory are in force on every system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// The function cannot reach any network.
    NoNetwork,
    /// The function cannot open TCP connections.
    NoTcp,
    /// The function can write to its temporary directory alone.
    ReadOnlyFiles,
    /// The function can start bash alone.
    NoPrograms,
    /// The function sees no other process, and none that it starts outlives it.
    OwnProcesses,
    /// The function can start few processes at one time.
    FewProcesses,
}

impl Protection {
    /// All protections.
    pub const ALL: [Self; 6] =
        [Self::NoNetwork, Self::NoTcp, Self::ReadOnlyFiles, Self::NoPrograms, Self::OwnProcesses, Self::FewProcesses];

    /// The name in output for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoNetwork => "no-network",
            Self::NoTcp => "no-tcp",
            Self::ReadOnlyFiles => "read-only-files",
            Self::NoPrograms => "no-programs",
            Self::OwnProcesses => "own-processes",
            Self::FewProcesses => "few-processes",
        }
    }

    /// The effect of the protection, as part of a list.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::NoNetwork => "no network",
            Self::NoTcp => "no TCP connections",
            Self::ReadOnlyFiles => "files read-only outside a temporary directory",
            Self::NoPrograms => "no program but bash",
            Self::OwnProcesses => "other processes hidden",
            Self::FewProcesses => "a process limit",
        }
    }
}

/// The options of `unshare` for namespaces of users, networks and processes. No user is mapped, so
/// that nothing has to be written; the kernel ends all processes together with the first one.
const NAMESPACES: [&str; 5] = ["--user", "--net", "--pid", "--fork", "--kill-child"];

impl Sandbox {
    /// Finds bash, and tries which protections the system offers.
    ///
    /// # Errors
    ///
    /// Bash is missing, or it does not start. The message says what to do.
    pub fn find() -> Result<Self, String> {
        let bash = find_program("bash")
            .ok_or("bash is not installed, and functions are run by bash; install it and put it on the PATH")?;
        let unshare = if cfg!(target_os = "linux") { find_program("unshare") } else { None };
        let is_superuser = is_superuser();
        let user = is_superuser.then_some(NOBODY);
        let all = Self { bash, unshare, is_confined: cfg!(target_os = "linux"), is_superuser, user };
        let confined = Self { unshare: None, ..all.clone() };
        let separate = Self { is_confined: false, ..all.clone() };
        let plain = Self { unshare: None, user: None, ..separate.clone() };
        let as_superuser = Self { user: None, ..all.clone() };
        let candidates = [all, as_superuser, confined, separate, plain.clone()];
        candidates.into_iter().find(Self::works).ok_or_else(|| {
            format!("`{}` does not start; reinstall bash, or put a working one first on the PATH", plain.bash.display())
        })
    }

    /// The protections that are in force.
    #[must_use]
    pub fn protections(&self) -> Vec<Protection> {
        let is_in_force = |protection: &Protection| match protection {
            Protection::NoNetwork | Protection::OwnProcesses => self.unshare.is_some(),
            Protection::NoTcp => self.is_confined && self.unshare.is_none() && confinement::limits_tcp(),
            Protection::ReadOnlyFiles | Protection::NoPrograms => self.is_confined,
            Protection::FewProcesses => self.user.is_some() || !self.is_superuser,
        };
        Protection::ALL.into_iter().filter(is_in_force).collect()
    }

    /// Whether bash starts like this.
    fn works(&self) -> bool {
        self.succeeds(&["-c", ":"].map(String::from))
    }

    /// Whether bash can parse a script: the path of a file, or `-c` and a command.
    pub(crate) fn parses(&self, script: &[&str]) -> bool {
        // Patterns of `extglob` are a syntax error unless the option is set before.
        let arguments = ["-O", "extglob", "-n"].iter().chain(script);
        self.succeeds(&arguments.map(|argument| (*argument).to_owned()).collect::<Vec<_>>())
    }

    fn succeeds(&self, arguments: &[String]) -> bool {
        let run = || {
            let directory = tempfile::tempdir()?;
            self.give(directory.path())?;
            self.start(directory.path(), directory.path(), arguments)?.wait_with_output()
        };
        run().is_ok_and(|output| output.status.success())
    }

    /// This sandbox, or one with more rights if it cannot read the files.
    #[must_use]
    pub fn for_files(&self, files: &[PathBuf]) -> Self {
        const CAN_READ: &str = "for file; do [ -r \"$file\" ] || exit; done";
        let files = files.iter().filter_map(|file| file.canonicalize().ok()?.to_str().map(str::to_owned));
        let arguments: Vec<String> = ["-c", CAN_READ, "bash"].map(String::from).into_iter().chain(files).collect();
        let is_enough = self.user.is_none() || self.succeeds(&arguments);
        Self { user: self.user.filter(|_| is_enough), ..self.clone() }
    }

    /// Gives a directory to the user as whom bash runs.
    pub(crate) fn give(&self, directory: &Path) -> io::Result<()> {
        #[cfg(unix)]
        std::os::unix::fs::chown(directory, self.user, None)?;
        Ok(())
    }

    /// The limit of processes, as an argument of `ulimit -u`. `threads` is the number of all threads
    /// of the system, if known.
    pub(crate) fn limit_of_processes(&self, most: usize, threads: Option<usize>) -> String {
        // Without a namespace, the limit counts the other processes of the user, too.
        let others = if self.unshare.is_some() { Some(0) } else { threads };
        others.map_or("unlimited".to_owned(), |others| (others + most).to_string())
    }

    /// Starts bash with an empty environment and a process group of its own. It may write below
    /// `writable` alone.
    pub(crate) fn start(&self, writable: &Path, directory: &Path, arguments: &[String]) -> io::Result<Child> {
        let mut command = match &self.unshare {
            Some(unshare) => {
                let mut command = Command::new(unshare);
                command.args(NAMESPACES).arg("--").arg(&self.bash);
                command
            }
            None => Command::new(&self.bash),
        };
        command.args(["--noprofile", "--norc"]).args(arguments).env_clear().current_dir(directory);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        #[cfg(unix)]
        if let Some(user) = self.user {
            use std::os::unix::process::CommandExt as _;
            command.uid(user).gid(user);
        }
        if !self.is_confined {
            return command.spawn();
        }
        // A restriction holds for a thread and the processes that it starts, and is never lifted.
        let programs = [Some(&self.bash), self.unshare.as_ref()];
        thread::scope(|scope| {
            let confined = scope.spawn(|| {
                confinement::confine(writable, programs.into_iter().flatten())?;
                command.spawn()
            });
            confined.join().unwrap_or_else(|_| Err(io::Error::other("the thread that starts bash panicked")))
        })
    }
}

/// The user without rights.
const NOBODY: u32 = 65534;

#[cfg(target_os = "linux")]
fn is_superuser() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(target_os = "linux"))]
fn is_superuser() -> bool {
    false
}

/// Where programs are if the environment has no PATH.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The path of a program on the PATH, without links.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or(DEFAULT_PATH.into());
    let found = std::env::split_paths(&path).map(|directory| directory.join(name)).find(|path| path.is_file())?;
    fs::canonicalize(found).ok()
}

#[cfg(target_os = "linux")]
mod confinement {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io::{self, Read as _};
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::{Path, PathBuf};

    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset,
        RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus,
    };

    /// The oldest interface that can forbid TCP. An older kernel forbids what it can.
    const INTERFACE: ABI = ABI::V4;

    /// Restricts this thread and every process that it starts to read files, to write below one
    /// directory, and to execute some programs.
    ///
    /// # Errors
    ///
    /// The kernel cannot restrict the access to files.
    pub fn confine<'a>(writable: &Path, programs: impl Iterator<Item = &'a PathBuf>) -> io::Result<()> {
        restrict(writable, programs).map_err(io::Error::other)
    }

    fn restrict<'a>(
        writable: &Path,
        programs: impl Iterator<Item = &'a PathBuf>,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(INTERFACE))?
            .handle_access(AccessNet::from_all(INTERFACE))?
            .create()?
            .add_rule(PathBeneath::new(PathFd::new("/")?, AccessFs::ReadFile | AccessFs::ReadDir))?
            .add_rule(PathBeneath::new(PathFd::new("/dev/null")?, AccessFs::ReadFile | AccessFs::WriteFile))?
            .add_rule(PathBeneath::new(PathFd::new(writable)?, AccessFs::from_all(INTERFACE) & !AccessFs::Execute))?;
        for program in programs {
            for file in interpreter(program).into_iter().chain([program.clone()]) {
                rules = rules.add_rule(PathBeneath::new(PathFd::new(file)?, AccessFs::Execute | AccessFs::ReadFile))?;
            }
        }
        match rules.restrict_self()?.ruleset {
            RulesetStatus::NotEnforced => Err("the kernel does not restrict files".into()),
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
        }
    }

    /// The program that loads a dynamically linked program. The head of the file names it.
    fn interpreter(program: &Path) -> Option<PathBuf> {
        let mut head = Vec::new();
        File::open(program).ok()?.take(4096).read_to_end(&mut head).ok()?;
        let mut texts = head.split(|byte| *byte == 0);
        texts.find(|text| text.starts_with(b"/")).map(|text| PathBuf::from(OsStr::from_bytes(text)))
    }

    /// Whether the kernel can forbid TCP.
    pub fn limits_tcp() -> bool {
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessNet::from_all(INTERFACE))
            .and_then(landlock::Ruleset::create)
            .is_ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod confinement {
    use std::io;
    use std::path::{Path, PathBuf};

    /// Other systems cannot restrict a thread.
    pub fn confine<'a>(_writable: &Path, _programs: impl Iterator<Item = &'a PathBuf>) -> io::Result<()> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
    }

    /// Other systems cannot forbid TCP to a thread.
    pub fn limits_tcp() -> bool {
        false
    }
}
