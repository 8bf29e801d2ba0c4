"""One run of a program: starts ``program.py`` in the project's Python and tells how it ended."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import language_pb2

from toolchain.language_host.children import Children
from toolchain.language_host.interpreter import Interpreter
from toolchain.language_host.program import SHOWN
from toolchain.language_host.rpc import Call

SCRIPT = Path(__file__).with_name("program.py")


def run_program(
    request: language_pb2.RunRequest,
    context: Call,
    interpreter: Interpreter,
    engine: str,
    children: Children,
) -> language_pb2.RunResponse:
    """Run the program of ``request``; its output goes where the host's own goes: to the engine.

    ``bail`` in the answer means that the user has already seen what went wrong. A debugger
    (``attach_debugger``) is not supported: the program simply runs.
    """
    reader, writer = os.pipe()
    try:
        process = subprocess.Popen(
            [str(interpreter.python), "-u", str(SCRIPT), str(reader)],
            cwd=request.info.program_directory or request.pwd,
            env=interpreter.environment(),
            stdin=subprocess.DEVNULL,
            pass_fds=(reader,),
        )
    except OSError as cause:
        os.close(writer)
        return language_pb2.RunResponse(error=f"cannot start {interpreter.python}: {cause}")
    finally:
        os.close(reader)
    children.add(process)
    context.add_callback(lambda: _end(process, children))
    feeder = threading.Thread(target=_feed, args=(writer, _order(request, engine)), daemon=True)
    feeder.start()
    try:
        status = process.wait()
    finally:
        children.discard(process)
        feeder.join()
        os.close(writer)
    return _response(status)


def _order(request: language_pb2.RunRequest, engine: str) -> dict[str, Any]:
    info = request.info
    directory = Path(info.program_directory or request.pwd)
    return {
        "program": str((directory / (info.entry_point or ".")).resolve()),
        "args": list(request.args),
        "pwd": request.pwd or str(directory),
        "config": dict(request.config),
        "config_secret_keys": list(request.configSecretKeys),
        "settings": {
            "monitor": request.monitor_address,
            "engine": engine,
            "project": request.project,
            "stack": request.stack,
            "parallel": request.parallel,
            "dry_run": request.dryRun,
            "organization": request.organization,
            "root_directory": info.root_directory,
        },
    }


def _feed(writer: int, order: dict[str, Any]) -> None:
    # In a thread: a large configuration fills the pipe before the program reads it.
    rest = memoryview(json.dumps(order).encode() + b"\n")
    with suppress(BrokenPipeError):
        while rest:
            rest = rest[os.write(writer, rest) :]


def _end(process: subprocess.Popen[bytes], children: Children) -> None:
    if process.poll() is None:
        children.end(process)


def _response(status: int) -> language_pb2.RunResponse:
    if status == 0:
        return language_pb2.RunResponse()
    if status == SHOWN:
        return language_pb2.RunResponse(bail=True)
    if status < 0:
        return language_pb2.RunResponse(error=f"the program was ended by signal {-status}")
    return language_pb2.RunResponse(error=f"the program ended with exit status {status}")
