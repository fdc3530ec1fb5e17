# `make demo` shows the product, `make test` tests it; each sets up .venv from nothing but python3 (3.11 or newer).

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
COMPILED := .venv-compiled
# Exact versions with hashes, wheels only, and nothing else fetched on the way. The address of an index is pip's own affair.
PINNED := -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation --only-binary :all:
INSTALL := $(PY) $(PINNED)
# A worker a core; the tests of a file stay together.
SIDE_BY_SIDE := --numprocesses auto --dist loadfile

.PHONY: help demo test coverage lint format bench faults spark wheel compiled screenshots pins clean

help:
	@echo "make demo     run the whole product on an invented company's history, its visitors live"
	@echo "make test     run the tests"
	@echo "make coverage run the tests, and say which lines they never reach"
	@echo "make lint     check style, format, types and the direction of imports"
	@echo "make format   put the code into its format"
	@echo "make bench    measure speed and memory, and write bench/results/"
	@echo "make faults   the long hunt for faults"
	@echo "make spark    the tests on Spark (needs Java 17)"
	@echo "make wheel    build the wheels into dist/: the plain one, and the compiled one where there is a C compiler"
	@echo "make compiled the tests of the core on the compiled wheel, in a virtual environment of its own"
	@echo "make screenshots  take the pictures of docs/images anew (needs Chromium)"
	@echo "make pins     write constraints/ anew from pyproject.toml"
	@echo "make clean    remove what the others made"

demo: $(VENV)/project
	$(PY) examples/pompes/generate.py --out demo
	COUVEUSE_DATA=demo/couveuse-data $(VENV)/bin/couveuse demo demo/events.ndjson --leads demo/leads.csv \
		--model examples/pompes/bareme.yaml --team examples/pompes/equipe.yaml --lang fr

test: $(VENV)/project $(VENV)/dev
	$(PY) -m pytest $(SIDE_BY_SIDE)

# Apart: to follow every line makes the laws, which are nearly all computation, take twice as long.
coverage: $(VENV)/project $(VENV)/dev
	$(PY) -m pytest --cov=couveuse $(SIDE_BY_SIDE)

lint: $(VENV)/project $(VENV)/dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/dev
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

bench: $(VENV)/project $(VENV)/dev
	$(PY) -m bench

faults: $(VENV)/project $(VENV)/dev
	COUVEUSE_FAULTS=1 $(PY) -m pytest -m "faults or grows" -rP

spark: $(VENV)/project $(VENV)/dev $(VENV)/spark
	@.ci/needs-java
	$(PY) -m pytest -m spark

wheel: $(VENV)/run $(VENV)/dev
	@rm -rf dist
	@$(PY) -m hatchling build -t wheel -d dist
	@if .ci/needs-compiler $(PY); then HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 $(PY) -m hatchling build -t wheel -d dist; \
		else echo "Only the plain wheel was built: it gives the same scores, more slowly."; fi

# From the installed wheel, never from src/. Left to `make test`: the planted bugs and the census, which read no compiled
# code, and the cases in NDJSON, which are the same facts as those in Parquet once they are read.
compiled: $(COMPILED)/project
	COUVEUSE_COMPILED=1 $(COMPILED)/bin/python -m pytest $(SIDE_BY_SIDE) tests/core tests/cases tests/laws -k "not ndjson" \
		--ignore tests/laws/test_planted_bugs.py --ignore tests/laws/test_census.py

screenshots: $(VENV)/project $(VENV)/dev
	$(PY) -m tests.browser.screenshots docs/images

pins:
	@.ci/needs-python $(PYTHON)
	PYTHON=$(PYTHON) .ci/pins

clean:
	rm -rf $(VENV) $(COMPILED) demo .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist

# Each file below says that a step of the installation is done; a step is taken again only when what it reads has changed.

$(VENV)/run: constraints/run.txt
	@.ci/needs-python $(PYTHON)
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(INSTALL) -r constraints/run.txt
	@touch $@

$(VENV)/project: $(VENV)/run pyproject.toml
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .
	@$(PY) -m pip check --quiet || { echo "constraints/ is behind pyproject.toml: run make pins" >&2; exit 2; }
	@touch $@

$(VENV)/dev: $(VENV)/run constraints/dev.txt
	@$(INSTALL) -r constraints/dev.txt
	@touch $@

# PySpark is published as source only: its wheel is built here, with the pinned setuptools. Java first: it is the longer wait.
$(VENV)/spark: $(VENV)/run constraints/spark.txt
	@.ci/needs-java
	@$(INSTALL) --no-binary pyspark -r constraints/spark.txt
	@touch $@

$(COMPILED)/dev: constraints/dev.txt
	@.ci/needs-python $(PYTHON)
	@echo "Setting up $(COMPILED) ..."
	@$(PYTHON) -m venv --clear $(COMPILED)
	@.ci/needs-compiler $(COMPILED)/bin/python
	@$(COMPILED)/bin/python $(PINNED) -r constraints/dev.txt
	@touch $@

$(COMPILED)/project: $(COMPILED)/dev pyproject.toml hatch_build.py $(shell find src -type f -not -name '*.pyc')
	@rm -rf $(COMPILED)/wheel
	@HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 $(COMPILED)/bin/python -m hatchling build -t wheel -d $(COMPILED)/wheel
	@$(COMPILED)/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall \
		$(COMPILED)/wheel/*.whl
	@touch $@
