"""Debian's mosquitto, and clients of it that this machine can run."""

from __future__ import annotations

from typing import Final

from lab.images.debian import DebianProgram

BROKER: Final = DebianProgram(
    "/usr/sbin/mosquitto",
    (
        "mosquitto",
        "libc6",
        "libcap2",
        "libcom-err2",
        "libdlt2",
        "libgcrypt20",
        "libgpg-error0",
        "libgssapi-krb5-2",
        "libk5crypto3",
        "libkeyutils1",
        "libkrb5-3",
        "libkrb5support0",
        "liblz4-1",
        "liblzma5",
        "libnsl2",
        "libssl3",
        "libsystemd0",
        "libtirpc3",
        "libwrap0",
        "libzstd1",
    ),
)
_SUBSCRIBER: Final = "/usr/bin/mosquitto_sub"
_PUBLISHER: Final = "/usr/bin/mosquitto_pub"
_CLIENTS: Final = DebianProgram(
    _SUBSCRIBER,
    ("mosquitto-clients", "libc6", "libcjson1", "libmosquitto1", "libssl3"),
    (_PUBLISHER,),
)


def serve(*arguments: str) -> list[str]:
    """The command of a broker on this machine, which must be of amd64."""
    return _command(BROKER, BROKER.path, arguments)


def subscribe(*arguments: str) -> list[str]:
    """The command of a subscriber, likewise."""
    return _command(_CLIENTS, _SUBSCRIBER, arguments)


def publish(*arguments: str) -> list[str]:
    """The command of a publisher, likewise."""
    return _command(_CLIENTS, _PUBLISHER, arguments)


def _command(packed: DebianProgram, program: str, arguments: tuple[str, ...]) -> list[str]:
    folder = packed.folder("amd64")
    libraries = ":".join(f"{folder}{root}/lib/x86_64-linux-gnu" for root in ("", "/usr"))
    loader = f"{folder}/lib64/ld-linux-x86-64.so.2"
    return [loader, "--library-path", libraries, f"{folder}{program}", *arguments]
