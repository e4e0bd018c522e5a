# Everything that can be done here; `make help` lists it. Needs Python 3.11 or newer and make, nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OURS := libs/values libs/contracts libs/kit services/catalog services/sales services/stock services/purchasing services/alerts services/reporting services/backoffice deploy/onebox
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes
CODE := libs services deploy tests
PYTEST := $(BIN)/python -m pytest
LANES ?= 2

##@ Run
.PHONY: up demo down status
up: $(VENV)/.run ## start everything; prints the address and a sign-in per role (Ctrl-C stops it)
	@$(BIN)/lotwise up $(ARGS)
demo: $(VENV)/.run ## load the demo chain into the running system (the first `make up` does it by itself)
	@$(BIN)/python -m lotwise.onebox.demo
down: $(VENV)/.run ## stop what was started with `lotwise up --detach`
	@$(BIN)/lotwise down
status: $(VENV)/.run ## processes, memory, lag, parked messages
	@$(BIN)/lotwise status

##@ Test
.PHONY: test check test-pages test-chaos test-compose test-fuzz test-slow
test: $(VENV)/.test ## install and run everything that must pass, two things at a time
	@$(MAKE) --no-print-directory -j2 check test-pages
	$(PYTEST) -n $(LANES) -m "not slow" --ignore=tests/browser $(ARGS)
test-pages: $(VENV)/.test ## what a browser sees
	$(PYTEST) -m "not slow" tests/browser $(ARGS)
check: $(VENV)/.test ## lint, format, types, import contracts, docstrings of tests, committed schemas
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet tests
	$(PYTEST) tests/contract/test_schemas.py
test-chaos: $(VENV)/.test ## 30 random kill -9 during 20,000 sales, then exact reconciliation
	$(PYTEST) -m "slow or not slow" -s --timeout=1800 tests/resilience $(ARGS)
test-compose: $(VENV)/.test ## build the images, start them, run the loop, stop
	$(PYTEST) -m "slow or not slow" -s --timeout=3600 tests/compose $(ARGS)
test-fuzz: $(VENV)/.test ## every OpenAPI document against the running services, no 5xx
	LOTWISE_FUZZ_EXAMPLES=200 $(PYTEST) -m "slow or not slow" --timeout=3600 tests/security/test_fuzz.py $(ARGS)
test-slow: $(VENV)/.test ## what `make test` leaves out because it takes long
	$(PYTEST) -m slow --timeout=3600 tests $(ARGS)

##@ Measure
.PHONY: bench bench-full bench-size
bench: $(VENV)/.test ## one table of speeds beside the yardsticks of the same run
	@$(BIN)/python -m tests.speed.bench $(ARGS)
bench-full: $(VENV)/.test ## the same, longer, with rebuild and import
	@$(BIN)/python -m tests.speed.bench --full $(ARGS)
bench-size: $(VENV)/.test ## ten million movements at forty sites: reads, the past, rebuilds, the audit, growth
	@$(BIN)/python -m tests.speed.size $(ARGS)

##@ Keep
.PHONY: schemas lock compose-secrets clean help
schemas: $(VENV)/.test ## write the event schemas, the AsyncAPI and the OpenAPI documents anew
	$(BIN)/python -m lotwise.kit.schemas docs/contracts
	$(BIN)/python -m lotwise.kit.openapi docs/openapi $(addprefix lotwise.,backoffice catalog sales stock purchasing alerts reporting)
lock: $(VENV)/.run ## resolve every lock file anew
	$(BIN)/python deploy/lock.py
compose-secrets: ## write deploy/compose/.env once
	$(PYTHON) deploy/compose/environment.py
clean: ## remove caches (never data)
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Lotwise needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make up PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "Python cannot make a venv here: install its venv module (on Debian: apt-get install python3-venv)."; rm -rf $(VENV); exit 1; }

$(VENV)/.run: requirements.lock $(OURS:%=%/pyproject.toml) | $(VENV)/bin/python
	@echo "Installing what running needs into $(VENV) …"
	@$(PIP) -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(OURS:%=-e %)
	@touch $@

$(VENV)/.test: requirements-dev.lock $(VENV)/.run
	@echo "Installing what testing needs into $(VENV) …"
	@$(PIP) -r requirements-dev.lock
	@touch $@
