# The two commands that a newcomer needs are `make demo` and `make test`; each makes its environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
KERNEL := $(addprefix src/unflat/network/kernel/,lstm.c lstm_steps.h lstm_panel.h compiling.py)  # compiled on installation

.PHONY: help demo figures kernel test coverage quick lint types layers format check clean
.DEFAULT_GOAL := help

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

demo: $(VENV)/.run  ## a flat network, why it is flat, and the cure: a table and two pictures
	$(BIN)/unflat demo

figures: $(VENV)/.run  ## the pictures of docs/: ARGS="--only reach" makes one
	$(BIN)/python docs/figures $(ARGS)

kernel: $(VENV)/.run  ## compile the kernel anew, after a change of its source
	$(BIN)/python src/unflat/network/kernel/compiling.py

test: $(VENV)/.dev  ## all tests
	$(BIN)/python -m pytest -n 2 $(ARGS)
	$(BIN)/python -m pytest tests/test_speed_ratios.py  # alone: beside other tests nothing is measured

coverage: $(VENV)/.dev  ## all tests, and which lines none of them runs; in up to twice the time
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term $(ARGS)

quick: $(VENV)/.dev  ## does the accuracy benchmark run? two epochs on generated data
	$(BIN)/python -m benchmarks.accuracy --quick --sets article narma

lint: $(VENV)/.dev  ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev  ## static types, strict
	$(BIN)/mypy

layers: $(VENV)/.dev  ## imports go one way
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## rewrite the code in the house's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint types layers quick test  ## everything that CI runs

clean:  ## remove the environment and what tools left
	rm -rf $(VENV) .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# Pip would compile what it installs on one core; this takes all.
COMPILE := $(BIN)/python -W ignore -m compileall -qq -j 0 $(VENV)/lib src || true

$(VENV)/.run: pyproject.toml constraints.txt $(KERNEL) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable .
	$(COMPILE)
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(KERNEL) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[dev]'
	$(COMPILE)
	touch $@ $(VENV)/.run
