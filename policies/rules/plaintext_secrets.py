"""Secrets are Pulumi's, not texts: what is a text stands in previews, states and logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policies.pods import containers, kind
from policies.subject import Config, Subject, Violation
from policies.values import Secret, items, mapping, texts

_KINDS: Mapping[str, re.Pattern[str]] = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    "an age secret key": re.compile(r"\bAGE-SECRET-KEY-1[0-9A-Z]{20,}"),
    "an AWS access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    "a GitLab token": re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Google API key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a JSON web token": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    "a K3s token": re.compile(r"\bK10[0-9a-f]{64}::"),
    "a password in a URL": re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@$<{]+@"),
    "a login in a header": re.compile(
        r"authorization['\"]?\s*[:=]\s*['\"]?(?:basic|bearer)\s+[\w+/=.-]{8,}", re.IGNORECASE
    ),
}
_NAMED = (
    r"(?:password|passwd|passphrase|secret|token|api_?key|private_?key|access_?key|credentials)"
)
_NAME = re.compile(rf"(?:^|.*[^a-z]){_NAMED}", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    rf"^[ \t]*['\"]?(?P<name>[\w.-]*?{_NAMED})['\"]?[ \t]*[:=][ \t]*['\"]?(?P<value>[^\s'\"]+)",
    re.IGNORECASE | re.MULTILINE,
)
# A path, a reference to a variable, or something to fill in is no secret itself.
_HARMLESS = re.compile(r"[/$<{*]|(?:true|false|null|none)$", re.IGNORECASE)
_SHORTEST = 6


def plaintext_secrets(subject: Subject, config: Config) -> Iterator[Violation]:
    """No text looks like a secret, and each value of a Kubernetes Secret is one of Pulumi.

    ``config['allowed']``: names (of variables, keys) that are harmless whatever they hold. What is
    found is never said, only where.
    """
    allowed = frozenset(items(config["allowed"]))
    if kind(subject) == "Secret":
        yield from _open_secret(subject)
        return
    yield from _recognized(subject)
    yield from _variables(subject, allowed)
    if kind(subject) == "ConfigMap":
        yield from _config_map(subject, allowed)
    if subject.type == "shimyard-edge:node:NodeFiles":
        for file in items(subject.inputs.get("files")):
            entry = mapping(file)
            if _assigns(entry.get("content"), allowed):
                yield _told(f"files, {entry.get('path')}", "assigns a secret in plain text")


def _recognized(subject: Subject) -> Iterator[Violation]:
    for where, text in texts(subject.inputs):
        what = next((what for what, pattern in _KINDS.items() if pattern.search(text)), None)
        if what is not None:
            yield _told(where, f"holds {what} in plain text")


def _variables(subject: Subject, allowed: frozenset[str]) -> Iterator[Violation]:
    for name, container in containers(subject):
        for variable in items(container.get("env")):
            entry = mapping(variable)
            if _telling(entry.get("name"), entry.get("value"), allowed):
                yield _told(f"{name}, env {entry['name']}", "has a secret's name and a plain value")


def _config_map(subject: Subject, allowed: frozenset[str]) -> Iterator[Violation]:
    for key, value in mapping(subject.inputs.get("data")).items():
        if _telling(key, value, allowed) or _assigns(value, allowed):
            yield _told(f"data.{key}", "is a secret by its name, and a ConfigMap is for all")


def _open_secret(subject: Subject) -> Iterator[Violation]:
    for field in ("data", "stringData"):
        values = subject.inputs.get(field)
        if isinstance(values, Secret) or not mapping(values):
            continue
        for key, value in mapping(values).items():
            if isinstance(value, str) and value:
                yield _told(f"{field}.{key}", "is a plain text in the state")


def _told(where: str, reason: str) -> Violation:
    return Violation(
        where,
        f"{reason}; previews, logs and the state show it",
        "take it out, change it where it is used, and set it with `pulumi config set --secret` "
        "(secretValue of a variable, secretContent of a file)",
    )


def _telling(name: Any, value: Any, allowed: frozenset[str]) -> bool:
    return (
        isinstance(name, str)
        and name not in allowed
        and _NAME.fullmatch(name) is not None
        and isinstance(value, str)
        and _is_secret(value)
    )


def _assigns(text: Any, allowed: frozenset[str]) -> bool:
    return isinstance(text, str) and any(
        _is_secret(found["value"]) and found["name"] not in allowed
        for found in _ASSIGNMENT.finditer(text)
    )


def _is_secret(value: str) -> bool:
    return len(value) >= _SHORTEST and _HARMLESS.match(value) is None
