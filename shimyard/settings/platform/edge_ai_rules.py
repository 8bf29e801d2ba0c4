"""Rules between edge AI, the nodes that it chooses, their files and their shims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.files import FileSettings
from shimyard.settings.nodes import NodeSettings
from shimyard.settings.platform.edge_ai import EdgeAiSettings, ModelSettings
from shimyard.settings.runtime import ShimSettings
from shimyard.settings.workloads.rules import namespaces_of

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings


def check_edge_ai(stack: StackSettings) -> None:
    """Raise ``FieldError`` for the first one that lacks its engine, a node or a model."""
    shims = {shim.handler: (index, shim) for index, shim in enumerate(stack.runtime.shims)}
    namespaces = {namespace.name: namespace.enforced for _, namespace in namespaces_of(stack)}
    for index, edge_ai in enumerate(stack.platform.edge_ai):
        field = f"platform.edgeAi[{index}]"
        if namespaces.get(edge_ai.namespace) in ("baseline", "restricted"):
            raise FieldError(
                f"{field}.namespace",
                f"'{edge_ai.namespace}' enforces '{namespaces[edge_ai.namespace]}' pod security, "
                "which refuses files of the node, as models are; set its podSecurity.enforce to "
                "privileged",
            )
        _runs_its_models(field, edge_ai, *shims[edge_ai.handler])
        digests_of(stack, edge_ai, field)
        _fits_its_profile(field, edge_ai, stack)


def _runs_its_models(field: str, edge_ai: EdgeAiSettings, index: int, shim: ShimSettings) -> None:
    build = f"'{shim.handler}' is served by a build of {shim.name} {shim.version}"
    if not shim.wasi_nn:
        raise FieldError(
            f"{field}.handler",
            f"{build} without WASI-NN; lock one that has it (the vendors' static ones have not), "
            f"and say so in runtime.shims[{index}].wasiNn",
        )
    for number, model in enumerate(edge_ai.models):
        if model.encoding not in shim.wasi_nn:
            raise FieldError(
                f"{field}.models[{number}].encoding",
                f"is {model.encoding}, and {build} that runs {', '.join(shim.wasi_nn)}; bring the "
                "model in such a form, or choose another handler",
            )


def digests_of(stack: StackSettings, edge_ai: EdgeAiSettings, field: str) -> dict[str, str]:
    """Model -> SHA-256 of the file that all chosen nodes have.

    Raises ``FieldError``, with ``field`` before it, if a node lacks one, or there is no node.
    """
    nodes = _chosen(stack, edge_ai)
    if not nodes:
        wanted = ", ".join(f"{key}={value}" for key, value in edge_ai.node_selector.items())
        raise FieldError(
            f"{field}.nodeSelector",
            f"chooses no node of the cluster; give one the labels {wanted} in nodes[].labels",
        )
    return {
        model.name: _digest_of(stack, model, nodes, f"{field}.models[{number}]")
        for number, model in enumerate(edge_ai.models)
    }


def _digest_of(
    stack: StackSettings, model: ModelSettings, nodes: Sequence[NodeSettings], field: str
) -> str:
    known: dict[str, str] = {}
    for node in nodes:
        index, file = next(_entries(stack, node, model), (0, None))
        if file is None:
            raise FieldError(
                f"{field}.path",
                f"{model.path} is no file of the node '{node.name}', which nodeSelector chooses; "
                "add an entry with this path, its source and its sha256 to files, or the node to "
                "that entry's nodes",
            )
        if file.sha256 is None:
            raise FieldError(
                f"files[{index}].sha256",
                f"is missing: {model.path} is {field} ('{model.name}'); set source to one file, "
                "and sha256 to its digest",
            )
        known[file.sha256] = node.name
    if len(known) > 1:
        names = " and ".join(f"'{name}'" for name in known.values())
        raise FieldError(
            f"{field}.path",
            f"is not the same file on the nodes {names}; give all chosen nodes one, or each kind "
            "of node an entry of platform.edgeAi",
        )
    return next(iter(known))


def _fits_its_profile(field: str, edge_ai: EdgeAiSettings, stack: StackSettings) -> None:
    """The profile has judged the app; its models are mounted as well."""
    profile = stack.security.profile(edge_ai.profile)
    if profile is None:
        return
    try:
        profile.check(edge_ai.mounted(), None)
    except FieldError as error:
        raise FieldError(f"{field}.models", error.sentence) from None


def _entries(
    stack: StackSettings, node: NodeSettings, model: ModelSettings
) -> Iterator[tuple[int, FileSettings]]:
    for index, file in enumerate(stack.files):
        if file.path == model.path and (file.nodes is None or node.name in file.nodes):
            yield index, file


def _chosen(stack: StackSettings, edge_ai: EdgeAiSettings) -> list[NodeSettings]:
    wanted = edge_ai.node_selector.items()
    return [
        node
        for node in stack.nodes
        if stack.membership_of(node.name) is not None and wanted <= _labels(node).items()
    ]


def _labels(node: NodeSettings) -> Mapping[str, str]:
    """Those that the node has for certain: its own, and what each kubelet says of itself."""
    zone = {} if node.zone is None else {"topology.kubernetes.io/zone": node.zone}
    kubelet = {
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": node.arch,
        "kubernetes.io/hostname": node.name,
    }
    return {**kubelet, **zone, **node.labels}
