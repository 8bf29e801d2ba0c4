"""The service as the engine sees it: over gRPC, with errors as plain text and partial states."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn, TypeVar

import grpc
import grpc.aio
import pytest
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from shimyard.node.desired import DesiredState
from shimyard.node.errors import NodeError
from shimyard.node.facts import Facts
from shimyard.provider.messages import ApplyRequest, PartialStateError
from shimyard.provider.node_files import NodeFilesResource
from shimyard.provider.nodes import Nodes
from shimyard.provider.resource import Resource
from shimyard.provider.servicer import Servicer
from shimyard.provider.values import decode, encode
from tests.unit.provider.engine import KeptLog, node

URN = "urn:pulumi:dev::shimyard::team:Station$shimyard-edge:node:NodeFiles::bench-1"
T = TypeVar("T")


class FailingResource(Resource):
    """A stand-in for a resource: each operation fails in a way of its own."""

    def computed(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        raise RuntimeError(f"the text holds {inputs['password']}")

    def desired(self, inputs: Mapping[str, Any], *, recorded: bool) -> DesiredState:
        raise NotImplementedError

    def outputs(self, _inputs: Mapping[str, Any], _facts: Facts | None, /) -> dict[str, Any]:
        return {}

    def name_on_node(self, _inputs: Mapping[str, Any], /) -> str:
        return "failing"

    def apply(self, request: ApplyRequest) -> NoReturn:
        if request.id:
            raise NodeError("edge-1", "switch", "it broke", mend="mend it")
        state = {"generation": 0}
        raise PartialStateError("it broke", id="new", inputs=request.inputs, state=state)


def asked(resource: Resource, call: Callable[[Any], Awaitable[T]]) -> T:
    """What the service answers to ``call`` of its client."""

    async def run() -> T:
        server = grpc.aio.server()
        servicer = Servicer("0.0.0", resource.nodes, {"shimyard-edge:node:NodeFiles": resource})
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                return await call(provider_pb2_grpc.ResourceProviderStub(channel))
        finally:
            await server.stop(grace=None)

    return asyncio.run(run())


@pytest.fixture
def failing(nodes: Nodes, log: KeptLog) -> FailingResource:
    return FailingResource(nodes, log)


def test_a_failed_check_names_no_property_since_the_engine_would_print_its_value(
    node_files: NodeFilesResource,
) -> None:
    news = encode({"node": node(), "name": "site", "files": [{"path": "x", "content": "y"}]})
    answer = asked(node_files, lambda stub: stub.Check(proto.CheckRequest(urn=URN, news=news)))
    (failure,) = answer.failures
    assert failure.property == ""
    assert failure.reason.startswith("files[0].path: is not an absolute path")


def test_an_unforeseen_error_is_one_sentence_without_its_own_text(
    failing: FailingResource,
) -> None:
    news = encode({"node": node(), "password": "canary"})
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        asked(failing, lambda stub: stub.Check(proto.CheckRequest(urn=URN, news=news)))
    told = caught.value.details()
    assert told is not None
    assert told.startswith("a mistake in Shimyard: RuntimeError in ")
    assert "mend:" in told
    assert "canary" not in told
    assert "Traceback" not in told


def test_an_unfinished_create_keeps_its_state(failing: FailingResource) -> None:
    properties = encode({"node": node()})
    create = proto.CreateRequest(urn=URN, properties=properties)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        asked(failing, lambda stub: stub.Create(create))
    metadata = dict(caught.value.trailing_metadata() or ())
    packed = metadata["grpc-status-details-bin"]
    assert isinstance(packed, bytes)
    status = status_pb2.Status.FromString(packed)
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert detail.id == "new"
    assert decode(detail.properties) == {"generation": 0}
    assert decode(detail.inputs) == {"node": node()}
    assert list(detail.reasons) == ["it broke"]


def test_a_failed_update_that_was_taken_back_is_a_plain_error(failing: FailingResource) -> None:
    update = proto.UpdateRequest(urn=URN, id="old", news=encode({"node": node()}))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        asked(failing, lambda stub: stub.Update(update))
    assert caught.value.details() == "node edge-1, step switch: it broke.\n  mend: mend it"
    assert "grpc-status-details-bin" not in dict(caught.value.trailing_metadata() or ())


def test_a_secret_that_a_machine_has_said_is_taken_out_of_the_error(
    failing: FailingResource,
) -> None:
    failing.nodes.redacted.learn(["broke"])
    properties = encode({"node": node()})
    for request, call in (
        (proto.CreateRequest(urn=URN, properties=properties), "Create"),
        (proto.UpdateRequest(urn=URN, id="old", news=properties), "Update"),
    ):
        with pytest.raises(grpc.aio.AioRpcError, match=r"it \[secret\]") as caught:
            asked(failing, lambda stub, call=call, request=request: getattr(stub, call)(request))  # type: ignore[misc]
        assert "broke" not in str(caught.value.trailing_metadata())


def test_another_name_replaces_and_deletes_first(node_files: NodeFilesResource) -> None:
    old, new = encode({"node": node(), "name": "a"}), encode({"node": node(), "name": "b"})
    request = proto.DiffRequest(urn=URN, id="x", olds=encode({}), old_inputs=old, news=new)
    answer = asked(node_files, lambda stub: stub.Diff(request))
    assert list(answer.replaces) == ["name"]
    assert answer.deleteBeforeReplace
    assert answer.detailedDiff["name"].kind == proto.PropertyDiff.UPDATE_REPLACE


def test_an_unknown_resource_is_named(node_files: NodeFilesResource) -> None:
    urn = "urn:pulumi:dev::shimyard::shimyard-edge:node:Toaster::x"
    with pytest.raises(grpc.aio.AioRpcError, match="has no resource shimyard-edge:node:Toaster"):
        asked(node_files, lambda stub: stub.Check(proto.CheckRequest(urn=urn)))
