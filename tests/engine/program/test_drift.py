"""Drift: what somebody changes by hand is named by `pulumi refresh` and taken back by `pulumi up`.

Nothing else is touched: no service that reads none of it, no other resource, no other machine.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

import toolchain
from lab.builds.inventory import BuiltArtifacts
from lab.instance import Lab
from lab.nodes.node import Node
from lab.nodes.snapshot import Snapshot, difference
from tests.engine.node.states import leave_orphan
from tests.engine.program.project import Project
from tests.engine.program.stack import stack

CONFIG = "/etc/containerd/config.toml"
HOSTS = "/etc/containerd/certs.d/registry.lab/hosts.toml"
UNIT = "/etc/systemd/system/containerd.service"
BIN = "/usr/local/bin"
SHIM = f"{BIN}/containerd-shim-wasmtime-v1"
FILES = ("site.json", "mode", "owner", "gone")

# What somebody does -> what a refresh says of it.
CALM = {
    "echo filled in >>/etc/edge/site.json": "/etc/edge/site.json has other content",
    "chmod 0666 /etc/edge/mode": "/etc/edge/mode has mode 0666, should have 0644",
    "chown 1:1 /etc/edge/owner": "/etc/edge/owner does not belong to root:root",
    "rm /etc/edge/gone": "/etc/edge/gone is absent, should be a file",
    f"rm {SHIM}": f"{SHIM} is absent, should be a link",
    f"ln -sf /bin/true {BIN}/runc": f"{BIN}/runc leads to another version",
    f"rm {BIN}/ctr && cp /bin/true {BIN}/ctr": f"{BIN}/ctr is file, should be a link",
    f"echo '# mine' >>{HOSTS}": f"{HOSTS} has other content",
    "cp /bin/true $(readlink -f /opt/cni/bin/bridge)": "/bridge changed or gone",
    "systemctl disable containerd": "containerd.service is disabled at boot",
}
RESTARTING = {
    f"echo '# mine' >>{CONFIG}": f"{CONFIG} has other content",
    f"echo '# mine' >>{UNIT}": f"{UNIT} has other content",
    f"swapped=$(readlink -f {BIN}/containerd) && rm $swapped && cp /bin/true $swapped": (
        "/containerd changed or gone"
    ),
}
MASKING = f"ln -sf /dev/null {UNIT} && systemctl daemon-reload && systemctl stop containerd"


@pytest.fixture(scope="module")
def machines(node: Node, other: Node) -> list[str]:
    """The names of both machines, which are new."""
    return [node.name, other.name]


@pytest.fixture(scope="module")
def project(
    tools: toolchain.Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    machines: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A stack of both machines, which is up."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("drift"))
    made.config = stack(lab, built, machines)
    made.config["files"] = [{"path": f"/etc/edge/{name}", "content": "{}\n"} for name in FILES]
    made.write()
    made.up()
    return made


def do(node: Node, commands: Iterable[str]) -> None:
    for command in commands:
        node.run(["sh", "-c", command])


def daemon(node: Node) -> str:
    """When containerd was started last, and as which process."""
    return node.run(
        ["systemctl", "show", "containerd", "-p", "MainPID", "-p", "ActiveEnterTimestampMonotonic"]
    ).stdout


def starts(node: Node) -> int:
    """How often containerd was started since the machine was new."""
    log = node.run(["journalctl", "-u", "containerd", "-o", "cat", "--no-pager"]).stdout
    return log.count("Started containerd.service")


def generations(node: Node) -> dict[str, str]:
    """Resource -> its generation on the machine."""
    folder = node.root / "var/lib/shimyard/current"
    return {link.name: str(link.readlink()) for link in folder.iterdir()}


def of_files(node: Node) -> list[str]:
    """The generations of the machine's file resources."""
    return [it for name, it in generations(node).items() if name.startswith("files-")]


def named(project: Project, machine: str) -> list[str]:
    """What a refresh says of the drift of ``machine``."""
    mark = f"{machine}: drift: "
    lines = project.refresh().output.splitlines()
    # The engine shows them as they come, and again at the end.
    return list(dict.fromkeys(line.partition(mark)[2].strip() for line in lines if mark in line))


def test_every_kind_of_drift_that_containerd_does_not_read_is_mended_without_a_restart(
    project: Project, node: Node, other: Node
) -> None:
    orphan = leave_orphan(node)
    good, was = node.snapshot(), (daemon(node), starts(node))
    there = (generations(other), daemon(other))
    do(node, CALM)

    told = named(project, "edge-1")
    for expected in CALM.values():
        assert [line for line in told if expected in line], (expected, told)
    assert f"orphaned Wasm process {orphan} of container lost in namespace default" in told
    assert f"the next `pulumi up` ends orphaned Wasm processes: {orphan}" in told
    assert len(told) == len(CALM) + 2, told
    assert "edge-2: drift" not in project.runs[-1].output

    connections = other.connections()
    assert "2 updated" in project.up().output
    assert other.connections() == connections
    assert mended(good, node) == []
    assert node.run(["test", "-d", f"/proc/{orphan}"], check=False).returncode == 1
    assert node.run(["systemctl", "is-enabled", "containerd"]).stdout == "enabled\n"
    assert (daemon(node), starts(node)) == was
    assert (generations(other), daemon(other)) == there
    assert "8 unchanged" in project.refresh().output


def test_drift_of_what_containerd_reads_restarts_it_once_and_a_masked_one_starts_again(
    project: Project, node: Node, other: Node
) -> None:
    good, counted = [node.snapshot(), other.snapshot()], [starts(node), starts(other)]
    files = [of_files(each) for each in (node, other)]
    do(node, RESTARTING)
    do(other, [MASKING])

    told = named(project, "edge-1")
    for expected in RESTARTING.values():
        assert [line for line in told if expected in line], (expected, told)
    (effect,) = [line for line in told if line.startswith("the next `pulumi up`")]
    assert "restarts containerd.service" in effect
    assert effect.endswith("running Wasm containers end")
    output = project.runs[-1].output
    assert "edge-2: drift: containerd.service is masked" in output
    assert f"edge-2: drift: {UNIT} is link, should be a file" in output

    assert "2 updated" in project.up().output
    for machine, was, count, kept in zip((node, other), good, counted, files, strict=True):
        assert mended(was, machine) == []
        assert machine.run(["systemctl", "is-active", "containerd"]).stdout == "active\n"
        assert machine.run(["systemctl", "is-enabled", "containerd"]).stdout == "enabled\n"
        assert starts(machine) == count + 1
        assert of_files(machine) == kept
    assert "8 unchanged" in project.refresh().output


def test_a_stopped_containerd_starts_again_and_nothing_else_is_changed(
    project: Project, node: Node, other: Node
) -> None:
    good, elsewhere = node.snapshot(), (generations(other), daemon(other))
    files = of_files(node)
    do(node, ["systemctl stop containerd"])
    told = named(project, "edge-1")
    assert told == [
        "containerd.service is inactive",
        "the next `pulumi up` starts containerd.service: is inactive",
    ]
    assert "1 updated" in project.up().output
    assert mended(good, node) == []
    assert node.run(["systemctl", "is-active", "containerd"]).stdout == "active\n"
    assert of_files(node) == files
    assert (generations(other), daemon(other)) == elsewhere


def mended(before: Snapshot, node: Node) -> list[str]:
    """What is not as before outside of containerd's data and Shimyard's records."""
    own = ("/var/lib/containerd", "/var/lib/shimyard/generations", "/var/lib/shimyard/current")
    lines = difference(before, node.snapshot())
    return [line for line in lines if not line.startswith(own) and "/.inodes: " not in line]
