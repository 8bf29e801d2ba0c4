"""Models of the platform on top of a cluster."""

from shimyard.settings.platform.platform import PlatformSettings

__all__ = ["PlatformSettings"]
