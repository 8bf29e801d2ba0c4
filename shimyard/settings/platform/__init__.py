"""Models of the platform on top of a cluster."""

from shimyard.settings.platform.cdn import CdnFunctionSettings
from shimyard.settings.platform.platform import PlatformSettings
from shimyard.settings.platform.plugins import PluginHostSettings, PluginSettings
from shimyard.settings.platform.routes import IngressSettings, RouteSettings
from shimyard.settings.platform.serverless import (
    FunctionScalingSettings,
    FunctionSettings,
    ServerlessSettings,
    TenantSettings,
)

__all__ = [
    "CdnFunctionSettings",
    "FunctionScalingSettings",
    "FunctionSettings",
    "IngressSettings",
    "PlatformSettings",
    "PluginHostSettings",
    "PluginSettings",
    "RouteSettings",
    "ServerlessSettings",
    "TenantSettings",
]
