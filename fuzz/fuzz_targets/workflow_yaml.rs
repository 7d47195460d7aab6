#![cfg_attr(fuzzing, no_main)]
//! The body is `slug_fuzz::TARGETS`'s of the same name.
slug_fuzz::target!("workflow_yaml");
