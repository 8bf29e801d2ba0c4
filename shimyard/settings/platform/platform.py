"""The platform of a stack: what a team puts on its Wasm edge cluster for others to build on."""

from __future__ import annotations

from shimyard.settings.base import Model


class PlatformSettings(Model):
    """Add-ons of the cluster, and the kinds of workloads that they make possible."""
