"""Progress on the engine's display."""

from __future__ import annotations

import threading

from lab.deadline import wait_for
from shimyard.provider.engine_log import EngineLog
from tests.unit.provider.engine import URN, KeptLog


def test_each_step_shows_but_not_every_line_of_it(log: KeptLog) -> None:
    with log.progress(URN, "edge-1") as report:
        for number in range(100):
            report("switch", f"link {number}")
        report("canary", "wasmtime passed")
    shown = [text for text, _ in log.said]
    assert shown[0] == "edge-1: switch: link 0"
    assert shown[-1] == "edge-1: canary: wasmtime passed"
    assert len(shown) < 10
    assert log.kept == []


def test_the_last_line_of_a_step_shows_although_the_one_before_it_came_just_now(
    log: KeptLog,
) -> None:
    with log.progress(URN, "edge-1") as report:
        report("switch", "putting /etc/x in place")
        report("switch", "putting /etc/y in place")
        report("switch", "putting /opt/large in place")
        wait_for("the last line", lambda: None if len(log.said) > 1 else "one line", seconds=5)
        report("switch", "restarting containerd.service")
    assert [text for text, _ in log.said] == [
        "edge-1: switch: putting /etc/x in place",
        "edge-1: switch: putting /opt/large in place",
        "edge-1: switch: restarting containerd.service",
    ]


def test_nothing_shows_after_the_end(log: KeptLog) -> None:
    with log.progress(URN, "edge-1") as report:
        report("switch", "putting /etc/x in place")
        report("switch", "putting /etc/y in place")
    report_threads = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    for thread in report_threads:
        thread.join(5)
    assert len(log.said) == 1


def test_an_engine_that_is_gone_stops_nothing() -> None:
    EngineLog("127.0.0.1:9").info(URN, "nobody hears this")
