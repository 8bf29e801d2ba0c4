"""Lab nodes behave like machines: logins, power, cables, disks of their own."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from lab.commands import attempt, run
from lab.deadline import wait_for
from lab.errors import NodeNotRunningError, UnknownNodeError
from lab.instance import Lab
from lab.nodes.node import Node
from lab.nodes.ready import ssh_command
from lab.nodes.snapshot import difference
from tests.lab.conftest import Place

pytestmark = pytest.mark.lab

# https://man7.org/linux/man-pages/man7/capabilities.7.html; the number is Linux's own.
CAP_SYS_TIME = 25


def pings(source: Node, target: Node) -> bool:
    return source.run(["ping", "-c1", "-W1", str(target.address)], check=False).returncode == 0


def test_the_lab_user_logs_in_with_the_labs_key_and_becomes_root(two_nodes: Lab) -> None:
    for node in two_nodes.nodes:
        told = run(ssh_command(two_nodes.state, node.address, "hostname; sudo -n id -u"))
        assert told.split() == [node.name, "0"]


def test_a_node_with_another_host_key_is_not_logged_in_to(two_nodes: Lab, node: Node) -> None:
    other = two_nodes.node("edge-2").root / "etc/ssh/ssh_host_ed25519_key"
    (node.root / "etc/ssh/ssh_host_ed25519_key").write_bytes(other.read_bytes())
    node.run(["systemctl", "restart", "ssh"])
    refused = attempt(ssh_command(two_nodes.state, node.address, "true"))
    assert refused.returncode == 255
    assert "Host key verification failed" in refused.stderr


def test_every_connection_is_counted_and_a_second_up_makes_none(two_nodes: Lab) -> None:
    node = two_nodes.node("edge-1")
    before = node.connections()
    run(ssh_command(two_nodes.state, node.address, "true"))
    assert node.connections() == before + 1
    two_nodes.up()
    assert node.connections() == before + 1


@pytest.mark.parametrize("power", ["stop", "kill"])
def test_files_survive_a_power_cycle_and_services_come_back(node: Node, power: str) -> None:
    unit = "[Service]\nExecStart=/usr/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n"
    node.run(["tee", "/etc/systemd/system/kept.service"], stdin=unit)
    node.run(["tee", "/var/lib/containerd/kept"], stdin="data")
    node.run(["systemctl", "enable", "--now", "kept.service"])
    getattr(node, power)()
    assert not node.running
    with pytest.raises(NodeNotRunningError):
        node.run(["true"])
    node.start()
    assert node.run(["cat", "/var/lib/containerd/kept"]).stdout == "data"
    assert node.run(["systemctl", "is-active", "kept.service"]).stdout == "active\n"


def test_a_node_that_reboots_itself_comes_back_as_one_machine(two_nodes: Lab, node: Node) -> None:
    boot = node.run(["cat", "/proc/sys/kernel/random/boot_id"]).stdout
    node.reboot()
    assert node.run(["cat", "/proc/sys/kernel/random/boot_id"]).stdout != boot
    assert pings(two_nodes.node("edge-2"), node)


def test_the_log_of_a_node_that_is_off_can_be_read(node: Node) -> None:
    node.stop()
    assert node.connections() > 0
    assert "sshd" in node.journal()


def test_a_pulled_cable_is_a_partition_and_plugged_in_it_heals(two_nodes: Lab) -> None:
    first, second = two_nodes.nodes
    assert pings(first, second)
    first.link_down()
    assert not pings(second, first)
    assert first.run(["true"]).returncode == 0
    first.link_up()
    wait_for("the link", lambda: None if pings(second, first) else "no answer", seconds=15)


def test_nodes_reach_the_bridge_and_nothing_beyond_it(two_nodes: Lab) -> None:
    node = two_nodes.node("edge-1")
    node.run(["ping", "-c1", "-W2", str(two_nodes.settings.gateway)])
    routes = node.run(["ip", "route"]).stdout.splitlines()
    assert [line.split()[0] for line in routes] == [str(two_nodes.settings.subnet)]


def test_a_snapshot_tells_what_changed_and_a_fresh_node_is_as_before(node: Node) -> None:
    node.fresh()
    before = node.snapshot()
    node.run(["sh", "-c", "echo 1 >/etc/added; chmod 600 /etc/hosts; rm /usr/bin/curl"])
    seen = {line.split(": ")[0] for line in difference(before, node.snapshot())}
    assert seen == {"/etc/added", "/etc/hosts", "/usr/bin/curl"}
    node.fresh()
    assert difference(before, node.snapshot()) == []


def test_a_reboot_alone_changes_no_file(node: Node) -> None:
    before = node.snapshot()
    node.reboot()
    assert difference(before, node.snapshot()) == []


def test_nothing_in_a_node_may_set_this_machines_clock(two_nodes: Lab) -> None:
    # Read and never tried: a clock that does change would break whatever else runs here.
    node = two_nodes.node("edge-1")
    question = ["sh", "-c", "sed -n 's/^CapBnd:\\t//p' /proc/self/status"]
    entered = node.run(question).stdout
    logged_in = run(ssh_command(two_nodes.state, node.address, f"sudo -n {shlex.join(question)}"))
    for capabilities in (entered, logged_in):
        assert not int(capabilities, 16) >> CAP_SYS_TIME & 1


def test_a_node_can_be_added_to_a_lab_that_runs(place: Callable[[int], Place]) -> None:
    with place(1).lab(1) as lab:
        kept = lab.node("edge-1").leader
        added = lab.add_node()
        assert (added.name, added.running) == ("edge-2", True)
        assert lab.node("edge-1").leader == kept
        with pytest.raises(UnknownNodeError, match="edge-1, edge-2"):
            lab.node("edge-3")
