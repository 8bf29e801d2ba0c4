"""How a node is booted: what it may and may not do to this machine."""

from __future__ import annotations

from pathlib import Path

from lab.nodes.nspawn import arguments
from lab.settings import LabSettings
from lab.state import State

SETTINGS = LabSettings(Path("/srv/lab"), "bench1")


def command(node: str = "edge-2") -> list[str]:
    return arguments(SETTINGS, State(SETTINGS.folder), node)


def test_a_node_may_not_set_this_machines_clock() -> None:
    assert "--drop-capability=CAP_SYS_TIME" in command()


def test_a_node_is_on_its_own_labs_bridge() -> None:
    assert "--network-bridge=bench1" in command()


def test_containerd_has_a_real_file_system_and_not_an_overlay() -> None:
    volumes = "/srv/lab/nodes/edge-2/volumes"
    assert f"--bind={volumes}/var/lib/containerd:/var/lib/containerd" in command()
    assert f"--bind={volumes}/var/lib/kubelet:/var/lib/kubelet" in command()


def test_nodes_of_two_labs_never_share_a_machine_name() -> None:
    assert "--machine=bench1-2" in command()
    assert "--hostname=edge-2" in command()
