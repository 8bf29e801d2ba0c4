"""Models of the platform on top of a cluster."""

from shimyard.settings.platform.cert_manager import CertManagerSettings
from shimyard.settings.platform.certificates import CertificateSettings
from shimyard.settings.platform.issuers import IssuerSettings
from shimyard.settings.platform.platform import PlatformSettings
from shimyard.settings.platform.plugins import PluginHostSettings, PluginSettings
from shimyard.settings.platform.serverless import (
    FunctionScalingSettings,
    FunctionSettings,
    RouteSettings,
    ServerlessSettings,
    TenantSettings,
)
from shimyard.settings.platform.spin import (
    SpinCrdsSettings,
    SpinExecutorSettings,
    SpinKubeSettings,
)
from shimyard.settings.platform.spin_app import (
    SpinAppSettings,
    SpinCheckSettings,
    SpinScalingSettings,
)

__all__ = [
    "CertManagerSettings",
    "CertificateSettings",
    "FunctionScalingSettings",
    "FunctionSettings",
    "IssuerSettings",
    "PlatformSettings",
    "PluginHostSettings",
    "PluginSettings",
    "RouteSettings",
    "ServerlessSettings",
    "SpinAppSettings",
    "SpinCheckSettings",
    "SpinCrdsSettings",
    "SpinExecutorSettings",
    "SpinKubeSettings",
    "SpinScalingSettings",
    "TenantSettings",
]
