"""The platform on top of a cluster."""

from components.platform.platform import Platform

__all__ = ["Platform"]
