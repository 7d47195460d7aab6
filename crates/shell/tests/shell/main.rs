//! Tests of the reader of scripts, in one binary.

mod coverage;
mod execution;
mod generator;
mod parser;
mod printer;
mod second_reader;
