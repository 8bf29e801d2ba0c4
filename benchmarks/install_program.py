"""The Pulumi program of a first install: one container runtime on one machine.

It runs as a project's own `__main__.py`; `install.json` beside it says where and what.
"""

from __future__ import annotations

import json
from pathlib import Path

from components import ContainerRuntime
from shimyard.settings import ArtifactSettings, NodeSettings, RuntimeSettings

described = json.loads((Path(__file__).parent / "install.json").read_text())
node = NodeSettings.model_validate(described["node"])
ContainerRuntime(
    node.name,
    node=node,
    runtime=RuntimeSettings.model_validate(described["runtime"]),
    sources=ArtifactSettings.model_validate(described["sources"]),
)
