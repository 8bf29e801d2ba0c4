"""The table at the end of `make up`."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from shimyard.handlers import table


def summary(canary: str = "passed", generation: float = 2) -> dict[str, Any]:
    # A stack's outputs come as JSON, in which all numbers may be fractions.
    proof = {"shim": "wasmtime", "version": "1.0.1", "canary": canary, "milliseconds": 203.0}
    return {"generation": generation, "handlers": {"wasmtime": proof}}


def test_every_handler_of_every_node_has_a_line_with_its_proof() -> None:
    lines = table({"edge-2": summary(), "edge-1": summary("not run")}).splitlines()
    assert lines[0].split() == ["NODE", "GENERATION", "HANDLER", "SHIM", "VERSION", "CANARY"]
    assert lines[1] == "edge-1  2           wasmtime  wasmtime  1.0.1    not run"
    assert lines[2] == "edge-2  2           wasmtime  wasmtime  1.0.1    passed in 203 ms"


@pytest.mark.parametrize(
    ("nodes", "status"),
    [({"a": summary()}, 0), ({"a": summary(), "b": summary("not run")}, 1), ({}, 1)],
)
def test_a_handler_that_is_not_proven_is_a_failure(nodes: dict[str, Any], status: int) -> None:
    command = [sys.executable, "-m", "shimyard.handlers"]
    result = subprocess.run(
        command, input=json.dumps(nodes), capture_output=True, text=True, check=False
    )
    assert result.returncode == status
    assert "NODE" in result.stdout
    assert result.stderr == ""


def test_a_stack_without_outputs_is_a_failure_in_words() -> None:
    command = [sys.executable, "-m", "shimyard.handlers"]
    result = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr == "handlers: standard input holds no stack output `nodes`\n"
