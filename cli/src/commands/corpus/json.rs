//! The review as JSON.

use serde::Serialize;

use super::review::Review;
use super::review_item::Entry;

#[derive(Serialize)]
struct Form<'a> {
    schema_version: u8,
    since: Option<&'a str>,
    cases: &'a [Entry],
    removed: &'a [String],
}

/// Renders the review.
pub fn render(review: &Review) -> String {
    let form =
        Form { schema_version: 1, since: review.since.as_deref(), cases: &review.entries, removed: &review.removed };
    serde_json::to_string_pretty(&form).expect("a review is strings and lists") + "\n"
}
