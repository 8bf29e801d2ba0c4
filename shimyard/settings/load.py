"""From raw configuration values to models, or to one message that says how to mend the file."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from pydantic import ValidationError

from shimyard.errors import ShimyardError, listed
from shimyard.settings.explain import explain
from shimyard.settings.stack import StackSettings

NAMESPACE = "shimyard"

_NEEDLESSLY_ENCRYPTED = (
    "is encrypted, but this field holds no secret; write its value in plain text"
)


class SettingsError(ShimyardError):
    """A stack file that can't be used. Attribute ``fields``: the paths of the wrong fields."""

    def __init__(self, problems: list[tuple[str, str]], *, where: str) -> None:
        super().__init__(f"{where} can't be used:\n{listed(problems)}", mend=f"correct {where}")
        self.fields = [field for field, _ in problems]


def load(config: Mapping[str, str], *, stack: str) -> StackSettings:
    """The settings of a stack from Pulumi's flat configuration.

    ``config`` maps 'shimyard:<section>' to a JSON text, as the Pulumi engine hands it to a
    program; other namespaces are left alone. Raises ``SettingsError``.
    """
    where = f"stacks/Pulumi.{stack}.yaml"
    raw: dict[str, object] = {}
    for key, value in config.items():
        namespace, _, section = key.partition(":")
        if namespace != NAMESPACE:
            continue
        try:
            raw[section] = json.loads(value)
        except (ValueError, RecursionError):
            # Not JSON, or a number with thousands of digits.
            raw[section] = value
    return parse(raw, where=where)


def parse(
    raw: Mapping[str, object], *, where: str, encrypted: Collection[str] = ()
) -> StackSettings:
    """Validate ``raw``: section name -> value. Raises ``SettingsError`` with every mistake.

    ``encrypted``: paths of fields whose value is not known here ('ssh.passphrase').
    """
    try:
        return StackSettings.model_validate(dict(raw))
    except ValidationError as error:
        problems = [
            (field, _NEEDLESSLY_ENCRYPTED if field in encrypted else sentence)
            for field, sentence in _without_echoes(explain(error, StackSettings))
        ]
        raise SettingsError(problems, where=where) from None
    except RecursionError:
        problems = [(NAMESPACE, "is nested too deeply; write it flatter")]
        raise SettingsError(problems, where=where) from None


def _without_echoes(problems: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each mistake once: a wrong default is wrong for every node that inherits it."""
    defaults = {field for field, _ in problems if field == "ssh" or field.startswith("ssh.")}
    if not defaults:
        return problems
    kept: list[tuple[str, str]] = []
    for field, sentence in problems:
        _, inherits, rest = field.partition("].ssh")
        echo = field.startswith("nodes[") and inherits and (not rest or f"ssh{rest}" in defaults)
        if not echo:
            kept.append((field, sentence))
    return kept
