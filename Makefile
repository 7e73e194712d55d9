# The two commands that a newcomer needs are `make demo` and `make test`; each makes its environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo figures test lint types layers format check clean
.DEFAULT_GOAL := help

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

demo: $(VENV)/.run  ## a flat network, why it is flat, and the cure: a table and two pictures
	$(BIN)/unflat demo

figures: $(VENV)/.run  ## the pictures of docs/: ARGS="--only reach" makes one
	$(BIN)/python docs/figures $(ARGS)

test: $(VENV)/.dev  ## all tests, with coverage
	$(BIN)/python -m pytest -n 2 --cov --cov-report=term $(ARGS)

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

check: lint types layers test  ## everything that CI runs

clean:  ## remove the environment and what tools left
	rm -rf $(VENV) .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/.run
