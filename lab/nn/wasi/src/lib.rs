//! `wasmtime-wasi`, whose world of a component has WASI-NN too.
//!
//! The shim beside compiles the sources of lab/shims/wasmtime against this crate under that name,
//! so that they need neither a copy nor a change. WASI 0.1 modules get nothing new.

pub mod nn;

pub use wasmtime_wasi::*;

/// WASI 0.2, and WASI-NN.
pub mod p2 {
    use wasmtime::component::Linker;
    pub use wasmtime_wasi::p2::*;

    use crate::nn::NnView;

    /// Adds what `wasmtime_wasi` adds, and `wasi:nn`.
    pub fn add_to_linker_async<T: wasmtime_wasi::WasiView + NnView>(
        linker: &mut Linker<T>,
    ) -> wasmtime::Result<()> {
        wasmtime_wasi::p2::add_to_linker_async(linker)?;
        wasmtime_wasi_nn::wit::add_to_linker(linker, T::nn)
    }
}
