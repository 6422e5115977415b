"""Check the live service with a few smallest jobs (`--allow-jobs`), delete them again, and report their cost."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import schemathesis
from attrs import define, field
from schemathesis.core.failures import Failure, FailureGroup

from qiskit_runtime_api.http_library import httpx

from ..contract.document import Document
from ..contract.sources import vendored
from ..contract.versions import corrected
from ..errors import ApiError, RuntimeRestError, TransportError
from ..plans.clock import Clock
from .live_reads import LiveService
from .report import Finding, Report, without_response
from .request_guard import RequestGuard, Stopped

__all__ = ["LONGEST_SECONDS", "WAIT_SECONDS", "check_jobs"]

CIRCUIT = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; c[0] = measure $0;'
"""Measures one qubit; any device runs it as it is."""

LONGEST_SECONDS = 30
"""QPU time after which the service ends a job; it needs about two."""

WAIT_SECONDS = 900.0
"""How long to wait for the jobs before they are cancelled."""

POLL_SECONDS = 10.0
SESSION_SECONDS = 1200
FINAL = ("Completed", "Cancelled", "Cancelled - Ran too long", "Failed")
ATTEMPTS = 3
"""How often each step of the cleanup is tried."""


class Unclear(RuntimeRestError):
    """A response does not say whether something was created, or what exists."""


def check_jobs(service: LiveService, *, jobs: int, backend: str, clock: Clock, report: Report | None = None) -> Report:
    """Submit this many smallest jobs in a batch, wait for them, delete everything again, and report the cost.

    Whatever happens, submitted jobs are looked up by their tag, cancelled if necessary, and deleted, and the batch is
    closed. The guard allows only these requests.

    `report` is filled instead of a new one. It is complete even after an interrupt, which is raised again at the end.
    """
    report = report or Report(target=f"live, {jobs} jobs on {backend}", seed=0)
    steps = _Steps(service=service, report=report, clock=clock, backend=backend)
    try:
        with steps.reported():
            steps.open_batch()
            for _ in range(jobs):
                steps.submit()
            steps.wait(WAIT_SECONDS)
    except BaseException:
        steps.fail("Interrupted", "the check was interrupted.")
        raise
    finally:
        steps.clean_up()
    return report


@define(kw_only=True)
class _Steps:
    """One run, with the jobs and the batch that were created so far, for the cleanup."""

    service: LiveService
    report: Report
    clock: Clock
    backend: str
    tag: str = field(factory=lambda: f"contract-check-{secrets.token_hex(6)}")
    session: str | None = None
    jobs: dict[str, str] = field(factory=dict)
    """Status by id."""
    charged: dict[str, float] = field(factory=dict)
    """QPU seconds by id, if the service reported them."""
    uncertain: Counter[str] = field(factory=Counter)
    """How many requests of each operation were sent without a clear response."""
    _contract: Any = field(factory=lambda: schemathesis.openapi.from_dict(corrected(vendored())))

    @property
    def guard(self) -> RequestGuard:
        return self.service.guard

    def send(self, operation: str, *, id: str | None = None, query: str = "", body: Any = None) -> httpx.Response:  # noqa: A002
        """Send one request, and check the response against the contract."""
        method, template = _PLACES[operation]
        path = template if id is None else template.replace("{id}", id)
        response = self.guard.send(method, path, query=query, body=body)
        self.report.requests["jobs"] += 1
        self.report.answers[operation, response.status_code] += 1
        with self.reported():
            try:
                self._contract[template][method].validate_response(response)
            except (Failure, FailureGroup) as error:
                for one in error.exceptions if isinstance(error, FailureGroup) else [error]:
                    self.fail(
                        type(one).__name__, without_response(one), operation=operation, status=response.status_code
                    )
        return response

    def fail(self, failure: str, message: str, *, operation: str = "the check", status: int | None = None) -> None:
        message = self.service.mask(" ".join(message.split()))
        self.report.add(
            Finding(operation=operation, failure=failure, status=status, message=message, request="", phase="jobs")
        )

    def open_batch(self) -> None:
        self.guard.allow_reads(_LIST)
        self.guard.allow("POST", "/v1/sessions")
        body = {"mode": "batch", "backend": self.backend, "max_ttl": SESSION_SECONDS}
        with self.creating("create_session"):
            self.session = _id(self.send("create_session", body=body))

    def submit(self) -> None:
        self.guard.allow("POST", _LIST)
        body = {
            "program_id": "sampler",
            "backend": self.backend,
            "session_id": self.session,
            "tags": [self.tag],
            "cost": LONGEST_SECONDS,
            "params": {"pubs": [[CIRCUIT, None, 1]], "version": 2},
        }
        with self.creating("create_job"):
            self.note_status(_id(self.send("create_job", body=body)), "Queued")

    @contextmanager
    def creating(self, operation: str) -> Iterator[None]:
        """Count the operation as uncertain, until its request was refused or its response was understood."""
        sent = self.guard.sent.total()
        self.uncertain[operation] += 1
        try:
            yield
        except BaseException as error:
            if self.guard.sent.total() == sent or _nothing_created(error):
                self.uncertain[operation] -= 1
            raise
        self.uncertain[operation] -= 1

    def note_status(self, job: str, status: str) -> None:
        """Note the status of one of our jobs, and allow reads of it."""
        if job not in self.jobs:
            self.guard.allow_reads(*(template.replace("{id}", job) for template in _OWN))
        self.jobs[job] = status

    def update_jobs(self) -> None:
        """Read the status of all jobs of this run with one request. It also finds jobs whose response was lost."""
        response = self.send("list_jobs", query=f"tags={self.tag}")
        listed = _object(response).get("jobs")
        if not response.is_success or not isinstance(listed, list):
            raise Unclear(f"the list of jobs was answered {response.status_code}, without a list.")
        for job in listed:
            tags = job.get("tags") if isinstance(job, dict) else None
            if not isinstance(tags, list) or not job.get("id"):
                raise Unclear("the list of jobs has an entry that is not a job with tags.")
            if self.tag in tags:
                if str(job["id"]) not in self.jobs:
                    self.uncertain["create_job"] -= 1
                self.note_status(str(job["id"]), str(job.get("status")))

    @property
    def pending(self) -> list[str]:
        return [job for job, status in self.jobs.items() if status not in FINAL]

    def wait(self, seconds: float) -> None:
        """Wait until all jobs are final, for at most `seconds`; then read everything about each."""
        until = self.clock.monotonic() + seconds
        while self.pending and self.clock.monotonic() < until:
            self.clock.sleep(POLL_SECONDS)
            self.update_jobs()
        for job, status in self.jobs.items():
            with self.reported():
                self.send("get_job", id=job)
                usage = _object(self.send("get_job_metrics_jid", id=job)).get("usage")
                charge = usage.get("qpu_charge_time_seconds") if isinstance(usage, dict) else None
                if isinstance(charge, int | float):
                    self.charged[job] = charge
                if status == "Completed":
                    self.send("get_job_results_jid", id=job)  # The job is ours, and not private.

    def clean_up(self) -> None:
        """Cancel and delete the jobs, close the batch; report the cost and anything left behind. Never raises."""
        self.guard.close("only the cleanup is left.")
        submitted = bool(self.jobs) or self.uncertain["create_job"] > 0
        self.guard.allow_cleanup("GET", _LIST, times=ATTEMPTS)
        listed = not submitted or any(self._updated() for _ in range(ATTEMPTS))
        for job in self.pending:
            self._done("cancel_job_jid", job)
        left = [f"job {job}" for job in self.jobs if not self._done("delete_job", job)]
        if self.session is not None and not self._done("delete_session_close", self.session):
            left.append(f"batch {self.session}")
        if not listed or self.uncertain["create_job"] > 0:
            left.append(f"unknown, look for jobs with the tag {self.tag}")
        if self.uncertain["create_session"] > 0:
            left.append(f"unknown, a batch may be open, for {SESSION_SECONDS} s at most")
        if left:
            self.fail("Left", f"could not be deleted, do it yourself: {', '.join(left)}.")
        cost = sum(self.charged.values())
        known = "" if len(self.charged) == len(self.jobs) else ", as far as it is known"
        self.report.remarks.append(
            f"{len(self.jobs)} jobs on {self.backend}: {cost:g} s of QPU time charged{known}. Left behind: "
            f"{', '.join(left) or 'nothing'}."
        )

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Report any error, and go on: no response may prevent the cleanup."""
        try:
            yield
        except Exception as error:
            self.fail(type(error).__name__, without_response(error))

    def _updated(self) -> bool:
        with self.reported():
            self.update_jobs()
            return True
        return False

    def _done(self, operation: str, id: str) -> bool:  # noqa: A002
        """Cancel, delete or close something; gives whether the service confirmed it."""
        method, template = _PLACES[operation]
        self.guard.allow_cleanup(method, template.replace("{id}", id), times=ATTEMPTS)
        for _ in range(ATTEMPTS):
            with self.reported():
                if self.send(operation, id=id).is_success:
                    return True
        return False


_PLACES: Mapping[str, tuple[str, str]] = {
    operation.id: (operation.method, operation.path) for operation in Document(vendored()).operations()
}
_LIST = _PLACES["list_jobs"][1]
_OWN = tuple(_PLACES[name][1] for name in ("get_job", "get_job_metrics_jid", "get_job_results_jid"))


def _nothing_created(error: BaseException) -> bool:
    """Whether the error means that the request was refused or not sent; IAM's errors come before it is sent."""
    return isinstance(error, Stopped | ApiError) or (isinstance(error, TransportError) and not error.sent)


def _id(response: httpx.Response) -> str:
    identifier = _object(response).get("id")
    if response.is_success and identifier:
        return str(identifier)
    outcome = f"{response.request.method} {response.request.url.path} was answered {response.status_code}"
    if response.is_client_error:
        raise Stopped(f"{outcome}.")
    raise Unclear(f"{outcome}, without an id." if response.is_success else f"{outcome}.")


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
