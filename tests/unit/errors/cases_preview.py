"""What keeps the summary of a preview from being made."""

from __future__ import annotations

from shimyard.preview.engine import Engine
from shimyard.preview.events import read_events
from tests.unit.errors.scene import Provocation, Scene

STACK_FILE = "config:\n  shimyard:nodes: []\n"


def _previewed(answer: str | None, *, state: bool = True, file: str = STACK_FILE) -> Provocation:
    """With a CLI that answers so; None: there is none."""

    def provoke(scene: Scene) -> object:
        scene.write("stacks/Pulumi.shops.yaml", file)
        if answer is not None:
            scene.write("bin/pulumi", f"#!/bin/sh\n{answer}\n").chmod(0o755)
        scene.patch.setenv("PATH", f"{scene.folder}/bin:/usr/bin:/bin")
        return Engine(scene.folder).preview("shops", state=state)

    return provoke


def _unknown(scene: Scene) -> object:
    return Engine(scene.folder).preview("shops")


def _no_log(_scene: Scene) -> object:
    return read_events(["{"])


CASES: dict[str, Provocation] = {
    "a stack without a file": _unknown,
    "no pulumi": _previewed(None),
    "a backend that has no such stack": _previewed("echo \"error: no stack named 'shops' found\""),
    "a passphrase that is wrong": _previewed("echo 'error: incorrect passphrase'"),
    "a stack that can't be made for a preview without a state": _previewed(
        "echo 'error: disk is full'", state=False
    ),
    "a stack file that is no YAML": _previewed("exit 0", state=False, file="config: [\n"),
    "a stack file without a table": _previewed("exit 0", state=False, file="- a\n"),
    "an event log that is none": _no_log,
}
