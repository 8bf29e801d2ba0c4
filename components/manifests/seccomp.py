"""A profile's system calls as the file that kubelet and container runtime read.

Sources: the OCI runtime specification, config-linux.md, "Seccomp"; libcontainer 0.6.0,
`seccomp/mod.rs`, which the Wasm shims apply before the engine loads the guest.
"""

from __future__ import annotations

import json
from typing import Any

from shimyard.settings.security import SyscallsSettings
from shimyard.settings.security.syscalls import ORDINARY, PRIVILEGED

_EPERM, _ENOSYS = 1, 38
# linux/sched.h: the lowest flag that asks for a namespace of another kind than mounts, which need
# a capability that no app has. A mask would say it plainer, but libcontainer swaps mask and value.
_CLONE_NEWCGROUP = 0x0200_0000
# linux/socket.h: AF_ALG. It and what follows it (AF_VSOCK, AF_XDP) lead past the pod's network.
_AF_ALG = 38
_BELOW = {"clone": _CLONE_NEWCGROUP, "socket": _AF_ALG}


def seccomp_text(syscalls: SyscallsSettings) -> str:
    """The profile, the same text for the same system calls.

    What it refuses fails with EPERM. A call that is newer than Shimyard's list, and `clone3`, whose
    flags no filter can see, fail with ENOSYS, after which the C libraries take an older one.
    """
    granted = syscalls.granted
    refused = (ORDINARY | PRIVILEGED) - granted - {"clone3"}
    rules: list[dict[str, Any]] = [
        {"names": sorted(granted - _BELOW.keys()), "action": "SCMP_ACT_ALLOW"},
        *(
            {
                "names": [name],
                "action": "SCMP_ACT_ALLOW",
                "args": [{"index": 0, "value": limit, "op": "SCMP_CMP_LT"}],
            }
            for name, limit in _BELOW.items()
            if name in granted
        ),
        {"names": sorted(refused), "action": "SCMP_ACT_ERRNO", "errnoRet": _EPERM},
    ]
    profile = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": _ENOSYS,
        "syscalls": rules,
    }
    return json.dumps(profile, indent=1) + "\n"
