# Two commands matter: `make demo` shows medfund at work, `make test` is the whole check.
# Both set up what they need (Python 3.11+ and make) and can be stopped and run again.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Bureaus' networks often have certificates of their own, which the system knows and uv alone does not.
export UV_SYSTEM_CERTS ?= 1
# Where pip is pointed at a mirror, uv follows it.
export UV_DEFAULT_INDEX ?= $(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null)
ifeq ($(strip $(UV_DEFAULT_INDEX)),)
unexport UV_DEFAULT_INDEX
endif

.PHONY: help setup demo test lint types dbt python browser bench lock clean

help: ## Say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(BIN)/medfund ## Install medfund into .venv

$(BIN)/uv: requirements/bootstrap.lock
	@echo "Making $(VENV)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "medfund needs Python 3.11 or newer")'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@touch $@

# Byte code is compiled at installation, otherwise every start of dbt costs twice.
$(BIN)/medfund: $(BIN)/uv requirements/default.lock pyproject.toml
	@echo "Installing the locked packages"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes --compile-bytecode -r requirements/default.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/medfund requirements/dev.lock
	@echo "Installing the tools that the tests use"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes --compile-bytecode -r requirements/dev.lock
	@touch $@

demo: setup ## Invent a small bureau, build a release from it and serve the dashboard: make demo ARGS="--size city"
	@$(BIN)/medfund demo $(ARGS)

test: lint types dbt python browser ## The whole check
	@echo "All checks pass."

lint: $(VENV)/.dev ## Style of the Python code
	@echo "== lint"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Types of the Python code
	@echo "== types"
	@$(BIN)/mypy

dbt: $(VENV)/.dev ## Build a small city with dbt and run its data and unit tests
	@echo "== dbt"
	@$(BIN)/python -m tests.dbt.run

# In this order the long files start first, so that both workers end together.
python: $(VENV)/.dev ## Python tests, the pipeline on a small city, and the dashboard's pages without a browser
	@echo "== python"
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not browser" \
		tests/e2e tests/architecture tests/golden tests/app tests/unit

browser: $(VENV)/.dev ## The dashboard's pages in a real Chromium
	@echo "== browser"
	@tests/e2e/ensure_browser.sh
	@$(BIN)/pytest -q tests/e2e -m browser

bench: $(VENV)/.dev ## Measure: make bench ARGS="--size city"
	@$(BIN)/python -m bench $(ARGS)

lock: $(BIN)/uv ## Resolve the lock files anew
	@PATH="$(CURDIR)/$(BIN):$$PATH" requirements/lock.sh --upgrade

clean: ## Remove what was installed and built; data stay
	@rm -rf $(VENV) target logs .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
