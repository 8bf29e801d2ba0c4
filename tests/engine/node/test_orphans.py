"""Wasm processes that containerd has forgotten: found, told, ended, and no other is touched.

The tests build on each other.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.builds.inventory import build_all, recipes
from lab.deadline import wait_for
from lab.images.layout import export
from lab.images.packaging import classic_image
from lab.nodes.node import Node
from lab.shims.recipes import ENGINES
from lab.workloads import build
from shimyard.node.container_runtime import container_runtime
from shimyard.node.containerd_config import CONFIG_PATH
from shimyard.node.desired import DesiredState, File
from shimyard.node.errors import NodeError
from shimyard.node.operations import EndOrphans, RestartUnit
from shimyard.node.transaction import converge, read_facts
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.engine.node.runtimes import runtime_settings, stored
from tests.faults.holds import hold_at, release, wait_held
from tests.lab.shims.modules import endless

pytestmark = pytest.mark.lab

RUN = ["ctr", "run", "--detach", "--platform", "wasi/wasm"]
# A root folder that a native container can live in, for as long as it takes.
NATIVE = """\
mkdir -p /opt/native
cp --parents -L /bin/sleep $(ldd /bin/sleep | grep -o '/[^ ]*') /opt/native
ctr run --detach --rootfs /opt/native native /bin/sleep infinity
"""


@pytest.fixture(scope="module")
def runtime() -> DesiredState:
    """containerd, runc and a shim of every engine."""
    names = {"containerd", "runc", *(f"containerd-shim-{engine}" for engine in ENGINES)}
    built = build_all(wanted=[each for each in recipes() if each.name in names])
    shims = [built.find(f"containerd-shim-{engine}") for engine in ENGINES]
    settings = runtime_settings(
        built.find("containerd").version,
        shims=[
            {"name": engine, "version": shim.version}
            for engine, shim in zip(ENGINES, shims, strict=True)
        ],
    )
    artifacts = [stored(built.find("containerd")), stored(built.find("runc"))]
    return container_runtime(settings, [*artifacts, *map(stored, shims)], "amd64")


@pytest.fixture(scope="module")
def guests(
    edge: Node,
    settings: NodeSettings,
    runtime: DesiredState,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Node]:
    """A node on which each engine runs a container, wasmtime's on port 8080, and runc another."""
    tmp_path = tmp_path_factory.mktemp("images")
    session = Session.open(settings, Path("/"))
    converge(session, runtime)
    session.close()
    workload = next(each for each in build() if each.name == "greeter")
    load(edge, tmp_path, "greeter", workload.entrypoint, workload.path.read_bytes())
    load(edge, tmp_path, "endless", "/program.wasm", endless())
    start(edge, "wasmtime", "greeter", "greeter", "--net-host")
    start(edge, "wasmer", "endless", "on-wasmer")
    start(edge, "wasmedge", "endless", "on-wasmedge")
    edge.run(["sh", "-c", NATIVE])
    answers(edge)
    yield edge
    # They compute without a pause.
    edge.kill()


def load(edge: Node, folder: Path, name: str, entrypoint: str, wasm: bytes) -> None:
    archive = folder / f"{name}.tar"
    export(classic_image(entrypoint, wasm), f"{name}.lab/{name}:1", archive)
    shutil.copyfile(archive, edge.root / "opt" / archive.name)
    edge.run(
        ["ctr", "images", "import", "--local", "--platform", "wasi/wasm", f"/opt/{archive.name}"]
    )


def start(edge: Node, engine: str, image: str, name: str, *flags: str) -> None:
    runtime = ["--runtime", f"io.containerd.{engine}.v1"]
    edge.run([*RUN, *runtime, *flags, f"{image}.lab/{image}:1", name])


def answers(edge: Node) -> None:
    def look() -> str | None:
        asked = edge.run(["curl", "-sf", "http://127.0.0.1:8080/hello/x"], check=False)
        return None if asked.returncode == 0 else "none yet"

    wait_for("the guest's answer", look, seconds=20)


def tasks(edge: Node) -> dict[str, int]:
    """What containerd runs: container -> process."""
    rows = [line.split() for line in edge.run(["ctr", "tasks", "list"]).stdout.splitlines()]
    return {row[0]: int(row[1]) for row in rows[1:]}


def wasm_processes(edge: Node) -> set[str]:
    """The containers of which a process of a Wasm shim is there."""
    listed = edge.run(["pgrep", "-af", "containerd-shim-wasm"], check=False).stdout
    return {line.partition(" -id ")[2].split()[0] for line in listed.splitlines()}


def daemon(edge: Node) -> str:
    return edge.run(["systemctl", "show", "-p", "MainPID", "--value", "containerd"]).stdout.strip()


def crash(edge: Node) -> None:
    """containerd dies by itself, and systemd starts it again."""
    old = daemon(edge)
    edge.run(["kill", "-9", old])

    def look() -> str | None:
        # Asked in one call: systemd takes a moment to see a death, and calls the dead active.
        asked = ["systemctl", "show", "-p", "MainPID", "-p", "ActiveState", "containerd"]
        told = dict(line.split("=", 1) for line in edge.run(asked).stdout.splitlines())
        new = told["MainPID"] not in {"0", old}
        return None if new and told["ActiveState"] == "active" else str(told)

    wait_for("containerd's return", look, seconds=30)


def test_after_a_crash_of_containerd_its_orphans_end_and_living_containers_do_not(
    guests: Node, session: Session, runtime: DesiredState
) -> None:
    before = tasks(guests)
    crash(guests)
    assert set(tasks(guests)) == {"native"}  # every engine's shim is concerned, runc's is not
    start(guests, "wasmer", "endless", "alive")
    living, pid = tasks(guests), daemon(guests)

    lost = {guest.container: guest.process for guest in read_facts(session).guests.lost}
    assert lost == {name: before[name] for name in ("greeter", "on-wasmer", "on-wasmedge")}
    done = converge(session, runtime)
    assert (
        f"orphaned Wasm process {lost['greeter']} of container greeter in namespace default"
        in done.plan.reasons
    )
    assert any(isinstance(each, EndOrphans) for each in done.plan.operations)
    assert not any(isinstance(each, RestartUnit) for each in done.plan.operations)

    assert wasm_processes(guests) == {"alive"}
    assert (tasks(guests), daemon(guests)) == (living, pid)
    assert done.facts.guests.lost == ()
    assert converge(session, runtime).plan.operations == ()
    # The containers are still known, and start again: the port is free.
    for name in lost:
        guests.run(["ctr", "tasks", "start", "--detach", name])
    answers(guests)


def test_the_guest_of_a_crashed_shim_is_an_orphan_too(
    guests: Node, session: Session, runtime: DesiredState
) -> None:
    process = tasks(guests)["on-wasmer"]
    shim = guests.run(["ps", "-o", "ppid=", "-p", str(process)]).stdout.strip()
    guests.run(["kill", "-9", shim])
    wait_for(
        "containerd's notice",
        lambda: "it knows it" if "on-wasmer" in tasks(guests) else None,
        seconds=20,
    )
    (lost,) = read_facts(session).guests.lost
    assert (lost.process, lost.container) == (process, "on-wasmer")
    converge(session, runtime)
    assert wasm_processes(guests) == {"greeter", "on-wasmedge", "alive"}
    answers(guests)


def test_what_outlives_a_stopped_containerd_ends_when_it_starts_again(
    guests: Node, session: Session, runtime: DesiredState
) -> None:
    guests.run(["systemctl", "stop", "containerd"])
    answers(guests)
    done = converge(session, runtime)
    outlived = [each for each in done.plan.reasons if "has outlived containerd.service" in each]
    assert len(outlived) == 3
    assert wasm_processes(guests) == set()
    assert ":8080" not in guests.run(["ss", "--listening", "--tcp", "--numeric"]).stdout
    assert set(tasks(guests)) == {"native"}
    assert converge(session, runtime).plan.operations == ()


def test_a_change_that_is_taken_back_leaves_no_guest_that_was_started_meanwhile(
    guests: Node, session: Session, runtime: DesiredState
) -> None:
    config = next(file for file in runtime.files if file.path == CONFIG_PATH)
    files = [file for file in runtime.files if file is not config]
    files.append(File.of(CONFIG_PATH, config.read().decode() + "# another comment\n"))
    canaries = [replace(canary, expected="another text") for canary in runtime.canaries]
    changed = replace(runtime, files=tuple(files), canaries=tuple(canaries))
    raised: list[NodeError] = []

    def change() -> None:
        try:
            converge(session, changed)
        except NodeError as error:
            raised.append(error)

    hold_at(guests, "switch canary")
    thread = threading.Thread(target=change)
    thread.start()
    wait_held(guests)
    # As a kubelet would, as soon as containerd is back.
    guests.run(["ctr", "tasks", "start", "--detach", "greeter"])
    answers(guests)
    release(guests)
    thread.join(90)
    assert "printed something else" in str(raised[0])
    assert wasm_processes(guests) == set()
    assert ":8080" not in guests.run(["ss", "--listening", "--tcp", "--numeric"]).stdout
    assert converge(session, runtime).plan.operations == ()
