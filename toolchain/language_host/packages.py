"""What a project's Python has installed: plugins that SDK packages want, and plain dependencies."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolchain.language_host.interpreter import Interpreter

# Runs in the project's Python, which may be another one than the host's.
_SURVEY = """
import importlib.metadata as metadata, json, sys, sysconfig
import re
bare = lambda text: re.sub(r"[-_.]+", "-", text).lower()
found, wanted = [], set()
for item in metadata.distributions():
    if item.name:
        found.append({"name": item.name, "version": item.version})
        for line in item.requires or []:
            if "extra ==" not in line:
                wanted.add(bare(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]))
for item in found:
    item["direct"] = bare(item["name"]) not in wanted
paths = sysconfig.get_paths()
json.dump({
    "executable": sys.executable,
    "version": "%d.%d.%d" % sys.version_info[:3],
    "folders": sorted({paths["purelib"], paths["platlib"]}),
    "distributions": found,
}, sys.stdout)
"""


@dataclass(frozen=True)
class Plugin:
    """A ``pulumi-plugin.json``: the provider plugin that an SDK package works with."""

    name: str
    version: str
    server: str


@dataclass(frozen=True)
class Survey:
    """A Python installation. ``distributions``: name, version, and whether nothing requires it."""

    executable: str
    version: str
    folders: tuple[Path, ...]
    distributions: tuple[tuple[str, str, bool], ...]


def survey(interpreter: Interpreter) -> Survey:
    """Ask ``interpreter`` about itself; raises subprocess.SubprocessError or OSError."""
    result = subprocess.run(
        [str(interpreter.python), "-I", "-c", _SURVEY],
        env=interpreter.environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answer = json.loads(result.stdout)
    return Survey(
        executable=answer["executable"],
        version=answer["version"],
        folders=tuple(Path(folder) for folder in answer["folders"]),
        distributions=tuple(
            (item["name"], item["version"], item["direct"]) for item in answer["distributions"]
        ),
    )


def plugins_beside(interpreter: Interpreter) -> Iterator[Plugin]:
    """The plugins that packages in the interpreter's virtualenv declare.

    Read from the folders, without starting Python: the engine asks at every command. Projects
    without a virtualenv declare none; the engine then finds a plugin at its first resource.
    """
    if interpreter.virtualenv is None:
        return
    for folder in sorted(interpreter.virtualenv.glob("lib/python3*/site-packages")):
        for path in sorted(folder.glob("pulumi_*/pulumi-plugin.json")):
            plugin = _read_plugin(path)
            if plugin is not None:
                yield plugin


def _read_plugin(path: Path) -> Plugin | None:
    try:
        document = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    if not isinstance(document, Mapping) or not document.get("resource"):
        return None
    # A parameterized package needs more than name and version; the SDK registers it at run time.
    if document.get("parameterization"):
        return None
    name = str(document.get("name") or path.parent.name.removeprefix("pulumi_"))
    return Plugin(name, str(document.get("version") or ""), str(document.get("server") or ""))
