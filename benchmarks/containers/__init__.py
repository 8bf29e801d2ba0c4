"""What a Wasm container costs beside an ordinary one of the same program, on one node."""
