//! Runs one container whose program is a WASI 0.1 module, in an engine that runs nothing else.

use anyhow::{Result, bail};
use containerd_shim_wasm::sandbox::context::{RuntimeContext, WasmBinaryType};
use termination::{Termination, apart};

/// The code that a shell reports for SIGABRT: the guest did not end by itself.
const FAILED: i32 = 134;

/// What a module is given: the guest's arguments, environment (`NAME=VALUE`) and start function.
pub struct Command {
    pub args: Vec<String>,
    pub env: Vec<String>,
    pub function: String,
}

/// Runs the container's module in `engine`, until it returns or it is told to stop; its exit code.
pub async fn run(
    ctx: &impl RuntimeContext,
    engine: impl FnOnce(&[u8], &Command) -> Result<i32> + Send + 'static,
) -> Result<i32> {
    let mut termination = Termination::listen()?;
    let entrypoint = ctx.entrypoint();
    let module = entrypoint.source.as_bytes()?.into_owned();
    let command = Command {
        args: ctx.args().to_vec(),
        env: ctx.envs().to_vec(),
        function: entrypoint.func.clone(),
    };
    let guest = async move {
        refuse_component(&module)?;
        engine(&module, &command)
    };
    tokio::select! {
        ended = apart(guest) => Ok(exit_code(ended)),
        signal = termination.signal() => Ok(128 + signal),
    }
}

fn refuse_component(module: &[u8]) -> Result<()> {
    if let Some(WasmBinaryType::Component) = WasmBinaryType::from_bytes(module) {
        bail!("this shim runs WASI 0.1 modules; components run in the wasmtime shim");
    }
    Ok(())
}

/// The container's exit code; a failure also goes to its stderr, where its logs are read.
fn exit_code(ended: Result<i32>) -> i32 {
    ended.unwrap_or_else(|error| {
        eprintln!("Error: {error:#}");
        FAILED
    })
}
