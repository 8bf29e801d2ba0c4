"""A secret of a workload shows in no message and in no printed settings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.workloads.apps import HYBRID, accepted, refusal

CANARY = "canary-7f3a9c"
WRONG: list[object] = [[CANARY], {"value": CANARY}]


def places(secret: object) -> list[dict[str, Any]]:
    """Changes that put ``secret`` into each field for one."""
    variable = {"name": "TOKEN", "secretValue": secret}
    login = {"host": "registry.lab", "username": "me", "password": secret}
    return [
        {"app": {"env": [variable]}},
        {"hybrid": {"proxy": {**HYBRID["proxy"], "env": [variable]}}},
        {"namespace": {"registries": [login]}},
    ]


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("wrong", WRONG, ids=["list", "table"])
def test_a_refused_secret_is_not_in_the_message(place: int, wrong: object) -> None:
    error = refusal(**places(wrong)[place])
    assert CANARY not in str(error)
    assert CANARY not in repr(error)


@pytest.mark.parametrize("place", range(3))
def test_printed_settings_hide_their_secrets(place: int) -> None:
    settings = accepted(**places(CANARY)[place])
    assert CANARY not in repr(settings)
    assert CANARY not in str(settings.model_dump())


def test_a_mistake_beside_a_secret_does_not_print_it() -> None:
    variable = {"name": "TOKEN", "secretValue": CANARY, "value": "x"}
    assert CANARY not in str(refusal(app={"env": [variable]}))
