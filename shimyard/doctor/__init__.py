"""The doctor: for each node and handler, the first link that is broken, and its mend."""
