"""The platform of a stack: what a team puts on its Wasm edge cluster for others to build on."""

from __future__ import annotations

from pydantic import Field

from shimyard.settings.base import Model
from shimyard.settings.platform.cdn import CdnFunctionSettings
from shimyard.settings.platform.cert_manager import CertManagerSettings
from shimyard.settings.platform.edge_ai import EdgeAiSettings
from shimyard.settings.platform.iot import IoTGatewaySettings
from shimyard.settings.platform.plugins import PluginHostSettings
from shimyard.settings.platform.serverless import ServerlessSettings
from shimyard.settings.platform.spin import SpinKubeSettings
from shimyard.settings.platform.spin_app import SpinAppSettings


class PlatformSettings(Model):
    """Add-ons of the cluster, and the kinds of workloads that they make possible."""

    cert_manager: CertManagerSettings | None = Field(
        default=None, description="Certificates, and who signs them. Default: none."
    )
    serverless: ServerlessSettings | None = Field(
        default=None, description="Functions of tenants. Default: none."
    )
    plugin_hosts: list[PluginHostSettings] = Field(
        default_factory=list, description="Hosts of many tenants' plugins."
    )
    iot_gateways: list[IoTGatewaySettings] = Field(
        default_factory=list,
        description="MQTT brokers for sensors and Modbus devices, behind a Wasm filter.",
    )
    edge_ai: list[EdgeAiSettings] = Field(
        default_factory=list, description="Wasm apps that run models on chosen nodes."
    )
    cdn_functions: list[CdnFunctionSettings] = Field(
        default_factory=list, description="Functions before an origin, each behind a cache."
    )
    spin_kube: SpinKubeSettings | None = Field(
        default=None, description="SpinKube's operator, which runs `spinApps`. Default: none."
    )
    spin_apps: list[SpinAppSettings] = Field(
        default_factory=list, description="Spin applications that the operator runs."
    )

    @property
    def proves_over_http(self) -> bool:
        """Whether cert-manager has pods of its own answer an ACME CA, wherever there are routes."""
        issuers = [] if self.cert_manager is None else self.cert_manager.issuers
        return any(issuer.acme is not None and issuer.acme.proves_over_http for issuer in issuers)
