"""Plugins written in Python: policy packs, and providers with a PulumiPlugin.yaml."""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pulumi.runtime.proto import language_pb2

from toolchain.language_host.children import GRACE_SECONDS, Children
from toolchain.language_host.interpreter import Interpreter
from toolchain.language_host.rpc import Call, refuse

# None marks the end of one stream.
Piece = tuple[str, bytes | None]


def run_plugin(
    request: language_pb2.RunPluginRequest,
    context: Call,
    interpreter: Interpreter,
    children: Children,
) -> Iterator[language_pb2.RunPluginResponse]:
    """Run the plugin in ``request`` until it ends or the engine hangs up.

    Yields its output as it comes (the first line is its port) and its exit code as the last.
    """
    info = request.info
    program = (Path(info.program_directory) / (info.entry_point or ".")).resolve()
    base = dict(item.split("=", 1) for item in request.env if "=" in item) or dict(os.environ)
    command = [str(interpreter.python), "-u", str(program), *request.args]
    for name, chunk in stream(
        command, request.pwd or None, interpreter.environment(base), context, children
    ):
        if name == "exitcode":
            yield language_pb2.RunPluginResponse(exitcode=int(chunk))
        elif name == "stdout":
            yield language_pb2.RunPluginResponse(stdout=chunk)
        else:
            yield language_pb2.RunPluginResponse(stderr=chunk)


def stream(
    command: list[str],
    cwd: str | None,
    env: dict[str, str],
    context: Call,
    children: Children,
) -> Iterator[tuple[str, bytes]]:
    """Pieces of a command's output as ("stdout" or "stderr", bytes), last ("exitcode", digits)."""
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as cause:
        refuse(context, f"cannot start {command[0]}: {cause}")
    children.add(process)
    context.add_callback(lambda: children.end(process) if process.poll() is None else None)
    pieces: queue.SimpleQueue[Piece] = queue.SimpleQueue()
    for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
        threading.Thread(target=_pump, args=(name, pipe, pieces), daemon=True).start()
    try:
        yield from _until_closed(pieces, process)
        yield "exitcode", str(process.wait()).encode()
    finally:
        children.end(process)
        children.discard(process)


def _pump(name: str, pipe: IO[bytes] | None, pieces: queue.SimpleQueue[Piece]) -> None:
    assert pipe is not None  # noqa: S101
    with pipe:
        while chunk := os.read(pipe.fileno(), 1 << 16):
            pieces.put((name, chunk))
    pieces.put((name, None))


def _until_closed(
    pieces: queue.SimpleQueue[Piece], process: subprocess.Popen[bytes]
) -> Iterator[tuple[str, bytes]]:
    waiting = {"stdout", "stderr"}
    while waiting:
        try:
            name, chunk = pieces.get(timeout=GRACE_SECONDS)
        except queue.Empty:
            # A grandchild may hold the pipes open long after the plugin itself has ended.
            if process.poll() is not None:
                return
            continue
        if chunk is None:
            waiting.discard(name)
        else:
            yield name, chunk
