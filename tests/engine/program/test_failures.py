"""What goes wrong on the way: it is told in one message, and the next `up` converges."""

from __future__ import annotations

import copy
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.deadline import wait_for
from lab.instance import Lab
from lab.mirror.faults import Fault
from lab.mirror.service import mirror_folder
from lab.nodes import snapshot
from lab.nodes.node import Node
from tests.engine.program.project import Project
from tests.engine.program.running import provider_of, upping

WRONG_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOQLiHBIeqX29mAsOQ1K0wezrcg2ujZwqpq1QQ68ypEA"


@pytest.fixture
def changed(project: Project) -> Iterator[Project]:
    """The project; what a test changes of its configuration is taken back afterwards."""
    kept = copy.deepcopy(project.config)
    yield project
    project.config = kept
    project.write()


@pytest.fixture(scope="module")
def blank(node: Node) -> snapshot.Snapshot:
    """Every file of the machine before the first `up`."""
    return node.snapshot()


@pytest.fixture
def hanging_mirror(lab: Lab) -> Iterator[None]:
    """Downloads of containerd that take as long as a test needs."""
    mirror_folder(lab.settings).ask_for([Fault("hanging", path="containerd/*")])
    yield
    mirror_folder(lab.settings).ask_for([])


def download(node: Node, built: BuiltArtifacts) -> Callable[[], str | None]:
    """A condition: the node downloads containerd now."""
    store = Path(node.root, "var/lib/shimyard/store")
    digest = built.find("containerd").sha256

    def look() -> str | None:
        return None if any(store.glob(f".incoming-{digest}*")) else "no download"

    return look


def transaction(node: Node) -> Callable[[], str | None]:
    """A condition: the node carries out a transaction now."""
    pending = Path(node.root, "var/lib/shimyard/pending")
    return lambda: None if pending.is_symlink() else "no transaction"


@pytest.mark.usefixtures("hanging_mirror", "blank")
def test_ctrl_c_ends_a_run_at_once_and_in_plain_words(
    project: Project, node: Node, built: BuiltArtifacts
) -> None:
    with upping(project) as engine:
        wait_for("a download", download(node, built), seconds=30)
        began = time.monotonic()
        engine.send_signal(signal.SIGINT)
        output, _ = engine.communicate(timeout=30)
    assert engine.returncode != 0
    assert time.monotonic() - began < 10
    assert "Traceback" not in output
    assert "node edge-1, step cancel: the run was cancelled" in output
    assert "mend: run `pulumi up` again" in output


def test_ctrl_c_in_a_transaction_leaves_it_to_the_node_and_the_state_knows(
    project: Project, node: Node
) -> None:
    with upping(project) as engine:
        wait_for("a transaction", transaction(node), seconds=60)
        engine.send_signal(signal.SIGINT)
        output, _ = engine.communicate(timeout=30)
    assert engine.returncode != 0
    assert "what the node has begun it ends, or takes back, by itself" in output
    assert {"shimyard-edge:node:ContainerRuntime", "shimyard-edge:node:NodeFiles"} & {
        each["type"] for each in project.resources()
    }
    assert "5 unchanged" not in project.up().output
    assert "5 unchanged" in project.up().output
    project.destroy()


@pytest.mark.usefixtures("hanging_mirror")
def test_a_killed_provider_is_an_error_without_a_traceback(
    project: Project, node: Node, built: BuiltArtifacts
) -> None:
    with upping(project) as engine:
        wait_for("a download", download(node, built), seconds=30)
        os.kill(provider_of(engine), signal.SIGKILL)
        output, _ = engine.communicate(timeout=60)
    assert engine.returncode != 0
    assert "Traceback" not in output


def test_a_killed_engine_needs_a_cancel_and_then_the_next_up_converges(
    project: Project, node: Node, blank: snapshot.Snapshot
) -> None:
    with upping(project) as engine:
        wait_for("a transaction", transaction(node), seconds=60)
        engine.kill()
        engine.communicate(timeout=60)
    locked = project.up(status=None)
    assert "pulumi cancel" in locked.output
    project.pulumi("cancel", "--yes")
    told = project.up().output
    assert "interrupted while" in told
    handlers = project.outputs()["nodes"]["edge-1"]["handlers"]
    assert {handler["canary"] for handler in handlers.values()} == {"passed"}
    assert "5 unchanged" in project.up().output
    refreshed = project.refresh().output
    assert "5 unchanged" in refreshed
    assert "Diagnostics" not in refreshed


def test_an_option_that_containerd_refuses_changes_nothing_and_names_the_step(
    changed: Project, node: Node
) -> None:
    was = node.run(["cat", "/etc/containerd/config.toml"]).stdout
    cri = changed.config["runtime"]["containerd"]["options"]["plugins"]
    cri["io.containerd.cri.v1.runtime"]["max_container_log_line_size"] = "many"
    changed.write()
    failed = changed.up(status=1).output
    assert "node edge-1, step check" in failed
    assert "containerd refuses its new configuration" in failed
    assert "MaxContainerLogLineSize" in failed
    assert "the node runs what it ran before" in failed
    assert node.run(["cat", "/etc/containerd/config.toml"]).stdout == was
    cri["io.containerd.cri.v1.runtime"]["max_container_log_line_size"] = 4096
    changed.write()
    assert "1 updated" in changed.up().output
    assert "4096" in node.run(["cat", "/etc/containerd/config.toml"]).stdout


def test_another_host_key_is_refused_with_the_mend(changed: Project) -> None:
    changed.config["nodes"][0]["ssh"] = {"hostKey": WRONG_KEY}
    changed.config["files"][0]["content"] = "changed\n"
    changed.write()
    failed = changed.up(status=1).output
    assert "node edge-1, step connect" in failed
    assert "shows another host key than the known one" in failed
    assert "mend: if the machine was installed anew, replace the key in" in failed


def test_a_machine_that_does_not_answer_fails_alone_and_soon(
    changed: Project, node: Node, lab: Lab
) -> None:
    """The address is the lab's own, and nobody has it."""
    nobody = str(lab.settings.subnet.broadcast_address - 1)
    missing = {"name": "edge-9", "address": nobody, "ssh": {"connectTimeout": 3}}
    changed.config["nodes"].append(missing)
    changed.config["files"][0]["content"] = "for the one that answers\n"
    changed.write()
    began = time.monotonic()
    failed = changed.up(status=1).output
    assert time.monotonic() - began < 15
    assert f"node edge-9, step connect: no connection to edge@{nobody} port 22" in failed
    assert "mend: check that the machine is on, its address, and the network between" in failed
    assert node.run(["cat", "/etc/edge/site.json"]).stdout == "for the one that answers\n"


def test_a_renamed_node_keeps_what_is_on_the_machine(changed: Project, node: Node) -> None:
    changed.up()
    changed.config["nodes"][0]["name"] = "mast-1"
    changed.write()
    told = changed.up().output
    assert "stays: it goes by another name in this stack now" in told
    assert node.run(["systemctl", "is-active", "containerd"]).stdout == "active\n"
    assert "5 unchanged" in changed.refresh().output
    changed.config["nodes"][0]["name"] = "edge-1"
    changed.write()
    changed.up()
    node.run(["test", "-e", "/etc/edge/site.json"])


def test_a_machine_that_is_gone_can_be_forgotten(
    project: Project, node: Node, blank: snapshot.Snapshot
) -> None:
    project.config["ssh"]["connectTimeout"] = 3
    project.write()
    project.up()
    node.link_down()
    try:
        failed = project.destroy(status=1).output
    finally:
        node.link_up()
    assert "if it is gone for good, forget it: pulumi state delete 'urn:pulumi:trial::" in failed
    assert "deleted" in project.destroy().output
    assert snapshot.difference(blank, node.snapshot()) == []
