"""The OCI registry on the lab's bridge: CNCF distribution, over plain HTTP, storing in the lab."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from lab import services
from lab.settings import LabSettings

PORT = 5000
NAME = "registry"

# Without this it sends traces to an OTLP collector on localhost and logs that there is none.
ENVIRONMENT: Final = {"OTEL_TRACES_EXPORTER": "none"}


def registry_url(settings: LabSettings) -> str:
    """Where nodes and the controller reach this lab's registry."""
    return f"http://{settings.gateway}:{PORT}"


def write_config(folder: Path, address: str) -> Path:
    """Write a registry's config into ``folder``, beside its storage; the config's path.

    ``address`` is ``host:port``. The format is YAML, of which JSON is a part:
    https://distribution.github.io/distribution/about/configuration/
    """
    config = {
        "version": "0.1",
        "log": {"level": "info", "formatter": "text"},
        "storage": {
            "filesystem": {"rootdirectory": str(folder / "storage")},
            "delete": {"enabled": True},
        },
        "http": {"addr": address},
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.json"
    path.write_text(json.dumps(config, indent=2) + "\n")
    return path


def serves(url: str) -> bool:
    """Whether an OCI registry answers at ``url``."""
    try:
        with urllib.request.urlopen(f"{url}/v2/", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def start_registry(settings: LabSettings, binary: Path) -> str:
    """Have the registry program ``binary`` running on the lab's bridge; its URL.

    Errors: ``NotReadyError``.
    """
    url = registry_url(settings)
    config = write_config(settings.folder / "registry", f"{settings.gateway}:{PORT}")
    services.start(
        settings,
        NAME,
        [str(binary), "serve", str(config)],
        env=ENVIRONMENT,
        ready=lambda: serves(url),
    )
    return url
