"""The generated package reads responses as the service sends them, and sends requests as the contract says."""

import copy
import datetime
import importlib
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest

import qiskit_runtime_api
from qiskit_runtime_api import Client, errors, models
from qiskit_runtime_api.api.backends import list_backends
from qiskit_runtime_api.api.instances import get_instance_configuration
from qiskit_runtime_api.api.jobs import create_job, get_job, get_job_results, list_jobs
from qiskit_runtime_api.api.versions import get_versions
from qiskit_runtime_api.api.workloads import list_workloads
from qiskit_runtime_api.types import UNSET, OpenIntEnum, parse_datetime

JOB: dict[str, Any] = {
    "id": "job-1",
    "created": "2026-04-20T09:30:12.482000+00:00",
    "program": {"id": "sampler"},
    "state": {"status": "Running"},
    "status": "Running",
    "cost": 600,
}


def answering(response: httpx.Response, *, seen: list[httpx.Request] | None = None) -> Client:
    """A client whose requests all get the same response."""

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return response

    return Client(base_url="http://service", httpx_args={"transport": httpx.MockTransport(answer)})


# Statuses and bodies


@pytest.mark.parametrize("status", [400, 423, 429, 499, 502, 520, 524, 999])
@pytest.mark.parametrize("body", ["<html>Ray ID</html>", "", '{"errors": ', '["text"]', '{"errors": ["text"]}'])
def test_any_status_with_any_body_is_read_as_an_error(status: int, body: str) -> None:
    response = get_job.sync_detailed("job-1", client=answering(httpx.Response(status, text=body)))
    assert response.status_code == status
    assert response.content == body.encode()
    assert isinstance(response.parsed, models.ErrorContainer)


@pytest.mark.anyio
async def test_a_status_unknown_to_http_is_read_in_a_task() -> None:
    client = answering(httpx.Response(520, html="<html></html>"))
    async with client:
        response = await get_job.asyncio_detailed("job-1", client=client)
    assert response.status_code == 520


@pytest.mark.parametrize("code", [1201, "1201", "not_found", None])
def test_error_codes_may_be_numbers_texts_and_words(code: object) -> None:
    body = {"errors": [{"code": code, "message": "No.", "solution": "Try again.", "more_info": None}], "trace": None}
    answer = get_job.sync("job-1", client=answering(httpx.Response(401, json=body)))
    assert isinstance(answer, models.ErrorContainer)
    assert answer.errors
    assert answer.errors[0].code == code
    assert answer.errors[0].solution == "Try again."
    assert answer.to_dict() == body


@pytest.mark.parametrize("body", ["", "<html></html>", '{"id": ', "[]", "{}", '{"id": "job-1", "created": 5}'])
def test_a_success_with_another_body_than_the_contract_s_is_one_kind_of_error(body: str) -> None:
    with pytest.raises(errors.UnreadableAnswer) as caught:
        get_job.sync("job-1", client=answering(httpx.Response(200, text=body)))
    assert caught.value.status_code == 200
    assert caught.value.content == body.encode()


def test_a_client_can_raise_its_own_error_for_an_unreadable_response() -> None:
    class Own(Client):
        def unreadable(self, response: httpx.Response, error: Exception) -> Exception:
            return LookupError(response.text)

    transport = httpx.MockTransport(lambda _: httpx.Response(200, text="page"))
    with pytest.raises(LookupError, match="page"):
        get_job.sync("job-1", client=Own(base_url="http://service", httpx_args={"transport": transport}))


def test_a_client_can_supply_its_own_http_client() -> None:
    class Own(Client):
        def get_httpx_client(self) -> httpx.Client:
            return httpx.Client(
                transport=httpx.MockTransport(lambda _: httpx.Response(200, json=JOB)), base_url="http://x"
            )

    job = get_job.sync("job-1", client=Own(base_url="http://service"))
    assert isinstance(job, models.Job)


# Operations that the contract calls deprecated

DEPRECATED = {
    "instances.get_instance_configuration": (),
    "jobs.get_job_interim_results": ("job-1",),
    "jobs.get_job_transpiled_circuits": ("job-1",),
}


@pytest.mark.parametrize(("name", "arguments"), DEPRECATED.items())
@pytest.mark.parametrize("function", ["sync", "sync_detailed"])
def test_a_deprecated_operation_warns_its_caller(name: str, arguments: tuple[str, ...], function: str) -> None:
    operation = importlib.import_module(f"qiskit_runtime_api.api.{name}")
    client = answering(httpx.Response(404, json={}))
    with pytest.warns(DeprecationWarning, match=f"{name.partition('.')[2]} is deprecated: ") as caught:
        getattr(operation, function)(*arguments, client=client)
    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.anyio
@pytest.mark.parametrize("function", ["asyncio", "asyncio_detailed"])
async def test_a_deprecated_operation_warns_its_caller_in_a_task(function: str) -> None:
    async with answering(httpx.Response(404, json={})) as client:
        with pytest.warns(DeprecationWarning, match="Resource Controller") as caught:
            await getattr(get_instance_configuration, function)(client=client)
    assert [warning.filename for warning in caught] == [__file__]


# Values


@pytest.mark.parametrize("status", ["Suspended", "", "cancelled"])
def test_a_status_the_contract_does_not_list_is_kept(status: str) -> None:
    body = {**JOB, "status": status, "state": {"status": status}}
    job = get_job.sync("job-1", client=answering(httpx.Response(200, json=body)))
    assert isinstance(job, models.Job)
    assert job.status.value == status
    assert job.status == status
    assert f"{job.status}" == status
    assert job.status not in list(models.JobStatus)
    assert job.to_dict() == body


def test_an_unlisted_member_is_equal_hashes_pickles_and_copies_by_value() -> None:
    member = models.JobStatus("Suspended")
    assert member == models.JobStatus("Suspended") != models.JobStatus.RUNNING
    assert {member: 1}[models.JobStatus("Suspended")] == {member: 1}["Suspended"] == 1  # type: ignore[index]
    assert pickle.loads(pickle.dumps(member)) == copy.deepcopy(member) == member
    assert isinstance(member, models.JobStatus)
    assert models.JobStatus("Running") is models.JobStatus.RUNNING
    assert pickle.loads(pickle.dumps(models.JobStatus.RUNNING)) is models.JobStatus.RUNNING


def test_numbers_the_contract_does_not_list_are_kept_too() -> None:
    assert issubclass(models.SamplerParamsVersion, OpenIntEnum)
    member: Any = models.SamplerParamsVersion(3)
    assert member == 3 == member.value
    assert hash(member) == hash(3)
    assert pickle.loads(pickle.dumps(member)) == member
    assert models.SamplerParamsVersion(2) is models.SamplerParamsVersion.VALUE_2


@pytest.mark.parametrize("enum", [models.JobStatus, models.SamplerParamsVersion])
def test_a_value_of_another_type_is_still_an_error(enum: Callable[[object], object]) -> None:
    with pytest.raises(ValueError, match="not a valid"):
        enum(None)
    with pytest.raises(ValueError, match="not a valid"):
        enum([1])


NINE = datetime.datetime(2026, 4, 20, 9, 30, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-20T09:30:00Z",
        "2026-04-20T09:30:00.000Z",
        "2026-04-20T09:30:00.000000000Z",
        "2026-04-20T11:30:00+02:00",
        "2026-04-20T11:30:00+0200",
        "2026-04-20T09:30:00",
        "2026-04-20 09:30:00",
        "Mon, 20 Apr 2026 09:30:00 GMT",
    ],
)
def test_times_are_read_in_every_form_and_without_an_offset_are_in_utc(text: str) -> None:
    assert parse_datetime(text) == NINE


@pytest.mark.parametrize("text", ["", "soon", "9" * 40])
def test_a_text_that_is_not_a_time_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_datetime(text)


def test_unknown_keys_survive_even_in_closed_objects() -> None:
    job = {**JOB, "usage": {"quantum_seconds": 3, "seconds": 4}, "bss": {"seconds": 4}}
    assert models.Job.from_dict(job).to_dict() == job
    status = {"length_queue": 1, "new": [1]}
    assert models.BackendStatus.from_dict(status).to_dict() == status
    params = {"pubs": [["OPENQASM 3.0;"]], "options": {"new": 1, "simulator": {"new": 2}}, "new": 3}
    assert models.SamplerParams.from_dict(params).to_dict() == params


@pytest.mark.parametrize(
    ("model", "required"),
    [
        (models.Session, {"id": "s", "backend_name": None, "mode": "batch"}),
        (models.Job, JOB),
        (models.JobMetrics, {}),
        (models.BackendStatus, {"length_queue": 0}),
        (models.Device, {"name": "ibm_fez", "status": {"name": "online"}, "queue_length": 0}),
        (
            models.Workload,
            dict.fromkeys(("id", "created", "backend", "instance", "user_id"), "x")
            | {"mode": "job", "status": "pending"},
        ),
        (models.WorkloadList, {"workloads": [], "total_count": 0, "limit": 10}),
        (models.InstanceUsage, {"instance_id": "x", "plan_id": "x", "usage_consumed_seconds": 0}),
        (models.JobCreated, {"id": "x", "backend": "x"}),
    ],
)
def test_an_optional_value_may_be_null(model: Any, required: dict[str, Any]) -> None:
    optional = [name for name in model.__annotations__ if name not in required and name != "additional_properties"]
    body = {**required, **dict.fromkeys(name.rstrip("_") for name in optional)}  # `next` is `next_` in Python
    read = model.from_dict(body)
    assert all(getattr(read, name) is None for name in optional)
    assert read.to_dict() == body


def test_a_model_with_missing_values_survives_pickle() -> None:
    job = models.Job.from_dict(JOB)
    again = pickle.loads(pickle.dumps(job))
    assert again == job
    assert again.usage is UNSET
    assert again.to_dict() == copy.deepcopy(job).to_dict() == JOB


# Shapes of other API versions, and of results


def test_devices_come_as_objects_and_in_the_first_version_as_names() -> None:
    device = {"name": "ibm_fez", "status": {"name": "online"}, "queue_length": 0, "clops": None}
    answer = list_backends.sync(client=answering(httpx.Response(200, json={"devices": ["ibm_kyiv", device]})))
    assert isinstance(answer, models.BackendList)
    name, described = answer.devices
    assert name == "ibm_kyiv"
    assert isinstance(described, models.Device)
    assert described.status.name is models.DeviceStatusName.ONLINE


def test_versions_come_as_objects_and_in_older_responses_as_texts() -> None:
    body = {"versions": ["2024-01-01", {"version": "2026-04-15", "status": "live"}]}
    answer = get_versions.sync(client=answering(httpx.Response(200, json=body)))
    assert isinstance(answer, models.VersionList)
    text, described = answer.versions
    assert text == "2024-01-01"
    assert isinstance(described, models.Version)
    assert described.version == "2026-04-15"


@pytest.mark.parametrize(
    ("version", "model"),
    [
        ("v0.1", models.ExecutorV01QuantumProgramResult),
        ("v0.2", models.ExecutorV02QuantumProgramResult),
        ("v2.0", dict),
    ],
)
def test_a_result_is_read_as_the_schema_version_says(version: str, model: type) -> None:
    body = {"schema_version": version, "data": [], "metadata": {"chunk_timing": []}}
    result = get_job_results.sync("job-1", client=answering(httpx.Response(200, json=body)))
    assert type(result) is model


QASM = {"data": ["OPENQASM 3.0; qubit[1] q;"]}
QPY = {"b64_data": "UUlTS0lU", "qpy_version": 17, "num_programs": 1}
ANGLES = {"data": "", "shape": [0], "dtype": "f64"}


@pytest.mark.parametrize(
    ("version", "model", "circuits"),
    [
        ("v1.0", models.ExecutorV10Params, QPY),
        ("v1.1", models.ExecutorV11Params, QPY),
        ("v2.0", models.ExecutorV20Params, QPY),
        ("v2.0", models.ExecutorV20Params, QASM),
    ],
)
def test_params_of_the_executor_are_read_as_the_schema_version_says(version: str, model: type, circuits: Any) -> None:
    items = [
        {"item_type": "circuit", "circuit_arguments": ANGLES, "shape": [], "chunk_size": "auto"},
        {
            "item_type": "samplex",
            "samplex": {"ssv": 3, "samplex_json": "{}"},
            "samplex_arguments": {"noise": ANGLES, "scale": 2},
            "shape": [4],
            "chunk_size": 2,
        },
    ]
    params = {
        "schema_version": version,
        "quantum_program": {"shots": 8, "circuits": circuits, "items": items, "semantic_role": None},
        "options": {"init_qubits": False, "rep_delay": None},
    }
    body = {"program_id": "executor", "backend": "ibm_kingston", "params": params}
    request = models.JobRequest.from_dict(body)
    assert type(request.params) is model
    written = request.to_dict()["params"]
    assert written["quantum_program"]["circuits"] == circuits
    assert written["quantum_program"]["items"] == items
    assert written["schema_version"] == version


def test_params_of_the_third_noise_learner_take_bit_flip_checks() -> None:
    checks = {"pre_circuit": {"enable": True, "x_pulse_type": "rx", "strategy": "edge"}}
    params = {
        "schema_version": "v0.3",
        "instructions": {"circuit_b64": "UUlTS0lU", "qpy_version": 17},
        "options": {"bit_flip_checks": checks},
    }
    request = models.JobRequest.from_dict({"program_id": "noise-learner", "backend": "ibm_kingston", "params": params})
    assert type(request.params) is models.NoiseLearnerV3V03Params
    assert request.to_dict()["params"]["options"]["bit_flip_checks"] == checks


USAGE_IN_RESOURCE_UNITS = {
    "value": 3.5,
    "unit": "RU",
    "details": [{"value": 3.5, "unit": "RU", "metric": {"id": "qpu_seconds", "value": 14.0}}],
    "status": "complete",
}


@pytest.mark.parametrize("seconds", [{}, {"qpu_charge_time_seconds": 14}, {"qpu_charge_time_seconds": None}])
def test_usage_is_read_in_resource_units_with_seconds_or_without(seconds: dict[str, Any]) -> None:
    body = {**JOB, "usage": {**USAGE_IN_RESOURCE_UNITS, **seconds}}
    job = get_job.sync("job-1", client=answering(httpx.Response(200, json=body)))
    assert isinstance(job, models.Job)
    assert isinstance(job.usage, models.JobUsage)
    assert (job.usage.value, job.usage.unit) == (3.5, "RU")
    assert job.usage.qpu_charge_time_seconds == seconds.get("qpu_charge_time_seconds", UNSET)
    assert isinstance(job.usage.details, list)
    metric = job.usage.details[0].metric
    assert isinstance(metric, models.JobUsageMetric)
    assert (metric.id, metric.value) == ("qpu_seconds", 14.0)
    assert job.to_dict() == body


@pytest.mark.parametrize("usage", [{"value": 2.0}, {"qpu_charge_time_seconds": 5}, {"value": None}])
def test_usage_of_a_workload_is_read_in_resource_units_or_seconds(usage: dict[str, Any]) -> None:
    assert models.WorkloadUsage.from_dict(usage).to_dict() == usage


def test_usage_of_an_instance_is_read_in_resource_units() -> None:
    body = {
        "instance_id": "crn",
        "plan_id": "plan",
        "usage_consumed_seconds": 60,
        "usage_consumed_ru": 1.5,
        "usage_limit_ru": None,
    }
    usage = models.InstanceUsage.from_dict(body)
    assert (usage.usage_consumed_ru, usage.usage_limit_ru) == (1.5, None)
    assert usage.to_dict() == body


def test_a_sampler_s_result_stays_json_and_a_failed_job_s_log_stays_text() -> None:
    body = {"results": [{"data": {"c": {"samples": ["0x3"], "num_bits": 2}}}], "metadata": {}}
    assert get_job_results.sync("job-1", client=answering(httpx.Response(200, json=body))) == body
    assert get_job_results.sync("job-1", client=answering(httpx.Response(200, text="Traceback: no"))) == "Traceback: no"
    assert get_job_results.sync("job-1", client=answering(httpx.Response(204))) is None


def snapshots() -> list[Path]:
    folder = Path(str(resources.files("qiskit_ibm_runtime"))) / "fake_provider" / "backends"
    return sorted(folder.glob("*/*_[a-z]*.json"))


@pytest.mark.parametrize(
    ("kind", "model"), [("conf", models.BackendConfiguration), ("props", models.BackendProperties)]
)
def test_the_device_descriptions_that_ibm_s_sdk_ships_are_read_without_loss(kind: str, model: Any) -> None:
    described = [path for path in snapshots() if path.name.startswith(f"{kind}_")][::4]
    assert len(described) > 10
    for path in described:
        body = json.loads(path.read_text("utf-8"))
        assert instants(model.from_dict(body).to_dict()) == instants(body), path.name


def instants(value: Any) -> Any:
    """Replace texts that are times by the time itself, since it may be written in several ways."""
    if isinstance(value, dict):
        return {key: instants(each) for key, each in value.items()}
    if isinstance(value, list):
        return [instants(each) for each in value]
    if isinstance(value, str) and len(value) > 15 and value[:4].isdigit():
        return parse_datetime(value)
    return value


def examples() -> list[Any]:
    contract = json.loads((resources.files("qiskit_runtime_api") / "openapi.json").read_text("utf-8"))
    found = []
    for path, item in contract["paths"].items():
        for status, answer in item.get("get", {"responses": {}})["responses"].items():
            media = answer.get("content", {}).get("application/json", {})
            named = media.get("examples", {}) | ({"example": {"value": media["example"]}} if "example" in media else {})
            found += [
                pytest.param(path, int(status), each["value"], id=f"{path} {status} {name}")
                for name, each in named.items()
            ]
    return found


@pytest.mark.filterwarnings("ignore:.* is deprecated. :DeprecationWarning")
@pytest.mark.parametrize(("path", "status", "example"), examples())
def test_every_example_response_of_the_contract_is_read_without_loss(path: str, status: int, example: Any) -> None:
    module = next(module for module in get_operations() if module._get_kwargs(**arguments(module))["url"] == url(path))
    answer = module.sync(client=answering(httpx.Response(status, json=example)), **arguments(module))
    read = answer if isinstance(answer, dict | str) else answer.to_dict()
    assert instants(read) == instants(example)


def get_operations() -> list[Any]:
    tags = [getattr(qiskit_runtime_api.api, tag) for tag in qiskit_runtime_api.api.__all__]
    modules = [getattr(tag, name) for tag in tags for name in tag.__all__]
    return [module for module in modules if module.__name__.rpartition(".")[2].startswith(("get_", "list_"))]


def arguments(module: Any) -> dict[str, Any]:
    known = {"id": "x", "search": "abc", "group_by": models.GetAnalyticsUsageGroupedGroupBy.INSTANCE}
    required = module._get_kwargs.__annotations__
    return {name: value for name, value in known.items() if name in required and "Unset" not in str(required[name])}


def url(path: str) -> str:
    return path.replace("{id}", "x")


# Requests


def test_a_submission_is_sent_as_json_with_its_parent() -> None:
    seen: list[httpx.Request] = []
    client = answering(httpx.Response(200, json={"id": "job-1", "backend": "ibm_fez"}), seen=seen)
    params = models.SamplerParams(pubs=[["OPENQASM 3.0;"]])
    body = models.JobRequest(program_id="sampler", backend="ibm_fez", params=params, log_level=models.LogLevel.INFO)
    created = create_job.sync(client=client, body=body, parent_job_id="job-0")
    assert isinstance(created, models.JobCreated)
    assert seen[0].headers["Parent-Job-Id"] == "job-0"
    assert "IBM-API-Version" not in seen[0].headers
    assert json.loads(seen[0].content) == {
        "program_id": "sampler",
        "backend": "ibm_fez",
        "params": {"pubs": [["OPENQASM 3.0;"]]},
        "log_level": "info",
    }


def test_queries_repeat_tags_write_whole_page_sizes_and_times_with_an_offset() -> None:
    seen: list[httpx.Request] = []
    client = answering(httpx.Response(200, json={"jobs": [], "limit": 1, "offset": 0}), seen=seen)
    list_jobs.sync(client=client, tags=["a", "b"], pending=True, created_after=NINE)
    assert seen[0].url.params.get_list("tags") == ["a", "b"]
    assert seen[0].url.params["pending"] == "true"
    assert seen[0].url.params["created_after"] == "2026-04-20T09:30:00+00:00"

    client = answering(httpx.Response(200, json={"workloads": [], "total_count": 0, "limit": 10}), seen=seen)
    list_workloads.sync(client=client)
    assert seen[1].url.params["limit"] == "10"


# Imports


def loaded_by(statement: str) -> set[str]:
    """The modules of the package, and the heavy libraries, that one statement loads in a fresh interpreter."""
    report = (
        "import sys; print(*(m for m in sys.modules if m.split('.')[0] in ('qiskit_runtime_api', 'httpx', 'attr')))"
    )
    done = subprocess.run([sys.executable, "-c", f"{statement}; {report}"], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_package_or_its_models_loads_nothing_else() -> None:
    assert loaded_by("import qiskit_runtime_api") == {"qiskit_runtime_api"}
    assert loaded_by("import qiskit_runtime_api.models") == {"qiskit_runtime_api", "qiskit_runtime_api.models"}
    assert loaded_by("import qiskit_runtime_api.api.jobs") == {
        "qiskit_runtime_api",
        "qiskit_runtime_api.api",
        "qiskit_runtime_api.api.jobs",
    }


def test_importing_a_model_loads_the_enums_it_has_and_no_other_model() -> None:
    loaded = loaded_by("from qiskit_runtime_api.models import Job")
    assert {name for name in loaded if name.startswith("qiskit_runtime_api.models.")} == {
        "qiskit_runtime_api.models.job",
        "qiskit_runtime_api.models.job_status",
    }
    assert "httpx" not in loaded


def test_importing_an_operation_loads_the_models_of_its_responses() -> None:
    loaded = loaded_by("import qiskit_runtime_api.api.jobs.get_job")
    assert {name for name in loaded if name.startswith("qiskit_runtime_api.models.")} == {
        "qiskit_runtime_api.models.error_container",
        "qiskit_runtime_api.models.job",
        "qiskit_runtime_api.models.job_status",
    }
    assert {name for name in loaded if name.startswith("qiskit_runtime_api.api.jobs.")} == {
        "qiskit_runtime_api.api.jobs.get_job"
    }


def test_an_operation_is_reached_from_the_package_alone() -> None:
    loaded = loaded_by("import qiskit_runtime_api as q; assert callable(q.api.jobs.get_job.sync)")
    assert "qiskit_runtime_api.api.jobs.get_job" in loaded
    assert "qiskit_runtime_api.api.jobs.list_jobs" not in loaded


@pytest.mark.parametrize("package", ["qiskit_runtime_api", "qiskit_runtime_api.models", "qiskit_runtime_api.api"])
def test_a_package_has_every_name_of_all_and_no_other(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__
    assert set(module.__all__) <= set(dir(module))
    for name in module.__all__:
        assert getattr(module, name).__name__.endswith(name)
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        module.Nonsense  # noqa: B018
