"""The Pulumi program of the measured cluster: what the checkout's own does with a stack file.

It runs as a project's own `__main__.py`; `stack.json` beside it holds the stack's sections.
"""

from __future__ import annotations

import json
from pathlib import Path

import pulumi

from components import Fleet
from components.k3s_cluster import K3sCluster
from components.workloads import Workloads
from shimyard.settings import StackSettings

described = json.loads((Path(__file__).parent / "stack.json").read_text())
settings = StackSettings.model_validate(described)
fleet = Fleet("density", settings=settings)
cluster = K3sCluster("density", settings=settings, fleet=fleet)
Workloads("density", settings=settings, provider=cluster.provider)
pulumi.export("kubeconfig", cluster.kubeconfig)
