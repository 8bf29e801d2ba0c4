"""The artifact mirror: what nodes download, over HTTP, with an access log and faults on demand."""
