"""Shimyard: from bare Linux machines to Wasm edge clusters, declared in Python."""
