"""What can go wrong with the lab's nodes, network and state, each with the facts and the mend."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path


class LabError(Exception):
    """Root of every error that the lab raises on purpose; its text says what to do."""


class SettingsError(LabError):
    """A lab was described in a way that can't work; ``field`` names which part."""

    def __init__(self, field: str, found: object, mend: str) -> None:
        self.field = field
        self.found = found
        super().__init__(f"{field} can't be {str(found)!r}: {mend}")


class HostUnfitError(LabError):
    """This machine lacks something that the lab needs; ``missing`` lists what."""

    def __init__(self, missing: Sequence[str], mend: str) -> None:
        self.missing = tuple(missing)
        super().__init__(f"this machine lacks {', '.join(missing)}: {mend}")


class CommandError(LabError):
    """A program that the lab ran ended badly; ``output`` holds what it wrote."""

    def __init__(self, argv: Sequence[str], exit_code: int | None, output: str) -> None:
        self.argv = tuple(argv)
        self.exit_code = exit_code
        self.output = output
        how = "took too long" if exit_code is None else f"ended with {exit_code}"
        tail = "\n".join(output.strip().splitlines()[-15:]) or "(it wrote nothing)"
        super().__init__(f"`{shlex.join(argv)}` {how}; its last lines:\n{tail}")


class StateFolderTakenError(LabError):
    """The state folder holds files that no lab made; nothing in it was touched."""

    def __init__(self, folder: Path, found: Sequence[str]) -> None:
        self.folder = folder
        self.found = tuple(found)
        super().__init__(
            f"{folder} holds files that no lab made ({', '.join(found[:5])}): "
            "move them away, or choose another folder with --state"
        )


class BridgeTakenError(LabError):
    """The bridge's name is in use by something else; ``owner`` is its alias, if it has one."""

    def __init__(self, bridge: str, owner: str | None, owner_folder: Path | None) -> None:
        self.bridge = bridge
        self.owner = owner
        self.owner_folder = owner_folder
        if owner_folder is None:
            told = f"the interface {bridge} was not made by a lab: choose another name with --name"
        else:
            told = (
                f"the bridge {bridge} belongs to the lab in {owner_folder}: end that one with "
                f"`python -m lab down --name {bridge} --state {owner_folder}`, "
                "or choose another name and subnet with --name and --subnet"
            )
        super().__init__(told)


class SubnetTakenError(LabError):
    """The lab's subnet overlaps a network that this machine already uses."""

    def __init__(self, subnet: IPv4Network, used: IPv4Network, interface: str) -> None:
        self.subnet = subnet
        self.used = used
        self.interface = interface
        super().__init__(
            f"the subnet {subnet} overlaps {used} on {interface}: choose another with --subnet"
        )


class UnknownNodeError(LabError):
    """A node was named that this lab does not have."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"there is no node {name!r} in this lab; it has {', '.join(known)}")


class NodeNotRunningError(LabError):
    """Something was asked of a node that is powered off."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the node {name} is not running: start it with `python -m lab up`")


class NotReadyError(LabError):
    """A condition was not met within its deadline; ``last`` is what was seen last."""

    def __init__(self, what: str, seconds: float, last: str, log: Path | None = None) -> None:
        self.what = what
        self.seconds = seconds
        self.last = last
        self.log = log
        where = f"; its log is {log}, which ends:\n{_end_of(log)}" if log else ""
        super().__init__(
            f"{what}: not within {seconds:.0f} s; last seen: {last or 'nothing'}{where}"
        )


class LeftBehindError(LabError):
    """Cleaning could not remove everything; ``things`` says what is left."""

    def __init__(self, things: Sequence[str]) -> None:
        self.things = tuple(things)
        super().__init__(
            f"could not remove {', '.join(things)}: see what uses it (`fuser -vm PATH`), "
            "end that, and run `python -m lab down` again"
        )


def _end_of(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return "(there is none)"
    return "\n".join(lines[-8:]) or "(it is empty)"
