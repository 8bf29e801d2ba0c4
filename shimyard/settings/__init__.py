"""Typed models of a stack: the only place that reads configuration."""

from shimyard.settings.artifacts import ArtifactSettings
from shimyard.settings.capabilities import capability_label
from shimyard.settings.files import FileSettings, PrecompiledFor
from shimyard.settings.load import SettingsError, load, parse
from shimyard.settings.nodes import (
    Arch,
    BastionSettings,
    NodeSettings,
    SshDefaults,
    SshSettings,
)
from shimyard.settings.platform import PlatformSettings
from shimyard.settings.registries import MirrorSettings, RegistrySettings
from shimyard.settings.runtime import (
    ContainerdSettings,
    EngineSettings,
    RuntimeSettings,
    ShimName,
    ShimSettings,
)
from shimyard.settings.security import SecuritySettings
from shimyard.settings.stack import StackSettings
from shimyard.settings.workloads import (
    HybridAppSettings,
    NamespaceSettings,
    RuntimeClassesSettings,
    WasmAppSettings,
)

__all__ = [
    "Arch",
    "ArtifactSettings",
    "BastionSettings",
    "ContainerdSettings",
    "EngineSettings",
    "FileSettings",
    "HybridAppSettings",
    "MirrorSettings",
    "NamespaceSettings",
    "NodeSettings",
    "PlatformSettings",
    "PrecompiledFor",
    "RegistrySettings",
    "RuntimeClassesSettings",
    "RuntimeSettings",
    "SecuritySettings",
    "SettingsError",
    "ShimName",
    "ShimSettings",
    "SshDefaults",
    "SshSettings",
    "StackSettings",
    "WasmAppSettings",
    "capability_label",
    "load",
    "parse",
]
