//! Everything of the shim but its version: the program stamps that on, so that another stamp
//! links anew and compiles nothing.

mod compiler;
mod guest;
mod http;
mod program;
mod sandbox;
mod shim;

use containerd_shim_wasm::shim::Cli;

/// Answers one call of containerd, or of a person with `-v`; may end the process.
pub fn run(version: &'static str) {
    shim::stamp(version);
    shim::WasmtimeShim::run(None);
}
