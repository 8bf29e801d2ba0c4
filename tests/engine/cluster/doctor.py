"""The doctor as a person on call runs it: asked for the stack of a test, and its mends followed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

from lab.deadline import wait_for
from tests.engine.program.project import STACK, Project

BROKEN = "edge-2"
"""The node on which the tests break something."""
AGAIN = f"run `make refresh STACK={STACK}`, which shows it as drift, then `make up STACK={STACK}`"


class Doctor:
    """What it says of the stack of ``project``."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it as `make doctor` does."""
        return subprocess.run(
            [sys.executable, "-m", "shimyard.doctor", str(self.project.stack_file), *arguments],
            cwd=self.project.folder, env=self.project.environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def told(self, *, code: int | None = None) -> dict[str, Any]:
        """What it says, as JSON. ``code``: the exit code that it must have."""
        asked = self.ask("--json")
        assert asked.stderr == ""
        report: dict[str, Any] = json.loads(asked.stdout)
        assert report["state"] == ("healthy", "broken", "unreachable")[asked.returncode]
        assert code is None or asked.returncode == code, asked.stdout
        return report

    def broken(self) -> dict[str, str]:
        """'node handler' -> the first broken link."""
        rows = self.told()["handlers"]
        return {f"{row['node']} {row['handler']}": row["broken"] for row in rows if row["broken"]}

    def link(self, name: str) -> dict[str, str]:
        """The first broken link on the broken node: ``name``, of the wasmtime handler."""
        rows = self.told(code=1)["handlers"]
        (row,) = (row for row in rows if (row["node"], row["handler"]) == (BROKEN, "wasmtime"))
        assert row["broken"] == name, row
        (found,) = (each for each in row["links"] if each["link"] == name)
        assert found["mend"] == row["mend"]
        return dict(found)

    def findings(self) -> list[dict[str, Any]]:
        """All of them, but for the disk of whoever runs the tests."""
        return [each for each in self.told()["findings"] if not is_of_the_host(each)]

    def only(self, kind: str, node: str | None = BROKEN) -> dict[str, str]:
        """The one finding: of this kind, and about this node."""
        (found,) = self.findings()
        assert (found["kind"], found["node"]) == (kind, node), found
        return found

    def until(self, kind: str, *, seconds: float = 60) -> None:
        """Wait until there is a finding of this kind."""

        def missing() -> str | None:
            found = [each["kind"] for each in self.findings()]
            return None if kind in found else f"only {found}"

        wait_for(f"a finding of kind {kind}", missing, seconds=seconds, interval=0.5)

    def until_well(self, *, seconds: float = 120) -> None:
        """Wait until every link holds and nothing is found."""
        wait_for(
            "a cluster that is well",
            lambda: str(found) if (found := [self.broken(), self.findings()]) != [{}, []] else None,
            seconds=seconds,
            interval=0.5,
        )

    def deploy_again(self) -> None:
        """What it says to do about whatever differs from what was applied; then nothing does."""
        self.project.refresh()
        self.project.up()
        self.until_well()


def is_of_the_host(finding: dict[str, Any]) -> bool:
    """Whether it is about a file system that the lab's nodes have from this machine."""
    place = str(finding["sentence"]).split()[0]
    return finding["kind"] == "disk" and (place == "/" or place.startswith("/var/lib"))


def command(mend: str, start: str) -> list[str]:
    """The words of the command in a mend that begins with ``start``."""
    (found,) = (each for each in re.findall("`([^`]+)`", mend) if each.startswith(start))
    return str(found).split()
