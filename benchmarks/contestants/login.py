"""Nothing but Shimyard's login: what of a refresh is SSH's own handshake."""

from __future__ import annotations

from benchmarks.contestants.bare import Facts
from benchmarks.contestants.base import Command, Verdict


class Login(Facts):
    """Logs in at all hosts, with the product's own transport, and out again."""

    name = "login alone"
    means = "Session.open and close of every host in threads"
    checks = False

    def command(self) -> Command:
        """`python -m benchmarks.contestants.facts --login hosts.json`."""
        facts = super().command()
        argv = [*facts.argv[:-1], "--login", facts.argv[-1]]
        return Command(argv, facts.folder, facts.environment)

    def verdict(self, output: str) -> Verdict:
        """It prints the addresses."""
        return Verdict(super().verdict(output).looked, frozenset())
