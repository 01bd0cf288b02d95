# `make demo` and `make test` each set up all they need in .venv, from nothing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install -q -c constraints.txt

.PHONY: demo test lint bench gallery setup clean

demo: $(VENV)/.core
	$(BIN)/thermeld demo -o out/demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -q

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(PIP) -e '.[bench,video]'
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

gallery: $(VENV)/.core
	$(BIN)/python tools/gallery.py -o out/gallery

setup: $(VENV)/.dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e .
	touch $@

# torch is named with its version, so that pip takes a CPU build where only that is on offer.
$(VENV)/.dev: $(VENV)/.core
	$(PIP) torch==2.13.0
	$(PIP) -e '.[train,report,video,openvino,serve,scale,dev]'
	touch $@

clean:
	rm -rf $(VENV) out build dist
