//! The benchmark house: what is measured, against what, and over which data.
//!
//! Every benchmark measures three things over the same questions: the **product**, its
//! **limit** (the part of the work that nobody can leave out, done bare) and a **naive
//! port** (what one writes down first). Ratios between the three hold on any machine;
//! times do not.

pub mod data;
pub mod generate;
pub mod limit;
pub mod naive;
pub mod results;
