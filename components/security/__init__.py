"""What limits the workloads of a cluster."""

from components.security.capability_profile import CapabilityProfile
from components.security.security import Security
from components.security.signed_images import SignedImages

__all__ = ["CapabilityProfile", "Security", "SignedImages"]
