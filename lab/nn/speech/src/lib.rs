//! Finds speech in sound, by a model that the engine runs (WASI-NN), over HTTP.
//!
//! `POST /` with 16-bit little-endian samples at 16 kHz is answered with the probability of speech
//! in each window of 32 ms; `PUT /` would replace the model, which its mount must refuse. The
//! model is the file that the variable `MODEL` names.

pub mod frames;

#[cfg(target_arch = "wasm32")]
mod component;
#[cfg(target_arch = "wasm32")]
mod model;

#[cfg(target_arch = "wasm32")]
wit_bindgen::generate!({ world: "speech", path: "wit", generate_all });
