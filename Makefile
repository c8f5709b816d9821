# Every command sets up what it needs by itself; a second run finds it in place.
.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test check smoke bench screenshots messages lock format

PY := .venv/bin/python
export PYTHONDONTWRITEBYTECODE ?= 1

help:  ## What there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

demo:  ## Five pilot municipalities on http://localhost:8000 (Ctrl-C ends it)
	@requirements/install demo
	@$(PY) -m sandbox.demo

demo-reset:  ## Throw the demo's data away
	@requirements/install demo
	@$(PY) -m sandbox.demo --reset

test:  ## All tests, in parallel
	@requirements/install dev
	@$(PY) -m pytest -n $${TEST_WORKERS:-auto} $(ARGS)

check:  ## Lint, types, floors, migrations, translations
	@requirements/install dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --lint --quiet .
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py check --fail-level WARNING
	$(PY) -m tests.translations

smoke:  ## The whole story over HTTP against a demo of its own
	@requirements/install demo
	@$(PY) -m sandbox.smoke

bench:  ## Figures as JSON lines; ONLY=journey for one group
	@requirements/install dev
	@$(PY) -m bench $(if $(ONLY),--only $(ONLY))

screenshots:  ## Pictures of the pages for the README
	@requirements/install dev
	@$(PY) -m sandbox.screenshots

messages:  ## Collect texts for translation into locale/
	@requirements/install dev
	$(PY) -m tests.translations --collect

lock:  ## Lock the requirements anew
	@requirements/install dev
	UV=../.venv/bin/uv requirements/compile

format:  ## Format what can be formatted
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix ..
