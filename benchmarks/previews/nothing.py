"""A provider that does nothing: what is asked for is what there is. `nothing.py ENGINE-ADDRESS`.

It stands for the bare engine: the same engine, the same protocol, no work.
"""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import grpc.aio
from pulumi.runtime import proto
from pulumi.runtime.proto import ResourceProviderServicer, provider_pb2_grpc


class Nothing(ResourceProviderServicer):
    """Answers at once."""

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """A version."""
        return proto.PluginInfo(version="0.0.0")

    async def GetSchema(self, request: Any, context: Any) -> Any:
        """None."""
        return proto.GetSchemaResponse(schema="")

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        """Anything goes."""
        return proto.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        """No difference."""
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE)

    async def Configure(self, request: Any, context: Any) -> Any:
        """As our own provider."""
        return proto.ConfigureResponse(
            acceptSecrets=True, acceptResources=False, acceptOutputs=False, supportsPreview=True
        )

    async def Check(self, request: Any, context: Any) -> Any:
        """Anything goes."""
        return proto.CheckResponse(inputs=request.news)

    async def Create(self, request: Any, context: Any) -> Any:
        """What was asked for."""
        return proto.CreateResponse(id="", properties=request.properties)


async def serve() -> None:
    """Until the engine ends us."""
    server = grpc.aio.server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Nothing(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(port, flush=True)
    await stop.wait()
    await server.stop(grace=None)


if __name__ == "__main__":
    asyncio.run(serve())
