"""One connection outlives all commands on it, whatever the threads' timing is."""

from __future__ import annotations

import time
from typing import Any

import paramiko
import pytest
from paramiko.common import MSG_CHANNEL_EOF

from shimyard.node.transport import Session


def test_the_end_of_input_never_comes_after_the_end_of_the_channel(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """sshd ends the whole connection when it gets a message for a channel that is no more."""
    send = paramiko.Transport._send_user_message  # type: ignore[attr-defined]

    def slowly(transport: paramiko.Transport, message: paramiko.Message) -> Any:
        # As on a busy machine, where this thread does not get its turn.
        if message.asbytes()[0] == MSG_CHANNEL_EOF:
            time.sleep(0.5)
        return send(transport, message)

    monkeypatch.setattr(paramiko.Transport, "_send_user_message", slowly)
    for turn in range(3):
        assert session.run(["echo", str(turn)], step="facts").out == f"{turn}\n"
    assert session.alive
