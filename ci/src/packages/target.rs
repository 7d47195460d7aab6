//! The targets of a release.

/// A target for which a release has a binary.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The name of the target in Rust.
    pub triple: &'static str,
    /// `process.platform` and `process.arch` of Node.js, which npm calls `os` and `cpu`.
    pub node: [&'static str; 2],
    /// The platforms in the tags of the wheel. A static binary runs with every C library of Linux.
    pub wheel: &'static [&'static str],
}

pub const TARGETS: [Target; 5] = [
    Target {
        triple: "x86_64-unknown-linux-musl",
        node: ["linux", "x64"],
        wheel: &["manylinux2014_x86_64", "manylinux_2_17_x86_64", "musllinux_1_1_x86_64"],
    },
    Target {
        triple: "aarch64-unknown-linux-musl",
        node: ["linux", "arm64"],
        wheel: &["manylinux2014_aarch64", "manylinux_2_17_aarch64", "musllinux_1_1_aarch64"],
    },
    Target { triple: "x86_64-apple-darwin", node: ["darwin", "x64"], wheel: &["macosx_10_12_x86_64"] },
    Target { triple: "aarch64-apple-darwin", node: ["darwin", "arm64"], wheel: &["macosx_11_0_arm64"] },
    Target { triple: "x86_64-pc-windows-msvc", node: ["win32", "x64"], wheel: &["win_amd64"] },
];

impl Target {
    /// The target with this name.
    pub fn find(triple: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.triple == triple)
    }

    /// The target of this machine. On Linux, the binary of another C library is in its place.
    pub fn host() -> Option<&'static Self> {
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            "windows" => "win32",
            os => os,
        };
        let cpu = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            cpu => cpu,
        };
        TARGETS.iter().find(|target| target.node == [os, cpu])
    }

    /// The file name of the command.
    pub fn executable(&self) -> &'static str {
        if self.is_windows() { "slugproof.exe" } else { "slugproof" }
    }

    /// The file name of the binary in a release.
    pub fn binary_name(&self) -> String {
        format!("slugproof-{}{}", self.triple, if self.is_windows() { ".exe" } else { "" })
    }

    /// The name of the npm package with the binary.
    pub fn npm(&self) -> String {
        format!("slugproof-{}", self.node.join("-"))
    }

    fn is_windows(&self) -> bool {
        self.node[0] == "win32"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_target() {
        let names = |triple: &str| {
            let target = Target::find(triple).unwrap();
            (target.binary_name(), target.npm(), target.executable())
        };
        assert_eq!(
            names("aarch64-apple-darwin"),
            ("slugproof-aarch64-apple-darwin".to_owned(), "slugproof-darwin-arm64".to_owned(), "slugproof")
        );
        assert_eq!(
            names("x86_64-pc-windows-msvc"),
            ("slugproof-x86_64-pc-windows-msvc.exe".to_owned(), "slugproof-win32-x64".to_owned(), "slugproof.exe")
        );
        assert_eq!(Target::find("x86_64-unknown-linux-gnu"), None);
    }
}
