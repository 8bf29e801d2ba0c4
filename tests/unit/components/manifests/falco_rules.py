"""Falco's format of rules, as far as its documentation states it: what Falco would refuse to load.

Stand-in for Falco itself, which none of the registries has. Not checked: whether a kernel event has
a field, and what a condition costs. Source: falco.org/docs/reference/rules and /docs/concepts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml

PRIORITIES: Final = (
    "EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"
)  # fmt: skip
RULE: Final = {"rule", "desc", "condition", "output", "priority", "source", "tags", "enabled"}
FIELDS: Final = {
    "container.id", "container.image.repository", "evt.type", "fd.l4proto", "fd.name", "fd.snet",
    "fd.type", "k8s.ns.name", "k8s.pod.name", "proc.cmdline", "proc.exepath", "proc.name",
    "proc.pexepath", "proc.pid", "proc.vmrss", "user.uid",
}  # fmt: skip
EVENTS: Final = {
    "brk", "clone", "clone3", "connect", "execve", "execveat", "mmap", "munmap", "sendmsg", "sendto"
}  # fmt: skip
_COMPARISONS: Final = {
    "=", "==", "!=", "<", "<=", ">", ">=", "contains", "icontains", "startswith", "endswith", "glob"
}  # fmt: skip
_TOKEN = re.compile(r'\s*("[^"]*"|[(),]|[<>=!]=?|[^\s(),<>=!"]+)')


class RefusedError(ValueError):
    """What Falco would not load, and why."""


def load(text: str) -> dict[str, dict[str, Any]]:
    """The rules of a file, by name, all of it checked. Raises ``RefusedError``."""
    items = yaml.safe_load(text)
    if not isinstance(items, list):
        raise RefusedError("a rules file is a list")
    lists: dict[str, list[Any]] = {}
    macros: dict[str, str] = {}
    rules: dict[str, dict[str, Any]] = {}
    for item in items:
        match item:
            case {"required_engine_version": version, **rest} if not rest:
                if not re.fullmatch(r"\d+(\.\d+\.\d+)?", str(version)):
                    raise RefusedError(f"{version} is no version")
            case {"list": str(name), "items": list(values), **rest} if not rest:
                lists[name] = values
            case {"macro": str(name), "condition": str(condition), **rest} if not rest:
                Condition(condition, lists, macros).check()
                macros[name] = condition
            case {"rule": str(name)}:
                _rule(item, lists, macros)
                rules[name] = item
            case _:
                raise RefusedError(f"{item!r} is no list, macro or rule")
    return rules


def _rule(rule: dict[str, Any], lists: dict[str, list[Any]], macros: dict[str, str]) -> None:
    name = rule["rule"]
    if unknown := rule.keys() - RULE:
        raise RefusedError(f"{name}: unknown keys {unknown}")
    for key in ("desc", "condition", "output", "priority"):
        if not isinstance(rule.get(key), str) or not rule[key].strip():
            raise RefusedError(f"{name}: {key} must be a text")
    if rule["priority"].upper() not in PRIORITIES:
        raise RefusedError(f"{name}: {rule['priority']} is no priority")
    if not all(isinstance(tag, str) for tag in rule.get("tags", [])):
        raise RefusedError(f"{name}: tags must be texts")
    found = Condition(rule["condition"], lists, macros)
    found.check()
    if "evt.type" not in found.fields:
        raise RefusedError(f"{name}: without evt.type it would be asked of each event")
    for field in re.findall(r"%([a-z0-9._]+)", rule["output"]):
        if field not in FIELDS:
            raise RefusedError(f"{name}: output has the unknown field {field}")


class Condition:
    """A condition, read by its grammar: or, and, not, parentheses, checks, macros."""

    def __init__(self, text: str, lists: dict[str, list[Any]], macros: dict[str, str]) -> None:
        self.fields: set[str] = set()
        self._lists, self._macros = lists, macros
        self._left = list(_tokens(text))

    def check(self) -> None:
        """Raises ``RefusedError``."""
        self._either()
        if self._left:
            raise RefusedError(f"'{self._left[0]}' is left over")

    def _next(self) -> str:
        if not self._left:
            raise RefusedError("the condition ends in the middle")
        return self._left.pop(0)

    def _is(self, token: str) -> bool:
        if self._left and self._left[0] == token:
            self._left.pop(0)
            return True
        return False

    def _either(self) -> None:
        self._both()
        while self._is("or"):
            self._both()

    def _both(self) -> None:
        self._one()
        while self._is("and"):
            self._one()

    def _one(self) -> None:
        if self._is("not"):
            self._one()
        elif self._is("("):
            self._either()
            if not self._is(")"):
                raise RefusedError("a parenthesis is not closed")
        else:
            self._check(self._next())

    def _check(self, word: str) -> None:
        if word in self._macros:
            inner = Condition(self._macros[word], self._lists, self._macros)
            inner.check()
            self.fields |= inner.fields
            return
        if word not in FIELDS:
            raise RefusedError(f"'{word}' is neither a field nor a macro")
        self.fields.add(word)
        operator = self._next()
        if operator == "in":
            self._values(word)
        elif operator not in _COMPARISONS:
            raise RefusedError(f"'{operator}' is no operator")
        elif self._next() in ("(", ")", ",", "and", "or"):
            raise RefusedError(f"{word} {operator} has no value")

    def _values(self, field: str) -> None:
        if not self._is("("):
            raise RefusedError(f"{field} in: no list")
        values: list[Any] = []
        while not self._is(")"):
            word = self._next()
            values += self._lists.get(word, [word])
            if not self._is(",") and (not self._left or self._left[0] != ")"):
                raise RefusedError(f"{field} in: no comma behind {word}")
        if field == "evt.type" and (unknown := set(values) - EVENTS):
            raise RefusedError(f"unknown events {unknown}")


def _tokens(text: str) -> Iterator[str]:
    rest = text.strip()
    while rest:
        found = _TOKEN.match(rest)
        if found is None:
            raise RefusedError(f"can't read '{rest[:20]}'")
        yield found[1]
        rest = rest[found.end() :].strip()
