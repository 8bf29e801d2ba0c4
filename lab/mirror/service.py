"""The mirror as one of a lab's services, on the bridge, with the artifacts that the lab built."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from lab import services
from lab.builds.inventory import BuiltArtifacts
from lab.mirror.folder import MirrorFolder
from lab.settings import LabSettings
from lab.state import State

PORT = 8081
NAME = "mirror"


def mirror_url(settings: LabSettings) -> str:
    """Where nodes and the controller reach this lab's mirror."""
    return f"http://{settings.gateway}:{PORT}"


def mirror_folder(settings: LabSettings) -> MirrorFolder:
    """The running mirror's folder: its access log and its faults."""
    return MirrorFolder(settings.folder / "mirror")


def start_mirror(settings: LabSettings, artifacts: BuiltArtifacts) -> str:
    """Publish ``artifacts``, write the lab's artifact lock, have the mirror running; its URL.

    The lab's bridge must be up. Errors: ``NotReadyError``.
    """
    folder = mirror_folder(settings)
    artifacts.publish(folder.files)
    artifacts.write_lock(State(settings.folder).artifacts_lock, mirror_url(settings))
    host = str(settings.gateway)
    argv = [sys.executable, "-m", "lab.mirror", "--folder", str(folder.folder)]
    services.start(
        settings,
        NAME,
        [*argv, "--host", host, "--port", str(PORT)],
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        ready=lambda: answers(host, PORT),
    )
    return mirror_url(settings)


def answers(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
