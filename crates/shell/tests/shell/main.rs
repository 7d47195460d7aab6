//! Tests of the reader of scripts, in one binary.

mod parser;
mod printer;
