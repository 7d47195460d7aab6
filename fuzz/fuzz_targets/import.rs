#![cfg_attr(fuzzing, no_main)]
//! The binary of the fuzz target with this name: it calls `slug_fuzz::run` with each input.
slug_fuzz::target!("import");
