# Every target sets up what it needs: a virtual environment in .venv, from the package registry.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BENCH_READY := $(VENV)/.bench-ready
FUZZ_READY := $(VENV)/.fuzz-ready
SECONDS ?= 60
KEY ?= $(HOME)/billql-registry-key.pem

.PHONY: help setup demo check prepared test assurance fuzz bench schema docs registry clean

help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

prepared: $(READY)
	@tests/docs/prepare.sh $(VENV)/mdx

test: prepared ## Run every test.
	$(BIN)/python -m pytest -n 2 --dist worksteal -rs

assurance: $(READY) ## Attack every promise of docs/assurance.md, for some minutes, and print a table.
	PYTHONPATH=tests $(BIN)/python -m assurance

$(BENCH_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $(BENCH_READY)

$(FUZZ_READY): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	touch $(FUZZ_READY)

fuzz: $(FUZZ_READY) ## Look for what breaks a property of tests/fuzz, SECONDS (60) for each.
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS)

bench: $(BENCH_READY) ## Measure billql beside a hand-written loop and Shillelagh; writes docs/benchmarks.md.
	$(BIN)/python -m bench

schema: $(READY) ## Write the JSON Schema of definitions, for editors.
	$(BIN)/python -c 'import json; from billql.definition import json_schema; print(json.dumps(json_schema(), indent=2))' > docs/definition.schema.json

docs: schema ## Write the answers of the pages' queries into docs/*.md, and the site into docs/site.
	$(BIN)/python docs/answers.py
	rm -rf docs/site
	$(BIN)/billql docs build

registry: $(READY) ## Pack and sign the definitions of provider/; KEY is the private key's file.
	$(BIN)/billql registry build --key $(KEY)

demo: $(READY) ## Answer real SELECTs over real HTTP, from the sandbox.
	@docs/demo.sh $(BIN)/billql

clean: ## Remove what the targets made.
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
