"""The report as a person reads it (golden/), as a program reads it, and as a shell does."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import get_args

import pytest

from shimyard.doctor.examination import Examination, Silence
from shimyard.doctor.findings import Kind
from shimyard.doctor.links import LINKS, State
from shimyard.doctor.report import Report
from tests.unit.doctor.examples import SHIM, cluster, examination, machine, more

GOLDEN = Path(__file__).with_name("golden")
DOCS = Path(__file__).parents[3] / "docs/how-to/doctor.md"
# Set to write the golden files anew; then read the difference as an operator would.
WRITE = "SHIMYARD_WRITE_GOLDEN" in os.environ

MISSING = machine(told=[(f"program|{SHIM}|runs|wasmtime\n", "")])
DEAD = machine(told=[("daemon|active", "daemon|failed")])
EXAMPLES: dict[str, Examination] = {
    "healthy": examination(),
    "broken": examination(
        edge_2=MISSING,
        of_cluster=cluster([more("pod|shop|late|-|shimyard-wasmtime\n"
                                 "unscheduled|shop|late|0/2 nodes are available\n")]),
    ),
    "dead containerd": examination(edge_2=DEAD),
    "unreachable": examination(
        edge_2=Silence("no connection to edge@192.0.2.2 port 22: timed out", "is it on?")
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_person_reads_what_is_wrong_and_what_to_do(name: str) -> None:
    path = GOLDEN / f"{name.replace(' ', '-')}.txt"
    text = Report.of(EXAMPLES[name]).text() + "\n"
    if WRITE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize(
    ("name", "code"), [("healthy", 0), ("broken", 1), ("dead containerd", 1), ("unreachable", 2)]
)
def test_a_shell_reads_the_exit_code(name: str, code: int) -> None:
    assert Report.of(EXAMPLES[name]).code == code


def test_a_warning_alone_is_no_failure() -> None:
    report = Report.of(examination(edge_2=machine(skew=20)))
    assert [each.severity for each in report.findings] == ["warning"]
    assert report.code == 0
    assert "edge-2: warning: its clock is 20 s ahead" in report.text()


def test_a_program_reads_a_stable_shape() -> None:
    told = json.loads(Report.of(EXAMPLES["broken"]).json())
    assert list(told) == ["version", "stack", "state", "handlers", "findings"]
    assert (told["version"], told["stack"], told["state"]) == (1, "lab", "broken")
    assert [(each["node"], each["handler"], each["broken"]) for each in told["handlers"]] == [
        ("edge-1", "runc", None),
        ("edge-1", "wasmtime", None),
        ("edge-2", "runc", None),
        ("edge-2", "wasmtime", "shim"),
    ]
    broken = told["handlers"][3]
    assert broken["mend"].startswith("run `make refresh STACK=lab`")
    assert [link["link"] for link in broken["links"]] == [
        "shim", "config", "cri", "class", "label", "canary"
    ]  # fmt: skip
    assert broken["links"][0] == {
        "link": "shim",
        "state": "broken",
        "reason": f"{SHIM} is not there",
        "mend": broken["mend"],
    }
    assert broken["links"][1] == {
        "link": "config",
        "state": "ok",
        "reason": "its type is io.containerd.wasmtime.v1",
        "mend": None,
    }
    (finding,) = told["findings"]
    assert list(finding) == ["kind", "severity", "node", "sentence", "mend"]
    assert (finding["kind"], finding["node"]) == ("unscheduled", None)
    assert json.loads(Report.of(EXAMPLES["unreachable"]).json())["state"] == "unreachable"


def test_the_guide_shows_a_report_that_the_doctor_writes() -> None:
    assert (GOLDEN / "broken.txt").read_text().strip() in DOCS.read_text()


def test_the_guide_has_every_field_and_every_word_of_the_json() -> None:
    guide = DOCS.read_text()
    shape = guide.partition("## JSON")[2].partition("```")[2].partition("```")[0]
    told = json.loads(Report.of(EXAMPLES["broken"]).json())
    nested = [told, told["handlers"][0], told["handlers"][0]["links"][0], told["findings"][0]]
    assert re.findall(r'"(\w+)":', shape) == [
        *list(nested[0])[:4], *nested[1], *nested[2], "findings", *nested[3]
    ]  # fmt: skip
    assert ", ".join(LINKS) in shape
    assert all(state in shape for state in get_args(State))
    table = guide.partition("## What else it finds")[2].partition("## Exit code")[0]
    assert re.findall(
        r"`([a-z-]+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))
    ) == (list(get_args(Kind)))
