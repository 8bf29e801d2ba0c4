"""The Pulumi program of a measured preview: many machines, each with files or a whole runtime.

It runs as a project's own `__main__.py`; `nodes.json` beside it says what there is.
"""

from __future__ import annotations

import json
from pathlib import Path

from components import EdgeNode, NodeFile, NodeFiles
from shimyard.settings import ArtifactSettings, NodeSettings, RuntimeSettings

described = json.loads((Path(__file__).parent / "nodes.json").read_text())
nodes = [NodeSettings.model_validate(each) for each in described["nodes"]]
files = [NodeFile(**each) for each in described["files"]]
if described["runtime"] is None:
    for node in nodes:
        NodeFiles(node.name, node=node, files=files)
else:
    runtime = RuntimeSettings.model_validate(described["runtime"])
    sources = ArtifactSettings.model_validate(described["sources"])
    for node in nodes:
        EdgeNode(node.name, node=node, runtime=runtime, sources=sources, files=files)
