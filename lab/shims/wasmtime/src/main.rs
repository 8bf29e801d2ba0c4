//! A containerd shim that runs WASI containers in Wasmtime: WASI 0.1 modules, WASI 0.2 command
//! components and `wasi:http` components. containerd starts it as `io.containerd.wasmtime.v1`.

fn main() {
    let version = option_env!("SHIM_VERSION").unwrap_or(env!("CARGO_PKG_VERSION"));
    containerd_shim_wasmtime::run(version);
}
