"""Runs one Pulumi program: a script that the language host starts in the project's Python.

The request comes as one JSON line on the file descriptor named by the only argument. It holds the
stack's configuration with its secrets, which therefore shows in no argument list and is handed to
no grandchild's environment. The host keeps the other end open: when that closes, the host is gone.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import runpy
import signal
import sys
import threading
import traceback
import types
from concurrent.futures import ThreadPoolExecutor
from json import loads
from pathlib import Path
from typing import Any, BinaryIO

# Tells the host that the user has seen the error (upstream's hosts use the same number).
SHOWN = 32
# Upstream's executors give a program four threads per parallel resource operation.
_THREADS_PER_OPERATION = 4


def main() -> int:
    """Run the program of the request; returns this process's exit status."""
    # A Ctrl-C is for the engine, which then ends this process itself.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    channel = os.fdopen(int(sys.argv[1]), "rb", buffering=0)
    os.set_inheritable(channel.fileno(), False)
    request = loads(_read_line(channel))
    threading.Thread(target=_end_with_host, args=(channel,), daemon=True).start()
    program = Path(request["program"])
    sys.path[0] = str(program if program.is_dir() else program.parent)
    sys.argv = [str(program), *request["args"]]
    os.chdir(request["pwd"])
    try:
        import pulumi  # noqa: PLC0415  its absence is an answer for the user
    except ImportError as cause:
        print(
            f"{sys.executable} has no Pulumi SDK ({cause}). Install the project's requirements "
            "into the virtualenv that Pulumi.yaml names: pip install -r requirements.txt.",
            file=sys.stderr,
        )
        return SHOWN
    return _run(pulumi, program, request)


def _read_line(channel: BinaryIO) -> bytes:
    pieces: list[bytes] = []
    while not pieces or not pieces[-1].endswith(b"\n"):
        piece = channel.read(1 << 16)
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces)


def _end_with_host(channel: BinaryIO) -> None:
    channel.read(1)
    os._exit(1)


def _run(pulumi: Any, program: Path, request: dict[str, Any]) -> int:
    runtime = pulumi.runtime
    # The first fills the default that other threads see, the second the main thread's context.
    for key, value in request["config"].items():
        runtime.set_config(key, value)
    runtime.set_all_config(request["config"], request["config_secret_keys"])
    # A project may pin an SDK that is older than a setting.
    known = inspect.signature(runtime.Settings.__init__).parameters
    settings = {name: value for name, value in request["settings"].items() if name in known}
    runtime.configure(runtime.Settings(**settings))

    # A failed program leaves futures behind that nobody awaits; asyncio would complain of each.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    threads = max(request["settings"]["parallel"], 1) * _THREADS_PER_OPERATION
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=threads)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(runtime.run_in_stack(lambda: _execute(program)))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))  # noqa: TRY400  this is not logging's log
        return SHOWN
    except SystemExit as end:
        return _status(end)
    except Exception as error:
        shown = user_traceback(error)
        pulumi.log.error(f"Program failed with an unhandled exception:\n{shown}")  # noqa: TRY400
        return SHOWN
    finally:
        executor.shutdown(wait=True)
        loop.close()
    return 0


def _execute(program: Path) -> None:
    if program.is_dir() and not (program / "__main__.py").is_file():
        import pulumi  # noqa: PLC0415

        raise pulumi.RunError(f"{program} has no __main__.py: that is the program Pulumi runs.")
    module = types.ModuleType("__main__")
    vars(module).update(runpy.run_path(str(program), run_name="__main__"))
    # Resources are registered after this; the SDK then looks up their type hints by module.
    sys.modules["__main__"] = module


def _status(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return SHOWN


def user_traceback(error: BaseException) -> str:
    """The traceback of ``error`` from the user's first frame on, without this file and runpy."""
    skipped = (__file__, runpy.__file__, "<frozen runpy>")
    frame = error.__traceback__
    while frame is not None and not _is_users(frame.tb_frame.f_code.co_filename, skipped):
        frame = frame.tb_next
    shown = error.with_traceback(frame) if frame is not None else error
    return "".join(traceback.format_exception(shown))


def _is_users(filename: str, skipped: tuple[str, ...]) -> bool:
    installed = f"{os.sep}site-packages{os.sep}" in filename
    standard = filename.startswith(os.path.dirname(os.__file__) + os.sep)  # noqa: PTH120
    return filename not in skipped and not installed and not standard


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(status)
