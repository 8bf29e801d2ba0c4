"""Secrets go to the machine and nowhere else: not into a state, a log, a screen or a journal."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from lab.commands import run
from lab.nodes.node import Node
from tests.engine.program.project import Project

PASSWORD = "password-canary-3f9c"
PASSPHRASE = "passphrase-canary-81aa"
CONTENT = "content-canary-c57e"
# What containerd reads in place of the password.
HEADER = base64.b64encode(f"puller:{PASSWORD}".encode()).decode()
CANARIES = (PASSWORD, PASSPHRASE, CONTENT, HEADER)


@pytest.fixture(scope="module")
def locked_key(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with a passphrase that the machine accepts."""
    key = tmp_path_factory.mktemp("key") / "id"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", PASSPHRASE, "-f", str(key)])
    public = key.with_name("id.pub").read_text()
    node.run(["tee", "-a", "/home/edge/.ssh/authorized_keys"], stdin=public)
    return key


def test_no_secret_is_found_in_state_events_screen_or_journal(
    project: Project, node: Node, locked_key: Path
) -> None:
    mirror = project.config["runtime"]["registries"][0]["mirrors"][0]
    mirror |= {"username": "puller", "password": project.secret(PASSWORD)}
    project.config["ssh"]["identityFile"] = str(locked_key)
    project.config["ssh"]["passphrase"] = project.secret(PASSPHRASE)
    secret_file = {"path": "/etc/edge/uplink.key", "secretContent": project.secret(CONTENT)}
    project.config["files"].append(secret_file)
    project.write()

    # The flag is hidden from those who don't debug the engine.
    project.environment["PULUMI_DEBUG_COMMANDS"] = "true"
    events = project.folder.parent / "events.json"
    log = ("--event-log", str(events))
    project.preview()
    project.up("--diff", *log)
    assert node.run(["cat", "/etc/edge/uplink.key"]).stdout == CONTENT
    hosts = "/etc/containerd/certs.d/registry.lab/hosts.toml"
    assert HEADER in node.run(["cat", hosts]).stdout
    assert node.run(["stat", "-c", "%a", hosts, "/etc/edge/uplink.key"]).stdout == "600\n600\n"
    assert "5 unchanged" in project.up("--diff").output

    secret_file["secretContent"] = project.secret(f"{CONTENT}-2")
    project.write()
    assert "1 to update" in project.preview().output
    project.up("--diff")
    assert node.run(["cat", "/etc/edge/uplink.key"]).stdout == f"{CONTENT}-2"
    node.run(["sh", "-c", f"echo '# {CONTENT}' >> /etc/edge/uplink.key"])
    assert (
        "edge-1: drift: /etc/edge/uplink.key has other content" in project.refresh("--diff").output
    )
    project.up("--diff")
    secret_file["secretContent"] = project.secret("")
    secret_file["mode"] = "0644"
    project.write()
    assert "end the mode in '00'" in project.preview(status=1).output

    project.pulumi("stack", "export")
    assert events.stat().st_size > 1000
    places = {str(path): path.read_bytes() for path in [*project.state_files, events]}
    places |= {f"output {n}": each.output.encode() for n, each in enumerate(project.runs)}
    places["the node's journal"] = node.journal().encode()
    # The snapshot of a node's own records: all that Shimyard has kept there.
    for path in Path(node.root, "var/lib/shimyard").rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o077:
            places[str(path)] = path.read_bytes()
    found = [
        (where, secret)
        for where, content in places.items()
        for secret in CANARIES
        if secret.encode() in content
    ]
    assert found == []
