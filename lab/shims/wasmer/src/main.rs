//! A containerd shim that runs WASI 0.1 modules in Wasmer. containerd starts it as
//! `io.containerd.wasmer.v1`.

mod engine;
#[cfg(target_arch = "x86_64")]
mod probestack;
mod sandbox;

use containerd_shim_wasm::shim::{Cli, Shim, Version};

struct WasmerShim;

impl Shim for WasmerShim {
    type Sandbox = sandbox::WasmerSandbox;

    fn name() -> &'static str {
        "wasmer"
    }

    fn version() -> Version {
        Version {
            version: option_env!("SHIM_VERSION").unwrap_or(env!("CARGO_PKG_VERSION")),
            revision: format!("wasmer-{}", wasmer::VERSION).leak(),
        }
    }
}

fn main() {
    WasmerShim::run(None);
}
