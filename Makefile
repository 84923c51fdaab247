# Two commands on a fresh machine with Python 3.11, make and a C library:
#   make demo    the main job on real input, then the portal at http://127.0.0.1:8000   (make demo ARGS="--once" stops after the job)
#   make test    lint, types, layers, tests
#   make benchmark    the figures of benchmarks/README.md, side by side with other programs
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo test benchmark lock clean

.venv/installed: requirements.lock pyproject.toml
	@echo "Making .venv and installing the pinned packages; this takes a minute or two."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

.venv/installed-test: .venv/installed requirements-test.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-test.lock
	touch $@

.venv/installed-benchmark: .venv/installed requirements-benchmark.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-benchmark.lock
	touch $@

demo: .venv/installed
	$(BIN)/bieuso demo $(ARGS)

test: .venv/installed-test
	scripts/install-test-tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy benchmarks
	$(BIN)/lint-imports
	$(BIN)/pytest $(ARGS)

benchmark: .venv/installed-benchmark
	scripts/install-test-tools
	$(BIN)/python benchmarks/checking.py
	$(BIN)/python benchmarks/demonstration.py
	$(BIN)/python benchmarks/signatures.py

# Needs uv on the path; writes no index address into the locks.
lock:
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 -c constraints.txt \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra test --universal --python-version 3.11 -c constraints.txt -c requirements.lock \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements-test.lock
	uv pip compile pyproject.toml --extra build --extra benchmark --universal --python-version 3.11 -c constraints.txt -c requirements.lock \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header -o requirements-benchmark.lock

clean:
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis
