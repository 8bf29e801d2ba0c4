"""SSH: one connection a node, a command a channel. Fabric is known here and in login only."""

from __future__ import annotations

import select
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import invoke.exceptions
import paramiko
from fabric.connection import Connection
from paramiko.common import cMSG_CHANNEL_REQUEST

from shimyard.node.errors import KilledError
from shimyard.node.login import close, connection_to, dial, explained, failing, interrupted
from shimyard.node.transcript import UNTOLD, Transcript
from shimyard.settings import NodeSettings

OnLine = Callable[[str], None]

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Completed:
    """What a command has written, as text, and its exit code."""

    code: int
    out: str
    err: str


class Session:
    """An open connection to one node. Safe for one thread at a time.

    ``transcript``: where its commands are told of; whoever uses the session sets it.
    """

    transcript: Transcript = UNTOLD

    def __init__(self, node: NodeSettings, connection: Connection) -> None:
        self.node = node
        # Whether the node has our program; its facts tell.
        self.has_program = False
        self._connection = connection

    @classmethod
    def open(cls, node: NodeSettings, project: Path) -> Session:
        """Connect and log in. Files in the settings are relative to ``project``.

        Raises ``ConnectionFailedError``: a key or known hosts that can't be read, unreachable,
        unknown or changed host key, refused login.
        An unknown host key is refused before anything is sent.
        """
        connection = connection_to(node, project)
        try:
            dial(connection, node.ssh.connect_timeout)
            connection.open()
        except (OSError, EOFError, paramiko.SSHException, invoke.exceptions.Exit) as error:
            reason = explained(node, error, failing(node, connection))
            close(connection)
            raise reason from error
        transport = connection.transport
        if transport is not None:
            transport.set_keepalive(15)
        return cls(node, connection)

    @property
    def alive(self) -> bool:
        """Whether the connection still stands."""
        transport = self._connection.transport
        return transport is not None and transport.is_active()

    @property
    def as_root(self) -> Sequence[str]:
        """The words before a command that runs it as root."""
        return ("sudo", "-n", "--") if self.node.ssh.uses_sudo else ()

    def run(
        self,
        command: Sequence[str],
        *,
        stdin: Iterable[bytes] = (),
        on_line: OnLine | None = None,
        silence: float = 60.0,
        secret: bool = False,
        step: str = "run",
    ) -> Completed:
        """Run ``command``, a list of words, as the user who has logged in.

        ``stdin``: chunks for its standard input; secrets go this way only. ``on_line`` sees each
        line of output as it comes. ``silence``: seconds without any output or progress after
        which the connection counts as lost. ``secret``: no transcript shows the output. ``step``:
        what an error calls it.
        Raises ``ConnectionFailedError``.
        """
        entry = self.transcript.command(command)
        sent, heard = entry.counted(stdin), entry.heard(on_line, secret=secret)
        try:
            completed = self._execute(shlex.join(command), sent, heard, silence)
        except (OSError, EOFError, KilledError, paramiko.SSHException) as error:
            entry.failed(error)
            raise interrupted(self.node, error, step) from error
        entry.ended(completed.code, completed.err)
        return completed

    def _execute(
        self, command: str, stdin: Iterable[bytes], on_line: OnLine | None, silence: float
    ) -> Completed:
        transport = self._connection.transport
        if transport is None:
            raise EOFError("the connection is closed")
        channel = transport.open_session(timeout=silence)
        try:
            channel.settimeout(silence)
            _request(transport, channel, command)
            _feed(transport, channel, stdin)
            out, err = _drain(channel, on_line, silence)
            if not channel.status_event.wait(silence):
                raise TimeoutError(f"no exit code for {silence:.0f} s")
            if channel.exit_status < 0:
                raise KilledError
            return Completed(channel.exit_status, out, err)
        finally:
            channel.close()

    def close(self) -> None:
        """End the connection."""
        close(self._connection)


def _request(transport: paramiko.Transport, channel: paramiko.Channel, command: str) -> None:
    """Ask for ``command``, and don't wait for the answer: its input can go on the way with it.

    Paramiko's own call waits, which costs a round trip. A refusal closes the channel.
    """
    message = paramiko.Message()
    message.add_byte(cMSG_CHANNEL_REQUEST)
    message.add_int(channel.remote_chanid)
    message.add_string("exec")
    message.add_boolean(True)
    message.add_string(command)
    transport._send_user_message(message)  # type: ignore[attr-defined]


def _feed(transport: paramiko.Transport, channel: paramiko.Channel, stdin: Iterable[bytes]) -> None:
    try:
        for chunk in stdin:
            channel.sendall(chunk)
        _end_input(transport, channel)
    except OSError:
        # A command that ends before it has read everything says why on its output.
        if not channel.closed and not channel.eof_received:
            raise


def _end_input(transport: paramiko.Transport, channel: paramiko.Channel) -> None:
    """Say that no more comes, unless the command has ended already.

    sshd ends the whole connection for a message of a channel that both sides have closed, and
    Paramiko's own call lets its other thread close it before this message is on its way.
    """
    with channel.lock:
        message = None if channel.closed else channel._send_eof()  # type: ignore[attr-defined]
        if message is not None:
            transport._send_user_message(message)  # type: ignore[attr-defined]


def _drain(channel: paramiko.Channel, on_line: OnLine | None, silence: float) -> tuple[str, str]:
    out, err = bytearray(), bytearray()
    told = 0
    while not channel.eof_received or channel.recv_ready() or channel.recv_stderr_ready():
        if not select.select([channel], [], [], silence)[0]:
            raise TimeoutError(f"no sign of life for {silence:.0f} s")
        if channel.recv_stderr_ready():
            err += channel.recv_stderr(_CHUNK)
        if channel.recv_ready():
            out += channel.recv(_CHUNK)
        while on_line is not None and (end := out.find(b"\n", told)) >= 0:
            on_line(out[told:end].decode(errors="replace"))
            told = end + 1
        if channel.closed and not channel.eof_received:
            raise EOFError("the connection was closed in the middle of a command")
    return out.decode(errors="replace"), err.decode(errors="replace")
