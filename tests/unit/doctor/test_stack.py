"""Which stack it is about: from its file alone, and from Pulumi only for a passphrase."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from shimyard.doctor.__main__ import main
from shimyard.doctor.stack import PassphraseError, read_stack
from shimyard.settings.stackfile import ENCRYPTED
from tests.unit.settings.stacks import VALID

SECRET = {"secure": "v1:abc"}
# A stand-in for the CLI that answers as `pulumi config --json` does; the real one is asked in
# tests/engine/program/test_doctor.py.
PULUMI = """\
#!/bin/sh
printf '%s\\n' "$*" >"{folder}/asked"
pwd >>"{folder}/asked"
{answer}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose folder is not the current one, and no Pulumi on PATH."""
    (tmp_path / "project/stacks").mkdir(parents=True)
    (tmp_path / "project/Pulumi.yaml").write_text("name: x\n")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "project"


def write(project: Path, ssh: dict[str, Any]) -> Path:
    file = project / "stacks/Pulumi.shops.yaml"
    config = {**VALID, "ssh": {**VALID["ssh"], **ssh}}
    document = {"config": {f"shimyard:{key}": value for key, value in config.items()}}
    file.write_text(yaml.safe_dump(document))
    return file


def pulumi(project: Path, answer: str) -> None:
    program = project.parent / "bin/pulumi"
    program.write_text(PULUMI.format(folder=project.parent, answer=answer))
    program.chmod(0o755)


def test_the_file_alone_is_enough_and_paths_are_the_projects(project: Path) -> None:
    stack = read_stack(write(project, {}))
    assert (stack.name, stack.project) == ("shops", project)
    assert len(stack.settings.nodes) == 2


def test_an_encrypted_passphrase_is_asked_of_pulumi_in_the_project(project: Path) -> None:
    file = write(project, {"passphrase": SECRET})
    values = {
        f"shimyard:{key}": {"value": json.dumps(value), "secret": key == "ssh"}
        for key, value in {**VALID, "ssh": {**VALID["ssh"], "passphrase": "opened"}}.items()
    }
    (project / "told.json").write_text(json.dumps(values))
    pulumi(project, f"cat {project}/told.json")
    stack = read_stack(file)
    passphrase = stack.settings.nodes[0].ssh.passphrase
    assert passphrase is not None
    assert passphrase.get_secret_value() == "opened" != ENCRYPTED
    asked, where = (project.parent / "asked").read_text().splitlines()
    assert asked == "config --show-secrets --json --stack shops --non-interactive"
    assert where == str(project)


def test_a_bastions_passphrase_counts_as_well(project: Path) -> None:
    jump = {"address": "jump", "identityFile": "keys/jump", "passphrase": SECRET}
    with pytest.raises(PassphraseError, match="passphrase of stack shops"):
        read_stack(write(project, {"bastion": jump}))


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("echo 'error: incorrect passphrase' >&2; exit 255", "error: incorrect passphrase"),
        ("exit 1", "it gives no reason"),
        ("echo '{'", "its answer is no configuration"),
        ("echo '[\"secret\"]'", "its answer is no configuration"),
    ],
)
def test_a_pulumi_that_does_not_tell_is_told(project: Path, answer: str, cause: str) -> None:
    pulumi(project, answer)
    with pytest.raises(PassphraseError) as caught:
        read_stack(write(project, {"passphrase": SECRET}))
    assert cause in str(caught.value)
    assert "make doctor STACK=shops" in caught.value.mend
    assert "secret" not in caught.value.problem


def test_a_stack_that_is_not_there_is_wrong_usage(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--stack", "nowhere"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "stacks/Pulumi.nowhere.yaml" in told.err
    assert "mend:" in told.err
    for arguments in ([], ["--stack", "a", "b.yaml"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2


def test_machines_that_are_not_there_are_told_in_both_forms(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(write(project, {}))
    assert main([file]) == 2
    assert "edge-1: the key keys/edge can't be read" in capsys.readouterr().out
    assert main([file, "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["state"] == "unreachable"
    assert {each["kind"] for each in told["findings"]} == {"unreachable"}
