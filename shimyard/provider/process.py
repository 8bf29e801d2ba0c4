"""The provider's process: `pulumi-resource-shimyard-edge ENGINE-ADDRESS`, started by the engine."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

import grpc.aio
from pulumi.runtime.proto import provider_pb2_grpc

from shimyard.provider.cluster_node import ClusterNodeResource
from shimyard.provider.container_runtime import ContainerRuntimeResource
from shimyard.provider.engine_log import EngineLog
from shimyard.provider.k3s import K3sAgentResource, K3sServerResource
from shimyard.provider.messages import Kind
from shimyard.provider.node_files import NodeFilesResource
from shimyard.provider.nodes import Nodes
from shimyard.provider.servicer import Servicer
from shimyard.provider.tokens import TokensResource

VERSION = "0.1.0"
_LOOK_SECONDS = 0.5
_MESSAGE_LIMIT = 400 * 1024 * 1024


async def serve(engine: str) -> None:
    """Answer the engine until it ends us."""
    # The engine starts providers in the folder of the project.
    nodes = Nodes(Path.cwd())
    log = EngineLog(engine)
    resources: dict[str, Kind] = {
        "shimyard-edge:node:ContainerRuntime": ContainerRuntimeResource(nodes, log),
        "shimyard-edge:node:NodeFiles": NodeFilesResource(nodes, log),
        "shimyard-edge:node:K3sServer": K3sServerResource(nodes, log),
        "shimyard-edge:node:K3sAgent": K3sAgentResource(nodes, log),
        "shimyard-edge:cluster:Node": ClusterNodeResource(nodes, log),
        "shimyard-edge:cluster:Tokens": TokensResource(nodes.redacted.learn),
    }
    limits = [
        ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
        ("grpc.max_send_message_length", _MESSAGE_LIMIT),
    ]
    server = grpc.aio.server(options=limits)
    servicer = Servicer(VERSION, nodes, resources)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    # Read before the engine is answered: it may be gone right after.
    orphaned = asyncio.create_task(_set_when_orphaned(stop, os.getppid()))
    print(port, flush=True)
    await stop.wait()
    orphaned.cancel()
    nodes.cancel()
    await server.stop(grace=None)


async def _set_when_orphaned(stop: asyncio.Event, parent: int) -> None:
    """A killed engine tells us nothing, and nobody would hear what a machine answers."""
    while os.getppid() == parent:
        await asyncio.sleep(_LOOK_SECONDS)
    stop.set()


def main() -> None:
    """The engine's address is the first argument."""
    if len(sys.argv) < 2:
        sys.exit(
            "usage: pulumi-resource-shimyard-edge ENGINE-ADDRESS (the Pulumi engine starts this)"
        )
    # Libraries log their own view of a failure, with tracebacks, on the user's screen.
    logging.basicConfig(handlers=[logging.NullHandler()])
    asyncio.run(serve(sys.argv[1]))
    # Not to wait for a thread that still waits for a machine.
    os._exit(0)
