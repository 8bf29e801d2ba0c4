"""Which stack it is about: its settings, with a passphrase from Pulumi if one is encrypted."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from shimyard.errors import ShimyardError
from shimyard.settings import StackSettings, load
from shimyard.settings.nodes import KeySettings, NodeSettings
from shimyard.settings.stackfile import ENCRYPTED, read_stack_file

_NAME = re.compile(r"Pulumi\.(.+)\.yaml")
_PROJECT_FILE = "Pulumi.yaml"


class PassphraseError(ShimyardError):
    """A passphrase that is needed to log in can't be had. Attribute ``stack``."""

    def __init__(self, stack: str, cause: str) -> None:
        super().__init__(
            f"a passphrase of stack {stack} is encrypted, and Pulumi does not tell it: {cause}",
            mend=f"run `make doctor STACK={stack}`, with the stack's own passphrase or key at "
            "hand (`make preview` asks for the same), or log in with agent: true",
        )
        self.stack = stack


@dataclass(frozen=True)
class Stack:
    """``project``: the folder with Pulumi.yaml, which files in the settings are relative to."""

    name: str
    project: Path
    settings: StackSettings


def read_stack(file: Path) -> Stack:
    """The stack in ``file`` (stacks/Pulumi.<name>.yaml).

    The file alone is enough, and no Pulumi is run, unless the passphrase of a key stands in it
    encrypted: only then `pulumi config --show-secrets` is asked. Raises ``YamlError``,
    ``SettingsError``, ``PassphraseError``.
    """
    settings = read_stack_file(file)
    named = _NAME.fullmatch(file.name)
    name = named[1] if named is not None else file.name
    folder = file.resolve().parent
    project = next(
        (each for each in (folder, *folder.parents) if (each / _PROJECT_FILE).is_file()), Path.cwd()
    )
    if any(_is_locked(node) for node in settings.nodes):
        settings = _decrypted(name, project)
    return Stack(name, project, settings)


def _is_locked(node: NodeSettings) -> bool:
    ways: list[KeySettings] = [node.ssh]
    if node.ssh.bastion is not None:
        ways.append(node.ssh.bastion)
    return any(
        way.passphrase is not None and way.passphrase.get_secret_value() == ENCRYPTED
        for way in ways
    )


def _decrypted(stack: str, project: Path) -> StackSettings:
    command = ["pulumi", "config", "--show-secrets", "--json", "--stack", stack]
    try:
        told = subprocess.run(
            [*command, "--non-interactive"],
            cwd=project, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    except OSError as error:
        raise PassphraseError(stack, f"pulumi can't be run: {error.strerror}") from None
    if told.returncode != 0:
        complaints = told.stderr.strip().splitlines()
        raise PassphraseError(stack, complaints[-1] if complaints else "it gives no reason")
    try:
        values = {key: str(each["value"]) for key, each in json.loads(told.stdout).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        # Not from the error: it may quote what it could not read.
        raise PassphraseError(stack, "its answer is no configuration") from None
    return load(values, stack=stack)
