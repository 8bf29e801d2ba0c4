"""Throw-away SSH hosts in namespaces, with a state that all contestants hold true."""
