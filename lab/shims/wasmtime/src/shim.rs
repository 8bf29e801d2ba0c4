//! What containerd sees of this shim: its name, its version, how it compiles and how it runs.

use std::sync::OnceLock;

use containerd_shim_wasm::shim::{Compiler, Shim, Version};

use crate::compiler::WasmtimeCompiler;
use crate::sandbox::WasmtimeSandbox;

static VERSION: OnceLock<&str> = OnceLock::new();

/// Sets the version that the shim reports; the first call counts.
pub fn stamp(version: &'static str) {
    VERSION.get_or_init(|| version);
}

pub struct WasmtimeShim;

impl Shim for WasmtimeShim {
    type Sandbox = WasmtimeSandbox;

    fn name() -> &'static str {
        "wasmtime"
    }

    fn version() -> Version {
        Version {
            version: VERSION.get().copied().unwrap_or("unstamped"),
            revision: env!("ENGINE_VERSION"),
        }
    }

    async fn compiler() -> Option<impl Compiler> {
        match WasmtimeCompiler::new() {
            Ok(compiler) => Some(compiler),
            Err(error) => {
                log::error!("no precompilation, Wasmtime refused this machine: {error:#}");
                None
            }
        }
    }
}
