# Everything a newcomer, a developer and CI run. Needs python3 and make; uses uv where present.
# Written for make 3.81 and a POSIX shell, which is what macOS ships.

# A folder that these targets make and remove; one that is no Python environment they leave alone.
VENV = .venv
# What `make demo` shows; what `make test` is told besides.
DEMO = --feed sim --speed 10
TESTS =

.PHONY: help environment demo test lint types check shots clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

environment: ## the Python environment in .venv (the targets below make it themselves)
	@sh .ci/environment.sh "$(VENV)"

demo: environment ## watch the embedded market being traded on paper, no network needed
	@"$(VENV)/bin/trade-console" $(DEMO)

test: environment ## the tests; TESTS="tests/engine -x" picks some
	@"$(VENV)/bin/python" -m pytest -n auto --dist loadfile $(TESTS)

lint: environment ## ruff: rules and format
	@"$(VENV)/bin/python" -m ruff check .
	@"$(VENV)/bin/python" -m ruff format --check .

types: environment ## mypy, strict
	@"$(VENV)/bin/python" -m mypy

check: lint types test ## lint, types and tests

shots: environment ## render screenshots/ from a seeded run
	@"$(VENV)/bin/python" -m console.shots

clean: ## remove the environment and every cache, nothing else
	[ ! -f "$(VENV)/pyvenv.cfg" ] || rm -rf "$(VENV)"
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	find console engine models tests -name __pycache__ -prune -exec rm -rf {} +
