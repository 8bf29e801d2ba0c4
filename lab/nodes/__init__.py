"""Nodes of the lab: a Debian base, an overlay a node, systemd booted in a container of its own."""
