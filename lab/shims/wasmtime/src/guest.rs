//! The world that a guest sees: its arguments, environment, files and network.

use anyhow::Result;
use containerd_shim_wasm::sandbox::context::RuntimeContext;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// What the container's OCI spec gives to the guest; owned, so that every request can have a copy.
#[derive(Clone)]
pub struct Surroundings {
    args: Vec<String>,
    env: Vec<(String, String)>,
    cwd: String,
}

impl Surroundings {
    pub fn of(ctx: &impl RuntimeContext) -> Self {
        let env = ctx.envs().iter().map(|entry| {
            let (name, value) = entry.split_once('=').unwrap_or((entry, ""));
            (name.to_owned(), value.to_owned())
        });
        let cwd = std::env::current_dir().unwrap_or_else(|_| "/".into());
        Self {
            args: ctx.args().to_vec(),
            env: env.collect(),
            cwd: cwd.to_string_lossy().into_owned(),
        }
    }

    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.env.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Everything that a native process of this container could reach: the container's own
    /// root, network namespace and mounts are the fence, not WASI.
    pub fn wasi(&self) -> Result<WasiCtxBuilder> {
        let mut builder = WasiCtx::builder();
        builder
            .args(&self.args)
            .envs(&self.env)
            .initial_cwd(&self.cwd)
            .inherit_stdio()
            .inherit_network()
            .allow_ip_name_lookup(true)
            .preopened_dir("/", "/", FsPerms::ReadWrite)?;
        Ok(builder)
    }
}

/// The state of one component instance.
pub struct ComponentState {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
}

impl ComponentState {
    pub fn new(surroundings: &Surroundings) -> Result<Self> {
        Ok(Self {
            table: ResourceTable::new(),
            wasi: surroundings.wasi()?.build(),
            http: WasiHttpCtx::new(),
        })
    }
}

impl WasiView for ComponentState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for ComponentState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: Default::default(),
        }
    }
}
