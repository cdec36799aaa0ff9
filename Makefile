# `make` lists the targets. Two are all a newcomer needs: `make run` and `make test`.
SHELL := /bin/bash
.DELETE_ON_ERROR:
PORT ?= 8000
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
# Where the site is installed (docs/operations.md), its own settings and user; elsewhere those of `make run`.
CASS_ENV ?= /etc/cass.env
SITE_MANAGE = $(if $(shell test -r "$(CASS_ENV)" && echo yes),CASS_ENV="$(CASS_ENV)" docs/systemd/manage,$(MANAGE))
JOBS ?= 2
# Compiled modules are kept, whatever the environment says: some sixty processes of the tests import the whole site.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: install ## The site, its worker and the demonstration content (PORT=8000)
	@$(MANAGE) run_site --port $(PORT)

.PHONY: test
test: install-dev ## All tests that need no server
	@$(BIN)/pytest -n $(JOBS) -m "not server and not drill"

.PHONY: quick
quick: install-dev ## The tests of what differs from main, in a minute (PATHS="kb/library …" for others)
	@.ci/quick $(PATHS)

.PHONY: test-all
test-all: install-dev $(VENV)/.prod ## What needs servers too (PostgreSQL); absent ones are skipped with their reason
	@$(BIN)/pytest -m server -rs

.PHONY: drill
drill: install-dev ## The slow trials: kills and floods
	@$(BIN)/pytest -m drill -rs

.PHONY: lint
lint: install-dev ## Style, types, import law, templates, migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@PYTHONPATH=. $(BIN)/lint-imports
	@$(BIN)/mypy -p search.analysis -p search.engines -p search.extraction -m search.entries -m search.query -m search.highlight
	@.ci/types
	@$(BIN)/djhtml --tabwidth 2 --check templates
	@DJANGO_SETTINGS_MODULE=kb.settings.test $(MANAGE) makemigrations --check --dry-run
	@DJANGO_SETTINGS_MODULE=kb.settings.test $(MANAGE) check --fail-level WARNING

.PHONY: bench
bench: install-dev ## How fast it is, each row beside a reference
	@DJANGO_SETTINGS_MODULE=tests.bench.settings $(BIN)/python -m tests.bench

.PHONY: backup
backup: install ## Database and files into one archive (TO=folder)
	@$(SITE_MANAGE) backup $(if $(TO),--to "$(abspath $(TO))")

.PHONY: restore
restore: ## Put an archive back (FROM=archive); the index is made anew
	@test -n "$(FROM)" || { echo "Say which archive: make restore FROM=/srv/backups/cass-….tar.gz (with the site and the worker stopped)."; exit 2; }
	@$(MAKE) --no-print-directory install
	@$(SITE_MANAGE) restore "$(abspath $(FROM))"

.PHONY: messages
messages: install ## Collect new words to translate into kb/locale (needs gettext)
	@$(MANAGE) makemessages -l fr -l nl --no-location --no-wrap --ignore '.venv/*' --ignore 'var/*' --ignore 'tests/*'

.PHONY: lock
lock: $(VENV)/.made ## Make the locks again from requirements*.in
	@$(BIN)/python -m pip install -q uv
	@for part in "" -prod -dev; do $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		requirements$$part.in -o requirements$$part.txt --custom-compile-command "make lock"; done

.PHONY: install
install: $(VENV)/.run $(wildcard $(VENV)/.prod) ## The environment for running (with what install-prod added, if it did)

.PHONY: install-prod
install-prod: $(VENV)/.prod ## What PostgreSQL and S3 storage need besides

.PHONY: install-dev
install-dev: $(VENV)/.dev ## The environment for tests and checks

.PHONY: clean
clean: ## Remove the environment and the caches; var/ (database, files) stays
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

# Debian's python3 may come without ensurepip: then pip comes out of the wheel kept in .ci/.
$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say where it is with PYTHON=…"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv --without-pip $(VENV) \
		&& PYTHONPATH=$$(echo .ci/pip-*.whl) $(BIN)/python -m pip install -q --no-index --find-links .ci pip; }
	@touch $@

# uv first (some ten seconds), pip where uv is not to be had.
define install_lock
	@echo "Installing $(1)…"
	@{ [ -x $(BIN)/uv ] || $(BIN)/python -m pip install -q --disable-pip-version-check uv 2>/dev/null; } \
		&& VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install -q --require-hashes -r $(1) \
		|| $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1)
endef

$(VENV)/.run: $(VENV)/.made requirements.txt
	$(call install_lock,requirements.txt)
	@touch $@

$(VENV)/.prod: $(VENV)/.run requirements-prod.txt
	$(call install_lock,requirements-prod.txt)
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(call install_lock,requirements-dev.txt)
	@touch $@
