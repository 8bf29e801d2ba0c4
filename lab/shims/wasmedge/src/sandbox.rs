//! Runs one container: until its module returns or it is told to stop.

use anyhow::{Result, bail};
use containerd_shim_wasm::sandbox::Sandbox;
use containerd_shim_wasm::sandbox::context::{RuntimeContext, WasmBinaryType};
use termination::{Termination, apart};

use crate::engine::{self, Command};

/// The code that a shell reports for SIGABRT: the guest did not end by itself.
const FAILED: i32 = 134;

#[derive(Default)]
pub struct WasmEdgeSandbox;

impl Sandbox for WasmEdgeSandbox {
    async fn run_wasi(&self, ctx: &impl RuntimeContext) -> Result<i32> {
        let mut termination = Termination::listen()?;
        let entrypoint = ctx.entrypoint();
        let module = entrypoint.source.as_bytes()?.into_owned();
        let command = Command {
            args: ctx.args().to_vec(),
            env: ctx.envs().to_vec(),
            function: entrypoint.func.clone(),
        };
        tokio::select! {
            ended = apart(async move { run(&module, &command) }) => Ok(exit_code(ended)),
            signal = termination.signal() => Ok(128 + signal),
        }
    }
}

fn run(module: &[u8], command: &Command) -> Result<i32> {
    if let Some(WasmBinaryType::Component) = WasmBinaryType::from_bytes(module) {
        bail!("this shim runs WASI 0.1 modules; components run in the wasmtime shim");
    }
    engine::loaded()?.run(module, command)
}

/// The container's exit code; a failure also goes to its stderr, where its logs are read.
fn exit_code(ended: Result<i32>) -> i32 {
    ended.unwrap_or_else(|error| {
        eprintln!("Error: {error:#}");
        FAILED
    })
}
