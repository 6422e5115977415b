"""Programs of the executor run on the embedded service, and their results are typed."""

from __future__ import annotations

from typing import Any

import pytest

from qiskit_runtime_rest import JobRequest
from qiskit_runtime_rest.results import ExecutorItem
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import inside, now
from ..fixtures.service import BACKEND, BELL, ONES

pytestmark = pytest.mark.anyio

TURNED = """OPENQASM 3.0;
include "stdgates.inc";
input float turn;
bit[1] c;
sx $87; rz(turn) $87; sx $87;
c[0] = measure $87;
"""
PI = 3.141592653589793


async def test_a_program_of_texts_runs(client: Any) -> None:
    job = await now(
        client.executor([(TURNED, [[PI], [0.0]]), BELL], backend=BACKEND, shots=200, passthrough_data={"a": [1]})
    )
    result = await now(job.result())
    assert (job.program_id, result.kind, result.passthrough_data) == ("executor", "executor", {"a": [1]})
    swept, bell = result
    assert isinstance(swept, ExecutorItem)
    assert swept.data["c"].shape == (2, 200, 1)
    assert swept.counts(index=0).get("1", 0) < 40 < 160 < swept.counts(index=1)["1"]
    assert sum(bell.counts().values()) == 200


async def test_a_program_runs_in_a_session_and_as_one_of_many(client: Any, emulator: Emulator) -> None:
    async with inside(client.sessions.create(backend=BACKEND)) as session:
        job = await now(session.executor(ONES, shots=5))
        assert job.session_id == session.id
    request = JobRequest.executor([ONES], backend=BACKEND, shots=3, circuits="qpy")
    (submitted,) = await now(client.jobs.submit_all([request]))
    assert sum((await now(submitted.job.result()))[0].counts().values()) == 3


async def test_passthrough_data_may_hold_null_as_the_contract_says(connect: Any) -> None:
    client = connect(validate="responses")
    data = {"a": None, "b": [None, {"c": None, "d": 1.5}]}
    job = await now(client.executor(ONES, backend=BACKEND, shots=1, passthrough_data=data))
    assert (await now(job.result())).passthrough_data == data
