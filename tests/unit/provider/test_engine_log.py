"""Progress on the engine's display."""

from __future__ import annotations

from shimyard.provider.engine_log import EngineLog
from tests.unit.provider.engine import URN, KeptLog


def test_each_step_shows_but_not_every_line_of_it(log: KeptLog) -> None:
    report = log.reporter(URN, "edge-1")
    for number in range(100):
        report("switch", f"link {number}")
    report("canary", "wasmtime passed")
    shown = [text for text, _ in log.said]
    assert shown[0] == "edge-1: switch: link 0"
    assert shown[-1] == "edge-1: canary: wasmtime passed"
    assert len(shown) < 10
    assert log.kept == []


def test_an_engine_that_is_gone_stops_nothing() -> None:
    EngineLog("127.0.0.1:9").info(URN, "nobody hears this")
