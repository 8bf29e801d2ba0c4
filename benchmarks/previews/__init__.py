"""A preview through our provider beside the same through one that does nothing."""
