"""SSH: the only module that knows Fabric. One connection a node, root's shell, bytes both ways."""

from __future__ import annotations

import select
import shlex
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import invoke.exceptions
import paramiko
from fabric.config import Config
from fabric.connection import Connection

from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.settings import NodeSettings
from shimyard.settings.nodes import KeySettings

OnLine = Callable[[str], None]

_CHUNK = 64 * 1024


@dataclass(frozen=True)
class Completed:
    """What a command has written, as text, and its exit code."""

    code: int
    out: str
    err: str


class Session:
    """An open connection to one node; commands run as root. Safe for one thread at a time."""

    def __init__(self, node: NodeSettings, connection: Connection) -> None:
        self.node = node
        self._connection = connection

    @classmethod
    def open(cls, node: NodeSettings, project: Path) -> Session:
        """Connect and log in. Files in the settings are relative to ``project``.

        Raises ``ConnectionFailedError``: unreachable, unknown or changed host key, refused login.
        An unknown host key is refused before anything is sent.
        """
        connection: Connection | None = None
        try:
            connection = _connection(node, project)
            connection.open()  # type: ignore[no-untyped-call]
        except (OSError, EOFError, paramiko.SSHException, invoke.exceptions.Exit) as error:
            if connection is not None:
                connection.close()  # type: ignore[no-untyped-call]
            raise _explained(node, error) from error
        transport = connection.transport
        if transport is not None:
            transport.set_keepalive(15)
        return cls(node, connection)

    @property
    def alive(self) -> bool:
        """Whether the connection still stands."""
        transport = self._connection.transport
        return transport is not None and transport.is_active()

    def run(
        self,
        script: str,
        *arguments: str,
        stdin: Iterable[bytes] = (),
        on_line: OnLine | None = None,
        silence: float = 60.0,
    ) -> Completed:
        """Run a shell ``script`` as root with ``arguments`` as $1, $2, ...

        ``stdin``: chunks for its standard input; secrets go this way only. ``on_line`` sees each
        line of output as it comes. ``silence``: seconds without any output or progress after
        which the connection counts as lost. Raises ``ConnectionFailedError``.
        """
        command = shlex.join(
            [
                *(["sudo", "-n", "--"] if self.node.ssh.uses_sudo else []),
                *["/bin/sh", "-c", script, "shimyard", *arguments],
            ]
        )
        try:
            return self._execute(command, stdin, on_line, silence)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise _explained(self.node, error) from error

    def _execute(
        self, command: str, stdin: Iterable[bytes], on_line: OnLine | None, silence: float
    ) -> Completed:
        transport = self._connection.transport
        if transport is None:
            raise EOFError("the connection is closed")
        channel = transport.open_session(timeout=silence)
        try:
            channel.settimeout(silence)
            channel.exec_command(command)
            _feed(channel, stdin)
            out, err = _drain(channel, on_line, silence)
            if not channel.status_event.wait(silence):
                raise TimeoutError(f"no exit code for {silence:.0f} s")
            if channel.exit_status < 0:
                raise EOFError("the command was cut off")
            return Completed(channel.exit_status, out, err)
        finally:
            channel.close()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()  # type: ignore[no-untyped-call]


def _feed(channel: paramiko.Channel, stdin: Iterable[bytes]) -> None:
    try:
        for chunk in stdin:
            channel.sendall(chunk)
        channel.shutdown_write()
    except OSError:
        # A command that ends before it has read everything says why on its output.
        if not channel.closed and not channel.eof_received:
            raise


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


def _connection(node: NodeSettings, project: Path) -> Connection:
    bastion = node.ssh.bastion
    gateway = None
    if bastion is not None:
        gateway = _client(bastion.address, bastion, project, node.ssh.connect_timeout)
    return _client(node.address, node.ssh, project, node.ssh.connect_timeout, gateway)


def _client(
    address: str, key: KeySettings, project: Path, timeout: int, gateway: Connection | None = None
) -> Connection:
    arguments: dict[str, object] = {
        "allow_agent": key.agent,
        "look_for_keys": False,
        "banner_timeout": timeout,
        "auth_timeout": timeout,
    }
    if key.identity_file is not None:
        arguments["key_filename"] = str(project / Path(key.identity_file).expanduser())
    if key.passphrase is not None:
        arguments["passphrase"] = key.passphrase.get_secret_value()
    if gateway is None:
        # A socket of our own without Nagle's delay: it costs a third of all round trips.
        sock = socket.create_connection((address, key.port), timeout=timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        arguments["sock"] = sock
    connection = Connection(  # type: ignore[no-untyped-call]
        host=address,
        user=key.user,
        port=key.port,
        # What is in the operator's own ~/.ssh/config must not change what a stack means.
        config=Config(overrides={"load_ssh_configs": False}),  # type: ignore[no-untyped-call]
        gateway=gateway,
        connect_timeout=timeout,
        connect_kwargs=arguments,
    )
    if connection.client is None:
        raise paramiko.SSHException("no SSH client")
    _trust(connection.client, address, key, project)
    return connection


def _trust(client: paramiko.SSHClient, address: str, key: KeySettings, project: Path) -> None:
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    if key.host_key is None:
        client.load_host_keys(str(project / Path(key.known_hosts_file).expanduser()))
        return
    line = paramiko.hostkeys.HostKeyEntry.from_line(f"host {key.host_key}")
    if line is None or line.key is None:
        raise paramiko.SSHException("the pinned hostKey is no public key")
    name = address if key.port == 22 else f"[{address}]:{key.port}"
    client.get_host_keys().add(name, line.key.get_name(), line.key)


def _explained(node: NodeSettings, error: BaseException) -> NodeError:
    where = f"{node.ssh.user}@{node.address} port {node.ssh.port}"
    pin = "nodes[].ssh.hostKey or knownHostsFile"
    if isinstance(error, paramiko.BadHostKeyException):
        cause = f"{where} shows another host key than the known one"
        mend = (
            "if the machine was installed anew, replace the key in "
            f"{pin}; if not, somebody else answers at this address: do not go on"
        )
    elif isinstance(error, paramiko.PasswordRequiredException):
        cause = f"the key {node.ssh.identity_file} has a passphrase"
        mend = "set nodes[].ssh.passphrase as a secret, or use agent: true"
    elif isinstance(error, paramiko.AuthenticationException):
        cause = f"{where} refuses the login"
        mend = "check nodes[].ssh.user and identityFile, and authorized_keys on the machine"
    elif isinstance(error, paramiko.SSHException) and "not found in known_hosts" in str(error):
        cause = f"the host key of {where} is not known"
        mend = f"compare the key with the machine's and put it into {pin}"
    elif isinstance(error, FileNotFoundError):
        cause = f"there is no file {error.filename} on this side"
        mend = "correct identityFile or knownHostsFile of the node"
    else:
        cause = f"no connection to {where}: {error or type(error).__name__}"
        mend = "check that the machine is on, its address, and the network between"
    return ConnectionFailedError(node.name, "connect", cause, mend=mend)
