"""Event logs as the engine writes them, and what they come to."""

from __future__ import annotations

import json
from typing import Any

from shimyard.preview.events import Events, read_events
from shimyard.preview.model import Summary
from shimyard.preview.summarize import summarize

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
RUNTIME = "shimyard:node:ContainerRuntime"
FILES = "shimyard:node:NodeFiles"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:bench::shimyard::shimyard:index:Fleet${type_}::{name}"


def step(
    op: str,
    type_: str,
    name: str,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    *,
    outputs: dict[str, Any] | None = None,
    changed: dict[str, str] | None = None,
    keys: list[str] | None = None,
) -> dict[str, Any]:
    """The event of one step; ``changed``: path -> kind."""
    metadata = {
        "op": op,
        "urn": urn(type_, name),
        "type": type_,
        "old": None if old is None else {"inputs": old, "outputs": outputs or {}},
        "new": None if new is None else {"inputs": new, "outputs": {}},
        "detailedDiff": {path: {"diffKind": kind} for path, kind in (changed or {}).items()}
        or None,
        "keys": keys,
    }
    return {"resourcePreEvent": {"metadata": metadata, "planning": True}}


def runtime(node: str = "edge-1", **inputs: Any) -> dict[str, Any]:
    """Inputs of a ContainerRuntime."""
    return {"node": {"name": node, "address": "192.0.2.1"}, **inputs}


def diagnostic(message: str, severity: str = "error", **more: Any) -> dict[str, Any]:
    return {"diagnosticEvent": {"message": message, "severity": severity, **more}}


def violation(
    message: str, *, policy: str = "container-limits", level: str = "mandatory", name: str = "it"
) -> dict[str, Any]:
    return {
        "policyEvent": {
            "resourceUrn": urn(DEPLOYMENT, name),
            "message": f"<{{%fg 1%}}>What it is for.\n{message}<{{%reset%}}>",
            "policyName": policy,
            "policyPackName": "shimyard",
            "enforcementLevel": level,
        }
    }


def ending(result: str = "succeeded") -> dict[str, Any]:
    return {"summaryEvent": {"result": result, "resourceChanges": {}}}


def read(*events: dict[str, Any]) -> Events:
    return read_events(json.dumps({"sequence": n, **each}) for n, each in enumerate(events))


def summary(*events: dict[str, Any], result: str = "succeeded", **more: Any) -> Summary:
    return summarize(read(*events, ending(result)), "bench", **more)
