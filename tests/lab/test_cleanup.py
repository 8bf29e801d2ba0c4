"""Nothing outlives a lab, whatever happened to the command that made or removed it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.commands import attempt, run
from lab.deadline import wait_for
from lab.errors import BridgeTakenError, SettingsError
from lab.instance import Lab
from lab.mounts import below
from lab.nodes.nspawn import processes
from lab.services import running, start
from tests.lab.conftest import CHECKOUT, Place

pytestmark = pytest.mark.lab


def command(place: Place, *argv: str) -> list[str]:
    return [sys.executable, "-m", "lab", *place.options, *argv]


def killed(place: Place, when: Callable[[], bool], *argv: str) -> None:
    """Run a lab command and kill it with SIGKILL as soon as ``when`` holds."""
    with subprocess.Popen(
        command(place, *argv), cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        wait_for(
            "the moment to kill", lambda: None if when() else "not yet", seconds=60, interval=0
        )
        process.kill()


def up_moments(place: Place) -> dict[str, Callable[[], bool]]:
    """Moments of `up`, in order; each as a condition that the kernel or the disk shows."""
    of = place.settings
    nodes = of.folder / "nodes"
    return {
        "claimed": (of.folder / "lab.json").exists,
        "bridge made": Path(f"/sys/class/net/{of.name}").exists,
        "first seed begun": lambda: any(nodes.glob("*/seed*")),
        "first root mounted": lambda: bool(below(of.folder)),
        "first link plugged": Path(f"/sys/class/net/{of.interface_of('edge-1')}").exists,
        "first node booting": lambda: processes(of, "edge-1") is not None,
        "all nodes booting": lambda: processes(of, "edge-2") is not None,
    }


MOMENTS = (
    "claimed",
    "bridge made",
    "first seed begun",
    "first root mounted",
    "first link plugged",
    "first node booting",
    "all nodes booting",
)


def test_every_moment_has_its_test(place: Callable[[int], Place]) -> None:
    assert tuple(up_moments(place(2))) == MOMENTS


@pytest.mark.parametrize("moment", MOMENTS)
def test_down_cleans_what_a_killed_up_left(place: Callable[[int], Place], moment: str) -> None:
    here = place(2)
    killed(here, up_moments(here)[moment], "up", "--bare")
    assert here.traces()
    run(command(here, "down"))
    assert here.traces() == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_up_goes_on_from_what_a_killed_up_left(place: Callable[[int], Place], moment: str) -> None:
    here = place(2)
    killed(here, up_moments(here)[moment], "up", "--bare")
    run(command(here, "up", "--bare"))
    told = json.loads(run(command(here, "status", "--json")))
    assert told["nodes"]
    assert all(node["running"] for node in told["nodes"])
    here.lab(0).down()
    assert here.traces() == []


@pytest.mark.parametrize("gone", ["processes", "mounts", "bridge"])
def test_a_second_down_finishes_a_killed_one(place: Callable[[int], Place], gone: str) -> None:
    here = place(2)
    here.lab(2).up()
    of = here.settings
    moments: dict[str, Callable[[], bool]] = {
        "processes": lambda: processes(of, "edge-1") is None,
        "mounts": lambda: not below(of.folder),
        "bridge": lambda: not Path(f"/sys/class/net/{of.name}").exists(),
    }
    killed(here, moments[gone], "down")
    run(command(here, "down"))
    assert here.traces() == []


def test_down_ends_busy_nodes_and_services_and_what_they_started(
    place: Callable[[int], Place],
) -> None:
    here = place(2)
    lab = here.lab(1)
    lab.up()
    start(lab.settings, "idle", ["sh", "-c", "sleep 1000 & exec sleep 1000"])
    assert running(lab.settings, "idle")
    lab.node("edge-1").run(
        ["systemd-run", "sh", "-c", "trap '' TERM; cd /var/lib/containerd; sleep 1000 & wait"]
    )
    lab.down()
    assert here.traces() == []


def test_what_a_reboot_of_this_machine_leaves_comes_up_with_its_files(
    place: Callable[[int], Place],
) -> None:
    here = place(2)
    lab = here.lab(1)
    lab.up()
    lab.node("edge-1").run(["tee", "/etc/kept"], stdin="kept")
    folder = here.settings.folder
    saved = folder.with_name(f"{folder.name}-saved")
    shutil.rmtree(saved, ignore_errors=True)
    # The state folder is all that is on a disk, so it is all that a reboot keeps.
    lab.node("edge-1").kill()
    run(["umount", str(lab.node("edge-1").root)])
    folder.rename(saved)
    lab.down()
    assert here.traces() == []
    saved.rename(folder)
    lab.up()
    assert lab.node("edge-1").run(["cat", "/etc/kept"]).stdout == "kept"
    lab.down()


def test_a_node_that_died_is_started_again_and_the_others_are_left_alone(
    place: Callable[[int], Place],
) -> None:
    with place(2).lab(2) as lab:
        first, second = lab.nodes
        kept = second.leader
        first.kill()
        lab.up()
        assert first.running
        assert second.leader == kept


def test_two_labs_run_side_by_side_and_end_alone(place: Callable[[int], Place]) -> None:
    one, two = place(2), place(3)
    with two.lab(1) as kept:
        with one.lab(1) as lab:
            node = lab.node("edge-1")
            beyond = ["ping", "-c1", "-W1", str(kept.node("edge-1").address)]
            assert node.run(beyond, check=False).returncode != 0
        assert one.traces() == []
        kept.node("edge-1").run(["true"])
    assert two.traces() == []


def test_a_lab_never_takes_or_removes_the_bridge_of_another(
    place: Callable[[int], Place],
) -> None:
    one, two = place(2), place(3)
    with one.lab(1) as lab:
        thief = Lab(two.settings.folder, one.settings.name, two.settings.subnet, 1)
        for attempted in (thief.up, thief.down):
            with pytest.raises(BridgeTakenError) as refused:
                attempted()
            assert refused.value.owner_folder == one.settings.folder
        assert lab.node("edge-1").running


def test_a_stranger_with_the_bridges_name_is_left_alone(place: Callable[[int], Place]) -> None:
    here = place(2)
    run(["ip", "link", "add", "name", here.settings.name, "type", "bridge"])
    try:
        for verb in (["up", "--bare"], ["down"]):
            refused = attempt(command(here, *verb))
            assert refused.returncode == 1
            assert "was not made by a lab" in refused.stderr
            assert "Traceback" not in refused.stderr
        assert Path(f"/sys/class/net/{here.settings.name}").exists()
    finally:
        run(["ip", "link", "delete", "dev", here.settings.name])


def test_another_name_for_a_lab_that_runs_is_refused(place: Callable[[int], Place]) -> None:
    one, two = place(2), place(3)
    with one.lab(1):
        other = Lab(one.settings.folder, two.settings.name, one.settings.subnet, 1)
        with pytest.raises(SettingsError, match="end that one first"):
            other.up()


def test_the_machines_own_network_settings_stay_as_they_were(
    place: Callable[[int], Place],
) -> None:
    forwarding = Path("/proc/sys/net/ipv4/ip_forward")
    before = (forwarding.read_text(), run(["ip", "route", "show", "default"]))
    here = place(2)
    with here.lab(1):
        assert forwarding.read_text() == before[0]
    assert (forwarding.read_text(), run(["ip", "route", "show", "default"])) == before
