"""What `Workloads` asks a cluster for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Rendered:
    """The resources that were registered, and the exports."""

    resources: list[dict[str, Any]]
    exports: dict[str, Any]

    @property
    def objects(self) -> dict[str, dict[str, Any]]:
        """'Kind/resource name' -> the object, for everything in the cluster.

        Without what is added to an object of somebody else's, which is no whole object.
        """
        return {
            f"{each['inputs']['kind']}/{each['name']}": each["inputs"]
            for each in self.resources
            if each["type"].startswith("kubernetes:")
            if "kind" in each["inputs"] and not each["type"].endswith("Patch")
        }

    def resource(self, kind: str, name: str) -> dict[str, Any]:
        """The registration of one resource, by the end of its type and its name.

        A component may be called as the kind that it makes: then more of the type tells them apart.
        """
        (found,) = (
            each
            for each in self.resources
            if each["type"].endswith(f":{kind}") and each["name"] == name
        )
        return found


Render = Callable[[dict[str, Any]], Rendered]


@pytest.fixture(scope="session")
def render() -> Iterator[Render]:
    """One process for all tests: it is the SDK's import that takes long."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.program.kubernetes.rendered"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        text=True,
    ) as process:

        @cache
        def answer(line: str) -> Rendered:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
            answered = process.stdout.readline()
            assert answered, "the program has failed; its message is on standard error"
            return Rendered(**json.loads(answered))

        yield lambda stack: answer(json.dumps(stack))
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait() == 0
