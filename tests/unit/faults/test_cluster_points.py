"""Which points a cluster adds, and where a run with --debug has been."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.cluster_points import Station, added_by_a_cluster, stations, told
from tests.faults.points import points, program

KINDS = added_by_a_cluster(points(program()))
MESSAGES = [
    "edge-3: > sudo -n -- /bin/sh -c [script] shimyard members",
    "| member  edge-1  True",
    "edge-3: > /bin/sh -c [script] shimyard launch 0011",
    "| step  1700000000  prepare  file  /etc/rancher/k3s/config.yaml",
    "edge-2: < exit 0 after 0.1 s",
    "edge-3: | step  1700000001  switch  await-node  edge-3\n| step  1700000002  commit",
    "edge-3: > /bin/sh -c [script] shimyard label edge-3 a=b",
    "edge-3: > /bin/sh -c [script] shimyard members",
]


def test_a_cluster_adds_its_verbs_and_the_operations_on_a_kubelet() -> None:
    assert {("verb", "drain"), ("verb", "forget"), ("prepare", "snapshot")} < KINDS
    assert {("switch", "leave"), ("switch", "await-node")} < KINDS
    assert ("switch", "file") not in KINDS
    assert ("verb", "launch") not in KINDS


def test_a_run_comes_to_verbs_on_the_server_and_to_steps_on_its_machine() -> None:
    assert stations(MESSAGES, KINDS, "edge-1") == [
        Station(("verb", "members"), "verb members", "edge-1"),
        Station(("switch", "await-node"), "switch await-node edge-3", "edge-3"),
        Station(("verb", "label"), "verb label", "edge-1"),
    ]


def test_what_was_told_is_read_in_order_and_without_colours(tmp_path: Path) -> None:
    events = [
        {"sequence": 0, "preludeEvent": {"config": {}}},
        {"sequence": 1, "diagnosticEvent": {"message": "<{%reset%}>edge-1: > a<{%reset%}>\n"}},
    ]
    path = tmp_path / "events.json"
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events))
    assert told(path) == ["", "edge-1: > a\n"]
