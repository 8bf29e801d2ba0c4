"""Machines and services that are other than a plan takes them for."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lab.nodes.node import Node
from shimyard.node.desired import DesiredState, File
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.states import CONFIG, artifact, look, service
from tests.faults.refusals import refused

pytestmark = pytest.mark.lab


def test_a_service_that_does_not_start_is_taken_back(
    edge: Node, session: Session, clock: DesiredState, tmp_path: Path
) -> None:
    broken = service(artifact(tmp_path, "6.6.6", "#!/bin/sh\necho no wheels >&2\nexit 7\n"))
    # Type=simple counts as started at once; what notifies must live.
    unit = (
        "[Service]\nType=notify\nExecStart=/usr/local/bin/clock\n[Install]\nWantedBy=basic.target\n"
    )
    files = (broken.files[0], File.of("/etc/systemd/system/clock.service", unit))
    with refused(edge, "switch (restarting clock.service)", "no wheels", "does not start"):
        converge(session, replace(broken, files=files))


def test_a_path_of_another_resource_is_refused(
    edge: Node, session: Session, clock: DesiredState
) -> None:
    converge(session, clock)
    with refused(edge, "plan", f"{CONFIG} belongs to the resource clock"):
        converge(session, DesiredState("other", files=(File.of(CONFIG, "mine\n"),)))


def test_a_machine_of_another_architecture_is_told(
    edge: Node, settings: NodeSettings, session: Session, clock: DesiredState
) -> None:
    session.node = settings.model_copy(update={"arch": "arm64"})
    with refused(edge, "facts", "the machine is amd64, the stack says arm64"):
        converge(session, clock)
    session.node = settings


def test_a_changed_source_on_the_controller_is_told(
    edge: Node, session: Session, clock: DesiredState, tmp_path: Path
) -> None:
    source = tmp_path / "model.bin"
    source.write_bytes(b"m" * 1_000_000)
    digest = hashlib.sha256(b"other").hexdigest()
    files = (File("/opt/model.bin", digest, source=source),)
    before = look(edge)
    with pytest.raises(Exception, match="has changed since it was looked at"):
        converge(session, DesiredState("files", files=files))
    assert before.changes(look(edge)) == []


@pytest.mark.parametrize(("hours", "told"), [(1, "off by -36"), (-1, "off by +3")])
def test_a_clock_that_is_an_hour_off_is_told(
    edge: Node,
    session: Session,
    clock: DesiredState,
    *,
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
    told: str,
) -> None:
    # The controller's side of the comparison is moved: the node has this machine's clock.
    real = time.time
    with monkeypatch.context() as patch:
        patch.setattr("shimyard.node.transaction.time.time", lambda: round(real()) + hours * 3600)
        with refused(edge, "check", told, "timedatectl"):
            converge(session, clock)
