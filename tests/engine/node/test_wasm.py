"""Wasm handlers on a real machine: proven by a module that really ran, or taken back."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.deadline import wait_for
from lab.images.layout import export
from lab.images.packaging import classic_image
from lab.nodes.node import Node
from lab.workloads import build
from shimyard.node.container_runtime import container_runtime
from shimyard.node.containerd_config import CERTS_FOLDER, CONFIG_PATH
from shimyard.node.desired import DesiredState, File, Link
from shimyard.node.errors import NodeError
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Session
from tests.engine.node.runtimes import runtime_settings, stored
from tests.engine.node.states import leftovers, look, put_program

pytestmark = pytest.mark.lab

UNIT = "containerd.service"
SHIM = "/usr/local/bin/containerd-shim-wasmtime-v1"
With = Callable[..., DesiredState]
BROKEN = "#!/bin/sh\nexit 3\n"
TRUE_SHIM = "/run/true-shim"
LEFT = "/run/mishaps"
# A stand-in: it fails as the shim does when its init is ready before its parent has told of it, and
# leaves a process as that does, as often as the file says. The rest is done by the true shim.
RACING = f"""\
#!/bin/sh
case " $* " in
*" start "*)
    left=$(cat {LEFT})
    if [ "$left" -gt 0 ]; then
        echo $((left - 1)) >{LEFT}
        setsid tail -f /dev/null -- "$@" >/dev/null 2>&1 &
        echo "received unexpected message: InitReady, expected: IntermediateReady(0)" >&2
        exit 1
    fi
    ;;
esac
exec {TRUE_SHIM} "$@"
"""
# A stand-in for a ctr that hears of the end before it has read its pipe, as often as the file says.
DEAF = f"""\
#!/bin/sh
case " $* " in
*" run "*)
    left=$(cat {LEFT})
    if [ "$left" -gt 0 ]; then
        echo $((left - 1)) >{LEFT}
        exec /usr/local/bin/ctr "$@" >/dev/null
    fi
    ;;
esac
exec /usr/local/bin/ctr "$@"
"""


@pytest.fixture(scope="module")
def with_shims() -> With:
    """A runtime with these shims: name=version."""
    names = {"containerd", "runc", "containerd-shim-wasmtime"}
    built: BuiltArtifacts = build_all(wanted=[each for each in recipes() if each.name in names])

    def state(**versions: str) -> DesiredState:
        daemon = built.find("containerd")
        shims = [{"name": name, "version": version} for name, version in versions.items()]
        archives = [
            built.find(f"containerd-shim-{name}", version) for name, version in versions.items()
        ]
        artifacts = [stored(each) for each in (daemon, built.find("runc"), *archives)]
        return container_runtime(runtime_settings(daemon.version, shims=shims), artifacts, "amd64")

    return state


def with_last(state: DesiredState, folder: Path, script: str) -> DesiredState:
    """The same, but what is locked as the last artifact is this script."""
    content = script.encode()
    (folder / "shim").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    good = state.artifacts[-1]
    bad = replace(good, sha256=digest, size=len(content), format="raw", bundle=folder / "shim",
                  members=(("", good.members[0][1]),))  # fmt: skip
    links = tuple(
        Link(link.path, bad.path(bad.members[0][1])) if good.sha256 in link.target else link
        for link in state.links
    )
    return replace(state, artifacts=(*state.artifacts[:-1], bad), links=links)


def with_files(state: DesiredState, *files: File) -> DesiredState:
    """The same, but with these files, which replace those of the same path."""
    paths = {file.path for file in files}
    kept = tuple(file for file in state.files if file.path not in paths)
    return replace(state, files=(*kept, *files))


def config_with(state: DesiredState, before: str, line: str) -> File:
    """containerd's configuration with one more line at its top."""
    text = next(file for file in state.files if file.path == CONFIG_PATH).read().decode()
    assert before in text
    return File.of(CONFIG_PATH, text.replace(before, f"{before}\n{line}"))


@pytest.fixture(scope="module")
def greeter(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The lab's HTTP component as an image archive."""
    workload = next(each for each in build() if each.name == "greeter")
    image = classic_image(workload.entrypoint, workload.path.read_bytes())
    archive = tmp_path_factory.mktemp("images") / "greeter.tar"
    export(image, "greeter.lab/greeter:1", archive)
    return str(archive)


def start_greeter(edge: Node, archive: str) -> None:
    """Run it on the node's own network, and wait until it answers."""
    shutil.copyfile(archive, edge.root / "opt" / "greeter.tar")
    edge.run(["ctr", "images", "import", "--local", "--platform", "wasi/wasm", "/opt/greeter.tar"])
    (edge.root / "opt" / "greeter.tar").unlink()
    run = ["ctr", "run", "--detach", "--net-host", "--platform", "wasi/wasm"]
    edge.run([*run, "--runtime", "io.containerd.wasmtime.v1", "greeter.lab/greeter:1", "greeter"])
    wait_for("the guest's answer", lambda: None if answers(edge) else "none yet", seconds=20)


def answers(edge: Node) -> bool:
    """Whether the component answers on the node."""
    asked = edge.run(["curl", "--silent", "--fail", "http://127.0.0.1:8080/hello/x"], check=False)
    return asked.returncode == 0


def daemon_id(edge: Node) -> str:
    return edge.run(["systemctl", "show", "-p", "MainPID", "--value", UNIT]).stdout.strip()


def test_a_handler_runs_a_module_and_its_shim_changes_without_a_restart(
    edge: Node, session: Session, with_shims: With, tmp_path: Path
) -> None:
    before = look(edge, UNIT)
    done = converge(session, with_shims(wasmtime="1.0.1-lab.1"))
    assert {name: result.result for name, result in done.facts.generations.canaries.items()} == {
        "runc": "passed",
        "wasmtime": "passed",
    }
    daemon, proofs = daemon_id(edge), done.facts.generations.canaries
    newer = converge(session, with_shims(wasmtime="1.0.1-lab.2"))
    assert newer.plan.effects == ()
    assert daemon_id(edge) == daemon
    assert "1.0.1-lab.2" in edge.run([SHIM, "-v"]).stdout
    assert newer.facts.generations.canaries["runc"] == proofs["runc"]
    assert newer.facts.generations.canaries["wasmtime"].at >= proofs["wasmtime"].at

    # Back without a download: the older one is still in the node's store.
    older = converge(session, with_shims(wasmtime="1.0.1-lab.1"))
    assert older.plan.fetch == ()
    assert "1.0.1-lab.1" in edge.run([SHIM, "-v"]).stdout
    assert "shimyard-canary" not in edge.run(["ctr", "namespaces", "list"]).stdout

    # A shim that starts and then can't run a module.
    good = look(edge, UNIT)
    with pytest.raises(NodeError) as caught:
        converge(session, with_last(with_shims(wasmtime="1.0.1-lab.2"), tmp_path, BROKEN))
    assert caught.value.step == "canary (running a container by handler wasmtime)"
    assert good.changes(look(edge, UNIT)) == []
    assert leftovers(edge) == []
    assert "1.0.1-lab.1" in edge.run([SHIM, "-v"]).stdout
    assert converge(session, with_shims(wasmtime="1.0.1-lab.1")).plan.operations == ()

    remove(session, "container-runtime")
    assert before.changes(look(edge, UNIT)) == []
    assert edge.run(["pgrep", "-af", "containerd|canary"], check=False).stdout == ""


def converge_with_mishaps(
    edge: Node, session: Session, state: DesiredState, times: int, failure: str | None
) -> list[tuple[str, ...]]:
    """What is told of mishaps of wasmtime's canary, so many of them; it passes, or fails so."""
    edge.run(["sh", "-c", f"echo {times} >{LEFT}"])
    told: list[tuple[str, ...]] = []
    if failure is None:
        done = converge(session, state, lambda *words: told.append(words))
        assert done.facts.generations.canaries["wasmtime"].result == "passed"
    else:
        with pytest.raises(NodeError, match=failure):
            converge(session, state, lambda *words: told.append(words))
    assert edge.run(["cat", LEFT]).stdout.strip() == "0"
    return [words for words in told if any("once more" in word for word in words)]


@pytest.mark.parametrize(
    ("races", "failure"),
    [(2, None), (3, "(?s)ended with exit code 1.*expected: IntermediateReady")],
)
def test_a_canary_whose_shim_has_lost_a_race_of_its_start_runs_again_and_not_for_ever(
    edge: Node,
    session: Session,
    with_shims: With,
    tmp_path: Path,
    *,
    races: int,
    failure: str | None,
) -> None:
    state = with_shims(wasmtime="1.0.1-lab.1")
    converge(session, state)
    edge.run(["cp", SHIM, TRUE_SHIM])
    good = look(edge, UNIT)
    racing = with_last(state, tmp_path, RACING)
    told = converge_with_mishaps(edge, session, racing, races, failure)
    again = "handler wasmtime once more: its shim lost a race of its start"
    assert told == [("canary", again)] * 2
    if failure is not None:
        assert good.changes(look(edge, UNIT)) == []
    # Of each race there was a process.
    assert edge.run(["pgrep", "-af", "canary"], check=False).stdout == ""
    remove(session, "container-runtime")


@pytest.mark.parametrize(
    ("losses", "failure"), [(2, None), (3, "printed something else than shimyard canary")]
)
def test_a_canary_whose_words_are_lost_runs_again_and_not_for_ever(
    fresh: Node, session: Session, with_shims: With, *, losses: int, failure: str | None
) -> None:
    converge(session, with_shims(wasmtime="1.0.1-lab.1"))
    put_program(fresh, "/usr/local/sbin/ctr", DEAF)
    other = with_shims(wasmtime="1.0.1-lab.2")
    told = converge_with_mishaps(fresh, session, other, losses, failure)
    again = "handler wasmtime once more: it ended well, but what it printed is not there"
    assert told == [("canary", again)] * 2
    if failure is not None:
        assert "1.0.1-lab.1" in fresh.run([SHIM, "-v"]).stdout
    remove(session, "container-runtime")


def test_a_restart_of_containerd_leaves_no_orphaned_guest_and_no_occupied_port(
    edge: Node, session: Session, with_shims: With, greeter: str
) -> None:
    state = with_shims(wasmtime="1.0.1-lab.2")
    converge(session, state)
    start_greeter(edge, greeter)
    guest = edge.run(["ctr", "tasks", "list"]).stdout.split()[4]

    # A new mirror is read at each pull: nothing restarts, the guest goes on.
    calm = with_files(state, File.of(f"{CERTS_FOLDER}/else.lab/hosts.toml", "# none\n"))
    assert converge(session, calm).plan.effects == ()
    assert answers(edge)

    changed = with_files(
        calm, config_with(calm, 'root = "/var/lib/containerd"', "# Another comment.")
    )
    (effect,) = converge(session, changed).plan.effects
    assert effect.endswith("running Wasm containers end")
    assert edge.run(["test", "-d", f"/proc/{guest}"], check=False).returncode == 1
    assert edge.run(["pgrep", "-af", "shim-wasmtime|greeter"], check=False).stdout == ""
    assert ":8080" not in edge.run(["ss", "--listening", "--tcp", "--numeric"]).stdout

    # Its container is still known, and starts again on the same port.
    edge.run(["ctr", "tasks", "start", "--detach", "greeter"])
    wait_for("the guest's answer", lambda: None if answers(edge) else "none yet", seconds=20)
    remove(session, "container-runtime")
    assert edge.run(["pgrep", "-af", "containerd|greeter"], check=False).stdout == ""
