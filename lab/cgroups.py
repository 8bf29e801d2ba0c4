"""The lab's own cgroups: what a process must be in to be the lab's, and to be ended by it.

Every process that the lab leaves running is in a cgroup that the lab made, before it starts its
program. So ownership needs no recorded process ids, survives a `kill -9` of the lab at any moment,
and can't be mistaken for a stranger that got an old number.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from lab.deadline import wait_for
from lab.errors import LeftBehindError

PREFIX: Final = "shimyard."
_CPUSET_FILES: Final = ("cpuset.cpus", "cpuset.mems")


@dataclass(frozen=True)
class Hierarchy:
    """One mounted cgroup hierarchy, which part of it is mounted, and the caller's cgroup in it."""

    mount: Path
    controllers: frozenset[str]
    unified: bool
    root: str
    own: Path


def hierarchies() -> list[Hierarchy]:
    """Every cgroup hierarchy that is mounted here, read from the kernel.

    On a machine with version 2 alone, the parent is the root and not the caller's own cgroup:
    a cgroup that has processes may not hand controllers to children.
    """
    own = own_paths(Path("/proc/self/cgroup").read_text())
    found: dict[frozenset[str], Hierarchy] = {}
    for mount, root, controllers, unified in mounts(Path("/proc/self/mountinfo").read_text()):
        key = frozenset() if unified else controllers
        if key in found or key not in own:
            continue
        relative = os.path.relpath(own[key], root)
        place = mount if relative.startswith("..") else mount / relative
        found[key] = Hierarchy(mount, controllers, unified, root, place)
    every = list(found.values())
    if len(every) == 1 and every[0].unified:
        only = every[0]
        return [replace(only, own=only.mount)]
    return every


def legacy() -> bool:
    """Whether this machine has version 1 hierarchies."""
    return any(not hierarchy.unified for hierarchy in hierarchies())


def make(lab: str, name: str) -> list[Path]:
    """Make the cgroup ``name`` of a lab in every hierarchy and return the folders."""
    made: list[Path] = []
    for hierarchy in hierarchies():
        parent = _existing(hierarchy, lab) or hierarchy.own / f"{PREFIX}{lab}"
        for folder in (parent, parent / name):
            folder.mkdir(exist_ok=True)
            _prepare(hierarchy, folder)
        made.append(parent / name)
    return made


def folders(lab: str, name: str | None = None) -> list[Path]:
    """The existing cgroups of a lab, or those called ``name`` in it."""
    tops = [top for top in (_existing(each, lab) for each in hierarchies()) if top is not None]
    if name is None:
        return tops
    return [top / name for top in tops if (top / name).is_dir()]


def processes(lab: str, name: str | None = None) -> set[int]:
    """The processes in a lab's cgroups and below, or in those called ``name`` and below."""
    found: set[int] = set()
    for top in folders(lab, name):
        for folder, _, _ in os.walk(top):
            try:
                listing = Path(folder, "cgroup.procs").read_text()
            except OSError:
                continue  # it went away while we looked, as do folders that os.walk skips
            found.update(int(pid) for pid in listing.split())
    return found - {0}


def of(pid: int) -> list[Path]:
    """The cgroups that a process is in, as folders."""
    paths = own_paths(Path(f"/proc/{pid}/cgroup").read_text())
    found: list[Path] = []
    for each in hierarchies():
        path = paths.get(frozenset() if each.unified else each.controllers)
        if path is not None:
            found.append(each.mount / os.path.relpath(path, each.root))
    return found


def end(lab: str, name: str | None = None, *, seconds: float = 20.0) -> None:
    """Kill every process in a lab's cgroups, or in those called ``name``, then remove those.

    Errors: ``LeftBehindError`` if a process or a cgroup is still there after ``seconds``.
    """

    def gone() -> str | None:
        alive = processes(lab, name)
        for pid in alive:
            _kill(pid)
        return f"processes {sorted(alive)}" if alive else None

    wait_for(f"ending the processes of {lab} {name or ''}".rstrip(), gone, seconds=seconds)
    remove(lab, name)


def remove(lab: str, name: str | None = None) -> None:
    """Remove a lab's empty cgroups, or those called ``name``, with everything below them."""
    left = [str(top) for top in folders(lab, name) if not _remove_tree(top)]
    if left:
        raise LeftBehindError(left)


def _remove_tree(top: Path) -> bool:
    for folder, _, _ in os.walk(top, topdown=False):
        try:
            Path(folder).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _existing(hierarchy: Hierarchy, lab: str) -> Path | None:
    """A lab's cgroup, wherever an earlier command with another cgroup of its own made it."""
    wanted = f"{PREFIX}{lab}"
    if (hierarchy.own / wanted).is_dir():
        return hierarchy.own / wanted
    for folder, below, _ in os.walk(hierarchy.mount):
        if wanted in below:
            return Path(folder) / wanted
        # Inside a lab there is nothing to look for, and a node may have hundreds.
        below[:] = [each for each in below if not each.startswith(PREFIX)]
    return None


def _prepare(hierarchy: Hierarchy, folder: Path) -> None:
    if hierarchy.unified and hierarchy.controllers:
        available = (folder / "cgroup.controllers").read_text().split()
        wanted = " ".join(f"+{each}" for each in available)
        if not folder.parent.name.startswith(PREFIX) and wanted:
            (folder / "cgroup.subtree_control").write_text(wanted)
    if "cpuset" in hierarchy.controllers and not hierarchy.unified:
        # A version 1 cpuset starts empty, and a process can't join an empty one.
        for name in _CPUSET_FILES:
            target = folder / name
            if target.exists() and not target.read_text().strip():
                target.write_text((folder.parent / name).read_text())
        (folder / "cgroup.clone_children").write_text("1")


def own_paths(text: str) -> dict[frozenset[str], str]:
    """/proc/self/cgroup: controllers of a hierarchy -> the caller's path in it."""
    found: dict[frozenset[str], str] = {}
    for line in text.splitlines():
        _, controllers, path = line.split(":", 2)
        found[frozenset(filter(None, controllers.split(",")))] = path
    return found


def mounts(text: str) -> list[tuple[Path, str, frozenset[str], bool]]:
    """/proc/self/mountinfo: mount point, root inside, controllers, whether it is version 2."""
    found: list[tuple[Path, str, frozenset[str], bool]] = []
    flags = {"rw", "ro", "relatime", "xattr", "noprefix", "clone_children", "cpuset_v2_mode"}
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if kind[0] not in {"cgroup", "cgroup2"}:
            continue
        mount, root = Path(fields[4]), fields[3]
        if kind[0] == "cgroup2":
            listing = mount / "cgroup.controllers"
            names = listing.read_text().split() if listing.exists() else []
            found.append((mount, root, frozenset(names), True))
        else:
            options = {option for option in kind[2].split(",") if option not in flags}
            named = frozenset(o for o in options if not o.startswith("release_agent="))
            found.append((mount, root, named, False))
    return found
