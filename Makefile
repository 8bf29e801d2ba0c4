# Shimyard's commands. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

STACK ?= lab
TIMES ?= 10
VENV := .venv
PYTHON := $(VENV)/bin/python
PULUMI = $(PYTHON) -m toolchain run --stack $(STACK) -- pulumi
# The lab's stack is thrown away; any other is asked about before it is changed.
YES = $(if $(filter lab,$(STACK)),--yes --skip-preview)
# What a stack must keep to: docs/how-to/policies.md.
POLICIES = --policy-pack policies $(addprefix --policy-pack-config ,$(wildcard policies/stacks/$(STACK).json))
LAB = $(filter lab,$(STACK))
# Only Pulumi can decrypt; a stack file without secrets is read without it.
DECRYPTING = $(if $(shell grep -l secure: stacks/Pulumi.$(STACK).yaml),$(PYTHON) -m toolchain run --stack $(STACK) --)
SUMMARY = $(PYTHON) -m toolchain run --stack $(STACK) -- $(PYTHON) -m shimyard.preview --stack $(STACK) \
  --format $(FORMAT) --state $(or $(STATE),required) --policy-pack policies $(addprefix --output ,$(OUTPUT))
export PYTHONUNBUFFERED := 1
# Else each start of the provider would compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

ifeq ($(wildcard stacks/Pulumi.$(STACK).yaml),)
$(error there is no stacks/Pulumi.$(STACK).yaml; STACK can be: $(patsubst stacks/Pulumi.%.yaml,%,$(wildcard stacks/Pulumi.*.yaml)))
endif

.PHONY: help up preview refresh doctor down shell prepare test test-quick fuzz lint bench density wasm size scale requirements need-lab

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo
	@echo "STACK=$(STACK); set another with STACK=<name>, from stacks/Pulumi.<name>.yaml"

up: $(VENV) ## take the machines of STACK to what its file says (the lab is booted first)
	$(if $(LAB),$(PYTHON) -m lab up)
	$(PULUMI) up $(YES) $(if $(LAB),,$(POLICIES))
	@$(PULUMI) stack output --json nodes | $(PYTHON) -m shimyard.handlers
	$(if $(LAB),@$(PYTHON) -m lab demo)

preview: $(VENV) need-lab ## show what `make up` would change (FORMAT=markdown, json; STATE=none); no machine is asked
	$(if $(FORMAT),@$(SUMMARY),$(PULUMI) preview --diff $(POLICIES))

refresh: $(VENV) need-lab ## compare the machines with the state; shows drift
	$(PULUMI) refresh $(YES)

doctor: $(VENV) need-lab ## name the first broken link of each handler, and its mend (FORMAT=json)
	@$(DECRYPTING) $(PYTHON) -m shimyard.doctor --stack $(STACK) $(if $(filter json,$(FORMAT)),--json)

down: $(VENV) ## leave the machines as they were before (and end the lab)
	$(if $(LAB),-)$(PULUMI) destroy $(YES)
	$(if $(LAB),$(PYTHON) -m lab down)

shell: $(VENV) ## a shell in which bare `pulumi` commands work
	@$(PYTHON) -m toolchain shell --stack $(STACK)

prepare: $(VENV) ## install and build what takes long, into the cache
	$(PYTHON) -m lab prepare
	$(PYTHON) -m toolchain ensure

test: lint prepare ## all suites: unit, program, fuzz, engine, faults, lab (needs root)
	@$(PYTHON) -m tests

test-quick: $(VENV) ## the suites for the inner loop: no root, under a minute
	@$(PYTHON) -m tests unit program

fuzz: $(VENV) ## hostile input at random, TIMES=10 times as much as in `make test`
	@SHIMYARD_FUZZ_TIMES=$(TIMES) $(PYTHON) -m tests fuzz

lint: $(VENV) ## format, lint, types, layers
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

bench: $(VENV) ## measure beside pyinfra and Ansible, 50 minutes (needs root and an idle machine)
	$(PYTHON) -m lab prepare
	$(PYTHON) -m toolchain ensure
	$(PYTHON) -m benchmarks.node $(BENCH)

density: $(VENV) ## measure a Wasm pod beside an ordinary one, 25 minutes (root, an idle machine)
	$(PYTHON) -m lab prepare
	$(PYTHON) -m toolchain ensure
	$(PYTHON) -m benchmarks.density $(BENCH)

scale: $(VENV) ## measure one stack of 10, 100 and 1,000 simulated nodes, 15 minutes (root, an idle machine)
	$(PYTHON) -m lab prepare
	$(PYTHON) -m toolchain ensure
	$(PYTHON) -m benchmarks.scale $(BENCH)

wasm: $(VENV) ## measure Wasm containers beside ordinary ones, 8 minutes (root, an idle machine)
	$(PYTHON) -m lab prepare
	$(PYTHON) -m toolchain ensure
	$(PYTHON) -m benchmarks.wasm $(BENCH)

size: $(VENV) ## measure what each step takes off a Wasm program's size, 3 minutes (npm)
	$(PYTHON) -m benchmarks.size $(BENCH)

requirements: $(VENV) ## lock the Python packages anew, with hashes
	$(PYTHON) -m pip install --quiet pip-tools
	for name in requirements requirements-dev benchmarks/requirements; do \
	  env -u PIP_FIND_LINKS $(VENV)/bin/pip-compile --quiet --upgrade --generate-hashes \
	    --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
	    --no-emit-trusted-host --output-file $$name.txt $$name.in; \
	done

need-lab:
	@$(if $(LAB),test -e .lab/artifacts.lock.json || { echo "there is no lab yet: run make up" >&2; exit 1; })

$(VENV): requirements-dev.txt requirements.txt
	@echo "installing the Python packages into $(VENV) ..."
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Shimyard needs Python 3.11 or newer")'
	@python3 -m venv --clear $(VENV) || { echo "python3 -m venv fails: apt-get install python3-venv" >&2; exit 1; }
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes \
	  --requirement requirements.txt --requirement requirements-dev.txt || { rm -rf $(VENV); exit 1; }
	@touch $(VENV)
