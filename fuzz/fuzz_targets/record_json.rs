#![cfg_attr(fuzzing, no_main)]
//! The body is the target of the same name in `slug_fuzz::TARGETS`.
slug_fuzz::target!("record_json");
