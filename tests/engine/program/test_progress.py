"""While `pulumi up` runs, one reads where it is: node, step, bytes. --debug tells what ran."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from lab.commands import run
from lab.instance import Lab
from lab.mirror.faults import Fault
from lab.mirror.service import mirror_folder
from lab.nodes.node import Node
from tests.engine.program.project import Project

PASSWORD = "password-canary-58d2"
PASSPHRASE = "passphrase-canary-07be"
CONTENT = "content-canary-4be1"
HEADER = base64.b64encode(f"puller:{PASSWORD}".encode()).decode()
CANARIES = (PASSWORD, PASSPHRASE, CONTENT, HEADER)
STEPS = "facts|stage|check|switch|canary|commit|taking back|generation|wait"


@dataclass(frozen=True)
class Told:
    """What an `up` has told: the ``screen`` as without a terminal, and its ``events`` as text."""

    screen: str
    events: str

    @property
    def status(self) -> list[str]:
        """The passing lines of the machine's resources, in their order."""
        found = [json.loads(line).get("diagnosticEvent", {}) for line in self.events.splitlines()]
        return [
            each["message"].rstrip()
            for each in found
            if each.get("ephemeral") and "shimyard-edge:node:" in each.get("urn", "")
        ]


def up(project: Project, *arguments: str, status: int = 0) -> Told:
    """`pulumi up` with its events in a file."""
    # The flag is hidden from those who don't debug the engine.
    project.environment["PULUMI_DEBUG_COMMANDS"] = "true"
    events = project.folder.parent / "events.json"
    events.unlink(missing_ok=True)
    screen = project.up("--event-log", str(events), *arguments, status=status).output
    return Told(screen, events.read_text())


@pytest.fixture(scope="module")
def secretive(project: Project, node: Node, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with a secret of each kind: passphrase, password, content."""
    key = tmp_path_factory.mktemp("key") / "id"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", str(key)])
    node.run(
        ["tee", "-a", "/home/edge/.ssh/authorized_keys"], stdin=key.with_name("id.pub").read_text()
    )
    project.config["ssh"] |= {"identityFile": str(key), "passphrase": project.secret(PASSPHRASE)}
    mirror = project.config["runtime"]["registries"][0]["mirrors"][0]
    mirror |= {"username": "puller", "password": project.secret(PASSWORD)}
    secret_file = {"path": "/etc/edge/uplink.key", "secretContent": project.secret(CONTENT)}
    project.config["files"].append(secret_file)
    project.write()
    return project


@pytest.fixture(scope="module")
def first(secretive: Project, lab: Lab) -> Told:
    """The machine's first `up`, containerd from a mirror that takes some seconds."""
    mirror = mirror_folder(lab.settings)
    mirror.ask_for([Fault("slow", path="containerd/*", bytes_per_second=10_000_000)])
    try:
        return up(secretive)
    finally:
        mirror.ask_for([])


@pytest.fixture
def changed(secretive: Project) -> Iterator[Project]:
    """The project; what a test changes of its configuration is taken back afterwards."""
    kept = copy.deepcopy(secretive.config)
    yield secretive
    secretive.config = kept
    secretive.write()


def test_node_step_and_bytes_can_be_read_while_a_machine_is_taken_up(first: Told) -> None:
    status = first.status
    counts = [
        (float(found[1]), float(found[2]))
        for line in status
        if (found := re.match(r"edge-1: stage: containerd 2\S+: ([\d.]+) of ([\d.]+) MB", line))
    ]
    assert len(counts) > 1
    assert counts == sorted(counts)
    assert 0 < counts[-1][0] < counts[-1][1]
    for line in (
        "edge-1: facts: reading the node",
        "edge-1: stage: sending the plan and its files",
        "edge-1: switch: restarting containerd.service",
        "edge-1: canary: running a container by handler wasmtime",
    ):
        assert line in status
    works = re.compile(r"edge-1: commit: generation \d of container-runtime works")
    assert any(works.fullmatch(line) for line in status)
    assert status[-1] == "edge-1: generation 2"
    assert [line for line in status if not re.match(rf"edge-1: ({STEPS})[: ]", line)] == []
    # A person must not learn the program's own words.
    assert [
        line for line in status if re.search(r"rmdir|containerd-config|prepare|undo", line)
    ] == []


def test_a_run_without_a_terminal_shows_the_same_lines(first: Told) -> None:
    shown = [line for line in first.status if line in first.screen]
    assert shown == first.status


def test_a_change_that_is_taken_back_says_so_while_it_is(first: Told, changed: Project) -> None:
    cri = changed.config["runtime"]["containerd"]["options"]["plugins"]
    cri["io.containerd.cri.v1.runtime"]["max_container_log_line_size"] = "many"
    changed.write()
    failed = up(changed, status=1)
    assert "edge-1: taking back: the node goes back to what it was" in failed.status
    assert "node edge-1, step check (does containerd accept" in failed.screen


def test_without_debug_nothing_of_the_transcript_is_told(first: Told) -> None:
    assert "shimyard launch" not in first.screen
    assert "< exit" not in first.screen
    # The engine's own event log has everything, always; --debug is about the screen.
    told = [json.loads(line).get("diagnosticEvent", {}) for line in first.events.splitlines()]
    assert {each["severity"] for each in told if "shimyard launch" in str(each)} <= {"debug"}


def test_debug_tells_what_ran_on_the_machine_and_no_secret(
    first: Told, changed: Project, node: Node
) -> None:
    # Programs of a machine can blurt out what they should not; `df` is one of those that run.
    blurt = "#!/bin/sh\ncat /etc/edge/uplink.key /etc/containerd/certs.d/*/hosts.toml >&2\n"
    run_on = 'exec /usr/bin/df "$@"\n'
    node.run(["tee", "/usr/local/sbin/df"], stdin=blurt + run_on)
    node.run(["chmod", "0755", "/usr/local/sbin/df"])
    changed.config["runtime"]["containerd"]["oomScoreAdjust"] = -500
    changed.config["files"][0]["content"] = "told in detail\n"
    changed.write()
    try:
        told = up(changed, "--debug", "--diff")
        refreshed = changed.refresh("--debug")
    finally:
        node.run(["rm", "/usr/local/sbin/df"])
    for part in (
        "debug: edge-1: logged in as edge at ",
        r"> /bin/sh -c [script] shimyard receive ",
        "| received",
        r"> /bin/sh -c [script] shimyard launch ",
        "  switch  restart  containerd.service",
        "! [secret]",
        "< exit 0 after ",
        " bytes sent, ",
    ):
        assert part in told.screen, part
    assert "| canary  " in told.screen
    assert "shimyard facts" in refreshed.output
    places = {
        "screen": told.screen,
        "events": told.events,
        "refresh": refreshed.output,
        "first screen": first.screen,
        "first events": first.events,
    }
    found = [(where, each) for where, text in places.items() for each in CANARIES if each in text]
    assert found == []
