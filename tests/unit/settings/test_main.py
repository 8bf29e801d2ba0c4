"""`python -m shimyard.settings check`: one message for each mistake, no traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shimyard.settings.__main__ import main

ROOT = Path(__file__).parents[3]
STACKS = sorted(str(path) for path in (ROOT / "stacks").glob("Pulumi.*.yaml"))


def test_the_shipped_stacks_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(STACKS) == 3
    assert main(["check", *STACKS]) == 0
    assert "Pulumi.lab.yaml: 3 nodes, wasmtime" in capsys.readouterr().out


def test_a_wrong_file_exits_1_with_a_message_and_no_traceback(tmp_path: Path) -> None:
    wrong = tmp_path / "Pulumi.wrong.yaml"
    wrong.write_text("config:\n  shimyard:nodes: []\n  shimyard:runtime: {containerd: {}}\n")

    done = subprocess.run(
        [sys.executable, "-m", "shimyard.settings", "check", str(wrong)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "nodes: is empty; add at least one entry" in done.stderr
    assert "runtime.containerd.version: is missing; add it" in done.stderr
    assert "Traceback" not in done.stderr


def test_all_files_are_checked_even_after_a_wrong_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(tmp_path / "none.yaml"), *STACKS]) == 1
    shown = capsys.readouterr()
    assert "none.yaml: can't be read: No such file or directory" in shown.err
    assert "Pulumi.dev.yaml: 1 nodes" in shown.out


def test_schema_and_reference_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    assert main(["schema", "--output", str(tmp_path / "a" / "schema.json")]) == 0
    assert main(["docs", "--output", str(tmp_path / "b" / "settings.md")]) == 0
    assert (tmp_path / "a" / "schema.json").read_text().startswith("{")
    assert (tmp_path / "b" / "settings.md").read_text().startswith("# Settings")
