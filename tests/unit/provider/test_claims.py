"""Who stands for what on which machine."""

from __future__ import annotations

from typing import Any

from shimyard.provider.claims import Claims
from shimyard.settings import NodeSettings
from tests.unit.provider.engine import node


def machine(**changes: Any) -> NodeSettings:
    return NodeSettings.model_validate(node(**changes))


def test_a_second_resource_for_the_same_thing_is_found() -> None:
    claims = Claims()
    assert claims.claim(machine(), "container-runtime", "first") is None
    assert claims.claim(machine(), "container-runtime", "first") is None
    assert claims.claim(machine(name="other-name"), "container-runtime", "second") == "first"


def test_another_machine_and_another_name_are_no_conflict() -> None:
    claims = Claims()
    claims.claim(machine(), "files-site", "first")
    jump = {"user": "admin", "identityFile": "key", "bastion": {"address": "gate", "agent": True}}
    assert claims.claim(machine(address="192.0.2.11"), "files-site", "second") is None
    assert claims.claim(machine(ssh=jump), "files-site", "third") is None
    assert claims.claim(machine(), "files-models", "fourth") is None


def test_what_was_taken_over_lives_on_and_what_was_not_does_not() -> None:
    claims = Claims()
    assert not claims.lives_on(machine(), "files-site", "old")
    claims.claim(machine(), "files-site", "new")
    assert claims.lives_on(machine(), "files-site", "old")
    assert not claims.lives_on(machine(), "files-site", "new")
    claims.created(machine(), "files-site")
    assert claims.lives_on(machine(), "files-site", "new")
