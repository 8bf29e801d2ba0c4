//! The world that a guest sees: that of the shim without WASI-NN, and WASI-NN.

use anyhow::Result;
use wasmtime_wasi::nn::{NnView, WasiNnCtx, WasiNnView, context};
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::container;
pub use crate::container::Surroundings;

/// The state of one component instance.
pub struct ComponentState {
    container: container::ComponentState,
    nn: WasiNnCtx,
}

impl ComponentState {
    pub fn new(surroundings: &Surroundings) -> Result<Self> {
        Ok(Self {
            container: container::ComponentState::new(surroundings)?,
            nn: context(),
        })
    }
}

impl WasiView for ComponentState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.container.ctx()
    }
}

impl WasiHttpView for ComponentState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.container.http()
    }
}

impl NnView for ComponentState {
    fn nn(&mut self) -> WasiNnView<'_> {
        WasiNnView::new(self.container.ctx().table, &mut self.nn)
    }
}
