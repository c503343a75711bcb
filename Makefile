# Two commands do everything: `make demo` and `make test`. Both set up what they need first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
CONSOLE := central/console
SETUP := $(VENV)/.setup
ARGS ?=

.PHONY: help setup console demo test test-all bench peers lint lock schema clean

help: ## what there is to do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: $(SETUP) console ## virtual environment, locked packages, console

$(SETUP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed, not $(PYTHON): install it, or say make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

console: $(CONSOLE)/dist/index.html

$(CONSOLE)/dist/index.html: $(SETUP) $(CONSOLE)/package-lock.json $(CONSOLE)/index.html $(shell find $(CONSOLE)/src $(CONSOLE)/public -type f 2>/dev/null)
	$(BIN)/python tools/build_console.py

PYTEST := $(BIN)/python -m pytest -q --dist loadfile

demo: setup ## run a border on this machine (ARGS="--headless --travellers 3 --items 3")
	$(BIN)/border-sim demo $(ARGS)

test: setup ## lint, types and every test that this machine can run
	$(MAKE) --no-print-directory lint
	$(PYTEST) -n 4 -m "not realtime" $(ARGS)
	$(PYTEST) -n 3 -m realtime $(ARGS)

test-all: setup ## every test, none skipped for want of chromium, mosquitto or PostgreSQL
	BORDER_TEST_ALL=1 $(PYTEST) -n 4 -m "not realtime" $(ARGS)
	BORDER_TEST_ALL=1 $(PYTEST) -n 3 -m realtime $(ARGS)
	$(BIN)/python tools/build_console.py test

bench: setup ## print the bench table
	$(BIN)/python -m tests.bench

peers: ## install what the bench measures us against, in an environment of its own
	$(PYTHON) -m venv $(VENV)/peers
	$(VENV)/peers/bin/python -m pip install --quiet -r tests/bench/peers.txt

lint: $(SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: ## compile requirements.lock anew from pyproject.toml
	$(PYTHON) -m venv $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile pyproject.toml --group dev --extra postgres --generate-hashes \
		--no-emit-index-url --no-header --python-version 3.11 --quiet --output-file requirements.lock

schema: $(SETUP) ## write the contract's JSON Schemas anew
	$(BIN)/python -m contract.schema

clean: ## remove everything that setup made
	rm -rf $(VENV) $(CONSOLE)/node_modules $(CONSOLE)/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
