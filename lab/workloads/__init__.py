"""Wasm programs for the lab's nodes to run, built from the sources beside this file."""

from lab.workloads.recipe import Workload, build

__all__ = ["Workload", "build"]
