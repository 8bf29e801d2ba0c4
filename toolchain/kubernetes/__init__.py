"""How a machine gets a Kubernetes provider: the vendor's if it can be had, else a stand-in."""
