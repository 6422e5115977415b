from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from qiskit import QuantumCircuit
from qiskit_ibm_runtime import QuantumProgram
from qiskit_ibm_runtime.options_models import ExecutorOptions
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

from qiskit_runtime_rest.testing import Emulator

Submit = Callable[..., str]


@pytest.fixture(autouse=True)
def held(emulator: Emulator) -> None:
    emulator.pace = "hold"


def test_params_come_back_as_they_were_submitted_unless_excluded(
    api: httpx.Client, submit: Submit, bell: dict[str, Any]
) -> None:
    job_id = submit(api)
    assert api.get(f"/jobs/{job_id}").json()["params"] == bell["params"]
    assert "params" not in api.get(f"/jobs/{job_id}", params={"exclude_params": "true"}).json()
    assert "params" not in api.get("/jobs").json()["jobs"][0]
    assert api.get("/jobs", params={"exclude_params": "false"}).json()["jobs"][0]["params"] == bell["params"]


def test_a_job_shows_what_was_submitted(api: httpx.Client, submit: Submit) -> None:
    job_id = submit(api, tags=["a", "b"], cost=60, log_level="DEBUG", calibration_id="cal", runtime="image:1")
    job = api.get(f"/jobs/{job_id}").json()
    assert {name: job[name] for name in ("id", "backend", "cost", "tags", "calibration_id", "runtime")} == {
        "id": job_id,
        "backend": "ibm_fez",
        "cost": 60,
        "tags": ["a", "b"],
        "calibration_id": "cal",
        "runtime": "image:1",
    }
    assert job["program"] == {"id": "sampler"}
    assert job["created"].endswith("Z")


def test_a_job_shows_its_remote_storage(api: httpx.Client, submit: Submit) -> None:
    place = {
        "type": "ibmcloud_cos",
        "region": "us-east",
        "region_type": "regional",
        "bucket_crn": "crn:v1:bluemix:public:cloud-object-storage:global:a/1::bucket:mine",
        "object_name": "params.json",
    }
    storage = place | {"job_params": place, "results": place | {"object_name": "results.json"}}
    assert api.get(f"/jobs/{submit(api, remote_storage=storage)}").json()["remote_storage"] == storage


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cost": 10801}, 3220),
        ({"cost": -1}, 3220),
        ({"log_level": "loud"}, 3220),
        ({"session_id": "x" * 37}, 3220),
        ({"private": "yes"}, 3220),
        ({"params": {"version": 2}}, 3220),
        ({"params": {"pubs": [[]], "version": 2}}, 3220),
        ({"params": {"pubs": [["q"]], "options": {"unknown": 1}}}, 3220),
        ({"params": "text"}, 3220),
        ({"program_id": ""}, 3220),
        ({"remote_storage": {}}, 3220),
        ({"remote_storage": {"type": "elsewhere"}}, 3220),
    ],
)
def test_a_job_that_breaks_the_contract_is_refused(
    api: httpx.Client, bell: dict[str, Any], changes: dict[str, Any], code: int
) -> None:
    answer = api.post("/jobs", json=bell | changes)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == code
    assert api.get("/jobs").json()["count"] == 0


@pytest.mark.parametrize("tags", [["x"] * 9, ["x" * 87]], ids=["too many", "too long"])
def test_wrong_tags_of_a_submission_are_refused_without_saying_why(
    api: httpx.Client, bell: dict[str, Any], tags: list[str]
) -> None:
    answer = api.post("/jobs", json=bell | {"tags": tags})
    assert answer.status_code == 400
    assert "tag" not in answer.text


def test_wrong_tags_of_a_job_that_is_there_are_named(api: httpx.Client, submit: Submit) -> None:
    job_id = submit(api)
    codes = [
        api.put(f"/jobs/{job_id}/tags", json={"tags": tags}).json()["errors"][0]["code"]
        for tags in (["x"] * 9, ["x" * 87])
    ]
    assert codes == [1204, 1205]


@pytest.mark.parametrize(
    ("program", "version", "missing"),
    [
        *(("executor", version, "quantum_program") for version in ("v0.1", "v0.2", "v1.0", "v1.1", "v2.0")),
        *(("noise-learner", version, "instructions") for version in ("v0.1", "v0.2", "v0.3")),
        *(("noise-learner-v3", version, "instructions") for version in ("v0.1", "v0.2", "v0.3")),
        ("noise-learner", None, "circuits"),
    ],
)
def test_the_version_of_params_decides_how_they_are_checked(
    api: httpx.Client, bell: dict[str, Any], program: str, version: str | None, missing: str
) -> None:
    params: dict[str, Any] = {"options": {}} | ({} if version is None else {"schema_version": version})
    answer = api.post("/jobs", json=bell | {"program_id": program, "params": params})
    assert answer.status_code == 400
    assert f"params: '{missing}' is a required property" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("version", ["v0.2", "v1.0", "v1.1", "v2.0"])
def test_data_that_pass_through_an_executor_can_have_nulls(
    api: httpx.Client, bell: dict[str, Any], version: str
) -> None:
    program = QuantumProgram(shots=1, passthrough_data={"of each circuit": [None, {"mine": None}]})
    program.append_circuit_item(QuantumCircuit(1))
    params = QUANTUM_PROGRAM_PARAMS_CONVERTERS[version].encoder(program, ExecutorOptions())
    job = bell | {"program_id": "executor", "params": json.loads(params.model_dump_json())}
    assert api.post("/jobs", json=job).status_code == 200


@pytest.mark.parametrize(
    "pub",
    [
        ["this is not qasm", None, 10],
        ['OPENQASM 3.0; include "stdgates.inc"; h $0;', None, 10],
        ['OPENQASM 3.0; include "stdgates.inc"; cz $0, $0;', None, 10],
        ["OPENQASM 3.0;", None, 2147483647],
        ["OPENQASM 3.0;", None, 3_000_000_000],
        ["OPENQASM 3.0;", {"unknown": 1}, -1],
    ],
)
def test_a_job_that_cannot_run_is_accepted(api: httpx.Client, bell: dict[str, Any], pub: Any) -> None:
    assert api.post("/jobs", json=bell | {"params": {"pubs": [pub], "version": 2}}).status_code == 200


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"program_id": NaN}', b"[" * 100_000, b'{"cost": 1e999}', b"\xff\xfe"]
)
def test_a_body_that_is_not_a_job_is_refused(api: httpx.Client, content: bytes) -> None:
    answer = api.post("/jobs", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == 3220


def test_unknown_programs_and_backends_are_not_found(api: httpx.Client, bell: dict[str, Any]) -> None:
    assert api.post("/jobs", json=bell | {"program_id": "runtime-simple"}).status_code == 404
    refused = api.post("/jobs", json=bell | {"backend": "ibm_nowhere"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (404, 1007)


def test_the_estimators_parameters_are_checked_as_the_estimators(api: httpx.Client, bell: dict[str, Any]) -> None:
    job = bell | {"program_id": "estimator"}
    fits = {"pubs": [["q", {"Z": 1.0}]], "options": {"default_precision": 0.1}, "resilience_level": 1}
    assert api.post("/jobs", json=job | {"params": fits}).status_code == 200
    not_positive = fits | {"options": {"default_precision": 0}}
    assert api.post("/jobs", json=job | {"params": not_positive}).status_code == 400


def test_the_list_is_filtered_and_counted(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    first = submit(api, tags=["a", "b"])
    emulator.clock.advance(10)
    second = submit(api, tags=["a"], backend="ibm_kingston")
    emulator.clock.advance(10)
    third = submit(api, program_id="estimator", params={"pubs": [["q", "Z"]]})
    api.post(f"/jobs/{third}/cancel")
    second_created = api.get(f"/jobs/{second}").json()["created"]

    def ids(**query: Any) -> list[str]:
        answer = api.get("/jobs", params=query).json()
        assert answer["count"] == len(answer["jobs"])
        return [job["id"] for job in answer["jobs"]]

    assert ids() == [third, second, first]
    assert ids(sort="ASC") == [first, second, third]
    assert ids(pending="true") == [second, first]
    assert ids(pending="false") == [third]
    assert ids(program="estimator") == [third]
    assert ids(backend="ibm_kingston") == [second]
    assert ids(tags=["a"]) == [second, first]
    assert ids(tags=["a", "b"]) == [first]
    assert ids(**{"tags[]": ["b"]}) == ids(**{"tags[0]": ["b"]}) == [third, second, first]
    assert ids(created_after=second_created) == [third, second]
    assert ids(created_before=second_created) == [second, first]


def test_pages_follow_each_other(api: httpx.Client, submit: Submit) -> None:
    created = [submit(api) for _ in range(5)]
    pages = [api.get("/jobs", params={"limit": 2, "offset": offset}).json() for offset in (0, 2, 4, 6)]
    assert [job["id"] for page in pages for job in page["jobs"]] == created[::-1]
    assert {(page["count"], page["limit"]) for page in pages} == {(5, 2)}
    assert [page["offset"] for page in pages] == [0, 2, 4, 6]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"limit": "many"}, {"offset": -1}])
def test_a_limit_or_offset_out_of_range_counts_as_not_given(api: httpx.Client, query: dict[str, Any]) -> None:
    answer = api.get("/jobs", params=query)
    assert answer.status_code == 200
    assert (answer.json()["limit"], answer.json()["offset"]) == (200, 0)


@pytest.mark.parametrize(
    "query", [{"pending": "maybe"}, {"sort": "UP"}, {"created_after": "yesterday"}, {"program": ""}, {"tags": "x" * 87}]
)
def test_other_wrong_filters_are_refused(api: httpx.Client, query: dict[str, str]) -> None:
    assert api.get("/jobs", params=query).status_code == 400


def test_tags_are_replaced(api: httpx.Client, submit: Submit) -> None:
    job_id = submit(api, tags=["old"])
    assert api.put(f"/jobs/{job_id}/tags", json={"tags": ["new", "newer"]}).status_code == 204
    assert api.get(f"/jobs/{job_id}").json()["tags"] == ["new", "newer"]
    assert api.put(f"/jobs/{job_id}/tags", json={"tags": ["x"] * 9}).status_code == 404
    assert api.put(f"/jobs/{job_id}/tags", json={}).status_code == 404


def test_jobs_are_visible_in_their_instance_only(
    emulator: Emulator, api: httpx.Client, connect: Callable[..., httpx.Client], submit: Submit
) -> None:
    job_id = submit(api)
    elsewhere = connect(emulator, instance=emulator.instances["emulator-open"])
    assert elsewhere.get(f"/jobs/{job_id}").status_code == 404
    assert elsewhere.get("/jobs").json()["count"] == 0


def test_lone_surrogates_survive(api: httpx.Client, bell: dict[str, Any]) -> None:
    answer = api.post(
        "/jobs",
        content=b'{"program_id": "sampler", "backend": "ibm_fez", "tags": ["\\ud800"]}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 200
    assert api.get(f"/jobs/{answer.json()['id']}").json()["tags"] == ["\ud800"]


@pytest.mark.parametrize(
    ("program", "version"),
    [
        *(("executor", version) for version in ("v0.1", "v0.2", "v1.0", "v1.1", "v2.0")),
        *((name, version) for name in ("noise-learner", "noise-learner-v3") for version in ("v0.1", "v0.2", "v0.3")),
    ],
)
def test_params_are_checked_by_their_schema_version(
    api: httpx.Client, bell: dict[str, Any], program: str, version: str
) -> None:
    refused = api.post("/jobs", json=bell | {"program_id": program, "params": {"schema_version": version, "odd": 1}})
    assert refused.status_code == 400
    assert "params" in refused.json()["errors"][0]["message"]
