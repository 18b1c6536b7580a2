# Every target sets up what it needs. `make` alone lists them.
SHELL := /bin/bash
PYTHON ?= python3.11
OTHER_TARGET := $(if $(filter undefined,$(origin TARGET)),,--target "$$TARGET")
TARGET ?= mock
CONTRACT ?= contracts/appointments.yaml
PROFILE ?= nightly
PORT ?= 4010
ARGS ?=
CAUSE ?=
DEFECT ?=
FINDING ?=
PUBLISHED ?=
SHARDS ?=
DOCUMENT ?=
BUDGET ?=
MINUTES ?=
NIGHTS ?=
OPERATIONS ?=
OUT ?= reports
# Read by the recipes from their environment, where blanks and quotes in a path are nobody's syntax.
export PYTHON TARGET CONTRACT PROFILE BUDGET MINUTES PORT DEFECT CAUSE FINDING DOCUMENT PUBLISHED NIGHTS OPERATIONS OUT

VENV := .venv
RUN := $(VENV)/bin/python
READY := $(VENV)/ready
FRAMEWORKS := $(VENV)-frameworks
FRAMEWORKS_READY := $(FRAMEWORKS)/ready
COMPILE := $(VENV)-lock/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

# How the suite's own tests run: one that hangs shows where after ten minutes, and ends its process; one that fails
# shows whole values, since nobody can ask a CI run again what a rare failure was.
PYTEST := $(RUN) -m pytest --assert=rewrite -q -o verbosity_assertions=2 -o faulthandler_timeout=600 \
	-o faulthandler_exit_on_timeout=true

# The parts of the suite's own tests.
TESTS := test-unit test-e2e test-detection

.DEFAULT_GOAL := help
.PHONY: help conformance requirements published drift doctor clean-up merge accept replay watch summary told issue test $(TESTS) test-report frameworks adoption chaos shards nights soak proof prove bench mock lint types lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

conformance: $(READY) ## test TARGET (mock, sandbox or a URL) by CONTRACT in PROFILE (quick, nightly, deep); BUDGET=6000 requests (or MINUTES=60) a run; write OUT/html/index.html
	@$(RUN) -m reports.cli.conformance --out "$$OUT" --target "$$TARGET" --contract "$$CONTRACT" --profile "$$PROFILE" \
		$(if $(BUDGET),--budget "$$BUDGET") $(if $(MINUTES),--minutes "$$MINUTES") $${PUBLISHED:+--published "$$PUBLISHED"} \
		$(ARGS)

requirements: $(READY) ## write OUT/html/requirements.html: what is required, what is sent for it in PROFILE, how to mend
	@mkdir -p "$$OUT/html"; said=$$($(RUN) -m pytest tests/conformance --collect-only -qq --contract "$$CONTRACT" --profile "$$PROFILE" \
		--requirements "$$OUT/html/requirements.html" $(ARGS) 2>&1) || { echo "$$said"; exit 1; }; \
		grep '^Unfinished: ' <<< "$$said"; echo "$$OUT/html/requirements.html"

published: $(READY) ## test the mock of DOCUMENT by it: DOCUMENT=FILE, an OpenAPI document as it is published
	@test -f "$$DOCUMENT" || { echo "$${DOCUMENT:-DOCUMENT} is no file: say make published DOCUMENT=FILE, with an OpenAPI document as it is published."; exit 1; }
	@$(RUN) -m pytest tests/conformance --contract "$$DOCUMENT" --profile quick -n 2 -q -rN $(ARGS)

drift: $(READY) ## compare CONTRACT with PUBLISHED (a file or an address): what breaks a client, what does not, what is wording
	@test -n "$$PUBLISHED" || { echo 'Say with what: make drift PUBLISHED=FILE, or an address'; exit 4; }
	@$(RUN) -m reports.cli.drift "$$PUBLISHED" --contract "$$CONTRACT" --out "$$OUT" $(ARGS)

doctor: $(READY) ## say in ten seconds whether TARGET can be tested, and what to do where it cannot; writes nothing
	@$(RUN) -m tests.harness.cli.doctor --target "$$TARGET" --contract "$$CONTRACT" $(ARGS)

clean-up: $(READY) ## cancel what runs against TARGET left there, however they ended; ARGS=--forget where somebody else has done it
	@$(RUN) -m tests.harness.cli.clean_up --target $(TARGET) --contract $(CONTRACT) $(ARGS)

merge: $(READY) ## make one report of the SHARDS that machines tested with ARGS="--shard 2/5": SHARDS="FOLDER FOLDER", what each wrote to
	@test -n "$(SHARDS)" || { echo 'Say which: make merge SHARDS="FOLDER FOLDER"'; exit 4; }
	@$(RUN) -m reports.cli.merge $(SHARDS) --out "$$OUT" $(ARGS)

accept: $(READY) ## live with a cause for a while: CAUSE=1 (its number in the last run, or an identity); ARGS=--all-operations
	@test -n "$$CAUSE$$FINDING" || { echo 'Say which: make accept CAUSE=1'; exit 1; }
	@$(RUN) -m reports.cli.accept "$${CAUSE:-$$FINDING}" --out "$$OUT" $(ARGS)

replay: $(READY) ## try a cause of the last run again, in seconds: CAUSE=1 (or an identity, or all), TARGET if it is another
	@test -n "$$CAUSE$$FINDING" || { echo 'Say which: make replay CAUSE=1'; exit 4; }
	@$(RUN) -m reports.cli.replay "$${CAUSE:-$$FINDING}" --out "$$OUT" $(OTHER_TARGET) $(ARGS)

watch: $(READY) ## replay a cause each time the target comes back, or Enter is pressed: the loop of somebody who mends a server
	@test -n "$$CAUSE$$FINDING" || { echo 'Say which: make watch CAUSE=1'; exit 4; }
	@$(RUN) -m reports.cli.replay "$${CAUSE:-$$FINDING}" --out "$$OUT" --watch $(OTHER_TARGET) $(ARGS)

summary: ## print the summary of the last run, in Markdown
	@cat "$$OUT/results/latest/summary.md" 2> /dev/null || echo "There is no summary of the last run: its log says why."

told: summary
	@echo "make told is now make summary; the old name works until the next release." >&2

issue: $(READY) ## open, update or close the GitHub issue about the target of the last run (needs gh)
	@$(RUN) -m reports.cli.github_issue "$$OUT/results/latest"

# Beside each other, since whole runs wait where the others compute; e2e has workers, for it waits most. A part in which
# ARGS select nothing (5) has not failed.
test: $(READY) ## run lint, types and the suite's own tests
	@$(MAKE) --no-print-directory --keep-going --jobs $(if $(filter output-sync,$(.FEATURES)),--output-sync) lint types $(TESTS)

$(TESTS): test-%: $(READY)
	$(PYTEST) tests/$* $(if $(filter e2e,$*),-n 2 --dist worksteal) -W error \
		-o cache_dir=.pytest_cache/$* $(ARGS) || { [ $$? = 5 ] && [ -n "$$ARGS" ]; }

test-report: $(READY) ## read the report in a browser (needs chromium and chromedriver); keep pictures in reports/results/screenshots
	$(PYTEST) tests/report -W error $(ARGS)

frameworks: $(READY) $(FRAMEWORKS_READY) ## test servers written in five frameworks; what they do not meet stands in .github/pages/frameworks.md
	$(PYTEST) tests/frameworks -W error $(ARGS)

adoption: $(READY) ## install the suite in a temporary folder, and do there what the README says for other repositories
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && PYTHON=$(RUN) .ci/install "$$folder" && \
	COMMAND="$$folder/bin/propexo-conformance" $(PYTEST) tests/adoption -W error $(ARGS)

proof: $(READY) ## prove, unless this very suite is proved in PROFILE
	@$(RUN) -c "import sys; from reports.run.proof import latest; sys.exit(latest(sys.argv[1]) is None)" "$$PROFILE" || $(MAKE) prove

# More workers than cores: a run waits for its fault about as long as it computes.
chaos: $(READY) ## try what networks, limits and people do to a run: the verdict and exit code of each fault
	$(PYTEST) tests/chaos -n 3 --dist worksteal $(ARGS)

shards: $(READY) ## test five machines with one real Redis, and what merging makes of them (needs redis-server)
	$(PYTEST) tests/shards -W error $(ARGS)

nights: $(READY) ## simulate NIGHTS (30) runs with BUDGET (6000) over a document of OPERATIONS (211), or DOCUMENT: all that the budget's plan promises (about 40 minutes)
	@$(RUN) -m tests.nights $(if $(NIGHTS),--nights "$$NIGHTS") $(if $(BUDGET),--budget "$$BUDGET") \
		$(if $(OPERATIONS),--operations "$$OPERATIONS") $${DOCUMENT:+--document "$$DOCUMENT"}

soak: $(READY) ## send 20,000 requests to the mock; memory has to stay flat and every must to hold (about ten minutes)
	@$(RUN) -m tests.chaos.soak

prove: $(READY) ## try every seeded defect and conforming variant in PROFILE, and say what was detected
	@$(RUN) -m tests.detection.prove --profile "$$PROFILE" $(ARGS)

bench: $(READY) ## measure the suite against `st run`: speed, defects detected, false alarms; then what documents cost to read, DOCUMENT too (about 40 minutes; ARGS="--every 0": speed only)
	@$(RUN) -m tests.detection.bench $(ARGS)
	@$(RUN) -m tests.detection.bench_documents

mock: $(READY) ## serve CONTRACT at http://127.0.0.1:PORT to develop against, or a seeded DEFECT; ARGS="--token T --seed 1 --limit 60"
	@if [ -n "$$DEFECT" ]; then $(RUN) -m tests.detection.serve "$$DEFECT" --port "$$PORT" $(ARGS); \
	else $(RUN) -m contracts.mock --port "$$PORT" --contract "$$CONTRACT" $(ARGS); fi

lint: $(READY) ## ruff, the linter and the formatter's check; the CI files by their schemas and by zizmor
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.github-actions .github/actions/*/action.yml
	$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci .gitlab-ci.yml
	sed '1,/^---$$/d' templates/conformance.yml | $(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci --default-filetype yaml -
	$(VENV)/bin/zizmor --offline --quiet --no-progress .github

types: $(READY) ## mypy --strict
	$(RUN) -m mypy

lock: ## pin the newest versions that pyproject.toml, and the servers in Python, allow
	"$$PYTHON" -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install --quiet pip-tools
	$(COMPILE) --extra dev --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra redis --constraint requirements.lock --output-file requirements-run.lock pyproject.toml
	cd tests/frameworks/python && "$(CURDIR)"/$(COMPILE) --output-file requirements.lock requirements.in
	rm -rf $(VENV)-lock

clean: ## remove the environment and everything a run wrote, but history and proof
	rm -rf $(VENV) $(FRAMEWORKS) reports/site/node_modules tests/frameworks/node/node_modules reports/results reports/html
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): requirements.lock
	@"$$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || \
		{ echo "Python 3.11 or newer is needed, and $$PYTHON is none: name it with make PYTHON=..."; exit 1; }
	@echo "Setting up $(VENV) (once) ..."
	@"$$PYTHON" -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	@touch $@

$(FRAMEWORKS_READY): tests/frameworks/python/requirements.lock
	@echo "Setting up $(FRAMEWORKS) (once) ..."
	@"$$PYTHON" -m venv $(FRAMEWORKS)
	@$(FRAMEWORKS)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	@touch $@
