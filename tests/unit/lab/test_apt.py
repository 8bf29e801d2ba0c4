"""The Debian mirror is the one that this machine's own apt uses."""

from __future__ import annotations

from pathlib import Path

from lab.apt import mirror_in

KEYS = "/usr/share/keyrings/archive.gpg"


def test_the_main_archive_is_told_from_security_and_from_other_vendors() -> None:
    listing = "\n".join(
        [
            "Node Source|Node Source|nodistro|main|/k.gpg|https://packages.invalid/node/",
            "Debian|Debian-Security|bookworm-security|main||http://mirror.invalid/security/",
            "Debian|Debian|bookworm|contrib||http://mirror.invalid/contrib/",
            f"Debian|Debian|bookworm|main|{KEYS}|http://mirror.invalid/debian/",
        ]
    )
    found = mirror_in(listing, "bookworm")
    assert found is not None
    assert (found.url, found.keyring) == ("http://mirror.invalid/debian", Path(KEYS))


def test_before_the_first_update_the_suite_tells_which_source_is_debians() -> None:
    listing = "\n".join(
        [
            "$(ORIGIN)|$(LABEL)|nodistro|main|$(SIGNED_BY)|https://packages.invalid/node/",
            "$(ORIGIN)|$(LABEL)|bookworm|main|$(SIGNED_BY)|http://mirror.invalid/debian/",
        ]
    )
    found = mirror_in(listing, "bookworm")
    assert found is not None
    assert (found.url, found.keyring) == ("http://mirror.invalid/debian", None)


def test_a_machine_without_debian_sources_has_no_mirror() -> None:
    assert mirror_in("", "bookworm") is None
