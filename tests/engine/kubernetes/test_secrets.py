"""Secrets stay encrypted in the state, and out of what is shown."""

from __future__ import annotations

import base64

import pytest

from tests.engine.kubernetes.programs import Program

CANARY = "secret-canary-41c7"
ENCODED = base64.b64encode(CANARY.encode()).decode()


def places(program: Program, *shown: str) -> dict[str, str]:
    """All that was written or shown, by where it was."""
    written = {str(path): path.read_text() for path in program.project.state_files}
    return written | {f"output {index}": text for index, text in enumerate(shown)}


def found(texts: dict[str, str]) -> list[str]:
    return [where for where, text in texts.items() if CANARY in text or ENCODED in text]


@pytest.mark.parametrize("field", ["string_data", "data"])
def test_the_data_of_a_secret_is_shown_nowhere(program: Program, field: str) -> None:
    value = CANARY if field == "string_data" else ENCODED
    text = (
        'k8s.core.v1.Secret("token", metadata={"namespace": ns, "name": "token"}, '
        f'{field}={{"key": "{value}"}}, opts=opts)'
    )
    shown = [program.preview(text).output, program.up().output, program.up().output]
    shown += [program.refresh().output, program.preview(text.replace("key", "other")).output]
    assert program.get("secret", "token")["data"] == {"key": ENCODED}
    assert "3 unchanged" in program.up(text).output
    assert found(places(program, *shown)) == []


def test_a_secret_value_in_any_object_stays_secret_in_what_comes_back(program: Program) -> None:
    text = f"""\
made = config_map("settings", {{"plain": "1", "token": pulumi.Output.secret("{CANARY}")}},
                  name="settings")
pulumi.export("token", made.data["token"])
"""
    shown = [program.preview(text).output, program.up().output, program.refresh().output]
    assert program.get("configmap", "settings")["data"]["token"] == CANARY
    assert found(places(program, *shown)) == []
    assert program.project.outputs() == {"token": "[secret]"}
