"""Shimyard's node engine without Pulumi: what the engine itself adds shows beside this."""

from __future__ import annotations

import json
import os
import sys

from benchmarks.contestants.base import Command, Contestant, Verdict
from benchmarks.contestants.shimyard import described
from benchmarks.contestants.stack import CHECKOUT
from benchmarks.errors import BenchmarkError


class Facts(Contestant):
    """Reads the facts of all hosts and plans against them, in one process."""

    name = "Shimyard facts"
    means = "read_facts and plan of every host in threads, without Pulumi"
    repairs = False

    def prepare(self) -> None:
        """The same description that the stack has."""
        text = json.dumps(described(self.fleet, self.files))
        (self.folder / "hosts.json").write_text(text)

    def command(self) -> Command:
        """`python -m benchmarks.contestants.facts hosts.json`."""
        module = "benchmarks.contestants.facts"
        argv = [sys.executable, "-m", module, str(self.folder / "hosts.json")]
        return Command(argv, self.folder, {**os.environ, "PYTHONPATH": str(CHECKOUT)})

    def verdict(self, output: str) -> Verdict:
        """It prints the reasons for a change, by address."""
        try:
            reasons: dict[str, list[str]] = json.loads(output.splitlines()[-1])
        except (ValueError, IndexError) as error:
            raise BenchmarkError("no facts were read", mend="see why", log=output) from error
        return Verdict(
            frozenset(reasons), frozenset(address for address, why in reasons.items() if why)
        )
