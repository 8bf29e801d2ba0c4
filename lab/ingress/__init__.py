"""A stand-in for the ingress controller of a cluster."""
