"""The security of a stack: what its workloads may do, and what may run at all."""

from __future__ import annotations

from shimyard.settings.base import Model


class SecuritySettings(Model):
    """Limits on workloads that something real enforces."""
