"""Pulumi's Python language host for a CLI that was built without the vendor's one."""
