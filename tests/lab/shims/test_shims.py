"""Each shim that the lab builds, under the containerd that it builds, on a real node."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess

import pytest

from lab.builds.inventory import build_all, recipes
from lab.deadline import wait_for
from lab.images.layout import export
from lab.images.packaging import classic_image
from lab.nodes.node import Node
from lab.shims.recipes import ENGINES, VERSIONS
from lab.workloads import build as build_workloads
from tests.lab.conftest import Place
from tests.lab.shims.modules import endless, printing, trapping

pytestmark = pytest.mark.lab

MODULE_ENGINES = ("wasmedge", "wasmer")
"""The ones that run WASI 0.1 modules and nothing else."""
HTTP_PORT = 8080
COMPONENT_HEADER = b"\0asm\x0d\0\x01\0"
TERMINATED = 128 + 15


@pytest.fixture(scope="module")
def shim_node(place: Callable[[int], Place]) -> Iterator[Node]:
    """A node on which containerd runs, with every shim on its PATH."""
    wanted = [each for each in recipes() if each.name.startswith("containerd")]
    built = build_all(wanted=wanted)
    with place(3).lab(1) as lab:
        node = lab.node("edge-1")
        for name in ("containerd", *(f"containerd-shim-{engine}" for engine in ENGINES)):
            archive = node.root / "root" / f"{name}.tgz"
            archive.write_bytes(built.find(name).path.read_bytes())
            # The shims' archives hold the binary alone, containerd's a bin/ folder.
            folder = "/usr/local" if name == "containerd" else "/usr/local/bin"
            node.run(["tar", "-C", folder, "-xzf", f"/root/{archive.name}"])
        node.run(["systemd-run", "--unit=containerd", "--property=Delegate=yes", "containerd"])
        wait_for("containerd", lambda: _refusal(node), seconds=20)
        yield node


@pytest.fixture
def node(shim_node: Node) -> Iterator[Node]:
    """That node; after each test no process of a shim may be left on it."""
    yield shim_node
    shim_node.run(["ctr", "task", "kill", "-s", "KILL", "one"], check=False)
    shim_node.run(["ctr", "task", "delete", "-f", "one"], check=False)
    shim_node.run(["ctr", "container", "delete", "one"], check=False)
    wait_for("the end of all shims", lambda: _shims(shim_node), seconds=10)


def _refusal(node: Node) -> str | None:
    asked = node.run(["ctr", "version"], check=False)
    return asked.stderr if asked.returncode else None


def _shims(node: Node) -> str | None:
    """The command lines of the shims, and of the guests: those keep it under another name."""
    found = node.run(["pgrep", "--full", "--list-full", "containerd-shim"], check=False)
    return found.stdout or None


def have_image(node: Node, wasm: bytes) -> str:
    """An image of ``wasm`` in the node's containerd; its name."""
    name = "shims.test/program:classic"
    export(classic_image("/program.wasm", wasm), name, node.root / "root/image.tar")
    node.run(["ctr", "images", "import", "--local", "--platform", "wasi/wasm", "/root/image.tar"])
    return name


def ctr_run(node: Node, engine: str, wasm: bytes, *flags: str) -> CompletedProcess[str]:
    image = have_image(node, wasm)
    argv = ["ctr", "run", "--platform", "wasi/wasm", "--runtime", f"io.containerd.{engine}.v1"]
    return node.run([*argv, *flags, image, "one"], check=False)


def is_running(node: Node) -> str | None:
    listed = node.run(["ctr", "task", "ls"]).stdout
    return None if "RUNNING" in listed else listed


def ended_with(node: Node, signal: str) -> int:
    """The exit code of the running container after ``signal``, which it must heed in 10 s."""
    node.run(["ctr", "task", "kill", "-s", signal, "one"])
    wait_for(
        f"the container's end by {signal}",
        lambda: "it still runs" if is_running(node) is None else None,
        seconds=10,
    )
    # ctr's own exit code is 0 all the same; it names the container's where that is another.
    said = node.run(["ctr", "task", "delete", "one"]).stderr
    found = re.search(r"exit code (\d+)", said)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_module_prints_and_its_exit_code_is_the_containers(node: Node, engine: str) -> None:
    done = ctr_run(node, engine, printing("hello from the guest\n", 7), "--rm")
    assert done.stdout == "hello from the guest\n"
    assert done.returncode == 7


@pytest.mark.parametrize("engine", ENGINES)
def test_a_module_that_returns_ends_with_zero(node: Node, engine: str) -> None:
    done = ctr_run(node, engine, printing("done\n", 0), "--rm")
    assert (done.returncode, done.stdout) == (0, "done\n")


@pytest.mark.parametrize("engine", ENGINES)
def test_content_that_is_no_program_is_refused_at_the_start(node: Node, engine: str) -> None:
    done = ctr_run(node, engine, b"these bytes are no program\n", "--rm")
    assert done.returncode != 0
    assert f"{engine} executor can't handle spec" in done.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_a_broken_module_is_told_where_the_logs_are_read(node: Node, engine: str) -> None:
    done = ctr_run(node, engine, printing("cut off", 0)[:-12], "--rm")
    assert done.returncode == 134
    assert "Error: " in done.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_a_trap_is_told_and_is_no_success(node: Node, engine: str) -> None:
    done = ctr_run(node, engine, trapping(), "--rm")
    assert done.returncode == 134
    assert "unreachable" in done.stderr


@pytest.mark.parametrize("engine", MODULE_ENGINES)
def test_a_component_in_the_wrong_shim_names_the_right_one(node: Node, engine: str) -> None:
    done = ctr_run(node, engine, COMPONENT_HEADER, "--rm")
    assert done.returncode == 134
    assert "components run in the wasmtime shim" in done.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_a_guest_that_never_pauses_still_ends_at_sigterm(node: Node, engine: str) -> None:
    ctr_run(node, engine, endless(), "--detach")
    wait_for("the guest", lambda: is_running(node), seconds=10)
    assert _shims(node) is not None
    assert ended_with(node, "SIGTERM") == TERMINATED


def test_wasmtime_serves_a_component_until_sigterm(node: Node) -> None:
    greeter = next(each for each in build_workloads() if each.name == "greeter")
    started = ctr_run(node, "wasmtime", greeter.path.read_bytes(), "--detach", "--net-host")
    assert started.returncode == 0, started.stderr
    bodies: list[str] = []

    def no_answer() -> str | None:
        connection = http.client.HTTPConnection(str(node.address), HTTP_PORT, timeout=5)
        try:
            connection.request("GET", "/hello/edge?language=en")
            response = connection.getresponse()
            bodies.append(response.read().decode())
        except OSError as error:
            return str(error)
        finally:
            connection.close()
        return None if response.status == 200 else f"status {response.status}"

    wait_for("an answer of the greeter", no_answer, seconds=20)
    assert "edge" in bodies[-1]
    assert ended_with(node, "SIGTERM") == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_shim_says_its_version_and_its_engines(node: Node, engine: str) -> None:
    said = node.run([f"containerd-shim-{engine}-v1", "-v"]).stdout
    assert VERSIONS[0] in said
    assert f"{engine}-" in said
