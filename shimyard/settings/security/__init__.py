"""Models of what workloads may do."""

from shimyard.settings.security.falco import FalcoSettings
from shimyard.settings.security.profiles import (
    CapabilityProfileSettings,
    DirectorySettings,
    HostsSettings,
    SyscallsSettings,
)
from shimyard.settings.security.security import SecuritySettings

__all__ = [
    "CapabilityProfileSettings",
    "DirectorySettings",
    "FalcoSettings",
    "HostsSettings",
    "SecuritySettings",
    "SyscallsSettings",
]
