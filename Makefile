# Two commands for a new user: `make run` and `make test`. Everything is idempotent.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMPS := .venv/.stamps
ARGS ?= run --simulate demo
# Most tests wait for servers more than they compute: some at a time, in the groups and the order of tests/conftest.py.
TEST_WORKERS ?= 6
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest
PACKAGES := plantroom gateway ingest maintenance models api simulators

.PHONY: run test test-long setup setup-test lint lint-types lint-rules lint-web lint-tests test-web bench clean check-tools
.DELETE_ON_ERROR:

run: setup
	@exec $(BIN)/plantroom $(ARGS)

setup: check-tools $(STAMPS)/product $(STAMPS)/web

check-tools:
	@scripts/check-tools $(PYTHON)

$(STAMPS)/venv: requirements/uv.txt
	@echo "[1/3] Python environment in .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/uv.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/product: $(STAMPS)/venv requirements/run.txt pyproject.toml
	@echo "[2/3] Python packages (pinned, with hashes)"
	@$(UV) --require-hashes --no-deps -r requirements/run.txt
	@mkdir -p web/dist
	@$(UV) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q $(PACKAGES)
	@touch $@

NPM_CI := npm ci --no-audit --no-fund --loglevel=error

$(STAMPS)/web-modules: web/package-lock.json
	@echo "[3/3] web app"
	@mkdir -p $(STAMPS)
	@cd web && $(NPM_CI) --omit=dev
	@touch $@

$(STAMPS)/web: $(STAMPS)/web-modules $(WEB_SOURCES)
	@cd web && npm run --silent build -- --logLevel warn
	@touch $@

$(STAMPS)/web-dev: web/package-lock.json
	@echo "[test] web packages"
	@mkdir -p $(STAMPS)
	@cd web && $(NPM_CI)
	@touch $(STAMPS)/web-modules $@

setup-test: check-tools $(STAMPS)/web-dev setup $(STAMPS)/dev
	@scripts/install-test-servers

$(STAMPS)/dev: $(STAMPS)/product requirements/dev.txt
	@echo "[test] development packages"
	@$(UV) --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

test: setup-test
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint test-web
	@$(PYTEST) -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

# All examples of the property tests, and every test on every database: an hour.
test-long: setup-test
	@TEST_EXAMPLES=1 $(PYTEST) -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

test-web: check-tools $(STAMPS)/web-dev
	@cd web && npm run --silent test -- --reporter=dot

lint: lint-types lint-rules lint-web lint-tests

lint-types: check-tools setup $(STAMPS)/dev
	@$(BIN)/mypy

lint-rules: check-tools setup $(STAMPS)/dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports

lint-web: check-tools $(STAMPS)/web-dev
	@cd web && npm run --silent check

# Every module of the tests loads. Most of that time goes into rewriting their assertions, which pytest keeps: the workers
# of `make test`, which load all of them each, find it done.
lint-tests: check-tools setup $(STAMPS)/dev
	@said=$$($(PYTEST) --collect-only -qq 2>&1) || { echo "$$said"; exit 1; }

bench: setup $(STAMPS)/dev
	@$(BIN)/plantroom bench latency --json

clean:
	@rm -rf .venv web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
