"""Models of what workloads may do."""

from shimyard.settings.security.security import SecuritySettings

__all__ = ["SecuritySettings"]
