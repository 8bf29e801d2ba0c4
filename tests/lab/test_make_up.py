"""The README's first command, as a user gives it: the checkout's own lab, up and down."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.instance import Lab
from lab.settings import DEFAULT_NAME, DEFAULT_SUBNET

CHECKOUT = Path(__file__).resolve().parents[2]
STATE = CHECKOUT / ".lab"
NODES = ("edge-1", "edge-2", "edge-3")


@dataclass(frozen=True)
class Made:
    """What a target of the Makefile printed."""

    code: int
    out: str


def make(*targets: str) -> Made:
    """Run make as from a shell of its own: this suite may itself run under a make."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(
        ["make", "--no-print-directory", *targets],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Made(done.returncode, done.stdout)


@pytest.fixture(scope="module")
def first_up() -> Iterator[Made]:
    """`make up` on a machine without a lab; afterwards `make down`, whatever has happened."""
    assert not STATE.exists(), "the checkout's own lab exists: run `make down` first"
    try:
        yield make("up")
    finally:
        make("down")


def lab() -> Lab:
    return Lab(STATE, DEFAULT_NAME, DEFAULT_SUBNET)


def test_up_ends_with_every_handler_of_every_node_proven(first_up: Made) -> None:
    assert first_up.code == 0, first_up.out[-4000:]
    rows = [line.split() for line in first_up.out.splitlines() if line.startswith("edge-")]
    proven = {(row[0], row[2]) for row in rows if "passed" in row}
    handlers = {"runc", "wasmtime"}
    assert {(node, handler) for node in NODES for handler in handlers} <= proven
    assert len(proven) == len(rows)


def test_up_ends_with_the_answer_of_a_component_in_pods_on_agents(first_up: Made) -> None:
    lines = first_up.out.splitlines()
    body = json.loads(lines[-1])
    assert body["app"] == "greeter"
    assert body["path"] == "/hello/edge"
    assert " ms a request" in lines[-2]
    pods = [line.split()[-1] for line in lines if line.startswith("pod greeter-")]
    assert len(pods) == 2
    assert set(pods) <= set(NODES)


def test_up_shows_where_each_node_is_on_its_way(first_up: Made) -> None:
    for step in ("reading the node", "verified and stored", "canary", "commit"):
        assert step in first_up.out, step


def test_a_second_up_changes_nothing_and_connects_to_no_node(first_up: Made) -> None:
    assert first_up.code == 0
    before = [node.connections() for node in lab().nodes]
    # What comes after the Pulumi run (table and demo) goes through no SSH either.
    again = make("up")
    assert again.code == 0, again.out[-4000:]
    assert "unchanged" in again.out
    assert not any(word in again.out for word in ("to update", "updated", "created", "replaced"))
    assert [node.connections() for node in lab().nodes] == before


def test_down_leaves_neither_nodes_nor_bridge_nor_folder(first_up: Made) -> None:
    assert first_up.code == 0
    ended = make("down")
    assert ended.code == 0, ended.out[-4000:]
    assert re.search(r"\d+ deleted", ended.out)
    assert "failed" not in ended.out
    assert not STATE.exists()
    links = subprocess.run(["ip", "-br", "link"], capture_output=True, text=True, check=True)
    assert DEFAULT_NAME not in links.stdout
