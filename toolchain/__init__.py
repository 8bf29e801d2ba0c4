"""How a machine gets the Pulumi CLI, its Python language host and, later, provider plugins."""
