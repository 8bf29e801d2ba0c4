"""Whatever machines and a cluster answer, the doctor reports it in words for a terminal."""

from __future__ import annotations

import base64
import json
import math

from hypothesis import given
from hypothesis import strategies as st

from shimyard.doctor.cluster import ClusterFacts
from shimyard.doctor.examination import Examination, Examined, Silence
from shimyard.doctor.machine import MachineFacts
from shimyard.doctor.report import Report
from shimyard.doctor.worlds import unserved, world
from shimyard.node.facts import Facts
from tests.fuzz.answers import rewrites_a_terminal, untouched
from tests.fuzz.profile import cases
from tests.fuzz.test_node_words import damaged, rows
from tests.fuzz.texts import json_junk
from tests.unit.doctor.examples import CLUSTER, FACTS, MACHINE, NOW, POD, settings, wire

DETAILS = (
    "unscheduled|shop|greeter-1|no node\nended|shop|greeter-1|greeter|137|Error\n"
    "limit|shop|greeter-1|greeter|16Mi\nimage|shop|greeter-1|greeter|x@sha256:aa\n"
)
TOLD = {
    "facts": wire(FACTS),
    "machine": wire(
        MACHINE.replace("\nend", "\ncertificate|/x.crt|AAAA\nworld|sha256:aa|e30=\nend")
    ),
    "cluster": wire(CLUSTER.replace("\nend", f"\n{POD}{DETAILS}end")),
}
KEYWORDS = {
    name: sorted({line.split("\t")[0] for line in text.splitlines()}) for name, text in TOLD.items()
}


def reported(facts: str, machine: str, cluster: str) -> None:
    """Answers are refused by a ValueError, or a report can be made of them."""
    with untouched():
        found: Examined | Silence
        try:
            found = Examined(Facts.parse(facts), MachineFacts.parse(machine))
        except ValueError as error:
            found = Silence(str(error), "look")
        said: ClusterFacts | Silence
        try:
            said = ClusterFacts.parse(cluster)
        except ValueError as error:
            said = Silence(str(error), "look")
        machines = {"edge-1": found, "edge-2": found}
        report = Report.of(Examination("lab", settings(), NOW, machines, said))
        text = report.text()
        told = json.loads(report.json())
    assert {char for char in set(text) - set("\n\t") if rewrites_a_terminal(char)} == set()
    assert told["state"] == ("healthy", "broken", "unreachable")[report.code]
    for row in report.rows:
        assert all(bool(link.mend) == (link.state == "broken") for link in row.links)
    assert all(each.sentence and each.mend for each in report.findings)


@cases(300)
@given(damaged(TOLD["facts"]), damaged(TOLD["machine"]), damaged(TOLD["cluster"]))
def test_damaged_answers_are_reported_or_refused(facts: str, machine: str, cluster: str) -> None:
    reported(facts, machine, cluster)


@cases(300)
@given(rows(KEYWORDS["facts"]), rows(KEYWORDS["machine"]), rows(KEYWORDS["cluster"]))
def test_any_lines_are_reported_or_refused(facts: str, machine: str, cluster: str) -> None:
    reported(*(f"{text}\nend\n" for text in (facts, machine, cluster)))


@cases(300)
@given(json_junk, st.sampled_from(["wasmtime", "wasmer"]))
def test_any_config_of_an_image_has_a_world_or_none(value: object, shim: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        return
    for document in (value, {"component": value}, {"component": {"imports": value}}):
        found = world(base64.b64encode(json.dumps(document).encode()).decode())
        assert found is None or isinstance(unserved(found, shim, "0.6.0"), str | None)
