# One verb, one command, the same here and in CI.
PYTHON ?= python3
EXTRAS ?= dev
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
SAMPLE := src/printroom/samples/cat.jpg
RESULT := var/cat@2x.jpg
STEPS := $(wildcard src/printroom/steps/artist/*)
HOST ?= 127.0.0.1
PORT ?= 8000

.PHONY: help run test check format docs studio bench train clean

help: ## show the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/ -/'

run: .venv/base ## enhance a sample photograph, then serve on http://127.0.0.1:8000
	@mkdir -p var
	@$(BIN)/printroom enhance $(SAMPLE) -o $(RESULT) --overwrite
	@echo "before: $(SAMPLE)"
	@echo "after:  $(RESULT)"
	@exec $(BIN)/printroom serve --host $(HOST) --port $(PORT)

test: .venv/$(EXTRAS) ## all tests, three processes for two cores, eight at most
	@# Tests wait for servers a third of their time. Modules with many tests are not the long ones.
	$(BIN)/python -m pytest -n $(shell $(PYTHON) -c "import os; print(min(8, 3 * os.cpu_count() // 2))") \
		--dist loadscope --no-loadscope-reorder --durations 30

check: .venv/$(EXTRAS) ## format, lint, types, imports, dependencies, spelling, docs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	@# A step in a folder imports its neighbours by their names alone, as where it runs.
	@for step in $(STEPS); do \
		echo "mypy $$step"; \
		(cd $$step && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml \
			--cache-dir $(CURDIR)/.mypy_cache/$$(basename $$step) --explicit-package-bases --exclude step.py .) || exit 1; \
	done
	$(BIN)/lint-imports
	$(BIN)/deptry src
	$(BIN)/codespell README.md ARCHITECTURE.md CONTRIBUTING.md CHANGELOG.md docs src tests bench examples
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: .venv/$(EXTRAS) ## put the code into the house's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: .venv/$(EXTRAS) ## read the documentation on http://127.0.0.1:8001
	$(BIN)/mkdocs serve --dev-addr 127.0.0.1:8001

studio: .venv/$(EXTRAS) ## build the web page from web/ into the package (needs Node 20 or newer)
	cd web && npm ci --silent
	$(BIN)/python web/openapi.py
	cd web && npm run --silent api && npm run --silent types && npm run --silent build

bench: .venv/$(EXTRAS) ## measure against the floors (minutes; peers are fetched on first use)
	$(BIN)/python -m bench

train: .venv/train ## train printroom/upscale-x2 (DATA=folder of training sets, OUT=folder)
	$(BIN)/printroom train upscale --data $(or $(DATA),../shared/data) --out $(or $(OUT),var/upscale-x2)

clean: ## remove what the verbs made
	rm -rf .venv var site .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "printroom needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv

.venv/base: .venv/bin/python pyproject.toml
	@echo "installing printroom into .venv (a minute, once)"
	@$(PIP) -e .
	@touch $@

.venv/%: .venv/bin/python pyproject.toml
	@echo "installing printroom[$*] into .venv"
	@$(PIP) -e '.[$*]'
	@touch .venv/base $@
