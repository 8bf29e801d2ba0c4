"""Rules between the workloads of a stack, its runtime and its nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.capabilities import CAPABILITY_DOMAIN
from shimyard.settings.k3s import release
from shimyard.settings.runtime import ShimName
from shimyard.settings.workloads.apps import WasmAppSettings
from shimyard.settings.workloads.namespaces import NamespaceSettings
from shimyard.settings.workloads.pod import AppSettings, PodsSettings, WasmPodsSettings

if TYPE_CHECKING:
    from shimyard.settings.platform import SpinAppSettings
    from shimyard.settings.stack import StackSettings

_IMAGE_VOLUMES = (1, 35, 0)
BUILT_IN_NAMESPACE = "default"
BUILT_IN_NAMESPACES = (BUILT_IN_NAMESPACE, "kube-node-lease", "kube-public", "kube-system")
"""In every cluster already."""


def check_workloads(stack: StackSettings) -> None:
    """Raise ``FieldError`` for the first workload that does not fit into ``stack``."""
    _have_a_cluster(stack)
    _labels_are_not_claimed(stack)
    _classes_have_handlers(stack)
    _namespaces_stand_once(stack)
    shims = {shim.handler: shim.name for shim in stack.runtime.shims}
    namespaces = {namespace.name: namespace for _, namespace in namespaces_of(stack)}
    names: dict[tuple[str, str], str] = {}
    for field, pods in all_apps_of(stack):
        if (pods.namespace, pods.name) in names:
            raise FieldError(
                f"{field}.name",
                f"'{pods.name}' is {names[pods.namespace, pods.name]} already; give each its own "
                "name in a namespace",
            )
        names[pods.namespace, pods.name] = field
        if pods.namespace not in namespaces and pods.namespace != BUILT_IN_NAMESPACE:
            raise FieldError(
                f"{field}.namespace",
                f"there is no namespace '{pods.namespace}'; add it to namespaces (with existing: "
                "true, if something else makes it)",
            )
    _mounts_images(stack)
    for field, spin in spin_apps_of(stack):
        if spin.namespace in namespaces:
            _is_admitted(field, spin, "spin", namespaces[spin.namespace])
    for field, app in apps_of(stack):
        _fits_shim(field, app, shims)
        _ends_after_its_sleep(field, app, shims[app.handler], stack)
        if app.namespace in namespaces:
            _is_admitted(field, app, shims[app.handler], namespaces[app.namespace])


def _have_a_cluster(stack: StackSettings) -> None:
    if stack.cluster is not None:
        return
    for field, given in (
        ("namespaces", stack.namespaces),
        ("apps", stack.apps),
        ("hybridApps", stack.hybrid_apps),
        ("platform.certManager", stack.platform.cert_manager),
        ("platform.serverless", stack.platform.serverless),
        ("platform.pluginHosts", stack.platform.plugin_hosts),
        ("platform.iotGateways", stack.platform.iot_gateways),
        ("platform.edgeAi", stack.platform.edge_ai),
        ("platform.cdnFunctions", stack.platform.cdn_functions),
        ("platform.spinKube", stack.platform.spin_kube),
        ("platform.spinApps", stack.platform.spin_apps),
    ):
        if given:
            raise FieldError(
                field, "need a cluster to run in; add a `cluster` section, or remove them"
            )


def apps_of(stack: StackSettings) -> Iterator[tuple[str, WasmPodsSettings]]:
    """(field, app) of all apps of a stack, those of its platform included."""
    for index, app in enumerate(stack.apps):
        yield f"apps[{index}]", app
    for index, hybrid in enumerate(stack.hybrid_apps):
        yield f"hybridApps[{index}]", hybrid
    if stack.platform.serverless is not None:
        for field, _, function in stack.platform.serverless.functions():
            yield f"platform.serverless.{field}", function
    for index, gateway in enumerate(stack.platform.iot_gateways):
        yield f"platform.iotGateways[{index}]", gateway
    for index, edge_ai in enumerate(stack.platform.edge_ai):
        yield f"platform.edgeAi[{index}]", edge_ai
    for index, cdn in enumerate(stack.platform.cdn_functions):
        yield f"platform.cdnFunctions[{index}].function", cdn.function


def native_apps_of(stack: StackSettings) -> Iterator[tuple[str, PodsSettings]]:
    """(field, app) of the apps that no shim runs."""
    for index, host in enumerate(stack.platform.plugin_hosts):
        yield f"platform.pluginHosts[{index}]", host
    for index, cdn in enumerate(stack.platform.cdn_functions):
        yield f"platform.cdnFunctions[{index}]", cdn


def spin_apps_of(stack: StackSettings) -> Iterator[tuple[str, SpinAppSettings]]:
    """(field, app) of the apps that SpinKube's operator runs."""
    for index, app in enumerate(stack.platform.spin_apps):
        yield f"platform.spinApps[{index}]", app


def all_apps_of(stack: StackSettings) -> Iterator[tuple[str, AppSettings]]:
    """(field, app) of whatever has pods, whoever runs them."""
    yield from apps_of(stack)
    yield from native_apps_of(stack)
    yield from spin_apps_of(stack)


def namespaces_of(stack: StackSettings) -> Iterator[tuple[str, NamespaceSettings]]:
    """(field, namespace) of all namespaces of a stack, tenants included."""
    for index, namespace in enumerate(stack.namespaces):
        yield f"namespaces[{index}]", namespace
    if stack.platform.serverless is not None:
        for index, tenant in enumerate(stack.platform.serverless.tenants):
            yield f"platform.serverless.tenants[{index}]", tenant


def _labels_are_not_claimed(stack: StackSettings) -> None:
    for index, node in enumerate(stack.nodes):
        for label in node.labels:
            if label.partition("/")[0] == CAPABILITY_DOMAIN:
                raise FieldError(
                    f"nodes[{index}].labels.{label}",
                    "says that a canary has passed, which only Shimyard can say; remove it",
                )


def _classes_have_handlers(stack: StackSettings) -> None:
    classes = stack.runtime_classes
    handlers = classes.handlers_of(stack.runtime)
    for handler in classes.handlers:
        if handler not in handlers:
            known = ", ".join(handlers) or "none"
            raise FieldError(
                f"runtimeClasses.handlers.{handler}",
                f"there is no such handler; the runtime's shims have: {known}",
            )
    names: dict[str, str] = {}
    for handler in handlers:
        name = classes.name_of(handler)
        if name in names:
            raise FieldError(
                f"runtimeClasses.handlers.{handler}.name",
                f"'{name}' is the class of handler '{names[name]}'; give each its own name",
            )
        names[name] = handler


def _namespaces_stand_once(stack: StackSettings) -> None:
    names: set[str] = set()
    for field, namespace in namespaces_of(stack):
        if namespace.name in names:
            raise FieldError(f"{field}.name", f"'{namespace.name}' stands twice; keep one entry")
        if namespace.name in BUILT_IN_NAMESPACES and not namespace.existing:
            raise FieldError(
                f"{field}.existing",
                f"every cluster has the namespace '{namespace.name}'; set existing: true",
            )
        names.add(namespace.name)


def _fits_shim(field: str, app: WasmPodsSettings, shims: dict[str, ShimName]) -> None:
    if app.handler not in shims:
        known = ", ".join(shims) or "none; add one to runtime.shims"
        raise FieldError(
            f"{field}.handler",
            f"there is no handler '{app.handler}'; the runtime's shims have: {known}",
        )
    try:
        app.check_with(shims[app.handler])
    except FieldError as error:
        raise FieldError(f"{field}.{error.field}", error.sentence) from None


def _mounts_images(stack: StackSettings) -> None:
    """Kubelets mount images as volumes since Kubernetes 1.35 without being asked to."""
    if not stack.platform.plugin_hosts or stack.cluster is None:
        return
    version = stack.cluster.version_of_agents
    if release(version) < _IMAGE_VOLUMES:
        raise FieldError(
            "platform.pluginHosts[0].plugins",
            f"are mounted from images, which kubelets can from 1.35 on, and they are {version}; "
            "raise cluster.version, or agentVersion",
        )


def _ends_after_its_sleep(
    field: str, app: WasmPodsSettings, shim: ShimName, stack: StackSettings
) -> None:
    """A drain with a shorter grace period of its own would end pods that still get requests."""
    grace = None if stack.cluster is None else stack.cluster.rollout.drain.grace_period
    listens = not isinstance(app, WasmAppSettings) or bool(app.ports_with(shim))
    sleep = app.sleep_seconds(listens=listens)
    if grace is not None and sleep and grace <= sleep:
        raise FieldError(
            "cluster.rollout.drain.gracePeriod",
            f"{grace} ends the pods of {field} ('{app.name}') within their sleep of {sleep} "
            "seconds, while requests still reach them; raise it, leave it out, or lower the app's "
            "preStopSleepSeconds",
        )


def _is_admitted(
    field: str,
    app: AppSettings,
    shim: ShimName,
    namespace: NamespaceSettings,
) -> None:
    """What Pod Security admission would refuse in the cluster, refused here already."""
    if namespace.enforced not in ("baseline", "restricted"):
        return
    if app.allow_host_path:
        raise FieldError(
            f"{field}.allowHostPath",
            f"the namespace '{namespace.name}' enforces '{namespace.enforced}' pod security, "
            "which refuses paths of the node; set its podSecurity.enforce to privileged",
        )
    if shim == "spin" and namespace.enforced == "restricted":
        raise FieldError(
            f"{field}.namespace",
            f"'{namespace.name}' enforces 'restricted' pod security, and the spin shim runs as "
            "root; set that namespace's podSecurity.enforce to baseline",
        )
