//! Output for people: styles, widths, and text with control characters escaped.

pub mod resolution;
pub mod shell;
mod style;
mod text;

pub use style::{
    BAD, FAINT, GOOD, HEAD, WARN, escape_keeping_styles, mask_keeping_styles, width, width_of_messages, wrapped,
    wrapped_to,
};
pub use text::{can_be_seen, can_be_seen_in_word, counted, grouped, is_blank, listed, printable, shown};
