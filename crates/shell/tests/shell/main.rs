//! Tests of the parser and the interpreter of scripts, in one binary.

mod arithmetic;
mod coverage;
mod execution;
mod generator;
mod parser;
mod second_reader;
