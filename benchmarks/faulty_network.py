"""Submissions through a network on which 30 % of the requests fail: jobs created, handles returned."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from typing import Any

from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.exceptions import IBMRuntimeError
from rich.table import Table

from qiskit_runtime_rest import JobRequest, RetryPolicy, RuntimeClient, SubmissionPolicy
from qiskit_runtime_rest.testing import FaultyProxy

from .service import BELL, credentials, environment, service

JOBS = 1000
THREADS = 8
RATE = 0.3
LONGEST_SECONDS = 300.0
"""No submission starts later than this."""

RETRIES = RetryPolicy(attempts=12, first=0.02, longest=0.5)
"""Shorter than the default, since this network fails at random; IBM's SDK has no such setting."""

SUBMISSION = SubmissionPolicy(if_unknown="submit again", settle=1.0, most_times=20, first=0.02, longest=0.5)


def rows() -> Table:
    """Submit the same number of jobs both ways, each through a proxy with the same faults."""
    logging.getLogger("qiskit_runtime_rest").setLevel(logging.ERROR)  # without this, each fault is logged
    shown = Table("", "submissions", "handles", "jobs recorded", "seconds", box=None, header_style="bold")
    for name, way in {"qiskit-runtime-rest": ours, "qiskit-ibm-runtime": ibm}.items():
        with service("--pace", "hold") as ready, FaultyProxy(ready["base_url"], rate=RATE, seed=8) as proxy:
            os.environ.update(environment(ready))
            began = time.perf_counter()
            submissions, handles = way({**credentials(ready), "base_url": proxy.base_url})
            took = time.perf_counter() - began
            with RuntimeClient(**credentials(ready)) as client:
                recorded = sum(1 for _ in client.jobs.list())
        shown.add_row(name, str(submissions), str(handles), str(recorded), f"{took:.0f}")
    return shown


def numbers() -> Iterator[int]:
    """One number for each submission until the deadline."""
    deadline = time.monotonic() + LONGEST_SECONDS
    return takewhile(lambda _: time.monotonic() < deadline, range(JOBS))


def ours(arguments: dict[str, Any]) -> tuple[int, int]:
    """Submit with this client; returns the number of submissions and that of handles."""
    request = JobRequest.sampler(BELL, backend="ibm_fez", shots=1)
    with RuntimeClient(**arguments, submission=SUBMISSION, retries=RETRIES) as client:
        outcomes = client.jobs.submit_all((request for _ in numbers()), max_in_flight=THREADS)
    return len(outcomes), sum(outcome.job is not None for outcome in outcomes)


def ibm(arguments: dict[str, Any]) -> tuple[int, int]:
    """The same with IBM's SDK, which retries by itself."""
    sdk = QiskitRuntimeService(
        channel="ibm_quantum_platform",
        token=arguments["api_key"],
        instance=arguments["instance"],
        url_resolver=lambda *_: f"{arguments['base_url']}/v1",
    )
    run: Callable[..., object] = sdk._active_api_client.program_run
    params = {"pubs": [[BELL]], "version": 2, "support_qiskit": True, "shots": 1}
    left = numbers()

    def submit() -> Iterator[bool]:
        for _ in left:
            try:
                run("sampler", "ibm_fez", params, None, None, None)
            except (IBMRuntimeError, RequestsApiError, OSError, ValueError):
                yield False
            else:
                yield True

    with ThreadPoolExecutor(THREADS) as threads:
        done = [came for thread in threads.map(lambda _: list(submit()), range(THREADS)) for came in thread]
    return len(done), sum(done)
