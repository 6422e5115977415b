from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest.testing import Emulator

from ...fixtures.service import NOT_NATIVE

Submit = Callable[..., str]

AS_JSON = {"Content-Type": "application/json"}


def status(api: httpx.Client, job_id: str) -> str:
    return str(api.get(f"/jobs/{job_id}").json()["status"])


def test_a_job_runs_and_its_counts_come_back_as_text(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    job_id = submit(api)
    emulator.clock.advance(0)
    job = api.get(f"/jobs/{job_id}").json()
    result = api.get(f"/jobs/{job_id}/results")
    assert (job["status"], job["state"]) == ("Completed", {"status": "Completed"})
    assert result.headers["content-type"].startswith("text/plain")
    samples = json.loads(result.text)["results"][0]["data"]["c"]["samples"]
    assert len(samples) == 100
    assert sum(sample in {"0x0", "0x3"} for sample in samples) > 60


def test_the_same_seed_gives_the_same_ids_and_the_same_counts(
    emulator: Emulator, connect: Callable[..., httpx.Client], submit: Submit
) -> None:
    runs = []
    for _ in range(2):
        emulator.reset()
        api = connect(emulator)
        job_id = submit(api)
        emulator.clock.advance(0)
        result = json.loads(api.get(f"/jobs/{job_id}/results").text)
        # The first seven characters are the time.
        runs.append((job_id[7:], result["results"][0]["data"]))
    assert runs[0] == runs[1]


def test_the_id_of_a_job_begins_with_the_second_of_its_creation(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    emulator.pace = "hold"
    ids = [submit(api) for _ in range(20)]
    assert len(set(ids)) == 20
    for job_id in ids:
        assert re.fullmatch(r"[0-9a-v]{20}", job_id)
        second = int.from_bytes(base64.b32hexdecode(job_id.upper() + "====")[:4])
        created = datetime.fromisoformat(api.get(f"/jobs/{job_id}").json()["created"])
        assert second == int(created.timestamp())


@pytest.mark.parametrize(("instance", "cost"), [("emulator-open", 600), ("emulator", 10800)])
def test_a_job_costs_at_most_what_its_plan_allows(
    emulator: Emulator, connect: Callable[..., httpx.Client], submit: Submit, instance: str, cost: int
) -> None:
    emulator.pace = "hold"
    api = connect(emulator, instance=emulator.instances[instance])
    assert api.get(f"/jobs/{submit(api)}").json()["cost"] == cost
    assert api.get(f"/jobs/{submit(api, cost=60)}").json()["cost"] == 60


def test_params_keep_their_content_but_not_the_order_of_their_keys(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    emulator.pace = "hold"
    params = {"version": 2, "support_qiskit": False, "pubs": [["OPENQASM 3.0;"]], "options": {}}
    kept = api.get(f"/jobs/{submit(api, params=params)}").json()["params"]
    assert kept == params
    assert list(kept) != list(params)


def test_a_list_of_parameter_values_binds_in_the_alphabetical_order_of_the_names(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    text = 'OPENQASM 3.0; include "stdgates.inc"; input float later; input float first; bit[1] c;'
    text += "sx $0; rz(first) $0; sx $0; rz(later) $0; c[0] = measure $0;"
    job_id = submit(api, params={"pubs": [[text, [3.141592653589793, 0.0], 100]], "version": 2})
    emulator.clock.advance(0)
    samples = json.loads(api.get(f"/jobs/{job_id}/results").text)["results"][0]["data"]["c"]["samples"]
    assert samples.count("0x0") > 80


def test_a_job_cancelled_in_the_queue_never_ran(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    emulator.pace = "hold"
    job_id = submit(api)
    api.post(f"/jobs/{job_id}/cancel")
    times = api.get(f"/jobs/{job_id}/metrics").json()["timestamps"]
    assert list(times) == ["created", "finished", "running"]
    assert times["running"] is None


def test_a_circuit_that_the_device_cannot_run_fails_with_a_code_and_a_log(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    not_native = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; h $0; c[0] = measure $0;'
    job_id = submit(api, params={"pubs": [[not_native]], "version": 2})
    emulator.clock.advance(0)
    job = api.get(f"/jobs/{job_id}").json()
    assert job["state"]["status"] == job["status"] == "Failed"
    assert job["state"]["reason_code"] == 1517
    assert job["state"]["reason"]
    assert job["state"]["reason_solution"]
    assert job["usage"]["qpu_charge_time_seconds"] == 2
    result = api.get(f"/jobs/{job_id}/results")
    assert result.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(result.text)


def test_usage_is_pending_for_a_while(connect: Any, submit: Submit) -> None:
    with Emulator(usage_pending_seconds=10, workers=1, virtual_clock=True) as emulator:
        api = connect(emulator)
        job_id = submit(api)
        seen = []
        for seconds in (0, 9, 1):
            emulator.clock.advance(seconds)
            job = api.get(f"/jobs/{job_id}").json()
            assert (job["status"], job["usage"]) == ("Completed", api.get(f"/jobs/{job_id}/metrics").json()["usage"])
            seen.append(job["usage"])
        pending = {"qpu_charge_time_seconds": 0, "status": "pending"}
        assert seen == [pending, pending, {"qpu_charge_time_seconds": 2, "status": "complete"}]


def test_a_lenient_service_runs_a_circuit_that_the_device_cannot_run(connect: Any, submit: Submit) -> None:
    with Emulator(lenient=True, workers=1, virtual_clock=True) as emulator:
        api = connect(emulator)
        job_id = submit(api, params={"pubs": [[NOT_NATIVE, None, 10]]})
        emulator.clock.advance(0)
        assert status(api, job_id) == "Completed"


def test_with_seconds_a_job_waits_and_runs_on_the_virtual_clock(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    emulator.pace = "seconds:10"
    job_id = submit(api)
    seen = [status(api, job_id)]
    for _ in range(4):
        emulator.clock.advance(5)
        seen.append(status(api, job_id))
    assert seen == ["Queued", "Queued", "Running", "Running", "Completed"]
    times = api.get(f"/jobs/{job_id}/metrics").json()["timestamps"]
    assert [times[name][17:19] for name in ("created", "running", "finished")] == [
        f"{(int(times['created'][17:19]) + later) % 60:02}" for later in (0, 10, 20)
    ]


def test_one_long_step_of_the_clock_takes_a_job_to_its_end(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    emulator.pace = "seconds:10"
    job_ids = [submit(api) for _ in range(5)]
    emulator.clock.advance(1000)
    assert {status(api, job_id) for job_id in job_ids} == {"Completed"}


def test_with_reads_a_job_moves_on_after_enough_reads(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    emulator.pace = "reads:2"
    job_id = submit(api)
    assert [status(api, job_id) for _ in range(5)] == ["Queued", "Running", "Running", "Completed", "Completed"]


def test_results_count_as_reads(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    emulator.pace = "reads:2"
    job_id = submit(api)
    codes = [api.get(f"/jobs/{job_id}/results").status_code for _ in range(4)]
    assert codes == [204, 204, 204, 200]


def test_held_jobs_stay_until_the_pace_lets_them_go(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    emulator.pace = "hold"
    job_id = submit(api)
    emulator.clock.advance(1000)
    assert status(api, job_id) == "Queued"
    emulator.pace = "immediate"
    emulator.clock.advance(0)
    assert status(api, job_id) == "Completed"


@pytest.mark.parametrize("pace", ["hold", {"queued": "immediate", "running": "hold"}])
def test_a_pending_job_can_be_cancelled(emulator: Emulator, api: httpx.Client, submit: Submit, pace: Any) -> None:
    emulator.pace = pace
    job_id = submit(api)
    assert api.post(f"/jobs/{job_id}/cancel").status_code == 204
    assert api.get(f"/jobs/{job_id}").json()["state"] == {"status": "Cancelled"}
    assert api.get(f"/jobs/{job_id}/results").status_code == 204
    assert api.post(f"/jobs/{job_id}/cancel").status_code == 409


def test_a_completed_job_cannot_be_cancelled(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    job_id = submit(api)
    emulator.clock.advance(0)
    refused = api.post(f"/jobs/{job_id}/cancel")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (409, 3208)


def test_a_job_that_runs_too_long_is_cancelled_with_code_1305(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    emulator.pace = {"queued": "immediate", "running": "seconds:100"}
    job_id = submit(api, cost=30)
    emulator.clock.advance(29)
    assert status(api, job_id) == "Running"
    emulator.clock.advance(1)
    job = api.get(f"/jobs/{job_id}").json()
    assert job["status"] == "Cancelled - Ran too long"
    assert (job["state"]["status"], job["state"]["reason_code"]) == ("Cancelled", 1305)
    assert job["state"]["reason"] == "Job %!v(MISSING) ran longer than %!v(MISSING)"


def test_only_a_job_that_has_ended_can_be_deleted(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    emulator.pace = "hold"
    job_id = submit(api)
    assert api.delete(f"/jobs/{job_id}").status_code == 400
    api.post(f"/jobs/{job_id}/cancel")
    assert api.delete(f"/jobs/{job_id}").status_code == 204
    assert api.get(f"/jobs/{job_id}").status_code == 404
    assert api.get("/jobs").json()["count"] == 0


def test_a_private_job_hides_its_inputs_and_gives_its_result_once(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    job_id = submit(api, private=True)
    emulator.clock.advance(0)
    job = api.get(f"/jobs/{job_id}").json()
    assert job["private"] is True
    assert "params" not in job
    assert [api.get(f"/jobs/{job_id}/results").status_code for _ in range(3)] == [200, 204, 204]


def test_a_waiting_job_has_no_result_no_end_and_a_pending_charge(
    emulator: Emulator, api: httpx.Client, submit: Submit
) -> None:
    emulator.pace = "hold"
    job_id = submit(api)
    metrics = api.get(f"/jobs/{job_id}/metrics").json()
    assert list(metrics["timestamps"]) == ["created"]
    assert metrics["usage"]["status"] == "pending"
    assert api.get(f"/jobs/{job_id}/results").status_code == 204
    assert api.get(f"/jobs/{job_id}/interim_results").status_code == 204
    assert api.get(f"/jobs/{job_id}/logs").status_code == 404


def test_metrics_have_the_caller_and_the_usage(emulator: Emulator, api: httpx.Client, submit: Submit) -> None:
    api.headers["X-Qx-Client-Application"] = "qiskit-version-2/some_client-0.1,qiskit-2.5.2*/some_client~sampler.py"
    job_id = submit(api)
    emulator.clock.advance(0)
    metrics = api.get(f"/jobs/{job_id}/metrics").json()
    assert metrics["caller"] == "some_client~sampler.py"
    assert metrics["qiskit_version"] == "some_client-0.1,qiskit-2.5.2*"
    assert metrics["usage"]["status"] == "complete"
    assert metrics["usage"]["qpu_charge_time_seconds"] > 0
    assert metrics["circuits_execution_time_ns"] > 0
    used = api.get("/instances/usage").json()["usage_consumed_seconds"]
    assert used == metrics["usage"]["qpu_charge_time_seconds"]


def test_interim_results_can_be_published_and_are_kept_for_two_days(
    emulator: Emulator, api: httpx.Client, control: httpx.Client, connect: Callable[..., httpx.Client], submit: Submit
) -> None:
    emulator.pace = "hold"
    job_id = submit(api)
    assert control.post(f"/jobs/{job_id}/interim_results", content=b'{"step": 1}', headers=AS_JSON).status_code == 204
    assert api.get(f"/jobs/{job_id}/interim_results").text == '{"step": 1}'
    emulator.clock.advance(2 * 86_400 - 1)
    assert connect(emulator).get(f"/jobs/{job_id}/interim_results").status_code == 200
    emulator.clock.advance(1)
    assert connect(emulator).get(f"/jobs/{job_id}/interim_results").status_code == 204
    api = connect(emulator)
    api.post(f"/jobs/{job_id}/cancel")
    assert control.post(f"/jobs/{job_id}/interim_results", content=b"late", headers=AS_JSON).status_code == 404
