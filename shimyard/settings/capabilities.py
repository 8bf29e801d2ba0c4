"""What a node has been proven to do, as labels of the cluster's node object."""

from __future__ import annotations

CAPABILITY_DOMAIN = "handler.shimyard.dev"
PROVEN = "true"
"""Value of a capability label. A node that is not proven has no such label at all."""


def capability_label(handler: str) -> str:
    """Name of the label that says: this handler's canary has passed on this node.

    'wasmtime' -> 'handler.shimyard.dev/wasmtime'. The node side sets it after the canary and takes
    it away with the handler; a RuntimeClass's `scheduling.nodeSelector` asks for it, so that a pod
    never lands where its handler is missing.
    """
    return f"{CAPABILITY_DOMAIN}/{handler}"
