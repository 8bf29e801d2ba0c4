"""The report of the pods' benchmark says what the samples say."""

from __future__ import annotations

from typing import Any

from benchmarks.pods.weight import Weight
from benchmarks.report.density import document

MIB = 2**20


def kind(container: int, beside: int) -> dict[str, Any]:
    """Two rounds of ten pods that weigh so many MiB each, and two starts."""
    weight = {
        "containers": 10 * container * MIB,
        "sandboxes": 0,
        "shims": 10 * MIB,
        "cgroups": 10 * container * MIB,
        "nodes": 10 * (container + beside) * MIB,
    }
    return {
        "start": [{"answer": 0.5, "ready": 1.0}, {"answer": 0.7, "ready": 2.0}],
        "density": [{"seconds": seconds, "bytes": weight} for seconds in (4.0, 6.0)],
    }


def test_each_kind_has_its_medians_and_its_spread_a_pod() -> None:
    samples = {"wasm": kind(3, 9), "ordinary": kind(1, 14)}
    text = document(
        {
            "date": "today",
            "machine": {"processor": "one"},
            "versions": {"shimyard": "abc"},
            "parts": {"pods": {"replicas": 10, "agents": 2, "samples": samples}},
        }
    )
    assert "| wasm | 2 | 0.60 | 0.50 to 0.70 | 1.50 | 1.00 to 2.00 |" in text
    assert "| ordinary | 2 | 5.00 | 4.00 to 6.00 | 2.0 |" in text
    assert "| wasm | 12.0 | 12.0 to 12.0 | 3.00 | 0.00 | 1.00 | 8.0 | 3.0 |" in text
    assert "ordinary 14.0 MiB." in text


def test_what_was_there_before_does_not_count() -> None:
    before, after = Weight(1, 2, 3, 4, 5), Weight(11, 22, 33, 44, 55)
    assert after - before == Weight(10, 20, 30, 40, 50)
