from __future__ import annotations

import json
from typing import Any

import pytest

from qiskit_runtime_rest import RuntimeClient
from qiskit_runtime_rest.emulator.pages import job_details as module
from qiskit_runtime_rest.emulator.pages.job_details import _data_of, _pictures
from qiskit_runtime_rest.testing import Emulator

FLIP = 'OPENQASM 3.0; include "stdgates.inc"; bit[2] c; x $0; c[0] = measure $0; c[1] = measure $1;'


@pytest.mark.parametrize("wrapped", [True, False])
def test_counts_and_values_are_those_of_the_result(emulator: Emulator, control: Any, wrapped: bool) -> None:
    with RuntimeClient(
        api_key=emulator.api_key, instance=emulator.instance, base_url=emulator.base_url, iam_url=emulator.iam_url
    ) as client:
        params = {"pubs": [[FLIP, None, 50]], "version": 2, "support_qiskit": wrapped}
        job = client.jobs.submit("sampler", backend="ibm_fez", params=params)
        counts = job.result()[0].counts()
        params = {"pubs": [[FLIP.split("bit[2]")[0] + "x $0;", ["Z", "X"]]], "version": 2, "support_qiskit": wrapped}
        estimate = client.jobs.submit("estimator", backend="ibm_fez", params=params)
        pub = estimate.result()[0]
        turn = FLIP.replace("bit[2]", "input float a; bit[2]").replace("x $0", "rz(a) $0")
        params = {"pubs": [[turn, [[0.0], [0.1], [0.2]], 20]], "version": 2, "support_qiskit": wrapped}
        sweep = client.jobs.submit("sampler", backend="ibm_fez", params=params)
        sweep.wait()
    (picture,) = control.get(f"/overview/jobs/{sweep.id}").json()["pictures"]
    assert picture["title"].startswith("pub 1, c: 3 points of 20 shots, ")
    assert picture["total"] == 60
    details = control.get(f"/overview/jobs/{job.id}").json()
    assert details["circuits"] == [{"title": "circuit 1 of 1, OpenQASM", "text": FLIP}]
    (picture,) = details["pictures"]
    assert (picture["kind"], picture["total"], dict(picture["bars"])) == ("counts", 50, counts)
    (picture,) = control.get(f"/overview/jobs/{estimate.id}").json()["pictures"]
    assert picture["points"] == [[value, error] for value, error in zip(pub.evs, pub.stds, strict=True)]
    assert control.get("/overview/jobs/nothing").status_code == 404


def test_outcomes_beyond_the_most_frequent_are_counted_together() -> None:
    samples = [hex(value) for value in range(32)] + ["0x1"] * 8
    (picture,) = _pictures(json.dumps({"results": [{"data": {"c": {"samples": samples, "num_bits": 5}}}]}))
    assert picture["bars"][0] == ("00001", 9)
    assert picture["bars"][-1] == ("others", 40 - 9 - (module.MOST_BARS - 1))
    assert picture["title"] == "pub 1, c: 40 shots, 32 outcomes"


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "{}", '{"results": 1}', '{"__type__": "x", "__value__": []}'])
def test_a_result_of_another_kind_is_not_drawn(text: str) -> None:
    assert _data_of(text) == []
