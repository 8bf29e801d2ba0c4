"""Models of what workloads may do."""

from shimyard.settings.security.falco import FalcoSettings
from shimyard.settings.security.profiles import (
    CapabilityProfileSettings,
    DirectorySettings,
    HostsSettings,
    SyscallsSettings,
)
from shimyard.settings.security.security import SecuritySettings
from shimyard.settings.security.signatures import SignaturePolicySettings, SignedImagesSettings
from shimyard.settings.security.signers import AuthoritySettings, TrustRootSettings

__all__ = [
    "AuthoritySettings",
    "CapabilityProfileSettings",
    "DirectorySettings",
    "FalcoSettings",
    "HostsSettings",
    "SecuritySettings",
    "SignaturePolicySettings",
    "SignedImagesSettings",
    "SyscallsSettings",
    "TrustRootSettings",
]
