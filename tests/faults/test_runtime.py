"""A container runtime that can't work: refused or taken back, with the lines that show why."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.nodes.node import Node
from shimyard.node.container_runtime import container_runtime
from shimyard.node.desired import DesiredState, StoredArtifact
from shimyard.node.errors import NodeError
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from tests.engine.node.runtimes import runtime_settings, runtime_state
from tests.engine.node.states import kill_at, leftovers, look
from tests.faults.tally import TALLY, Tally

pytestmark = pytest.mark.lab

UNIT = "containerd.service"
# Only where it starts a container: containerd itself asks each shim for its version when it starts.
HANGS = """\
#!/bin/sh
case " $* " in *" start "*) exec sleep 1000 ;; esac
exit 1
"""
SHIMS = [{"name": "wasmtime", "version": "1.0.0"}]


@pytest.fixture
def spotless(edge: Node, session: Session) -> Iterator[None]:
    """The node is as it was, during and after what a test provokes."""
    before = look(edge, UNIT)
    yield
    remove(session, "container-runtime")
    assert before.changes(look(edge, UNIT)) == []
    assert leftovers(edge) == []
    # A shim or a canary that outlives its containerd would hold the node's memory and ports.
    assert edge.run(["pgrep", "-af", "containerd|canary|sleep"], check=False).stdout == ""


def with_shim(built: BuiltArtifacts, folder: Path, program: str, seconds: int) -> DesiredState:
    """A runtime whose wasmtime shim is this program."""
    content = program.encode()
    path = folder / "shim"
    path.write_bytes(content)
    name = "containerd-shim-wasmtime-v1"
    shim = StoredArtifact(
        "containerd-shim-wasmtime", "1.0.0", hashlib.sha256(content).hexdigest(), len(content),
        "raw", (("", name),), bundle=path,
    )  # fmt: skip
    plain = runtime_state(built)
    daemon = plain.artifacts[0]
    state = container_runtime(
        runtime_settings(daemon.version, shims=SHIMS), (*plain.artifacts, shim), "amd64"
    )
    return replace(state, canaries=tuple(replace(c, seconds=seconds) for c in state.canaries))


def test_a_configuration_that_containerd_rejects_never_goes_live(
    edge: Node, session: Session, built: BuiltArtifacts, spotless: None
) -> None:
    settings = runtime_settings(built.find("containerd").version)
    daemon, _ = settings.own
    wrong = {"grpc": {"address": 5}, **daemon.options}
    containerd = daemon.model_copy(update={"options": wrong})
    plain = runtime_state(built)
    state = container_runtime(
        settings.model_copy(update={"containerd": containerd}), plain.artifacts, "amd64"
    )
    with pytest.raises(NodeError) as caught:
        converge(session, state)
    assert caught.value.step == "check (does containerd accept its new configuration?)"
    assert "containerd refuses its new configuration" in str(caught.value)
    assert any("address" in line or "toml" in line for line in caught.value.log), caught.value.log
    assert caught.value.restored
    assert converge(session, plain).facts.services.units[UNIT].trouble() is None


@pytest.mark.parametrize(
    ("program", "seconds", "words"),
    [
        ("#!/bin/sh\necho out of fuel >&2\nexit 1\n", 20, ("ended with exit code 1", "shim")),
        (HANGS, 3, ("did not end within 3 s",)),
        ("not a program", 20, ("ended with exit code 1", "exec format error")),
    ],
)
def test_a_shim_that_fails_its_canary_is_taken_back(
    edge: Node,
    session: Session,
    built: BuiltArtifacts,
    tmp_path: Path,
    spotless: None,
    *,
    program: str,
    seconds: int,
    words: tuple[str, ...],
) -> None:
    began = time.monotonic()
    with pytest.raises(NodeError) as caught, TALLY.wait(f"a canary that {words[0]}"):
        converge(session, with_shim(built, tmp_path, program, seconds))
    assert time.monotonic() - began < 60
    assert caught.value.step == "canary (running a container by handler wasmtime)"
    assert "the canary of handler wasmtime" in str(caught.value)
    for word in words:
        assert word in str(caught.value)
    assert "the node runs what it ran before" in str(caught.value)
    assert caught.value.restored


def test_a_kill_in_the_steps_of_a_runtime_is_taken_back(
    edge: Node, session: Session, built: BuiltArtifacts, tally: Tally
) -> None:
    before = look(edge, UNIT)

    def cut(act: Callable[[], object], *points: str) -> None:
        """Kill at each point, and see the node as it was; then let ``act`` come to its end."""
        reached, kills = look(edge, UNIT), [tally.kill("node shell", point) for point in points]
        for kill in kills:
            began = time.monotonic()
            kill_at(edge, kill.point)
            with pytest.raises(NodeError, match="cut off"):
                act()
            kill.seconds = time.monotonic() - began
            assert reached.changes(look(edge, UNIT)) == []
            assert leftovers(edge) == []
        act()
        for kill in kills:
            kill.converged = True

    cut(
        lambda: converge(session, runtime_state(built)),
        f"switch restart {UNIT}",
        "switch canary runc",
        "commit container-runtime 3",
    )
    changed = runtime_state(built, sandboxImage="registry.lab/pause:1")
    assert changed.check is not None
    cut(
        lambda: converge(session, changed),
        f"prepare containerd-config {changed.check.binary}",
        f"switch restart {UNIT}",
        "switch canary runc",
    )
    calm = runtime_state(
        built, sandboxImage="registry.lab/pause:1",
        registries=[{"host": "a.lab", "mirrors": [{"url": "http://b.lab"}]}],
    )  # fmt: skip
    cut(lambda: converge(session, calm), "switch keep-canary runc")
    cut(
        lambda: remove(session, "container-runtime"),
        f"switch empty {UNIT}",
        f"switch stop {UNIT}",
        f"switch release {UNIT}",
    )
    assert before.changes(look(edge, UNIT)) == []
    assert edge.run(["pgrep", "-af", "containerd|canary"], check=False).stdout == ""
