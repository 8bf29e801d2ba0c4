"""The Range header of a request for one file (RFC 9110, section 14)."""

from __future__ import annotations

import re


class RangeError(ValueError):
    """The range begins after the file's end; answer 416."""


def asked_range(header: str | None, size: int) -> range | None:
    """The byte offsets that ``header`` asks for, or None for the whole file of ``size`` bytes.

    Only a single range counts; a server may ignore any other form and send everything.
    Errors: ``RangeError``.
    """
    form = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if form is None or form.groups() == ("", ""):
        return None
    first, last = form.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= size or start >= stop:
        raise RangeError(header)
    return range(start, stop)
