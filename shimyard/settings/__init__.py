"""Typed models of a stack: the only place that reads configuration."""

from shimyard.settings.artifacts import ArtifactSettings
from shimyard.settings.files import FileSettings
from shimyard.settings.load import SettingsError, load, parse
from shimyard.settings.nodes import (
    Arch,
    BastionSettings,
    NodeSettings,
    SshDefaults,
    SshSettings,
)
from shimyard.settings.registries import MirrorSettings, RegistrySettings
from shimyard.settings.runtime import (
    ContainerdSettings,
    EngineSettings,
    RuntimeSettings,
    ShimName,
    ShimSettings,
)
from shimyard.settings.stack import StackSettings

__all__ = [
    "Arch",
    "ArtifactSettings",
    "BastionSettings",
    "ContainerdSettings",
    "EngineSettings",
    "FileSettings",
    "MirrorSettings",
    "NodeSettings",
    "RegistrySettings",
    "RuntimeSettings",
    "SettingsError",
    "ShimName",
    "ShimSettings",
    "SshDefaults",
    "SshSettings",
    "StackSettings",
    "load",
    "parse",
]
