"""The report on growth says where a further node costs more, in which measure, and only there."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from benchmarks.report.growth import document, steps, svg
from benchmarks.scale import rounds_of


def sample(nodes: int, *, a_node: float = 0.05, square: float = 0.0) -> dict[str, Any]:
    cpu = 2 + nodes * a_node + nodes * nodes * square
    told = {"cpu": cpu, "memory": 1e8}
    return {
        "seconds": cpu / 2,
        "cpu": cpu,
        "hosts_cpu": 1.0,
        "connections": nodes,
        "memory": int(2e8 + nodes * 5e5),
        "by process": {"engine": told, "provider": {"cpu": cpu / 4, "memory": 5e7}},
    }


def parts(**curve: float) -> dict[str, Any]:
    return {
        f"{nodes} nodes": {
            "nodes": nodes,
            "state": nodes * 30_000,
            "commands": {"preview": [sample(nodes)] * 3, "refresh": [sample(nodes, **curve)] * 3},
        }
        for nodes in (1000, 10, 100)
    }


def verdicts(found: dict[str, Any]) -> dict[tuple[str, str], bool | None]:
    return {(step.command, step.measure): step.flat for step in steps(found) if step.more == 1000}


def test_what_costs_as_much_for_each_further_node_is_flat_though_a_start_costs_more() -> None:
    assert set(verdicts(parts()).values()) == {True}


def test_a_command_that_bends_is_said_to_and_no_other() -> None:
    found = verdicts(parts(square=0.0001))
    assert {key for key, flat in found.items() if not flat} == {
        ("refresh", "cpu"),
        ("refresh", "seconds"),
    }


def test_the_first_step_has_nothing_to_be_compared_with() -> None:
    assert {step.flat for step in steps(parts()) if step.more == 100} == {None}


def test_the_report_has_every_size_in_order_and_the_verdicts() -> None:
    content = {"date": "today", "machine": {"processor": "x"}, "versions": {"y": "1"}}
    text = document({**content, "parts": parts(square=0.0001)}, "plot.svg")
    assert "The machines are simulated" in text
    assert text.index("\n| 10 |") < text.index("\n| 100 |") < text.index("\n| 1,000 |")
    assert text.count("**bends**") == 2
    assert "engine 152.0, provider 38.0" in text


def test_the_plot_has_a_panel_a_measure_with_a_curve_a_command() -> None:
    picture = ET.fromstring(svg(parts()))  # noqa: S314
    assert len([each for each in picture.iter() if each.tag.endswith("polyline")]) == 6


def test_a_large_stack_gets_fewer_rounds() -> None:
    assert [rounds_of(size, 5) for size in (10, 100, 1000)] == [5, 3, 2]
    assert rounds_of(1000, 1) == 1
