//! Loads what a container's entrypoint names: a core module or a component, compiled or not.

use anyhow::{Context, Result, bail};
use containerd_shim_wasm::sandbox::context::{Source, WasmBinaryType};
use wasmtime::component::Component;
use wasmtime::{Engine, Module, Precompiled};

pub enum Program {
    /// A core module that imports WASI 0.1.
    Module(Module),
    /// A component that exports `wasi:cli/run`.
    Command(Component),
    /// A component that exports `wasi:http/incoming-handler`.
    HttpHandler(Component),
}

/// The engine of both the compiler and the sandbox: compiled layers load only if they agree.
pub fn engine() -> wasmtime::Result<Engine> {
    Engine::new(&wasmtime::Config::new())
}

impl Program {
    pub fn load(engine: &Engine, source: &Source<'_>) -> Result<Self> {
        let bytes = source.as_bytes()?;
        if source.is_precompiled()? {
            // SAFETY: these bytes were written to containerd's content store by our own compiler,
            // and containerd's socket is as privileged as this process.
            return unsafe { Self::deserialize(engine, &bytes) };
        }
        match WasmBinaryType::from_bytes(&bytes) {
            Some(WasmBinaryType::Component) => Self::of_component(Component::new(engine, &bytes)?),
            // Wasmtime reads the text format too, which has no magic number.
            Some(WasmBinaryType::Module) | None => Ok(Self::Module(Module::new(engine, &bytes)?)),
        }
    }

    unsafe fn deserialize(engine: &Engine, bytes: &[u8]) -> Result<Self> {
        match Engine::detect_precompiled(bytes).context("a cached layer is not Wasmtime's")? {
            Precompiled::Module => {
                let module = unsafe { Module::deserialize(engine, bytes)? };
                Ok(Self::Module(module))
            }
            Precompiled::Component => {
                let component = unsafe { Component::deserialize(engine, bytes)? };
                Self::of_component(component)
            }
        }
    }

    fn of_component(component: Component) -> Result<Self> {
        let engine = component.engine().clone();
        let exported: Vec<String> = component
            .component_type()
            .exports(&engine)
            .map(|(name, _)| name.to_owned())
            .collect();
        let exports = |interface: &str| exported.iter().any(|name| name.starts_with(interface));
        if exports("wasi:http/incoming-handler@0.2") {
            Ok(Self::HttpHandler(component))
        } else if exports("wasi:cli/run@0.2") {
            Ok(Self::Command(component))
        } else {
            bail!(
                "the component exports neither wasi:cli/run@0.2 nor \
                 wasi:http/incoming-handler@0.2, only {exported:?}"
            )
        }
    }
}
