"""The provider's gRPC service: typed requests in, plain errors and partial states out."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import ResourceProviderServicer, provider_pb2, status_pb2

from shimyard.errors import ShimyardError
from shimyard.provider.inputs import root
from shimyard.provider.messages import (
    ApplyRequest,
    ApplyResponse,
    CheckRequest,
    CheckResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    Kind,
    PartialStateError,
    ReadRequest,
    ReadResponse,
)
from shimyard.provider.nodes import Nodes
from shimyard.provider.resource import DRIFT
from shimyard.provider.values import decode, encode

T = TypeVar("T")

_KINDS = {
    "add": proto.PropertyDiff.ADD,
    "delete": proto.PropertyDiff.DELETE,
    "update": proto.PropertyDiff.UPDATE,
    "replace": proto.PropertyDiff.UPDATE_REPLACE,
}
# A node's work is waiting: as many threads as a large fleet's parallel updates.
_THREADS = 128


class Servicer(ResourceProviderServicer):
    """Answers the engine. Work on machines runs in threads, the answers on the event loop."""

    def __init__(self, version: str, nodes: Nodes, resources: dict[str, Kind]) -> None:
        super().__init__()
        self._version = version
        self._nodes = nodes
        self._resources = resources
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="node")

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The provider's version."""
        return proto.PluginInfo(version=self._version)

    async def GetSchema(self, request: Any, context: Any) -> Any:
        """No schema: the resources are used through components/."""
        return proto.GetSchemaResponse(schema="")

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        """The provider has no configuration of its own."""
        return proto.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        """Nothing in the configuration can change."""
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE)

    async def Configure(self, request: Any, context: Any) -> Any:
        """Secrets are kept apart, and previews compute outputs."""
        return proto.ConfigureResponse(
            acceptSecrets=True, acceptResources=False, acceptOutputs=False, supportsPreview=True
        )

    async def Check(self, request: Any, context: Any) -> Any:
        """Validate inputs and add the computed ones."""

        def check(resource: Kind) -> CheckResponse:
            return resource.check(
                CheckRequest(request.urn, decode(request.olds), decode(request.news))
            )

        answer = await self._run(request, context, check)
        # With a property's name the engine would print its value, which may be a secret.
        reasons = [f"{path}: {text}" if path else text for path, text in answer.failures]
        failures = [proto.CheckFailure(reason=reason) for reason in reasons]
        return proto.CheckResponse(inputs=encode(answer.inputs), failures=failures)

    async def Diff(self, request: Any, context: Any) -> Any:
        """Compare inputs, property by property."""

        def diff(resource: Kind) -> DiffResponse:
            return resource.diff(
                DiffRequest(
                    request.urn,
                    request.id,
                    decode(request.old_inputs),
                    decode(request.olds),
                    decode(request.news),
                    tuple(request.ignoreChanges),
                )
            )

        answer = await self._run(request, context, diff)
        details = {
            path: proto.PropertyDiff(kind=_KINDS[kind], inputDiff=path != DRIFT)
            for path, kind in answer.details
        }
        changes = proto.DiffResponse.DIFF_SOME if details else proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(
            changes=changes,
            diffs=sorted({root(path) for path in details}),
            replaces=sorted({root(path) for path, kind in answer.details if kind == "replace"}),
            # A machine can't have the old and the new one at the same time.
            deleteBeforeReplace=True,
            detailedDiff=details,
            hasDetailedDiff=True,
        )

    async def Create(self, request: Any, context: Any) -> Any:
        """Converge a machine for the first time."""

        def create(resource: Kind) -> ApplyResponse:
            return resource.apply(
                ApplyRequest(request.urn, "", decode(request.properties), request.preview)
            )

        answer = await self._run(request, context, create)
        return proto.CreateResponse(id=answer.id, properties=encode(answer.state))

    async def Update(self, request: Any, context: Any) -> Any:
        """Converge a machine again."""

        def update(resource: Kind) -> ApplyResponse:
            news, olds = decode(request.news), decode(request.olds)
            return resource.apply(
                ApplyRequest(request.urn, request.id, news, request.preview, olds)
            )

        answer = await self._run(request, context, update)
        return proto.UpdateResponse(properties=encode(answer.state))

    async def Read(self, request: Any, context: Any) -> Any:
        """Look at a machine."""

        def read(resource: Kind) -> ReadResponse:
            return resource.read(
                ReadRequest(
                    request.urn, request.id, decode(request.inputs), decode(request.properties)
                )
            )

        answer = await self._run(request, context, read)
        return proto.ReadResponse(
            id=answer.id, inputs=encode(answer.inputs), properties=encode(answer.state)
        )

    async def Delete(self, request: Any, context: Any) -> Any:
        """Leave a machine as it was."""

        def delete(resource: Kind) -> None:
            resource.delete(DeleteRequest(request.urn, request.id, decode(request.old_inputs)))

        await self._run(request, context, delete)
        return empty_pb2.Empty()

    async def Cancel(self, request: Any, context: Any) -> Any:
        """The engine's run ends early: transactions on nodes end by themselves."""
        await asyncio.get_running_loop().run_in_executor(None, self._nodes.cancel)
        return empty_pb2.Empty()

    async def _run(self, request: Any, context: Any, work: Callable[[Kind], T]) -> T:
        """``work`` of the resource that the URN names, in a thread; its errors as plain text."""
        token = request.urn.split("::")[2].split("$")[-1]
        resource = self._resources.get(token)
        if resource is None:
            await _abort(context, f"Shimyard's provider has no resource {token}")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, work, resource)
        except PartialStateError as error:
            await _abort_partial(context, error, self._nodes.redacted(error.reason))
        except ShimyardError as error:
            # The lines of a machine's own programs, which an error quotes, are in nobody's hand.
            await _abort(context, self._nodes.redacted(str(error)))
        except Exception as error:
            await _abort(context, _mistake(error))


def _mistake(error: Exception) -> str:
    """A sentence for an error that nobody has foreseen; its own text could hold a secret."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.filename}, line {frame.lineno}"
    return (
        f"a mistake in Shimyard: {type(error).__name__} in {where}\n"
        "  mend: report these lines; `pulumi up` can be run again at any time"
    )


async def _abort(context: Any, text: str) -> NoReturn:
    await context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)
    raise AssertionError


async def _abort_partial(context: Any, error: PartialStateError, reason: str) -> NoReturn:
    """Upstream's way to say: the resource exists, keep this state, and it is not finished."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id,
        properties=encode(error.state),
        inputs=encode(error.inputs),
        reasons=[reason],
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=reason)
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    await context.abort(grpc.StatusCode.UNKNOWN, reason)
    raise AssertionError
