"""What limits the workloads of a cluster."""

from components.security.security import Security

__all__ = ["Security"]
