"""A secret in a stack file shows in no message and in no printed settings."""

from __future__ import annotations

import pytest

from shimyard.settings import parse
from tests.unit.settings.stacks import WHERE, changed, refusal

CANARY = "canary-7f3a9c"

PLACES = [
    ("ssh.passphrase", CANARY),
    ("runtime.registries[0].mirrors[0].password", CANARY),
    ("runtime.registries[0].mirrors[0].url", f"https://me:{CANARY}@mirror.example.com"),
    ("artifacts.mirrors[0]", f"https://me:{CANARY}@mirror.example.com"),
    ("files[0].secretContent", CANARY),
]

WRONG: list[object] = [[CANARY], {"value": CANARY}, f"{CANARY}\x00\n"]


@pytest.mark.parametrize("wrong", WRONG, ids=["list", "table", "control characters"])
@pytest.mark.parametrize("path", [path for path, _ in PLACES])
def test_a_refused_secret_is_not_in_the_message(path: str, wrong: object) -> None:
    raw = changed(path, wrong)
    raw["nodes"][0]["arch"] = "wrong anyway"

    error = refusal(raw)

    assert CANARY not in str(error)
    assert CANARY not in repr(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(("path", "value"), PLACES)
def test_a_mistake_elsewhere_does_not_print_a_secret(path: str, value: object) -> None:
    raw = changed(path, value)
    raw["runtime"]["runc"]["version"] = "none"

    assert CANARY not in str(refusal(raw))


def test_a_secret_under_a_misspelt_name_is_not_in_the_message() -> None:
    error = refusal(changed("ssh.pasphrase", CANARY))

    assert "did you mean 'passphrase'?" in str(error)
    assert CANARY not in str(error)


def test_printed_settings_hide_their_secrets() -> None:
    raw = changed("ssh.passphrase", CANARY)
    raw["files"] = [{"path": "/etc/key", "secretContent": CANARY}]
    mirror = raw["runtime"]["registries"][0]["mirrors"][0]
    mirror.update(username="me", password=CANARY)

    settings = parse(raw, where=WHERE)

    assert CANARY not in repr(settings)
    assert CANARY not in str(settings.model_dump())
    assert settings.files[0].secret_content is not None
    assert settings.files[0].secret_content.get_secret_value() == CANARY
