//! Answers for people: styles, widths, and text in which nothing drives the terminal.

pub mod resolution;
pub mod shell;
mod style;
mod text;

pub use style::{BAD, FAINT, GOOD, HEAD, WARN, harmless, width, wrapped, wrapped_to};
pub use text::{can_be_seen, counted, grouped, printable, shown};
