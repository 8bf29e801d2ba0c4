"""OCI images and artifacts of the lab's workloads, made without a container engine."""
