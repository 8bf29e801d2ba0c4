"""Known advisories of the engines inside of shims: a table with sources and a date."""

from policies.advisories.table import Advisory, Table, load_table

__all__ = ["Advisory", "Table", "load_table"]
