"""Who logs in where: keys, known hosts, the way over a bastion, and what is said if it fails."""

from __future__ import annotations

import socket
from pathlib import Path

import paramiko
from fabric.config import Config
from fabric.connection import Connection

from shimyard.node.errors import ConnectionFailedError, KilledError
from shimyard.settings import NodeSettings
from shimyard.settings.nodes import BastionSettings, KeySettings

# Seconds for which what was sent may stay without an answer.
_UNANSWERED = 30


def connection_to(node: NodeSettings, project: Path) -> Connection:
    """Ready to be opened: keys and known hosts are read before anything is sent.

    Raises ``ConnectionFailedError`` for what can't be read on this side.
    """
    gateway = None
    if node.ssh.bastion is not None:
        gateway = _client(node, node.ssh.bastion.address, node.ssh.bastion, project)
    return _client(node, node.address, node.ssh, project, gateway)


def _client(
    node: NodeSettings,
    address: str,
    key: KeySettings,
    project: Path,
    gateway: Connection | None = None,
) -> Connection:
    timeout = node.ssh.connect_timeout
    connection = Connection(
        host=address,
        user=key.user,
        port=key.port,
        # What is in the operator's own ~/.ssh/config must not change what a stack means.
        config=Config(overrides={"load_ssh_configs": False}),
        gateway=gateway,
        connect_timeout=timeout,
        connect_kwargs={
            "allow_agent": key.agent,
            "look_for_keys": False,
            "banner_timeout": timeout,
            "auth_timeout": timeout,
            **_login(node, key, project),
        },
    )
    if connection.client is None:
        raise RuntimeError("Fabric has made no SSH client")
    _trust(node, connection.client, address, key, project)
    return connection


def _login(node: NodeSettings, key: KeySettings, project: Path) -> dict[str, object]:
    if key.identity_file is None:
        return {}
    path = project / Path(key.identity_file).expanduser()
    passphrase = None if key.passphrase is None else key.passphrase.get_secret_value()
    try:
        return {"pkey": _private_key(path, passphrase)}
    except OSError as error:
        cause = f"the key {key.identity_file} can't be read: {error.strerror}"
        mend = f"correct identityFile of {node.name}, or put the key at {path}"
    except paramiko.PasswordRequiredException:
        cause = f"the key {key.identity_file} has a passphrase"
        mend = "set nodes[].ssh.passphrase as a secret, or use agent: true"
    except (paramiko.SSHException, ValueError):
        if passphrase is None:
            cause = f"{key.identity_file} is no private key that can be used"
            mend = "name a private key in OpenSSH or PEM format: RSA, ECDSA or Ed25519"
        else:
            cause = f"the passphrase does not open the key {key.identity_file}"
            mend = "correct nodes[].ssh.passphrase"
    # Not from the error: a library may quote what it could not read.
    raise ConnectionFailedError(node.name, "connect", cause, mend=mend) from None


def _private_key(path: Path, passphrase: str | None) -> paramiko.PKey:
    """Paramiko's own search tells of the last key type that it tried, not of the key's."""
    failures: list[Exception] = []
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            key = kind.from_private_key_file(str(path), passphrase)
        except (paramiko.SSHException, ValueError) as error:
            failures.append(error)
            continue
        certificate = path.with_name(f"{path.name}-cert.pub")
        if certificate.exists():
            key.load_certificate(str(certificate))
        return key
    asks = [each for each in failures if isinstance(each, paramiko.PasswordRequiredException)]
    raise asks[0] if asks else failures[0]


def _trust(
    node: NodeSettings, client: paramiko.SSHClient, address: str, key: KeySettings, project: Path
) -> None:
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        if key.host_key is None:
            client.load_host_keys(str(project / Path(key.known_hosts_file).expanduser()))
            return
        line = paramiko.hostkeys.HostKeyEntry.from_line(f"host {key.host_key}")
    except OSError as error:
        raise ConnectionFailedError(
            node.name,
            "connect",
            f"the known hosts in {key.known_hosts_file} can't be read: {error.strerror}",
            mend=f"correct knownHostsFile of {node.name}, or pin the machine's key as hostKey",
        ) from None
    except paramiko.SSHException:
        line = None
    if line is None or line.key is None:
        raise ConnectionFailedError(
            node.name,
            "connect",
            "the pinned hostKey is no public key",
            mend="write type and key as `ssh-keyscan` prints them after the host",
        )
    name = address if key.port == 22 else f"[{address}]:{key.port}"
    client.get_host_keys().add(name, line.key.get_name(), line.key)


def dial(connection: Connection, timeout: int) -> None:
    """Open the TCP connection that the login then uses. Raises OSError."""
    # A socket of our own without Nagle's delay: it costs a third of all round trips.
    first: Connection = connection.gateway or connection
    sock = socket.create_connection((first.host, first.port), timeout=timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Our keepalives make it notice a dead link; without this the kernel tries on for a quarter of
    # an hour. macOS has no such option.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNANSWERED * 1000)
    _arguments(first)["sock"] = sock


def close(connection: Connection) -> None:
    """End it, its bastion's too, however far it came."""
    for each in (connection, connection.gateway):
        if each is None:
            continue
        each.close()
        # Fabric forgets a client that never came to an open connection.
        if each.client is not None:
            each.client.close()
        sock = _arguments(each).get("sock")
        if isinstance(sock, socket.socket):
            sock.close()


def _arguments(connection: Connection) -> dict[str, object]:
    arguments = connection.connect_kwargs
    if not isinstance(arguments, dict):
        raise TypeError("Fabric holds no connect_kwargs")
    return arguments


def failing(node: NodeSettings, connection: Connection) -> NodeSettings | BastionSettings:
    """The machine that an attempt to open ``connection`` has failed at."""
    gateway = connection.gateway
    if node.ssh.bastion is not None and gateway is not None and not gateway.is_connected:
        return node.ssh.bastion
    return node


def explained(
    node: NodeSettings, error: BaseException, at: NodeSettings | BastionSettings
) -> ConnectionFailedError:
    """The error for a person. ``at``: where it went wrong, the node itself or its bastion."""
    ssh: KeySettings = at.ssh if isinstance(at, NodeSettings) else at
    fields = "nodes[].ssh" if isinstance(at, NodeSettings) else "nodes[].ssh.bastion"
    where = f"{ssh.user}@{at.address} port {ssh.port}"
    pin = f"{fields}.hostKey or knownHostsFile"
    if isinstance(error, paramiko.BadHostKeyException):
        cause = f"{where} shows another host key than the known one"
        mend = (
            "if the machine was installed anew, replace the key in "
            f"{pin}; if not, somebody else answers at this address: do not go on"
        )
    elif isinstance(error, paramiko.AuthenticationException):
        cause = f"{where} refuses the login"
        mend = f"check {fields}.user and identityFile, and authorized_keys on the machine"
    elif isinstance(error, paramiko.SSHException) and "not found in known_hosts" in str(error):
        cause = f"the host key of {where} is not known"
        mend = f"compare the key with the machine's and put it into {pin}"
    else:
        cause = f"no connection to {where}: {_plain(error)}"
        mend = "check that the machine is on, its address, and the network between"
    return ConnectionFailedError(node.name, "connect", cause, mend=mend)


def interrupted(node: NodeSettings, error: BaseException, step: str) -> ConnectionFailedError:
    """The error for a person, where a command of ``step`` has not come to its end."""
    if isinstance(error, KilledError):
        cause = "somebody killed Shimyard's program on the node"
        mend = (
            "run `pulumi up` again; if it happens again, `journalctl -b` on the node tells who "
            "did it: the kernel does where memory runs out"
        )
    else:
        where = f"{node.ssh.user}@{node.address} port {node.ssh.port}"
        cause = f"the connection to {where} broke off: {_plain(error)}"
        mend = "check that the machine is on, and the network between, then run `pulumi up` again"
    # Where a change was to be taken back, nobody knows whether it is.
    return ConnectionFailedError(node.name, step, cause, mend=mend, restored=step != "recover")


def _plain(error: BaseException) -> str:
    """Without the number that Python puts before the operating system's words."""
    words = error.strerror if isinstance(error, OSError) else None
    return words or str(error) or "the other side ended it"
