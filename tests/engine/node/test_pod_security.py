"""What pods of an app are allowed and cost by default, on a real shim: enough, and no more."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.manifests.containers import wasm_container
from components.manifests.pods import NON_ROOT
from lab.builds.inventory import build_all, recipes
from lab.deadline import wait_for
from lab.images.layout import export
from lab.images.packaging import classic_image
from lab.nodes.node import Node
from lab.workloads import build
from shimyard.node.container_runtime import container_runtime
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from shimyard.settings.quantity import parse_quantity
from shimyard.settings.workloads import WasmContainerSettings, WasmResourcesSettings
from shimyard.settings.workloads.runtime_classes import OverheadSettings
from tests.engine.node.runtimes import runtime_settings, stored

pytestmark = pytest.mark.lab

IMAGE = "greeter.lab/greeter:1"
LIMIT = int(parse_quantity(WasmResourcesSettings().limits.memory or "0"))
# What containerd grants by itself.
GRANTED = [
    *("CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID"),
    *("SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"),
]
# linux/capability.h
NET_BIND_SERVICE = 1 << 10


def kept() -> list[str]:
    """The capabilities that a WasmApp's container asks for."""
    container = wasm_container("greeter", WasmContainerSettings(image=IMAGE), [], "wasmtime")
    asked = container["securityContext"]["capabilities"]
    assert asked["drop"] == ["ALL"]
    return list(asked["add"])


@pytest.fixture(scope="module")
def guest(
    edge: Node, edge_session: Session, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Process of the lab's HTTP component, confined as pods of a WasmApp are."""
    names = {"containerd", "runc", "containerd-shim-wasmtime"}
    built = build_all(wanted=[each for each in recipes() if each.name in names])
    daemon, shim = built.find("containerd"), built.find("containerd-shim-wasmtime")
    settings = runtime_settings(
        daemon.version, shims=[{"name": "wasmtime", "version": shim.version}]
    )
    artifacts = [stored(each) for each in (daemon, built.find("runc"), shim)]
    converge(edge_session, container_runtime(settings, artifacts, "amd64"))

    workload = next(each for each in build() if each.name == "greeter")
    archive = tmp_path_factory.mktemp("images") / "greeter.tar"
    export(classic_image(workload.entrypoint, workload.path.read_bytes()), IMAGE, archive)
    shutil.copyfile(archive, edge.root / "opt" / "greeter.tar")
    edge.run(["ctr", "images", "import", "--local", "--platform", "wasi/wasm", "/opt/greeter.tar"])
    run = ["ctr", "run", "--detach", "--net-host", "--platform", "wasi/wasm"]
    run += ["--runtime", "io.containerd.wasmtime.v1", "--read-only", "--seccomp"]
    run += ["--user", f"{NON_ROOT}:{NON_ROOT}", "--memory-limit", str(LIMIT)]
    dropped = [name for name in GRANTED if name not in kept()]
    run += [part for name in dropped for part in ("--cap-drop", f"CAP_{name}")]
    edge.run([*run, IMAGE, "greeter"])
    wait_for("the guest's answer", lambda: None if answers(edge) else "none yet", seconds=20)
    yield int(edge.run(["ctr", "tasks", "list"]).stdout.split()[4])
    remove(edge_session, "container-runtime")


@pytest.fixture(scope="module")
def edge_session(edge: Node, settings: NodeSettings) -> Iterator[Session]:
    """A connection for the whole module."""
    opened = Session.open(settings, Path("/"))
    yield opened
    opened.close()


def answers(edge: Node) -> bool:
    """Whether the component answers on the node."""
    asked = edge.run(["curl", "--silent", "--fail", "http://127.0.0.1:8080/hello/x"], check=False)
    return asked.returncode == 0


def test_a_component_serves_without_roots_rights_or_a_writable_root(edge: Node, guest: int) -> None:
    status = edge.run(["cat", f"/proc/{guest}/status"]).stdout
    fields = dict(re.findall(r"^(\w+):\s+(.*)$", status, re.MULTILINE))
    assert fields["Uid"].split() == [str(NON_ROOT)] * 4
    assert fields["Gid"].split() == [str(NON_ROOT)] * 4
    for capabilities in ("CapEff", "CapPrm", "CapBnd"):
        assert int(fields[capabilities], 16) == NET_BIND_SERVICE, capabilities
    assert int(fields["CapAmb"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2"
    assert answers(edge)


def test_the_shim_costs_no_more_than_the_overhead_of_its_runtime_class(
    edge: Node, guest: int
) -> None:
    # The shim is two processes: one forks the other's guests.
    shims = edge.run(["pgrep", "-f", "containerd-shim-wasmtime"]).stdout.split()
    cost = sum(_private(edge, pid) for pid in shims if int(pid) != guest)
    served = _private(edge, str(guest))
    print(f"private memory: shim {cost}, guest {served} bytes")
    assert 0 < cost < parse_quantity(OverheadSettings().memory or "0")
    assert 0 < served < LIMIT


def _private(edge: Node, pid: str) -> int:
    """Bytes that only this process holds: what a further pod costs."""
    text = edge.run(["cat", f"/proc/{pid}/smaps_rollup"]).stdout
    found = re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB$", text, re.MULTILINE)
    return 1024 * sum(map(int, found))
