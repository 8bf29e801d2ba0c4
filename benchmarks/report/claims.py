"""What the field says of Wasm beside ordinary containers, and what was measured of it here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.containers.kinds import AOT, ORDINARY
from benchmarks.report.record import median

_TIMES_FASTER: Final = 16
_PART: Final = 0.1
_INSTANCE_SECONDS: Final = 0.001


@dataclass(frozen=True)
class Claim:
    """``number``: what was measured, in words."""

    what: str
    number: str
    holds: bool

    @property
    def verdict(self) -> str:
        """For the table."""
        return "holds here" if self.holds else "**does not hold here**"


def claims(part: Mapping[str, Any]) -> list[Claim]:
    """All of them; medians of the component that is compiled once, and of the ordinary one."""
    wasm, ordinary = (part["samples"][name] for name in (AOT, ORDINARY))
    return [
        *_starts(wasm, ordinary),
        *_memory(wasm, ordinary),
        _image(part["images"]),
        _disk(wasm, ordinary),
        _instance(wasm, ordinary),
    ]


def _starts(wasm: Mapping[str, Any], ordinary: Mapping[str, Any]) -> Iterator[Claim]:
    for name in ("warm", "cold"):
        ours, theirs = median(wasm[name]), median(ordinary[name])
        yield Claim(
            f"a {name} start is {_TIMES_FASTER} times faster",
            f"{theirs / ours:.2f} times: {ours * 1000:.0f} ms, ordinary {theirs * 1000:.0f} ms",
            theirs / ours >= _TIMES_FASTER,
        )


def _memory(wasm: Mapping[str, Any], ordinary: Mapping[str, Any]) -> Iterator[Claim]:
    count = max(wasm["many"], key=int)
    for field, what in (("nodes", "with all that the node needs"), ("cgroups", "in its cgroup")):
        ours, theirs = (
            median([each["bytes"] for each in kind["many"][count]], field) / int(count)
            for kind in (wasm, ordinary)
        )
        yield Claim(
            f"a container, {what}, takes a tenth of the memory",
            f"{ours / theirs:.2f} of it: {ours / 2**20:.1f} MiB, ordinary {theirs / 2**20:.1f} MiB"
            if theirs > 0
            else "nothing to be seen of the ordinary one",
            0 < ours <= _PART * theirs,
        )


def _image(images: Mapping[str, int]) -> Claim:
    ours, theirs = images[AOT], images[ORDINARY]
    return Claim(
        "an image is a tenth as large in the registry",
        f"{ours / theirs:.2f} of it: {ours / 1000:.0f} kB, ordinary {theirs / 1000:.0f} kB",
        ours <= _PART * theirs,
    )


def _disk(wasm: Mapping[str, Any], ordinary: Mapping[str, Any]) -> Claim:
    ours, theirs = (median(kind["cold"], "disk") for kind in (wasm, ordinary))
    return Claim(
        "an image is a tenth as large on the node, unpacked or compiled",
        f"{ours / theirs:.2f} of it: {ours / 1000:.0f} kB, ordinary {theirs / 1000:.0f} kB",
        ours <= _PART * theirs,
    )


def _instance(wasm: Mapping[str, Any], ordinary: Mapping[str, Any]) -> Claim:
    ours, theirs = (median(kind["load"]["1"], "half") for kind in (wasm, ordinary))
    return Claim(
        "an instance of what is compiled ahead of time is made in under 1 ms",
        f"less than {ours * 1000:.2f} ms: a whole request, in a new instance each; ordinary "
        f"{theirs * 1000:.2f} ms",
        ours < _INSTANCE_SECONDS,
    )
