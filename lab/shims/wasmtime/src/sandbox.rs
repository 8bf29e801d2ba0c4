//! Runs one container: loads its program, runs it until it returns or is told to stop.

use std::pin::Pin;

use anyhow::{Context, Result};
use containerd_shim_wasm::sandbox::Sandbox;
use containerd_shim_wasm::sandbox::context::RuntimeContext;
use termination::{Termination, apart};
use wasmtime::component::{self, Component};
use wasmtime::{Engine, Module, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::bindings::Command;
use wasmtime_wasi::{I32Exit, p2};

use crate::guest::{ComponentState, Surroundings};
use crate::http;
use crate::program::{Program, engine};

/// The code that a shell reports for SIGABRT, and the wasmtime CLI for a trap.
const TRAPPED: i32 = 134;

type Guest = Pin<Box<dyn Future<Output = Result<()>> + Send>>;

pub struct WasmtimeSandbox {
    engine: Engine,
}

impl Default for WasmtimeSandbox {
    fn default() -> Self {
        let engine = engine().expect("Wasmtime supports this machine");
        Self { engine }
    }
}

impl Sandbox for WasmtimeSandbox {
    async fn run_wasi(&self, ctx: &impl RuntimeContext) -> Result<i32> {
        let mut termination = Termination::listen()?;
        let surroundings = Surroundings::of(ctx);
        let entrypoint = ctx.entrypoint();
        let program = match Program::load(&self.engine, &entrypoint.source) {
            Ok(program) => program,
            Err(error) => return Ok(exit_code(Err(error))),
        };
        let function = entrypoint.func.clone();
        let guest: Guest = match program {
            Program::HttpHandler(component) => {
                let served = http::serve(component, surroundings, termination).await;
                return Ok(exit_code(served));
            }
            Program::Module(module) => Box::pin(run_module(module, function, surroundings)),
            Program::Command(component) => Box::pin(run_command(component, surroundings)),
        };
        tokio::select! {
            outcome = apart(guest) => Ok(exit_code(outcome)),
            signal = termination.signal() => Ok(128 + signal),
        }
    }
}

async fn run_module(module: Module, function: String, surroundings: Surroundings) -> Result<()> {
    let mut linker: wasmtime::Linker<WasiP1Ctx> = wasmtime::Linker::new(module.engine());
    p1::add_to_linker_async(&mut linker, |state| state)?;
    let mut store = Store::new(module.engine(), surroundings.wasi()?.build_p1());
    let instance = linker.instantiate_async(&mut store, &module).await?;
    let start = instance
        .get_func(&mut store, &function)
        .with_context(|| format!("the module exports no function {function:?}"))?;
    let mut results = vec![wasmtime::Val::I32(0); start.ty(&store).results().len()];
    start.call_async(&mut store, &[], &mut results).await?;
    Ok(())
}

async fn run_command(component: Component, surroundings: Surroundings) -> Result<()> {
    let mut linker = component::Linker::new(component.engine());
    p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    let mut store = Store::new(component.engine(), ComponentState::new(&surroundings)?);
    let command = Command::instantiate_async(&mut store, &component, &linker).await?;
    match command.wasi_cli_run().call_run(&mut store).await? {
        Ok(()) => Ok(()),
        Err(()) => Err(I32Exit(1).into()),
    }
}

/// The container's exit code; a failure also goes to its stderr, where its logs are read.
fn exit_code(outcome: Result<()>) -> i32 {
    let Err(error) = outcome else { return 0 };
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return *code;
    }
    eprintln!("Error: {error:#}");
    TRAPPED
}
