"""`qrr contract drift`: what differs, how bad it is for this client, and which code it touches."""

from __future__ import annotations

import copy
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import qiskit_runtime_api
from qiskit_runtime_rest.cli.app import app
from qiskit_runtime_rest.client.operations import OPERATIONS
from qiskit_runtime_rest.config.api_versions import SUNSETS
from qiskit_runtime_rest.contract.drift import Difference, as_markdown, drift, used, worst
from qiskit_runtime_rest.contract.generated import operation_files
from qiskit_runtime_rest.contract.versions import contract_of, vendored

Edit = Callable[[dict[str, Any]], Any]
GENERATED = Path(qiskit_runtime_api.__file__).parents[1]


def changed(edit: Edit) -> list[Difference]:
    new = copy.deepcopy(dict(vendored()))
    edit(new)
    return drift(vendored(), new, uses=OPERATIONS)


def schema(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][name]
    return found


def operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    method, path = name.split()
    found: dict[str, Any] = document["paths"][path][method.lower()]
    return found


# what: (the edit, kinds by operation, files that are touched, functions that are touched)
JUDGED: dict[str, tuple[Edit, dict[str, str], set[str], set[str]]] = {
    "a field that is read goes": (
        lambda document: schema(document, "JobState")["properties"].pop("reason"),
        {"GET /v1/jobs/{id}": "breaking", "GET /v1/jobs": "breaking"},
        {"api/jobs/get_job.py", "models/job_state.py"},
        {"Job.status", "Job.wait"},
    ),
    "a field that only the types know goes": (
        lambda document: schema(document, "JobResponseV3")["properties"].pop("remote_storage"),
        {"GET /v1/jobs/{id}": "breaking", "GET /v1/jobs": "breaking"},
        {"api/jobs/get_job.py", "models/job.py"},
        {"Job.status", "Jobs.list"},
    ),
    "a field comes": (
        lambda document: schema(document, "JobState")["properties"].update(since={"type": "string"}),
        {"GET /v1/jobs/{id}": "additive", "GET /v1/jobs": "additive"},
        {"models/job_state.py"},
        set(),
    ),
    "a status word comes": (
        lambda document: schema(document, "JobStatus")["enum"].append("Reticulating"),
        {"GET /v1/jobs/{id}": "additive", "GET /v1/jobs": "additive"},
        {"models/job_status.py"},
        {"Job.status"},
    ),
    "a type changes": (
        lambda document: schema(document, "JobCreateResponse")["properties"].update(id={"type": "integer"}),
        {"POST /v1/jobs": "breaking"},
        {"models/job_created.py", "api/jobs/create_job.py"},
        {"RuntimeClient.submit", "RuntimeClient.sampler"},
    ),
    "a null that the generated type knows": (
        lambda document: schema(document, "JobState")["properties"]["reason"].update(nullable=True),
        {"GET /v1/jobs/{id}": "additive", "GET /v1/jobs": "additive"},
        {"models/job_state.py"},
        {"Job.status"},
    ),
    "a null that it does not know": (
        lambda document: schema(document, "JobStatus").update(nullable=True),
        {"GET /v1/jobs/{id}": "breaking", "GET /v1/jobs": "breaking"},
        {"models/job.py"},
        {"Job.status"},
    ),
    "a type that the generated one has room for": (
        lambda document: schema(document, "BackendsResponse")["properties"]["devices"].update(items={"type": "string"}),
        {"GET /v1/backends": "additive"},
        {"models/backend_list.py"},
        {"Backends.list"},
    ),
    "a parameter goes": (
        lambda document: operation(document, "GET /v1/jobs/{id}")["parameters"].pop(
            next(
                number
                for number, each in enumerate(operation(document, "GET /v1/jobs/{id}")["parameters"])
                if each.get("name") == "exclude_params"
            )
        ),
        {"GET /v1/jobs/{id}": "breaking"},
        {"api/jobs/get_job.py"},
        {"Job.refresh", "Job.status"},
    ),
    "an operation goes": (
        lambda document: document["paths"].pop("/v1/jobs/{id}/cancel"),
        {"POST /v1/jobs/{id}/cancel": "breaking"},
        {"api/jobs/cancel_job.py"},
        {"Job.cancel"},
    ),
    "an operation comes": (
        lambda document: document["paths"].update({"/v1/queue": {"get": {"operationId": "q", "responses": {}}}}),
        {"GET /v1/queue": "additive"},
        set(),
        set(),
    ),
    "a name that the overlay replaces": (
        lambda document: operation(document, "GET /v1/jobs/{id}/logs").update(operationId="get_job_logs_jid"),
        {"GET /v1/jobs/{id}/logs": "cosmetic"},
        set(),
        set(),
    ),
    "a name that is the generated one": (
        lambda document: operation(document, "GET /v1/jobs/{id}").update(operationId="read_job"),
        {"GET /v1/jobs/{id}": "breaking"},
        {"api/jobs/get_job.py"},
        {"Job.refresh"},
    ),
    "an error's body": (
        lambda document: schema(document, "ErrorContainer")["properties"].pop("trace"),
        {},
        set(),
        set(),
    ),
    "a status that a success may have": (
        lambda document: operation(document, "GET /v1/jobs/{id}")["responses"].update({"202": {"description": ""}}),
        {"GET /v1/jobs/{id}": "breaking"},
        {"api/jobs/get_job.py"},
        {"Job.refresh"},
    ),
    "words": (
        lambda document: operation(document, "GET /v1/jobs").update(summary="Jobs"),
        {"GET /v1/jobs": "cosmetic"},
        set(),
        set(),
    ),
}


@pytest.mark.parametrize(("edit", "kinds", "files", "functions"), JUDGED.values(), ids=JUDGED)
def test_a_difference_is_judged_for_this_client(
    edit: Edit, kinds: dict[str, str], files: set[str], functions: set[str]
) -> None:
    differences = changed(edit)
    noticed = [each for each in differences if each.change.operation in kinds]
    judged: dict[str, set[str]] = {}
    for each in noticed:
        judged.setdefault(each.change.operation, set()).add(str(each.change.kind))
    assert judged.keys() == kinds.keys()
    assert all(kinds[name] in found for name, found in judged.items())
    assert {f"generated/qiskit_runtime_api/{name}" for name in files} <= {
        name for each in noticed for name in each.generated
    }
    assert functions <= {name for each in noticed for name in each.conveniences}
    if not kinds:
        assert worst(differences) == "cosmetic"
    if not functions and set(kinds.values()) == {"additive"}:
        assert not any(each.conveniences for each in noticed)


def test_fields_that_neither_types_nor_functions_know_are_not_missed() -> None:
    differences = drift(contract_of("2026-02-15"), contract_of("2026-03-15"), uses=OPERATIONS)
    assert {str(each.change.kind) for each in differences} == {"cosmetic"}
    assert "response 200: bss" in [each.change.location for each in differences]


def test_a_success_touches_no_type_of_errors() -> None:
    differences = changed(lambda document: schema(document, "JobResponseV3")["properties"].update(since={}))
    assert {name for each in differences for name in each.generated if "/models/" in name} == {
        "generated/qiskit_runtime_api/models/job.py"
    }


def test_the_generated_files_exist() -> None:
    operations = operation_files()
    assert len(operations) == 33
    for each in operations.values():
        assert (GENERATED / each.file.removeprefix("generated/")).is_file()


def test_only_what_is_used_and_noticed_counts_for_an_installation() -> None:
    differences = drift(contract_of("2025-01-01"), contract_of("2026-04-15"), uses=OPERATIONS)
    assert {each.change.operation for each in differences if each.change.kind == "breaking"} == {
        "GET /v1/jobs/{id}/transpiled_circuits"
    }
    assert [str(each.change) for each in used(differences, uses=OPERATIONS)] == [
        "[additive] GET /v1/jobs/{id}/metrics: response 200: circuits_execution_time_ns: added"
    ]


def qrr(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["contract", "drift", *arguments])


@pytest.fixture
def spec(tmp_path: Path) -> Callable[[Edit], str]:
    def write(edit: Edit) -> str:
        document = copy.deepcopy(dict(vendored()))
        edit(document)
        path = tmp_path / "openapi.json"
        path.write_text(json.dumps(document), "utf-8")
        return str(path)

    return write


EXITS: dict[str, tuple[Edit, int, int]] = {
    # what: (the edit, exit status, with --strict)
    "nothing": (lambda document: None, 0, 0),
    "words": (lambda document: document["info"].update(title="Another"), 0, 1),
    "something new": (lambda document: schema(document, "JobState")["properties"].update(since={}), 0, 1),
    "something gone": (lambda document: schema(document, "JobState")["properties"].pop("reason"), 1, 1),
}


@pytest.mark.parametrize(("edit", "status", "strict"), EXITS.values(), ids=EXITS)
def test_the_exit_status_tells_whether_to_act(
    spec: Callable[[Edit], str], edit: Edit, status: int, strict: int
) -> None:
    path = spec(edit)
    assert qrr("--spec", path).exit_code == status
    assert qrr("--spec", path, "--strict").exit_code == strict
    document = json.loads(qrr("--spec", path, "--json").stdout)
    assert bool(document["differences"]) == bool(strict)
    assert document["to"] == path


def test_the_report_is_markdown_with_the_worst_first(spec: Callable[[Edit], str]) -> None:
    def edit(document: dict[str, Any]) -> None:
        schema(document, "JobState")["properties"].pop("reason")
        schema(document, "JobState")["properties"]["since"] = {"type": "string"}
        document["info"]["title"] = "Another"

    lines = qrr("--spec", spec(edit)).stdout.splitlines()
    assert lines[0].startswith("# The contract: from this client's (2026-04-15) to ")
    assert [line for line in lines if line.startswith("## ")] == ["## Breaking", "## Additive", "## Cosmetic"]
    row = next(line for line in lines if "`GET /v1/jobs/{id}` | `response 200: state.reason` | removed" in line)
    assert row.count(" | ") == 4
    assert "`generated/qiskit_runtime_api/models/job_state.py`" in row
    assert "`Job.wait`" in row
    assert as_markdown([], old="a", new="b").splitlines()[2] == "0 breaking, 0 additive, 0 cosmetic."


def test_every_pair_of_neighbouring_versions_can_be_compared() -> None:
    versions = list(SUNSETS)
    worsts = {
        new: json.loads(qrr("--from", old, "--to", new, "--json").stdout)["counts"]
        for old, new in itertools.pairwise(versions)
    }
    assert {version: counts["breaking"] for version, counts in worsts.items()} == {
        "2025-01-01": 0,
        "2025-05-01": 0,
        "2026-02-01": 1,
        "2026-02-15": 0,
        "2026-03-15": 0,
        "2026-04-15": 0,
    }
    assert worsts["2026-04-15"]["additive"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--spec", "nowhere.json"), "nowhere.json: no such file"),
        (("--from", "2025-01-02", "--to", "2026-04-15"), "no API version that this release knows"),
        (("--spec", "a.json", "--to", "2026-04-15"), "give one of them"),
        (("--spec", "http://127.0.0.1:1/openapi.json"), "cannot be fetched"),
    ],
)
def test_wrong_use_and_missing_documents_have_a_status_of_their_own(arguments: tuple[str, ...], told: str) -> None:
    result = qrr(*arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())


NO_CONTRACTS: dict[str, Any] = {
    "a list": [],
    "Swagger": {"swagger": "2.0", "paths": {}},
    "no paths": {"openapi": "3.0.0"},
    "a path that is null": {"openapi": "3.0.3", "paths": {"/v1/jobs": None}},
    "an operation that is null": {"openapi": "3.0.3", "paths": {"/v1/jobs": {"get": None}}},
    "parameters that are no list": {"openapi": "3.0.3", "paths": {"/v1/jobs": {"get": {"parameters": "x"}}}},
    "a parameter of nowhere": {"openapi": "3.0.3", "paths": {"/v1/jobs": {"get": {"parameters": [{"name": "limit"}]}}}},
}


@pytest.mark.parametrize(
    "text", ["<html></html>", *map(json.dumps, NO_CONTRACTS.values())], ids=["HTML", *NO_CONTRACTS]
)
def test_what_is_no_contract_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "newer.json").write_text(text, "utf-8")
    refused = qrr("--spec", str(tmp_path / "newer.json"))
    assert refused.exit_code == 2
    assert "please report it" not in refused.stderr


@pytest.mark.parametrize(("name", "value"), [("HTTP_PROXY", "foo://bar"), ("SSL_CERT_FILE", "/nonexistent")])
def test_settings_of_the_machine_that_cannot_work_are_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for other in ("http_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    refused = qrr("--spec", "http://contract.invalid/openapi.json")
    assert (refused.exit_code, "cannot be fetched" in " ".join(refused.stderr.split())) == (2, True)


def test_a_schema_may_be_true_or_false() -> None:
    def anything(document: dict[str, Any]) -> None:
        schema(document, "JobState")["properties"]["reason"] = True

    def nothing(document: dict[str, Any]) -> None:
        schema(document, "JobState")["properties"]["reason"] = False

    assert worst(changed(anything)) == "breaking"
    assert changed(nothing)


def test_other_credentials_are_noticed() -> None:
    def basic(document: dict[str, Any]) -> None:
        for scheme in document["components"]["securitySchemes"].values():
            scheme.clear()
            scheme.update(type="http", scheme="basic")

    assert worst(changed(basic)) == "breaking"


def test_a_reference_to_nothing_is_refused(spec: Callable[[Edit], str]) -> None:
    path = spec(lambda document: document["components"]["schemas"].pop("JobState"))
    result = qrr("--spec", path)
    assert (result.exit_code, "JobState" in result.stderr) == (2, True)


@pytest.fixture
def site() -> Iterator[str]:
    """The published document, and a content network that turns scripts away from anything else."""

    class Published(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/openapi.json"
            self.send_response(200 if found else 403)
            self.end_headers()
            self.wfile.write(json.dumps(vendored()).encode() if found else b"<html>Ray ID</html>")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Published) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_url_is_fetched(site: str) -> None:
    assert qrr("--spec", f"{site}/openapi.json", "--strict").exit_code == 0
    blocked = qrr("--spec", f"{site}/blocked.json")
    assert blocked.exit_code == 2
    assert "turns scripts away" in " ".join(blocked.stderr.split())


def test_yaml_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "newer.yaml").write_text(json.dumps(vendored()), "utf-8")
    assert qrr("--spec", str(tmp_path / "newer.yaml"), "--strict").exit_code == 0
