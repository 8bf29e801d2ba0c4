"""Real edge nodes on one machine, with an artifact mirror, an OCI registry and Wasm workloads."""
