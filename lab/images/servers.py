"""Servers of Debian that the lab runs in pods, where a user would name an image of their own."""

from __future__ import annotations

from typing import Final

from lab.images.debian import DebianProgram

NGINX: Final = DebianProgram(
    "/usr/sbin/nginx", ("nginx", "libc6", "libcrypt1", "libpcre2-8-0", "libssl3", "zlib1g")
)
