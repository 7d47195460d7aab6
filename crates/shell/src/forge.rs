//! The paths that a forge chooses: the variables that have them, and the characters that represent
//! them; and the variable with the path of a file that bash reads.

/// The variable with the path of the environment file, which sets variables for later steps.
pub const ENVIRONMENT_FILE: &str = "GITHUB_ENV";

/// The variable with the path of the file of outputs, which sets the outputs of a step.
pub const OUTPUT_FILE: &str = "GITHUB_OUTPUT";

/// A character that represents the path of the file whose assignments are interpreted, and appears in
/// no script.
pub const ENV_FILE_TARGET: &str = "\u{10fffd}";

/// A character that represents the path of the other file of assignments, and appears in no script.
pub const OTHER_FILE: &str = "\u{10fffb}";

/// The variable with the path of the directory in which a forge checks out the repository.
pub const WORKSPACE_VARIABLE: &str = "GITHUB_WORKSPACE";

/// The variable with the path of a file that bash reads before a script.
pub const STARTUP_FILE: &str = "BASH_ENV";

/// A character that represents the path of that directory and appears in no script.
pub const WORKSPACE: &str = "\u{10fffc}";

/// A character that represents the script of a step in its path, which is `$0` there, and appears in no script.
pub const STEP_SCRIPT: &str = "\u{10fffa}";
