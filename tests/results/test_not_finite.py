"""Results with the bare tokens `Infinity` and `NaN`, which JSON does not have and the service sends."""

from __future__ import annotations

import math

import httpx
import pytest

from qiskit_runtime_api import Client
from qiskit_runtime_api.api.jobs import get_job_results
from qiskit_runtime_rest.results import decode
from qiskit_runtime_rest.results.large_documents import LARGE_BYTES

PLAIN = (
    '{"results": [{"data": {"evs": [Infinity, NaN, -Infinity, 1.0], "stds": [NaN, 0, 0, 0.5]}, '
    '"metadata": {"overhead": Infinity}}], "metadata": {"note": NaN, "padding": "PADDING"}}'
)
WRAPPED = (
    '{"__type__": "PrimitiveResult", "__value__": {"pub_results": [{"__type__": "PubResult", "__value__": {"data": '
    '{"__type__": "DataBin", "__value__": {"field_names": ["evs", "stds"], "fields": {"evs": [Infinity, NaN, '
    '-Infinity, 1.0], "stds": [NaN, 0, 0, 0.5]}}}, "metadata": {"overhead": Infinity}}}], '
    '"metadata": {"note": NaN, "padding": "PADDING"}}}'
)
SAMPLED = (
    '{"results": [{"data": {"c": {"samples": ["0x1"], "num_bits": 2}}, "metadata": {"overhead": Infinity}}], '
    '"metadata": {"note": NaN, "padding": "PADDING"}}'
)


@pytest.mark.parametrize("padding", [1, LARGE_BYTES], ids=["small", "large"])
@pytest.mark.parametrize("text", [PLAIN, WRAPPED], ids=["plain", "wrapped"])
def test_an_estimator_result_keeps_values_that_are_not_finite(text: str, padding: int) -> None:
    result = decode(text.replace("PADDING", "x" * padding).encode(), program_id="estimator")
    values = list(result[0].evs)
    assert (values[0], values[2], values[3]) == (math.inf, -math.inf, 1.0)
    assert math.isnan(values[1])
    assert math.isnan(result[0].stds[0])
    assert result[0].metadata["overhead"] == math.inf
    assert math.isnan(result.metadata["note"])


@pytest.mark.parametrize("padding", [1, LARGE_BYTES], ids=["small", "large"])
def test_a_sampler_result_keeps_metadata_that_is_not_finite(padding: int) -> None:
    result = decode(SAMPLED.replace("PADDING", "x" * padding).encode(), program_id="sampler")
    assert result[0].counts() == {"01": 1}
    assert result[0].metadata["overhead"] == math.inf


@pytest.mark.parametrize("text", [PLAIN, WRAPPED, SAMPLED], ids=["plain", "wrapped", "sampled"])
def test_the_generated_function_reads_values_that_are_not_finite(text: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=text))
    client = Client(base_url="http://service", httpx_args={"transport": transport})
    result = get_job_results.sync("job-1", client=client)
    assert isinstance(result, dict)
    assert "Infinity" not in str(result)
    assert "inf" in str(result)
