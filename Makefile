# dothi's commands. On a fresh machine: `make demo`, `make test`.
SHELL := /bin/bash
# the distribution's Python, where it will do, is a third quicker than most that are built by hand
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo /usr/bin/python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
DIST := src/dothi/web/static/dist/manifest.json
FRONTEND := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/.*' 2>/dev/null)
export PYTHONUTF8 := 1
# of the tests: more than cores, as they wait at times for servers and browsers
WORKERS ?= 3

.PHONY: help setup demo test coverage lint bench soak soak-tests check-servers frontend-test pytest clean

help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## / — /'

setup: .make/venv $(DIST) ## .venv with the dothi command, and the built front end

.make/venv: pyproject.toml
	@mkdir -p .make
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

.make/test-venv: .make/venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@

.make/node: frontend/package.json frontend/package-lock.json
	@mkdir -p .make
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(DIST): .make/node $(FRONTEND)
	cd frontend && npm run --silent build
	@touch $@

demo: setup ## the simulated city of Tân An on http://127.0.0.1:8000, nothing else to install
	$(BIN)/dothi demo

check-servers: ## what the tests need of Debian: PostgreSQL with PostGIS, Mosquitto, Chromium
	@bash tests/install-servers.sh

lint: .make/test-venv .make/node ## ruff, mypy, import contract, biome
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	cd frontend && npm run --silent check

frontend-test: .make/node
	cd frontend && npm run --silent test

test: ## every behaviour, on both databases, with real servers and a real browser
	@$(MAKE) --no-print-directory --jobs 2 lint frontend-test pytest

pytest: setup .make/test-venv check-servers # lint, which is on one core for most of a minute, runs beside it
	$(BIN)/pytest -n $(WORKERS) -m "not soak"

soak-tests: setup .make/test-venv check-servers ## the tests that hold by length: kills, random searches, walks through every door
	$(BIN)/pytest -n $(WORKERS) -m soak

coverage: setup .make/test-venv check-servers ## which lines the tests without the browser run
	$(BIN)/pytest -n $(WORKERS) --ignore tests/browser --cov --cov-report=term:skip-covered

bench: setup .make/test-venv check-servers ## one JSON line a figure, product and limit in the same run
	$(BIN)/python -m bench

soak: soak-tests ## those, and kill -9 at fifty random moments under load: about a quarter of an hour
	$(BIN)/python -m bench.soak

clean: ## remove what was built
	rm -rf .make $(VENV) frontend/node_modules src/dothi/web/static/dist
