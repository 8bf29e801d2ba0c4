"""containerd shims that the lab builds from cargo's registry, and how."""
