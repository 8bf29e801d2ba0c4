"""Whatever keeps us out of a machine is told in a sentence, and never with a secret in it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from shimyard.node.errors import ConnectionFailedError
from shimyard.node.login import explained
from shimyard.node.transport import Session
from shimyard.settings import NodeSettings
from tests.ports import free_port

PASSPHRASE = "correct horse battery staple"
BASTION = {"address": "bastion.lab", "user": "jump", "agent": True}


def node(**ssh: Any) -> NodeSettings:
    if "identityFile" not in ssh:
        ssh = {"agent": True, **ssh}
    return NodeSettings.model_validate(
        {"name": "edge-1", "address": "127.0.0.1", "ssh": {"connectTimeout": 2, **ssh}}
    )


def write_key(path: Path, *, rsa_pem: bool = False, passphrase: str | None = PASSPHRASE) -> str:
    key = rsa.generate_private_key(65537, 2048) if rsa_pem else ed25519.Ed25519PrivateKey.generate()
    form = serialization.PrivateFormat
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            form.TraditionalOpenSSL if rsa_pem else form.OpenSSH,
            serialization.BestAvailableEncryption(passphrase.encode())
            if passphrase
            else serialization.NoEncryption(),
        )
    )
    return str(path)


def failure(settings: NodeSettings) -> str:
    with pytest.raises(ConnectionFailedError) as caught:
        Session.open(settings, Path("/"))
    assert (caught.value.node, caught.value.step) == ("edge-1", "connect")
    told = str(caught.value)
    assert "\n  mend: " in told
    seen: BaseException | None = caught.value
    while seen is not None:
        for secret in (PASSPHRASE, "wrong passphrase"):
            assert secret not in f"{seen!r} {seen}"
        seen = seen.__cause__ or seen.__context__
    return told


@pytest.mark.parametrize("rsa_pem", [False, True])
def test_a_key_that_asks_for_a_passphrase_is_named(tmp_path: Path, *, rsa_pem: bool) -> None:
    key = write_key(tmp_path / "key", rsa_pem=rsa_pem)
    told = failure(node(identityFile=key))
    assert f"the key {key} has a passphrase" in told
    assert "passphrase as a secret" in told


@pytest.mark.parametrize("rsa_pem", [False, True])
def test_a_wrong_passphrase_is_told_and_never_shown(tmp_path: Path, *, rsa_pem: bool) -> None:
    key = write_key(tmp_path / "key", rsa_pem=rsa_pem)
    told = failure(node(identityFile=key, passphrase="wrong passphrase"))
    assert f"the passphrase does not open the key {key}" in told


def test_what_is_no_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ssh-ed25519 AAAA public\n")
    assert "is no private key that can be used" in failure(node(identityFile=str(tmp_path / "key")))
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    assert "is no private key" in failure(node(identityFile=str(tmp_path / "binary")))


def test_a_missing_key_and_missing_known_hosts_are_told_apart(tmp_path: Path) -> None:
    told = failure(node(identityFile=str(tmp_path / "none")))
    assert "none can't be read: No such file or directory" in told
    assert "correct identityFile of edge-1" in told
    key = write_key(tmp_path / "key", passphrase=None)
    told = failure(node(identityFile=key, knownHostsFile=str(tmp_path / "hosts")))
    assert f"the known hosts in {tmp_path}/hosts can't be read" in told
    assert "is a directory" in failure(node(identityFile=str(tmp_path))).lower()


def test_a_pinned_key_that_is_none_is_told() -> None:
    assert "the pinned hostKey is no public key" in failure(node(hostKey="ssh-ed25519 AAAA"))


def test_a_machine_that_is_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("")
    port = free_port()
    told = failure(node(port=port, knownHostsFile=str(tmp_path / "hosts")))
    assert f"no connection to root@127.0.0.1 port {port}: " in told
    assert "refused" in told
    assert "check that the machine is on" in told


@pytest.fixture
def mute() -> Iterator[int]:
    """A port where something takes connections and says something that is no SSH."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            while True:
                try:
                    taken, _ = server.accept()
                except OSError:
                    return
                with taken:
                    taken.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_what_is_no_ssh_server_is_told(tmp_path: Path, mute: int) -> None:
    (tmp_path / "hosts").write_text("")
    told = failure(node(port=mute, knownHostsFile=str(tmp_path / "hosts")))
    assert f"no connection to root@127.0.0.1 port {mute}" in told


KEY = paramiko.RSAKey.generate(1024)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            paramiko.BadHostKeyException("127.0.0.1", KEY, KEY),
            ("shows another host key", "nodes[].ssh.hostKey", "do not go on"),
        ),
        (
            paramiko.AuthenticationException("Authentication failed."),
            ("refuses the login", "nodes[].ssh.user", "authorized_keys"),
        ),
        (
            paramiko.SSHException("Server '127.0.0.1' not found in known_hosts"),
            ("the host key of root@127.0.0.1 port 22 is not known", "compare the key"),
        ),
        (
            paramiko.SSHException("Error reading SSH protocol banner"),
            ("no connection to", "protocol banner"),
        ),
        (TimeoutError("timed out"), ("no connection to", "timed out", "network between")),
        (socket.gaierror(-2, "Name or service not known"), ("Name or service not known",)),
        (EOFError(), ("no connection to", "the other side ended it")),
    ],
)
def test_each_kind_of_refusal_has_its_sentence(
    error: BaseException, words: tuple[str, ...]
) -> None:
    settings = node()
    told = str(explained(settings, error, settings))
    for word in ("node edge-1, step connect", "mend: ", *words):
        assert word in told


def test_a_bastion_that_refuses_is_named_and_not_the_machine_behind_it() -> None:
    settings = node(bastion=BASTION)
    assert settings.ssh.bastion is not None
    told = str(explained(settings, paramiko.AuthenticationException(), settings.ssh.bastion))
    assert "jump@bastion.lab port 22 refuses the login" in told
    assert "nodes[].ssh.bastion.user" in told


def test_a_bastion_that_is_off_is_named(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("")
    hosts = {"knownHostsFile": str(tmp_path / "hosts")}
    bastion = {"address": "127.0.0.1", "user": "jump", "agent": True, "port": free_port(), **hosts}
    told = failure(node(bastion=bastion, **hosts))
    assert f"no connection to jump@127.0.0.1 port {bastion['port']}" in told
