"""containerd shims that the lab builds from crates.io, and how."""
