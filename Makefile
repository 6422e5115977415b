# Run `make` alone for the list of targets. Needs python3 >= 3.11 and a package index, nothing else.

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
BOOTSTRAP ?= python3
WORKERS ?= 3
MINUTES ?= 10
CONSUMER := $(wildcard tests/contract/test_consumer_*.py) tests/contract/test_round_trip.py
CLIENT := tests/submission/test_circuits.py tests/http/test_instance_search.py tests/http/test_token_cache.py tests/http/test_connection.py tests/client tests/directed tests/plans tests/results tests/config tests/base $(wildcard tests/test_*.py tests/*/test_*_steps.py)
PICTURES := tests/pictures/test_golden_images.py
PEERS := tests/third_party tests/cluster
OLD_SDKS := tests/old_sdks
SDKS := tests/sdks
HOSTILE := tests/hostile
LANGUAGES := tests/languages
PAGES := tests/pages
QISKIT := tests/qiskit
SLOW := \
	tests/cassettes/test_pytest_fixture.py \
	tests/cassettes/test_record_and_replay.py \
	tests/classic \
	tests/client/test_jobs_page.py \
	tests/conformance/test_check.py \
	tests/conformance/test_live_command.py \
	tests/contract/test_coverage_table.py \
	tests/emulator/test_workers.py \
	tests/generator/test_generation.py \
	tests/generator/test_vendor.py \
	tests/legacy/test_gateway_fuzzing.py \
	tests/legacy/test_guide.py \
	tests/legacy/test_other_clients.py \
	tests/legacy/test_program_properties.py \
	tests/legacy/test_running.py \
	tests/legacy/test_scan_attacked.py \
	tests/offline/test_command.py \
	tests/plugin \
	tests/project/test_pages.py \
	tests/project/test_supply_chain.py \
	tests/results/test_large_documents.py \
	tests/results/test_optional.py \
	tests/submission/test_processes.py \
	tests/typing/test_usage.py \
	tests/waiting/test_many_requests.py
THEORY := tests/theory
ELSEWHERE := $(PEERS) $(OLD_SDKS) $(SDKS) $(LANGUAGES) $(PICTURES) $(PAGES) $(QISKIT) $(HOSTILE) $(THEORY) $(SLOW)
PYTEST = $(PYTHON) -m pytest -n $(WORKERS) --dist loadscope -p tools.coverage.plugin --contract-coverage
TESTS = $(PYTEST) build/coverage.json $(addprefix --ignore=,$(CLIENT) $(CONSUMER) $(ELSEWHERE))
CLIENT_TESTS = $(PYTEST) build/client.json --cov --cov-report=term $(CLIENT) $(addprefix --ignore=,$(ELSEWHERE))
SLOW_TESTS = $(PYTEST) build/slow.json $(SLOW)
CONSUMER_TESTS = $(PYTEST) build/consumer.json --hypothesis-seed=20260415 $(CONSUMER)

# uv trusts the certificates that the machine trusts, as pip does.
export UV_SYSTEM_CERTS := 1

.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | expand -t 12

setup: $(INSTALLED)  ## make .venv with everything pinned

$(INSTALLED): pyproject.toml constraints.txt
	@$(BOOTSTRAP) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "python3 is older than 3.11: make BOOTSTRAP=python3.12 ...")'
	$(BOOTSTRAP) -m venv --clear $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check uv -c constraints.txt
	$(VENV)/bin/uv pip install --quiet --python $(PYTHON) -c constraints.txt --build-constraints constraints.txt -e '.[dev]' \
		|| $(PYTHON) -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

demo: setup  ## a quantum job from key to counts, on the embedded service
	@$(VENV)/bin/qrr demo

test: check  ## lint, types, layers, drift, and the tests
	$(CLIENT_TESTS)
	$(TESTS)
	$(PYTHON) -m tools.coverage --check build/client.json build/coverage.json

slow: setup  ## the tests that take long: pages and their blocks, large results, generated requests, test runs within tests
	$(SLOW_TESTS)

peers: setup  ## clients that others wrote, unmodified, against the embedded service: IBM's SDK, qrmi, Dask
	$(PYTEST) build/peers.json $(PEERS)

old-sdks: setup  ## IBM's SDKs of the classic API, 2021 to 2025, through the gateway; each in an environment below build/: ONLY='-k 0.15'
	timeout 1800 $(PYTHON) -m pytest $(OLD_SDKS) $(ONLY)

sdks: setup  ## programs on qiskit-ibm-runtime 0.41 to 0.51 and on what others built on it, under `qrr offline`
	timeout 5400 $(PYTHON) -m pytest -rs $(SDKS)

qiskit: setup  ## Qiskit's tests of primitives, VQE, T1 and PennyLane on qiskit_runtime_rest.qiskit: SECONDS=600, ONLY='-k t1'
	$(if $(SECONDS),timeout $(SECONDS)) $(PYTHON) -m pytest -rP $(QISKIT) $(ONLY)

languages: setup  ## programs for curl, Node, Java and Go, under `qrr offline`; they need the Debian packages that the test names
	$(PYTHON) -m pytest $(LANGUAGES)

integration: setup  ## IBM's integration tests of qiskit-ibm-runtime, unmodified, under `qrr offline`: PART=1, SECONDS=600, ONLY='-k session'
	$(PYTHON) -m tools.integration $(if $(PART),--part) $(if $(SECONDS),--seconds $(SECONDS)) $(ONLY)

httpx2: setup  ## the tests of the client with httpx2 in the place of httpx
	test -d build/httpx2 || $(VENV)/bin/uv pip install --quiet --python $(PYTHON) -c constraints.txt --target build/httpx2 'httpx2>=2.16,<3'
	PYTHONPATH=build/httpx2:. $(PYTHON) -m pytest -n $(WORKERS) --dist loadscope -p tests.fixtures.httpx2 tests/http $(CLIENT)

sdk: setup  ## examples/tiny_sdk, an SDK on the public surface: its types, and its tests with the wheel of this package
	$(VENV)/bin/mypy --config-file examples/tiny_sdk/pyproject.toml examples/tiny_sdk/src
	rm -rf build/sdk && $(VENV)/bin/uv build --quiet --wheel --build-constraint constraints.txt --out-dir build/sdk
	$(VENV)/bin/uv venv --quiet --python $(PYTHON) build/sdk/venv
	$(VENV)/bin/uv pip install --quiet --python build/sdk/venv -c constraints.txt "$$(ls build/sdk/*.whl)[emulator]" pytest
	cd examples/tiny_sdk && ../../build/sdk/venv/bin/python -m pytest -q

theory: setup  ## primitives and their mitigation against theory and IBM's client-side primitives, on the embedded service
	$(PYTHON) -m pytest -n $(WORKERS) $(THEORY)

pictures: setup  ## the pictures, compared with saved ones; DRAW=1 draws those anew
	$(if $(DRAW),DRAW_PICTURES=1) $(PYTHON) -m pytest -q $(PICTURES)

browser: setup  ## the embedded service's pages in Debian's chromium (apt-get install chromium)
	$(PYTHON) -m pytest tests/browser

check: setup  ## lint, types, layers, drift of the generated package, licences and known vulnerabilities
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PYTHON) -m tools.generate --check
	$(PYTHON) -m tools.methods --check
	$(PYTHON) -m tools.supply

generate: setup  ## openapi.json + overlay -> generated/qiskit_runtime_api
	$(PYTHON) -m tools.generate
	$(PYTHON) -m tools.methods

vendor: setup  ## take a new contract: make vendor SPEC=path-or-URL (default: the published one)
	$(PYTHON) -m tools.vendor $(SPEC)

contract: setup  ## all that the contract describes, of client and embedded service; LIVE=1: reads of the real one
	$(if $(LIVE),,$(CONSUMER_TESTS))
	$(VENV)/bin/qrr contract check $(if $(LIVE),--live) $(CONTRACT)

coverage: setup  ## run all tests and the contract's check, and write docs/coverage.md: what is tested where
	$(CLIENT_TESTS)
	$(TESTS)
	$(SLOW_TESTS)
	$(MAKE) peers
	$(MAKE) contract CONTRACT='--report build/contract.json'
	$(PYTHON) -m tools.coverage build/client.json build/coverage.json build/slow.json build/peers.json build/consumer.json build/contract.json

docs: setup  ## the documentation site, in build/site, with warnings as errors
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

docs-blocks: setup  ## run every block of the pages, and the notebook
	$(PYTHON) -m pytest -q -n 1 $(PAGES)

docs-version: setup  ## add the site of this version to the branch gh-pages: VERSION=1.2, ALIAS=latest
	NO_MKDOCS_2_WARNING=1 DOCS_VERSIONS=mike PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/mike deploy --update-aliases $(VERSION) $(or $(ALIAS),latest)
	$(VENV)/bin/mike set-default latest

pages: coverage  ## write the pages that are rendered: docs/coverage.md, docs/migration.md
	$(PYTHON) -m qiskit_runtime_rest.legacy.migration_page

contract-deep: setup  ## the same for hours, with many more requests, and answers
	$(VENV)/bin/qrr contract check --examples 10000 $(CONTRACT)
	HYPOTHESIS_PROFILE=deep $(PYTHON) -m pytest -n $(WORKERS) $(CONSUMER)

contract-mutants: setup  ## seed faults into the embedded service: does `make contract` find them?
	$(PYTHON) -m tools.mutants

mutants: setup  ## change one operator at a time in submission, waiting and http: which changes does no test notice? MINUTES=10
	$(PYTHON) -m tools.mutation --minutes $(MINUTES) --workers $(WORKERS) $(ROOMS)

chaos: setup  ## ten thousand operations through a proxy that spoils 30 % of the requests: CHAOS='--client qiskit-ibm-runtime'
	$(PYTHON) -m tools.chaos $(CHAOS)

sweep: setup  ## Ctrl-C at every instruction, cancel and close at every wait, fork at every line of calls: SWEEP='--every 10'
	$(PYTHON) -m tools.sweep $(SWEEP)

crash: setup  ## kill a process at every line between the intent to submit and the settled journal: CRASH='--every 10'
	$(PYTHON) -m tools.crash $(CRASH)

hostile: setup  ## tenants, tokens, browser, protocol, circuits, files and load against all servers, raw sockets against the client: SECONDS=60 for a part of it
	$(if $(SECONDS),SECONDS=$(SECONDS)) $(PYTHON) -m pytest -q $(HOSTILE)

fuzz: setup  ## spoiled bytes to everything that parses, guided by atheris where it has a wheel: SECONDS=600, FUZZ='--target dates'
	-$(VENV)/bin/uv pip install --quiet --python $(PYTHON) -c constraints.txt --only-binary atheris atheris
	$(PYTHON) -m tools.fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(FUZZ)

bench: setup  ## speed, side by side in one run
	$(PYTHON) -m benchmarks

wheel: setup  ## build wheel and sdist into dist/, and run the wheel in an empty environment
	$(PYTHON) -m tools.wheel

walk: setup  ## a newcomer's walk from the wheel to counts, in an empty home
	$(PYTHON) -m tools.walk

versions: setup  ## each extra, lowest and highest versions, with Python 3.11 to 3.14 as far as they are here: VERSIONS='--extra cli'
	$(PYTHON) -m tools.versions $(VERSIONS)

captures: setup  ## draw the pictures of README.md anew: runs of the command line
	$(PYTHON) -m tools.captures

release: setup  ## prepare a release, up to the upload: make release VERSION=1.2.3
	$(PYTHON) -m tools.release $(VERSION)

clean:  ## remove everything that make made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\#.*/\1/p' $(MAKEFILE_LIST))
