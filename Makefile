# make env · make lab · make test · make notebooks · make figures · make bench

VENV   ?= .venv
PYTHON ?= python3
BIN     = $(VENV)/bin
STAMP   = $(VENV)/.installed

.PHONY: env lab test notebooks figures bench tools

env: $(STAMP)

# torch first and alone: an open range could bring gigabytes of CUDA.
$(STAMP): pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh tests/tools.sh venv
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip setuptools==80.9.0
	$(BIN)/python -m pip install --quiet $$(grep '^torch==' constraints.txt)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@# No question about news each time somebody opens JupyterLab for the first time.
	$(BIN)/jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements >/dev/null 2>&1
	touch $(STAMP)

# Jupyter does not start for root unless told to, and a bare machine's only user often is root.
lab: env
	$(BIN)/jupyter lab $$(test "$$(id -u)" = 0 && echo --allow-root) index.ipynb

test: env
	@sh tests/tools.sh chromium bwrap
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

notebooks: env
	$(BIN)/grader reference
	$(BIN)/grader release

figures: env
	$(BIN)/python -m image

bench: env
	$(BIN)/python -m bench
