# Every target sets up what it needs: a virtual environment in .venv, from the package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready

.PHONY: help setup demo check test bench schema clean

help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "billql needs Python 3.11 or newer; this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(READY)

setup: $(READY) ## Make the virtual environment.

check: $(READY) ## Format, lint, types and import floors.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(READY) ## Run every test.
	$(BIN)/python -m pytest -n 2 --dist worksteal

$(BENCH_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $(BENCH_READY)

bench: $(BENCH_READY) ## Measure billql beside a hand-written loop and Shillelagh; writes docs/benchmarks.md.
	$(BIN)/python -m bench

schema: $(READY) ## Write the JSON Schema of definitions, for editors.
	$(BIN)/python -c 'import json; from billql.definition import json_schema; print(json.dumps(json_schema(), indent=2))' > docs/definition.schema.json

demo: $(READY) ## Answer real SELECTs over real HTTP, from the sandbox.
	@docs/demo.sh $(BIN)/billql

clean: ## Remove what the targets made.
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
