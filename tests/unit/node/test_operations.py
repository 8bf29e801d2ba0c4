"""A plan's line carries its words exactly, or is refused."""

from __future__ import annotations

import pytest

from shimyard.node.operations import (
    ExpectGeneration,
    MakeFolder,
    Operation,
    PlaceFile,
    RestartUnit,
    RunCanary,
)


@pytest.mark.parametrize("end", ["\t", "\n", "\r", "\0"])
def test_a_word_that_a_line_cannot_carry_is_refused(end: str) -> None:
    with pytest.raises(ValueError, match="has a tab or a line end"):
        MakeFolder(f"/etc/a{end}b").line()


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        (MakeFolder("/etc/ a\"'$(x) \\ ü"), "dir|/etc/ a\"'$(x) \\ ü"),
        (ExpectGeneration("x", None), "expect|x|none"),
        (ExpectGeneration("x", 12), "expect|x|12"),
        (
            RunCanary("h", "io.containerd.h.v1", None, "img:1", "wasi/wasm", None, 60),
            "canary|h|io.containerd.h.v1|-|img:1|wasi/wasm|-|60",
        ),
        (
            PlaceFile("/etc/x", "files/0", "0600", "root", "10", True),
            "file|/etc/x|files/0|0600|root|10|adopt",
        ),
    ],
)
def test_words_stand_in_their_places_and_an_empty_one_is_a_dash(
    operation: Operation, line: str
) -> None:
    assert operation.line() == line.replace("|", "\t")


def test_a_restart_says_what_it_does_to_wasm_containers() -> None:
    because = ("/etc/x",)
    restart = RestartUnit("c.service", because, starts=False, runs_containers=True)
    assert restart.effect() == "restarts c.service: /etc/x; running Wasm containers end"
    start = RestartUnit("c.service", because, starts=True, runs_containers=True)
    assert start.effect() == "starts c.service: /etc/x"
