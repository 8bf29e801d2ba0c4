"""Starting a program that stays, inside cgroups of the lab, and ending it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from lab import cgroups
from lab.commands import run

LAUNCHER: Final = Path(__file__).with_name("launch.sh")


def launch(lab: str, name: str, argv: Sequence[str], *, log: Path, env: Mapping[str, str]) -> None:
    """Start ``argv`` in the lab's cgroups ``name``, in a session of its own, and return at once.

    A small shell stays beside it, in the cgroup ``<name>.launch``, and starts it again when it
    ends with 133. Output is appended to ``log``. ``env`` is the whole environment.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    places = [str(folder) for folder in cgroups.make(lab, name)]
    own = str(cgroups.make(lab, f"{name}.launch")[0])
    # setsid forks and returns, so that the program is nobody's unreaped child later.
    run(
        ["setsid", "--fork", "sh", "-c", 'log=$1; shift; exec "$@" >>"$log" 2>&1 </dev/null', "sh",
         str(log), "sh", str(LAUNCHER), own, *places, "--", *argv],
        env=env,
    )  # fmt: skip


def end(lab: str, name: str) -> None:
    """Kill the program ``name`` of a lab with all its descendants, and remove its cgroups."""
    # The launcher goes first: it would start a node again that is just rebooting.
    cgroups.end(lab, f"{name}.launch")
    cgroups.end(lab, name)
