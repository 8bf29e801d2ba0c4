"""From raw configuration values to models, or to one message that says how to mend the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError

from shimyard.errors import ShimyardError
from shimyard.settings.stack import StackSettings

_NAMESPACE = "shimyard"


class SettingsError(ShimyardError):
    """A stack file that can't be used. Attribute ``fields``: the paths of the wrong fields."""

    def __init__(self, problems: list[tuple[str, str]], *, where: str) -> None:
        lines = "\n".join(f"  {field}: {sentence}" for field, sentence in problems)
        super().__init__(f"{where} can't be used:\n{lines}", mend=f"correct {where}")
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
        if namespace != _NAMESPACE:
            continue
        try:
            raw[section] = json.loads(value)
        except json.JSONDecodeError:
            raw[section] = value
    return parse(raw, where=where)


def parse(raw: Mapping[str, object], *, where: str) -> StackSettings:
    """Validate ``raw``: section name -> value. Raises ``SettingsError`` with every mistake."""
    try:
        return StackSettings.model_validate(dict(raw))
    except ValidationError as error:
        raise SettingsError(explain(error, StackSettings), where=where) from None


def explain(error: ValidationError, model: type[BaseModel]) -> list[tuple[str, str]]:
    """(field path, sentence with the mend) for each mistake that pydantic found in ``model``."""
    problems: list[tuple[str, str]] = []
    for item in error.errors(include_url=False, include_input=False, include_context=True):
        path = _path(item["loc"])
        sentence = _sentence(item["type"], item["msg"], item["loc"], model)
        problems.append((path or _NAMESPACE, sentence))
    return problems


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _sentence(
    kind: str, message: str, location: tuple[int | str, ...], model: type[BaseModel]
) -> str:
    if kind == "missing":
        return "is missing; add it"
    if kind == "extra_forbidden":
        near = get_close_matches(str(location[-1]), _known_fields(model), n=1)
        hint = f"; did you mean '{near[0]}'?" if near else "; remove it or check its spelling"
        return f"there is no such field{hint}"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    text = message[0].lower() + message[1:]
    return text.replace("input should", "should")


def _known_fields(model: type[BaseModel]) -> list[str]:
    schema = model.model_json_schema(by_alias=True)
    names: set[str] = set(schema.get("properties", {}))
    for definition in schema.get("$defs", {}).values():
        names.update(definition.get("properties", {}))
    return sorted(names)
