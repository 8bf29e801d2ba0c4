"""The report on Wasm beside ordinary containers says what the samples say, claim by claim."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from benchmarks.containers.kinds import AOT, JIT, ORDINARY
from benchmarks.containers.machine import told
from benchmarks.containers.rounds import turn
from benchmarks.errors import BenchmarkError
from benchmarks.report.claims import claims
from benchmarks.report.containers import CONTAINERS, document, svg
from benchmarks.wasm import main

MIB = 2**20
WRK = """\
Running 1s test @ http://127.0.0.1:8100/
  Latency Distribution
     50%  109.00us
     75%  118.00us
     90%  181.00us
     99%    4.90ms
  7718 requests in 1.01s, 1.42MB read
Requests/sec:   7634.12
Transfer/sec:      1.41MB
"""


def kind(*, start: float, each: float, disk: int, half: float) -> dict[str, Any]:
    """Two samples of everything. ``each``: MiB of one container."""

    def many(count: int) -> list[dict[str, Any]]:
        weight = int(count * each * MIB)
        names = ("containers", "shims", "sandboxes", "cgroups", "nodes")
        return [{"seconds": count * start, "bytes": dict.fromkeys(names, weight)}] * 2

    load = [{"rate": rate, "half": half, "most": 2 * half} for rate in (900.0, 1100.0)]
    return {
        "cold": [{"seconds": 3 * start, "disk": disk}, {"seconds": 5 * start, "disk": disk}],
        "warm": [{"seconds": start}, {"seconds": 3 * start}],
        "many": {"1": many(1), "10": many(10)},
        "load": {"1": load, "16": load},
    }


def part(**of_wasm: Any) -> dict[str, Any]:
    wasm = {"start": 0.1, "each": 1.0, "disk": 10_000, "half": 0.0005, **of_wasm}
    return {
        "images": {AOT: 50_000, JIT: 30_000, ORDINARY: 1_000_000},
        "load seconds": 5,
        "samples": {
            AOT: kind(**wasm),
            JIT: kind(**wasm),
            ORDINARY: kind(start=1.6, each=10.0, disk=200_000, half=0.0001),
        },
    }


def content(**of_wasm: Any) -> dict[str, Any]:
    return {
        "date": "today",
        "note": "",
        "machine": {"processor": "one"},
        "versions": {"shimyard": "abc"},
        "parts": {CONTAINERS: part(**of_wasm)},
    }


def test_a_claim_that_is_just_reached_holds() -> None:
    assert [claim.holds for claim in claims(part())] == [True] * 7


@pytest.mark.parametrize(
    ("less", "failing"),
    [
        ({"start": 0.11}, ["warm start", "cold start"]),
        ({"each": 1.1}, ["all that the node needs", "in its cgroup"]),
        ({"disk": 21_000}, ["on the node, unpacked"]),
        ({"half": 0.0011}, ["under 1 ms"]),
    ],
)
def test_a_claim_that_is_just_missed_does_not_hold_and_the_others_do(
    less: dict[str, Any], failing: list[str]
) -> None:
    missed = [claim.what for claim in claims(part(**less)) if not claim.holds]
    assert len(missed) == len(failing)
    assert all(words in what for words, what in zip(failing, missed, strict=True))


def test_the_image_claim_looks_at_the_compressed_image() -> None:
    larger = part()
    larger["images"][AOT] = 100_001
    assert [claim.what for claim in claims(larger) if not claim.holds] == [
        "an image is a tenth as large in the registry"
    ]


def test_a_memory_that_is_not_seen_proves_nothing() -> None:
    missed = [claim for claim in claims(part(each=0.0)) if not claim.holds]
    assert len(missed) == 2


def test_each_table_has_medians_and_spread() -> None:
    text = document(content(), "wasm.svg")
    assert f"| {AOT} | warm | 2 | 200 | 100 to 300 |" in text
    assert f"| {ORDINARY} | cold | 2 | 6400 | 4800 to 8000 |" in text
    assert f"| {JIT} | 30 | 10 |" in text
    assert f"| {AOT} | 16 | 1000 | 900 to 1100 | 0.50 | 1.00 |" in text
    assert f"| {AOT} | 10 | 2 | 1.00 | 1.0 | 1.0 to 1.0 | 1.00 | 1.00 | 1.00 |" in text
    assert "![Start and memory by number of containers](wasm.svg)" in text


def test_a_note_stands_on_top_of_the_report() -> None:
    noted = {**content(), "note": "The machine was shared."}
    assert "**The machine was shared.**" in document(noted, "wasm.svg")
    assert "**The" not in document(content(), "wasm.svg")


def test_the_plot_has_a_curve_of_each_kind_for_starts_and_for_memory() -> None:
    picture = ET.fromstring(svg(content(each=0.0)))  # noqa: S314
    lines = picture.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 2 * 3


def test_each_kind_is_first_in_turn() -> None:
    orders = [tuple(turn("abc", number)) for number in range(6)]
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)
    assert {order[0] for order in orders} == {"a", "b", "c"}
    assert len(set(orders)) == 6


def test_what_wrk_says_is_read_in_seconds() -> None:
    assert told(WRK) == pytest.approx({"rate": 7634.12, "half": 0.000109, "most": 0.0049})


@pytest.mark.parametrize(
    "said", ["", "unable to connect", WRK + "  Non-2xx or 3xx responses: 12\n",
             WRK + "  Socket errors: connect 0, read 3, write 0, timeout 0\n"]
)  # fmt: skip
def test_a_load_in_which_a_request_failed_is_no_measurement(said: str) -> None:
    with pytest.raises(BenchmarkError, match="see what wrk says"):
        told(said)


@pytest.mark.parametrize("counts", ["0", "-1,5", "many"])
def test_a_count_that_is_none_is_refused_before_anything_starts(
    counts: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["--counts", counts])
    assert "--counts" in capsys.readouterr().err
