# `make demo` and `make test` work on a machine with nothing but Python 3.11 or newer, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .demo
INSTALLED := $(VENV)/.installed
PEERS := .peers-venv

.PHONY: help demo test quick check lint types bench bench-peers clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,titan,dev]'
	touch $@

demo: $(INSTALLED)  ## the whole loop on the sample shop, from logs to a release
	$(BIN)/mangaassist demo --workspace $(DEMO)
	@echo "Now serve it: $(BIN)/mangaassist serve --workspace $(DEMO)"

test: $(INSTALLED)  ## every test, doctest and documentation check
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

quick: $(INSTALLED)  ## the inner loop: everything but slow tests
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m 'not slow and not shared'

check: lint types test  ## exactly what CI runs

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(INSTALLED)
	$(BIN)/mypy

bench: $(INSTALLED)  ## the real sets, dev splits (the README's table: python -m benchmarks.real_sets --final)
	$(BIN)/python -m benchmarks.real_sets

$(PEERS)/.installed: benchmarks/peers/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

bench-peers: $(INSTALLED) $(PEERS)/.installed  ## ours beside the field's tools on test splits: hours; goes on after a kill
	$(BIN)/python -m benchmarks.peers

clean:  ## remove the environment and everything derived
	rm -rf $(VENV) $(PEERS) $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis
