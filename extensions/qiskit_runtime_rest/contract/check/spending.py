"""What `--allow-jobs` allows: a few smallest jobs on the live service, all of them taken back, and what they cost."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import schemathesis
from attrs import define, field
from schemathesis.core.failures import Failure, FailureGroup

from ...effects import Clock
from ...errors import TransportError
from ..sources import vendored
from .exceptions import corrected
from .gate import Gate, Stopped
from .live import LiveService, operations
from .report import Finding, Report

__all__ = ["LONGEST_SECONDS", "PATIENCE_SECONDS", "spend"]

CIRCUIT = 'OPENQASM 3.0; include "stdgates.inc"; bit[1] c; c[0] = measure $0;'
"""Measures one qubit: any device runs it as it is."""

LONGEST_SECONDS = 30
"""QPU time after which the service ends a job; it needs about two."""

PATIENCE_SECONDS = 900.0
"""How long jobs may wait in a queue before they are cancelled."""

POLL_SECONDS = 10.0
SESSION_SECONDS = 1200
FINAL = ("Completed", "Cancelled", "Cancelled - Ran too long", "Failed")
ATTEMPTS_TO_DELETE = 3


def spend(service: LiveService, *, jobs: int, backend: str, clock: Clock) -> Report:
    """Submit so many smallest jobs in a batch, follow them to their end, take everything back, and say what it cost.

    All of it goes through the gate, which has tickets for just this. Whatever happens on the way, jobs that were
    submitted are looked for by their tag, cancelled if need be, and deleted, and the batch is closed.
    """
    report = Report(target=f"live, {jobs} jobs on {backend}", seed=0)
    steps = _Steps(service=service, report=report, clock=clock, backend=backend)
    try:
        with steps.noted():
            steps.open_batch()
            for _ in range(jobs):
                steps.submit()
            steps.follow(PATIENCE_SECONDS)
    finally:
        steps.clean_up()
    return report


@define(kw_only=True)
class _Steps:
    """One run: what was made so far, so that it can be taken back."""

    service: LiveService
    report: Report
    clock: Clock
    backend: str
    tag: str = field(factory=lambda: f"contract-check-{secrets.token_hex(6)}")
    session: str | None = None
    jobs: dict[str, str] = field(factory=dict)
    """Status by id."""
    charged: dict[str, float] = field(factory=dict)
    _contract: Any = field(factory=lambda: schemathesis.openapi.from_dict(corrected(vendored())))

    @property
    def gate(self) -> Gate:
        return self.service.gate

    def ask(self, operation: str, *, id: str | None = None, query: str = "", body: Any = None) -> httpx.Response:  # noqa: A002
        """Send one request, and hold its answer against the contract."""
        method, template = _PLACES[operation]
        path = template if id is None else template.replace("{id}", id)
        response = self.gate.send(method, path, query=query, body=body)
        self.report.requests["jobs"] += 1
        self.report.answers[operation, response.status_code] += 1
        try:
            self._contract[template][method].validate_response(response)
        except (Failure, FailureGroup) as error:
            for one in error.exceptions if isinstance(error, FailureGroup) else [error]:
                self.fail(type(one).__name__, str(one), operation=operation, status=response.status_code)
        return response

    def fail(self, failure: str, message: str, *, operation: str = "the check", status: int | None = None) -> None:
        mask = self.service.mask
        message = mask(" ".join(message.split()))
        self.report.add(
            Finding(operation=operation, failure=failure, status=status, message=message, request="", phase="jobs")
        )

    def open_batch(self) -> None:
        self.gate.let_read("/v1/jobs")
        self.gate.let("POST", "/v1/sessions")
        body = {"mode": "batch", "backend": self.backend, "max_ttl": SESSION_SECONDS}
        self.session = _id(self.ask("create_session", body=body))
        self.gate.let("DELETE", f"/v1/sessions/{self.session}/close")

    def submit(self) -> None:
        self.gate.let("POST", "/v1/jobs")
        body = {
            "program_id": "sampler",
            "backend": self.backend,
            "session_id": self.session,
            "tags": [self.tag],
            "cost": LONGEST_SECONDS,
            "params": {"pubs": [[CIRCUIT, None, 1]], "version": 2},
        }
        self.know(_id(self.ask("create_job", body=body)), "Queued")

    def know(self, job: str, status: str) -> None:
        """Take note of one of our own jobs, which may be read, cancelled once, and deleted."""
        if job not in self.jobs:
            self.gate.let_read(*(template.replace("{id}", job) for template in _OWN))
            self.gate.let("POST", f"/v1/jobs/{job}/cancel")
            self.gate.let("DELETE", f"/v1/jobs/{job}", times=ATTEMPTS_TO_DELETE)
        self.jobs[job] = status

    def look(self) -> None:
        """Read the status of all jobs of this run, one request for all; those of lost answers turn up here, too."""
        for job in self.ask("list_jobs", query=f"tags={self.tag}").json().get("jobs", ()):
            if self.tag in job.get("tags", ()):
                self.know(str(job["id"]), str(job["status"]))

    @property
    def pending(self) -> list[str]:
        return [job for job, status in self.jobs.items() if status not in FINAL]

    def follow(self, seconds: float) -> None:
        """Wait until all jobs are over, or `seconds` have passed; then read what there is of each."""
        until = self.clock.monotonic() + seconds
        while self.pending and self.clock.monotonic() < until:
            self.clock.sleep(POLL_SECONDS)
            self.look()
        for job, status in self.jobs.items():
            self.ask("get_job", id=job)
            usage = _object(self.ask("get_job_metrics_jid", id=job)).get("usage") or {}
            self.charged[job] = float(usage.get("qpu_charge_time_seconds") or 0.0)
            if status == "Completed":
                self.ask("get_job_results_jid", id=job)  # Ours, and not private.

    def clean_up(self) -> None:
        """Cancel and delete the jobs, close the batch; say what could not be taken back, and what it cost."""
        with self.noted():
            self.look()
        for job in self.pending:
            with self.noted():
                self.ask("cancel_job_jid", id=job)
        left = [f"job {job}" for job in self.jobs if not self._gone("delete_job", job, times=ATTEMPTS_TO_DELETE)]
        if self.session is not None and not self._gone("delete_session_close", self.session, times=1):
            left.append(f"batch {self.session}")
        for what in left:
            self.fail("Left", f"{what} could not be taken back: do it yourself.")
        cost = sum(self.charged.values())
        known = "" if len(self.charged) == len(self.jobs) else ", as far as it is known"
        self.report.remarks.append(
            f"{len(self.jobs)} jobs on {self.backend}: {cost:g} s of QPU time charged{known}. Left behind: "
            f"{', '.join(left) or 'nothing'}."
        )

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Report what goes wrong, and go on."""
        try:
            yield
        except (Stopped, TransportError, httpx.HTTPError) as error:
            self.fail(type(error).__name__, str(error))

    def _gone(self, operation: str, id: str, *, times: int) -> bool:  # noqa: A002
        try:
            return any(self.ask(operation, id=id).is_success for _ in range(times))
        except (Stopped, TransportError, httpx.HTTPError):
            return False


_PLACES: Mapping[str, tuple[str, str]] = {operation: (method, path) for operation, method, path in operations()}
_OWN = tuple(_PLACES[name][1] for name in ("get_job", "get_job_metrics_jid", "get_job_results_jid"))


def _id(response: httpx.Response) -> str:
    identifier = _object(response).get("id")
    if not response.is_success or not identifier:
        raise Stopped(f"{response.request.method} {response.request.url.path} was answered {response.status_code}.")
    return str(identifier)


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
