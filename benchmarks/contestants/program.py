"""The Pulumi program of the measured stack: one `NodeFiles` a host.

It runs as a project's own `__main__.py`; `hosts.json` beside it says what there is.
"""

from __future__ import annotations

import json
from pathlib import Path

from components import NodeFile, NodeFiles
from shimyard.settings import NodeSettings

described = json.loads((Path(__file__).parent / "hosts.json").read_text())
files = [NodeFile(**each) for each in described["files"]]
for settings in described["nodes"]:
    node = NodeSettings.model_validate(settings)
    NodeFiles(node.name, node=node, files=files)
