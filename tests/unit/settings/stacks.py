"""A small valid stack, and ways to break one field of it."""

from __future__ import annotations

import copy
import itertools
import re
from typing import Any

from shimyard.settings import SettingsError, StackSettings, parse

WHERE = "stacks/Pulumi.test.yaml"

VALID: dict[str, Any] = {
    "ssh": {"user": "edge", "identityFile": "keys/edge"},
    "nodes": [
        {"name": "edge-1", "address": "10.0.0.1"},
        {"name": "edge-2", "address": "10.0.0.2"},
    ],
    "runtime": {
        "containerd": {"version": "2.2.1"},
        "runc": {"version": "1.3.4"},
        "cniPlugins": {"version": "1.8.0"},
        "registries": [{"host": "ghcr.io", "mirrors": [{"url": "https://mirror.example.com"}]}],
        "shims": [{"name": "wasmtime", "version": "0.6.1"}],
        "engines": [{"name": "wasmtime", "version": "45.0.1"}],
    },
    "artifacts": {"mirrors": ["https://mirror.example.com"]},
    "files": [{"path": "/etc/edge/site.json", "content": "{}"}],
}

REMOVED = object()


def changed(path: str, value: object) -> dict[str, Any]:
    """``VALID`` with the field at ``path`` ('nodes[0].ssh.port') set, added or ``REMOVED``."""
    raw = copy.deepcopy(VALID)
    parts: list[str | int] = [
        int(part[1:-1]) if part.startswith("[") else part
        for part in re.findall(r"\[\d+\]|[^.\[\]]+", path)
    ]
    place: Any = raw
    for part, after in itertools.pairwise(parts):
        if isinstance(place, dict) and part not in place:
            place[part] = [] if isinstance(after, int) else {}
        place = place[part]
    if value is REMOVED:
        del place[parts[-1]]
    elif isinstance(place, list) and parts[-1] == len(place):
        place.append(value)
    else:
        place[parts[-1]] = value
    return raw


def accepted(path: str, value: object) -> StackSettings:
    """The settings with this field changed."""
    return parse(changed(path, value), where=WHERE)


def refusal(raw: dict[str, Any]) -> SettingsError:
    """The error that ``raw`` gets; fails the test if it is accepted."""
    try:
        parse(raw, where=WHERE)
    except SettingsError as error:
        return error
    raise AssertionError("the settings were accepted")
