"""Jinja renders; what comes out is parsed again and must equal the model that went in."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_NGINX_NAME = re.compile(r"[a-z0-9_]+", re.IGNORECASE)
_NOT_ASCII = re.compile("[\x7f-\uffff]")
# How a Go template says two braces that begin no action.
_GO_BRACES = '{{ "{{" }}'
_TEMPLATES = Path(__file__).resolve().parents[1] / "templates"


class RenderError(ValueError):
    """A template's output does not say what its model says."""


@dataclass(frozen=True)
class Table:
    """One [table] of a TOML file: its ``path`` of keys and its (key, value) ``pairs``."""

    path: tuple[str, ...]
    pairs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class GoAction:
    """A value that a Go template fills in. ``text``: the action; ``example``: what may come out."""

    text: str
    example: object


def render(template: str, **values: object) -> str:
    """The text of ``template`` (a path below templates/). An unknown name is an error."""
    return _environment().get_template(template).render(**values)


def render_toml(template: str, model: Mapping[str, Any]) -> str:
    """A TOML file with exactly ``model`` in it. Raises ``RenderError`` if it parses to another."""
    top, tables = flatten(model)
    text = render(template, top=top, tables=tables)
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RenderError(f"{template} renders no TOML: {error}") from error
    if parsed != _pruned(model):
        raise RenderError(f"{template} renders another document than its model")
    return text


def render_go_toml(template: str, model: Mapping[str, Any], *, base: str) -> str:
    """A Go template: ``base``, then a TOML file with exactly ``model``, which may have actions.

    Raises ``RenderError`` if what Go makes of the part behind the base is another document.
    """
    top, tables = flatten(model)
    if top:
        raise RenderError(f"{template} has no place for values outside of a table")
    text = render(template, base=base, tables=tables)
    filled = text.replace(base, "")
    for action in _actions(model):
        filled = filled.replace(action.text, toml_value(action.example))
    try:
        parsed = tomllib.loads(filled.replace(_GO_BRACES, "{{"))
    except tomllib.TOMLDecodeError as error:
        raise RenderError(f"{template} renders no TOML: {error}") from error
    if parsed != _filled(model):
        raise RenderError(f"{template} renders another document than its model")
    return text


def render_yaml(template: str, model: Mapping[str, Any]) -> str:
    """A YAML file with exactly ``model`` in it. Raises ``RenderError`` if it parses to another."""
    text = render(template, values=model)
    # The only YAML that leaves here is flow style below a key: JSON's values, which YAML 1.2 has.
    if yaml.safe_load(text) != model:
        raise RenderError(f"{template} renders another document than its model")
    return text


def flatten(model: Mapping[str, Any]) -> tuple[list[tuple[str, Any]], list[Table]]:
    """The top-level pairs and the tables of a nested mapping; a table stands if it has pairs."""
    tables: list[Table] = []

    def walk(path: tuple[str, ...], table: Mapping[str, Any]) -> None:
        pairs = tuple((k, v) for k, v in table.items() if not isinstance(v, Mapping))
        if pairs or not table:
            tables.append(Table(path, pairs))
        for key, value in table.items():
            if isinstance(value, Mapping):
                walk((*path, key), value)

    for key, value in model.items():
        if isinstance(value, Mapping):
            walk((key,), value)
    return [(k, v) for k, v in model.items() if not isinstance(v, Mapping)], tables


def toml_value(value: object) -> str:
    """A value quoted as TOML 1.0. Raises ``RenderError`` for what TOML can't express."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise RenderError("TOML has no whole number of more than 64 bits")
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RenderError(f"{value} is no number that a file can hold")
        return repr(value)
    if isinstance(value, str):
        # JSON escapes what a TOML basic string must escape, except the DEL character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    if isinstance(value, Mapping):
        pairs = (f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}"
    raise RenderError(f"TOML has no value for {type(value).__name__}")


def go_text(text: str) -> str:
    """Text that a Go template passes on as it is."""
    return text.replace("{{", _GO_BRACES)


def go_toml(value: object) -> str:
    """A value quoted as TOML in a Go template."""
    return value.text if isinstance(value, GoAction) else go_text(toml_value(value))


def toml_key(key: str) -> str:
    """A key, bare if it may be, else quoted."""
    return key if _BARE_KEY.fullmatch(key) else toml_value(key)


def toml_path(path: Sequence[str]) -> str:
    """A dotted table name."""
    return ".".join(toml_key(part) for part in path)


def yaml_value(value: object) -> str:
    """A value quoted as YAML 1.2 flow style, which every JSON text is.

    Readers of YAML 1.1 take a number with an exponent for one only if it has a point, and know no
    pairs of surrogates.
    """
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return _NOT_ASCII.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
    if isinstance(value, Mapping):
        pairs = (f"{yaml_value(key)}: {yaml_value(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(yaml_value(item) for item in value)}]"
    text = json.dumps(value)
    if isinstance(value, float) and "." not in text:
        return text.replace("e", ".0e")
    return text


def nginx_value(text: str) -> str:
    """A text quoted for nginx. Raises ``RenderError`` for what it would read as something else."""
    if not text.isprintable() or "$" in text:
        raise RenderError(f"{text!r} can't stand in a configuration of nginx")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def nginx_variables(names: Sequence[str], separator: str = "") -> str:
    """The values of nginx's variables of these names, one behind the other."""
    for name in names:
        if not _NGINX_NAME.fullmatch(name):
            raise RenderError(f"{name!r} is no name of a variable of nginx")
    return f'"{separator.join(f"${{{name}}}" for name in names)}"'


def _actions(model: Mapping[str, Any]) -> Iterator[GoAction]:
    for value in model.values():
        if isinstance(value, GoAction):
            yield value
        elif isinstance(value, Mapping):
            yield from _actions(value)


def _filled(value: Any) -> Any:
    if isinstance(value, GoAction):
        return value.example
    if isinstance(value, Mapping):
        return {key: _filled(item) for key, item in value.items()}
    return value


def _pruned(model: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _pruned(v) if isinstance(v, Mapping) else v for k, v in model.items()}


@cache
def _environment() -> Environment:
    # Not HTML: values are quoted for TOML, YAML and nginx by the filters below.
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        toml=toml_value,
        toml_key=toml_key,
        toml_path=toml_path,
        yaml=yaml_value,
        go_text=go_text,
        go_toml=go_toml,
        nginx=nginx_value,
        nginx_variables=nginx_variables,
    )
    return environment
