"""A lab node with a container runtime of Shimyard's making, and containers on it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import first_install
from benchmarks.containers.kinds import Kind
from benchmarks.contestants.stack import Stack
from benchmarks.errors import BenchmarkError
from benchmarks.pods.prober import answers
from benchmarks.pods.weight import Groups, Weight, weigh
from lab.apt import install
from lab.builds.inventory import build_all, recipes
from lab.commands import attempt
from lab.deadline import wait_for
from lab.errors import NotReadyError
from lab.images.layout import export
from lab.instance import Lab
from lab.mirror.service import start_mirror
from lab.nodes import nspawn
from lab.nodes.node import Node
from toolchain import Toolchain
from toolchain.progress import Progress

_CTR: Final = ("ctr", "--namespace", "benchmark")
_GROUPS: Final = Groups(re.compile(r"/benchmark/c[0-9]+"), "benchmark")
_DATA: Final = "/var/lib/containerd"
_PORT: Final = 8100
_UP_SECONDS: Final = 300
_START_SECONDS: Final = 60
_PATIENCE_SECONDS: Final = 5
_PAUSE: Final = 0.001
_PROGRAM: Final = Path(first_install.__file__).with_name("install_program.py")


@dataclass(frozen=True)
class Machine:
    """The node. ``versions``: of what it runs. Errors of all methods: ``LabError``."""

    lab: Lab
    node: Node
    versions: dict[str, str]

    def have(self, kind: Kind) -> None:
        """Import a kind's image out of an archive that is on the node."""
        self.node.run([*_CTR, "images", "import", *kind.imported, _archive(kind)])

    def forget(self, kind: Kind) -> None:
        """Remove its image, and what was unpacked or compiled of it."""
        self.node.run([*_CTR, "images", "rm", "--sync", kind.reference])
        self.node.run([*_CTR, "content", "prune", "references"])

    def start(self, kind: Kind, count: int = 1) -> float:
        """Start so many containers, one after another; seconds until each has answered.

        Errors: ``BenchmarkError`` for one that does not start, or ends by itself.
        """
        began = time.monotonic()
        for number in range(count):
            options, arguments = kind.listening(_PORT + number)
            argv = [*_CTR, "run", "--detach", "--net-host", *kind.runtime, *options]
            argv += [kind.reference, f"c{number}", *arguments]
            done = attempt(nspawn.inside(self.node.leader, argv), seconds=_START_SECONDS)
            if done.returncode != 0:
                raise BenchmarkError(
                    f"{kind.name}: a container does not start",
                    mend="see what ctr says",
                    log=done.stdout + done.stderr,
                )
        for number in range(count):
            self._wait_answer(kind, number)
        return time.monotonic() - began

    def _wait_answer(self, kind: Kind, number: int) -> None:
        port = _PORT + number

        def unanswered() -> str | None:
            return None if answers(str(self.node.address), port) else "no answer"

        while True:
            try:
                wait_for(kind.name, unanswered, seconds=_PATIENCE_SECONDS, interval=_PAUSE)
            except NotReadyError:
                listed = self.node.run([*_CTR, "task", "ls"]).stdout
                if not re.search(rf"^c{number}\s.*RUNNING", listed, re.MULTILINE):
                    raise BenchmarkError(
                        f"{kind.name}: the container has ended by itself",
                        mend="run its image with ctr, and see what it prints",
                        log=listed,
                    ) from None
            else:
                return

    def stop(self, count: int = 1) -> None:
        """End them, and wait until no process of them is left."""
        for number in range(count):
            self.node.run([*_CTR, "task", "rm", "--force", f"c{number}"])
            self.node.run([*_CTR, "container", "rm", f"c{number}"])

        def left() -> str | None:
            weight = self.weigh()
            there = weight.shims + weight.containers
            return f"{there} bytes of processes" if there else None

        wait_for("the containers' end", left, seconds=60, interval=0.1)

    def weigh(self) -> Weight:
        """What all containers hold now."""
        return weigh(self.lab, [self.node.name], _GROUPS)

    def disk(self) -> int:
        """Bytes of all that containerd keeps."""
        return int(self.node.run(["du", "--summarize", "--bytes", _DATA]).stdout.split()[0])

    def load(self, connections: int, seconds: int) -> dict[str, float]:
        """Ask the first container as fast as so many connections can.

        Requests a second, and how long half and 99 % of them took, in seconds.
        Errors: ``BenchmarkError`` if one of them failed.
        """
        argv = ["nsenter", f"--target={self.node.leader}", "--net", "wrk", "--threads=1"]
        argv += [f"--connections={connections}", f"--duration={seconds}s", "--latency"]
        done = subprocess.run(
            [*argv, f"http://127.0.0.1:{_PORT}/"], capture_output=True, text=True, check=False
        )
        return told(done.stdout + done.stderr)


def told(text: str) -> dict[str, float]:
    """What wrk says. Errors: ``BenchmarkError`` if a request failed, or it says nothing."""
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
    rate = re.search(r"^Requests/sec:\s+([\d.]+)", text, re.MULTILINE)
    found = {
        percent: float(number) * units[unit]
        for percent, number, unit in re.findall(
            r"^\s+(50|99)%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE
        )
    }
    if rate is None or len(found) != 2 or "Non-2xx" in text or "Socket errors" in text:
        raise BenchmarkError("requests failed", mend="see what wrk says", log=text)
    return {"rate": float(rate[1]), "half": found["50"], "most": found["99"]}


@contextmanager
def machine(
    pulumi: Toolchain, every: Sequence[Kind], lab: Lab, folder: Path, progress: Progress
) -> Iterator[Machine]:
    """The runtime and an archive of each kind's image on the only node of ``lab``.

    ``lab``: not up yet; it is gone at the end. ``folder``: for the stack, empty.
    Errors: ``BenchmarkError``, ``LabError``.
    """
    _ensure_wrk()
    names = first_install.NAMES
    built = build_all(progress, [each for each in recipes() if each.name in names])
    with lab:
        start_mirror(lab.settings, built)
        (node,) = lab.nodes
        described = {
            "node": first_install.node_section(lab, node.name),
            "runtime": first_install.runtime_section(built),
            "sources": {"lockFiles": [str(lab.state.artifacts_lock)]},
        }
        _install(Stack(pulumi, folder, _PROGRAM), described)
        for kind in every:
            export(kind.image, kind.reference, node.root / _archive(kind).lstrip("/"))
        yield Machine(lab, node, {each: built.find(each).version for each in names})


def _install(stack: Stack, described: Mapping[str, Any]) -> None:
    (stack.folder / "install.json").write_text(json.dumps(described))
    command = stack.command("up", "--yes", "--skip-preview")
    done = attempt(command.argv, seconds=_UP_SECONDS, env=command.environment)
    if done.returncode != 0:
        raise BenchmarkError(
            "the container runtime can't be made",
            mend="see what Pulumi says",
            log=done.stdout + done.stderr,
        )


def _ensure_wrk() -> None:
    if shutil.which("wrk") is None:
        install(["wrk"])


def _archive(kind: Kind) -> str:
    return f"/opt/{kind.image.digest[7:19]}.tar"
