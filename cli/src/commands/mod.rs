//! The commands. Each reads its arguments and data, and prints a result.

pub(crate) mod batch;
pub mod check;
pub(crate) mod complete;
pub mod conform;
pub mod corpus;
pub mod diagnose;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod lint;
pub(crate) mod manual;
pub(crate) mod pick;
pub(crate) mod project;
pub(crate) mod prove;
pub(crate) mod resolve;
pub(crate) mod schema;
