"""The Pulumi provider `shimyard`: everything on a machine, as resources."""
