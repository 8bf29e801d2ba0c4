"""The doctor's way to a passphrase that stands encrypted in the stack file, by the real Pulumi."""

from __future__ import annotations

import pytest

from shimyard.doctor.stack import PassphraseError, read_stack
from tests.engine.program.project import Project
from tests.unit.settings.stacks import VALID
from toolchain import Toolchain

pytestmark = pytest.mark.lab

PASSPHRASE = "passphrase-canary-51d0"


@pytest.fixture(scope="module")
def locked(tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A stack of which a key's passphrase is a secret; no machine is there."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("locked"))
    made.config = {**VALID, "ssh": {**VALID["ssh"], "passphrase": made.secret(PASSPHRASE)}}
    made.write()
    return made


def test_an_encrypted_passphrase_is_had_from_pulumi(
    locked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PASSPHRASE not in locked.stack_file.read_text()
    for name, value in locked.environment.items():
        monkeypatch.setenv(name, value)
    stack = read_stack(locked.stack_file)
    for node in stack.settings.nodes:
        assert node.ssh.passphrase is not None
        assert node.ssh.passphrase.get_secret_value() == PASSPHRASE
    assert stack.project == locked.folder


def test_without_what_opens_the_stack_it_is_said_what_to_bring(
    locked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in locked.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another")
    with pytest.raises(PassphraseError, match="incorrect passphrase") as caught:
        read_stack(locked.stack_file)
    assert "make doctor STACK=trial" in caught.value.mend
    assert PASSPHRASE not in str(caught.value)
