//! A plugin that tries what it must not: each path is one attack, and any other path an answer.

#[cfg(target_arch = "wasm32")]
mod component;
