//! A filter of sensor readings as a WASI 0.2 component: `POST` a reading, and the answer is what is
//! left of it (200), or nothing (204). The rules are in its environment, `FILTER_RULES`.

pub mod rules;

#[cfg(target_arch = "wasm32")]
mod component;
