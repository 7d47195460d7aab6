//! What `corpus review` shows, before it is written.

use super::review_item::Entry;

/// What a review shows.
pub struct Review {
    /// What each file holds, re-run.
    pub entries: Vec<Entry>,
    /// Files that are gone since the revision asked about.
    pub removed: Vec<String>,
    /// That revision.
    pub since: Option<String>,
}
