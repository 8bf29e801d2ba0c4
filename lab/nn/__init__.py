"""Models in Wasm: the shim with WASI-NN, a model, and the component that asks it."""
