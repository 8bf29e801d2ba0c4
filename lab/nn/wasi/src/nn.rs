//! What a guest has of WASI-NN: models as it brings them, run by ONNX Runtime on the processor.

use std::sync::OnceLock;

use wasmtime_wasi_nn::{Backend, InMemoryRegistry, Registry, backend::onnx::OnnxBackend};

pub use wasmtime_wasi_nn::wit::{WasiNnCtx, WasiNnView};

/// Beside the shim, where `ort` looks first.
const LIBRARY: &str = "libonnxruntime.so";

static OPENED: OnceLock<bool> = OnceLock::new();

/// Opens the library that lies beside this program, once; whether it is there.
///
/// Before any container is made: from inside of one, only the image's files can be seen. Nothing
/// runs in it yet, for a process with threads of its own could not be copied.
pub fn open_runtime() -> bool {
    *OPENED.get_or_init(|| {
        let beside = std::env::current_exe().map(|program| program.with_file_name(LIBRARY));
        let there = beside.is_ok_and(|library| library.exists());
        if there {
            // Outside of the log line, of which nothing is evaluated at a lower level.
            let built = ort::info();
            log::debug!("{built}");
        }
        there
    })
}

/// WASI-NN for one store; without the library it has no backend, and refuses every encoding.
pub fn context() -> WasiNnCtx {
    let backends = open_runtime().then(|| Backend::from(OnnxBackend::default()));
    WasiNnCtx::new(backends, Registry::from(InMemoryRegistry::new()))
}

/// The data of a store whose guest has WASI-NN.
pub trait NnView: 'static {
    fn nn(&mut self) -> WasiNnView<'_>;
}
