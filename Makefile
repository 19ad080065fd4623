# Every target sets up what it needs: a virtual environment in .venv, from the package registry, with
# the versions that requirements/ locks.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
FUZZ_READY := $(VENV)/.fuzz-ready
FOCUS_READY := $(VENV)/.focus-ready
INSTALL := $(BIN)/python requirements/run_uv.py install
LOCK := $(BIN)/python requirements/run_uv.py compile --universal --python-version 3.11 --upgrade --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'
SECONDS ?= 60

# Hundreds of processes are started, each of which would compile billql anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo check prepared test clients compatibility assurance focus differential backtest fuzz spark spark-lowest spark-cluster spark-pace bench lock currencies postgres-catalog contract schema docs registry clean

help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml $(wildcard requirements/*.txt) requirements/run_uv.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "billql needs Python 3.11 or newer; this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/tools.txt
	$(INSTALL) --no-build-isolation --require-hashes -r requirements/dev.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $(READY)

setup: $(READY) ## Make the virtual environment.

check: $(READY) ## Format, lint, types, import floors, and names in the field's words.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	PYTHONPATH=tests $(BIN)/python -m support.wording

prepared: $(READY)
	@$(BIN)/python tests/prepare.py

test: prepared ## Run every test, those of Spark where Java is, and print what they cover.
	@PYTHONPATH=tests $(BIN)/python -m spark.prepare
	rm -rf .coverage
	$(BIN)/coverage run -m pytest -n 2 --dist worksteal -rs
	@$(BIN)/python tests/coverage_table.py

compatibility: prepared ## Test with the lowest and the newest versions of packages; PYTHONS="3.12 3.14" names some.
	$(BIN)/python requirements/compatibility.py $(TESTS)

assurance: $(READY) ## Attack every promise of docs/assurance.md, for some minutes, and print a table.
	PYTHONPATH=tests $(BIN)/python -m assurance

$(FOCUS_READY): $(READY) requirements/focus.txt requirements/validator.py
	$(BIN)/python requirements/validator.py $(VENV)/focus
	touch $(FOCUS_READY)

focus: $(FOCUS_READY) ## Check files of FOCUS with the Foundation's validator and others, and add up every invoice.
	PYTHONPATH=tests $(BIN)/python -m conformance

$(FUZZ_READY): $(READY)
	$(INSTALL) --no-build-isolation --require-hashes -r requirements/fuzz.txt
	touch $(FUZZ_READY)

differential: $(READY) ## Compare random SELECTs with plain SQLite: BILLQL_EXAMPLES (2000) worlds of each kind.
	BILLQL_EXAMPLES=$${BILLQL_EXAMPLES:-2000} $(BIN)/python -m pytest -n 2 -rP tests/differential

backtest: $(READY) ## Measure forecasts and anomalies over made-up series; fails out of the bounds.
	PYTHONPATH=tests $(BIN)/python -m backtest

histories: $(READY) ## Compare random histories with what an API responded (BILLQL_EXAMPLES / 10), and kill 200 refreshes.
	BILLQL_EXAMPLES=$${BILLQL_EXAMPLES:-2000} BILLQL_KILLS=200 $(BIN)/python -m pytest -rP tests/differential/test_histories.py tests/end_to_end/history

fuzz: $(FUZZ_READY) ## Look for what breaks a property of tests/fuzz, SECONDS (60) for each.
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS)

load: $(READY) ## Let CLIENTS (50) ask one server at once for LOAD_SECONDS (120), and check every row.
	PYTHONPATH=tests $(BIN)/python -m load --clients $(or $(CLIENTS),50) --seconds $(or $(LOAD_SECONDS),120)

spark: $(READY) ## Read tables by a real Apache Spark, as `make test` does where Java 17 is, and by random filters.
	@PYTHONPATH=tests $(BIN)/python -m spark.prepare
	$(BIN)/python -m pytest -rs tests/spark/test_reading.py tests/spark/test_source.py tests/spark/random_filters.py

# Spark 4.0 leaves sockets open, of which pytest would make failures.
spark-lowest: prepared ## Read tables by the lowest Spark that pyproject.toml allows.
	RESOLUTIONS=lowest PYTHONS=$(or $(PYTHONS),3.11) $(BIN)/python requirements/compatibility.py tests/spark \
		-W ignore::pytest.PytestUnraisableExceptionWarning

spark-cluster: $(READY) ## Read tables by executors in processes of their own, one of which is killed.
	@PYTHONPATH=tests $(BIN)/python -m spark.prepare
	BILLQL_SPARK_MASTER='local-cluster[2,1,1024]' $(BIN)/python -m pytest -rs tests/spark/test_reading.py tests/spark/cluster.py

spark-pace: $(READY) ## Measure how much Spark reads in a second, for the plan in docs/spark.md.
	@PYTHONPATH=tests $(BIN)/python -m spark.prepare
	$(BIN)/python -m bench.by_spark

bench: $(READY) ## Measure billql beside a hand-written loop and Shillelagh; writes docs/benchmarks.md.
	$(BIN)/python -m bench

lock: $(READY) ## Lock the newest versions that pyproject.toml allows.
	$(LOCK) --output-file requirements/tools.txt requirements/tools.in
	$(LOCK) --extra dev --constraint requirements/tools.txt --output-file requirements/dev.txt pyproject.toml
	$(LOCK) --extra fuzz --constraint requirements/dev.txt --output-file requirements/fuzz.txt pyproject.toml
	$(LOCK) --extra spark --constraint requirements/dev.txt --output-file requirements/spark.txt pyproject.toml
	$(subst 3.11,3.12,$(LOCK)) --output-file requirements/focus.txt requirements/focus.in

currencies: $(READY) ## Write the table of currencies from the list of ISO 4217 that the lock has.
	$(BIN)/python requirements/write_currencies.py > src/billql/util/iso_4217.py
	$(BIN)/ruff format --quiet src/billql/util/iso_4217.py

clients: prepared ## Drive the server by clients in Node, Go, Java, ODBC and DuckDB, as far as they are here.
	PYTHONPATH=tests $(BIN)/python -m clients

postgres-catalog: $(READY) ## Write PostgreSQL's own relations for the server of its protocol, by a real one.
	PYTHONPATH=tests $(BIN)/python -m support.postgres_catalog

contract: $(READY) ## Trim the OpenAPI document FROM of PROVIDER for the tests; without FROM, that of its client.
	PYTHONPATH=tests $(BIN)/python -m contracts.trim $(PROVIDER) $(FROM)

schema: $(READY) ## Write the JSON Schema of definitions, for editors.
	$(BIN)/python -c 'import json; from billql.definitions.json_schema import json_schema; print(json.dumps(json_schema(), indent=2))' > docs/definition.schema.json

docs: schema ## Write docs/reference and the results of the pages' queries, and make the site of docs/ in site/.
	$(BIN)/python docs/results.py
	rm -rf docs/reference
	$(BIN)/billql docs build
	$(BIN)/zensical build --clean --strict

registry: $(READY) ## Pack the definitions of provider/ into registry/, the same bytes whoever does it.
	$(BIN)/python -c 'from pathlib import Path; from billql.registry import bundle; bundle.write(Path("provider"), Path("registry"))'

demo: $(READY) ## Answer real SELECTs over real HTTP, from the sandbox.
	@docs/demo.sh $(BIN)/billql

clean: ## Remove what the targets made.
	rm -rf $(VENV) build dist site .cache .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
