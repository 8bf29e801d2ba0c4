"""What a machine can answer. Stand-in: the answers are scripted, the connection is none."""

from __future__ import annotations

import dataclasses
import hashlib
import shlex
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import paramiko

from shimyard.node.bundle import bundle
from shimyard.node.desired import DesiredState, File
from shimyard.node.errors import KilledError
from shimyard.node.facts import Facts
from shimyard.node.login import explained
from shimyard.node.planning import plan
from shimyard.node.transaction import converge, remove
from shimyard.node.transport import Completed, OnLine, Session
from shimyard.settings import NodeSettings
from tests.unit.errors.scene import Provocation, Scene
from tests.unit.node.states import artifact, runtime

_FACTS = """\
arch|x86_64
machine|0123
clock|{clock}
tool|tar
tool|gzip
tool|sha256sum
tool|timeout
tool|systemd-run
space|/var/lib|900000|70000|writable
space|/usr/local|900000|70000|{local}
{more}end
"""
_MORE: dict[str, str] = {
    "cut off": "pending|generations/2\n",
    "busy": "pending|generations/2\nrunning|shimyard-transaction.service\n",
    "foreign": "resource|mine|1\nhave|mine|file|/etc/site.json|0644|root|root|dd\n",
    "there": "resource|files-site|1\nhave|files-site|file|/etc/site.json|0644|root|root|dd\n",
}
_SITE = DesiredState("files-site", files=(File.of("/etc/site.json", "{}"),))


def facts(more: str = "", *, skew: float = 0, local: str = "writable") -> str:
    """What the program prints of a machine; ``more`` as in ``_MORE``."""
    clock = int(time.time() + skew)
    text = _FACTS.format(clock=clock, local=local, more=_MORE.get(more, more))
    return _text(text)


class Scripted(Session):
    """Answers by the verb of the program: a text, an exit code and complaints, or an exception."""

    def __init__(self, answers: dict[str, Any], **ssh: Any) -> None:
        self.node = node(**ssh)
        self.has_program = True
        self._answers = {"facts": facts(), **answers}

    @property
    def alive(self) -> bool:
        return True

    def _execute(
        self, command: str, stdin: Iterable[bytes], on_line: OnLine | None, _silence: float
    ) -> Completed:
        for _ in stdin:
            pass
        words = shlex.split(command)
        verb = words[words.index("shimyard") + 1] if "shimyard" in words else "send"
        answer = self._answers.get("install" if verb.startswith("/") else verb, "")
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, tuple):
            return Completed(answer[0], _text(answer[1]), answer[2])
        out = _text(answer)
        for line in out.splitlines():
            if on_line is not None:
                on_line(line)
        return Completed(0, out, "")


def _text(out: str) -> str:
    return out.replace("|", "\t")


def node(**ssh: Any) -> NodeSettings:
    """A machine."""
    ssh = ssh if "identityFile" in ssh else {"agent": True, **ssh}
    return NodeSettings.model_validate(
        {"name": "edge-1", "address": "127.0.0.1", "ssh": {"user": "edge", **ssh}}
    )


def _converges(desired: DesiredState = _SITE, **answers: Any) -> Provocation:
    return lambda _scene: converge(Scripted(answers), desired)


def _wrong_clock(_scene: Scene) -> object:
    """By two hours from now, and not from when this file was read: a suite may take minutes."""
    return converge(Scripted({"facts": facts(skew=7200)}), _SITE)


def _ends(journal: str) -> Provocation:
    """A transaction whose journal is this."""
    return _converges(launch=journal)


def _artifacts(answer: str, **later: Any) -> Provocation:
    """The node can't fetch its artifacts by itself."""

    def provoke(scene: Scene) -> object:
        own = runtime()
        wanted = [
            dataclasses.replace(
                artifact(each.name, each.version), urls=(f"{scene.releases.base}/x",)
            )
            for each in own.artifacts
        ]
        desired = dataclasses.replace(own, artifacts=tuple(wanted))
        return converge(Scripted({"fetch": answer, **later}), desired)

    return provoke


def _wrong_bytes(scene: Scene) -> object:
    scene.releases.files["x"] = b"other"
    return _artifacts("need|runc-1.5.2|http://mirror.example/runc: 404\n")(scene)


def _opens(**ssh: Any) -> Provocation:
    return lambda scene: Session.open(node(**ssh), scene.folder)


def _with_key(content: str, **ssh: Any) -> Provocation:
    def provoke(scene: Scene) -> object:
        scene.write("key", content)
        return Session.open(node(identityFile="key", **ssh), scene.folder)

    return provoke


def _locked_key(**ssh: Any) -> Provocation:
    def provoke(scene: Scene) -> object:
        key = paramiko.RSAKey.generate(1024)
        key.write_private_key_file(str(scene.folder / "key"), password="right")
        return Session.open(node(identityFile="key", **ssh), scene.folder)

    return provoke


def _refused(error: BaseException, *, bastion: bool = False) -> Provocation:
    def provoke(_scene: Scene) -> None:
        jump = {"address": "bastion.lab", "user": "jump", "agent": True}
        settings = node(bastion=jump)
        at = settings.ssh.bastion if bastion else None
        raise explained(settings, error, at or settings)

    return provoke


def _source(change: Callable[[Path], object]) -> Provocation:
    def provoke(scene: Scene) -> object:
        source = scene.write("model", "1")
        file = File("/opt/model", hashlib.sha256(b"1").hexdigest(), source=source)
        desired = DesiredState("files", files=(file,))
        change(source)
        return b"".join(bundle(plan(desired, Facts()), desired, "files"))

    return provoke


_SUDO = (1, "", "sudo: a password is required\n")
_HOST_KEY = paramiko.RSAKey.generate(1024)
_BEGUN = "step|1|begin|container-runtime|2\n"

CASES: dict[str, Provocation] = {
    "a key that is not there": _opens(identityFile="none"),
    "a key that is none": _with_key("ssh-ed25519 AAAA public\n"),
    "a key with a passphrase": _locked_key(),
    "a wrong passphrase": _locked_key(passphrase="wrong"),
    "known hosts that are not there": _opens(knownHostsFile="none"),
    "a pinned key that is none": _opens(hostKey="ssh-ed25519 AAAA"),
    "a machine that is off": _opens(hostKey=f"ssh-rsa {_HOST_KEY.get_base64()}", port=1),
    "another host key": _refused(paramiko.BadHostKeyException("127.0.0.1", _HOST_KEY, _HOST_KEY)),
    "an unknown host key": _refused(paramiko.SSHException("Server 'x' not found in known_hosts")),
    "a refused login": _refused(paramiko.AuthenticationException()),
    "a bastion that refuses the login": _refused(paramiko.AuthenticationException(), bastion=True),
    "a connection that ends": _converges(receive=EOFError()),
    "a machine that falls silent": _converges(receive=TimeoutError("no sign of life for 300 s")),
    "a program that is killed": _converges(receive=KilledError()),
    "facts that can't be read": _converges(facts=(0, "arch|x86_64\n", "tail: not found\n")),
    "sudo that refuses": _converges(facts=_SUDO),
    "a machine of another architecture": _converges(facts=facts().replace("x86_64", "aarch64")),
    "a machine that lacks tools": _converges(facts=facts().replace("tool\tgzip\n", "")),
    "a clock that is wrong": _wrong_clock,
    "a folder that is read-only": _converges(facts=facts(local="read-only")),
    "a change that can't be taken back": _converges(facts=facts("cut off")),
    "a machine that is busy": _converges(facts=facts("busy")),
    "a file of another resource": _converges(facts=facts("foreign")),
    "a program that can't be installed": _converges(
        facts=(90, "", ""), send=facts(), install=(1, "", "sh: write error: No space left\n")
    ),
    "a program that is gone": _converges(receive=(90, "", "")),
    "a transaction that can't be received": _converges(
        receive=(1, "failed|can't create /var/lib/shimyard/staging/1\n", "mkdir: No space left\n")
    ),
    "a sudo that refuses in the middle": _converges(receive=_SUDO),
    "a fetch that fails": _artifacts(answer=(1, "failed|/var/lib/shimyard has 9 KiB free\n", "")),  # type: ignore[arg-type]
    "a stream that fails": _artifacts(
        "need|runc-1.5.2|\n", accept=(1, "failed|artifact runc arrived with another checksum\n", "")
    ),
    "an artifact that can't be had": _artifacts(
        "need|runc-1.5.2|http://mirror.example/runc: 404\n"
    ),
    "an artifact that is another everywhere": _wrong_bytes,
    "a connection that ends in a change": _converges(launch=EOFError()),
    "a change that another one is in the way of": _ends(
        "refused|Failed to start: Unit shimyard-transaction.service was already loaded.\n"
    ),
    "a systemd that does not run the change": _ends("refused|Failed to connect to bus\n"),
    "a change that is cut off": _ends(f"{_BEGUN}step|1|switch|restart|containerd.service\n"),
    "a change that fails and is taken back": _ends(
        f"{_BEGUN}step|1|switch|restart|containerd.service\n"
        "failed|switch|restart|containerd.service|containerd.service does not start\n"
        "log|containerd.service|invalid plugin config\n"
        "restored|2\nresult|failed|2\n"
    ),
    "a change that fails and can't be taken back": _ends(
        f"{_BEGUN}failed|switch|file|/etc/x|file /etc/x failed: Read-only file system\n"
        "unrestored|paths\nresult|failed|2\n"
    ),
    "a canary that fails": _ends(
        f"{_BEGUN}step|1|switch|canary|wasmtime\n"
        "failed|switch|canary|wasmtime|the canary of handler wasmtime did not end within 30 s\n"
        "log|canary wasmtime|no such file\nrestored|2\nresult|failed|2\n"
    ),
    "a configuration that containerd refuses": _ends(
        f"{_BEGUN}step|1|prepare|containerd-config|/x\n"
        "failed|prepare|containerd-config|/x|containerd refuses its new configuration\n"
        "log|containerd|toml: line 3\nrestored|2\nresult|failed|2\n"
    ),
    "a removal that is cut off": lambda _scene: remove(
        Scripted({"facts": facts("there"), "launch": _BEGUN}), "files-site"
    ),
    "a source that has changed": _source(lambda path: path.write_text("2")),
    "a source that is gone": _source(lambda path: path.unlink()),
}
