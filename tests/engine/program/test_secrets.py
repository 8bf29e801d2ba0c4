"""Secrets go to the machine and nowhere else: not into a state, a log, a screen or a journal."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.commands import run
from lab.nodes.node import Node
from tests.engine.node.states import kill_at
from tests.engine.program.hunt import Hunt, inside
from tests.engine.program.project import Project

PASSPHRASE = "passphrase-canary-81aa"
PASSWORD, REFUSED_PASSWORD = "password-canary-3f9c", "refused-canary-5d20"
FIRST, SECOND, THIRD, FAILED = (
    f"content-canary-{name}" for name in ("c57e", "77f1", "09b3", "e4a8")
)
# What stood on the machine before us.
OWN = "own-canary-2b66"
SECRET_FILE = "/etc/edge/uplink.key"
HOSTS = "/etc/containerd/certs.d/registry.lab/hosts.toml"
CRI = "io.containerd.cri.v1.runtime"


def header(password: str) -> str:
    """What containerd reads in place of the password."""
    return base64.b64encode(f"puller:{password}".encode()).decode()


CANARIES = (PASSPHRASE, PASSWORD, REFUSED_PASSWORD, FIRST, SECOND, THIRD, FAILED, OWN,
            header(PASSWORD), header(REFUSED_PASSWORD))  # fmt: skip


@pytest.fixture(scope="module")
def locked_key(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with a passphrase that the machine accepts."""
    key = tmp_path_factory.mktemp("key") / "id"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", str(key)])
    public = key.with_name("id.pub").read_text()
    node.run(["tee", "-a", "/home/edge/.ssh/authorized_keys"], stdin=public)
    return key


@pytest.fixture(scope="module")
def encrypted(project: Project) -> dict[str, dict[str, str]]:
    """Each secret as it stands in a stack file; made before anybody looks at command lines."""
    found = {each: project.secret(each) for each in CANARIES[:-2]}
    project.runs.clear()
    return found


@pytest.fixture(scope="module")
def secretive(
    project: Project, node: Node, locked_key: Path, encrypted: dict[str, dict[str, str]]
) -> Project:
    """A stack with a secret in each place that takes one, and temporary files of its own."""
    node.run(["install", "-D", "-m", "0600", "/dev/stdin", SECRET_FILE], stdin=OWN)
    mirror = project.config["runtime"]["registries"][0]["mirrors"][0]
    mirror |= {"username": "puller", "password": encrypted[PASSWORD]}
    project.config["ssh"]["identityFile"] = str(locked_key)
    project.config["ssh"]["passphrase"] = encrypted[PASSPHRASE]
    project.config["files"].append({"path": SECRET_FILE, "secretContent": encrypted[FIRST]})
    project.write()
    temporary = project.folder.parent / "temporary"
    temporary.mkdir()
    project.environment["TMPDIR"] = str(temporary)
    # The flag is hidden from those who don't debug the engine.
    project.environment["PULUMI_DEBUG_COMMANDS"] = "true"
    return project


@pytest.fixture(scope="module")
def hunt(secretive: Project, node: Node) -> Iterator[Hunt]:
    """Looks at all processes and temporary files while the tests of this module run."""
    folders = [Path(secretive.environment["TMPDIR"]), node.root / "var/lib/shimyard"]
    folders += [inside(node, name) for name in ("tmp", "run", "dev/shm", "var/tmp")]
    with Hunt(CANARIES, folders) as hunt:
        yield hunt


def at_rest(hunt: Hunt, node: Node) -> dict[str, set[str]]:
    """The secrets that a node holds now -> the files, all of which only root can read."""
    now = Hunt(CANARIES, [])
    now.look_at(node)
    hunt.found |= now.found
    held: dict[str, set[str]] = {}
    for where, secret in now.found:
        held.setdefault(secret, set()).add(where)
    return held


def expected(content: str) -> dict[str, set[str]]:
    """What the node must hold, and nothing else."""
    return {
        content: {f"0600 {SECRET_FILE}"},
        header(PASSWORD): {f"0600 {HOSTS}"},
        # Ours has replaced it, and a destroy brings it back.
        OWN: {f"0600 /var/lib/shimyard/originals{SECRET_FILE}"},
    }


def set_content(project: Project, secret: dict[str, str]) -> None:
    project.config["files"][-1]["secretContent"] = secret
    project.write()


def test_a_run_leaves_secrets_at_their_places_on_the_machine_only(
    secretive: Project, node: Node, hunt: Hunt
) -> None:
    events = secretive.folder.parent / "events.json"
    secretive.preview()
    secretive.pulumi("preview", "--json")
    secretive.up("--diff", "--debug", "--event-log", str(events))
    assert node.run(["cat", SECRET_FILE]).stdout == FIRST
    assert header(PASSWORD) in node.run(["cat", HOSTS]).stdout
    assert at_rest(hunt, node) == expected(FIRST)
    assert "5 unchanged" in secretive.up("--diff").output
    assert events.stat().st_size > 1000
    hunt.look("the event log", events.read_bytes())


def test_a_change_and_drift_of_a_secret_show_no_more_than_that(
    secretive: Project, node: Node, hunt: Hunt, encrypted: dict[str, dict[str, str]]
) -> None:
    set_content(secretive, encrypted[SECOND])
    assert "1 to update" in secretive.preview().output
    secretive.up("--diff", "-v=5", "--logtostderr", "--logflow")
    assert at_rest(hunt, node) == expected(SECOND)
    node.run(["tee", "-a", SECRET_FILE], stdin=f"{THIRD}\n")
    told = secretive.refresh("--diff").output
    assert f"edge-1: drift: {SECRET_FILE} has other content" in told
    secretive.up("--diff")
    assert at_rest(hunt, node) == expected(SECOND)


def test_a_mistake_beside_a_secret_does_not_quote_it(
    secretive: Project, hunt: Hunt, encrypted: dict[str, dict[str, str]]
) -> None:
    kept = copy.deepcopy(secretive.config["files"])
    secretive.config["files"][-1] |= {"secretContent": encrypted[FAILED], "mode": "0644"}
    secretive.write()
    assert "end the mode in '00'" in secretive.preview(status=1).output
    secretive.config["files"] = kept
    secretive.write()


def test_a_failed_and_a_killed_transaction_leave_no_secret_behind(
    secretive: Project, node: Node, hunt: Hunt, encrypted: dict[str, dict[str, str]]
) -> None:
    kept = copy.deepcopy(secretive.config)
    # Both resources fail when their secrets are on the node already.
    node.run(["mkdir", "/etc/edge/folder"])
    secretive.config["files"].insert(0, {"path": "/etc/edge/folder", "content": "x"})
    runtime = secretive.config["runtime"]
    runtime["registries"][0]["mirrors"][0]["password"] = encrypted[REFUSED_PASSWORD]
    runtime["containerd"]["options"]["plugins"][CRI]["max_container_log_line_size"] = "many"
    set_content(secretive, encrypted[FAILED])
    failed = secretive.up("--diff", "--debug", status=1).output
    assert "/etc/edge/folder is a folder" in failed
    assert "containerd refuses its new configuration" in failed
    assert at_rest(hunt, node) == expected(SECOND)

    secretive.config = kept
    set_content(secretive, encrypted[THIRD])
    kill_at(node, f"switch file {SECRET_FILE}")
    assert "the transaction was cut off" in secretive.up("--diff", "--debug", status=1).output
    assert at_rest(hunt, node) == expected(SECOND)
    secretive.up("--diff")
    assert at_rest(hunt, node) == expected(THIRD)


def test_all_the_while_no_secret_was_found_where_others_can_read_it(
    secretive: Project, node: Node, hunt: Hunt
) -> None:
    secretive.pulumi("stack", "export")
    secretive.pulumi("stack", "output", "--json")
    secretive.pulumi("stack", "history", "--json")
    for path in [*secretive.state_files, *Path.home().glob(".*history")]:
        hunt.look(str(path), path.read_bytes())
    for name in ("home", "temporary"):
        hunt.look_below(secretive.folder.parent / name)
    for number, each in enumerate(secretive.runs):
        hunt.look(f"output {number}", each.output.encode())
    assert json.loads(secretive.runs[-2].output) is not None
    assert hunt.rounds > 50
    # On its way, a secret waits in Shimyard's own folder, where only root can read it.
    waiting = f"0600 {node.root}/var/lib/shimyard/"
    final = {
        f"0600 {SECRET_FILE}",
        f"0600 {HOSTS}",
        f"0600 /var/lib/shimyard/originals{SECRET_FILE}",
    }
    leaks = {(where, secret) for where, secret in hunt.found if where not in final}
    assert {leak for leak in leaks if not leak[0].startswith(waiting)} == set()


def test_the_hunt_sees_what_is_planted(node: Node, tmp_path: Path) -> None:
    script = "systemd-cat echo $PLANTED; echo $PLANTED >/var/tmp/a; echo $PLANTED >/run/b; sleep 1"
    with Hunt(["planted-0", "planted-1"], [tmp_path]) as hunt:
        (tmp_path / "c").write_text("planted-0")
        node.run(["env", "PLANTED=planted-0", "sh", "-c", script, "planted-1"])
    (tmp_path / "c").unlink()
    node.run(["chmod", "0600", "/run/b"])
    hunt.look_at(node)
    assert hunt.found >= {
        (str(tmp_path / "c"), "planted-0"),
        ("the environment of sleep 1 ", "planted-0"),
        ("the journal", "planted-0"),
        ("/var/tmp/a", "planted-0"),
        ("0600 /run/b", "planted-0"),
    }
    assert {kind for kind, secret in hunt.found if secret == "planted-1"}
