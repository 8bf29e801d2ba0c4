"""The Pulumi program of the bare engine: as many resources, as deep, with the same inputs.

It runs as a project's own `__main__.py`; `resources.json` beside it has what the other program
gave to the engine: rows of type, name, parent's number (or null), inputs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi


class Bare(pulumi.CustomResource):
    """A resource of the provider that does nothing."""

    def __init__(
        self, name: str, inputs: dict[str, Any], opts: pulumi.ResourceOptions | None
    ) -> None:
        super().__init__("nothing:index:Bare", name, inputs, opts)


rows = json.loads((Path(__file__).parent / "resources.json").read_text())
made: list[pulumi.Resource] = []
for component, name, parent, inputs in rows:
    under = None if parent is None else pulumi.ResourceOptions(parent=made[parent])
    made.append(
        pulumi.ComponentResource("nothing:index:Group", name, None, under)
        if component
        else Bare(name, inputs, under)
    )
