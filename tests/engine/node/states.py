"""Small desired states with every kind of object, and what a node shows of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.nodes.node import Node
from lab.nodes.snapshot import Entry, take
from shimyard.node.desired import Data, DesiredState, File, Link, StoredArtifact, Unit
from shimyard.node.paths import ROOT

UNIT = "clock.service"
BINARY = "/usr/local/bin/clock"
CONFIG = "/etc/clock/clock.conf"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
DATA = "/var/lib/clock"

PROGRAM = """\
#!/bin/sh
# A stand-in for a daemon: it makes its data and stays. Version {version}.
mkdir -p {data}
exec sleep infinity
"""
UNIT_TEXT = """\
[Service]
ExecStart={command}
[Install]
WantedBy={target}
"""


def artifact(folder: Path, version: str, program: str | None = None) -> StoredArtifact:
    """A raw artifact that the controller streams."""
    content = (program or PROGRAM.format(version=version, data=DATA)).encode()
    path = folder / f"clock-{version}"
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return StoredArtifact(
        "clock", version, digest, len(content), "raw", (("", "clock"),), bundle=path
    )


def service(stored: StoredArtifact, config: str = "tick = 1\n") -> DesiredState:
    """A daemon with a config, a drop-in folder, data, and a file whose name is a nuisance."""
    unit = UNIT_TEXT.format(command=BINARY, target="multi-user.target")
    return DesiredState(
        resource="clock",
        artifacts=(stored,),
        files=(
            File.of(CONFIG, config),
            File.of('/etc/clock/conf.d/it\'s "x" $y \\ *.conf', "z\n", mode="0600"),
            File.of(UNIT_FILE, unit),
        ),
        links=(Link(BINARY, stored.path("clock")),),
        folders=("/etc/clock/drop-in",),
        data=(Data(DATA),),
        unit=Unit(UNIT, frozenset({CONFIG, UNIT_FILE, BINARY})),
    )


def settle_predecessor(node: Node) -> None:
    """Somebody else's clock: own files with own modes, owners and times, enabled and running."""
    unit = UNIT_TEXT.format(command="/usr/local/bin/clock --own", target="basic.target")
    script = """\
mkdir -m 0750 /etc/clock
printf 'own\\n' >/etc/clock/clock.conf
chmod 0640 /etc/clock/clock.conf
chown 12:34 /etc/clock/clock.conf
printf '#!/bin/sh\\nexec sleep infinity\\n' >/usr/local/bin/clock
chmod 0755 /usr/local/bin/clock
printf '%s' "$1" >/etc/systemd/system/clock.service
touch -d '2019-03-04 05:06:07' /etc/clock/clock.conf /usr/local/bin/clock \
    /etc/systemd/system/clock.service
systemctl enable --now clock.service
"""
    node.run(["sh", "-c", script, "sh", unit])


@dataclass(frozen=True)
class Seen:
    """A node's files outside of Shimyard's own folder, and its service."""

    files: Mapping[str, Entry]
    times: Mapping[str, int]
    service: str

    def changes(self, later: Seen, *, times: bool = True) -> list[str]:
        """What differs in ``later``, in words; the times of files count unless told."""
        lines = [
            f"{path}: {self.files.get(path)} -> {later.files.get(path)}"
            for path in sorted({*self.files, *later.files})
            if self.files.get(path) != later.files.get(path)
        ]
        lines += [
            f"{path}: of another time"
            for path, time in self.times.items()
            if times and later.times.get(path, time) != time
        ]
        if self.service != later.service:
            lines.append(f"the service: {self.service!r} -> {later.service!r}")
        return lines


def look(node: Node, unit: str = UNIT) -> Seen:
    """All that a transaction may change: /etc, /opt, /usr/local, /var/lib, and the service."""
    files: dict[str, Entry] = {}
    times: dict[str, int] = {}
    skipped = frozenset({"dpkg", "apt", "systemd", Path(ROOT).name})
    for top in ("etc", "opt", "usr/local", "var/lib"):
        root = node.root / top
        for path, entry in take(root, skipped if top == "var/lib" else frozenset()).items():
            if path == ".pwd.lock":
                continue
            files[f"/{top}/{path}"] = entry
            if entry.kind == "file":
                times[f"/{top}/{path}"] = (root / path).stat().st_mtime_ns
    told = node.run(
        ["sh", "-c", f"systemctl is-active {unit}; systemctl is-enabled {unit}; "
         f"systemctl show -p FragmentPath -p NeedDaemonReload {unit}; "
         f"tr '\\0' ' ' </proc/$(systemctl show -p MainPID --value {unit})/cmdline"],
        check=False,
    )  # fmt: skip
    return Seen(files, times, told.stdout)


_ORPHAN = """\
bundle=/run/containerd/io.containerd.runtime.v2.task/default/lost
cp /bin/sleep /opt/containerd-shim-stand-in-v1
mkdir -p "$bundle" && cd "$bundle" || exit
setsid /opt/containerd-shim-stand-in-v1 infinity >/dev/null 2>&1 </dev/null &
echo $!
rmdir "$bundle"
"""


def leave_orphan(node: Node) -> int:
    """Leave a stand-in for the process of a Wasm container that containerd has forgotten."""
    return int(node.run(["sh", "-c", _ORPHAN]).stdout)


def journal(node: Node) -> list[list[str]]:
    """The words of each line of the newest transaction's journal."""
    folders = (node.root / ROOT.lstrip("/") / "generations").iterdir()
    newest = max(folders, key=lambda folder: int(folder.name))
    return [line.split("\t") for line in (newest / "journal").read_text().splitlines()]


def steps(node: Node) -> list[str]:
    """The steps of the newest transaction, as `kill_at` takes them."""
    return [" ".join(row[2:]) for row in journal(node) if row[0] == "step"]


def put_program(node: Node, path: str, script: str) -> None:
    """Put a script there that can be run, before the machine's own program of that name."""
    node.run(["sh", "-c", f"cat >{path}; chmod 755 {path}"], stdin=script)


def kill_at(node: Node, *words: str) -> None:
    """Have the node's program die by SIGKILL at these steps, one after the other."""
    folder = node.root / ROOT.lstrip("/")
    folder.mkdir(exist_ok=True)
    (folder / "kill-at").write_text("".join(f"{each}\n" for each in words))


def leftovers(node: Node) -> list[str]:
    """Files of an unfinished transaction at final paths' sides, and a pending one."""
    found = [str(path) for path in (node.root / "etc").rglob(".*.shimyard-*")]
    found += [str(path) for path in (node.root / "usr/local").rglob(".*.shimyard-*")]
    if (node.root / ROOT.lstrip("/") / "pending").is_symlink():
        found.append("pending")
    return found
