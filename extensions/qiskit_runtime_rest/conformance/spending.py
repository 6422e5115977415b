"""What `--allow-jobs` allows: a few smallest jobs on the live service, all of them taken back, and what they cost."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import schemathesis
from attrs import define, field
from schemathesis.core.failures import Failure, FailureGroup

from ..contract.versions import corrected, vendored
from ..errors import ApiError, RuntimeRestError, TransportError
from ..plans.clock import Clock
from .gate import Gate, Stopped
from .live import LiveService, operations
from .report import Finding, Report
from .telling import without_answers

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
ATTEMPTS = 3
"""How often each step that takes something back is tried."""


class Unclear(RuntimeRestError):
    """An answer that does not say whether something was made, or what there is."""


def spend(service: LiveService, *, jobs: int, backend: str, clock: Clock, report: Report | None = None) -> Report:
    """Submit so many smallest jobs in a batch, follow them to their end, take everything back, and say what it cost.

    All of it goes through the gate, which has tickets for just this. Whatever happens on the way, jobs that were
    submitted are looked for by their tag, cancelled if need be, and deleted, and the batch is closed.

    `report`: is filled, in place of a new one; it is also complete when an interrupt, raised again in the end, leaves
    nothing to return.
    """
    report = report or Report(target=f"live, {jobs} jobs on {backend}", seed=0)
    steps = _Steps(service=service, report=report, clock=clock, backend=backend)
    try:
        with steps.noted():
            steps.open_batch()
            for _ in range(jobs):
                steps.submit()
            steps.follow(PATIENCE_SECONDS)
    except BaseException:
        steps.fail("Interrupted", "the check was interrupted.")
        raise
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
    """QPU seconds by id, as far as the service told."""
    perhaps: Counter[str] = field(factory=Counter)
    """What was asked for, and neither made nor refused by a clear answer: how many, by operation."""
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
        with self.noted():
            try:
                self._contract[template][method].validate_response(response)
            except (Failure, FailureGroup) as error:
                for one in error.exceptions if isinstance(error, FailureGroup) else [error]:
                    self.fail(
                        type(one).__name__, without_answers(one), operation=operation, status=response.status_code
                    )
        return response

    def fail(self, failure: str, message: str, *, operation: str = "the check", status: int | None = None) -> None:
        message = self.service.mask(" ".join(message.split()))
        self.report.add(
            Finding(operation=operation, failure=failure, status=status, message=message, request="", phase="jobs")
        )

    def open_batch(self) -> None:
        self.gate.let_read(_LIST)
        self.gate.let("POST", "/v1/sessions")
        body = {"mode": "batch", "backend": self.backend, "max_ttl": SESSION_SECONDS}
        with self.making("create_session"):
            self.session = _id(self.ask("create_session", body=body))

    def submit(self) -> None:
        self.gate.let("POST", _LIST)
        body = {
            "program_id": "sampler",
            "backend": self.backend,
            "session_id": self.session,
            "tags": [self.tag],
            "cost": LONGEST_SECONDS,
            "params": {"pubs": [[CIRCUIT, None, 1]], "version": 2},
        }
        with self.making("create_job"):
            self.know(_id(self.ask("create_job", body=body)), "Queued")

    @contextmanager
    def making(self, operation: str) -> Iterator[None]:
        """Count something as perhaps made, from when it is sent for until a clear answer has been taken in."""
        sent = self.gate.sent.total()
        self.perhaps[operation] += 1
        try:
            yield
        except BaseException as error:
            if self.gate.sent.total() == sent or _nothing_made(error):
                self.perhaps[operation] -= 1
            raise
        self.perhaps[operation] -= 1

    def know(self, job: str, status: str) -> None:
        """Take note of one of our own jobs, which may be read."""
        if job not in self.jobs:
            self.gate.let_read(*(template.replace("{id}", job) for template in _OWN))
        self.jobs[job] = status

    def look(self) -> None:
        """Read the status of all jobs of this run, one request for all; those of lost answers turn up here, too."""
        response = self.ask("list_jobs", query=f"tags={self.tag}")
        listed = _object(response).get("jobs")
        if not response.is_success or not isinstance(listed, list):
            raise Unclear(f"the list of jobs was answered {response.status_code}, without a list.")
        for job in listed:
            tags = job.get("tags") if isinstance(job, dict) else None
            if not isinstance(tags, list) or not job.get("id"):
                raise Unclear("the list of jobs has an entry that is no job with tags.")
            if self.tag in tags:
                if str(job["id"]) not in self.jobs:
                    self.perhaps["create_job"] -= 1
                self.know(str(job["id"]), str(job.get("status")))

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
            with self.noted():
                self.ask("get_job", id=job)
                usage = _object(self.ask("get_job_metrics_jid", id=job)).get("usage")
                charge = usage.get("qpu_charge_time_seconds") if isinstance(usage, dict) else None
                if isinstance(charge, int | float):
                    self.charged[job] = charge
                if status == "Completed":
                    self.ask("get_job_results_jid", id=job)  # Ours, and not private.

    def clean_up(self) -> None:
        """Cancel and delete the jobs, close the batch; say what may be left, and what it cost. Never raises."""
        self.gate.close("all that is left to do is to take things back.")
        submitted = bool(self.jobs) or self.perhaps["create_job"] > 0
        self.gate.let_back("GET", _LIST, times=ATTEMPTS)
        seen = not submitted or any(self._seen() for _ in range(ATTEMPTS))
        for job in self.pending:
            self._done("cancel_job_jid", job)
        left = [f"job {job}" for job in self.jobs if not self._done("delete_job", job)]
        if self.session is not None and not self._done("delete_session_close", self.session):
            left.append(f"batch {self.session}")
        if not seen or self.perhaps["create_job"] > 0:
            left.append(f"unknown, look for jobs with the tag {self.tag}")
        if self.perhaps["create_session"] > 0:
            left.append(f"unknown, a batch may be open, for {SESSION_SECONDS} s at most")
        if left:
            self.fail("Left", f"could not be taken back, do it yourself: {', '.join(left)}.")
        cost = sum(self.charged.values())
        known = "" if len(self.charged) == len(self.jobs) else ", as far as it is known"
        self.report.remarks.append(
            f"{len(self.jobs)} jobs on {self.backend}: {cost:g} s of QPU time charged{known}. Left behind: "
            f"{', '.join(left) or 'nothing'}."
        )

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Report whatever goes wrong, and go on: what answers hold must not keep jobs from being taken back."""
        try:
            yield
        except Exception as error:
            self.fail(type(error).__name__, without_answers(error))

    def _seen(self) -> bool:
        with self.noted():
            self.look()
            return True
        return False

    def _done(self, operation: str, id: str) -> bool:  # noqa: A002
        """Take something back; whether the service says that it is done."""
        method, template = _PLACES[operation]
        self.gate.let_back(method, template.replace("{id}", id), times=ATTEMPTS)
        for _ in range(ATTEMPTS):
            with self.noted():
                if self.ask(operation, id=id).is_success:
                    return True
        return False


_PLACES: Mapping[str, tuple[str, str]] = {operation: (method, path) for operation, method, path in operations()}
_LIST = _PLACES["list_jobs"][1]
_OWN = tuple(_PLACES[name][1] for name in ("get_job", "get_job_metrics_jid", "get_job_results_jid"))


def _nothing_made(error: BaseException) -> bool:
    """Whether a request that ended so was not sent, or refused; IAM's errors come before anything is sent."""
    return isinstance(error, Stopped | ApiError) or (isinstance(error, TransportError) and not error.sent)


def _id(response: httpx.Response) -> str:
    identifier = _object(response).get("id")
    if response.is_success and identifier:
        return str(identifier)
    told = f"{response.request.method} {response.request.url.path} was answered {response.status_code}"
    if response.is_client_error:
        raise Stopped(f"{told}.")
    raise Unclear(f"{told}, without an id." if response.is_success else f"{told}.")


def _object(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
