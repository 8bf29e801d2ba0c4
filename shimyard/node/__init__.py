"""The engine room: desired state, facts, plan, and one transaction a resource on a machine."""
