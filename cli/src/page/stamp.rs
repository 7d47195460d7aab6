//! When and from which revision a page was made.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::git;
use crate::io::Top;

/// The revision and the time of a page.
pub struct Stamp {
    /// The commit that is checked out, if git knows it.
    pub revision: Option<String>,
    /// The time in UTC.
    pub time: String,
}

/// The variable that gives the time, so that the same input gives the same page.
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

impl Stamp {
    /// The stamp of a page that is made now, or at the time that `SOURCE_DATE_EPOCH` names.
    pub fn now() -> Self {
        let named = std::env::var(SOURCE_DATE_EPOCH).ok().and_then(|seconds| seconds.parse().ok());
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
        Self { revision: Top::find().directory().and_then(revision), time: utc(named.unwrap_or_else(now)) }
    }
}

/// The commit of `HEAD`. Asking for it runs no hook and no filter, and needs no network.
fn revision(top: &Path) -> Option<String> {
    let mut git = git::command(top, &["rev-parse", "--verify", "--quiet", "HEAD"]);
    git.env("GIT_NO_LAZY_FETCH", "1");
    // The repository around another one has another revision.
    git.env("GIT_CEILING_DIRECTORIES", top.parent()?);
    let output = git.output().ok()?;
    let revision = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    let is_revision = revision.len() >= 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    (output.status.success() && is_revision).then_some(revision)
}

/// A number of seconds since 1970 as a date and a time.
fn utc(seconds: u64) -> String {
    // The last second of the year 9999; a later year would have more digits.
    let seconds = seconds.min(253_402_300_799);
    let (minutes, hours) = (seconds / 60 % 60, seconds / 3_600 % 24);
    // Days since 1 March of the year 0, in eras of 400 years, which all have equally many days.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // March is month 0, so that the leap day is the last of a year.
    let month = (5 * day + 2) / 153;
    let (day, after_december) = (day - (153 * month + 2) / 5 + 1, month >= 10);
    let (year, month) = (era * 400 + year + u64::from(after_december), (month + 2) % 12 + 1);
    format!("{year:04}-{month:02}-{day:02} {hours:02}:{minutes:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_shown_as_dates() {
        for (seconds, date) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (951_868_800, "2000-03-01 00:00 UTC"),
            (1_735_689_599, "2024-12-31 23:59 UTC"),
            (1_735_689_600, "2025-01-01 00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00 UTC"),
            (u64::MAX, "9999-12-31 23:59 UTC"),
        ] {
            assert_eq!(utc(seconds), date);
        }
    }
}
