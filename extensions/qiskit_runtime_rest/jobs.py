"""Jobs: submit them, find them."""

from __future__ import annotations

import datetime
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, Generic, TypedDict, TypeVar, Unpack

from qiskit_runtime_api.api import jobs as jobs_api

from .answers import unexpected_answer
from .connection import Connection
from .connection.calls import fetch, json_object
from .effects import AsyncFace, Effect, Item, Plan, SyncFace, operation, stream
from .errors import InvalidInput
from .job import AsyncJob, Job
from .pubs import EstimatorPub, SamplerPub, estimator_params, sampler_params
from .submission import JobRequest, SubmissionLimiter, check_tags, submit
from .waiting import Pace

__all__ = ["AsyncJobs", "Jobs", "SubmitOperations", "SubmitOptions"]

PAGE = 200
SORTS = ("ASC", "DESC")

J = TypeVar("J", Job, AsyncJob)


class SubmitOptions(TypedDict, total=False):
    """What every submission takes besides its program's params.

    Keys:
        backend: name, such as `ibm_torino`; jobs of a session run on the session's backend.
        tags: 8 at most, of 86 characters at most.
        session_id: run in this session.
        private: params are deleted when the job is over, and its result can be read once.
        max_execution_time: seconds of QPU time, 1 to 10800; the job is ended after that.
        log_level: critical, error, warning, info or debug.
        calibration_id: run only with this calibration.

    Source: schema `JobRunParams` of the contract.
    """

    backend: str
    tags: Sequence[str]
    session_id: str | None
    private: bool | None
    max_execution_time: float | None
    log_level: str | None
    calibration_id: str | None


class SubmitOperations(Generic[J]):
    """Ways to submit: those of a client, of its `jobs`, and of a session."""

    _io: Connection
    _limiter: SubmissionLimiter
    _pace: Pace
    _job: type[J]

    @operation
    def sampler(
        self,
        pubs: SamplerPub | Iterable[SamplerPub],
        *,
        shots: int | None = None,
        options: Mapping[str, Any] | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Plan[J]:
        """Submit circuits to the sampler; the outcome is the job, not its result.

        Args:
            pubs: OpenQASM 3 texts in native gates, or tuples (text, parameter values, shots).
            shots: for pubs that name none; None leaves it to the service.
            options: as in the contract's schema `JobRunParamsSampler`.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `create_job`.
        """
        return (yield from self._submit("sampler", sampler_params(pubs, shots=shots, options=options), request))

    @operation
    def estimator(
        self,
        pubs: EstimatorPub | Iterable[EstimatorPub],
        *,
        precision: float | None = None,
        options: Mapping[str, Any] | None = None,
        resilience_level: int | None = None,
        **request: Unpack[SubmitOptions],
    ) -> Plan[J]:
        """Submit circuits and observables to the estimator; the outcome is the job, not its result.

        Args:
            pubs: tuples (OpenQASM 3 text, observables, parameter values, precision), the last two left out at will.
            precision: target standard error for pubs that name none; None leaves it to the service.
            options: as in the contract's schema `JobRunParamsEstimator`.
            resilience_level: 0 (no mitigation) to 2.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `create_job`.
        """
        params = estimator_params(pubs, precision=precision, options=options, resilience_level=resilience_level)
        return (yield from self._submit("estimator", params, request))

    @operation
    def submit(self, program_id: str, *, params: Mapping[str, Any], **request: Unpack[SubmitOptions]) -> Plan[J]:
        """Submit a job with params of your own making, sent as they are.

        Args:
            program_id: `sampler`, `estimator`, `noise-learner`, `executor`, ...
            params: JSON, as the contract's schema of the program says.
            request: backend, tags, session_id, private, max_execution_time ...: see `SubmitOptions`.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `create_job`.
        """
        return (yield from self._submit(program_id, params, request))

    def _submit(self, program_id: str, params: Mapping[str, Any], options: SubmitOptions) -> Plan[J]:
        fields: dict[str, Any] = {**self._defaults(), **options}
        request = JobRequest(program_id=program_id, params=params, **fields)
        created = yield from submit(request, limiter=self._limiter)
        known = {"backend": request.backend, "program": {"id": program_id}, "tags": list(request.tags or ()), **created}
        return self._job(self._io, created["id"], raw=known, pace=self._pace)

    def _defaults(self) -> SubmitOptions:
        return {}


class JobsOperations(SubmitOperations[J]):
    """`client.jobs`."""

    def __init__(self, io: Connection, *, limiter: SubmissionLimiter, pace: Pace) -> None:
        """Made by the client."""
        self._io = io
        self._limiter = limiter
        self._pace = pace

    @operation
    def get(self, job_id: str) -> Plan[J]:
        """The job with this id, read from the service.

        Raises: NotFound, ApiError, TransportError. Source: operation `get_job`.
        """
        if not isinstance(job_id, str) or not job_id:
            raise InvalidInput(f"job_id={job_id!r} is no job's id.")
        response = yield from fetch(jobs_api.get_job, id=job_id, exclude_params=True)
        return self._handle(json_object(response), job_id)

    @stream
    def list(
        self,
        *,
        pending: bool | None = None,
        limit: int = PAGE,
        program: str | None = None,
        backend: str | None = None,
        created_after: datetime.datetime | str | None = None,
        created_before: datetime.datetime | str | None = None,
        tags: Sequence[str] | None = None,
        session_id: str | None = None,
        sort: str | None = None,
        params: bool = False,
    ) -> Generator[Effect | Item[J], Any, None]:
        """All jobs that match, over all pages, each once, the newest first; pages are asked for as they are needed.

        Jobs may come, end, or be deleted meanwhile, also by whoever reads the list: none is left out for that.

        Args:
            pending: True for jobs that are queued or running, False for those that are over, None for both.
            limit: jobs a page, 1 to 200: how much one request brings, not how many jobs come in all (for that,
                `itertools.islice`).
            program, backend, session_id: only jobs of it.
            created_after, created_before: a `datetime`, or a text that names one; without an offset, local time.
            tags: all of these, 8 at most.
            sort: DESC (newest first, the default) or ASC.
            params: with the submitted params.

        Raises: InvalidInput, ApiError, TransportError. Source: operation `list_jobs`.
        """
        if not isinstance(limit, int) or not 1 <= limit <= PAGE:
            raise InvalidInput(f"limit={limit!r}: a page has 1 to {PAGE} jobs.")
        if sort not in (None, *SORTS):
            raise InvalidInput(f"sort={sort!r}: {' or '.join(SORTS)}.")
        if tags is not None:
            check_tags(tags)
        filters: dict[str, Any] = {
            "pending": pending,
            "program": program,
            "backend": backend,
            "created_after": _moment(created_after, "created_after"),
            "created_before": _moment(created_before, "created_before"),
            "tags": tags,
            "session_id": session_id,
            "sort": sort,
        }
        chosen = {name: value for name, value in filters.items() if value is not None}
        offset, total, seen = 0, 0, set[str]()
        while True:
            response = yield from fetch(
                jobs_api.list_jobs, limit=limit, offset=offset, exclude_params=not params, **chosen
            )
            answer = json_object(response)
            page, count = answer.get("jobs"), answer.get("count")
            if not isinstance(page, list_type) or not all(map(_is_job, page)):
                raise unexpected_answer(response, "the answer holds no list of jobs")
            left = total - count if isinstance(count, int) else 0
            total -= left
            if offset and left > 0 and count != len(page):
                # As many jobs moved up, past this page. (A `count` of the page's jobs would not be that of all.)
                offset = max(0, offset - left)
                continue
            for job in page:
                # Jobs submitted meanwhile push known ones onto the next page.
                if job["id"] not in seen:
                    seen.add(job["id"])
                    yield Item(self._handle(job, job["id"]))
            offset += len(page)
            if len(page) < limit:
                return

    def _handle(self, job: dict[str, Any], job_id: str) -> J:
        return self._job(self._io, job_id, raw=job, pace=self._pace)


list_type = list  # the name inside the class is the operation's


def _is_job(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)


def _moment(value: datetime.datetime | str | None, name: str) -> datetime.datetime | None:
    """A moment with an offset: the service compares in UTC."""
    if isinstance(value, str):
        value = _read_moment(value, name)
    if value is not None and not isinstance(value, datetime.datetime):
        raise InvalidInput(f"{name}={value!r}: pass a datetime, or a text such as 2026-04-15T12:00:00Z.")
    return value if value is None or value.tzinfo is not None else value.astimezone()


def _read_moment(text: str, name: str) -> datetime.datetime:
    from dateutil import parser

    try:
        return parser.parse(text, tzinfos=_offset)
    except (ValueError, OverflowError):
        raise InvalidInput(f"{name}={text!r} names no date; write it as 2026-04-15T12:00:00Z.") from None


def _offset(zone: str | None, seconds: int | None) -> int | None:
    """Seconds east of UTC; None for local time. The parser would leave an unknown zone out, and mean another moment."""
    if zone is not None and seconds is None and zone not in time.tzname:
        raise ValueError(zone)
    return seconds


class Jobs(SyncFace, JobsOperations[Job]):
    """`client.jobs` of a `RuntimeClient`."""

    _job = Job


class AsyncJobs(AsyncFace, JobsOperations[AsyncJob]):
    """`client.jobs` of an `AsyncRuntimeClient`."""

    _job = AsyncJob
