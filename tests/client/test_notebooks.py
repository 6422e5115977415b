"""What notebooks show: tables, and tracebacks that end in the user's code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from qiskit_runtime_rest import Listing
from qiskit_runtime_rest.results import decode
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import every, now
from ..fixtures.service import STUDY

pytestmark = pytest.mark.anyio


async def test_jobs_and_lists_of_them_are_tables(client: Any, emulator: Emulator) -> None:
    emulator.pace = "hold"
    job = await now(client.jobs.submit("sampler", **{**STUDY, "tags": ["<b>mine</b>"]}))
    assert job.id in job._repr_html_()
    listed = Listing(await every(client.jobs.list()))
    html = listed._repr_html_()
    assert "<caption>1 in all</caption>" in html
    assert "&lt;b&gt;mine&lt;/b&gt;" in html
    frame = listed.to_pandas()
    assert list(frame["id"]) == [job.id]
    assert str(frame["created"].dt.tz) == "UTC"


async def test_backends_and_sessions_are_tables(client: Any, emulator: Emulator) -> None:
    backends = await now(client.backends.list())
    assert len(backends.to_pandas()) == len(backends)
    assert "ibm_fez" in next(one for one in backends if one.name == "ibm_fez")._repr_html_()
    assert f"<caption>{len(backends)} in all</caption>" in backends._repr_html_()
    many = type(backends)([*backends] * 7)
    assert f"and {len(many) - 50} more" in many._repr_html_()
    session = await now(client.sessions.create(backend="ibm_fez", mode="batch"))
    assert session.id in session._repr_html_()
    assert session.id in (await now(client.sessions.list()))._repr_html_()


def _result(data: dict[str, Any]) -> Any:
    return decode(json.dumps({"results": [{"data": data, "metadata": {}}], "metadata": {}}).encode())


def test_the_table_of_a_sweep_says_what_it_counts() -> None:
    samples = [["0x0"] * 150 + ["0x1"] * 50] * 20
    result = _result({"c": {"samples": samples, "num_bits": 1}})
    html = result._repr_html_()
    assert "20 points of 200 shots, 4000 counted together" in html
    numbers = [int(number) for number in re.findall(r"<td>(\d+)</td><td>0.[27]", html)]
    assert sorted(numbers) == [1000, 3000]
    frame = result.to_pandas()
    assert list(frame.columns) == ["pub", "index_0", "outcome", "shots", "share"]
    assert (frame.groupby("index_0")["shots"].sum() == 200).all()
    assert frame["outcome"].tolist()[:2] == ["0", "1"]


def test_expectation_values_are_a_table_with_errors() -> None:
    result = _result({"evs": [0.5, -1.0], "stds": [0.1, 0.2]})
    assert "2 expectation values" in result._repr_html_()
    assert "<td>-1</td><td>0.2</td>" in result._repr_html_()
    assert result.to_pandas().to_dict("list") == {
        "pub": [0, 0],
        "index_0": [0, 1],
        "ev": [0.5, -1.0],
        "std": [0.1, 0.2],
    }


SCRIPT = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from qiskit_runtime_rest import RuntimeClient

shell = InteractiveShell.instance(colors="nocolor")
shell.user_ns["client"] = RuntimeClient(
    token="t", instance="crn:v1:bluemix:public:quantum-computing:us-east:a/0:1::", base_url="http://127.0.0.1:9/api",
    retries=None, state_path=sys.argv[1],
)
shell.run_cell("from qiskit_runtime_rest import RetryPolicy")
shell.run_cell("def mine():\\n    return client.jobs.get('')\\n\\nmine()")
"""


def test_a_traceback_ends_with_the_users_code(tmp_path: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "state")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "return client.jobs.get('')" in done.stdout
    assert "InvalidInput: job_id='': expected a job id." in done.stdout
    assert "qiskit_runtime_rest/" not in done.stdout
