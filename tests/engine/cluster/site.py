"""What a site without a way out brings along: image archives and a shim, in a lock and a bundle."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.images.layout import export
from lab.images.packaging import classic_image, linux_image
from lab.workloads import build
from lab.workloads.pause_recipe import pause
from shimyard.catalogue import BUILT_IN_LOCK
from shimyard.node.paths import stored

PAUSE, GREETER = "site.invalid/pause:1", "site.invalid/greeter:1"
BROKEN = "9.9.9"
HOST = "site.invalid"

# Shim-like in its name only.
_BROKEN_SHIM = b"#!/bin/sh\nexit 1\n"


def bring(folder: Path) -> dict[str, Any]:
    """Write the lock and the bundle; the section `artifacts` that names them."""
    bundle = folder / "bundle"
    (bundle / HOST).mkdir(parents=True)
    files = {
        ("pause", "1.0.0"): ("pause.tar.gz", _pause(folder)),
        ("greeter", "1.0.0"): ("greeter.tar", _greeter(folder)),
        ("containerd-shim-wasmtime", BROKEN): ("containerd-shim-wasmtime-v1", _BROKEN_SHIM),
    }
    for file, content in files.values():
        (bundle / HOST / file).write_bytes(content)
    lock = folder / "site.lock.json"
    known = json.loads(BUILT_IN_LOCK.read_text())
    lock.write_text(json.dumps({**known, "artifacts": [_entry(*each) for each in files.items()]}))
    return {"lockFiles": [str(lock)], "bundle": str(bundle)}


def archive_of_greeter(artifacts: Mapping[str, Any]) -> str:
    """Where a node has the archive, as the section ``artifacts`` brings it."""
    content = (Path(artifacts["bundle"]) / HOST / "greeter.tar").read_bytes()
    return stored(hashlib.sha256(content).hexdigest(), "greeter.tar")


def _entry(key: tuple[str, str], held: tuple[str, bytes]) -> Mapping[str, Any]:
    file, content = held
    return {
        "name": key[0],
        "version": key[1],
        "arch": "amd64",
        "url": f"https://{HOST}/{file}",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "unpack": {"format": "raw", "files": {"": file}},
        "checksum_source": "made by the test",
        "signature": None,
    }


def _pause(folder: Path) -> bytes:
    """As an archive that is packed."""
    archive = folder / "pause.tar"
    export(linux_image("/pause", pause("amd64").read_bytes(), "amd64"), PAUSE, archive)
    return gzip.compress(archive.read_bytes(), mtime=0)


def _greeter(folder: Path) -> bytes:
    archive = folder / "greeter.tar"
    greeter = next(each for each in build() if each.name == "greeter")
    export(classic_image(greeter.entrypoint, greeter.path.read_bytes()), GREETER, archive)
    return archive.read_bytes()
