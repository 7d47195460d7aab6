//! The language server protocol: messages on a stream, URIs of files, and positions in UTF-16.

pub mod text;
pub mod transport;
pub mod uri;
