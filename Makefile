# Two commands matter to a newcomer: `make rehearse` runs the main job on this machine, `make test` passes the tests.
.DEFAULT_GOAL := help
PYTHON ?= python3
IMAGE ?= debian-13-x64
BIN := .venv/bin

.PHONY: help
help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A stamp in the environment itself: a changed lock makes it again, nothing else does.
.venv/.ready: requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

.PHONY: rehearse
rehearse: .venv/.ready  ## the whole way to a student's first cell, on this machine
	$(BIN)/python -m rehearsal up --image $(IMAGE)

.PHONY: browse
browse: .venv/.ready  ## open the rehearsal in a browser that knows its name and trusts its certificate
	$(BIN)/python -m rehearsal.browse

.PHONY: check
check: .venv/.ready  ## format, lint, types, unit tests: under a minute, for the daily loop
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/pytest -q

.PHONY: test
test: check  ## everything: the check, then the rehearsal end to end (root, apt, about half an hour at first)
	$(BIN)/pytest -q --durations=20 --durations-min=10 -m rehearsal tests/rehearsal

.PHONY: bench
bench: .venv/.ready  ## figures of the running rehearsal, beside stock JupyterHub
	$(BIN)/python -m rehearsal.bench

.PHONY: lock
lock: .venv/.ready  ## write the hashed requirements files anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command 'make lock' requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --custom-compile-command 'make lock' requirements-dev.in -o requirements-dev.txt

.PHONY: down
down: .venv/.ready  ## take the rehearsal away
	$(BIN)/python -m rehearsal down
