"""Connections: a machine that does not answer is asked once, a cancelled run asks nobody."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from shimyard.node.errors import ConnectionFailedError
from shimyard.node.facts import Facts
from shimyard.node.transcript import UNTOLD
from shimyard.node.transport import Session
from shimyard.provider.container_runtime import ContainerRuntimeResource
from shimyard.provider.messages import ApplyRequest, DeleteRequest, ReadRequest
from shimyard.provider.node_files import NodeFilesResource
from shimyard.provider.nodes import CancelledRunError, Nodes
from shimyard.settings import NodeSettings
from tests.unit.provider.engine import URN, KeptLog, checked, node


@pytest.fixture
def refused(tmp_path: Path) -> NodeSettings:
    """A machine on loopback at which nobody listens."""
    (tmp_path / "known_hosts").touch()
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    ssh = {"user": "admin", "agent": True, "port": port, "knownHostsFile": "known_hosts"}
    return NodeSettings.model_validate(node(address="127.0.0.1", ssh=ssh))


def as_inputs(machine: NodeSettings) -> dict[str, object]:
    dumped = machine.model_dump(by_alias=True, exclude_defaults=True)
    return {"node": dumped, "name": "site", "files": []}


def test_a_machine_that_does_not_answer_is_asked_once_for_all_its_resources(
    nodes: Nodes, refused: NodeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = Session.open

    def counted(machine: NodeSettings, project: Path) -> Session:
        asked.append(machine.name)
        return real(machine, project)

    monkeypatch.setattr(Session, "open", counted)
    for _ in range(3):
        with pytest.raises(ConnectionFailedError, match="no connection to admin@127"):
            nodes.facts(refused)
    assert asked == ["bench-1"]
    assert nodes.unreachable(refused)
    assert not nodes.unreachable(NodeSettings.model_validate(node()))


class Open:
    """A connection that only knows whether it stands."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.transcript = UNTOLD

    def close(self) -> None:
        self.alive = False


def test_a_large_fleet_keeps_some_connections_and_all_facts(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Open] = []

    def login(machine: NodeSettings, _project: Path) -> Open:
        opened.append(Open(machine.name))
        return opened[-1]

    monkeypatch.setattr(Session, "open", login)
    monkeypatch.setattr("shimyard.provider.nodes.read_facts", lambda _session: Facts())
    monkeypatch.setattr("shimyard.provider.nodes._MOST_IDLE", 3)
    machines = [
        NodeSettings.model_validate(node(name=f"n{number}", address=f"192.0.2.{number}"))
        for number in range(6)
    ]
    with nodes.session(machines[0]) as used:
        for machine in machines[1:]:
            nodes.facts(machine)
        # One that is at work is nobody's surplus.
        assert used.alive
        assert [each.name for each in opened if each.alive] == ["n0", "n3", "n4", "n5"]
    assert [each.name for each in opened if each.alive] == ["n0", "n4", "n5"]
    for machine in machines[1:]:
        nodes.facts(machine)
    assert len(opened) == 6
    with nodes.session(machines[1]) as again:
        assert again.alive
    assert [each.name for each in opened] == ["n0", "n1", "n2", "n3", "n4", "n5", "n1"]
    nodes.hang_up(machines[1], purpose="")
    assert not opened[-1].alive


def test_a_cancelled_run_opens_no_connection_and_says_what_to_do(
    nodes: Nodes, refused: NodeSettings
) -> None:
    nodes.cancel()
    with pytest.raises(CancelledRunError, match="run `pulumi up` again"):
        nodes.facts(refused)


def test_a_machine_that_can_not_be_reached_for_a_delete_can_be_forgotten(
    node_files: NodeFilesResource, refused: NodeSettings
) -> None:
    request = DeleteRequest(URN, "bench-1/files-site", as_inputs(refused))
    with pytest.raises(ConnectionFailedError, match=r"forget it: pulumi state delete 'urn:pulumi"):
        node_files.delete(request)


def test_a_create_that_never_began_leaves_nothing_in_the_state(
    node_files: NodeFilesResource, refused: NodeSettings
) -> None:
    request = ApplyRequest(URN, "", checked(node_files, as_inputs(refused)), preview=False)
    with pytest.raises(ConnectionFailedError):
        node_files.apply(request)


def test_what_another_resource_has_taken_over_is_not_deleted(
    node_files: NodeFilesResource, refused: NodeSettings, log: KeptLog
) -> None:
    checked(node_files, as_inputs(refused))
    node_files.delete(DeleteRequest("urn:the-old-name", "x", as_inputs(refused)))
    assert log.kept == ["bench-1: stays: it goes by another name in this stack now"]


def test_an_import_is_refused_with_the_way_that_works(
    container_runtime: ContainerRuntimeResource,
) -> None:
    with pytest.raises(Exception, match="declare it and run `pulumi up`"):
        container_runtime.read(ReadRequest(URN, "bench-1/container-runtime", {}, {}))
