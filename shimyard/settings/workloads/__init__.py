"""Models of everything that runs inside the cluster."""

from shimyard.settings.workloads.apps import WasmAppSettings
from shimyard.settings.workloads.container import (
    ContainerSettings,
    NativeContainerSettings,
    WasmContainerSettings,
)
from shimyard.settings.workloads.environment import EnvFromSettings, EnvSettings
from shimyard.settings.workloads.hybrid import (
    MIXING_SHIMS,
    HybridAppSettings,
    ProxySettings,
    SharedVolumeSettings,
    SidecarSettings,
)
from shimyard.settings.workloads.namespaces import (
    NamespaceSettings,
    NetworkPolicySettings,
    RegistryLoginSettings,
)
from shimyard.settings.workloads.pod import (
    AppSettings,
    PodsSettings,
    SpreadSettings,
    WasmPodsSettings,
)
from shimyard.settings.workloads.ports import (
    PortSettings,
    ServicePortSettings,
    ServiceSettings,
)
from shimyard.settings.workloads.probes import ProbeSettings, ProbesSettings
from shimyard.settings.workloads.resources import (
    NativeResourcesSettings,
    WasmResourcesSettings,
)
from shimyard.settings.workloads.runtime_classes import (
    RuntimeClassesSettings,
    RuntimeClassSettings,
)
from shimyard.settings.workloads.scaling import (
    AutoscalingSettings,
    DisruptionBudgetSettings,
    StrategySettings,
)
from shimyard.settings.workloads.volumes import VolumeSettings

__all__ = [
    "MIXING_SHIMS",
    "AppSettings",
    "AutoscalingSettings",
    "ContainerSettings",
    "DisruptionBudgetSettings",
    "EnvFromSettings",
    "EnvSettings",
    "HybridAppSettings",
    "NamespaceSettings",
    "NativeContainerSettings",
    "NativeResourcesSettings",
    "NetworkPolicySettings",
    "PodsSettings",
    "PortSettings",
    "ProbeSettings",
    "ProbesSettings",
    "ProxySettings",
    "RegistryLoginSettings",
    "RuntimeClassSettings",
    "RuntimeClassesSettings",
    "ServicePortSettings",
    "ServiceSettings",
    "SharedVolumeSettings",
    "SidecarSettings",
    "SpreadSettings",
    "StrategySettings",
    "VolumeSettings",
    "WasmAppSettings",
    "WasmContainerSettings",
    "WasmPodsSettings",
    "WasmResourcesSettings",
]
