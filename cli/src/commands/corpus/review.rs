//! The results of `corpus review`, before rendering.

use super::review_item::Entry;

/// The results of a review.
pub struct Review {
    /// The cases of all files, with their current results.
    pub entries: Vec<Entry>,
    /// Files that were removed since the revision.
    pub removed: Vec<String>,
    /// The requested revision.
    pub since: Option<String>,
}
