"""The Pulumi program of the measured stack: the product's own, without what runs in the cluster.

It runs as a project's own `__main__.py`; the stack's file says what there is.
"""

import gc

import pulumi
from pulumi.runtime.config import CONFIG, get_config_env

from components import Fleet
from components.k3s_cluster import K3sCluster
from components.registrations import registrations_begun
from shimyard.settings import load

gc.set_threshold(100_000, 50, 1000)

settings = load({**get_config_env(), **CONFIG.get()}, stack=pulumi.get_stack())
fleet = Fleet(pulumi.get_stack(), settings=settings)
cluster = K3sCluster(pulumi.get_stack(), settings=settings, fleet=fleet)
pulumi.export("nodes", fleet.nodes)
pulumi.export("endpoint", cluster.endpoint)
pulumi.export("kubeconfig", cluster.kubeconfig)

pulumi.run(registrations_begun)
