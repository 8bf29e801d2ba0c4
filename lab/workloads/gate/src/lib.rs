//! A proxy as a WASI 0.2 component: every request goes to `UPSTREAM_URL`, with its method, path,
//! headers and body, and the answer comes back with `via: 1.1 gate`.

pub mod upstream;

#[cfg(target_arch = "wasm32")]
mod component;
