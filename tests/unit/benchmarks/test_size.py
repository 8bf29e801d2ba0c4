"""The report on sizes puts each step beside the first."""

from __future__ import annotations

from benchmarks.report.size import SIZES, document


def test_each_step_is_told_in_bytes_and_as_a_part_of_the_first() -> None:
    steps = {
        "release": {"bytes": 2_000_000, "gzipped": 500_000},
        "wasm-opt": {"bytes": 65_000, "gzipped": 26_000},
    }
    text = document(
        {"date": "today", "versions": {"rust": "1"}, "parts": {SIZES: {"sizes": {"app": steps}}}}
    )
    assert "| release | 2,000,000 | 100.0 % | 500,000 | 100.0 % |" in text
    assert "| wasm-opt | 65,000 | 3.2 % | 26,000 | 5.2 % |" in text
