"""Names and labels of what belongs to an app."""

from __future__ import annotations

import hashlib
from typing import Any

from shimyard.settings.workloads import AppSettings

APP_LABEL = "shimyard.dev/app"
MANAGED_BY = {"app.kubernetes.io/managed-by": "shimyard"}


def selector(app: AppSettings) -> dict[str, str]:
    """The labels that find an app's pods. A Deployment's can't change, so it is but one."""
    return {APP_LABEL: app.name}


def labels(app: AppSettings) -> dict[str, str]:
    """Labels of each object of an app."""
    return {
        **app.labels,
        "app.kubernetes.io/name": app.name,
        **MANAGED_BY,
        **selector(app),
    }


def without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    """``fields`` without those that are None, {} or []: Kubernetes' defaults stay its own."""
    return {
        key: value for key, value in fields.items() if value is not None and value not in ({}, [])
    }


def fingerprint(text: str) -> str:
    """Of what pods have read at their start: in an annotation or a name, it makes them anew."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
