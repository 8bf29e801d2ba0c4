"""The lab's stand-in for K3s, built from Go's module registry: docs/explanation/lab-k3s.md."""
