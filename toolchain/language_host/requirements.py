"""``pulumi install``: the project's virtualenv and what its requirements.txt names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from toolchain.language_host.children import Children
from toolchain.language_host.interpreter import named_virtualenv
from toolchain.language_host.plugin_process import stream
from toolchain.language_host.rpc import Call, as_dict, refuse


def install_requirements(
    request: language_pb2.InstallDependenciesRequest,
    context: Call,
    children: Children,
) -> Iterator[language_pb2.InstallDependenciesResponse]:
    """Make the virtualenv if it is missing, install requirements.txt; streams pip's output."""
    root = Path(request.info.root_directory or request.directory)
    program = Path(request.info.program_directory or root)
    virtualenv = named_virtualenv(root, as_dict(request.info.options))
    python = sys.executable if virtualenv is None else str(virtualenv / "bin" / "python")
    commands: list[list[str]] = []
    if virtualenv is not None and not os.access(python, os.X_OK):
        commands.append([sys.executable, "-m", "venv", str(virtualenv)])
    for folder in dict.fromkeys((program, root)):
        if (folder / "requirements.txt").is_file():
            wanted = str(folder / "requirements.txt")
            commands.append([python, "-m", "pip", "install", "--requirement", wanted])
            break
    for command in commands:
        for name, chunk in stream(command, str(root), dict(os.environ), context, children):
            if name == "stdout":
                yield language_pb2.InstallDependenciesResponse(stdout=chunk)
            elif name == "stderr":
                yield language_pb2.InstallDependenciesResponse(stderr=chunk)
            elif chunk != b"0":
                refuse(
                    context,
                    f"{' '.join(command)} ended with status {chunk.decode()}",
                )
