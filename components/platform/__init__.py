"""The platform on top of a cluster."""

from components.platform.cdn_function import CDNFunction
from components.platform.cert_manager import CertManager
from components.platform.edge_ai import EdgeAI
from components.platform.iot_gateway import IoTGateway
from components.platform.platform import Platform
from components.platform.plugin_host import PluginHost
from components.platform.serverless_platform import ServerlessPlatform
from components.platform.spin_app import SpinApp
from components.platform.spin_kube import SpinKube
from components.platform.wasm_function import WasmFunction

__all__ = [
    "CDNFunction",
    "CertManager",
    "EdgeAI",
    "IoTGateway",
    "Platform",
    "PluginHost",
    "ServerlessPlatform",
    "SpinApp",
    "SpinKube",
    "WasmFunction",
]
