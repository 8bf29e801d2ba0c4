//! The lab's HTTP workload: a WASI 0.2 component that greets, over `wasi:http` and over its own
//! interface `shimyard:greeter/greetings`. Everything but the bindings also builds natively, so
//! that `cargo test` needs no Wasm engine.

pub mod answer;
pub mod greetings;
pub mod json;
pub mod target;

#[cfg(target_arch = "wasm32")]
mod component;
