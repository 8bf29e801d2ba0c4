"""Opening a TUN device in another network namespace."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
from pathlib import Path
from typing import Final

# linux/if_tun.h, linux/sched.h
_TUNSETIFF: Final = 0x400454CA
_IFF_TUN: Final = 0x0001
_IFF_NO_PI: Final = 0x1000
_CLONE_NEWNET: Final = 0x40000000
_DEVICE: Final = "/dev/net/tun"


def open_tun(namespace: Path, name: str) -> int:
    """A file descriptor that reads and writes one IP packet at a time; it does not block.

    ``namespace``: a file that stands for a network namespace; the device lives and dies there
    with the descriptor. The calling thread stays in that namespace. Raises OSError.
    """
    enter(namespace)
    descriptor = os.open(_DEVICE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    request = struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI)
    fcntl.ioctl(descriptor, _TUNSETIFF, request)
    return descriptor


def enter(namespace: Path) -> None:
    """Move the calling thread into a network namespace. Raises OSError."""
    # os.setns is there from Python 3.12 on.
    libc = ctypes.CDLL(None, use_errno=True)
    with namespace.open("rb") as handle:
        if libc.setns(handle.fileno(), _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(namespace))
