# What a person types; `make help` lists it. Each target sets up what it needs and is instant when nothing is missing.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
PROMPT ?= generate a product image, animate it into a 5-second video, and add a voiceover
SANDBOX ?= $(STUDIO_SANDBOX)
SECONDS_TO_RUN ?= 180
SEED ?=
PYTEST_ARGS ?=

BIN := .venv/bin
STAMPS := .toolchain/stamps
UI := gateway/ui

export STUDIO_SANDBOX := $(SANDBOX)
# As it was typed, quotes and dollars and all: neither make nor the shell reads it.
override export PROMPT := $(value PROMPT)
# A platform is a dozen processes, and pytest has several: what one of them has compiled, all others read.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup up down demo test chaos simulate check bench benchlong ui clean

help:  ## this list
	@sed -nE 's/^([a-z]+):[^#]*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS=$$'\t' read -r target what; do printf '  make %-9s %s\n' "$$target" "$$what"; done

setup: .venv/.synced $(STAMPS)/toolchain ui  ## the virtual environment, Kafka, the Firestore emulator and the page

up: setup  ## start the platform and leave it running (SANDBOX=1: every model, served by simulators)
	@$(BIN)/studio up

down: .venv/.synced  ## stop the platform; its data stay
	@$(BIN)/studio down

demo: setup  ## run one sentence to real files (PROMPT="…" for another)
	@$(BIN)/studio up
	@$(BIN)/studio run -- "$$PROMPT"

test: setup $(STAMPS)/browser  ## everything that has to pass: checks, then the tests on the real servers
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest -m "not servers" --ignore tests/chaos --numprocesses 3 $(PYTEST_ARGS)
	@$(BIN)/pytest -m servers tests/integration tests/browser --numprocesses 3 --dist loadgroup --no-loadscope-reorder $(PYTEST_ARGS)

chaos: setup  ## kills, pauses and failing providers under load (SECONDS_TO_RUN=180 SEED=…), then kills one by one
	@SECONDS_TO_RUN=$(SECONDS_TO_RUN) SEED=$(SEED) $(BIN)/pytest -s tests/chaos/test_soak.py $(PYTEST_ARGS)
	@$(BIN)/pytest tests/chaos --ignore tests/chaos/test_soak.py $(PYTEST_ARGS)

simulate: .venv/.synced  ## faults of every kind in virtual time, seed after seed (SECONDS_TO_RUN=180 SEED=…)
	@$(BIN)/python -m tests.simulation for $(SECONDS_TO_RUN) $(SEED)
	@SIMULATION_EVERYWHERE=1 $(BIN)/pytest tests/simulation/test_exhaustive.py --numprocesses 2 $(PYTEST_ARGS)

check: .venv/.synced  ## style, types and the direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup  ## what the platform does on this machine
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.pairs
	@$(BIN)/python -m bench.jobs

benchlong: setup  ## how long histories are verified and replayed, and how soon a decider is back (half an hour)
	@$(BIN)/python -m bench.verify
	@$(BIN)/python -m bench.replay
	@$(BIN)/python -m bench.restart

ui: $(UI)/dist/.built  ## the page

clean: down  ## remove the local data, and nothing that was downloaded
	rm -rf .studio

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/.uv: | $(BIN)/python
	$(BIN)/python -m pip install --quiet uv
	@touch $@

# `sync` makes the environment exactly the lock; the project itself comes on top, editable.
.venv/.synced: requirements.lock pyproject.toml | .venv/.uv
	$(BIN)/python -m uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
	@touch $@

$(STAMPS)/prerequisites: studio/local/prerequisites.py | .venv/.synced
	$(BIN)/python -m studio.local.prerequisites setup
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/browser: | .venv/.synced
	$(BIN)/python -m studio.local.prerequisites browser
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/toolchain: studio/local/kafka/pom.xml studio/local/firestore/package-lock.json | $(STAMPS)/prerequisites
	$(BIN)/python -m studio.local.toolchain
	@touch $@

$(UI)/node_modules/.installed: $(UI)/package-lock.json | $(STAMPS)/prerequisites
	cd $(UI) && npm ci --no-fund --no-audit --ignore-scripts --silent
	@touch $@

$(UI)/dist/.built: $(UI)/node_modules/.installed $(UI)/index.html $(UI)/vite.config.ts $(shell find $(UI)/src $(UI)/public -type f 2>/dev/null)
	cd $(UI) && npm run --silent build
	@touch $@
