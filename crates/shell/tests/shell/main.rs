//! Tests of the parser and the interpreter of scripts, in one binary.

mod coverage;
mod execution;
mod generator;
mod parser;
mod second_reader;
