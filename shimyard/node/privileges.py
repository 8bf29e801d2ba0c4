"""The privileged commands: what an administrator allows in sudoers, and nothing else."""

from __future__ import annotations

from shimyard.node.program import PRESET
from shimyard.node.scripts import PROGRAM, VERSION
from shimyard.rendering import render

# As sudoers writes them; "" stands for no arguments. systemd runs the program's other verbs.
VERBS = {
    "facts": "read what planning needs to know",
    "doctor": "read what a handler needs to work",
    "receive": "take a transaction's plan and files from standard input",
    "fetch": "download the transaction's artifacts into the store",
    "accept": "take one artifact from standard input into the store",
    "discard": "forget a transaction that is not going to be carried out",
    "launch": "carry out the transaction as a service, and follow its journal",
    "retake": "finish or take back a transaction that was cut off",
    "purge": "remove Shimyard itself once no resource is left",
    "members": "on a server: list the nodes of the cluster",
    "survey": "on a server: read what the cluster says of handlers and of Wasm pods",
    "access": "on a server: read the administrator's kubeconfig",
    "cordon": "on a server: let no new pods onto a node",
    "uncordon": "on a server: let pods onto a node that Shimyard has cordoned",
    "drain": "on a server: evict the pods of a node",
    "forget": "on a server: delete a Node object",
    "label": "on a server: set labels of a node",
    "taint": "on a server: set taints of a node",
}
_ALONE = frozenset({"facts", "doctor", "retake", "purge", "members", "survey", "access"})
_MARK = "END-OF-FILE"


def sudoers(user: str) -> str:
    """The text of a file for /etc/sudoers.d that allows ``user`` just what Shimyard needs."""
    verbs = [verb if verb in _ALONE else f"{verb} *" for verb in VERBS]
    return render("sudoers/shimyard.j2", user=user, program=PRESET, verbs=verbs, version=VERSION)


def grant(user: str) -> str:
    """A shell script for root that installs the node's program and the sudoers file."""
    return render(
        "sudoers/grant.sh.j2",
        user=user,
        folder=PRESET.rpartition("/")[0],
        program=PRESET,
        text=PROGRAM,
        sudoers=sudoers(user),
        mark=_MARK,
    )
