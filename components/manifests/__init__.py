"""Settings as the fields of Kubernetes objects: pure functions, no Pulumi resource is made here."""
