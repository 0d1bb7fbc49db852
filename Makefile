# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Needed: Python 3.11 or newer with venv, git, make. Nothing else, and no account anywhere.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell \
	command -v $(name) >/dev/null 2>&1 && $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo $(name))))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
WORKERS ?= auto
# Says the last line of what went well, and all of what did not; a pipe to `tail` would hide the failure.
quietly = said=$$($(1) 2>&1) && echo "$$said" | tail -n 1 || { echo "$$said"; exit 1; }

# What runs again on PostgreSQL: whatever decides, writes or reads what is stored. The pages, bots and words read
# the same views and would only repeat; a thousand people and a browser need minutes; the log has tests of its own.
ON_POSTGRESQL := $(filter-out $(wildcard tests/bot/test_hr1k*.py) tests/bot/test_demo.py,$(wildcard tests/bot/test_*.py)) tests/bot/acts \
	tests/bot/access tests/bot/views tests/bot/webhooks tests/bot/surfaces/api \
	tests/faults/test_a_bad_day_at_slack.py $(addprefix \
	tests/bot/cli/test_,a_departure.py exit_codes.py groups.py guards_by_hand.py reconcile_command.py)

.PHONY: bench help demo demo-workers test checks tests tests-postgresql coverage lock clean

help: ## Say what there is
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: $(VENV)/run ## Run the worked example; on a terminal its console then stays open until Ctrl-C
	@$(BIN)/bawab demo $$(test -t 0 -a -t 1 && echo --stay)

demo-workers: $(VENV)/run ## Run the example with three processes on one PostgreSQL: one of them is killed
	@$(BIN)/bawab demo --workers 3

test: checks tests tests-postgresql ## Pass every check and every test

checks: $(VENV)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(call quietly,$(BIN)/lint-imports --no-logo)
	@$(call quietly,$(BIN)/deptry .)
	@$(BIN)/mypy

tests: $(VENV)/dev
	@$(BIN)/python -m pytest -q -n $(WORKERS)

tests-postgresql: $(VENV)/dev ## Pass the tests of what is stored on PostgreSQL, which they start themselves
	@$(BIN)/python -m pytest -q -n $(WORKERS) --database postgresql $(ON_POSTGRESQL)

coverage: $(VENV)/dev ## Measure which lines and branches the tests reach
	@$(BIN)/python -m pytest -q -n $(WORKERS) --cov --cov-report=term:skip-covered

# BENCH may name goals and options: make bench BENCH="--quick 3 4"
bench: $(VENV)/dev ## Measure Bawab beside what people use today, and write docs/bench.md
	@$(PIP) install --no-deps --upgrade --target $(VENV)/bench --requirement bench/requirements.txt
	@$(BIN)/python -m bench --write $(BENCH)

lock: ## Pin every version with its hash anew (needs uv)
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --generate-hashes \
		--no-header --quiet --output-file requirements/run.txt --upgrade
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--no-header --quiet --output-file requirements/dev.txt --upgrade

clean: ## Remove what the commands above made
	rm -rf $(VENV) demo-data .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/made:
	@test -n "$(PYTHON)" || { echo "Bawab needs Python 3.11 or newer, and none was found. Install one, or say \
	which: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module. On Debian or \
	Ubuntu: sudo apt install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run: $(VENV)/made requirements/run.txt pyproject.toml
	@$(PIP) install --require-hashes --requirement requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(VENV)/made requirements/dev.txt pyproject.toml
	@$(PIP) install --require-hashes --requirement requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
