//! The URIs of files.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// The characters of a path that a URI has in another form.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The path of a file; `None` for another URI, such as that of a text without a file.
pub fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    // The host is empty or `localhost`.
    let (host, _) = rest.split_once('/')?;
    if !(host.is_empty() || host == "localhost") {
        return None;
    }
    let bytes: Vec<u8> = percent_decode_str(&rest[host.len()..]).collect();
    if bytes.contains(&0) {
        return None;
    }
    from_bytes(bytes)
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have paths that are not any bytes")]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    // Before the drive of `/C:/file` is a slash.
    let text = String::from_utf8(bytes).ok()?;
    Some(PathBuf::from(text.strip_prefix('/').filter(|rest| rest.as_bytes().get(1) == Some(&b':')).unwrap_or(&text)))
}

/// The URI of a file with an absolute path.
pub fn of(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', if cfg!(windows) { "/" } else { "\\" });
    let slash = if text.starts_with('/') { "" } else { "/" };
    format!("file://{slash}{}", utf8_percent_encode(&text, ESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_name_files() {
        assert_eq!(path("file:///a/b%20c.yml"), Some(PathBuf::from("/a/b c.yml")));
        assert_eq!(path("file://localhost/a"), Some(PathBuf::from("/a")));
        for other in ["untitled:Untitled-1", "file://host/a", "https://a/b", "file:", "", "file:///a%00b", "file://"] {
            assert_eq!(path(other), None, "{other}");
        }
        let unusual = Path::new("/a b/#x?%41é");
        assert_eq!(of(unusual), "file:///a%20b/%23x%3F%2541%C3%A9");
        assert_eq!(path(&of(unusual)).as_deref(), Some(unusual));
    }
}
