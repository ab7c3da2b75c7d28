# Two commands set everything up and do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
  BIN := $(VENV)/Scripts
else
  BIN := $(VENV)/bin
endif
READY := $(VENV)/.ready
REVIEW_DATA := $(if $(CURV_EVAL_DATA),,$(wildcard ../shared/data/real))

.PHONY: demo demo-people demo-review test test-slow lab lock lint bench bench-engine bench-sweep faults attack calibrate example-brief clean setup

demo: $(READY)
	$(BIN)/curv-eval demo

# the second example: a study of people
demo-people: $(READY)
	$(BIN)/curv-eval run params/demo-people.yaml --again

# three evidence reviews, their briefs and the toolkit. The tables of studies are public and not in this repository: give
# the folder that holds them as CURV_EVAL_DATA; each contract says how to write its table from R
demo-review: $(READY)
	$(BIN)/curv-eval run params/review-cbt-offending.yaml params/review-school-dropout.yaml params/review-school-calendar.yaml --again $(if $(REVIEW_DATA),--data "$(REVIEW_DATA)")
	rm -rf outputs/toolkit
	$(BIN)/curv-eval toolkit outputs/toolkit review-cbt-offending review-school-dropout review-school-calendar

# each of pytest's workers has a core: threads of the numeric libraries would only get in each other's way
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: $(READY)
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder -m "not slow"

# what takes long and says little more than the tests beside it
test-slow: $(READY)
	$(BIN)/python -m pytest -m slow

lab: $(READY)
	$(BIN)/curv-eval lab

lint: $(READY)
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python bench/stages.py

# many notebooks beside papermill as it comes: about five minutes; fills bench/engine.md
bench-engine: $(READY)
	$(BIN)/python bench/engine.py --write

# a thousand studies in one sweep: about an hour on two cores; fills bench/engine.md
bench-sweep: $(READY)
	$(BIN)/python bench/sweep.py --write

# what the run engine does when it is killed, filled up or lied to: a quarter of an hour; fills docs/reliability.md
faults: $(READY)
	$(BIN)/python bench/faults.py --write

# tables with margins, levels and links, let out by the gate and attacked: about five minutes; fills docs/disclosure.md
attack: $(READY)
	$(BIN)/python bench/attacked.py --write

# how often every method's intervals hold, on made-up data: about half an hour on two cores; fills docs/calibration.md
calibrate: $(READY)
	$(BIN)/python bench/calibrate.py --write

# the lock holds exact versions and hashes for Linux, macOS and Windows, and names no host
lock: $(READY)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/python -m uv pip compile pyproject.toml --extra dask --extra dev --extra export --extra lab --extra private --universal --generate-hashes \
	  --no-emit-index-url --no-header --quiet --python-version 3.11 -o requirements.lock

setup: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	  { echo "curv-eval needs Python 3.11 or newer; give one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up $(VENV) (once; a few minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -c "open('$(READY)', 'w').close()"

# the example bundle in briefs/ (made-up data), with which `quarto render` works there as it is
example-brief: demo
	rm -rf briefs/bundle
	cp -R outputs/demo/$$(cat outputs/demo/latest)/brief/bundle briefs/bundle
	cp outputs/demo/$$(cat outputs/demo/latest)/brief/_variables.yml outputs/demo/$$(cat outputs/demo/latest)/brief/reference.docx briefs/

# git must not go on calling a filter of an environment that is gone
clean:
	@if [ -x $(BIN)/curv-eval ]; then $(BIN)/curv-eval lab --undo; fi
	rm -rf $(VENV)
	@# the audit log, the ledger of what was published and what reviews let out outlive what they tell of
	@[ ! -d outputs ] || find outputs -mindepth 1 -maxdepth 1 ! -name 'audit.*' ! -name .ledger ! -name .exceptions \
	  -exec rm -rf {} +
	@rmdir outputs 2>/dev/null || true
