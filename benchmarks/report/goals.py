"""Each goal, with the number that was measured: met, missed, or not measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.contestants.ansible import Ansible, Mitogen
from benchmarks.contestants.login import Login
from benchmarks.contestants.pyinfra import Pyinfra
from benchmarks.contestants.shimyard import Refresh, Up
from benchmarks.report.record import median

INSTALL: Final = "first install"
PREVIEWS: Final = "previews"
_PEERS: Final = (Pyinfra.name, Mitogen.name, Ansible.name)
_HOSTS: Final = 20


@dataclass(frozen=True)
class Goal:
    """``number``: in words; ``met`` is None if it was not measured."""

    what: str
    number: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """For the table."""
        return {True: "met", False: "**missed**", None: "not measured"}[self.met]


def goals(parts: Mapping[str, Any]) -> list[Goal]:
    """All goals, in the order of the report."""
    cells = [part for part in parts.values() if "contestants" in part]
    return [
        _connections(cells),
        _round_trips(cells),
        *_speed(cells),
        *_install(parts.get(INSTALL)),
        *_previews(parts.get(PREVIEWS)),
    ]


def _connections(cells: list[Any]) -> Goal:
    what = "a no-op `up` opens no connection"
    seen = [
        sample["connections"]
        for cell in cells
        for sample in cell["contestants"].get(Up.name, {"samples": []})["samples"]
    ]
    if not seen:
        return Goal(what, "", None)
    return Goal(what, f"{max(seen)} connections in {len(seen)} runs", max(seen) == 0)


def _round_trips(cells: list[Any]) -> Goal:
    what = "a refresh takes at most the SSH handshake and 2 round trips a node"
    found: list[tuple[int, float, float]] = []
    for cell in cells:
        if cell["hosts"] == 1 and cell["delay"] > 0:
            login, refresh = (
                median(cell["contestants"][name]["samples"], "round_trips")
                for name in (Login.name, Refresh.name)
            )
            found.append((cell["operations"], login, refresh))
    if not found:
        return Goal(what, "", None)
    words = ", ".join(
        f"{login:.0f} + {refresh - login:.0f} with {size} operations"
        for size, login, refresh in sorted(found)
    )
    return Goal(what, words, all(refresh - login <= 2 for _, login, refresh in found))


def _speed(cells: list[Any]) -> Iterator[Goal]:
    for cell in cells:
        if cell["hosts"] != _HOSTS:
            continue
        contestants = cell["contestants"]
        peers = {
            name: median(contestants[name]["samples"]) for name in _PEERS if name in contestants
        }
        what = f"a refresh of {_HOSTS} hosts at {cell['delay']} ms is 5 times faster than any peer"
        if not peers:
            yield Goal(what, "", None)
            continue
        best = min(peers, key=lambda name: peers[name])
        ours = median(contestants[Refresh.name]["samples"])
        ratio = peers[best] / ours
        yield Goal(what, f"{ratio:.1f} times: {ours:.2f} s, {best} {peers[best]:.2f} s", ratio >= 5)


def _install(part: Any) -> Iterator[Goal]:
    streamed = "a first install moves at most 1.05 times the compressed artifacts"
    mirrored = "with a mirror, the controller sends less than 50 kB a node"
    if part is None:
        yield from (Goal(streamed, "", None), Goal(mirrored, "", None))
        return
    way = part["streamed"]
    total = way["controller sends"] + way["node answers"] + way["mirror"]
    ratio = total / part["compressed bytes"]
    yield Goal(streamed, f"{ratio:.4f} times, {total / 1e6:.1f} MB", ratio <= 1.05)
    sent = part["with a mirror"]["controller sends"]
    yield Goal(mirrored, f"{sent / 1000:.1f} kB", sent < 50_000)


def _previews(part: Any) -> Iterator[Goal]:
    if part is None:
        yield Goal("a preview takes at most 1.5 times the bare engine's", "", None)
        return
    for shape, measured in part["shapes"].items():
        ours, bare = (median(measured["samples"][who]) for who in ("shimyard", "bare engine"))
        yield Goal(
            f"a preview of {shape} takes at most 1.5 times the bare engine's",
            f"{ours / bare:.2f} times: {ours:.2f} s, bare {bare:.2f} s",
            ours / bare <= 1.5,
        )
