# Every command of the book. Needs make and Python 3.11, 3.12 or 3.13; the rest it installs into .venv.
PROFILE ?= mini
SEEDS ?= 10
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ASSETS := node_modules/.ready
# Compiled once: processes that did so side by side could leave code that crashes (numba issue 10128).
COMPILED := import librosa.core.pitch, numpy; librosa.onset.onset_detect(y=numpy.ones(9000))

export TF_CPP_MIN_LOG_LEVEL ?= 3
# Where Python is told to keep no bytecode, each start would compile TensorFlow anew.
export UV_COMPILE_BYTECODE := 1

# Files of tests side by side: what a file's tests share is made once.
PYTEST := $(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: $(shell grep -oE '^[a-z-]+:' Makefile | tr -d :)

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

env: $(READY)  ## make the environment in .venv from requirements.txt

$(READY): requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 found: install one, or run make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -nE 's/^(uv==[^ ;]+).*/\1/p' requirements.txt)"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	$(BIN)/python -c "$(COMPILED)"
	@touch $@

$(ASSETS): package-lock.json | $(READY)
	$(BIN)/python -m tools.book.assets
	@touch $@

book: $(READY) $(ASSETS)  ## execute every chapter (PROFILE=mini: its runs are recorded) and render _build/html/index.html
	$(BIN)/python -m tools.book.execute --profile $(PROFILE) --jobs 2
	$(BIN)/python -m tools.book.render

check: lint types fast  ## lint, types and the fast tests, in two minutes

# Unit tests and pages side by side, two processes each: so two cores end with both.
test: $(ASSETS) browser sandbox  ## all that a change has to pass: tests, every chapter in smoke, the pages in a browser
	$(MAKE) -j2 lint types unit pages

# Trainings start from nothing here, in a folder of their own: finished runs would hide a fault.
pages: $(READY) $(ASSETS) browser
	rm -rf _build/test
	$(BIN)/python -m tools.book.execute --profile smoke --jobs 2 --parameter RUNS=_build/test/runs --output _build/test/executed
	$(BIN)/python -m tools.book.render --executed _build/test/executed --out _build/test/html
	BOOK_HTML=_build/test/html $(PYTEST) --dist worksteal -n 3 tests/test_book.py  # pages wait, too

test-all: long colab test-matrix backends  ## everything else, in hours; a workflow runs it each week

long: $(READY) $(ASSETS) browser sandbox  ## what takes minutes: kills, network and planted faults, clean regressions, solutions, submissions, chapters on a store
	$(PYTEST) --dist worksteal -m long tests/test_faults.py
	KILLS=20 SCENARIOS=200 SEEDS=$(SEEDS) $(BIN)/python -m pytest -m long --ignore=tests/test_faults.py
	EXAMPLES=400 SCENARIOS=200 $(PYTEST) $(shell grep -l "^@given" tests/*.py)
	SUBMISSIONS=30 $(BIN)/python -m pytest tests/test_grade.py
	$(BIN)/python -m tools.classroom.editions --run

colab: $(READY) $(ASSETS) browser  ## the setup cell and every chapter with the versions that Colab ships
	$(BIN)/python -m tools.environments.colab_contract
	$(BIN)/python -m tools.book.render --executed _build/colab/executed --out _build/colab/html
	BOOK_HTML=_build/colab/html $(BIN)/python -m pytest tests/test_book.py -k opens_whole

# A Python, and what is installed there: the lock, the oldest versions that pyproject.toml allows and
# that have a wheel, the newest of everything, and with it librosa 1, which is not admitted yet.
MATRIX := $(foreach python,3.11 3.12 3.13,$(addprefix $(python)-,lock lowest highest)) 3.13-next
# Nothing is compiled but baycomp, which is plain Python and has no wheel.
EVERY := --only-binary :all: --no-binary baycomp --requirement pyproject.toml --all-extras
WITH_lock := --require-hashes --requirement requirements.txt
WITH_lowest := --resolution lowest-direct $(EVERY)
WITH_highest := --resolution highest $(EVERY)
WITH_next := $(WITH_highest) --override tools/environments/next.txt
TESTS := --ignore=tests/test_book.py
# uv looks for Pythons on the PATH; pyenv puts only those there that are switched on.
PYENV := $(shell ls -d "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/*/bin 2>/dev/null | paste -sd: -)

test-matrix: $(MATRIX:%=matrix-%)  ## the unit tests on every Python, with the lock, the lowest and the highest versions (-k)

matrix-%: export PYTHONPATH = $(CURDIR)
matrix-%: $(READY)
	PATH="$$PATH:$(PYENV)" $(BIN)/uv venv --quiet --clear --python $(firstword $(subst -, ,$*)) _build/matrix/$*
	$(BIN)/uv pip install --quiet --python _build/matrix/$* $(WITH_$(lastword $(subst -, ,$*)))
	_build/matrix/$*/bin/python -c "$(COMPILED)"
	_build/matrix/$*/bin/python -m pytest -n logical --maxprocesses 4 --dist loadfile $(TESTS)
	$(if $(filter 3.11-lowest 3.13-highest,$*),$(MATRIX_CHAPTERS))

# At both ends: sound and widgets, a training, the tuner, statistics.
MATRIX_CHAPTERS = _build/matrix/$*/bin/python -m tools.book.execute --profile smoke --jobs 2 \
	--only 03 04 06 08 10 --output _build/matrix/$*/chapters --parameter RUNS=_build/matrix/$*/runs

backends: $(READY) $(ASSETS)  ## the unit tests on JAX, and its regression; the same forward passes on all backends
	KERAS_BACKEND=jax $(PYTEST) --ignore=tests/test_book.py
	KERAS_BACKEND=jax $(BIN)/python -m tools.regression --profile smoke

lint: $(READY)  ## ruff, and the pairs of .py and .ipynb in step
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m tools.book.sync --check

types: $(READY)  ## mypy on the helpers
	$(BIN)/mypy

unit: $(READY) $(ASSETS) browser  ## the tests that need no book, and the examples of the helpers
	$(PYTEST) --ignore=tests/test_book.py

# What trains, starts kernels or browsers, or executes chapters is left to `make test`.
SLOW := book collect editions execute grade interactive models nsynth page_hears quick regression \
	render repository statements train training
fast: $(READY) $(ASSETS)
	$(PYTEST) $(SLOW:%=--ignore=tests/test_%.py) --ignore=tests/statements

coverage: $(READY) $(ASSETS)  ## which lines no unit test reaches: _build/coverage/index.html
	$(PYTEST) --ignore=tests/test_book.py --cov --cov-report=term:skip-covered --cov-report=html:_build/coverage

regression baseline: PROFILE = quick

regression: $(READY)  ## execute every chapter and compare its figures with the baseline (PROFILE=smoke)
	$(BIN)/python -m tools.regression --profile $(PROFILE)

baseline: $(READY)  ## make the baseline anew and show what changed (PROFILE=smoke SEEDS=10, hours)
	$(BIN)/python -m tools.regression --baseline --profile $(PROFILE) --seeds $(SEEDS)

sync: $(READY)  ## derive the .ipynb, Colab buttons and setup cells (REPOSITORY=https://... sets the address)
	$(BIN)/python -m tools.book.sync $(if $(REPOSITORY),--repository $(REPOSITORY))

classroom: sync  ## the exercises: student, solution and autograder editions, from the masters
	$(BIN)/python -m tools.classroom.editions

# The protocol, then what chapter 12 compares with it.
SINGLE := --variant base --fold 1 --epochs 20
BOOK_RUNS := "" "--split matched --variant base tuned" \
	"$(SINGLE)" "$(SINGLE) --remeasure" "$(SINGLE) --feature mel" "$(SINGLE) --feature mel13" "$(SINGLE) --seconds 1" "$(SINGLE) --seconds 2" \
	"--variant tuning --search-fold 2 --epochs 20"

records: $(READY)  ## train what is missing of the runs that the book shows (hours)
	for runs in $(BOOK_RUNS); do for model in cnn:tensorflow lstm:jax; do \
		KERAS_BACKEND=$${model#*:} $(BIN)/instruments train --profile mini --runs book/records \
			--only $${model%:*} $$runs || exit; \
	done; done
	KERAS_BACKEND=jax $(BIN)/instruments train --profile mini --runs book/records --seed 1 2 --variant base tuned thesis
	$(BIN)/instruments study
	$(BIN)/instruments study --backend tensorflow
	$(BIN)/instruments study --confirm
	$(BIN)/instruments study --findings

# Designs are chosen by folds of the training notes: `python -m tools.models --folds NAME`.
models: $(READY)  ## train what is missing of the models that come with the book (an hour)
	KERAS_BACKEND=jax $(BIN)/python -m tools.models

grade: classroom sandbox  ## grade a folder of notebooks, SUBMISSIONS=folder
	@test -n "$(SUBMISSIONS)" || { echo "Which notebooks? make grade SUBMISSIONS=folder"; exit 1; }
	$(BIN)/python -m tools.classroom.grade "$(SUBMISSIONS)"

bench: $(READY) browser  ## what the book promises about speed, medians side by side
	$(BIN)/python benchmarks/bench.py

lines: $(READY)  ## lines of Python by folder and chapter, and the share that is book-keeping
	$(BIN)/python -m benchmarks.lines

screenshots: $(READY) browser  ## every page of the book at three widths, light and dark: _build/screenshots
	$(BIN)/python -m tools.book.browser

# Debian's and Ubuntu's package where it may be installed, else Playwright's own build.
browser: $(READY)
	@command -v chromium chromium-browser google-chrome >/dev/null || \
	{ [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -qy --no-install-recommends chromium; } || \
	{ sudo -n apt-get update -q && sudo -n apt-get install -qy --no-install-recommends chromium; } || \
	$(BIN)/playwright install chromium

# What shuts submissions in; without it, the tests of grading are skipped.
sandbox:
	@command -v bwrap >/dev/null || \
	{ [ "$$(id -u)" = 0 ] && apt-get update -q && apt-get install -qy --no-install-recommends bubblewrap; } || \
	{ sudo -n apt-get update -q && sudo -n apt-get install -qy --no-install-recommends bubblewrap; } || \
	echo "There is no bubblewrap, and it cannot be installed from here: see the README on grading."

lock: $(READY)  ## resolve requirements.txt anew
	$(BIN)/uv pip compile -q --universal --fork-strategy fewest --generate-hashes --python-version 3.11 \
		--no-header --no-emit-index-url --no-emit-find-links --extra dev --extra jax --extra classroom --extra scale pyproject.toml -o requirements.txt

clean:  ## delete what was built (the environment stays)
	rm -rf _build
