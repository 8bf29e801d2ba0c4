"""A delay line between two network namespaces that counts what passes."""
