"""What a Wasm pod costs beside the same app as an ordinary container, on a real cluster."""
