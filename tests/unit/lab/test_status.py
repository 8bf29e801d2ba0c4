"""What `python -m lab status` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.__main__ import main
from lab.status import describe


def test_without_a_lab_status_says_so_and_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(tmp_path), "status"]) == 0
    assert capsys.readouterr().out == f"no lab in {tmp_path}; `python -m lab up` makes one\n"


def test_status_tells_which_node_is_off_and_how_to_log_in() -> None:
    text = describe(
        {
            "up": True,
            "name": "shimyard0",
            "subnet": "10.213.0.0/24",
            "state": "/srv/lab",
            "user": "edge",
            "key": "/srv/lab/ssh/id_ed25519",
            "known_hosts": "/srv/lab/ssh/known_hosts",
            "nodes": [
                {"name": "edge-1", "address": "10.213.0.11", "running": True},
                {"name": "edge-2", "address": "10.213.0.12", "running": False},
            ],
            "services": ["mirror"],
        }
    )
    assert "edge-1   10.213.0.11     running" in text
    assert "edge-2   10.213.0.12     off" in text
    assert "ssh -i /srv/lab/ssh/id_ed25519" in text


def test_a_mistake_is_one_message_and_no_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--state", str(tmp_path), "--name", "Not/a/name", "status"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("lab: the name can't be 'Not/a/name'")
    assert "Traceback" not in told
