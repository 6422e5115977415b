"""What is fuzzed: functions of bytes, which return, or raise an error of this package."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from attrs import frozen

from qiskit_runtime_rest.errors import RuntimeRestError

__all__ = ["TARGETS", "Target"]

MOST_NESTED = 200
URL = "https://example.test/api/v1/jobs"


@frozen
class Target:
    """A parser. `errors`: the documented ones, beside those of the package; `seeds`: valid inputs to spoil."""

    parse: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    errors: tuple[type[Exception], ...] = ()

    def feed(self, data: bytes) -> None:
        """Parse; raises what is not documented."""
        with contextlib.suppress(RuntimeRestError, *self.errors):
            self.parse(data)


def text_of(data: bytes) -> str:
    """Any text: also with characters that UTF-8 cannot hold."""
    return data.decode("utf-8", "surrogateescape")


@contextlib.contextmanager
def file_of(data: bytes, name: str) -> Iterator[Path]:
    """A file with this content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        yield path


def results(data: bytes) -> object:
    """A result of any program: decoded, and read."""
    from qiskit_runtime_rest.results import decode

    result = decode(data, program_id=None)
    json.dumps(result.to_dict())
    return [repr(item) for item in result]


def errors(data: bytes) -> object:
    """The body and a header of an answer that is an error."""
    from qiskit_runtime_rest.http.error_mapping import api_error, retry_after

    status = 300 + int.from_bytes(data[:2]) % 300
    headers = [(b"Retry-After", data[:40].translate(None, b"\r\n\0"))]
    request = httpx.Request("GET", URL, headers={"Authorization": "Bearer secret"})
    response = httpx.Response(status, content=data, headers=headers, request=request)
    retry_after(response)
    return str(api_error(response, secrets=("secret",)))


def tokens(data: bytes) -> object:
    """What IAM answers."""
    from qiskit_runtime_rest.http.auth.iam import parse_token

    request = httpx.Request("POST", "https://example.test/identity/token")
    response = httpx.Response(200 if data[:1] != b"!" else 400, content=data, request=request)
    return parse_token(response, api_key="secret", asked_at=0.0)


def dates(data: bytes) -> object:
    """Dates of people, and times of the service."""
    from qiskit_runtime_rest.cli.times import how_long_ago, local_time
    from qiskit_runtime_rest.client.logic.moments import moment

    text = text_of(data)
    local_time(text)
    how_long_ago(text)
    return moment(text, "created_after", now=1.8e9)


def settings(data: bytes) -> object:
    """The values of arguments and variables."""
    from qiskit_runtime_rest.config.crn import Crn
    from qiskit_runtime_rest.config.settings import Settings

    text = text_of(data)
    with contextlib.suppress(RuntimeRestError):
        Crn.parse(text)
    names = ("QISKIT_IBM_URL", "IAM_URL", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_TOKEN", "QRR_SUBMISSIONS_PER_MINUTE")
    for name in names:
        with contextlib.suppress(RuntimeRestError):
            Settings(environ={name: text}, account_path="/nonexistent/accounts.json")
    return None


def accounts(data: bytes) -> object:
    """An account file."""
    from qiskit_runtime_rest.config.account_file import read_account, read_accounts

    with file_of(data, "accounts.json") as path:
        with contextlib.suppress(RuntimeRestError):
            read_account(path)
        return read_accounts(path)


def journals(data: bytes) -> object:
    """A journal: a state file of the client."""
    from qiskit_runtime_rest.config.state_file import State
    from qiskit_runtime_rest.submission.journal import Journal

    with file_of(data, "state.sqlite") as path:
        state = State(path)
        journal = Journal(state, service=URL, instance="crn")
        with contextlib.suppress(RuntimeRestError):
            journal.claim("a", claim_id="of a test", now=1.0)
        return journal.unfinished()


def states(data: bytes) -> object:
    """A state file of the embedded service."""
    from qiskit_runtime_rest.emulator.options import Options
    from qiskit_runtime_rest.emulator.service import Service

    with file_of(data, "emulated.sqlite") as path:
        Service(Options(state=path)).close()
    return None


def cassettes(data: bytes) -> object:
    """A cassette."""
    from qiskit_runtime_rest.cassettes import load

    with file_of(data, "it.har") as path:
        return load(path)


def contracts(data: bytes) -> object:
    """A published contract, compared with the vendored one."""
    from qiskit_runtime_rest.contract.drift import as_markdown, drift
    from qiskit_runtime_rest.contract.sources import read

    with file_of(data, "openapi.json") as path:
        given = read(str(path))
    return as_markdown(drift(small_contract(), given, uses={}), old="a", new="b")


def differences(data: bytes) -> object:
    """A contract with one value replaced, `[path, value]`: most bytes are no contract at all."""
    from qiskit_runtime_rest.contract.drift import drift

    given = json.loads(json.dumps(small_contract()))
    try:
        path, value = json.loads(data)
        *parents, last = path
        part: Any = given
        for step in parents:
            part = part[step]
        part[last] = value
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return drift(small_contract(), given, uses={})


@cache
def small_contract() -> dict[str, Any]:
    """A small document: fuzzers have no time for the vendored one."""
    schema = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "n": {"type": "integer"}}}
    answer = {"description": "x", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Job"}}}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    operation = {"operationId": "get_job_details_jid", "parameters": [parameter], "responses": {"200": answer}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "x", "version": "1"},
        "paths": {"/v1/jobs/{id}": {"get": operation}},
        "components": {"schemas": {"Job": schema}},
    }


def classic(data: bytes) -> object:
    """The body of a classic submission."""
    from qiskit_runtime_rest.legacy.messages import read_json
    from qiskit_runtime_rest.legacy.primitives.params import PROGRAMS, read

    body = read_json(data)
    if not isinstance(body, dict):
        return None
    return [read(program, body, note=lambda *_: None) for program in PROGRAMS]


def bodies(data: bytes) -> object:
    """The body of a request to the embedded service, and a fault rule."""
    from qiskit_runtime_rest.emulator.faults import FaultRule
    from qiskit_runtime_rest.emulator.request_check import parse_json

    check, operations = checked_contract()
    for operation in operations:
        with contextlib.suppress(*service_errors()):
            check.body(operation, data)
    with contextlib.suppress(ValueError):
        FaultRule.parse(parse_json(data))
    return None


@cache
def checked_contract() -> tuple[Any, list[Any]]:
    """The check of bodies, and the operations that have one."""
    from qiskit_runtime_rest.emulator.contract import Contract
    from qiskit_runtime_rest.emulator.request_check import RequestCheck

    contract = Contract.load()
    operations = [operation for operation in contract.operations.values() if operation.body_pointer]
    return RequestCheck(contract), operations


@cache
def service_errors() -> tuple[type[Exception], ...]:
    """Of the embedded service."""
    from qiskit_runtime_rest.emulator.errors import ServiceError

    return (ServiceError,)


def circuits(data: bytes) -> object:
    """The text of a circuit, as the client reads it."""
    from qiskit_runtime_rest.directed.circuit_text import CircuitText
    from qiskit_runtime_rest.submission.native_gates import check_native

    text = text_of(data)
    with contextlib.suppress(RuntimeRestError):
        check_native(text, {"basis_gates": ["x", "sx", "cz"], "coupling_map": [[0, 1]], "n_qubits": 2})
    circuit = CircuitText(text)
    return (circuit.statements, circuit.names, circuit.inputs, circuit.qubits)


def scanner(data: bytes) -> object:
    """A file of the scanner: Python, a notebook and text, with its fix.

    The parser crashes on deep nesting: that ends the scan of one file, but the whole of a fuzzer.
    """
    if sum(map(data.count, (b"[", b"(", b"{"))) > MOST_NESTED:
        return None
    from qiskit_runtime_rest.legacy.scan.examination import Examined
    from qiskit_runtime_rest.legacy.scan.files import Source, decode

    for name in ("a.py", "a.ipynb", "a.sh"):
        source = decode(Path(name), data)
        if isinstance(source, Source):
            examined = Examined(source, on_skip=lambda _: None)
            examined.findings()
            fixed = examined.fix()
            if fixed is not None and fixed.changed:
                source.encode(fixed.after)
    return None


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _database(path: Path) -> bytes:
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode = DELETE")
    return path.read_bytes()


def _journal() -> bytes:
    from qiskit_runtime_rest.config.state_file import State
    from qiskit_runtime_rest.submission.journal import Journal

    with file_of(b"", "state.sqlite") as path:
        Journal(State(path), service=URL, instance="crn").claim("a", claim_id="of a test", now=1.0)
        return _database(path)


def _state() -> bytes:
    from qiskit_runtime_rest.emulator.options import Options
    from qiskit_runtime_rest.emulator.service import Service

    with file_of(b"", "emulated.sqlite") as path:
        Service(Options(state=path)).close()
        return _database(path)


def _targets() -> Iterator[tuple[str, Target]]:
    from qiskit_runtime_rest.base.database_format import UnusableState
    from qiskit_runtime_rest.contract.document import NotOpenApi
    from qiskit_runtime_rest.emulator.state.storage import NotStored, StateInUse
    from qiskit_runtime_rest.legacy.messages import ClassicError

    sampled = {"data": {"c": {"samples": ["0x3", "0x0"], "num_bits": 2}}, "metadata": {}}
    estimated = {"data": {"evs": [0.5, 1], "stds": [0.1, 2]}, "metadata": {}}
    packed = {
        "__type__": "ndarray",
        "__value__": "eJyb7BfqGxDJyFDGUK2eklqcXKRupaBuk2ahrqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2",
    }
    yield (
        "results",
        Target(
            results,
            (
                _json({"results": [sampled], "metadata": {}}),
                _json({"results": [estimated], "metadata": {}}),
                _json({"quasi_dists": [{"0x1": 0.5}], "metadata": [{"shots": 3}]}),
                _json({"values": [0.5], "metadata": [{"shots": 3, "variance": 1}]}),
                _json({"schema_version": "v0.1", "data": [{"results": {"c": packed}, "metadata": {}}]}),
                _json({"pub_results": [{"data": {"fields": {"evs": packed}}}], "metadata": {}}),
            ),
        ),
    )
    yield (
        "errors",
        Target(
            errors,
            (
                _json({"errors": [{"code": 1291, "message": "m", "solution": "s", "more_info": "x"}], "trace": "t"}),
                b"<html><head><title>Attention Required!</title></head></html>",
                b"Wed, 21 Oct 2026 07:28:00 GMT",
                b"120",
            ),
        ),
    )
    token = {"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 3600, "expiration": 1796079304}
    yield "tokens", Target(tokens, (_json(token), b'!{"errorCode": "BXNIM0415E", "errorMessage": "m", "context": {}}'))
    yield (
        "dates",
        Target(
            dates,
            (b"2026-04-15T08:30:00.123456Z", b"3 days ago", b"2h", b"yesterday", b"15 April 2026 10:00 CEST", b"now"),
        ),
    )
    crn = b"crn:v1:bluemix:public:quantum-computing:us-east:a/e0:e0::"
    yield "settings", Target(settings, (crn, b"https://quantum.cloud.ibm.com/api", b"http://[::1]:80", b"5"))
    account = {"channel": "ibm_quantum_platform", "token": "k", "instance": crn.decode(), "is_default_account": True}
    more = {"verify": False, "private_endpoint": True, "proxies": {"urls": {"https": "https://x"}}, "url": "https://x"}
    yield "accounts", Target(accounts, (_json({"default-ibm-quantum-platform": account | more}), b"{}"))
    yield "journals", Target(journals, (_journal(),))
    yield "states", Target(states, (_state(),), (UnusableState, StateInUse, NotStored))
    request = {"method": "GET", "url": "https://quantum.cloud.ibm.com/api/v1/versions", "headers": []}
    response = {
        "status": 200,
        "headers": [{"name": "a", "value": "b"}],
        "content": {"text": "e30=", "encoding": "base64"},
    }
    entry = {"request": request | {"postData": {"text": "a"}}, "response": response, "time": 3}
    yield "cassettes", Target(cassettes, (_json({"log": {"version": "1.2", "entries": [entry]}}),))
    yield "contracts", Target(contracts, (_json(small_contract()),), (NotOpenApi,))
    get = ["paths", "/v1/jobs/{id}", "get"]
    yield (
        "differences",
        Target(
            differences,
            (
                _json([[*get, "parameters"], []]),
                _json([["components", "schemas", "Job", "properties", "id"], {"oneOf": [{"type": "string"}, {}]}]),
                _json([["components", "schemas", "Job"], {"$ref": "#/components/schemas/Job"}]),
                _json([[*get, "responses", "200", "content"], None]),
            ),
            (NotOpenApi,),
        ),
    )
    terms = [[0.5, "ZZ"], {"coeffs": [1], "paulis": ["XX"]}, "ZZ"]
    yield (
        "classic",
        Target(
            classic,
            (
                _json({"circuits": ["OPENQASM 3;"], "circuit_indices": [0], "parameter_values": [[0.1]], "shots": 10}),
                _json(
                    {
                        "circuits": "OPENQASM 3;",
                        "observables": terms,
                        "observable_indices": [0],
                        "resilience_settings": {},
                    }
                ),
                _json({"circuits": ["x"], "transpilation_options": {"optimization_level": 1}, "memory": True}),
            ),
            (ClassicError,),
        ),
    )
    params = {"pubs": [["OPENQASM 3.0;", None, 10]], "version": 2, "options": {}, "schema_version": "v0.1"}
    yield (
        "bodies",
        Target(
            bodies,
            (
                _json({"program_id": "sampler", "backend": "b", "params": params, "tags": ["a"], "cost": 10}),
                _json(
                    {"program_id": "executor", "backend": "b", "params": params, "private": True, "log_level": "INFO"}
                ),
                _json({"mode": "batch", "max_ttl": 10, "interactive_ttl": 1}),
                _json(
                    {"kind": "delay", "operation": "list_jobs", "headers": {"a": "b"}, "replace": {"a": 1}, "keep": 0.5}
                ),
            ),
        ),
    )
    yield (
        "circuits",
        Target(
            circuits,
            (
                b'OPENQASM 3.0;\ninclude "stdgates.inc";\ninput float a;\nbit[2] c;\nrz(a) $0; cz $0, $1;',
                b"OPENQASM 2.0; qreg q[2]; if(c==1) x q[0]; // c\n",
                b"OPENQASM 3; gate g(a) b { ctrl @ inv @ x b; } @note x\nfor int i in [0:3] { /* c */ g(2*pi) q[i]; }",
            ),
        ),
    )
    cell = {"cell_type": "code", "source": ["%time\n", "import requests\n"], "metadata": {}, "outputs": []}
    yield (
        "scanner",
        Target(
            scanner,
            (
                b"import requests as r\nr.put('https://api.quantum-computing.ibm.com/runtime/jobs', json={'hub': 1})\n",
                b"from qiskit import IBMQ\nprovider = IBMQ.get_provider(hub='ibm-q')\n# -*- coding: utf-8 -*-\n",
                b"curl -H 'X-Access-Token: t' https://auth.quantum-computing.ibm.com/api/users/loginWithToken\n",
                _json({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}),
            ),
        ),
    )


TARGETS: Mapping[str, Target] = dict(_targets())
