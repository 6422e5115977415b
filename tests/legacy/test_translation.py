"""The transformations, step by step, with canned responses of v1 and without a server."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
import httpx
import pytest

from qiskit_runtime_rest import ConfigurationError
from qiskit_runtime_rest.errors import (
    ApiError,
    AuthenticationError,
    InvalidInput,
    PermissionDenied,
    RateLimited,
    RuntimeRestError,
    ServerError,
    TransportError,
)
from qiskit_runtime_rest.legacy.messages import NO_SUCH_CALL, ClassicError, ClassicRequest
from qiskit_runtime_rest.legacy.primitives.results import RUNNER, V1_SAMPLER
from qiskit_runtime_rest.legacy.programs import Programs
from qiskit_runtime_rest.legacy.programs.local_jobs import LocalJobs
from qiskit_runtime_rest.legacy.store import KnownJob, KnownJobs, Store
from qiskit_runtime_rest.legacy.table import find_route
from qiskit_runtime_rest.legacy.translation.account import (
    device_names,
    hub_instances,
    instance,
    least_busy_backend,
)
from qiskit_runtime_rest.legacy.translation.call import ClassicCall, Resources, read_body
from qiskit_runtime_rest.legacy.translation.callers import Caller, caller_with, presented
from qiskit_runtime_rest.legacy.translation.instances import VARIABLE, Instances, named_instance
from qiskit_runtime_rest.legacy.translation.jobs import (
    classic_job,
    classic_jobs,
    era_body,
    is_oldest_form,
    job_options,
    known_program,
)
from qiskit_runtime_rest.legacy.translation.primitives import primitive_v1, primitive_v2
from qiskit_runtime_rest.legacy.translation.sessions import (
    classic_session,
    classic_session_id,
    close_session,
    session_body,
    start_session,
)
from qiskit_runtime_rest.legacy.translation.stream import messages
from qiskit_runtime_rest.legacy.translation.translator import Transformation, classic_error

CRN = "crn:v1:bluemix:public:quantum-computing:us-east:a/account-1:instance-1::"
OTHER_CRN = CRN.replace("instance-1", "instance-2")

GONE = TransportError("gone", method="GET", url="/v1/jobs", sent=False)


@dataclass(kw_only=True)
class CannedCall(ClassicCall):
    """A call whose requests to v1 are recorded, and get the canned responses in their order."""

    canned: list[Any] = field(default_factory=list)
    sent: list[tuple[str, Any]] = field(default_factory=list)

    async def send(
        self,
        operation: str,
        *,
        names: Any = None,
        query: Any = None,
        body: Any = None,
        api_version: str | None = None,
    ) -> httpx.Response:
        self.sent.append((operation, names or body))
        response = self.canned.pop(0)
        if isinstance(response, Exception):
            raise response
        return response if isinstance(response, httpx.Response) else httpx.Response(200, json=response)

    async def owner(self) -> str:
        return "ada"

    def noted(self) -> dict[str, str]:
        return {note.field: note.what for note in self.notes}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "legacy.sqlite")


class Calls:
    """Makes calls that share one store."""

    def __init__(self, store: Store) -> None:
        self.jobs = KnownJobs(store)
        self.store = store

    def make(self, line: str, body: Any = None, *, canned: Any = (), v1: Any = None, **changes: Any) -> CannedCall:
        method, _, path = line.partition(" ")
        match = find_route(method, path)
        assert match is not None
        resources = Resources(
            service=cast(Any, None),
            instances=Instances(changes.pop("instances", None), default=CRN),
            jobs=self.jobs,
            local_jobs=LocalJobs(self.store),
            programs=Programs(self.store),
        )
        return CannedCall(
            request=ClassicRequest(method=method, path=path),
            route=match.route,
            names=dict(match.names),
            era=changes.pop("era", "2023"),
            resources=resources,
            caller=Caller("key"),
            body=body,
            client=cast(Any, SimpleNamespace(settings=SimpleNamespace(instance=CRN))),
            v1_response=None if v1 is None else httpx.Response(200, json=v1),
            canned=list(canned),
            **changes,
        )


@pytest.fixture
def calls(store: Store) -> Calls:
    return Calls(store)


def step(transformation: Transformation, call: CannedCall) -> CannedCall:
    anyio.run(transformation, call)
    return call


def shown(call: CannedCall) -> Any:
    assert call.response is not None
    return call.response.json()


# Instances


@pytest.mark.parametrize(
    ("query", "body", "headers", "expected"),
    [
        ({}, None, {}, None),
        ({"provider": ["a/b/c"]}, None, {}, "a/b/c"),
        ({"provider": ["x", "a/b/c"]}, None, {}, "a/b/c"),
        ({"hub": ["a"], "group": ["b"], "project": ["c"]}, None, {}, "a/b/c"),
        ({}, {"hub": "a", "group": "b", "project": "c"}, {}, "a/b/c"),
        ({}, {"instance": CRN, "hub": "a"}, {}, CRN),
        ({}, {"hub": None}, {"service-crn": CRN}, CRN),
        ({}, ["not an object"], {"service-crn": ""}, None),
    ],
)
def test_the_instance_is_found_in_query_body_and_header(query: Any, body: Any, headers: Any, expected: Any) -> None:
    assert named_instance({}, query, body, headers) == expected


@pytest.mark.parametrize(
    ("body", "part"),
    [({"hub": "a", "group": None, "project": None}, "given together"), ({"hub": 1}, "must be strings")],
)
def test_an_incomplete_instance_is_refused(body: Any, part: str) -> None:
    with pytest.raises(ClassicError, match=part) as refused:
        named_instance({}, {}, body, {})
    assert refused.value.status == 400


def test_the_mapping_gives_the_crn() -> None:
    mapped = Instances({"a/b/c": CRN, "*": OTHER_CRN}, default="crn:default")
    assert [mapped.crn(name) for name in ("a/b/c", "d/e/f", "crn:itself", None)] == [
        CRN,
        OTHER_CRN,
        "crn:itself",
        OTHER_CRN,
    ]
    assert (mapped.name_of(CRN), mapped.name_of("crn:unknown"), mapped.names) == ("a/b/c", None, ["a/b/c"])
    assert Instances(default=CRN).crn("a/b/c") == CRN


def test_the_mapping_is_read_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "instances.json").write_text(json.dumps({"a/b/c": CRN}))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "instances.json"))
    assert Instances().names == ["a/b/c"]
    monkeypatch.setenv(VARIABLE, json.dumps({"d/e/f": CRN}))
    assert Instances().names == ["d/e/f"]
    assert Instances(tmp_path / "instances.json").names == ["a/b/c"]


def test_a_name_without_an_entry_is_refused() -> None:
    with pytest.raises(ClassicError, match="'d/e/f' is not in the mapping") as refused:
        Instances({"a/b/c": CRN}).crn("d/e/f")
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("mapping", "part"),
    [
        ({"a/b/c": "no crn"}, "is not a CRN"),
        ({"a/b": CRN}, "hub/group/project"),
        ("{", "not JSON"),
        ("/no/such/file", "cannot read"),
        ('{"a/b/c": 1}', "is not a CRN"),
    ],
)
def test_a_mapping_that_is_not_valid_is_refused(mapping: Any, part: str) -> None:
    with pytest.raises(ConfigurationError, match=part):
        Instances(mapping)


def test_fields_that_name_the_instance_are_removed_and_noted(calls: Calls) -> None:
    call = step(instance, calls.make("POST /jobs", {"hub": "a", "backend": "b"}, query={"provider": ["a/b/c"]}))
    assert (call.body, call.query) == ({"backend": "b"}, {})
    assert set(call.noted()) == {"hub", "provider"}
    assert "no mapping" in call.noted()["hub"]


def test_instances_are_listed_by_their_classic_names(calls: Calls) -> None:
    call = step(hub_instances, calls.make("GET /instances", v1={"plan_id": "p"}, instances={"a/b/c": CRN, "*": CRN}))
    assert shown(call) == {"instances": [{"name": "a/b/c", "plan": "p"}]}


# Backends


def test_backends_are_listed_by_name(calls: Calls) -> None:
    call = calls.make("GET /backends", v1={"devices": [{"name": "ibm_one"}, "ibm_two"]})
    assert shown(step(device_names, call)) == {"devices": ["ibm_one", "ibm_two"]}


def test_a_job_without_a_backend_gets_the_online_backend_with_the_shortest_queue(calls: Calls) -> None:
    devices = [
        {"name": "offline", "status": {"name": "offline"}, "queue_length": 0},
        {"name": "busy", "status": {"name": "online"}, "queue_length": 9},
        {"name": "idle", "queue_length": 2},
    ]
    call = step(least_busy_backend, calls.make("POST /jobs", {}, canned=[{"devices": devices}]))
    assert call.body == {"backend": "idle"}
    assert "shortest queue" in call.noted()["backend"]


@pytest.mark.parametrize(("backend", "canned"), [(["ibm_one"], []), (None, [{"devices": []}])])
def test_a_backend_that_cannot_be_chosen_is_refused(calls: Calls, backend: Any, canned: list[Any]) -> None:
    with pytest.raises(ClassicError, match="backend: "):
        step(least_busy_backend, calls.make("POST /jobs", {"backend": backend}, canned=canned))


# Jobs


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"programId": "x"}, True), ({"params": ["{}"]}, True), ({"program_id": "x", "params": {}}, False), ([], False)],
)
def test_the_oldest_form_is_recognised(body: Any, expected: bool) -> None:
    assert is_oldest_form(body) is expected


@pytest.mark.parametrize("params", ['{"a": 1, "b": 2}', ['{"a": 1}', '{"b": 2}'], ['{"a": 1}', {"b": 2}]])
def test_the_oldest_form_becomes_that_of_2023(calls: Calls, params: Any) -> None:
    call = step(era_body, calls.make("POST /jobs", {"programId": "sampler", "params": params}))
    assert call.body == {"program_id": "sampler", "params": {"a": 1, "b": 2}}
    assert set(call.noted()) == {"programId", "params"}


@pytest.mark.parametrize("params", [["{"], ["[1]"], "1", [3]])
def test_params_that_are_not_json_objects_are_refused(calls: Calls, params: Any) -> None:
    with pytest.raises(ClassicError, match="params: ") as refused:
        step(era_body, calls.make("POST /jobs", {"params": params}))
    assert refused.value.status == 400


@pytest.mark.parametrize("body", [b"[1]", b'"text"', b"1"])
def test_a_body_must_be_an_object(calls: Calls, body: bytes) -> None:
    request = ClassicRequest(method="POST", path="/jobs", body=body)
    with pytest.raises(ClassicError, match="must be a JSON object"):
        step(era_body, calls.make("POST /jobs", read_body(request)))


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b"NaN", b"1e999", b"9" * 5000, b'"\\ud800"'])
def test_a_body_that_v1_cannot_read_is_refused(body: bytes) -> None:
    with pytest.raises(ClassicError, match="is not JSON") as refused:
        read_body(ClassicRequest(method="POST", path="/jobs", body=body))
    assert (refused.value.status, refused.value.code) == (400, 1204)


def test_fields_beside_the_params_are_renamed_or_ignored(calls: Calls) -> None:
    body = {"job_tags": ["a"], "max_execution_time": 5, "options": {}, "runtime": "image", "start_session": True}
    call = step(job_options, calls.make("POST /jobs", body))
    assert call.body == {"tags": ["a"], "cost": 5, "start_session": True}
    assert {name for name, what in call.noted().items() if what.startswith("ignored")} == {"options", "runtime"}


@pytest.mark.parametrize(
    ("program_id", "status"), [(None, 400), (3, 400), ("", 400), ("no-such-program", 404), ("sampler", 400)]
)
def test_a_program_or_params_that_cannot_run_are_refused(calls: Calls, program_id: Any, status: int) -> None:
    with pytest.raises(ClassicError) as refused:
        step(known_program, calls.make("POST /jobs", {"program_id": program_id, "params": {}}))
    assert refused.value.status == status


def test_runtime_simple_gets_a_local_job(calls: Calls) -> None:
    body = {"program_id": "runtime-simple", "params": None, "job_tags": ["a"]}
    call = step(known_program, calls.make("POST /jobs", body))
    assert LocalJobs.has(shown(call)["id"])
    assert call.sent == []
    assert call.noted()["job_tags"].startswith("ignored")


def test_a_job_is_shown_with_its_classic_program_names_and_state(calls: Calls) -> None:
    calls.jobs.add(
        KnownJob(
            job_id="j", program_id="circuit-runner", form="x", name="a/b/c", session_id="s", classic_session_id="j"
        )
    )
    job = {
        "id": "j",
        "status": "Failed",
        "state": {"status": "Failed", "reason": "r", "reason_code": 1, "reason_solution": "s"},
        "program": {"id": "sampler"},
        "session_id": "s",
        "tags": ["mine"],
    }
    found = shown(step(classic_job, calls.make("GET /jobs/j", v1=job)))
    assert found["program"] == {"id": "circuit-runner"}
    assert (found["hub"], found["group"], found["project"], found["session_id"]) == ("a", "b", "c", "j")
    assert found["state"] == {"status": "Failed", "reason": "r", "reasonCode": 1}
    page = shown(step(classic_jobs, calls.make("GET /jobs", v1={"jobs": [job, {"id": "unknown"}]})))
    assert page["jobs"][0] == found
    assert page["jobs"][1]["hub"] is None
    assert "sessionId" in shown(step(classic_job, calls.make("GET /jobs/j", v1=job, era="2021")))


# Sessions


@pytest.mark.parametrize("value", [True, "True", "yes", "1"])
def test_start_session_creates_a_session_before_the_job(calls: Calls, value: Any) -> None:
    body = {"backend": "ibm_fez", "start_session": value, "session_time": 60}
    call = step(start_session, calls.make("POST /jobs", body, canned=[{"id": "session-1"}]))
    assert call.body == {"backend": "ibm_fez", "session_id": "session-1"}
    assert call.sent == [("POST /v1/sessions", {"mode": "dedicated", "backend": "ibm_fez", "max_ttl": 60})]


@pytest.mark.parametrize("value", [False, "false", "no", "0", "", None])
def test_without_start_session_no_session_is_created(calls: Calls, value: Any) -> None:
    call = step(start_session, calls.make("POST /jobs", {"start_session": value, "session_time": 60}))
    assert (call.body, call.sent) == ({}, [])
    assert set(call.noted()) == {"session_time"}


def test_a_job_of_a_session_creates_no_other_session(calls: Calls) -> None:
    call = step(start_session, calls.make("POST /jobs", {"start_session": True, "session_id": "s"}))
    assert (call.body, call.sent) == ({"session_id": "s"}, [])


@pytest.mark.parametrize("body", [{"start_session": "perhaps"}, {"start_session": 3}, {"start_session": []}])
def test_start_session_must_be_true_or_false(calls: Calls, body: Any) -> None:
    with pytest.raises(ClassicError, match="start_session: must be"):
        step(start_session, calls.make("POST /jobs", body))


def test_a_plan_without_dedicated_sessions_gets_a_batch(calls: Calls) -> None:
    refused = PermissionDenied("no dedicated sessions", status=403)
    call = step(start_session, calls.make("POST /jobs", {"start_session": True}, canned=[refused, {"id": "b"}]))
    assert [body["mode"] for _, body in call.sent] == ["dedicated", "batch"]
    assert call.body["session_id"] == "b"


@pytest.mark.parametrize("error", [AuthenticationError("no", status=401), ServerError("down", status=500)])
def test_other_errors_of_a_session_end_the_call(calls: Calls, error: ApiError) -> None:
    call = calls.make("POST /jobs", {"start_session": True}, canned=[error])
    with pytest.raises(type(error)):
        step(start_session, call)
    assert len(call.sent) == 1


def test_the_session_of_a_refused_job_is_closed(calls: Calls) -> None:
    call = calls.make("POST /jobs", canned=[{}, GONE], kept={"started_session": "s"})
    step(close_session, call)
    assert call.sent == [("DELETE /v1/sessions/{id}/close", {"id": "s"})]
    assert call.notes == []
    assert "could not be closed" in step(close_session, call).noted()["start_session"]


def test_a_classic_session_id_becomes_that_of_v1_and_back(calls: Calls) -> None:
    calls.jobs.add(KnownJob(job_id="j", program_id="p", form="x", session_id="s", classic_session_id="j"))
    path = step(classic_session, calls.make("GET /sessions/j"))
    query = step(classic_session, calls.make("GET /jobs", query={"session_id": ["j"]}))
    body = step(classic_session, calls.make("POST /jobs", {"session_id": "j"}))
    assert (path.names["id"], query.query["session_id"], body.body["session_id"]) == ("s", ["s"], "s")
    assert step(classic_session, calls.make("GET /sessions/other")).names["id"] == "other"
    back = shown(step(classic_session_id, calls.make("GET /sessions/j", v1={"id": "s", "max_ttl": 5})))
    assert back == {"id": "j", "max_ttl": 5, "max_session_ttl": 5}


def test_a_session_body_gets_the_names_and_the_mode_of_v1(calls: Calls) -> None:
    call = step(session_body, calls.make("POST /sessions", {"max_session_ttl": 5}, canned=[{"id": "s"}]))
    assert call.sent == [("POST /v1/sessions", {"max_ttl": 5, "mode": "dedicated"})]
    assert call.document() == {"id": "s"}
    chosen = step(session_body, calls.make("POST /sessions", {"mode": "batch"}))
    assert (chosen.body, chosen.sent) == ({"mode": "batch"}, [])


def test_a_session_without_a_mode_is_a_batch_where_the_plan_has_no_other(calls: Calls) -> None:
    refused = ApiError("open plan", status=400, method="POST", url="/v1/sessions")
    call = step(session_body, calls.make("POST /sessions", {"backend": "b"}, canned=[refused, {"id": "s"}]))
    assert [body["mode"] for _, body in call.sent] == ["dedicated", "batch"]
    assert "a batch was created" in call.noted()["mode"]


# Primitives


def test_params_with_pubs_stay(calls: Calls) -> None:
    params = {"pubs": [["circuit"]], "transpilation": {}, "options": {"transpilation": {}}}
    call = step(primitive_v2, calls.make("POST /jobs", {"program_id": "sampler", "params": params}))
    assert call.body["params"] == {"pubs": [["circuit"]], "options": {}}
    assert set(call.noted()) == {"params.transpilation", "params.options.transpilation"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"All done!", b"All done!"), (b'"All done!"', b"All done!"), (b'{"a": 1}', None), (b"", None)],
)
def test_a_text_result_is_sent_as_plain_text(calls: Calls, content: bytes, expected: bytes | None) -> None:
    call = calls.make("GET /jobs/unknown/results")
    call.v1_response = httpx.Response(200, content=content)
    step(primitive_v1, call)
    assert (call.response.body if call.response else None) == expected


def test_a_result_without_the_values_of_v1_is_sent_unchanged(calls: Calls) -> None:
    calls.jobs.add(KnownJob(job_id="j", program_id="sampler", form=V1_SAMPLER))
    call = step(primitive_v1, calls.make("GET /jobs/j/results", v1={"results": [{"data": {}, "metadata": {}}]}))
    assert call.response is None
    assert "results" in call.noted()


@pytest.mark.parametrize(
    ("canned", "about"),
    [
        ([{"backend": "b"}, {"backend_version": "1.2", "n_qubits": 5}], ("b", "1.2", 5)),
        ([{"backend": "retired"}, GONE], ("retired", "", None)),
        ([GONE], ("", "", None)),
    ],
    ids=["known", "retired", "unreachable"],
)
def test_results_of_a_circuit_runner_name_their_backend(calls: Calls, canned: Any, about: Any) -> None:
    calls.jobs.add(KnownJob(job_id="j", program_id="circuit-runner", form=RUNNER))
    register = {"samples": ["0x1"], "num_bits": 2}
    v1 = {"results": [{"data": {"c": register, "d": register}, "metadata": {}}]}
    found = shown(step(primitive_v1, calls.make("GET /jobs/j/results", v1=v1, canned=canned)))
    (experiment,) = found["results"]
    assert (found["backend_name"], found["backend_version"], experiment["header"]["n_qubits"]) == about
    assert (found["job_id"], found["qobj_id"], found["success"]) == ("j", "j", True)
    assert experiment["header"]["creg_sizes"] == [["c", 2], ["d", 2]]
    assert experiment["data"] == {"counts": {"0x5": 1}}


# Streams


async def listen(call: CannedCall) -> tuple[list[str], list[float]]:
    """The messages of a stream, and the waits between requests, on a virtual clock."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    return [text async for text in messages(call, sleep=sleep, clock=lambda: sum(waits))], waits


def job_in(status: str) -> dict[str, Any]:
    return {"id": "j", "status": status, "state": {"status": status}, "program": {"id": "p"}, "created": "2023-01-01"}


def test_a_stream_sends_each_interim_result_once_and_ends_with_the_result(calls: Calls) -> None:
    canned = [job_in("Queued"), 1, job_in("Running"), "1\n2", job_in("Completed"), "1\n2\n3", {"result": 4}]
    call = calls.make("GET /stream/jobs/j", canned=[interim_or_json(one) for one in canned])
    texts, waits = anyio.run(listen, call)
    assert texts == ["Listening to job j.", "1", "2", "3", '{"result":4}']
    assert len(waits) == 2
    assert all(wait > 0 for wait in waits)


def test_a_stream_of_a_failed_job_ends_without_a_result(calls: Calls) -> None:
    canned = [job_in("Failed"), httpx.Response(204)]
    texts, waits = anyio.run(listen, calls.make("GET /stream/jobs/j", canned=canned))
    assert (texts, waits) == (["Listening to job j."], [])


def interim_or_json(value: Any) -> Any:
    return value if isinstance(value, dict) else httpx.Response(200, text=str(value))


# Callers and errors


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"x-access-token": " t "}, ("x-access-token", "t")),
        ({"authorization": "Bearer t"}, ("Authorization", "t")),
        ({"authorization": "apikey t"}, ("Authorization", "t")),
        ({"authorization": "Basic t"}, None),
        ({"authorization": "Bearer"}, None),
    ],
)
def test_the_credential_is_found_in_either_header(headers: dict[str, str], expected: Any) -> None:
    assert presented(headers) == expected


@pytest.mark.parametrize("secret", ["", "two words", "line\nbreak", "caf\u00e9"])
def test_a_text_that_cannot_be_a_key_is_refused(secret: str) -> None:
    with pytest.raises(ClassicError) as refused:
        caller_with(secret)
    assert (refused.value.status, refused.value.code) == (401, 1201)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ClassicError(NO_SUCH_CALL), 404, 1101),
        (AuthenticationError("no", status=401, code=99), 401, 1201),
        (ApiError("no", status=409, code=7), 409, 7),
        (ApiError("odd", status=302, code=7), 502, 7),
        (GONE, 503, 5203),
        (InvalidInput("tags"), 400, 1204),
        (ConfigurationError("store"), 503, 5203),
        (RuntimeRestError("other"), 502, 5203),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_each_error_of_the_client_has_a_classic_error(error: Any, status: int, code: int) -> None:
    classic = classic_error(error)
    assert (classic.status, classic.code) == (status, code)


def test_a_rate_limit_keeps_its_waiting_time() -> None:
    assert classic_error(RateLimited("slow", status=429, retry_after=7.5)).headers == {"Retry-After": "7"}
