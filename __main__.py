"""A stack from its settings: machines first, then their cluster, then what runs in it."""

import gc

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components import Fleet
from components.registrations import registrations_begun
from shimyard.settings import PlatformSettings, SettingsError, load

# A program keeps all that it makes: with a thousand machines, looking for garbage again and again
# would be a quarter of its time.
gc.set_threshold(100_000, 50, 1000)

# Depending on its version, the language host hands the configuration over in one of two ways.
CONFIGURATION = {**get_config_env(), **CONFIG.get()}

try:
    settings = load(CONFIGURATION, stack=pulumi.get_stack())
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None

fleet = Fleet(pulumi.get_stack(), settings=settings)
if settings.cluster is None:
    pulumi.export("nodes", fleet.nodes)
else:
    # The SDK of Kubernetes takes half a second to import, which a fleet without it can do without.
    from components.k3s_cluster import K3sCluster
    from components.platform import Platform
    from components.security import Security
    from components.workloads import Workloads

    cluster = K3sCluster(pulumi.get_stack(), settings=settings, fleet=fleet)
    pulumi.export("nodes", cluster.nodes)
    pulumi.export("endpoint", cluster.endpoint)
    pulumi.export("kubeconfig", cluster.kubeconfig)

    # What limits pods is there before the first of them.
    secured: list[pulumi.Resource] = []
    if settings.security.profiles or settings.security.signed_images is not None:
        secured = [Security(pulumi.get_stack(), settings=settings, provider=cluster.provider)]
    after = pulumi.ResourceOptions(depends_on=secured)
    workloads = Workloads(
        pulumi.get_stack(), settings=settings, provider=cluster.provider, opts=after
    )
    pulumi.export("workloads", workloads.summary)
    if settings.platform != PlatformSettings():
        platform = Platform(
            pulumi.get_stack(),
            settings=settings,
            classes=workloads.classes,
            namespaces=workloads.namespaces,
            provider=cluster.provider,
            opts=after,
        )
        pulumi.export("platform", platform.summary)

pulumi.run(registrations_begun)
