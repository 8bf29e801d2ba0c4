"""Models of the platform on top of a cluster."""

from shimyard.settings.platform.cdn import CdnFunctionSettings
from shimyard.settings.platform.cert_manager import CertManagerSettings
from shimyard.settings.platform.certificates import CertificateSettings
from shimyard.settings.platform.edge_ai import (
    DaemonStrategySettings,
    EdgeAiSettings,
    ModelSettings,
)
from shimyard.settings.platform.iot import IoTGatewaySettings
from shimyard.settings.platform.issuers import IssuerSettings
from shimyard.settings.platform.platform import PlatformSettings
from shimyard.settings.platform.plugins import PluginHostSettings, PluginSettings
from shimyard.settings.platform.routes import IngressSettings, RouteSettings
from shimyard.settings.platform.serverless import (
    FunctionScalingSettings,
    FunctionSettings,
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
    "CdnFunctionSettings",
    "CertManagerSettings",
    "CertificateSettings",
    "DaemonStrategySettings",
    "EdgeAiSettings",
    "FunctionScalingSettings",
    "FunctionSettings",
    "IngressSettings",
    "IoTGatewaySettings",
    "IssuerSettings",
    "ModelSettings",
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
