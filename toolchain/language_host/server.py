"""The language host's gRPC server: what the engine may ask of a language.

The protocol is upstream's ``proto/pulumi/language.proto``; methods that are not here answer
"unimplemented", which the engine takes as "not supported by this host".
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from google.protobuf import empty_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from toolchain.language_host import packages
from toolchain.language_host.children import Children
from toolchain.language_host.interpreter import Interpreter, InterpreterError, find_interpreter
from toolchain.language_host.plugin_process import run_plugin
from toolchain.language_host.program_process import run_program
from toolchain.language_host.requirements import install_requirements
from toolchain.language_host.rpc import Call, as_dict, empty, new_server, refuse

VERSION = "0.1.0"
# Every program and plugin under way keeps one thread waiting.
MAX_CALLS = 128
PARENT_POLL_SECONDS = 0.5


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answers the engine; ``engine`` is its address, which programs log to."""

    def __init__(self, engine: str, children: Children) -> None:
        self._engine = engine
        self._children = children

    def Handshake(  # noqa: N802
        self, request: language_pb2.LanguageHandshakeRequest, _context: Call
    ) -> language_pb2.LanguageHandshakeResponse:
        """Take the engine's address, which a host that is attached to has not got as argument."""
        self._engine = request.engine_address or self._engine
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(  # noqa: N802
        self, _request: empty_pb2.Empty, _context: Call
    ) -> plugin_pb2.PluginInfo:
        """This host's version."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetRequiredPlugins(  # noqa: N802
        self, request: language_pb2.GetRequiredPluginsRequest, context: Call
    ) -> language_pb2.GetRequiredPluginsResponse:
        """The provider plugins of the SDK packages in the project's virtualenv."""
        found = [
            plugin_pb2.PluginDependency(
                name=plugin.name, kind="resource", version=plugin.version, server=plugin.server
            )
            for plugin in packages.plugins_beside(_interpreter(request.info, context))
        ]
        return language_pb2.GetRequiredPluginsResponse(plugins=found)

    def GetRequiredPackages(  # noqa: N802
        self, request: language_pb2.GetRequiredPackagesRequest, context: Call
    ) -> language_pb2.GetRequiredPackagesResponse:
        """As GetRequiredPlugins, in the newer shape."""
        found = [
            plugin_pb2.PackageDependency(
                name=plugin.name, kind="resource", version=plugin.version, server=plugin.server
            )
            for plugin in packages.plugins_beside(_interpreter(request.info, context))
        ]
        return language_pb2.GetRequiredPackagesResponse(packages=found)

    def GetProgramDependencies(  # noqa: N802
        self, request: language_pb2.GetProgramDependenciesRequest, context: Call
    ) -> language_pb2.GetProgramDependenciesResponse:
        """The installed distributions; only those that nothing else requires, unless asked."""
        survey = _survey(request.info, context)
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version, direct in survey.distributions
                if direct or request.transitiveDependencies
            ]
        )

    def About(  # noqa: N802
        self, request: language_pb2.AboutRequest, context: Call
    ) -> language_pb2.AboutResponse:
        """The project's Python."""
        survey = _survey(request.info, context)
        return language_pb2.AboutResponse(executable=survey.executable, version=survey.version)

    def InstallDependencies(  # noqa: N802
        self, request: language_pb2.InstallDependenciesRequest, context: Call
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Make the virtualenv and install requirements.txt into it."""
        yield from install_requirements(request, context, self._children)

    def Run(  # noqa: N802
        self, request: language_pb2.RunRequest, context: Call
    ) -> language_pb2.RunResponse:
        """Run the program to its end."""
        interpreter = _interpreter(request.info, context)
        return run_program(request, context, interpreter, self._engine, self._children)

    def RunPlugin(  # noqa: N802
        self, request: language_pb2.RunPluginRequest, context: Call
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a policy pack, or a provider with a PulumiPlugin.yaml, and stream its output."""
        interpreter = _interpreter(request.info, context)
        yield from run_plugin(request, context, interpreter, self._children)

    def Cancel(  # noqa: N802
        self, _request: empty_pb2.Empty, _context: Call
    ) -> empty_pb2.Empty:
        """End what is under way."""
        self._children.end_all()
        return empty()


def _interpreter(info: language_pb2.ProgramInfo, context: Call) -> Interpreter:
    try:
        return find_interpreter(Path(info.root_directory), as_dict(info.options))
    except InterpreterError as error:
        refuse(context, str(error))


def _survey(info: language_pb2.ProgramInfo, context: Call) -> packages.Survey:
    interpreter = _interpreter(info, context)
    try:
        return packages.survey(interpreter)
    except (OSError, ValueError, subprocess.SubprocessError) as cause:
        refuse(context, f"{interpreter.python} does not answer: {cause}")


def serve(arguments: list[str] | None = None) -> None:
    """Serve until the engine says so (SIGINT, SIGTERM) or is gone; ends the process."""
    given = [text for text in arguments or sys.argv[1:] if not text.startswith("-")]
    children, stop, parent = Children(), threading.Event(), os.getppid()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server = new_server(MAX_CALLS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(
        LanguageHost(given[-1] if given else "", children), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while not stop.wait(PARENT_POLL_SECONDS) and os.getppid() == parent:
        pass
    children.end_all()
    sys.stdout.flush()
    # Leaving by the front door would wait for calls that nobody listens to any more.
    os._exit(0)
