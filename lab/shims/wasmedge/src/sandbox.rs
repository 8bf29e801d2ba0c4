//! Runs one container in the machine's WasmEdge.

use anyhow::Result;
use containerd_shim_wasm::sandbox::Sandbox;
use containerd_shim_wasm::sandbox::context::RuntimeContext;

use crate::engine;

#[derive(Default)]
pub struct WasmEdgeSandbox;

impl Sandbox for WasmEdgeSandbox {
    async fn run_wasi(&self, ctx: &impl RuntimeContext) -> Result<i32> {
        preview1::run(ctx, |module, command| {
            engine::loaded()?.run(module, command)
        })
        .await
    }
}
