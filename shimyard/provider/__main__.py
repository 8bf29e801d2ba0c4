"""Starts the provider: first of all, what would make that slow is kept out."""

from __future__ import annotations

from shimyard.provider.sdk import import_protocol_only

import_protocol_only()

from shimyard.provider.process import main  # noqa: E402

if __name__ == "__main__":
    main()
