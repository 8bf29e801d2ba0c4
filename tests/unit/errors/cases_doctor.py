"""What keeps the doctor from asking, or from understanding the answer."""

from __future__ import annotations

import yaml

from shimyard.doctor import rounds
from shimyard.doctor.machine import MachineFacts
from shimyard.doctor.stack import read_stack
from tests.unit.errors.cases_node import Scripted
from tests.unit.errors.scene import Provocation, Scene
from tests.unit.settings.stacks import VALID


def _locked(answer: str | None) -> Provocation:
    """A stack with an encrypted passphrase, and a CLI that answers so; None: there is none."""

    def provoke(scene: Scene) -> object:
        config = {**VALID, "ssh": {**VALID["ssh"], "passphrase": {"secure": "v1:abc"}}}
        document = {"config": {f"shimyard:{key}": value for key, value in config.items()}}
        if answer is not None:
            scene.write("pulumi", f"#!/bin/sh\n{answer}\n").chmod(0o755)
        scene.patch.setenv("PATH", f"{scene.folder}:/usr/bin:/bin")
        return read_stack(scene.write("Pulumi.shops.yaml", yaml.safe_dump(document)))

    return provoke


def _cut_off(_scene: Scene) -> object:
    session = Scripted({"doctor": "daemon|active\n"})
    return rounds._read(session, "doctor", MachineFacts.parse)


def _failed(_scene: Scene) -> object:
    session = Scripted({"survey": (1, "", "The connection to the server was refused\n")})
    return rounds._read(session, "survey", MachineFacts.parse)


CASES: dict[str, Provocation] = {
    "a passphrase and no pulumi": _locked(None),
    "a passphrase that pulumi does not tell": _locked("echo 'error: no secret' >&2; exit 255"),
    "a configuration that is none": _locked("echo '{'"),
    "an answer of a machine that was cut off": _cut_off,
    "a server that can't be asked": _failed,
}
