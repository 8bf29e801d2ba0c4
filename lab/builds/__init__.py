"""What the lab builds from public package registries, and the lock that describes it."""
