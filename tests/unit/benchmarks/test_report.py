"""The report says what was measured: a missed goal as missed, an unmeasured one as unmeasured."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from benchmarks.report.goals import goals
from benchmarks.report.plot import svg
from benchmarks.report.record import Record
from benchmarks.report.tables import document


def sample(seconds: float, trips: int = 5, connections: int = 1) -> dict[str, Any]:
    return {
        "seconds": seconds,
        "controller_cpu": 1.0,
        "hosts_cpu": 1.0,
        "line_cpu": 0.1,
        "connections": connections,
        "round_trips": trips,
        "out_bytes": 1,
        "back_bytes": 1,
    }


def cell(hosts: int, delay: int, *, refresh: float = 1.0, trips: int = 7) -> dict[str, Any]:
    seconds = {"login alone": 0.5, "Shimyard facts": 0.8, "Shimyard up": 1.0,
               "pyinfra": 6.0, "ansible-core": 60.0}  # fmt: skip
    contestants = {
        name: {"means": "", "samples": [sample(value, connections=name != "Shimyard up")] * 5}
        for name, value in seconds.items()
    }
    contestants["Shimyard refresh"] = {"means": "", "samples": [sample(refresh, trips)] * 5}
    return {"hosts": hosts, "delay": delay, "operations": 10, "contestants": contestants}


def verdicts(parts: dict[str, Any]) -> dict[str, bool | None]:
    return {goal.what: goal.met for goal in goals(parts)}


def test_goals_that_were_met_are_said_to_be() -> None:
    found = verdicts({"a": cell(1, 50), "b": cell(20, 50)})
    measured = {what: met for what, met in found.items() if met is not None}
    assert len(measured) == 3
    assert all(measured.values())


def test_a_slow_refresh_and_a_talkative_one_are_missed_goals() -> None:
    found = verdicts({"a": cell(1, 50, trips=8), "b": cell(20, 50, refresh=1.3)})
    assert sorted(met for met in found.values() if met is not None) == [False, False, True]


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    assert set(verdicts({}).values()) == {None}


def test_the_report_has_every_cell_and_every_contestant() -> None:
    parts = {"a": cell(1, 0), "b": cell(20, 50)}
    content = {"date": "today", "machine": {"processor": "x"}, "versions": {"y": "1"}}
    text = document({**content, "parts": parts}, "plot.svg")
    assert "## 1 host, 0 ms" in text
    assert "## 20 hosts, 50 ms" in text
    assert text.count("| pyinfra |") == 2


def test_the_plot_is_a_picture_with_a_curve_for_each_contestant() -> None:
    picture = ET.fromstring(svg([cell(1, 0), cell(20, 0)]))  # noqa: S314
    assert len([each for each in picture.iter() if each.tag.endswith("polyline")]) == 4


def test_a_finished_part_is_there_for_the_next_run(tmp_path: Path) -> None:
    Record(tmp_path / "x.json").add("a", {"value": 1})
    assert Record(tmp_path / "x.json").parts == {"a": {"value": 1}}
