# make repro: set up and run the whole job on the demo corpus.  make test: set up and test.
# Both need Python 3.11-3.13, git and make, nothing else. PYTHON=python3.12 picks another Python.

PYTHON ?= python3
VENV := .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONNOUSERSITE := 1

.PHONY: help setup repro corpus test bench doctor check format lock clean up test-browser

help:  ## What there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready  ## Make .venv with the locked dependencies

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo "genrenet needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is: $$($(PYTHON) --version 2>&1)."; \
	  echo "Install one of them (Debian: apt install python3 python3-venv) or name it: make $(or $(MAKECMDGOALS),setup) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "'$(PYTHON)' cannot make virtual environments. Install its venv module (Debian: apt install python3-venv)."; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	$(VENV)/bin/uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python --require-hashes -r requirements.lock
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --no-deps -e .
	@touch $@

repro: setup  ## Rebuild what is stale, with Prefect, Ray, DVC and MLflow; CORPUS=archive: of that one
	python -m flows.rebuild $(CORPUS:%=--corpus %)

corpus: setup  ## A further corpus, and rebuild it: NAME=archive AUDIO=~/archive RECIPE=dastgah LISTS=
	python -m flows.corpus "$(NAME)" "$(AUDIO)" $(RECIPE:%=--recipe %) $(LISTS:%=--lists %) --run

test: setup check  ## Checks and tests
	pytest -q -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-browser: setup  ## Only the tests that open pages, in a Chromium that is here
	@python -c 'import sys; from tests import browser; sys.exit(not browser.chromium() and browser.NO_CHROMIUM)'
	pytest -q -m browser

up: setup  ## Prefect, MLflow and the deployments until Ctrl-C; PREFECT_PORT=4200 MLFLOW_PORT=5000 LISTEN=127.0.0.1
	@exec python -m flows.up $(PREFECT_PORT:%=--prefect-port %) $(MLFLOW_PORT:%=--mlflow-port %) $(LISTEN:%=--host %)

bench: setup $(if $(filter lhotse% pyaudioanalysis%,$(or $(ROW),lhotse)),$(VENV)/peers/.ready)  ## Measure against the usual ways; ROW=augment: that alone
	python -W ignore -m benchmarks $(ROW)

# what the benchmarks compare with, 3 GB with torch: beside the locked packages, not among them
$(VENV)/peers/.ready: benchmarks/peers.txt $(VENV)/.ready
	rm -rf $(VENV)/peers
	$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python --target $(VENV)/peers --no-deps \
	  --require-hashes -r benchmarks/peers.txt
	@touch $@

doctor: setup  ## What is wrong with installation, checkout or servers, and what cures it
	python -m flows.doctor

check: setup  ## Style, types, import directions
	ruff check .
	ruff format --check .
	mypy
	lint-imports

format: setup  ## Put the code in its form
	ruff check --fix .
	ruff format .

lock: setup  ## Lock the dependencies anew, with hashes and no registry's address
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --upgrade --all-extras \
	  pyproject.toml -o requirements.lock
	uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --constraints requirements.lock benchmarks/peers.in -o benchmarks/peers.txt \
	  $$(sed -nE 's/^([A-Za-z0-9._-]+)==.*/--no-emit-package \1/p' requirements.lock)

clean:  ## Remove what the pipeline made; DVC's cache, mlruns and Prefect's history (.prefect) stay
	rm -rf data models reports demo/audio
