"""pydantic's findings in the words of somebody who edits the file."""

from __future__ import annotations

from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from shimyard.errors import shown
from shimyard.settings.base import FieldError

_UNKNOWN = "there is no such field; remove it or check its spelling"
_DEEP = "contains itself or is nested too deeply; write it flatter"
# What is deeper is found by the first of them, and would fill a screen.
_MAX_PARTS = 16
# More are not shown, so that a file with a hundred thousand unknown names is answered at once.
_MAX_GUESSES = 100

_SENTENCES = {
    "missing": "is missing; add it",
    "extra_forbidden": _UNKNOWN,
    "string_type": "should be text; put it in quotes if it looks like a number, a date or yes/no",
    "string_too_short": "is empty; write at least one character or remove the field",
    "too_short": "is empty; add at least one entry",
    "list_type": "should be a list; start each entry with '- '",
    "dict_type": "should be a table of 'name: value' lines",
    "model_type": "should be a table of 'name: value' lines",
    "model_attributes_type": "should be a table of 'name: value' lines",
    "bool_type": "should be true or false",
    "bool_parsing": "should be true or false",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "should be a whole number",
    "invalid_key": "should have text as its name; put the name in quotes",
    "recursion_loop": _DEEP,
    "recursion_depth_exceeded": _DEEP,
    "string_unicode": "is not valid text",
    "json_invalid": "is not valid JSON",
    "finite_number": "should be a finite number",
    "ip_v4_address": "is no IPv4 address; write it like '10.0.0.1'",
    "ip_v4_network": "is no network; write it like '10.42.0.0/16'",
}


def explain(error: ValidationError, model: type[BaseModel]) -> list[tuple[str, str]]:
    """(field path, sentence with the mend) for each mistake that pydantic found in ``model``.

    A path reads like 'nodes[1].ssh.user'. No sentence holds the value that was refused.
    """
    problems: dict[tuple[str, str], None] = {}
    for item in error.errors(include_url=False, include_input=False, include_context=True):
        location = item["loc"]
        if location[-1:] == ("[key]",) and item["type"] != "extra_forbidden":
            # pydantic's mark for a mistake in the name itself: ('labels', 'a b', '[key]').
            location = location[:-1]
        path = path_text(location)
        context: dict[str, Any] = item.get("ctx", {})
        cause = context.get("error")
        if isinstance(cause, FieldError):
            problems[(f"{path}.{cause.field}" if path else cause.field, cause.sentence)] = None
        else:
            if item["type"] == "extra_forbidden" and len(problems) < _MAX_GUESSES:
                sentence = _unknown_field(location, model)
            else:
                sentence = _sentence(item["type"], item["msg"], context)
            problems[(path or model.__name__, sentence)] = None
    return list(problems)


def path_text(location: tuple[int | str, ...]) -> str:
    """('nodes', 1, 'ssh') as 'nodes[1].ssh'."""
    text = ""
    for part in location[:_MAX_PARTS]:
        name = shown(str(part))
        text += f"[{name}]" if isinstance(part, int) else f".{name}" if text else name
    return f"{text}..." if len(location) > _MAX_PARTS else text


def _sentence(kind: str, message: str, context: dict[str, Any]) -> str:
    if kind == "literal_error":
        return f"should be one of: {str(context.get('expected', '')).replace(' or ', ', ')}"
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    return message.replace("Input should", "should").replace("String should", "should")


def _unknown_field(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    owner = _model_at(model, location[:-1])
    if owner is None:
        return _UNKNOWN
    known = [field.alias or name for name, field in owner.model_fields.items()]
    near = get_close_matches(shown(str(location[-1])), known, n=1)
    if near:
        return f"there is no such field; did you mean '{near[0]}'?"
    return f"there is no such field; this place has: {', '.join(known)}"


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model that stands at ``location`` below ``model``, or None if it is no model."""
    here: Any = model
    for part in location:
        here = _bare(here)
        if isinstance(part, int):
            arguments = get_args(here)
            here = arguments[0] if arguments else None
        elif isinstance(here, type) and issubclass(here, BaseModel):
            fields = {field.alias or name: field for name, field in here.model_fields.items()}
            here = fields[part].annotation if part in fields else None
        else:
            arguments = get_args(here)
            here = arguments[-1] if arguments else None
    here = _bare(here)
    return here if isinstance(here, type) and issubclass(here, BaseModel) else None


def _bare(annotation: Any) -> Any:
    """``annotation`` without Annotated[...] and without '| None'."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, UnionType):
            annotation = next(
                (option for option in get_args(annotation) if option is not type(None)), None
            )
        else:
            return annotation
