"""Reading the kernel's list of cgroup hierarchies, on machines of either version."""

from __future__ import annotations

from pathlib import Path

from lab.cgroups import mounts, own_paths

SELF = "9:name=systemd:/a\n4:memory:/b/c\n3:cpu,cpuacct:/\n0::/d\n"
MOUNTS = """\
20 1 0:18 / / rw - ext4 /dev/vda rw
30 20 0:26 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
31 20 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 20 0:28 /x /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct,release_agent=/y
33 20 0:29 / /nowhere/unified rw,relatime shared:3 - cgroup2 cgroup2 rw,nsdelegate
"""


def test_each_hierarchy_is_known_by_its_controllers() -> None:
    assert own_paths(SELF) == {
        frozenset({"name=systemd"}): "/a",
        frozenset({"memory"}): "/b/c",
        frozenset({"cpu", "cpuacct"}): "/",
        frozenset(): "/d",
    }


def test_mounts_of_both_versions_are_found_with_their_root() -> None:
    assert mounts(MOUNTS) == [
        (Path("/sys/fs/cgroup/systemd"), "/", frozenset({"name=systemd"}), False),
        (Path("/sys/fs/cgroup/memory"), "/", frozenset({"memory"}), False),
        (Path("/sys/fs/cgroup/cpu,cpuacct"), "/x", frozenset({"cpu", "cpuacct"}), False),
        (Path("/nowhere/unified"), "/", frozenset(), True),
    ]
