"""The doctor on a real machine outside of a cluster: it names what is broken, and changes nothing.

Each test breaks one thing and puts it back. What a cluster adds is in tests/engine/cluster.
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from lab.builds.inventory import build_all, recipes
from lab.deadline import wait_for
from lab.nodes.node import Node
from shimyard.doctor.examination import Examined, Silence
from shimyard.doctor.report import Report
from shimyard.doctor.rounds import examine
from shimyard.node.container_runtime import container_runtime
from shimyard.node.containerd_config import CONFIG_PATH
from shimyard.node.paths import ROOT
from shimyard.node.transaction import converge
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings, StackSettings
from tests.engine.node.breaking import broken_by, configuration, configured
from tests.engine.node.runtimes import runtime_settings, stored
from tests.engine.node.states import kill_at, leave_orphan, look

pytestmark = pytest.mark.lab

SHIM = "/usr/local/bin/containerd-shim-wasmtime-v1"
CANARIES = f"{ROOT}/current/container-runtime/canaries"
DROP_IN = "/etc/containerd/conf.d/later.toml"
UNIT = "containerd.service"
SLOW = "/usr/local/bin/containerd-shim-slow-v1"


@pytest.fixture(scope="module")
def stack(settings: NodeSettings) -> StackSettings:
    """One machine with the wasmtime shim."""
    names = {"containerd", "runc", "containerd-shim-wasmtime"}
    built = build_all(wanted=[each for each in recipes() if each.name in names])
    shim = built.find("containerd-shim-wasmtime")
    runtime = runtime_settings(
        built.find("containerd").version, shims=[{"name": "wasmtime", "version": shim.version}]
    )
    return StackSettings(nodes=[settings], runtime=runtime)


@pytest.fixture(scope="module")
def set_up(edge: Node, settings: NodeSettings, stack: StackSettings) -> Node:
    """The machine with its runtime, proven by canaries."""
    names = {"containerd", "runc", "containerd-shim-wasmtime"}
    built = build_all(wanted=[each for each in recipes() if each.name in names])
    artifacts = [stored(built.find(name)) for name in sorted(names)]
    session = Session.open(settings, Path("/"))
    converge(session, container_runtime(stack.runtime, artifacts, "amd64"))
    session.close()
    return edge


def told(stack: StackSettings) -> Report:
    """What the doctor says."""
    return Report.of(examine(stack, "bench", Path("/")))


def first_broken(stack: StackSettings, handler: str = "wasmtime") -> tuple[str, str, str]:
    """Name, reason and mend of the first broken link of a handler."""
    (row,) = (each for each in told(stack).rows if each.handler == handler)
    assert row.broken is not None
    return row.broken.name, row.broken.reason, row.broken.mend


def kinds(report: Report) -> set[str]:
    """What it found, but for the disk of whoever runs the tests."""
    return {str(each.kind) for each in report.findings} - {"disk"}


def test_a_machine_that_is_new_gets_no_program_and_is_told_to_be_set_up(
    fresh: Node, stack: StackSettings
) -> None:
    before = look(fresh, UNIT)
    report = told(stack)
    assert before.changes(look(fresh, UNIT)) == []
    assert not (fresh.root / ROOT.lstrip("/")).exists()
    assert report.code == 1
    link, reason, mend = first_broken(stack)
    assert (link, mend) == ("shim", "run `make up STACK=bench`")
    assert "has not set up" in reason


def test_a_machine_that_is_well_is_told_so_and_stays_as_it_is(
    set_up: Node, stack: StackSettings
) -> None:
    before = look(set_up, UNIT)
    report = told(stack)
    assert before.changes(look(set_up, UNIT)) == []
    assert kinds(report) == set()
    for row in report.rows:
        assert [link.state for link in row.links] == [
            "ok", "ok", "ok", "not applicable", "not applicable", "ok"
        ], row  # fmt: skip
    assert [row.handler for row in report.rows] == ["runc", "wasmtime"]


@pytest.mark.parametrize(
    ("script", "back", "link", "reason"),
    [
        (f"mv {SHIM} /opt/aside", f"mv /opt/aside {SHIM}", "shim", f"{SHIM} is not there"),
        (
            f"mv $(readlink {SHIM}) /opt/aside",
            f"mv /opt/aside $(readlink {SHIM})",
            "shim",
            "which is not there",
        ),
        (
            f"chmod -x $(readlink {SHIM})",
            f"chmod +x $(readlink {SHIM})",
            "shim",
            f"{SHIM} is not executable",
        ),
        (
            f"f=$(readlink {SHIM}); mv $f /opt/aside; printf '#!/bin/sh\\n' >$f; chmod +x $f",
            f"mv /opt/aside $(readlink {SHIM})",
            "shim",
            f"{SHIM} is not what it was when it was verified",
        ),
        # As a disk that forgets: nothing has written to the file, so nothing but its content tells.
        (
            f"f=$(readlink {SHIM}); cd ${{f%/*}}; cp -p $f /opt/aside; echo >>$f; "
            "stat -c '%n %i %s %a %.9Y %.9Z' -- .sha256sums * >.inodes",
            f"mv /opt/aside $(readlink {SHIM})",
            "shim",
            f"{SHIM} is not what it was when it was verified",
        ),
        (
            f"systemctl stop {UNIT}",
            f"systemctl start {UNIT}",
            "cri",
            "containerd.service is inactive",
        ),
        (
            f"cp -p {CANARIES} /opt/aside; grep -v ^wasmtime /opt/aside >{CANARIES}",
            f"cp -p /opt/aside {CANARIES}",
            "canary",
            "no canary of it is on record",
        ),
    ],
)
def test_a_link_that_was_broken_by_hand_is_named(
    set_up: Node, stack: StackSettings, *, script: str, back: str, link: str, reason: str
) -> None:
    with broken_by(set_up, script, back):
        found = first_broken(stack)
    assert found[0] == link
    assert reason in found[1]
    assert "`make up STACK=bench`" in found[2]
    wait_for(
        "the machine as it was",
        lambda: None if all(row.broken is None for row in told(stack).rows) else "broken",
        seconds=20,
    )


def test_a_handler_that_left_the_configuration_is_named(set_up: Node, stack: StackSettings) -> None:
    text = configuration(set_up, "runtimes.wasmtime", "runtimes.elsewhere")
    with configured(set_up, text):
        link, reason, mend = first_broken(stack)
    assert (link, reason) == (
        "config", f"{CONFIG_PATH}, with all that it imports, has no handler 'wasmtime'"
    )  # fmt: skip
    assert "`make refresh STACK=bench`" in mend
    with configured(set_up, text + "\n[nonsense\n"):
        link, reason, _ = first_broken(stack)
    assert link == "config"
    assert reason.startswith("containerd refuses its configuration: ")


def test_a_drop_in_that_containerd_has_not_read_is_named_until_it_has(
    set_up: Node, stack: StackSettings
) -> None:
    text = "version = 3\\n"
    write = f"mkdir -p /etc/containerd/conf.d; printf '{text}' >{DROP_IN}"
    with broken_by(set_up, f"{write}; touch -d '+5 seconds' {DROP_IN}", "true"):
        link, reason, mend = first_broken(stack)
    assert link == "cri"
    assert reason == f"{DROP_IN} was written after containerd started, which has not read it yet"
    assert "`systemctl restart containerd`" in mend
    with broken_by(set_up, f"{write}; systemctl restart {UNIT}", f"rm -r {Path(DROP_IN).parent}"):
        assert all(row.broken is None for row in told(stack).rows)


def test_an_orphan_is_named_with_its_process(set_up: Node, stack: StackSettings) -> None:
    process = leave_orphan(set_up)
    try:
        report = told(stack)
        (orphan,) = (each for each in report.findings if each.kind == "orphan")
        assert f"process {process} of container lost in namespace default" in orphan.sentence
        assert report.code == 1
    finally:
        set_up.run(["kill", "-9", str(process)])


def test_a_disk_without_space_or_without_inodes_is_named(
    set_up: Node, stack: StackSettings
) -> None:
    place = "/var/lib/kubelet"
    mount = f"mkdir -p {place}; mount -t tmpfs -o size=1m,nr_inodes=100 tmpfs {place}"
    back = f"umount {place}"
    with broken_by(set_up, f"{mount}; head -c 1024000 /dev/zero >{place}/full", back):
        sentences = [each.sentence for each in told(stack).findings if each.kind == "disk"]
    assert any(each.startswith(f"{place} has 0.0 MiB of 1.0 MiB left") for each in sentences)
    fill = f"n=0; while [ $n -lt 97 ]; do : >{place}/$n; n=$((n + 1)); done"
    with broken_by(set_up, f"{mount}; {fill}", back):
        sentences = [each.sentence for each in told(stack).findings if each.kind == "disk"]
    assert any(f"{place} has 2 of 100 inodes left" in each for each in sentences)


def test_killed_as_it_begins_or_in_the_middle_it_leaves_the_machine_as_it_was(
    set_up: Node, stack: StackSettings
) -> None:
    before = look(set_up, UNIT)
    kill_at(set_up, "verb doctor")
    assert silence(stack).startswith("somebody killed Shimyard's program")
    assert before.changes(look(set_up, UNIT)) == []

    # Stand-in for a shim that hangs, so that the program is in the middle of its work.
    with broken_by(
        set_up, f"printf '#!/bin/sh\\nexec sleep 60\\n' >{SLOW}; chmod +x {SLOW}", f"rm {SLOW}"
    ):
        causes: list[str] = []
        asking = threading.Thread(target=lambda: causes.append(silence(stack)))
        asking.start()
        wait_for("the verb", lambda: None if shells(set_up) else "not there", seconds=30)
        set_up.run(["kill", "-9", *shells(set_up)])
        asking.join(60)
    assert causes[0].startswith("somebody killed Shimyard's program")
    assert before.changes(look(set_up, UNIT)) == []
    assert all(row.broken is None for row in told(stack).rows)


def silence(stack: StackSettings) -> str:
    """Why the machine could not be asked."""
    (machine,) = examine(stack, "bench", Path("/")).machines.values()
    assert isinstance(machine, Silence)
    return machine.cause


def shells(node: Node) -> list[str]:
    """The shells of the verb, while its stand-in of a shim hangs."""
    if node.run(["pgrep", "-f", "^sleep 60"], check=False).returncode != 0:
        return []
    return node.run(["pgrep", "-f", "^/bin/sh [^ ]*/node doctor"], check=False).stdout.split()


def test_the_clock_of_a_machine_that_shares_ours_is_right(
    set_up: Node, stack: StackSettings
) -> None:
    (machine,) = examine(stack, "bench", Path("/")).machines.values()
    assert isinstance(machine, Examined)
    assert machine.skew == 0
