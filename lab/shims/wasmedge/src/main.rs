//! A containerd shim that runs WASI 0.1 modules in WasmEdge, whose shared library is the node's
//! own (Debian: libwasmedge0). containerd starts it as `io.containerd.wasmedge.v1`.

mod engine;
mod sandbox;
mod symbols;

use containerd_shim_wasm::shim::{Cli, Shim, Version};

struct WasmEdgeShim;

impl Shim for WasmEdgeShim {
    type Sandbox = sandbox::WasmEdgeSandbox;

    fn name() -> &'static str {
        "wasmedge"
    }

    fn version() -> Version {
        let revision = match engine::loaded() {
            Ok(engine) => format!("wasmedge-{}", engine.version()).leak(),
            Err(_) => "no libwasmedge.so.0 on this machine",
        };
        Version {
            version: option_env!("SHIM_VERSION").unwrap_or(env!("CARGO_PKG_VERSION")),
            revision,
        }
    }
}

fn main() {
    // Before any container is made: from inside of one, only the image's files can be seen.
    let _ = engine::loaded();
    WasmEdgeShim::run(None);
}
