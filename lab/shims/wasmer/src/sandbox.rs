//! Runs one container in Wasmer.

use anyhow::Result;
use containerd_shim_wasm::sandbox::Sandbox;
use containerd_shim_wasm::sandbox::context::RuntimeContext;

use crate::engine;

#[derive(Default)]
pub struct WasmerSandbox;

impl Sandbox for WasmerSandbox {
    async fn run_wasi(&self, ctx: &impl RuntimeContext) -> Result<i32> {
        preview1::run(ctx, engine::run).await
    }
}
