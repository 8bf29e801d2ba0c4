//! The Wasmtime shim of lab/shims with WASI-NN: its components also run models, by the ONNX
//! Runtime that lies beside this program. containerd starts it as `io.containerd.wasmtime.v1`.
//!
//! All but the world of a component is compiled from the sources of that shim, which names what
//! it uses `crate::...`, so that it works in this crate as it does in its own.

#[path = "../../../shims/wasmtime/src/compiler.rs"]
mod compiler;
#[path = "../../../shims/wasmtime/src/guest.rs"]
mod container;
mod guest;
#[path = "../../../shims/wasmtime/src/http.rs"]
mod http;
#[path = "../../../shims/wasmtime/src/program.rs"]
mod program;
#[path = "../../../shims/wasmtime/src/sandbox.rs"]
mod sandbox;
#[path = "../../../shims/wasmtime/src/shim.rs"]
mod shim;

use containerd_shim_wasm::shim::Cli;

fn main() {
    wasmtime_wasi::nn::open_runtime();
    shim::stamp(option_env!("SHIM_VERSION").unwrap_or(env!("CARGO_PKG_VERSION")));
    shim::WasmtimeShim::run(None);
}
