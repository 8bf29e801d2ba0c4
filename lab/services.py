"""Long-running programs on the host's side of a lab: started once, found again, ended for sure."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab import cgroups
from lab.deadline import wait_for
from lab.launch import end, launch
from lab.settings import LabSettings
from lab.state import State


def start(
    settings: LabSettings,
    name: str,
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    ready: Callable[[], bool] = lambda: True,
    seconds: float = 20.0,
) -> None:
    """Have the program ``argv`` running as the lab's service ``name``, and wait until ``ready``.

    One that runs with the same arguments is left alone; one with others is ended first. It gets
    a cgroup of its own, by which `lab down` finds it, and writes to ``<state>/logs/<name>.log``.
    ``env`` is added to the caller's environment.
    Errors: ``NotReadyError`` if it ends or is not ready within ``seconds``.
    """
    cgroup = f"service-{name}"
    log = State(settings.folder).logs / f"{name}.log"
    if list(argv) not in [_argv(pid) for pid in cgroups.processes(settings.name, cgroup)]:
        end(settings.name, cgroup)
        launch(settings.name, cgroup, argv, log=log, env={**os.environ, **(env or {})})

    def missing() -> str | None:
        if not cgroups.processes(settings.name, cgroup):
            return "it does not run"
        return None if ready() else "it runs but does not answer yet"

    wait_for(f"the service {name}", missing, seconds=seconds, log=log)


def running(settings: LabSettings, name: str) -> bool:
    """Whether the service ``name`` has a process."""
    return bool(cgroups.processes(settings.name, f"service-{name}"))


def stop(settings: LabSettings, name: str) -> None:
    """End the service ``name``, if it runs."""
    end(settings.name, f"service-{name}")


def _argv(pid: int) -> list[str]:
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return [word.decode(errors="replace") for word in raw.split(b"\0")[:-1]]
