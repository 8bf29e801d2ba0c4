//! Ahead-of-time compilation of OCI Wasm layers; containerd's content store keeps the result.

use std::hash::Hash;

use anyhow::Result;
use containerd_shim_wasm::sandbox::context::{WasmBinaryType, WasmLayer};
use containerd_shim_wasm::shim::Compiler;
use wasmtime::Engine;

use crate::program::engine;

pub struct WasmtimeCompiler {
    engine: Engine,
}

impl WasmtimeCompiler {
    pub fn new() -> wasmtime::Result<Self> {
        Ok(Self { engine: engine()? })
    }

    fn precompile(&self, layer: &[u8]) -> wasmtime::Result<Option<Vec<u8>>> {
        match WasmBinaryType::from_bytes(layer) {
            Some(WasmBinaryType::Module) => self.engine.precompile_module(layer).map(Some),
            Some(WasmBinaryType::Component) => self.engine.precompile_component(layer).map(Some),
            None => Ok(None),
        }
    }
}

impl Compiler for WasmtimeCompiler {
    /// Covers Wasmtime's version, its settings and the CPU's features, so that a cached artifact
    /// is only ever loaded by an engine that can run it.
    fn cache_key(&self) -> impl Hash {
        self.engine.precompile_compatibility_hash()
    }

    async fn compile(&self, layers: &[WasmLayer]) -> Result<Vec<Option<Vec<u8>>>> {
        for layer in layers {
            compile_lock::claim(layer.config.digest().as_ref())?;
        }
        layers
            .iter()
            .map(|layer| {
                if layer.precompiled {
                    return Ok(None);
                }
                Ok(self.precompile(&layer.layer)?)
            })
            .collect()
    }
}
