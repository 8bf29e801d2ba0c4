"""Files and trees on one machine: models, seccomp profiles, certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components.inputs import inputs
from shimyard.settings import FileSettings, NodeSettings, PrecompiledFor
from shimyard.settings.membership import MembershipSettings


@dataclass(frozen=True)
class NodeFile:
    """One file or tree by content.

    ``path``: absolute, on the node. Exactly one of ``content`` (shown in diffs),
    ``secret_content`` (never shown, mode 0600 by default) and ``source`` (a file or folder on the
    controller, relative to the project). ``sha256``: the digest that the file at ``source`` must
    have. ``mode``: four octal digits, default '0644'.
    ``precompiled_for``: the engine of a `.cwasm`, required for one.
    """

    path: str
    content: pulumi.Input[str] | None = None
    secret_content: pulumi.Input[str] | None = None
    source: str | None = None
    sha256: str | None = None
    mode: str | None = None
    owner: str | None = None
    group: str | None = None
    precompiled_for: PrecompiledFor | None = None

    def inputs(self) -> dict[str, Any]:
        """What the provider takes."""
        secret = self.secret_content
        values = {
            "path": self.path,
            "content": self.content,
            "secretContent": None if secret is None else pulumi.Output.secret(secret),
            "source": self.source,
            "sha256": self.sha256,
            "mode": self.mode,
            "owner": self.owner,
            "group": self.group,
            "precompiledFor": None
            if self.precompiled_for is None
            else inputs(self.precompiled_for),
        }
        return {key: value for key, value in values.items() if value is not None}


class NodeFiles(pulumi.CustomResource):
    """Some files on a machine, in one transaction; no service restarts for them.

    A machine can have several, each with a ``name`` of its own and paths of its own. Destroying
    it gives back what it had replaced.

    Outputs: ``generation``, ``machine_id``, ``paths`` (on the machine), ``drift``.
    """

    generation: pulumi.Output[int]
    machine_id: pulumi.Output[str]
    paths: pulumi.Output[list[str]]
    drift: pulumi.Output[list[str]]

    def __init__(
        self,
        resource_name: str,
        *,
        node: NodeSettings,
        files: Sequence[NodeFile | FileSettings],
        name: str = "site",
        membership: MembershipSettings | None = None,
        address: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``membership``: the node's cluster, which says whether a silent machine has left it.

        ``address``: replaces the node's, for a machine that another resource makes.
        """
        cluster = {} if membership is None else {"membership": inputs(membership)}
        super().__init__(
            "shimyard-edge:node:NodeFiles",
            resource_name,
            {
                **cluster,
                "node": {**inputs(node), **({} if address is None else {"address": address})},
                "name": name,
                "files": [_file(file) for file in files],
                "generation": None,
                "machineId": None,
                "paths": None,
                "drift": None,
            },
            opts,
        )
        # The SDK's own translation of names would reach into the settings' tables as well.
        self.machine_id = vars(self)["machineId"]


def _file(file: NodeFile | FileSettings) -> dict[str, Any]:
    if isinstance(file, NodeFile):
        return file.inputs()
    # Which nodes get a file is the fleet's business, not the file's.
    return {key: value for key, value in inputs(file).items() if key != "nodes"}
