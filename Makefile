# What people do daily.  Everything builds on `make install`; `.venv` is made once per change of pins.
PYTHON ?= python3
BIN := .venv/bin
RUN_ARGS ?=
# Python compiles a module once, not in each of the hundreds of processes that tests start.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: bench-simulation bench-model bench-load bench-proxy bench-start bench-turn docs run test test-all lint install clean calibrate bench-judge gate-statistics bench-sessions bench-memory prove-turns prove-judge prove-rolling prove-project prove-heals prove-targets validate-capacity validate-simulation validate-compare versus-sessions

run: install        ## clean clone to verdict
	$(BIN)/diya readiness $(RUN_ARGS)

# The kinds of tests are in tests/kinds.py.  Several files of tests go at once: most tests wait.
TEST_ARGS ?= --dist loadfile --no-loadscope-reorder
DAILY := (unit or service) and not (system or slow) or daily
test: install a2a   ## unit tests, real servers and processes, three whole runs; needs no Docker
	$(BIN)/python -m pytest -n 5 $(TEST_ARGS) -m '$(DAILY)'

test-all: test      ## and all other tests: whole runs, calibration, both servers, containers
	$(BIN)/python -m pytest -n 4 $(TEST_ARGS) -m 'not ($(DAILY))'

lint: install       ## ruff and strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: install       ## the reference pages from the code, and the site in site/
	$(BIN)/python -m harness.reference docs/reference
	$(BIN)/python -m mkdocs build --quiet --strict

CALIBRATE_ARGS ?=
calibrate: install    ## known-bad systems convicted of their class, known-good ones acquitted
	$(BIN)/python -m tests.calibrate $(CALIBRATE_ARGS)

bench-judge: install  ## a run of a million turns judged: seconds and memory
	$(BIN)/python -m tests.bench.judge

gate-statistics: install  ## how often chance misleads the gates, by the number of turns
	$(BIN)/python -m tests.bench.gate_statistics

bench-load: install  ## the load generator: cost of a request, of recording and of a waiting customer, memory of a million records, lag at half a core, a stall seen by an open and a closed loop
	$(BIN)/python -m tests.bench.load

bench-proxy: install  ## what the network proxy adds to a Redis operation
	$(BIN)/python -m tests.bench.proxy

bench-model: install  ## the stand-in for the model: CPU of a call, calls a second on one core
	$(BIN)/python -m tests.bench.model

bench-start: install   ## how long replicas take to be ready, 12 in containers too
	$(BIN)/python -m tests.bench.start

bench-turn: install    ## what a whole turn costs through HTTP, beside `adk api_server`
	$(BIN)/python -m tests.bench.turn

bench-sessions: install  ## CPU per turn, bytes and reads of every session service
	$(BIN)/python -m tests.bench.sessions

bench-simulation: install  ## the simulator: turns a second on one core, with and without planning
	$(BIN)/python -m tests.bench.simulation

bench-memory: install  ## what a session and a turn take in Redis, and whole loads up to 160,000 sessions beside their forecast (±5 %)
	$(BIN)/python -m tests.bench.session_memory

prove-turns: install  ## exactly once under 500 kills of replicas and 200 of Redis
	$(BIN)/python -m tests.prove

prove-judge: install  ## no correct service convicted in 2,000 runs, 99 % of each harm found
	$(BIN)/python -m tests.prove.verdicts

prove-rolling: install  ## no turn fails while each of 12 replicas is restarted under load
	DIYA_PROVE_REPLICAS=$${DIYA_PROVE_REPLICAS:-12} DIYA_PROVE_CUSTOMERS=$${DIYA_PROVE_CUSTOMERS:-25} \
		$(BIN)/python -m pytest -s --timeout 900 tests/target_service/test_rolling.py

prove-project: install  ## a compose project is as it was after 50 kills of the harness, in every phase of a fault
	DIYA_KILLS=$${DIYA_KILLS:-50} $(BIN)/python -m pytest -q -rP -p no:xdist tests/containers/project/test_project_kills.py

validate-capacity: install  ## searches for the limit of services whose limit is known
	$(BIN)/python -m tests.validate.capacity

VALIDATE_ARGS ?= compare
validate-simulation: install  ## the simulator's predictions beside real runs; `measure` plays them
	$(BIN)/python -m tests.validate.simulation $(VALIDATE_ARGS)

COMPARE_ARGS ?= prove
validate-compare: install  ## comparisons of recorded runs: false alarms, planted changes; `record` plays more
	$(BIN)/python -m tests.validate.compare $(COMPARE_ARGS)

HEALS_ARGS ?=
prove-heals: install  ## a target is healed within 10 s when the harness is ended in any phase of a fault
	$(BIN)/python -m tests.prove.heals $(HEALS_ARGS)

TARGETS_ARGS ?=
prove-targets: install  ## targets broken by experiment files: fault, recovery and verdict as in a fleet of diya's own
	$(BIN)/python -m tests.prove.targets $(TARGETS_ARGS)

VERSUS_SESSIONS_ARGS ?=
versus-sessions: install  ## session services side by side, under one storm and the same faults
	$(BIN)/python -m tests.versus_sessions $(VERSUS_SESSIONS_ARGS)

install: .venv/installed

.PHONY: a2a
a2a: .a2a/installed    ## packages of the A2A servers of the tests, beside the replicas' own
.a2a/installed: tests/a2a-packages.txt .venv/installed
	$(BIN)/python -m pip install --quiet --no-deps --upgrade --target .a2a --requirement $<
	touch $@

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

clean:
	rm -rf .venv .a2a site
